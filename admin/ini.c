/*
 * ini - see ini.h. Rules: PHP's manual, "The configuration file", and Zend/zend_ini_scanner.l.
 * Hostile: hardly, the files are root's; what does not parse is passed over.
 */
#include "ini.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECTION_MAX 256

char *ini_trim(char *text)
{
    size_t n;

    text += strspn(text, " \t\r");
    n = strlen(text);
    while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL) {
        text[--n] = '\0';
    }
    return text;
}

/* "..." with \" within; '...' as it is; else up to a comment. Undone in place. */
static char *value_of(char *text)
{
    char quote = *text, *to, *from;

    if (quote != '"' && quote != '\'') {
        text[strcspn(text, ";")] = '\0';
        return ini_trim(text);
    }
    to = from = text + 1;
    while (*from != '\0' && *from != quote) {
        if (quote == '"' && from[0] == '\\' && (from[1] == '"' || from[1] == '\\')) {
            from++;
        }
        *to++ = *from++;
    }
    *to = '\0';
    return text + 1;
}

static void parse_line(char *text, char section[SECTION_MAX], unsigned number,
                       void (*each)(const struct ini_setting *setting, void *arg), void *arg)
{
    char *line = ini_trim(text), *equals;
    struct ini_setting setting = {.section = section, .line = number};

    if (line[0] == ';' || line[0] == '#' || line[0] == '\0') {
        return;
    }
    if (line[0] == '[') {
        size_t n = strcspn(line + 1, "]");

        n = n < SECTION_MAX ? n : SECTION_MAX - 1;
        memcpy(section, line + 1, n);
        section[n] = '\0';
        return;
    }
    equals = strchr(line, '=');
    if (equals == NULL) {
        return;
    }
    *equals = '\0';
    setting.key = ini_trim(line);
    setting.value = value_of(ini_trim(equals + 1));
    each(&setting, arg);
}

void ini_parse(char *text, void (*each)(const struct ini_setting *setting, void *arg), void *arg)
{
    char section[SECTION_MAX] = "";
    unsigned number = 0;

    while (text != NULL && *text != '\0') {
        char *newline = strchr(text, '\n');

        if (newline != NULL) {
            *newline = '\0';
        }
        parse_line(text, section, ++number, each, arg);
        text = newline != NULL ? newline + 1 : NULL;
    }
}

bool ini_true(const char *value)
{
    return strcasecmp(value, "on") == 0 || strcasecmp(value, "yes") == 0 ||
           strcasecmp(value, "true") == 0 || strtol(value, NULL, 10) != 0;
}

const char *ini_pool_key(const char *key, char *buf, unsigned long cap)
{
    static const char *const kinds[] = {"php_value[", "php_admin_value[", "php_flag[",
                                        "php_admin_flag["};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i]);

        if (strncmp(key, kinds[i], n) == 0) {
            size_t len = strcspn(key + n, "]");

            if (len < cap && key[n + len] == ']') {
                memcpy(buf, key + n, len);
                buf[len] = '\0';
                return buf;
            }
        }
    }
    return NULL;
}
