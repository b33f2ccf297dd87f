/*
 * config: what each option gives, what each fault costs (never more than it must), and what a file
 * has to be before it is believed.
 */
#include "paths.h"
#include "support.h"
#include "wrapper/config.h"

#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

extern char **environ;

/* --- a configuration as text: only what is not default ------------------------------------- */

static void put(char *out, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(char *out, size_t cap, const char *format, ...)
{
    size_t n = strlen(out);
    va_list ap;

    if (n > 0 && n + 1 < cap) {
        out[n++] = ' ';
        out[n] = '\0';
    }
    va_start(ap, format);
    vsnprintf(out + n, cap - n, format, ap);
    va_end(ap);
}

static void put_fields(char *out, size_t cap, const struct header_style *header)
{
    static const char *const names[] = {"uid", "pid", "id"};
    char text[64] = "";

    for (unsigned i = 0; i < header->field_count; i++) {
        ck_assert_uint_lt(i, HEADER_FIELDS);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? "," : "",
                 names[header->fields[i]]);
    }
    if (strcmp(text, "uid,pid,id") != 0) {
        put(out, cap, "fields=%s", text);
    }
}

static const char *dump(const struct config *c)
{
    static const char *const paths[] = {"dirname", "full", "none"};
    static char out[2 * PATH_MAX + 512];
    const size_t cap = sizeof out;

    out[0] = '\0';
    if (c->sendmail[0] != '\0') {
        put(out, cap, "sendmail=%s", c->sendmail);
    }
    if (strcmp(c->mta, "auto") != 0) {
        put(out, cap, "mta=%s", c->mta);
    }
    if (!c->header.enabled) {
        put(out, cap, "enabled=0");
    }
    if (strcmp(c->header.name, "X-Additional-Header") != 0) {
        put(out, cap, "name=%s", c->header.name);
    }
    if (c->header.path != HEADER_PATH_DIRNAME) {
        put(out, cap, "path=%s", paths[c->header.path]);
    }
    put_fields(out, cap, &c->header);
    if (c->log_to != CONFIG_LOG_FILE) {
        put(out, cap, "to=%u", c->log_to);
    }
    if (strcmp(c->log_file, SW_LOG_FILE) != 0) {
        put(out, cap, "file=%s", c->log_file);
    }
    if (c->facility != LOG_MAIL) {
        put(out, cap, "facility=%s", config_facility_name(c->facility));
    }
    if (c->format != RECORD_LOGFMT) {
        put(out, cap, "json");
    }
    if (!c->log_subject) {
        put(out, cap, "subject=0");
    }
    if (!c->log_addresses) {
        put(out, cap, "addresses=0");
    }
    if (c->refuse_on_log_failure) {
        put(out, cap, "refuse");
    }
    if (c->faulty) {
        put(out, cap, "faulty");
    }
    return out;
}

static const char *load_path(const char *path, bool privileged, struct diag *diag)
{
    static struct config config;

    memset(&config, 'G', sizeof config);
    diag->count = 0;
    config_load(path, privileged, &config, diag);
    return dump(&config);
}

static const char *load_text(const char *text, struct diag *diag)
{
    return load_path(support_file("test.conf", text, 0644), false, diag);
}

/* All diagnostics, "PATH:" taken off, joined with " | ". */
static const char *faults(const struct diag *diag)
{
    static char out[4096];

    out[0] = '\0';
    for (unsigned i = 0; i < diag->count; i++) {
        const char *text = diag->item[i].text;
        const char *colon = strchr(text, ':');

        ck_assert_int_eq(diag->item[i].priority, LOG_ERR);
        ck_assert_msg(strncmp(text, support_dir(), strlen(support_dir())) == 0, "%s", text);
        ck_assert_ptr_nonnull(colon);
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i > 0 ? " | " : "",
                 colon + 1);
    }
    return out;
}

/* --- what stands in the file --------------------------------------------------------------- */

#define UNKNOWN "no such option"
#define OFF "subject=0 addresses=0 faulty" /* what every error but an unknown key costs */

