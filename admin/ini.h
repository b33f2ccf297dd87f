/*
 * ini - the settings of a php.ini or of a php-fpm pool file.
 */
#ifndef MO_INI_H
#define MO_INI_H

#include <stdbool.h>

struct ini_setting {
    const char *section; /* "" before the first */
    const char *key;     /* as it stands: "mail.log", "php_admin_value[sendmail_path]" */
    const char *value;   /* quotes and comment taken away */
    unsigned line;       /* from 1 */
};

/* Blanks at both ends taken away, in place; returns where the rest begins. */
char *ini_trim(char *text);

/* Calls each with every setting in turn. text is changed; the strings hold until the call returns.
 * A line that is none is passed over, as PHP does not start with it anyway. */
void ini_parse(char *text, void (*each)(const struct ini_setting *setting, void *arg), void *arg);

/* On, yes, true, or a number that is not 0. */
bool ini_true(const char *value);

/* The key within php_value[...], php_admin_value[...], php_flag[...], php_admin_flag[...], copied
 * to buf; NULL if it is none. */
const char *ini_pool_key(const char *key, char *buf, unsigned long cap);

#endif
