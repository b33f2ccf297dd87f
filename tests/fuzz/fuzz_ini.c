/*
 * fuzz_ini - any bytes as a php.ini or pool file: every setting is a key and a value within the
 * text, in the order of the lines.
 */
#include "fuzz.h"

#include "admin/ini.h"

#include <string.h>

struct seen {
    unsigned line;
};

static void look(const struct ini_setting *setting, void *arg)
{
    struct seen *seen = arg;
    char buf[32];

    require(setting->line > seen->line);
    seen->line = setting->line;
    require(strchr(setting->key, '\n') == NULL && strchr(setting->value, '\n') == NULL);
    require(strchr(setting->key, '=') == NULL);
    (void)ini_true(setting->value);
    if (ini_pool_key(setting->key, buf, sizeof buf) != NULL) {
        require(strlen(buf) < sizeof buf && strlen(buf) < strlen(setting->key));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct seen seen = {0};

    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    ini_parse(text, look, &seen);
    free(text);
    return 0;
}
