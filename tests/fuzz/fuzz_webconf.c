/*
 * fuzz_webconf - any text as the configuration of Apache, nginx and php-fpm: what comes out is
 * whole strings, and logs that exist. Nothing is opened.
 */
#include "fuzz.h"

#include "admin/web/webconf_parts.h"

#include <string.h>

static void check_names(const struct webnames *names)
{
    for (size_t i = 0; i < names->count; i++) {
        require(names->item[i] != NULL && strlen(names->item[i]) < (1U << 20));
    }
}

static void check_result(const struct webconf *conf)
{
    for (size_t i = 0; i < conf->site_count; i++) {
        const struct webconf_site *site = &conf->site[i];

        check_names(&site->names);
        check_names(&site->docroots);
        check_names(&site->backends);
        for (size_t j = 0; j < site->log_count; j++) {
            require(site->logs[j] < conf->log_count);
        }
    }
    for (size_t i = 0; i < conf->log_count; i++) {
        require(conf->log[i].path[0] == '/' || conf->log[i].path[0] == '*');
        require(conf->log[i].sites > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct webconf * conf, char *text, size_t len) = {
        webconf_apache_text, webconf_nginx_text, webconf_fpm_text};

    if (size > 65536) {
        return 0;
    }
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        struct webconf *conf = webconf_new();
        char *text = malloc(size + 1); /* as read from a file: a NUL behind */

        require(text != NULL);
        memcpy(text, data, size);
        text[size] = '\0';
        readers[i](conf, text, size);
        check_result(conf);
        webconf_free(conf);
        free(text);
    }
    return 0;
}
