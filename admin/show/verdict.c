/*
 * verdict - see verdict.h. Mail servers change what they carry: they fold, encode, add a domain to
 * a bare address, put
 * "[SPAM]" before a subject. So values are compared as a reader sees them, addresses by themselves,
 * and what the record had to cut as a beginning.
 */
#include "show/verdict.h"

#include "context.h"
#include "show/mimetext.h"
#include "wrapper/codec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

/* Clocks differ; a Postfix that was down for a while takes what lies in maildrop when it comes
 * back. */
#define EARLIEST (900 * SECOND)
#define LATEST (5 * DAY)
/* Date is the sender's own claim: only what is far off says something. */
#define DATE_SLACK (30 * DAY)

/* A value for comparing: as a reader sees it. */
struct seen {
    char *text;
    size_t len;
    bool cut;
};

static struct seen see(const char *bytes, size_t n, bool cut)
{
    struct seen seen = {.text = context_alloc(n + 1), .cut = cut};

    seen.len = mimetext_words(bytes, n, seen.text);
    if (cut) { /* an encoded-word that was cut in two is not decoded: compare what is before it */
        char *half = memmem(seen.text, seen.len, "=?", 2);

        seen.len = half != NULL ? (size_t)(half - seen.text) : seen.len;
        while (seen.len > 0 && seen.text[seen.len - 1] == ' ') {
            seen.len--;
        }
    }
    seen.text[seen.len] = '\0';
    return seen;
}

/* A record's value, decoded. Returns false if it has none. Free text. */
static bool value_of(struct record_line *record, enum record_key key, char **ret, size_t *ret_len,
                     bool *ret_cut)
{
    struct slice value;

    if (!record_line_value(record, key, &value)) {
        return false;
    }
    *ret = context_copy(value.ptr, value.len);
    *ret_len = value.len;
    if (!codec_unescape(*ret, ret_len, ret_cut)) {
        free(*ret);
        return false;
    }
    (*ret)[*ret_len] = '\0';
    return true;
}

static void compare(struct verdict *verdict, enum verdict_item item, bool same)
{
    verdict->compared |= 1U << item;
    if (!same) {
        verdict->differs |= 1U << item;
    }
}

/* --- the texts ------------------------------------------------------------------------------- */

static bool same_text(const struct seen *record, const struct seen *message)
{
    if (record->cut) {
        return message->len >= record->len && memcmp(record->text, message->text, record->len) == 0;
    }
    return message->len == record->len && memcmp(record->text, message->text, record->len) == 0;
}

/* What filters and lists put before a subject: "[SPAM] ", "***SPAM*** ". */
static size_t mark_length(const char *text)
{
    const char *end = NULL;

    if (text[0] == '[') {
        end = strchr(text, ']');
    } else if (strncmp(text, "***", 3) == 0) {
        end = strstr(text + 3, "***");
        end = end != NULL ? end + 2 : NULL;
    }
    if (end == NULL) {
        return 0;
    }
    end++;
    return (size_t)(end - text) + strspn(end, " ");
}

static bool same_subject(const struct seen *record, const struct seen *message)
{
    struct seen rest = *message;
    size_t mark;

    while (!same_text(record, &rest)) {
        mark = mark_length(rest.text);
        if (mark == 0) {
            return false;
        }
        rest.text += mark;
        rest.len -= mark;
    }
    return true;
}

/* The address of a From field: within <>, else the word with an @, else the first word. */
static struct slice address_of(const struct seen *seen)
{
    const char *open = strrchr(seen->text, '<');
    const char *at;

    if (open != NULL && strchr(open, '>') != NULL) {
        return (struct slice){open + 1, strcspn(open + 1, ">")};
    }
    at = strchr(seen->text, '@');
    if (at == NULL) {
        return (struct slice){seen->text, strcspn(seen->text, " ")};
    }
    while (at > seen->text && at[-1] != ' ') {
        at--;
    }
    return (struct slice){at, strcspn(at, " ,(")};
}

/* A bare local part agrees with any domain: the mail server adds its own. */
static bool same_address(struct slice record, struct slice message)
{
    const char *domain = memchr(record.ptr, '@', record.len);

    if (record.len == 0 || message.len < record.len ||
        strncasecmp(record.ptr, message.ptr, record.len) != 0) {
        return false;
    }
    return message.len == record.len || (domain == NULL && message.ptr[record.len] == '@');
}

static bool same_from(const struct seen *record, const struct seen *message)
{
    return same_text(record, message) ||
           (!record->cut && same_address(address_of(record), address_of(message)));
}

