/*
 * weblog_expected - whether a web request can be behind a record at all: not
 * behind cron's mail, or a login's.
 *
 * Hostile: names in the chain are the processes' own. So a server's name there,
 * or in the unit, only says that a look is worth it.
 */
#include "web/weblog.h"

#include <string.h>

static bool starts(struct slice text, const char *with)
{
    size_t n = strlen(with);

    return text.len >= n && memcmp(text.ptr, with, n) == 0;
}

/* Whether a word of the chain ("cron[812]") has one of these names. */
static bool in_chain(struct slice chain, const char *const *names)
{
    while (chain.len > 0) {
        const char *blank = memchr(chain.ptr, ' ', chain.len);

        for (size_t i = 0; names[i] != NULL; i++) {
            if (starts(chain, names[i])) {
                return true;
            }
        }
        if (blank == NULL) {
            return false;
        }
        chain.len -= (size_t)(blank + 1 - chain.ptr);
        chain.ptr = blank + 1;
    }
    return false;
}

bool weblog_expected(struct record_line *record, const char **ret_reason)
{
    static const char *const servers[] = {"apache2", "httpd", "nginx", "php-fpm",
                                          "php-cgi", "lsphp", "lite",  "lighttpd",
                                          "lsws",    "uwsgi", "caddy", NULL};
    static const char *const crons[] = {"cron[", "crond[", "CRON[", "atd[", "anacron[", NULL};
    static const char *const logins[] = {"sshd", "login[", "su[", "sudo[", "tmux", "screen", NULL};
    static const struct {
        const char *unit, *reason;
    } units[] = {
        {"cron", "a cron job"},       {"atd", "a job of at"},
        {"anacron", "a cron job"},    {"session-", "a login session"},
        {"user@", "a login session"}, {"ssh", "a login by ssh"},
        {"getty", "a login"},
    };
    struct slice chain = {"", 0}, unit = {"", 0}, claim;

    (void)record_line_value(record, RECORD_CHAIN, &chain);
    (void)record_line_value(record, RECORD_UNIT, &unit);
    if (in_chain(chain, servers)) {
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (starts(unit, units[i].unit)) {
            *ret_reason = units[i].reason;
            return false;
        }
    }
    /* A CGI program's environment, where its ancestors are gone or hidden. */
    if (unit.len > 0 || record_line_value(record, RECORD_REMOTE, &claim)) {
        return true;
    }
    if (in_chain(chain, crons)) {
        *ret_reason = "a cron job";
        return false;
    }
    if (in_chain(chain, logins)) {
        *ret_reason = "a shell";
        return false;
    }
    return true;
}
