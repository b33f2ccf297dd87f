/*
 * fuzz_config - any bytes as a configuration: nothing is printed, no exit(3), every field within
 * what it can be; and what libconfuse alone reads without an error is read the same after
 * config_text_clean.
 */
#include "wrapper/config.h"
#include "wrapper/config_text.h"

#include <confuse.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern char **environ;

static bool within; /* a call of config_load */

static void on_exit_within(void)
{
    if (within) {
        abort();
    }
}

static void want(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct config *c, const struct diag *diag)
{
    want(c->sendmail[0] == '\0' || c->sendmail[0] == '/');
    want(memchr(c->sendmail, '\0', sizeof c->sendmail) != NULL);
    want(strcmp(c->mta, "auto") == 0 || dialect_find(c->mta) != NULL);
    want(strncasecmp(c->header.name, "X-", 2) == 0);
    want(strcspn(c->header.name, " :\r\n\t") == strlen(c->header.name));
    want(c->header.path <= HEADER_PATH_NONE);
    want(c->header.field_count <= HEADER_FIELDS);
    for (unsigned i = 0; i < c->header.field_count; i++) {
        want(c->header.fields[i] < HEADER_FIELDS);
    }
    want(c->log_to <= (CONFIG_LOG_FILE | CONFIG_LOG_SYSLOG));
    want(c->log_file[0] == '/' && memchr(c->log_file, '\0', sizeof c->log_file) != NULL);
    want(config_facility(config_facility_name(c->facility)) == c->facility);
    want(c->format == RECORD_LOGFMT || c->format == RECORD_JSON);
    want(diag->count <= DIAG_MAX);
    want(c->faulty == (diag->count > 0)); /* no fault without a word, and no word without a fault */
}

/* --- the same text by libconfuse alone ----------------------------------------------------- */

static void be_silent(cfg_t *cfg, const char *format, va_list ap)
{
    (void)cfg;
    (void)format;
    (void)ap;
}

/* What libconfuse makes of it, one value a line; "" if it has an error. */
static void read_alone(const char *text, size_t len, char *out, size_t cap)
{
    cfg_opt_t header[] = {CFG_STR("name", "-", CFGF_NONE), CFG_STR("path", "-", CFGF_NONE),
                          CFG_STR_LIST("fields", 0, CFGF_NODEFAULT),
                          CFG_STR("enabled", "-", CFGF_NONE), CFG_END()};
    cfg_opt_t log[] = {CFG_STR("to", "-", CFGF_NONE), CFG_STR("file", "-", CFGF_NONE),
                       CFG_STR("subject", "-", CFGF_NONE), CFG_END()};
    cfg_opt_t options[] = {CFG_STR("sendmail", "-", CFGF_NONE), CFG_STR("mta", "-", CFGF_NONE),
                           CFG_SEC("header", header, CFGF_NONE), CFG_SEC("log", log, CFGF_NONE),
                           CFG_END()};
    static const char *const names[] = {"sendmail",       "mta",    "header|name", "header|path",
                                        "header|enabled", "log|to", "log|file",    "log|subject"};
    FILE *stream = len > 0 ? fmemopen((void *)(uintptr_t)text, len, "r") : NULL;
    cfg_t *cfg;
    size_t n = 0;

    out[0] = '\0';
    if (stream == NULL) {
        return;
    }
    cfg = cfg_init(options, CFGF_NONE);
    want(cfg != NULL);
    cfg_set_error_function(cfg, be_silent);
    if (cfg_parse_fp(cfg, stream) == CFG_SUCCESS) {
        for (size_t i = 0; i < sizeof names / sizeof names[0] && n < cap; i++) {
            n += (size_t)snprintf(out + n, cap - n, "%s\n", cfg_getstr(cfg, names[i]));
        }
        for (unsigned i = 0; i < cfg_size(cfg, "header|fields") && n < cap; i++) {
            n += (size_t)snprintf(out + n, cap - n, "%s\n", cfg_getnstr(cfg, "header|fields", i));
        }
    }
    cfg_free(cfg);
    fclose(stream);
}

static void compare(const uint8_t *data, size_t size)
{
    static char text[CONFIG_SIZE_MAX], alone[1 << 16], cleaned[1 << 16];
    struct config_fault fault;
    size_t len = size;

    /* A NUL is refused before, and takes libconfuse's scanner seconds. */
    if (size > 4096 || memchr(data, '\0', size) != NULL) {
        return;
    }
    memcpy(text, data, size);
    read_alone(text, len, alone, sizeof alone);
    config_text_clean(text, &len, &fault);
    want(len <= size);
    if (alone[0] != '\0' && fault.text == NULL && len > 0) {
        read_alone(text, len, cleaned, sizeof cleaned);
        want(strcmp(alone, cleaned) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1, printed = -1, out = -1;
    static char path[64];
    static struct config config;
    static struct diag diag;
    char *none[] = {NULL}, **before = environ;

    if (file < 0) {
        file = memfd_create("config", 0);
        want(file >= 0 && fchmod(file, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        printed = memfd_create("printed", 0);
        atexit(on_exit_within);
    }
    want(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    fflush(stdout);
    out = dup(STDOUT_FILENO);
    want(out >= 0 && dup2(printed, STDOUT_FILENO) == STDOUT_FILENO);
    environ = none; /* as startup leaves it */
    within = true;
    diag.count = 0;
    config_load(path, false, &config, &diag);
    within = false;
    fflush(stdout);
    want(lseek(printed, 0, SEEK_END) == 0);
    check(&config, &diag);
    compare(data, size);
    fflush(stdout);
    environ = before;
    want(dup2(out, STDOUT_FILENO) == STDOUT_FILENO);
    close(out);
    want(ftruncate(printed, 0) == 0);
    lseek(printed, 0, SEEK_SET);
    return 0;
}
