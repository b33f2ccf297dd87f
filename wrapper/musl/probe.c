/*
 * probe - run at configure time: does libconfuse, compiled for another C library, do its work with
 * this one? Every kind of option that config.c uses, comments, a list, sections, and an error with
 * its line.
 */
#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char error_text[128];
static int error_line;

static void on_error(cfg_t *cfg, const char *format, va_list ap)
{
    (void)vsnprintf(error_text, sizeof error_text, format, ap);
    error_line = cfg->line;
}

static int parse(const char *text, cfg_t *cfg)
{
    FILE *stream = tmpfile();
    int result;

    if (stream == NULL) {
        return -1;
    }
    (void)fputs(text, stream); /* the parse would tell */
    rewind(stream);
    result = cfg_parse_fp(cfg, stream);
    (void)fclose(stream);
    return result;
}

int main(void)
{
    static char defaults[] = "{one, two}";
    cfg_opt_t section[] = {CFG_BOOL("flag", cfg_true, CFGF_NONE),
                           CFG_STR_LIST("list", defaults, CFGF_NONE), CFG_END()};
    cfg_opt_t options[] = {CFG_STR("name", "default", CFGF_NONE),
                           CFG_SEC("sec", section, CFGF_NONE), CFG_END()};
    cfg_t *cfg = cfg_init(options, CFGF_NONE);

    cfg_set_error_function(cfg, on_error);
    if (parse("# comment\nname = \"a b\"\nsec { flag = false /* c */ list = {\"x\", y, z} }\n",
              cfg) != CFG_SUCCESS ||
        strcmp(cfg_getstr(cfg, "name"), "a b") != 0 ||
        cfg_getbool(cfg_getsec(cfg, "sec"), "flag") ||
        cfg_size(cfg_getsec(cfg, "sec"), "list") != 3 ||
        strcmp(cfg_getnstr(cfg_getsec(cfg, "sec"), "list", 2), "z") != 0) {
        return 1;
    }
    if (parse("name = x\n\nunknown = 1\n", cfg) != CFG_PARSE_ERROR || error_line != 3 ||
        strcmp(error_text, "no such option 'unknown'") != 0) {
        return 2;
    }
    cfg_free(cfg);
    return 0;
}
