/*
 * eximfile - see eximfile.h. Hostile: every header and address in the file, and its length. A file
 * that is not what Exim's spool_write_header() writes (src/spool_out.c, read back by
 * src/spool_in.c) is refused as a whole.
 */
#include "queue/eximfile.h"

#include "context.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Addresses that have their mail already. */
struct reached {
    char **address;
    size_t count, cap;
};

struct parser {
    char *at, *end;
    const char *name; /* of our header */
    const char *auth_id;
    bool authenticated;
    struct reached reached;
    struct eximfile file;
};

bool eximfile_id(const char *id, size_t len)
{
    size_t second = len == EXIMFILE_ID_OLD ? 13 : 18;

    if (len != EXIMFILE_ID_OLD && len != EXIMFILE_ID_NEW) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (i == 6 || i == second ? id[i] != '-' : !isalnum((unsigned char)id[i])) {
            return false;
        }
    }
    return true;
}

/* Cuts the next line off. Returns NULL at the end, or when the line has no end. */
static char *next_line(struct parser *p)
{
    char *start = p->at;
    char *lf = p->at < p->end ? memchr(p->at, '\n', (size_t)(p->end - p->at)) : NULL;

    if (lf == NULL) {
        return NULL;
    }
    *lf = '\0';
    p->at = lf + 1;
    return start;
}

/* --- the first four lines ------------------------------------------------------------------- */

/* "login uid gid": the login may hold blanks, a number may be negative. */
static bool take_caller(struct eximfile *file, char *line)
{
    char *gid = strrchr(line, ' '), *uid, *end;

    if (gid == NULL) {
        return false;
    }
    *gid = '\0';
    uid = strrchr(line, ' ');
    if (uid == NULL) {
        return false;
    }
    *uid = '\0';
    file->user = line;
    file->uid = strtoll(uid + 1, &end, 10);
    return end != uid + 1 && *end == '\0';
}

static bool take_start(struct parser *p)
{
    struct eximfile *file = &p->file;
    char *line = next_line(p), *end;
    size_t len = line != NULL ? strlen(line) : 0;

    if (len < 2 || strcmp(line + len - 2, "-H") != 0 || !eximfile_id(line, len - 2)) {
        return false;
    }
    line[len - 2] = '\0';
    file->id = line;
    line = next_line(p);
    if (line == NULL || !take_caller(file, line)) {
        return false;
    }
    line = next_line(p);
    len = line != NULL ? strlen(line) : 0;
    if (len < 2 || line[0] != '<' || line[len - 1] != '>') {
        return false;
    }
    line[len - 1] = '\0';
    file->sender = line + 1;
    line = next_line(p);
    if (line == NULL) {
        return false;
    }
    file->received = strtoll(line, &end, 10);
    if (end == line || *end != ' ' || file->received < 0 || file->received > INT64_MAX / 2000000) {
        return false;
    }
    file->received *= 1000000;
    return true;
}

/* --- "-name value" lines -------------------------------------------------------------------- */

/* Behind "-acl? name length" come length bytes and a line end, whatever they are. */
static bool skip_variable(struct parser *p, const char *line)
{
    const char *length = strrchr(line, ' ');
    char *end;
    unsigned long n;

    if (length == NULL || !isdigit((unsigned char)length[1])) {
        return false;
    }
    n = strtoul(length + 1, &end, 10);
    if (*end != '\0' || n >= (unsigned long)(p->end - p->at) || p->at[n] != '\n') {
        return false;
    }
    p->at += n + 1;
    return true;
}

/* The value behind name in "name value", "" for "name" alone, NULL if the line says something else.
 */
static char *value_of(char *line, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(line, name, len) != 0 || (line[len] != ' ' && line[len] != '\0')) {
        return NULL;
    }
    return line + len + (line[len] == ' ');
}

/* "[127.0.0.1]:48320"; earlier "127.0.0.1.48320", where the last dot is the port's. */
static char *take_client(char *value)
{
    size_t dots = 0;

    if (*value == '[') {
        value++;
        value[strcspn(value, "]")] = '\0';
        return value;
    }
    for (const char *c = value; *c != '\0'; c++) {
        dots += *c == '.';
    }
    if (dots == 4 || (dots == 1 && strchr(value, ':') != NULL)) {
        *strrchr(value, '.') = '\0';
    }
    return value;
}

