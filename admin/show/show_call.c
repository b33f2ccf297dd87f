/* show_call - see show_call.h. All that is printed of a record is hostile and stays escaped. */
#include "show/show_call.h"

#include "context.h"
#include "origin.h"
#include "out.h"
#include "show/calltext.h"

#include <stdio.h>
#include <string.h>

static void say_value(struct out *out, const char *label, struct record_line *record,
                      enum record_key key)
{
    struct slice text;

    if (record_line_value(record, key, &text) && text.len > 0) {
        out_escaped(out, NULL, label, text.ptr, text.len);
    }
}

/* --- the verdict ----------------------------------------------------------------------------- */

/* "from, subject and time" */
static void items_text(unsigned items, char *ret, size_t cap)
{
    static const char *const names[VERDICT_ITEMS] = {
        [VERDICT_FROM] = "From",        [VERDICT_SUBJECT] = "Subject",
        [VERDICT_MSGID] = "Message-ID", [VERDICT_TIME] = "time",
        [VERDICT_UID] = "uid",          [VERDICT_PID] = "pid",
        [VERDICT_PATH] = "directory",   [VERDICT_HEADER] = "form of the header",
    };
    size_t used = 0;

    ret[0] = '\0';
    for (unsigned i = 0; i < VERDICT_ITEMS; i++) {
        if ((items & 1U << i) != 0 && used < cap) {
            used +=
                (size_t)snprintf(ret + used, cap - used, "%s%s", used > 0 ? ", " : "", names[i]);
        }
    }
}

static void say_verdict(struct out *out, const struct verdict *verdict)
{
    char differs[160], agrees[160];

    items_text(verdict->differs, differs, sizeof differs);
    items_text(verdict->compared & ~verdict->differs, agrees, sizeof agrees);
    switch (verdict->kind) {
    case VERDICT_MATCHES:
        out_mood(out, OUT_GOOD);
        out_words(out, "verdict", "matches: this call sent it (the same %s)", agrees);
        break;
    case VERDICT_UNCOMPARED:
        out_mood(out, OUT_WARN);
        out_words(out, "verdict",
                  "the id is known, but there is no message to compare; headers can be "
                  "copied. Paste the whole message to be sure");
        break;
    case VERDICT_DIFFERS:
        out_mood(out, OUT_BAD);
        out_words(out, "verdict",
                  "the id is known, but the message differs (replayed?): another %s", differs);
        out_words(out, "so",
                  "who sent it is unknown; its header was copied from, or made up after, the "
                  "call below");
        break;
    }
}

static void list_items(struct out *out, const char *key, unsigned items)
{
    out_list_begin(out, key, NULL);
    for (unsigned i = 0; i < VERDICT_ITEMS; i++) {
        if ((items & 1U << i) != 0) {
            const char *word = verdict_item_word((enum verdict_item)i);

            out_list_add(out, word, strlen(word));
        }
    }
    out_list_end(out);
}

static const char *certainty_word(enum show_certainty certainty)
{
    static const char *const words[] = {"certain", "likely", "possible", "none"};

    return words[certainty];
}

static void print_how(struct out *out, const struct show_how *how)
{
    if (how->verdict != NULL) {
        say_verdict(out, how->verdict);
        out_string(out, "verdict", NULL, verdict_word(how->verdict->kind));
        list_items(out, "agrees", how->verdict->compared & ~how->verdict->differs);
        list_items(out, "differs", how->verdict->differs);
    }
    if (how->explained != NULL) {
        out_words(out, "found", "%s", how->explained);
    }
    if (how->caveat != NULL) {
        out_mood(out, OUT_WARN);
        out_words(out, "but", "%s", how->caveat);
    }
    out_string(out, "by", NULL, how->by);
    out_string(out, "certainty", NULL, certainty_word(how->certainty));
}

/* --- the call -------------------------------------------------------------------------------- */

static bool is_another(const struct show_how *how)
{
    return how->verdict != NULL && how->verdict->kind == VERDICT_DIFFERS;
}

static void say_who(struct out *out, struct record_line *record, const struct show_how *how)
{
    char text[CALLTEXT_MAX];
    struct slice session;

    calltext_who(record, text);
    if (is_another(how)) { /* never the neighbour whose header was copied as the one who did it */
        out_words(out, "copied from", "a mail of %s", text);
        out_time(out, NULL, "of", record->time);
        return;
    }
    out_mood(out, OUT_BOLD);
    switch (record->origin) {
    case RECORDS_FILE:
        out_words(out, "who", "%s, by the kernel", text);
        break;
    case RECORDS_JOURNAL:
        out_words(out, "who", "%s, by the kernel and the journal", text);
        break;
    case RECORDS_SYSLOG:
        out_words(out, "who",
                  "%s; read in a syslog file, where any local user can write such a line", text);
        break;
    }
    out_time(out, NULL, "when", record->time);
    if (record->host.len > 0) {
        out_escaped(out, NULL, "server", record->host.ptr, record->host.len);
    }
    if (record_line_value(record, RECORD_SESSION, &session)) {
        out_words(out, "how", "in the SMTP session %.*s", (int)session.len, session.ptr);
    }
}

