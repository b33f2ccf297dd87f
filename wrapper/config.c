/*
 * config - see config.h. The file is root's, but whoever calls the wrapper chooses limits,
 * environment (empty by now, since libconfuse expands ${VAR}) and the moment. On failure: defaults,
 * and a line for the admin.
 */
#include "config.h"
#include "config_text.h"
#include "dialect.h"
#include "paths.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* libconfuse's own allocations for a file of CONFIG_SIZE_MAX; its scanner calls exit() when it gets
 * none. */
#define MEMORY_NEEDED (4L * CONFIG_SIZE_MAX)

static const struct {
    const char *name;
    int facility;
} facilities[] = {
    {"mail", LOG_MAIL},     {"daemon", LOG_DAEMON},     {"user", LOG_USER},
    {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"local0", LOG_LOCAL0},
    {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},     {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},     {"local6", LOG_LOCAL6},
    {"local7", LOG_LOCAL7},
};

int config_facility(const char *name)
{
    for (size_t i = 0; i < sizeof facilities / sizeof facilities[0]; i++) {
        if (strcmp(facilities[i].name, name) == 0) {
            return facilities[i].facility;
        }
    }
    return -1;
}

const char *config_facility_name(int facility)
{
    for (size_t i = 0; i < sizeof facilities / sizeof facilities[0]; i++) {
        if (facilities[i].facility == facility) {
            return facilities[i].name;
        }
    }
    return facilities[0].name;
}

void config_defaults(struct config *ret)
{
    memset(ret, 0, sizeof *ret);
    memcpy(ret->mta, "auto", sizeof "auto");
    ret->header.enabled = true;
    memcpy(ret->header.name, "X-Additional-Header", sizeof "X-Additional-Header");
    ret->header.path = HEADER_PATH_DIRNAME;
    ret->header.fields[0] = HEADER_UID;
    ret->header.fields[1] = HEADER_PID;
    ret->header.fields[2] = HEADER_ID;
    ret->header.field_count = 3;
    ret->log_to = CONFIG_LOG_FILE;
    memcpy(ret->log_file, SW_LOG_FILE, sizeof SW_LOG_FILE);
    ret->facility = LOG_MAIL;
    ret->format = RECORD_LOGFMT;
    ret->log_subject = true;
    ret->log_addresses = true;
}

/* --- the values an option may have --------------------------------------------------------- */

static const char *const path_words[] = {"dirname", "full", "none", NULL}; /* enum header_path */
static const char *const field_words[] = {"uid", "pid", "id", NULL};       /* enum header_field */
static const char *const to_words[] = {"none", "file", "syslog", "both",
                                       NULL};                       /* CONFIG_LOG_* bits */
static const char *const format_words[] = {"logfmt", "json", NULL}; /* enum record_format */
static const char *const failure_words[] = {"deliver", "refuse", NULL};

static bool is_absolute_path(const char *value)
{
    return value[0] == '/' && strlen(value) < PATH_MAX;
}

/* As libconfuse has it. Its own booleans become false by a wrong value, and nobody could tell. -1
 * for other words. */
static int boolean(const char *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

    for (int i = 0; i < 6; i++) {
        if (strcasecmp(words[i], value) == 0) {
            return i % 2;
        }
    }
    return -1;
}

static bool is_boolean(const char *value)
{
    return boolean(value) >= 0;
}

static bool is_facility(const char *value)
{
    return config_facility(value) >= 0;
}

static bool is_mta(const char *value)
{
    return strcmp(value, "auto") == 0 || dialect_find(value) != NULL;
}

/* RFC 5322 ftext; X- keeps it clear of every name that an MTA gives a meaning of its own. */
static bool is_header_name(const char *value)
{
    size_t n = strlen(value);

    for (const char *at = value; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == ':') {
            return false;
        }
    }
    return n >= 3 && n <= 60 && strncasecmp(value, "X-", 2) == 0;
}