static bool take_option(struct parser *p, char *line)
{
    struct eximfile *file = &p->file;
    char *value;

    line++;
    line += *line == '-'; /* tainted */
    if (*line == '(') {   /* and quoted for some lookup */
        line += strcspn(line, ")");
        line += *line == ')';
    }
    if (strncmp(line, "aclc ", 5) == 0 || strncmp(line, "aclm ", 5) == 0 ||
        strncmp(line, "acl ", 4) == 0) {
        return skip_variable(p, line);
    }
    if ((value = value_of(line, "received_time_usec")) != NULL) {
        value += *value == '.';
        file->received += strspn(value, "0123456789") == 6 ? strtol(value, NULL, 10) : 0;
    } else if (value_of(line, "local") != NULL) {
        file->local = true;
    } else if (value_of(line, "frozen") != NULL) {
        file->frozen = true;
    } else if (value_of(line, "deliver_firsttime") != NULL) {
        file->first = true;
    } else if ((value = value_of(line, "auth_id")) != NULL) {
        p->auth_id = value;
    } else if (value_of(line, "host_auth") != NULL) {
        p->authenticated = true;
    } else if ((value = value_of(line, "host_address")) != NULL) {
        file->client = take_client(value);
    }
    return true;
}

/* --- recipients ----------------------------------------------------------------------------- */

static void reached_add(struct reached *reached, char *address)
{
    if (reached->count == reached->cap) {
        reached->cap = reached->cap == 0 ? 64 : 2 * reached->cap;
        reached->address =
            context_realloc(reached->address, reached->cap * sizeof *reached->address);
    }
    reached->address[reached->count++] = address;
}