static const struct {
    const char *what;
    const char *text;
    const char *config; /* as dump() has it */
    const char *faults; /* as faults() has it; "" for none */
} rows[] = {
    {"empty", "", "", ""},
    {"comments", "# a\n// b\n/* c\nd */\n", "", ""},
    {"all of it",
     "sendmail = \"/opt/sendmail\"\nmta = \"exim\"\non_log_failure = \"refuse\"\n"
     "header { enabled = false  name = \"X-Origin\"  path = \"full\"  fields = {\"id\", \"uid\"} "
     "}\n"
     "log { to = \"both\"  file = \"/l\"  facility = \"local3\"  format = \"json\"  subject = "
     "false  addresses = false }\n",
     "sendmail=/opt/sendmail mta=exim enabled=0 name=X-Origin path=full fields=id,uid to=3 file=/l "
     "facility=local3 json subject=0 addresses=0 refuse",
     ""},
    {"without quotes", "mta = postfix\nheader { path = none fields = {pid} }\n",
     "mta=postfix path=none fields=pid", ""},
    {"single quotes", "sendmail = '/a b'\n", "sendmail=/a b", ""},
    {"the last of two", "mta = dma\nmta = exim\n", "mta=exim", ""},
    {"a section in two parts", "log { to = syslog }\nlog { format = json }\n", "to=2 json", ""},
    {"no fields", "header { fields = {} }\n", "fields=", ""},
    {"booleans", "header { enabled = no }\nlog { subject = off  addresses = yes }\n",
     "enabled=0 subject=0", ""},
    {"booleans in capitals", "header { enabled = FALSE }\nlog { addresses = \"No\" }\n",
     "enabled=0 addresses=0", ""},
    {"to file", "log { to = file }\n", "", ""},
    {"to syslog", "log { to = syslog }\n", "to=2", ""},
    {"to none", "log { to = none }\n", "to=0", ""},
    {"CRLF", "mta = \"dma\"\r\nlog {\r\n to = \"none\"\r\n}\r\n", "mta=dma to=0", ""},

    /* An unknown key is warned of and the rest holds. */
    {"unknown key", "foo = 1\nmta = dma\n", "mta=dma faulty", "1: " UNKNOWN " 'foo'"},
    {"unknown list", "mta = dma\nfoo = {1, 2}\nlog { to = none }\n", "mta=dma to=0 faulty",
     "2: " UNKNOWN " 'foo'"},
    {"unknown in a section", "log {\n foo = 1\n to = none\n}\nmta = dma\n", "mta=dma to=0 faulty",
     "2: " UNKNOWN " 'foo'"},
    {"keys are case-sensitive", "MTA = dma\n", "faulty", "1: " UNKNOWN " 'MTA'"},
    {"key in the wrong section", "to = none\nmta = dma\n", "mta=dma faulty", "1: " UNKNOWN " 'to'"},
    {"unknown, then forbidden", "foo = 1\nmta = dma\nlog {\n to = x\n}\n", "mta=dma " OFF,
     "1: " UNKNOWN " 'foo' | 4: to = \"x\": must be file, syslog, both or none"},
    {"two unknown keys", "foo = 1\nmta = dma\nbar = 2\n", "mta=dma faulty",
     "1: " UNKNOWN " 'foo' | 3: " UNKNOWN " 'bar'"},
    {"unknown section",
     "mta = dma\nrules {\n limit = 5\n list = {a, b}\n sub \"x\" { a = 1 }\n}\nlog { to = none }\n",
     "mta=dma to=0 faulty", "2: " UNKNOWN " 'rules'"},
    {"unknown section with a title", "rule \"a\" { limit = 5 }\nmta = dma\n", "mta=dma faulty",
     "1: " UNKNOWN " 'rule'"},
    {"unknown section in a section", "log {\n rules { a = 1 }\n to = none\n}\n", "to=0 faulty",
     "2: " UNKNOWN " 'rules'"},
    {"unknown, appended to", "foo += {a}\nmta = dma\n", "mta=dma faulty", "1: " UNKNOWN " 'foo'"},
    {"unknown, odd values",
     "a = \"x } \\\" #\"\nb = '# {' # comment }\nc = { # }\n /* } */ x,\n // }\n y}\nd(1, 2)\nmta "
     "= dma\n",
     "mta=dma faulty",
     "1: " UNKNOWN " 'a' | 2: " UNKNOWN " 'b' | 3: " UNKNOWN " 'c' | 7: " UNKNOWN " 'd'"},
    {"line numbers behind comments",
     "# a\n// b\n/* c\nd */ /* e */\nlog { # f\n # g\n to = none # h\n foo = 1\n}\n", "to=0 faulty",
     "8: " UNKNOWN " 'foo'"},
    {"a comment in a list",
     "header {\n fields = { # a\n \"uid\", /* b */ \"pid\" // c\n }\n}\nmta = # d\n dma\n",
     "mta=dma fields=uid,pid", ""},
    {"what looks like a comment",
     "sendmail = /a//b\nheader { name = \"X-#/*\" }\nlog { file = '//x' }\n",
     "sendmail=/a//b name=X-#/* file=//x", ""},
    {"a comment that is not closed", "mta = dma\nlog { to = none }\n /* log {\nsubject = false }\n",
     "mta=dma to=0 " OFF, "3: a comment that is not closed"},
    {"a brace that is not closed", "mta = dma\nlog {\n to = none\n", "mta=dma to=0 " OFF,
     "2: a brace that is not closed"},
    {"a quote with a backslash at the end", "mta = dma\nsendmail = \"a\\", "mta=dma " OFF, NULL},
    {"the same unknown key twice in a line", "foo = 1 foo = 2\nmta = dma\n", "mta=dma faulty",
     "1: " UNKNOWN " 'foo' | 1: " UNKNOWN " 'foo'"},
    {"unknown after a value of that name",
     "header { fields = {} } log { file = /foo foo = 1 to = none }\n",
     "fields= to=0 file=/foo faulty", "1: " UNKNOWN " 'foo'"},
    {"unknown, and a comment of that name", "/* foo\nfoo */ # foo\nfoo = 1\nmta = dma\n",
     "mta=dma faulty", "3: " UNKNOWN " 'foo'"},
    {"more unknown keys than are told of",
     "a = 1\nb = 1\nc = 1\nd = 1\ne = 1\nf = 1\ng = 1\nh = 1\nmta = dma\n", "mta=dma faulty",
     "1: " UNKNOWN " 'a' | 2: " UNKNOWN " 'b' | 3: " UNKNOWN " 'c' | 4: " UNKNOWN
     " 'd' | 5: " UNKNOWN " 'e'"},
    {"a name alone", "mta = dma\nfoo\n", "mta=dma " OFF, NULL},
    {"unknown, not finished", "mta = dma\nfoo = {a,\n", "mta=dma " OFF, NULL},
    {"include is no option", "include(\"/etc/passwd\")\nmta = dma\n", "mta=dma faulty",
     "1: " UNKNOWN " 'include'"},

    /* After a syntax or type error what was read before it holds. */
    {"no value", "mta = dma\nsendmail =\n", "mta=dma " OFF, "3: premature end of file"},
    {"no equal sign", "mta = dma\nsendmail \"/x\"\n", "mta=dma " OFF,
     "2: missing equal sign after option 'sendmail'"},
    {"open quote", "mta = dma\nsendmail = \"/x\n", "mta=dma " OFF,
     "2: premature end of file | 2: a quote that is not closed"},
    {"closing brace", "mta = dma\n}\nlog { to = none }\n", "mta=dma " OFF,
     "2: unexpected closing brace"},
    {"section as value", "mta = dma\nlog = none\nheader { path = none }\n", "mta=dma " OFF,
     "2: missing opening brace for section 'log'"},
    {"value as section", "log { to = none }\nmta { }\n", "to=0 " OFF,
     "2: missing equal sign after option 'mta'"},
    {"bad boolean", "mta = dma\nlog {\n to = none\n subject = maybe\n}\n", "mta=dma to=0 " OFF,
     "4: subject = \"maybe\": must be true or false"},
    {"bad list", "header {\n path = none\n fields = {\"uid\" \"pid\"}\n}\n",
     "path=none fields=uid " OFF, "3: unexpected token 'pid'"},
    {"list for a string", "mta = {dma}\n", OFF, "1: unexpected token '{'"},
    {"number for a boolean", "header { enabled = 7.5 }\n", OFF,
     "1: enabled = \"7.5\": must be true or false"},
    {"digits for a boolean", "log { addresses = 1 }\n", OFF,
     "1: addresses = \"1\": must be true or false"},
    {"an empty name", "mta = dma\n\"\" = 1\n", "mta=dma " OFF, "2: syntax error"},
    {"the error comes first", "mta = x\nlog { subject = true  to = none }\n", OFF,
     "1: mta = \"x\": must be auto, postfix, sendmail, exim, opensmtpd, msmtp, nullmailer, dma, "
     "ssmtp, esmtp, courier or "
     "qmail"},
    {"subject asked for, then an error", "log { subject = true  addresses = true }\nmta = x\n", OFF,
     NULL},

    /* Values that an option cannot have. */
    {"relative sendmail", "sendmail = \"sendmail.real\"\n", OFF,
     "1: sendmail = \"sendmail.real\": must be an absolute path"},
    {"empty sendmail", "sendmail = \"\"\n", OFF, "1: sendmail = \"\": must be an absolute path"},
    {"relative file", "log { file = \"calls.log\" }\n", OFF,
     "1: file = \"calls.log\": must be an absolute path"},
    {"unknown mta", "mta = \"Postfix\"\n", OFF, NULL},
    {"cautious is no mta", "mta = \"cautious\"\n", OFF, NULL},
    {"unknown path", "header { path = dir }\n", OFF,
     "1: path = \"dir\": must be dirname, full or none"},
    {"unknown field", "header { fields = {uid, cwd} }\n", OFF,
     "1: fields = \"cwd\": must be a list of uid, pid, id, each at most once"},
    {"a field twice", "header { fields = {uid, id, uid} }\n", OFF,
     "1: fields = \"uid\": must be a list of uid, pid, id, each at most once"},
    {"a field more", "header { fields += {uid} }\n", OFF, NULL},
    {"unknown facility", "log { facility = LOG_MAIL }\n", OFF,
     "1: facility = \"LOG_MAIL\": must be a syslog facility, as mail or local0"},
    {"kern is not for programs", "log { facility = kern }\n", OFF, NULL},
    {"unknown format", "log { format = xml }\n", OFF,
     "1: format = \"xml\": must be logfmt or json"},
    {"unknown policy", "on_log_failure = defer\n", OFF,
     "1: on_log_failure = \"defer\": must be deliver or refuse"},
    {"file:line in a later section", "\n\nheader {\n}\nlog {\n\n to = x\n}\n", OFF,
     "7: to = \"x\": must be file, syslog, both or none"},

    /* libconfuse expands the environment; ours is empty. */
    {"environment", "mta = \"${SW_TEST_MTA}\"\n", OFF, NULL},
    {"environment, single quotes", "sendmail = '/x${SW_TEST_MTA}'\n", "sendmail=/x${SW_TEST_MTA}",
     ""},
};

