/* commandline - see commandline.h. Hostile: names of customers' directories, which an admin copied
 * into an option. */
#include "queue/commandline.h"

#include "wrapper/codec.h"

#include <string.h>

/* A word as it is, or in single quotes. Returns false for one that quotes do not keep or that is
 * printed in another form (codec.h). */
static bool add_word(struct strbuf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_=+,./:@%";
    const char *quote = *word != '\0' && word[strspn(word, plain)] == '\0' ? "" : "'";
    size_t n = strlen(word), start;

    strbuf_puts(out, " ");
    strbuf_puts(out, quote);
    start = out->len;
    if (strchr(word, '\'') != NULL || !codec_escape(out, word, n, 4 * n) || out->len - start != n) {
        return false;
    }
    strbuf_puts(out, quote);
    return true;
}

bool commandline_with(const char *words, size_t len, const char *option, char *ret, size_t cap)
{
    const char *end = words + len, *word;
    struct strbuf out;
    size_t number = 0;

    if (len == 0 || end[-1] != '\0') {
        return false;
    }
    strbuf_init(&out, ret, cap);
    strbuf_puts(&out, "mailorigin");
    for (word = words; word < end; word += strlen(word) + 1, number++) {
        /* What does not fit must not be missing: room for the quotes and the option. */
        if (out.len + strlen(word) + strlen(option) + 8 > cap ||
            (number > 0 && !add_word(&out, word))) {
            return false;
        }
        if (number == 1) {
            strbuf_puts(&out, " ");
            strbuf_puts(&out, option);
        }
    }
    return number > 1;
}
