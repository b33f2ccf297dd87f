/* calltext - see calltext.h. */
#include "show/calltext.h"

#include "origin.h"
#include "out.h"

#include <stdio.h>
#include <string.h>

static struct slice value(struct record_line *record, enum record_key key)
{
    struct slice found = {.ptr = "", .len = 0};

    (void)record_line_value(record, key, &found);
    return found;
}

void calltext_who(struct record_line *record, char ret[CALLTEXT_MAX])
{
    struct slice user = value(record, RECORD_USER);
    long long uid = record_line_number(record, RECORD_UID);

    if (user.len > 0) {
        (void)snprintf(ret, CALLTEXT_MAX, "%.*s (%lld)", (int)user.len, user.ptr, uid);
    } else {
        (void)snprintf(ret, CALLTEXT_MAX, "%lld", uid);
    }
}

/* A neighbour's directory or script is never named as the origin (origin.h). */
static void place(enum origin_worth worth, struct slice text, const char *how,
                  char ret[CALLTEXT_MAX])
{
    switch (worth) {
    case ORIGIN_OWN:
        (void)snprintf(ret, CALLTEXT_MAX, "%.*s%s", (int)text.len, text.ptr, how);
        break;
    case ORIGIN_SAYS:
        (void)snprintf(ret, CALLTEXT_MAX, "unknown, says %.*s%s", (int)text.len, text.ptr, how);
        break;
    case ORIGIN_NONE:
        (void)snprintf(ret, CALLTEXT_MAX, "unknown");
        break;
    }
}

void calltext_directory(struct record_line *record, char ret[CALLTEXT_MAX])
{
    place(origin_directory(record), value(record, RECORD_CWD), "", ret);
}

const char *calltext_script_by(struct slice by)
{
    static const struct {
        const char *word, *text;
    } words[] = {
        {"fd", " (had it open)"},
        {"cmdline", " (on its command line)"},
        {"env", " (environment)"},
        {"header", " (X-PHP-Originating-Script)"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (by.len == strlen(words[i].word) && memcmp(by.ptr, words[i].word, by.len) == 0) {
            return words[i].text;
        }
    }
    return "";
}

void calltext_script(struct record_line *record, char ret[CALLTEXT_MAX])
{
    place(origin_script(record), value(record, RECORD_SCRIPT),
          calltext_script_by(value(record, RECORD_SCRIPT_BY)), ret);
}

void calltext_script_in_directory(struct record_line *record, char ret[CALLTEXT_MAX])
{
    struct slice script = value(record, RECORD_SCRIPT), cwd = value(record, RECORD_CWD);

    if (cwd.len > 0 && script.len > cwd.len + 1 && script.ptr[cwd.len] == '/' &&
        memcmp(script.ptr, cwd.ptr, cwd.len) == 0) {
        script.ptr += cwd.len + 1;
        script.len -= cwd.len + 1;
    }
    place(origin_script(record), script, calltext_script_by(value(record, RECORD_SCRIPT_BY)), ret);
}

static const char *log_word(enum records_origin origin)
{
    switch (origin) {
    case RECORDS_FILE:
        return "file";
    case RECORDS_JOURNAL:
        return "journal";
    case RECORDS_SYSLOG:
        break;
    }
    return "syslog";
}

/* Keys that docs/log-format.md calls numbers. rcpts is none: "50+". */
static bool is_number(enum record_key key)
{
    switch (key) {
    case RECORD_UID:
    case RECORD_GID:
    case RECORD_PID:
    case RECORD_CWD_UID:
    case RECORD_SCRIPT_UID:
    case RECORD_CALLER_PID:
    case RECORD_CALLER_START:
    case RECORD_LOGINUID:
    case RECORD_PPID:
    case RECORD_START:
    case RECORD_COPIES:
        return true;
    default:
        return false;
    }
}

void calltext_json(struct out *out, struct record_line *record)
{
    struct slice text;

    out_time(out, "time", NULL, record->time);
    /* The wrapper's own key is http_host, so "host" is free for the server's. */
    out_escaped(out, "host", NULL, record->host.ptr, record->host.len);
    out_string(out, "log", NULL, log_word(record->origin));
    for (int key = 0; key < RECORD_KEYS; key++) {
        if (!record_line_value(record, (enum record_key)key, &text)) {
            continue;
        }
        if (is_number((enum record_key)key)) {
            out_number(out, record_key_name((enum record_key)key), NULL,
                       record_line_number(record, (enum record_key)key));
        } else {
            out_escaped(out, record_key_name((enum record_key)key), NULL, text.ptr, text.len);
        }
    }
    out_string(out, "cwd_certainty", NULL, origin_word(origin_directory(record)));
    out_string(out, "script_certainty", NULL, origin_word(origin_script(record)));
}