START_TEST(text_of_a_file)
{
    struct diag diag;
    const char *got;

    environ = NULL; /* what startup leaves */
    got = load_text(rows[_i].text, &diag);
    ck_assert_msg(strcmp(got, rows[_i].config) == 0, "%s: got \"%s\", wanted \"%s\" (%s)",
                  rows[_i].what, got, rows[_i].config, faults(&diag));
    if (rows[_i].faults != NULL) {
        ck_assert_msg(strcmp(faults(&diag), rows[_i].faults) == 0, "%s: got \"%s\", wanted \"%s\"",
                      rows[_i].what, faults(&diag), rows[_i].faults);
    } else {
        ck_assert_uint_ge(diag.count, 1);
    }
}
END_TEST

static const struct {
    const char *name;
    bool good;
} names[] = {
    {"X-Additional-Header", true},
    {"x-a", true},
    {"X-1!#$%&'*+.^_`|~", true},
    {"X-12345678901234567890123456789012345678901234567890123456789", false}, /* 61 */
    {"X-1234567890123456789012345678901234567890123456789012345678", true},   /* 60 */
    {"X-", false},
    {"", false},
    {"Received", false},
    {"Bcc", false},
    {"X-A:", false},
    {"X-A B", false},
    {"X-\xc3\xa4", false},
    {"X-A\\n", false}, /* libconfuse makes a line feed of it */
    {"X-A\\r\\nBcc: x", false},
    {"X-A\\t", false},
    {"X-A\\x7f", false},
    {"X-A\\x01", false},
};

