/* show_find - what is common to the ways in which show comes to a record. Private to show*.c. */
#ifndef MO_SHOW_FIND_H
#define MO_SHOW_FIND_H

#include "show/pasted.h"
#include "show/show_call.h"

struct context;
struct records;

/* Our header's value, taken apart. */
struct show_header {
    struct verdict_header facts;
    const char *trace; /* 26 characters; NULL */
    char *storage;
};

/* Returns false if it is none of ours: no path, no id, nothing. Free storage in either case. */
bool show_header_read(const char *value, struct show_header *ret);

/* Prints the record with this id, and the session it belongs to. message, header: what to compare,
 * or NULL. sure: how sure it is if that agrees. Returns an enum status; STATUS_NOTHING if there is
 * no such record, or another message's. */
struct show_lead {
    const char *id;
    const char *by, *explained; /* as in struct show_how */
    const struct pasted_message *message;
    const struct verdict_header *header;
    bool noted; /* the mail server itself noted message->submitter: that alone is worth a comparison
                 */
    enum show_certainty sure;
};
int show_lead_print(struct context *ctx, struct records *records, const struct show_lead *lead);

/* Says that there is no record with that id, or (NULL) of that call, and how far the log goes back.
 */
int show_no_record(struct context *ctx, const char *id, const char *what);

/* A queue id, in the queue and in the mail server's logs. states: of show_queues_open. */
struct show_queues;
struct show_queues *show_queues_open(struct context *ctx);
void show_queues_close(struct show_queues *queues);
int show_queue_id(struct context *ctx, struct records *records, struct show_queues *queues,
                  const char *id);
/* A Message-ID that no record has: the mail server may have made it. */
int show_logged_msgid(struct context *ctx, struct records *records, const char *msgid);

#endif
