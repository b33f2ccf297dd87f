/* ini: settings of php.ini and pool files as PHP 8.2 reads them. */
#include "admin/ini.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    char text[2048];
};

static void keep(const struct ini_setting *s, void *arg)
{
    struct seen *seen = arg;
    size_t n = strlen(seen->text);

    (void)snprintf(seen->text + n, sizeof seen->text - n, "%u[%s]%s=%s\n", s->line, s->section,
                   s->key, s->value);
}

static const char *parse(const char *text, struct seen *seen)
{
    char *copy = strdup(text);

    seen->text[0] = '\0';
    ini_parse(copy, keep, seen);
    free(copy);
    return seen->text;
}

static const struct {
    const char *text, *want;
} rows[] = {
    {"mail.log = syslog", "1[]mail.log=syslog\n"},
    {"[PHP]\nsendmail_path =\n", "2[PHP]sendmail_path=\n"},
    {"; a = 1\n\n  a=2 ; comment\n", "3[]a=2\n"},
    {"a = \"x ; y\" ; comment", "1[]a=x ; y\n"},
    {"a = \"say \\\"hi\\\"\"", "1[]a=say \"hi\"\n"},
    {"a = 'it \\n'", "1[]a=it \\n\n"},
    {"a = \"open", "1[]a=open\n"},
    {"a = x\r\nb = y\r\n", "1[]a=x\n2[]b=y\n"},
    {"[web274]\nuser = web274\nphp_admin_value[sendmail_path] = /usr/bin/msmtp -t\n",
     "2[web274]user=web274\n3[web274]php_admin_value[sendmail_path]=/usr/bin/msmtp -t\n"},
    {"[PATH=/var/www]\nmail.log=/x\n", "2[PATH=/var/www]mail.log=/x\n"},
    {"no setting\n[\n=\n", "3[]=\n"},
    {"", ""},
};

START_TEST(parses)
{
    struct seen seen;

    ck_assert_str_eq(parse(rows[_i].text, &seen), rows[_i].want);
}
END_TEST

START_TEST(truths)
{
    static const char *const yes[] = {"On", "1", "yes", "TRUE"}, *const no[] = {"Off", "0", "no",
                                                                                "", "none"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        ck_assert_msg(ini_true(yes[i]), "%s", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        ck_assert_msg(!ini_true(no[i]), "%s", no[i]);
    }
}
END_TEST

START_TEST(pool_keys)
{
    char buf[16];

    ck_assert_str_eq(ini_pool_key("php_admin_value[mail.log]", buf, sizeof buf), "mail.log");
    ck_assert_str_eq(ini_pool_key("php_value[x]", buf, sizeof buf), "x");
    ck_assert_str_eq(ini_pool_key("php_admin_flag[a]", buf, sizeof buf), "a");
    ck_assert_ptr_null(ini_pool_key("env[PATH]", buf, sizeof buf));
    ck_assert_ptr_null(ini_pool_key("php_value[open", buf, sizeof buf));
    ck_assert_ptr_null(ini_pool_key("php_value[longer.than.there.is.room]", buf, sizeof buf));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ini");
    TCase *tcase = tcase_create("ini");

    tcase_add_loop_test(tcase, parses, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tcase, truths);
    tcase_add_test(tcase, pool_keys);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
