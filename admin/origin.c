/* origin - see origin.h. Hostile: the values of records, but for the uid. What is absent or in
 * doubt is "unknown". */
#include "origin.h"

#include <string.h>

/* Debian Policy 9.2.2: below are accounts of the system, users begin here. */
#define FIRST_USER 1000

static bool begins(struct slice text, const char *with)
{
    size_t n = strlen(with);

    return text.len >= n && memcmp(text.ptr, with, n) == 0;
}

bool origin_shared(long long uid, struct slice unit)
{
    static const char *const web[] = {"apache2",  "httpd", "nginx",     "php",
                                      "lighttpd", "lsws",  "litespeed", "openlitespeed",
                                      "caddy",    "uwsgi", "fcgiwrap"};

    if (uid == 0 || uid >= FIRST_USER) {
        return false;
    }
    for (size_t i = 0; i < sizeof web / sizeof web[0]; i++) {
        if (begins(unit, web[i])) {
            return true;
        }
    }
    /* Without a unit (no systemd, a container) it may be the web server's account as well. */
    return unit.len == 0;
}

static enum origin_worth worth(struct record_line *line, enum record_key what,
                               enum record_key owner)
{
    struct slice value, unit = {.ptr = "", .len = 0};
    long long uid = record_line_number(line, RECORD_UID);

    if (!record_line_value(line, what, &value)) {
        return ORIGIN_NONE;
    }
    (void)record_line_value(line, RECORD_UNIT, &unit);
    return uid >= 0 && record_line_number(line, owner) == uid && !origin_shared(uid, unit)
               ? ORIGIN_OWN
               : ORIGIN_SAYS;
}

enum origin_worth origin_directory(struct record_line *line)
{
    return worth(line, RECORD_CWD, RECORD_CWD_UID);
}

enum origin_worth origin_script(struct record_line *line)
{
    struct slice by;
    enum origin_worth result = worth(line, RECORD_SCRIPT, RECORD_SCRIPT_UID);

    /* The name that a message's header gives is the message's word, whoever owns a file of that
     * name. */
    if (result == ORIGIN_OWN && record_line_value(line, RECORD_SCRIPT_BY, &by) &&
        begins(by, "header")) {
        return ORIGIN_SAYS;
    }
    return result;
}

const char *origin_word(enum origin_worth worth)
{
    switch (worth) {
    case ORIGIN_OWN:
        return "own";
    case ORIGIN_SAYS:
        return "says";
    case ORIGIN_NONE:
        break;
    }
    return "unknown";
}