START_TEST(header_name)
{
    struct diag diag;
    char text[256], wanted[256];

    snprintf(text, sizeof text, "header { name = \"%s\" }\n", names[_i].name);
    snprintf(wanted, sizeof wanted, "name=%s", names[_i].name);
    if (strcmp(names[_i].name, "X-Additional-Header") == 0) {
        wanted[0] = '\0';
    }
    ck_assert_str_eq(load_text(text, &diag), names[_i].good ? wanted : OFF);
    ck_assert_uint_eq(diag.count, names[_i].good ? 0 : 1);
}
END_TEST

START_TEST(facilities)
{
    static const char *const known[] = {"mail",   "daemon", "user",   "auth",   "authpriv",
                                        "local0", "local1", "local2", "local3", "local4",
                                        "local5", "local6", "local7"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int facility = config_facility(known[i]);

        ck_assert_int_ge(facility, 0);
        ck_assert_int_eq(facility & ~LOG_FACMASK, 0);
        ck_assert_str_eq(config_facility_name(facility), known[i]);
    }
    ck_assert_int_eq(config_facility("mail"), LOG_MAIL);
    ck_assert_int_eq(config_facility("local7"), LOG_LOCAL7);
    ck_assert_int_eq(config_facility(""), -1);
    ck_assert_str_eq(config_facility_name(-1), "mail");
}
END_TEST