/* Option names are unique over all sections, so one table serves them all. */
static const struct rule {
    const char *option;
    const char *const *words; /* or */
    bool (*is)(const char *value);
    const char *wanted;
} rules[] = {
    {"sendmail", NULL, is_absolute_path, "an absolute path"},
    {"mta", NULL, is_mta,
     "auto, postfix, sendmail, exim, opensmtpd, msmtp, nullmailer, dma, ssmtp, esmtp, courier or "
     "qmail"},
    {"on_log_failure", failure_words, NULL, "deliver or refuse"},
    {"name", NULL, is_header_name,
     "3 to 60 characters that begin with X-, without blank and colon"},
    {"path", path_words, NULL, "dirname, full or none"},
    {"fields", field_words, NULL, "a list of uid, pid, id, each at most once"},
    {"enabled", NULL, is_boolean, "true or false"},
    {"subject", NULL, is_boolean, "true or false"},
    {"addresses", NULL, is_boolean, "true or false"},
    {"to", to_words, NULL, "file, syslog, both or none"},
    {"file", NULL, is_absolute_path, "an absolute path"},
    {"facility", NULL, is_facility, "a syslog facility, as mail or local0"},
    {"format", format_words, NULL, "logfmt or json"},
};

static int word_index(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

static const struct rule *find_rule(const char *option)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(rules[i].option, option) == 0) {
            return &rules[i];
        }
    }
    return NULL;
}

/* The first value of opt that its rule forbids; NULL if there is none. */
static const char *forbidden_value(cfg_opt_t *opt)
{
    const struct rule *rule = find_rule(cfg_opt_name(opt));

    for (unsigned i = 0; rule != NULL && i < cfg_opt_size(opt); i++) {
        const char *value = cfg_opt_getnstr(opt, i);

        if (value == NULL) {
            continue;
        }
        if (rule->words != NULL ? word_index(rule->words, value) < 0 : !rule->is(value)) {
            return value;
        }
        for (unsigned k = 0; k < i; k++) {
            if (strcmp(value, cfg_opt_getnstr(opt, k)) == 0) {
                return value;
            }
        }
    }
    return NULL;
}

static int check_option(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *value = forbidden_value(opt);
    const struct rule *rule;

    if (value == NULL) {
        return 0;
    }
    rule = find_rule(cfg_opt_name(opt));
    cfg_error(cfg, "%s = \"%s\": must be %s", cfg_opt_name(opt), value,
              rule != NULL ? rule->wanted : "");
    return -1;
}

/* --- reading ------------------------------------------------------------------------------- */

/* What libconfuse's error function needs to know, and what it tells; it gets no pointer of ours,
 * hence static. */
static struct diag *error_diag;
static const char *error_path;
static unsigned long error_line; /* 0: no error yet in this pass */
static char error_key[64];       /* the key that is unknown; "" for any other error */

static void add_fault(unsigned long line, const char *text)
{
    char number[24];
    struct strbuf sb;

    strbuf_init(&sb, number, sizeof number);
    strbuf_number(&sb, line, 1);
    diag_add(error_diag, LOG_ERR, error_path, ":", number, ": ", text, NULL);
}

/* "no such option 'KEY'" (libconfuse 3.3: src/confuse.c, cfg_parse_internal): KEY, if it is of a
 * sensible length. */
static void read_unknown_key(const char *text)
{
    static const char front[] = "no such option '";
    size_t n = strlen(text);

    error_key[0] = '\0';
    if (strncmp(text, front, sizeof front - 1) == 0 && n - sizeof front < sizeof error_key) {
        memcpy(error_key, text + sizeof front - 1, n - sizeof front);
        error_key[n - sizeof front] = '\0';
    }
}

static void on_error(cfg_t *cfg, const char *format, va_list ap)
{
    char text[256];

    (void)vsnprintf(text, sizeof text, format, ap); /* cut is good enough */
    error_line = cfg->line > 0 ? (unsigned long)cfg->line : 1;
    read_unknown_key(text);
    add_fault(error_line, text);
}

static cfg_t *make_parser(cfg_flag_t flags, cfg_opt_t *options)
{
    static const char *const checked[] = {
        "sendmail",       "mta",         "on_log_failure", "header|name",  "header|path",
        "header|fields",  "log|to",      "log|file",       "log|facility", "log|format",
        "header|enabled", "log|subject", "log|addresses",
    };
    cfg_t *cfg = cfg_init(options, flags);

    if (cfg == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
        cfg_set_validate_func(cfg, checked[i], check_option);
    }
    cfg_set_error_function(cfg, on_error);
    return cfg;
}

/* The option's value, or NULL when it is forbidden: a refused value stays in libconfuse's tree. */
static const char *allowed_string(cfg_t *cfg, const char *name)
{
    cfg_opt_t *opt = cfg_getopt(cfg, name);

    return opt != NULL && forbidden_value(opt) == NULL ? cfg_opt_getnstr(opt, 0) : NULL;
}

