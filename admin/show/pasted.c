/*
 * pasted - see pasted.h. The structure is MIME's (RFC 2045, RFC 2046), with the types that bounces
 * and reports use (RFC 3462, RFC 5965): message/rfc822 and text/rfc822-headers. Depth and numbers
 * are bounded; what lies deeper is not looked at. When no message has our header in its header
 * section, the texts are searched for one that was pasted.
 */
#include "show/pasted.h"

#include "context.h"
#include "show/mimetext.h"
#include "show/pasted_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 8
#define OWNED_MAX 64

/* What the walk over the parts collects. */
struct walk {
    const char *name;
    struct pasted *out;
    struct text texts[OWNED_MAX]; /* to be searched in the end */
    size_t text_count;
    char *owned[OWNED_MAX]; /* decoded parts */
    size_t owned_count;
};

static void keep_first(char **to, struct text value)
{
    if (*to == NULL) {
        *to = text_unfold(value);
    }
}

/* --- one message ------------------------------------------------------------------------------ */

struct section {
    char *type, *encoding; /* Content-Type, Content-Transfer-Encoding; NULL */
};

static void section_free(struct section *section)
{
    free(section->type);
    free(section->encoding);
}

/* Postfix writes "by HOST (Postfix, from userid 4079)" */
static long long userid_of(const char *received)
{
    static const char mark[] = ", from userid ";
    const char *at = strstr(received, mark);
    char *end;
    long long uid = at != NULL ? strtoll(at + sizeof mark - 1, &end, 10) : -1;

    return at != NULL && *end == ')' && uid >= 0 ? uid : -1;
}

static void note_received(struct pasted_message *message, struct text value)
{
    char *text = text_unfold(value);
    const char *date = strrchr(text, ';');
    long long uid;

    message->received = -1;
    if (date != NULL) {
        (void)mimetext_date(date + 1, strlen(date + 1), &message->received);
    }
    uid = userid_of(text);
    message->submitter =
        uid >= 0 ? uid : message->submitter; /* -bs: smtpd's line is below pickup's */
    free(text);
}

static void note_field(struct pasted_message *message, const char *name, const struct field *field)
{
    if (text_is_named(field->line, name)) {
        keep_first(&message->header, field->value);
    } else if (text_is_named(field->line, "From")) {
        keep_first(&message->from, field->value);
    } else if (text_is_named(field->line, "Subject")) {
        keep_first(&message->subject, field->value);
    } else if (text_is_named(field->line, "Message-ID")) {
        keep_first(&message->msgid, field->value);
    } else if (text_is_named(field->line, "Date") && message->date < 0) {
        (void)mimetext_date(field->value.at, field->value.len, &message->date);
    } else if (text_is_named(field->line, "Received") && message->header == NULL) {
        /* Those below our header were in the message when it was handed over: anybody's words. */
        note_received(message, field->value);
    }
}

/* Reads a header section off rest. message: NULL for the header of a MIME part. */
static void read_section(struct text *rest, const char *name, struct pasted_message *message,
                         struct section *ret)
{
    struct field field;

    *ret = (struct section){0};
    while (text_field(rest, &field)) {
        if (message != NULL) {
            note_field(message, name, &field);
        }
        if (text_is_named(field.line, "Content-Type")) {
            keep_first(&ret->type, field.value);
        } else if (text_is_named(field.line, "Content-Transfer-Encoding")) {
            keep_first(&ret->encoding, field.value);
        }
    }
}

/* A place for another message; the last is used again when there are too many. */
static struct pasted_message *new_message(struct pasted *out, enum pasted_where where)
{
    if (out->count == PASTED_MESSAGES) {
        return NULL;
    }
    out->message[out->count] =
        (struct pasted_message){.where = where, .date = -1, .received = -1, .submitter = -1};
    return &out->message[out->count++];
}

/* --- the parts -------------------------------------------------------------------------------- */

static bool is_type(const char *type, const char *wanted)
{
    return type != NULL && strncasecmp(type, wanted, strlen(wanted)) == 0;
}

/* The boundary parameter, without its quotes: to be freed, or NULL. */
static char *boundary_of(const char *type)
{
    const char *at = type;
    size_t n;

    do {
        at = strcasestr(at, "boundary=");
        if (at == NULL) {
            return NULL;
        }
        at += strlen("boundary=");
    } while (strchr("; \t", at[-10]) == NULL);
    if (*at == '"') {
        at++;
        n = strcspn(at, "\"");
    } else {
        n = strcspn(at, "; \t");
    }
    return n > 0 && n <= 200 ? context_copy(at, n) : NULL;
}

/* The part's content, decoded if it must be. */
static struct text decoded(struct walk *walk, struct text body, const char *encoding)
{
    bool base64 = is_type(encoding, "base64");
    char *to;
    size_t n;

    if ((!base64 && !is_type(encoding, "quoted-printable")) || body.len == 0 ||
        walk->owned_count == OWNED_MAX) {
        return body;
    }
    to = context_alloc(body.len);
    n = base64 ? mimetext_base64(body.at, body.len, to)
               : mimetext_quoted_printable(body.at, body.len, to);
    walk->owned[walk->owned_count++] = to;
    return (struct text){to, n};
}

/* NOLINTBEGIN(misc-no-recursion): as deep as parts and messages are nested, at most DEPTH_MAX. */
static void walk_message(struct walk *walk, struct text text, enum pasted_where where, int depth);
static void walk_body(struct walk *walk, const struct section *section, struct text body,
                      bool report, int depth);