START_TEST(long_values)
{
    static char text[2 * PATH_MAX + 64];
    struct diag diag;
    char path[PATH_MAX + 1];

    memset(path, 'a', PATH_MAX);
    path[0] = '/';
    path[PATH_MAX] = '\0';
    snprintf(text, sizeof text, "sendmail = \"%s\"\n",
             path); /* PATH_MAX bytes: no room for the NUL */
    ck_assert_str_eq(load_text(text, &diag), OFF);
    path[PATH_MAX - 1] = '\0';
    snprintf(text, sizeof text, "sendmail = \"%s\"\n", path);
    ck_assert_int_eq(strncmp(load_text(text, &diag), "sendmail=/aaaa", 14), 0);
    ck_assert_uint_eq(diag.count, 0);
}
END_TEST

/* Many faults: what does not fit the list of diagnostics is dropped, nothing else. */
START_TEST(largest_file)
{
    static char text[CONFIG_SIZE_MAX + 2];
    struct diag diag;
    size_t n = 0;

    for (int i = 0; n + 64 < CONFIG_SIZE_MAX - 16; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "# a comment of line %d\nunknown%d = {a, b}\n", i, i);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "mta = dma\n");
    ck_assert_str_eq(load_text(text, &diag), "mta=dma faulty");
    ck_assert_uint_ge(diag.count, 1);

    memset(text, '#', CONFIG_SIZE_MAX); /* one comment */
    text[CONFIG_SIZE_MAX] = '\0';
    ck_assert_str_eq(load_text(text, &diag), "");
    text[CONFIG_SIZE_MAX] = '#';
    text[CONFIG_SIZE_MAX + 1] = '\0';
    ck_assert_str_eq(load_text(text, &diag), OFF);
    ck_assert_str_eq(faults(&diag), " larger than 64 KiB; the defaults are used");
}
END_TEST