static void copy_string(cfg_t *cfg, const char *name, char *to, size_t cap)
{
    const char *value = allowed_string(cfg, name);
    size_t n = value != NULL ? strlen(value) : 0;

    if (value != NULL && n < cap) {
        memcpy(to, value, n + 1);
    }
}

/* The value's place in words, or fallback. */
static int copy_word(cfg_t *cfg, const char *name, const char *const *words, int fallback)
{
    const char *value = allowed_string(cfg, name);

    return value != NULL ? word_index(words, value) : fallback;
}

static bool copy_boolean(cfg_t *cfg, const char *name, bool fallback)
{
    const char *value = allowed_string(cfg, name);

    return value != NULL ? boolean(value) == 1 : fallback;
}

static void copy_header(cfg_t *sec, struct header_style *header)
{
    cfg_opt_t *fields = cfg_getopt(sec, "fields");

    header->enabled = copy_boolean(sec, "enabled", header->enabled);
    copy_string(sec, "name", header->name, sizeof header->name);
    header->path = (enum header_path)copy_word(sec, "path", path_words, header->path);
    if (forbidden_value(fields) != NULL) {
        return;
    }
    header->field_count = 0;
    for (unsigned i = 0; i < cfg_opt_size(fields); i++) {
        header->fields[header->field_count++] =
            (enum header_field)word_index(field_words, cfg_opt_getnstr(fields, i));
    }
}

static void copy_log(cfg_t *sec, struct config *c)
{
    const char *facility = allowed_string(sec, "facility");

    c->log_to = (unsigned)copy_word(sec, "to", to_words, (int)c->log_to);
    copy_string(sec, "file", c->log_file, sizeof c->log_file);
    c->facility = facility != NULL ? config_facility(facility) : c->facility;
    c->format = (enum record_format)copy_word(sec, "format", format_words, (int)c->format);
    c->log_subject = copy_boolean(sec, "subject", c->log_subject);
    c->log_addresses = copy_boolean(sec, "addresses", c->log_addresses);
}

/* One pass over the stream. What could be read is in ret, whatever the result. */
static bool parse(FILE *stream, cfg_flag_t flags, struct config *ret)
{
    static char default_fields[] = "{uid, pid, id}"; /* libconfuse wants it without const */
    cfg_opt_t header_options[] = {
        CFG_STR("enabled", "true", CFGF_NONE),
        CFG_STR("name", "X-Additional-Header", CFGF_NONE),
        CFG_STR("path", "dirname", CFGF_NONE),
        CFG_STR_LIST("fields", default_fields, CFGF_NONE),
        CFG_END(),
    };
    cfg_opt_t log_options[] = {
        CFG_STR("to", "file", CFGF_NONE),
        CFG_STR("file", SW_LOG_FILE, CFGF_NONE),
        CFG_STR("facility", "mail", CFGF_NONE),
        CFG_STR("format", "logfmt", CFGF_NONE),
        CFG_STR("subject", "true", CFGF_NONE),
        CFG_STR("addresses", "true", CFGF_NONE),
        CFG_END(),
    };
    cfg_opt_t options[] = {
        CFG_STR("sendmail", 0, CFGF_NODEFAULT),
        CFG_STR("mta", "auto", CFGF_NONE),
        CFG_STR("on_log_failure", "deliver", CFGF_NONE),
        CFG_SEC("header", header_options, CFGF_NONE),
        CFG_SEC("log", log_options, CFGF_NONE),
        CFG_END(),
    };
    cfg_t *cfg = make_parser(flags, options);
    bool ok;

    if (cfg == NULL) {
        return false;
    }
    error_line = 0;
    error_key[0] = '\0';
    ok = cfg_parse_fp(cfg, stream) == CFG_SUCCESS;
    if (!ok && error_line == 0) { /* it has errors that it does not tell of */
        add_fault(cfg->line > 0 ? (unsigned long)cfg->line : 1, "syntax error");
    }
    copy_string(cfg, "sendmail", ret->sendmail, sizeof ret->sendmail);
    copy_string(cfg, "mta", ret->mta, sizeof ret->mta);
    ret->refuse_on_log_failure =
        copy_word(cfg, "on_log_failure", failure_words, ret->refuse_on_log_failure) == 1;
    copy_header(cfg_getsec(cfg, "header"), &ret->header);
    copy_log(cfg_getsec(cfg, "log"), ret);
    cfg_free(cfg);
    return ok;
}

