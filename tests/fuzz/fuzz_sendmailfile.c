/*
 * fuzz_sendmailfile - any bytes as a queue control file of Sendmail: no byte outside is touched,
 * and what comes out is whole or nothing.
 */
#include "fuzz.h"

#include "admin/queue/sendmailfile.h"

#include <string.h>

/* A string that ends within the text. */
static void check_text(const char *value, const char *text, size_t len)
{
    require(value == NULL || (value >= text && value + strlen(value) <= text + len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct sendmailfile file;

    require(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (sendmailfile_parse(text, size, "X-Additional-Header", &file) == SENDMAILFILE_WHOLE) {
        require(file.sender != NULL && file.created >= 0 && file.tries >= 0);
        require(file.header != NULL || !file.header_placed);
        require(file.header_bytes <= size && file.rcpts <= size);
        check_text(file.user, text, size);
        check_text(file.client, text, size);
        check_text(file.login, text, size);
        check_text(file.sender, text, size);
        check_text(file.quarantine, text, size);
        check_text(file.reason, text, size);
        check_text(file.body_dir, text, size);
        check_text(file.header, text, size);
        check_text(file.from, text, size);
        check_text(file.subject, text, size);
        for (size_t i = 0; i < QUEUE_SAMPLES; i++) {
            check_text(file.rcpt[i], text, size);
            require((file.rcpt[i] != NULL) == (i < file.rcpts));
        }
    }
    free(text);
    return 0;
}
