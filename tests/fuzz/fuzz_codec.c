/*
 * fuzz_codec - any bytes, any bound: the escaped text is clean, within the bound and comes back as
 * the value or its beginning; any text given to codec_unescape is taken or refused without harm.
 * Input: two bytes of bound, then the value.
 */
#include "fuzz.h"

#include "wrapper/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* No byte below a blank, no DEL, no tag; high bytes only in sequences of the right shape. */
static void check_clean(const char *text, size_t n)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        require(c >= 0x20 && c != 0x7f);
        require(left > 0 ? (c & 0xc0) == 0x80 : c < 0x80 || c >= 0xc2);
        if (left > 0) {
            left--;
        } else if (c >= 0xc2) {
            left = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        }
    }
    require(left == 0);
    require(memmem(text, n, "sendmail-wrapper[", 17) == NULL);
}

static void escape_and_back(const char *value, size_t n, size_t max)
{
    size_t cap = 4 * n + sizeof CODEC_CUT;
    char *text = malloc(cap);
    struct strbuf out;
    bool whole, cut = false;
    size_t len;

    require(text != NULL);
    strbuf_init(&out, text, cap);
    whole = codec_escape(&out, value, n, max);
    require(!out.overflow && out.len <= max && strlen(text) == out.len);
    check_clean(text, out.len);
    len = out.len;
    require(codec_unescape(text, &len, &cut));
    require(len <= n && memcmp(text, value, len) == 0);
    require(whole ? len == n && !cut : len < n && cut == (max >= sizeof CODEC_CUT - 1));
    free(text);
}

static void unescape_any(const char *text, size_t n)
{
    char *copy = malloc(n + 1);
    size_t len = n;
    bool cut = false;

    require(copy != NULL);
    memcpy(copy, text, n);
    copy[n] = 'G';
    if (codec_unescape(copy, &len, &cut)) {
        require(len <= n - (cut ? sizeof CODEC_CUT - 1 : 0));
    }
    require(copy[n] == 'G');
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *value = (const char *)data + 2;

    if (size < 2) {
        return 0;
    }
    escape_and_back(value, size - 2, (size_t)data[0] << 8 | data[1]);
    escape_and_back(value, size - 2, SIZE_MAX);
    unescape_any(value, size - 2);
    return 0;
}