static void say_owner(struct out *out, const char *label, struct record_line *record,
                      enum record_key key, enum origin_worth worth)
{
    long long owner = record_line_number(record, key);

    if (worth == ORIGIN_SAYS && owner >= 0) {
        out_words(out, label, "uid %lld", owner);
    }
}

static void say_where(struct out *out, struct record_line *record)
{
    char text[CALLTEXT_MAX];
    struct slice caller, pid;

    calltext_directory(record, text);
    out_mood(out, origin_directory(record) == ORIGIN_OWN ? OUT_BOLD : OUT_WARN);
    out_words(out, "directory", "%s", text);
    say_owner(out, "its owner", record, RECORD_CWD_UID, origin_directory(record));
    calltext_script(record, text);
    out_mood(out, origin_script(record) == ORIGIN_OWN ? OUT_BOLD : OUT_WARN);
    out_words(out, "script", "%s", text);
    say_owner(out, "its owner", record, RECORD_SCRIPT_UID, origin_script(record));
    if (record_line_value(record, RECORD_CALLER, &caller)) {
        pid = (struct slice){"?", 1};
        (void)record_line_value(record, RECORD_CALLER_PID, &pid);
        out_words(out, "process", "%.*s (pid %.*s)", (int)caller.len, caller.ptr, (int)pid.len,
                  pid.ptr);
    }
    say_value(out, "above it", record, RECORD_CHAIN);
    say_value(out, "unit", record, RECORD_UNIT);
    if (record_line_number(record, RECORD_LOGINUID) >= 0 &&
        record_line_number(record, RECORD_LOGINUID) != record_line_number(record, RECORD_UID)) {
        out_words(out, "logged in as", "uid %lld", record_line_number(record, RECORD_LOGINUID));
    }
}

static void say_message(struct out *out, struct record_line *record)
{
    say_value(out, "recipients", record, RECORD_RCPTS);
    say_value(out, "from", record, RECORD_FROM);
    say_value(out, "sender", record, RECORD_SENDER);
    say_value(out, "subject", record, RECORD_SUBJECT);
    say_value(out, "Message-ID", record, RECORD_MSGID);
    say_value(out, "arguments", record, RECORD_ARGS);
    if (record_line_number(record, RECORD_COPIES) > 0) {
        out_words(out, "forged", "it came with %lld header(s) of our name of its own",
                  record_line_number(record, RECORD_COPIES));
    }
    say_value(out, "not seen", record, RECORD_OPAQUE);
    say_value(out, "degraded", record, RECORD_WHY);
    out_mood(out, OUT_BAD);
    say_value(out, "not sent", record, RECORD_ERROR);
    out_mood(out, OUT_PLAIN);
}

static void say_claims(struct out *out, struct record_line *record)
{
    static const struct {
        enum record_key key;
        const char *label;
    } claims[] = {
        {RECORD_REMOTE, "  REMOTE_ADDR"},
        {RECORD_HOST, "  HTTP_HOST"},
        {RECORD_URI, "  REQUEST_URI"},
        {RECORD_ENV_SCRIPT, "  SCRIPT_FILENAME"},
        {RECORD_XPHP, "  X-PHP-Originating-Script"},
    };
    struct slice text;
    bool any = false;

    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        if (record_line_value(record, claims[i].key, &text)) {
            if (!any) {
                out_words(out, "what the caller says", "(he can say anything)");
            }
            any = true;
            out_escaped(out, NULL, claims[i].label, text.ptr, text.len);
        }
    }
}

static void say_next(struct out *out, struct record_line *record, const struct show_how *how)
{
    struct slice id;

    if (is_another(how) || strcmp(how->by, "session") == 0 ||
        !record_line_value(record, RECORD_ID, &id)) {
        return;
    }
    out_mood(out, OUT_DIM);
    if (record_line_delivers(record)) {
        out_words(out, "next",
                  "mailorigin trace %.*s; mailorigin web %.*s; mailorigin log --uid %lld",
                  (int)id.len, id.ptr, (int)id.len, id.ptr, record_line_number(record, RECORD_UID));
    } else {
        out_words(out, "next", "mailorigin log --uid %lld", record_line_number(record, RECORD_UID));
    }
}

/* In JSON, too, uid and the rest of another's call do not stand where the sender's would. */
static void print_json(struct out *out, struct record_line *record, const struct show_how *how)
{
    if (!is_another(how)) {
        calltext_json(out, record);
        return;
    }
    out_object_begin(out, "copied_from", NULL);
    calltext_json(out, record);
    out_object_end(out);
}

void show_call_print(struct context *ctx, struct record_line *record, const struct show_how *how)
{
    struct out *out = ctx->out;
    struct slice id = {.ptr = "", .len = 0};

    out_begin(out, is_another(how) ? "replayed" : "call", OUT_BLOCK);
    (void)record_line_value(record, RECORD_ID, &id);
    out_escaped(out, NULL, strcmp(how->by, "session") == 0 ? "session" : "call", id.ptr, id.len);
    print_how(out, how);
    say_who(out, record, how);
    if (!is_another(how)) {
        say_where(out, record);
    }
    say_message(out, record);
    say_claims(out, record);
    say_next(out, record, how);
    print_json(out, record, how);
    out_end(out);
}
