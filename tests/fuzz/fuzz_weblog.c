/*
 * fuzz_weblog - any format of any server, any line: values lie within the line, times and the quick
 * time agree in what they refuse, unescaping never grows. The recommended formats with any line.
 *
 * Input: one byte of server, a format up to the first newline, then lines.
 */
#include "fuzz.h"

#include "admin/web/webformats.h"
#include "admin/web/weblogformat.h"

#include <string.h>

static void check_row(const struct weblogformat *format, const struct weblogformat_row *row,
                      const char *line, size_t len)
{
    for (size_t i = 0; i < WEBFIELDS; i++) {
        const struct slice *value = &row->value[i];
        char *plain;

        if (value->ptr == NULL) {
            continue;
        }
        require(weblogformat_has(format, (enum weblogformat_field)i));
        require(value->len > 0 && value->ptr >= line && value->ptr + value->len <= line + len);
        plain = weblogformat_unescape(format, *value);
        require(strlen(plain) <= value->len);
        free(plain);
    }
    require(row->resolution > 0);
    require(row->duration >= -1);
}

static void one_line(const struct weblogformat *format, const char *line, size_t len)
{
    struct weblogformat_row row;
    int64_t time = 0;
    bool quick = weblogformat_when(format, line, len, &time);

    if (weblogformat_match(format, line, len, &row)) {
        check_row(format, &row, line, len);
        require(quick);
    }
}

static void all_lines(const struct weblogformat *format, const char *text, size_t size)
{
    while (size > 0) {
        const char *newline = memchr(text, '\n', size);
        size_t n = newline != NULL ? (size_t)(newline - text) : size;
        char *exact = malloc(n + (n == 0)); /* a sanitizer sees one byte too far */

        require(exact != NULL);
        memcpy(exact, text, n);
        one_line(format, exact, n);
        free(exact);
        n += newline != NULL;
        text += n;
        size -= n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum web_server server;
        const char *format;
    } known[] = {{WEB_APACHE, WEBFORMAT_APACHE},
                 {WEB_APACHE, WEBFORMAT_VHOST_COMBINED},
                 {WEB_NGINX, WEBFORMAT_NGINX},
                 {WEB_FPM, WEBFORMAT_FPM}};
    const char *text = (const char *)data + 1, *newline;
    struct weblogformat *format;
    char own[512];
    size_t n;

    if (size < 1) {
        return 0;
    }
    newline = memchr(text, '\n', size - 1);
    n = newline != NULL ? (size_t)(newline - text) : size - 1;
    if (n < sizeof own) {
        memcpy(own, text, n);
        own[n] = '\0';
        format = weblogformat_compile((enum web_server)(data[0] % 4), own);
        if (format != NULL) {
            all_lines(format, text + n, size - 1 - n);
        }
        weblogformat_free(format);
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        format = weblogformat_compile(known[i].server, known[i].format);
        require(format != NULL);
        all_lines(format, text, size - 1);
        weblogformat_free(format);
    }
    return 0;
}