static void compare_text(struct verdict *verdict, enum verdict_item item, enum record_key key,
                         const char *text, struct record_line *record,
                         bool (*same)(const struct seen *, const struct seen *))
{
    struct seen ours, theirs;
    char *value;
    size_t len;
    bool cut = false;

    if (text == NULL || !value_of(record, key, &value, &len, &cut)) {
        return;
    }
    ours = see(value, len, cut);
    theirs = see(text, strlen(text), false);
    if (ours.len > 0 || !cut) {
        compare(verdict, item, same(&ours, &theirs));
    }
    free(ours.text);
    free(theirs.text);
    free(value);
}

/* --- the rest -------------------------------------------------------------------------------- */

static void compare_time(struct verdict *verdict, const struct pasted_message *message,
                         const struct record_line *record)
{
    if (message->received >= 0) {
        compare(verdict, VERDICT_TIME,
                message->received >= record->time - EARLIEST &&
                    message->received <= record->time + LATEST);
    } else if (message->date >= 0) {
        compare(verdict, VERDICT_TIME,
                message->date >= record->time - DATE_SLACK &&
                    message->date <= record->time + DATE_SLACK);
    }
}

/* The header has the directory (path = "full"), or the one above (dirname). */
static bool same_path(const char *path, const char *cwd, bool cut)
{
    const char *slash = strrchr(cwd, '/');
    size_t n = slash == NULL || slash == cwd ? 1 : (size_t)(slash - cwd);
    size_t len = strlen(path);
    static const char deleted[] = " (deleted)";
    size_t mark = sizeof deleted - 1;

    if (strcmp(path, cwd) == 0) {
        return true;
    }
    if (cut) {
        return strncmp(path, cwd, len < strlen(cwd) ? len : strlen(cwd)) == 0;
    }
    if (len > mark && strcmp(path + len - mark, deleted) == 0 && len - mark == n) {
        len -= mark;
    }
    return len == n && strncmp(path, cwd, n) == 0;
}

static void compare_header(struct verdict *verdict, const struct verdict_header *header,
                           struct record_line *record)
{
    long long uid = record_line_number(record, RECORD_UID);
    long long pid = record_line_number(record, RECORD_PID);
    char *cwd;
    size_t len;
    bool cut;

    if (header->odd) {
        compare(verdict, VERDICT_HEADER, false);
    }
    if (header->uid >= 0 && uid >= 0) {
        compare(verdict, VERDICT_UID, header->uid == uid);
    }
    if (header->pid >= 0 && pid >= 0) {
        compare(verdict, VERDICT_PID, header->pid == pid);
    }
    /* "%..." at its end: cut for length (wrapper/header.h) */
    if (header->path == NULL || header->path[0] != '/' || strstr(header->path, "%...") != NULL ||
        !value_of(record, RECORD_CWD, &cwd, &len, &cut)) {
        return;
    }
    compare(verdict, VERDICT_PATH, same_path(header->path, cwd, cut));
    free(cwd);
}

struct verdict verdict_reach(const struct pasted_message *message,
                             const struct verdict_header *header, struct record_line *record)
{
    const unsigned texts = 1U << VERDICT_FROM | 1U << VERDICT_SUBJECT | 1U << VERDICT_MSGID;
    struct verdict verdict = {.kind = VERDICT_UNCOMPARED};
    long long uid = record_line_number(record, RECORD_UID);

    compare_text(&verdict, VERDICT_FROM, RECORD_FROM, message->from, record, same_from);
    compare_text(&verdict, VERDICT_SUBJECT, RECORD_SUBJECT, message->subject, record, same_subject);
    compare_text(&verdict, VERDICT_MSGID, RECORD_MSGID, message->msgid, record, same_text);
    compare_time(&verdict, message, record);
    if (message->submitter >= 0 && uid >= 0) {
        compare(&verdict, VERDICT_UID, message->submitter == uid);
    }
    if (header != NULL) {
        compare_header(&verdict, header, record);
    }
    if (verdict.differs != 0) {
        verdict.kind = VERDICT_DIFFERS;
    } else if ((verdict.compared & texts) != 0) {
        verdict.kind = VERDICT_MATCHES;
    }
    return verdict;
}

const char *verdict_word(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_MATCHES:
        return "matches";
    case VERDICT_UNCOMPARED:
        return "unverified";
    case VERDICT_DIFFERS:
        break;
    }
    return "replayed";
}

const char *verdict_item_word(enum verdict_item item)
{
    static const char *const words[VERDICT_ITEMS] = {
        [VERDICT_FROM] = "from", [VERDICT_SUBJECT] = "subject", [VERDICT_MSGID] = "msgid",
        [VERDICT_TIME] = "time", [VERDICT_UID] = "uid",         [VERDICT_PID] = "pid",
        [VERDICT_PATH] = "path", [VERDICT_HEADER] = "header",
    };

    return words[item];
}
