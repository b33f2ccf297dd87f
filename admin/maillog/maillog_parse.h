/*
 * maillog_parse - what the readers of the three mail servers' logs have in common (private to
 * maillog*.c, their tests and their fuzz target).
 *
 * Hostile: every line. A reader changes the line's text in place (it ends strings with NULs);
 * events point into it. All is read from the left, each part up to a mark that cannot stand in it
 * where that is so: what a remote server or a sender wrote stands behind what the mail server
 * wrote.
 */
#ifndef MO_MAILLOG_PARSE_H
#define MO_MAILLOG_PARSE_H

#include "maillog/maillog.h"

#include <stddef.h>

struct maillog_line {
    int64_t time;
    const char *tag;         /* syslog's: "postfix-out/smtp"; "" in a mainlog */
    long pid;                /* -1 */
    char *text;              /* NUL-terminated; holds no other NUL */
    const char *header_name; /* of our header */
};

struct maillog_events {
    struct mail_event event[4];
    size_t count;
    char *rcpts; /* NULL, or the list whose members the last event is to be repeated for */
    char client[64], next_id[64]; /* storage */
};

/* Appends an event with everything unknown. The array must have room. */
struct mail_event *maillog_event(struct maillog_events *events, enum mail_kind kind,
                                 const struct maillog_line *line, const char *mta,
                                 const char *queue_id);

/* Each fills ret from a line that is its server's; returns false for what it has nothing to say of.
 */
bool maillog_postfix(struct maillog_line *line, struct maillog_events *ret);
bool maillog_sendmail(struct maillog_line *line, struct maillog_events *ret);
bool maillog_exim(struct maillog_line *line, struct maillog_events *ret);

/* Splits a line of a syslog file or a mainlog (its NULs are made '?'). hint: see logtime.h. Returns
 * false for what is no line of either. */
bool maillog_split(char *text, size_t len, int64_t hint, struct maillog_line *ret);
/* The same and its events, by the server that the tag names. */
bool maillog_read(struct maillog_line *line, struct maillog_events *ret);

/* A name made of letters and digits at text that is min..max long and followed by the text
 * `behind`: ends it there and returns what follows; NULL, unchanged, if there is none. */
char *maillog_word(char *text, size_t min, size_t max, const char *behind);

/* The text behind prefix; NULL if text does not begin so. */
char *maillog_after(char *text, const char *prefix);

/* Ends text at the first occurrence of mark and returns what follows it; NULL, unchanged, if there
 * is none. */
char *maillog_cut(char *text, const char *mark);

/* "<address>" at *text, quoted parts respected: the address without brackets, NUL-terminated, *text
 * behind the ">". NULL if it is none. */
char *maillog_angle(char **text);

/* A decimal number at text; -1 if there is none. */
long long maillog_number(const char *text);

/* The IP address in the first "[...]" of text ("host[192.0.2.1]:25"), copied to room. NULL if that
 * is none: a later bracket may be in a sender's address or a header. */
#define MAILLOG_ADDRESS 64
const char *maillog_client(const char *text, char room[MAILLOG_ADDRESS]);

/* Whether a relay is this machine: loopback, or no host at all. */
bool maillog_loopback(const char *text);

/* The queue id that a server says it has taken a message under: "queued as ID", "OK id=ID", "(ID
 * Message accepted". Copied to room. NULL if it does not say. */
const char *maillog_queued_as(const char *reply, char *room, size_t cap);

#endif
