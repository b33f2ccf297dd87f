/*
 * fuzz_pasted - any bytes pasted: no crash, no endless work, what is found is clean text out of the
 * input, and our header is found when it is put on top, as the first. Input: the text.
 */
#include "fuzz.h"

#include "admin/show/mimetext.h"
#include "admin/show/pasted.h"

#include <stdlib.h>
#include <string.h>

#define NAME "X-Additional-Header"
#define TOP NAME ": /on/top; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ\n"

static void check_text(const char *text)
{
    require(text == NULL || strpbrk(text, "\r\n") == NULL);
}

static void check_message(const struct pasted_message *message)
{
    check_text(message->header);
    check_text(message->from);
    check_text(message->subject);
    check_text(message->msgid);
    require(message->date >= -1 && message->submitter >= -1);
}

static void decode_any(const char *text, size_t n)
{
    char *out = malloc(n + 1);
    int64_t time;

    require(out != NULL);
    require(mimetext_base64(text, n, out) <= n);
    require(mimetext_quoted_printable(text, n, out) <= n);
    require(mimetext_words(text, n, out) <= n);
    (void)mimetext_date(text, n, &time);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t top = sizeof TOP - 1;
    char *text = malloc(top + size);
    struct pasted pasted;

    require(text != NULL);
    memcpy(text, TOP, top);
    if (size > 0) {
        memcpy(text + top, data, size);
    }
    decode_any(text + top, size);
    pasted_read(text + top, size, NAME, &pasted);
    require(pasted.count <= PASTED_MESSAGES);
    for (size_t i = 0; i < pasted.count; i++) {
        check_message(&pasted.message[i]);
    }
    pasted_free(&pasted);

    /* Whatever follows: the topmost is ours. A continuation line only makes it longer. */
    pasted_read(text, top + size, NAME, &pasted);
    require(pasted.count >= 1 && pasted.message[0].where == PASTED_OUTER);
    require(pasted.message[0].header != NULL &&
            strncmp(pasted.message[0].header, "/on/top; id=", 12) == 0);
    pasted_free(&pasted);
    free(text);
    return 0;
}