/* A pass over text in memory. */
static bool parse_text(char *text, size_t len, cfg_flag_t flags, struct config *ret)
{
    FILE *stream = fmemopen(text, len, "r");
    bool ok;

    config_defaults(ret);
    if (stream == NULL) {
        add_fault(1, diag_errno(errno));
        return false;
    }
    ok = parse(stream, flags, ret);
    (void)fclose(stream); /* nothing was written */
    return ok;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/*
 * A pass ends at the first unknown key: that is taken out and the rest read again, so that each is
 * named. When there is no room to name more, libconfuse passes over the others.
 */
static bool parse_all(char *text, size_t len, struct config *ret)
{
    struct config_fault fault;
    bool ok, unknown_keys = false;

    config_text_clean(text, &len, &fault);
    if (is_blank(text, len) && fault.text == NULL) {
        return true; /* as it is installed: no parser is as fast as none */
    }
    if (len == 0 || text[len - 1] == '\\') {
        /* fmemopen(3) wants one byte at least, and libconfuse would print a last backslash. */
        text[len++] = '\n';
    }
    ok = parse_text(text, len, CFGF_NONE, ret);
    while (!ok && error_key[0] != '\0') {
        bool room = error_diag->count + 1 < DIAG_MAX;

        unknown_keys = true;
        if (!room || !config_text_blank(text, len, error_line, error_key)) {
            ok = parse_text(text, len, CFGF_IGNORE_UNKNOWN, ret);
            break;
        }
        ok = parse_text(text, len, CFGF_NONE, ret);
    }
    if (fault.text != NULL) {
        add_fault(fault.line, fault.text);
        ok = false;
    }
    ret->faulty = unknown_keys;
    return ok;
}

static const char *refusal(const struct stat *st, bool privileged)
{
    if (!S_ISREG(st->st_mode)) {
        return "not a regular file";
    }
    if (st->st_uid != 0 && (privileged || st->st_uid != getuid())) {
        return "not owned by root: chown root it";
    }
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return "writable by others than its owner: chmod go-w it";
    }
    return NULL;
}

/*
 * The file's bytes; not by libconfuse's scanner, which calls exit(3) on a read error. It also takes
 * many seconds over NULs, which a crash may leave of a file. Returns NULL, or why this is no
 * configuration.
 */
static const char *read_text(int fd, char text[CONFIG_SIZE_MAX + 1], size_t *ret_len)
{
    size_t len = 0;
    ssize_t n;

    while ((n = read(fd, text + len, CONFIG_SIZE_MAX + 1 - len)) != 0) {
        if (n < 0 && errno != EINTR) {
            return diag_errno(errno);
        }
        len += n > 0 ? (size_t)n : 0;
    }
    if (len > CONFIG_SIZE_MAX) {
        return "larger than 64 KiB";
    }
    if (memchr(text, '\0', len) != NULL) {
        return "has a NUL byte in it";
    }
    *ret_len = len;
    return NULL;
}

/* Opens the file, checks the open descriptor, so that what was checked is what is read, and reads
 * it. */
static const char *read_checked(const char *path, bool privileged, char text[CONFIG_SIZE_MAX + 1],
                                size_t *ret_len)
{
    struct stat st;
    const char *why;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        return diag_errno(errno);
    }
    why = fstat(fd, &st) == 0 ? refusal(&st, privileged) : diag_errno(errno);
    if (why == NULL) {
        why = read_text(fd, text, ret_len);
    }
    close(fd);
    return why;
}

/* Whether libconfuse will get its memory, whatever RLIMIT_AS or RLIMIT_DATA the caller set. */
static bool memory_suffices(void)
{
    void *probe = malloc(MEMORY_NEEDED);

    free(probe);
    return probe != NULL;
}

void config_load(const char *path, bool privileged, struct config *ret, struct diag *diag)
{
    static char text[CONFIG_SIZE_MAX + 1];
    size_t len = 0;
    const char *why = read_checked(path, privileged, text, &len);
    bool ok = false;

    config_defaults(ret);
    if (why == NULL && !memory_suffices()) {
        why = "no memory to read it";
    }
    if (why != NULL) {
        diag_add(diag, LOG_ERR, path, ": ", why, "; the defaults are used", NULL);
    } else {
        error_diag = diag;
        error_path = path;
        ok = parse_all(text, len, ret);
    }
    if (!ok) {
        ret->faulty = true;
        ret->log_subject = false;
        ret->log_addresses = false;
    }
}
