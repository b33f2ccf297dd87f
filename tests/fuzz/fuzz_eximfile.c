/*
 * fuzz_eximfile - any bytes as Exim's -H and -J: no byte outside is touched, and what comes out is
 * whole or nothing. Input: one byte, how long the journal is, the journal, then -H.
 */
#include "fuzz.h"

#include "admin/queue/eximfile.h"

#include <string.h>

/* A string that ends within the text. */
static void check_text(const char *value, const char *text, size_t len)
{
    require(value == NULL || (value >= text && value + strlen(value) <= text + len));
}

/* With a NUL behind. */
static char *copy_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    require(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t journal_len = size > 0 && data[0] < size ? data[0] : 0;
    char *journal, *text;
    struct eximfile file;

    if (size == 0) {
        return 0;
    }
    journal = journal_len > 0 ? copy_of(data + 1, journal_len) : NULL;
    data += 1 + journal_len;
    size -= 1 + journal_len;
    text = copy_of(data, size);
    if (eximfile_parse(text, size, journal, journal_len, "X-Additional-Header", &file)) {
        require(eximfile_id(file.id, strlen(file.id)));
        require(file.sender != NULL && file.user != NULL && file.received >= 0);
        require(file.header != NULL || !file.header_placed);
        require(file.local || file.client != NULL);
        require(file.header_bytes <= size && file.rcpts <= size);
        check_text(file.id, text, size);
        check_text(file.user, text, size);
        check_text(file.sender, text, size);
        check_text(file.login, text, size);
        check_text(file.client, text, size);
        check_text(file.header, text, size);
        check_text(file.from, text, size);
        check_text(file.subject, text, size);
        for (size_t i = 0; i < QUEUE_SAMPLES; i++) {
            check_text(file.rcpt[i], text, size);
            require((file.rcpt[i] != NULL) == (i < file.rcpts));
        }
    }
    free(text);
    free(journal);
    return 0;
}