static int compare_addresses(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "XX", or the tree of those reached: "YN address", where each Y says that a branch follows. */
static bool take_tree(struct parser *p, char *line)
{
    size_t open = 1;

    if (strcmp(line, "XX") == 0) {
        return true;
    }
    for (;;) {
        if (strlen(line) < 4 || strspn(line, "YN") != 2 || line[2] != ' ') {
            return false;
        }
        open += (size_t)(line[0] == 'Y') + (size_t)(line[1] == 'Y') - 1;
        reached_add(&p->reached, line + 3);
        if (open == 0) {
            return true;
        }
        line = next_line(p);
        if (line == NULL) {
            return false;
        }
    }
}

/* Takes "text length,number" off the end of line[0..*len): what stands behind an address
 * (src/spool_in.c). */
static bool cut_extra(const char *line, size_t *len)
{
    size_t at = *len;
    unsigned long extra;

    while (at > 0 && (isdigit((unsigned char)line[at - 1]) || strchr(",-", line[at - 1]) != NULL)) {
        at--;
    }
    if (at == 0 || line[at - 1] != ' ') {
        return false;
    }
    extra = strtoul(line + at, NULL, 10);
    at--;
    if (extra >= at || line[at - extra - 1] != ' ') {
        return false;
    }
    *len = at - extra - 1;
    return true;
}

/* Ends the address where Exim's own notes begin; they are read from the right, since an address may
 * hold blanks. */
static bool end_address(char *line)
{
    size_t len = strlen(line), at = len;

    while (at > 0 && isdigit((unsigned char)line[at - 1])) {
        at--;
    }
    if (at == len || at == 0) {
        return len > 0;
    }
    if (line[at - 1] == '#') {
        unsigned long flags = strtoul(line + at, NULL, 10);

        len = at - 1;
        if (((flags & 1) != 0 && !cut_extra(line, &len)) ||
            ((flags & 2) != 0 && !cut_extra(line, &len))) {
            return false;
        }
    } else if (line[at - 1] == ' ') { /* early Exim 4: the parent's number */
        len = at - 1;
    } else if (line[at - 1] == ',') { /* Exim 3 */
        while (at > 0 && (isdigit((unsigned char)line[at - 1]) || line[at - 1] == ',')) {
            at--;
        }
        len = at > 0 && line[at - 1] == ' ' ? at - 1 : len;
    }
    line[len] = '\0';
    return len > 0;
}

static bool take_rcpts(struct parser *p)
{
    struct eximfile *file = &p->file;
    char *line = next_line(p), *end;
    unsigned long count;

    if (line == NULL || !isdigit((unsigned char)line[0])) {
        return false;
    }
    count = strtoul(line, &end, 10);
    if (*end != '\0') {
        return false;
    }
    if (p->reached.count > 0) {
        qsort(p->reached.address, p->reached.count, sizeof *p->reached.address, compare_addresses);
    }
    for (; count > 0; count--) {
        line = next_line(p);
        if (line == NULL || !end_address(line)) {
            return false;
        }
        if (p->reached.count > 0 &&
            bsearch(&line, p->reached.address, p->reached.count, sizeof *p->reached.address,
                    compare_addresses) != NULL) {
            continue;
        }
        if (file->rcpts < QUEUE_SAMPLES) {
            file->rcpt[file->rcpts] = line;
        }
        file->rcpts++;
    }
    return true;
}

/* --- the header section --------------------------------------------------------------------- */

/* Joins the lines of a field's value and ends it: value[0..len) ends with a line end. */
static void unfold(char *value, size_t len)
{
    char *to = value;

    for (size_t i = 0; i < len; i++) {
        if (value[i] != '\n' && value[i] != '\r') {
            *to++ = value[i];
        }
    }
    *to = '\0';
}

static void take_field(struct parser *p, char *text, size_t len, bool *others)
{
    struct eximfile *file = &p->file;
    char *colon = memchr(text, ':', len);
    size_t name = colon != NULL ? (size_t)(colon - text) : 0;
    const char **wanted = NULL;

    file->header_bytes += len;
    if (colon == NULL) {
        return;
    }
    while (name > 0 && (text[name - 1] == ' ' || text[name - 1] == '\t')) {
        name--;
    }
    if (file->header == NULL && strlen(p->name) == name && strncasecmp(text, p->name, name) == 0) {
        wanted = &file->header;
        file->header_placed = !*others;
    } else if (file->subject == NULL && name == strlen("Subject") &&
               strncasecmp(text, "Subject", name) == 0) {
        wanted = &file->subject;
    } else if (file->from == NULL && name == strlen("From") &&
               strncasecmp(text, "From", name) == 0) {
        wanted = &file->from;
    }
    *others = *others || name != strlen("Received") || strncasecmp(text, "Received", name) != 0;
    if (wanted != NULL) {
        size_t rest = len - (size_t)(colon + 1 - text);

        for (colon++; rest > 0 && (*colon == ' ' || *colon == '\t'); rest--) {
            colon++;
        }
        if (rest > 0) { /* its line end makes place for the NUL */
            unfold(colon, rest);
            *wanted = colon;
        }
    }
}

/* "NNNc text": the length in bytes, a letter for what it is ('*': not sent any more), a blank. */
static bool take_section(struct parser *p)
{
    bool others = false;

    while (p->at < p->end) {
        size_t digits = 0, n = 0;
        char kind;

        while (p->at + digits < p->end && digits < 9 && isdigit((unsigned char)p->at[digits])) {
            n = 10 * n + (size_t)(p->at[digits] - '0');
            digits++;
        }
        if (digits == 0 || (size_t)(p->end - p->at) < digits + 2 + n || p->at[digits + 1] != ' ') {
            return false;
        }
        kind = p->at[digits];
        p->at += digits + 2;
        if (n == 0 || p->at[n - 1] != '\n') {
            return false;
        }
        if (kind != '*') {
            take_field(p, p->at, n, &others);
        }
        p->at += n;
    }
    return true;
}

/* --- all of it ------------------------------------------------------------------------------ */

static bool parse(struct parser *p)
{
    char *line = NULL;

    if (!take_start(p)) {
        return false;
    }
    while ((line = next_line(p)) != NULL && line[0] == '-') {
        if (!take_option(p, line)) {
            return false;
        }
    }
    if (line == NULL || !take_tree(p, line) || !take_rcpts(p)) {
        return false;
    }
    line = next_line(p);
    return line != NULL && *line == '\0' && take_section(p);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): both are written to, through at */
bool eximfile_parse(char *text, size_t len, char *journal, size_t journal_len, const char *name,
                    struct eximfile *ret)
{
    struct parser p = {.at = text, .end = text + len, .name = name};
    struct parser j = {.at = journal, .end = journal != NULL ? journal + journal_len : NULL};
    bool whole;
    char *line;

    while (journal != NULL && (line = next_line(&j)) != NULL) {
        reached_add(&p.reached, line);
    }
    whole = parse(&p);
    free(p.reached.address);
    if (!whole) {
        return false;
    }
    /* -local is not there where a trusted caller gave the sender (-f); the daemon always notes its
     * client. */
    p.file.local = p.file.local || p.file.client == NULL;
    /* A local message has -auth_id, too: the caller's login. */
    if (p.authenticated && p.auth_id != NULL && *p.auth_id != '\0') {
        p.file.login = p.auth_id;
    }
    *ret = p.file;
    return true;
}