static bool is_message(const char *type)
{
    return is_type(type, "message/rfc822") || is_type(type, "text/rfc822") ||
           is_type(type, "message/global");
}

static void walk_part(struct walk *walk, struct text part, bool report, int depth)
{
    struct section section;

    read_section(&part, walk->name, NULL, &section);
    walk_body(walk, &section, part, report, depth + 1);
    section_free(&section);
}

/* 1: the line opens a part, 2: it ends the last */
static int boundary_line(struct text line, const char *boundary)
{
    size_t n = strlen(boundary);

    if (line.len < n + 2 || memcmp(line.at, "--", 2) != 0 ||
        memcmp(line.at + 2, boundary, n) != 0) {
        return 0;
    }
    line.at += n + 2;
    line.len -= n + 2;
    if (line.len >= 2 && memcmp(line.at, "--", 2) == 0) {
        return 2;
    }
    return line.len == 0 || text_is_blank(line.at[0]) ? 1 : 0;
}

static void walk_multipart(struct walk *walk, const char *boundary, struct text body, bool report,
                           int depth)
{
    struct text line, part = {NULL, 0};
    int kind = 0;

    while (kind != 2 && text_line(&body, &line)) {
        kind = boundary_line(line, boundary);
        if (kind == 0) {
            continue;
        }
        if (part.at != NULL) {
            part.len = (size_t)(line.at - part.at);
            walk_part(walk, part, report, depth);
        }
        part.at = kind == 1 ? body.at : NULL;
    }
    if (part.at != NULL) { /* cut off: a bounce may return only a beginning */
        part.len = (size_t)(body.at - part.at);
        walk_part(walk, part, report, depth);
    }
}

static void walk_body(struct walk *walk, const struct section *section, struct text body,
                      bool report, int depth)
{
    char *boundary;

    if (depth > DEPTH_MAX) {
        return;
    }
    boundary = is_type(section->type, "multipart/") ? boundary_of(section->type) : NULL;
    if (boundary != NULL) {
        walk_multipart(walk, boundary, body, report || is_type(section->type, "multipart/report"),
                       depth);
    } else if (is_message(section->type)) {
        walk_message(walk, decoded(walk, body, section->encoding),
                     report ? PASTED_RETURNED : PASTED_ATTACHED, depth + 1);
    } else if ((section->type == NULL || is_type(section->type, "text")) &&
               walk->text_count < OWNED_MAX) {
        walk->texts[walk->text_count++] = decoded(walk, body, section->encoding);
    }
    free(boundary);
}

static void walk_message(struct walk *walk, struct text text, enum pasted_where where, int depth)
{
    struct pasted_message *message;
    struct section section;

    if (!text_section_begins(&text)) {
        if (walk->text_count < OWNED_MAX) {
            walk->texts[walk->text_count++] = text;
        }
        return;
    }
    message = new_message(walk->out, where);
    if (message == NULL) {
        return;
    }
    read_section(&text, walk->name, message, &section);
    walk_body(walk, &section, text, false, depth + 1);
    section_free(&section);
}

/* NOLINTEND(misc-no-recursion) */

/* --- header lines in a text ------------------------------------------------------------------- */

static bool search_text(struct walk *walk, struct text text)
{
    struct text rest = text, line;

    while (text_line(&rest, &line)) {
        size_t quote = quote_length(line);
        struct text prefix = {line.at, quote};
        struct text bare = {line.at + quote, line.len - quote}, block;
        struct pasted_message *message;
        struct section section;
        const char *start;
        char *copy;

        if (!text_is_named(bare, walk->name)) {
            continue;
        }
        message = new_message(walk->out, PASTED_TEXT);
        if (message == NULL) {
            return false;
        }
        start = quote_block_start(text.at, line.at, prefix);
        copy = quote_block_copy((struct text){start, (size_t)(text.at + text.len - start)}, prefix,
                                &block.len);
        block.at = copy;
        read_section(&block, walk->name, message, &section);
        section_free(&section);
        free(copy);
        return true;
    }
    return false;
}

/* --- all ------------------------------------------------------------------------------------- */

static bool has_header(const struct pasted *pasted)
{
    for (size_t i = 0; i < pasted->count; i++) {
        if (pasted->message[i].header != NULL) {
            return true;
        }
    }
    return false;
}

void pasted_read(const char *text, size_t len, const char *name, struct pasted *ret)
{
    struct walk walk = {.name = name, .out = ret};
    struct text all = {text, len};
    char *bare, *quoted = NULL;
    size_t n;

    *ret = (struct pasted){.count = 0};
    for (int level = 0; level < DEPTH_MAX && (bare = quote_remove(all, &n)) != NULL; level++) {
        free(quoted);
        quoted = bare;
        all = (struct text){bare, n};
    }
    walk_message(&walk, all, PASTED_OUTER, 0);
    for (size_t i = 0; i < walk.text_count && !has_header(ret); i++) {
        (void)search_text(&walk, walk.texts[i]);
    }
    if (!has_header(
            ret)) { /* a header section that began in the middle, parts without their beginning */
        (void)search_text(&walk, all);
    }
    for (size_t i = 0; i < walk.owned_count; i++) {
        free(walk.owned[i]);
    }
    free(quoted);
}

void pasted_free(struct pasted *pasted)
{
    for (size_t i = 0; i < pasted->count; i++) {
        free(pasted->message[i].header);
        free(pasted->message[i].from);
        free(pasted->message[i].subject);
        free(pasted->message[i].msgid);
    }
    pasted->count = 0;
}