/* --- the file itself ----------------------------------------------------------------------- */

static const char *const good = "mta = dma\n";

static void refused(const char *path, bool privileged, const char *why)
{
    struct diag diag;
    char wanted[256];

    snprintf(wanted, sizeof wanted, " %s; the defaults are used", why);
    ck_assert_str_eq(load_path(path, privileged, &diag), OFF);
    ck_assert_str_eq(faults(&diag), wanted);
}

START_TEST(no_file)
{
    refused(support_path("missing.conf"), false, "No such file or directory");
    refused(support_dir(), false, "not a regular file");
}
END_TEST

/* What a crash may leave: libconfuse's scanner would take many seconds over it. */
START_TEST(nul_bytes)
{
    static const char text[60000];
    static const size_t lengths[] = {1, 4, 60000};
    const char *path = support_file("nul.conf", "", 0644);

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

        support_write_all(fd, good, strlen(good));
        support_write_all(fd, text, lengths[i]);
        close(fd);
        refused(path, false, "has a NUL byte in it");
    }
}
END_TEST

/* Whatever stands in there, somebody is told. */
START_TEST(one_byte_repeated)
{
    static char text[60001];
    struct diag diag;
    const char *got;

    if (_i == 0) {
        return;
    }
    memset(text, _i, sizeof text - 1);
    got = load_text(text, &diag);
    if (strchr(" \t\n\r#/*+", _i) != NULL) {
        ck_assert_str_eq(got, "");
    } else {
        ck_assert_msg(strcmp(got, "faulty") == 0 || strcmp(got, OFF) == 0, "%s", got);
        ck_assert_uint_ge(diag.count, 1);
    }
}
END_TEST

/* It must not wait for a writer. */
START_TEST(fifo)
{
    const char *path = support_path("fifo.conf");

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    refused(path, false, "not a regular file");
}
END_TEST

START_TEST(device)
{
    struct diag diag;

    load_path("/dev/null", false, &diag);
    ck_assert_uint_eq(diag.count, 1);
    ck_assert_str_eq(diag.item[0].text, "/dev/null: not a regular file; the defaults are used");
}
END_TEST

static const struct {
    unsigned mode;
    bool good;
} modes[] = {{0644, true},  {0600, true},  {0444, true},  {0755, true}, {0664, false},
             {0646, false}, {0666, false}, {0620, false}, {0602, false}};

START_TEST(mode_of_the_file)
{
    const char *path = support_file("mode.conf", good, modes[_i].mode);
    struct diag diag;

    if (modes[_i].good) {
        ck_assert_str_eq(load_path(path, false, &diag), "mta=dma");
        ck_assert_uint_eq(diag.count, 0);
    } else {
        refused(path, false, "writable by others than its owner: chmod go-w it");
    }
}
END_TEST

START_TEST(owner_of_the_file)
{
    const char *path = support_file("owner.conf", good, 0644);
    struct diag diag;

    if (getuid() == 0) {
        ck_assert_str_eq(load_path(path, true, &diag), "mta=dma");
        ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
        refused(path, false, "not owned by root: chown root it");
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
    }
    /* A user's own file counts for a build that he installed for himself, never where privilege is
     * held. */
    ck_assert_str_eq(load_path(path, false, &diag), "mta=dma");
    refused(path, true, "not owned by root: chown root it");
}
END_TEST

START_TEST(link_to_the_file)
{
    const char *path = support_path("link.conf");
    struct diag diag;

    support_file("linked.conf", good, 0644);
    ck_assert_int_eq(symlink("linked.conf", path), 0);
    ck_assert_str_eq(load_path(path, false, &diag), "mta=dma");
    ck_assert_int_eq(chmod(support_path("linked.conf"), 0666), 0);
    refused(path, false, "writable by others than its owner: chmod go-w it");
}
END_TEST

