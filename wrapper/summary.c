/*
 * summary - see summary.h. Hostile input: the whole message. It cannot fail: what is not there is
 * absent.
 *
 * A section is a row of fields: a name of printable ASCII, blanks perhaps (the obsolete syntax of
 * RFC 5322 section 4.5), a colon, a body that goes on in every line that begins with a blank
 * (2.2.3). The first line that is no field, the empty one among them, ends it; Postfix, Sendmail
 * and Exim see it alike.
 */
#include "summary.h"

#include "address.h"
#include "dialect_table.h"

#include <string.h>
#include <strings.h>

struct field {
    const char *name;
    size_t name_len;
    const char *body; /* after the colon, with the line ends between its lines and at its end */
    size_t body_len;
    bool blank; /* between the name and the colon */
};

struct section {
    const char *at; /* the next line */
    const char *end;
};

enum step {
    STEP_FIELD,
    STEP_END,  /* the line at hand is no field, whatever follows */
    STEP_MORE, /* it cannot be known without more bytes */
};

/* ftext of RFC 5322 section 3.6.8. A NUL reads as '?', which may stand in a name (Exim does so). */
static bool is_name_byte(unsigned char c)
{
    return (c > ' ' && c < 0x7f && c != ':') || c == '\0';
}

/* A field's body and the lines that continue it: returns where the next field's line begins. */
static const char *skip_body(const char *p, const char *end)
{
    do {
        const char *newline = memchr(p, '\n', (size_t)(end - p));

        if (newline == NULL) {
            return end;
        }
        p = newline + 1;
    } while (p < end && (*p == ' ' || *p == '\t'));
    return p;
}

/* Takes the next field off the section. */
static enum step section_next(struct section *section, struct field *ret)
{
    const char *p = section->at;
    const char *name = p;
    size_t name_len;

    while (p < section->end && is_name_byte((unsigned char)*p)) {
        p++;
    }
    name_len = (size_t)(p - name);
    ret->blank = false;
    while (name_len > 0 && p < section->end && (*p == ' ' || *p == '\t')) {
        ret->blank = true;
        p++;
    }
    if (p == section->end) {
        return STEP_MORE;
    }
    if (name_len == 0 || *p != ':') {
        return STEP_END;
    }
    ret->name = name;
    ret->name_len = name_len;
    ret->body = p + 1;
    section->at = skip_body(p + 1, section->end);
    ret->body_len = (size_t)(section->at - ret->body);
    return STEP_FIELD;
}

static bool name_is(const struct field *field, const char *name)
{
    return strlen(name) == field->name_len && strncasecmp(name, field->name, field->name_len) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Keeps the body of the first field of a name: unfolded, without the blanks at both ends. */
static void keep_value(const struct field *field, struct summary_value *ret)
{
    const char *p = field->body;
    const char *end = p + field->body_len;
    size_t n = 0;

    if (ret->present) {
        return;
    }
    while (p < end && is_blank(*p)) {
        p++;
    }
    for (; p < end && n < sizeof ret->text - 1; p++) {
        if (*p != '\r' && *p != '\n') {
            ret->text[n++] = *p == '\0' ? '?' : *p;
        }
    }
    while (n > 0 && is_blank(ret->text[n - 1])) {
        n--;
    }
    ret->text[n] = '\0';
    ret->len = n;
    ret->present = true;
}

struct recipients {
    size_t plain;  /* To, Cc, Bcc */
    size_t resent; /* Resent-To, Resent-Cc, Resent-Bcc */
    size_t rows;   /* rows of Resent- fields: another field ends one */
    bool in_row;
};

static bool names_recipients(const struct field *name, bool resent, unsigned flags)
{
    return name_is(name, "To") || name_is(name, "Cc") || name_is(name, "Bcc") ||
           (!resent && (flags & APPARENTLY) != 0 && name_is(name, "Apparently-To"));
}

/* Where the MTA stops reading a list: some see only its first line. */
static size_t list_length(const struct field *field, unsigned flags)
{
    size_t n = 0;

    if ((flags & FIRST_LINE) == 0) {
        return field->body_len;
    }
    while (n < field->body_len && field->body[n] != '\r' && field->body[n] != '\n') {
        n++;
    }
    return n;
}

static void count_recipients(const struct field *field, const struct dialect *dialect,
                             struct recipients *counts)
{
    static const char prefix[] = "Resent-";
    const size_t prefix_len = sizeof prefix - 1;
    struct field rest = *field;
    bool resent = field->name_len > prefix_len && strncasecmp(field->name, prefix, prefix_len) == 0;
    size_t count;

    if (resent) {
        counts->rows += !counts->in_row;
        rest.name += prefix_len;
        rest.name_len -= prefix_len;
    }
    counts->in_row = resent;
    if ((field->blank && (dialect->flags & BLANK_COLON) == 0) ||
        !names_recipients(&rest, resent, dialect->flags)) {
        return;
    }
    count = address_count(field->body, list_length(field, dialect->flags), dialect->list);
    if (!resent) {
        counts->plain += count;
    } else if (dialect->resent != RESENT_FIRST || counts->rows == 1) {
        counts->resent += count;
    }
}

static size_t recipients_for(enum resent rule, const struct recipients *counts)
{
    switch (rule) {
    case RESENT_NAMED:
        return counts->resent > 0 ? counts->resent : counts->plain;
    case RESENT_IGNORED:
        return counts->plain;
    case RESENT_ANY:
    case RESENT_FIRST:
        break;
    }
    return counts->rows > 0 ? counts->resent : counts->plain;
}

static void read_field(const struct field *field, const char *own_name, struct summary *ret)
{
    if (name_is(field, "From")) {
        keep_value(field, &ret->from);
    } else if (name_is(field, "Subject")) {
        keep_value(field, &ret->subject);
    } else if (name_is(field, "Message-ID")) {
        keep_value(field, &ret->msgid);
    } else if (name_is(field, "X-PHP-Originating-Script")) {
        keep_value(field, &ret->xphp);
    }
    if (name_is(field, own_name)) {
        ret->copies++;
    }
}

static struct section section_of(const char *message, size_t len, size_t start)
{
    return (struct section){.at = message + (start < len ? start : len), .end = message + len};
}

/* An empty value, without touching the 512 bytes behind it. */
static void clear_value(struct summary_value *value)
{
    value->text[0] = '\0';
    value->len = 0;
    value->present = false;
}

void summary_read(const char *message, size_t len, size_t start, bool eof, const char *own_name,
                  const struct dialect *dialect, struct summary *ret)
{
    struct section section = section_of(message, len, start);
    struct recipients counts = {0};
    struct field field;
    enum step step;

    clear_value(&ret->from);
    clear_value(&ret->subject);
    clear_value(&ret->msgid);
    clear_value(&ret->xphp);
    ret->copies = 0;
    while ((step = section_next(&section, &field)) == STEP_FIELD) {
        read_field(&field, own_name, ret);
        count_recipients(&field, dialect, &counts);
    }
    ret->recipients = recipients_for(dialect->resent, &counts);
    ret->complete = step == STEP_END || eof;
}

bool summary_section_ends(const char *message, size_t len, size_t start)
{
    struct section section = section_of(message, len, start);
    struct field field;
    enum step step;

    while ((step = section_next(&section, &field)) == STEP_FIELD) {
    }
    return step == STEP_END;
}
