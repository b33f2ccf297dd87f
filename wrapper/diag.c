/*
 * diag - see diag.h. Hostile input: names inside the text; they are escaped where the text is sent.
 */
#include "diag.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

void diag_add(struct diag *diag, int priority, ...)
{
    struct diag_item *item;
    struct strbuf sb;
    const char *part;
    va_list ap;

    if (diag->count == DIAG_MAX) {
        return;
    }
    item = &diag->item[diag->count++];
    item->priority = priority;
    strbuf_init(&sb, item->text, sizeof item->text);
    va_start(ap, priority);
    while ((part = va_arg(ap, const char *)) != NULL) {
        strbuf_puts(&sb, part);
    }
    va_end(ap);
}

const char *diag_errno(int err)
{
    const char *text = strerror(err);

    return text != NULL ? text : "unknown error";
}