START_TEST(unreadable)
{
    const char *path = support_file("secret.conf", good, 0600);

    if (getuid() == 0) {
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
    } else {
        ck_assert_int_eq(chmod(path, 0), 0);
    }
    refused(path, false, "Permission denied");
}
END_TEST

START_TEST(no_descriptor_left)
{
    struct rlimit before, none;
    const char *path = support_file("limit.conf", good, 0644), *got;
    struct diag diag;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    got = load_path(path, false, &diag);
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_str_eq(got, OFF);
    ck_assert_str_eq(faults(&diag), " Too many open files; the defaults are used");
}
END_TEST

/* libconfuse's scanner would call exit(3) without memory. */
START_TEST(no_memory)
{
#if defined(__SANITIZE_ADDRESS__)
    SKIP("the address sanitizer's own memory is beyond every limit");
#else
    struct rlimit none = {0, 0};
    const char *path = support_file("memory.conf", good, 0644);
    struct diag diag;

    load_path(path, false, &diag); /* whatever is loaded lazily */
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    refused(path, false, "no memory to read it");
#endif
}
END_TEST

/* No descriptor stays open, whatever became of the file. */
START_TEST(nothing_stays_open)
{
    static const char *const texts[] = {"mta = dma\n", "foo = 1\n", "mta = x\n", "log {", ""};
    struct diag diag;
    int before = dup(2), after;

    ck_assert_int_ge(before, 0);
    close(before);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        load_text(texts[i], &diag);
    }
    load_path(support_dir(), false, &diag);
    load_path(support_path("missing"), false, &diag);
    after = dup(2);
    ck_assert_int_eq(after, before);
    close(after);
}
END_TEST

/* "# key = value" and the like: what the commented default file shows. */
static bool is_example(const char *line)
{
    regex_t regex;
    bool match;

    ck_assert_int_eq(regcomp(&regex, "^# *([a-z_]+ *[={]|})", REG_EXTENDED | REG_NOSUB), 0);
    match = regexec(&regex, line, 0, NULL, 0) == 0;
    regfree(&regex);
    return match;
}

/* The file that is installed changes nothing, and with its examples in force it gives what it says:
 * the defaults. */
START_TEST(shipped_file)
{
    static char text[CONFIG_SIZE_MAX], line[512];
    FILE *shipped = fopen(SW_TEST_GENERATED "/sendmail-wrapper.conf", "r");
    struct diag diag;
    int examples = 0;

    ck_assert_ptr_nonnull(shipped);
    while (fgets(line, sizeof line, shipped) != NULL) {
        bool example = is_example(line);

        examples += example;
        ck_assert_uint_lt(strlen(text) + strlen(line), sizeof text);
        strcat(text, example ? line + 1 : line);
    }
    ck_assert_int_ge(examples, 14);
    ck_assert_str_eq(load_text(text, &diag), "sendmail=/usr/sbin/sendmail.real");
    ck_assert_uint_eq(diag.count, 0);
    rewind(shipped);
    text[0] = '\0';
    while (fgets(line, sizeof line, shipped) != NULL) {
        strcat(text, line);
    }
    fclose(shipped);
    ck_assert_str_eq(load_text(text, &diag), "");
    ck_assert_uint_eq(diag.count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("config");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, text_of_a_file, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(tc, header_name, 0, sizeof names / sizeof names[0]);
    tcase_add_test(tc, facilities);
    tcase_add_test(tc, long_values);
    tcase_add_test(tc, largest_file);
    tcase_add_test(tc, no_file);
    tcase_add_test(tc, nul_bytes);
    tcase_add_loop_test(tc, one_byte_repeated, 0, 256);
    tcase_add_test(tc, fifo);
    tcase_add_test(tc, device);
    tcase_add_loop_test(tc, mode_of_the_file, 0, sizeof modes / sizeof modes[0]);
    tcase_add_test(tc, owner_of_the_file);
    tcase_add_test(tc, link_to_the_file);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, no_descriptor_left);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, nothing_stays_open);
    tcase_add_test(tc, shipped_file);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
