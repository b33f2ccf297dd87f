/*
 * trace_table - what a log says of the messages that are followed.
 *
 * Hostile: events' texts; in a syslog file whole lines. A second line that claims to be a message's
 * submission does not change whose it is: the contradiction is kept.
 */
#include "trace/trace_table.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

#define RCPT_HASH 1024
#define LONGEST_LIFE \
    (INT64_C(6) * 86400 * TRACE_SECOND) /* no line for so long: Postfix gives up after 5 days */
#define AFTER (5 * TRACE_SECOND)        /* lines of two processes may be so far out of order */

static size_t hash_text(const char *text, size_t buckets)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return (size_t)((hash ^ (hash >> 32)) % buckets);
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : context_copy(text, strnlen(text, 2048));
}

static void replace(char **to, const char *text)
{
    free(*to);
    *to = copy(text);
}

static void set_once(char **to, const char *text)
{
    if (*to == NULL) {
        *to = copy(text);
    }
}

struct trace_table *trace_table_new(void)
{
    struct trace_table *table = context_alloc(sizeof *table);

    memset(table, 0, sizeof *table);
    return table;
}

static void free_mail(struct trace_table *table, struct trace_mail *mail)
{
    while (mail != NULL) {
        struct trace_mail *next = mail->next_life;
        char *const texts[] = {mail->user,    mail->client,  mail->login, mail->sender,
                               mail->msgid,   mail->subject, mail->trace, mail->held,
                               mail->removed, mail->refused};

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            free(texts[i]);
        }
        for (size_t i = 0; i < mail->rcpt_count; i++) {
            struct trace_rcpt *rcpt = mail->rcpts[i];

            free(rcpt->rcpt);
            free(rcpt->relay);
            free(rcpt->dsn);
            free(rcpt->text);
            free(rcpt->next_id);
            free(rcpt);
        }
        table->rcpts -= mail->rcpt_count;
        free(mail->rcpts);
        free(mail->rcpt_hash);
        free(mail);
        mail = next;
    }
}

void trace_table_again(struct trace_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free_mail(table, table->item[i]->mail);
        table->item[i]->mail = NULL;
        table->item[i]->over = false;
    }
    table->dirty = false;
}

void trace_table_free(struct trace_table *table)
{
    trace_table_again(table);
    for (size_t i = 0; i < table->count; i++) {
        free(table->item[i]);
    }
    free(table);
}

struct trace_item *trace_table_find(const struct trace_table *table, const char *id)
{
    for (struct trace_item *item = table->hash[hash_text(id, TRACE_MAILS)]; item != NULL;
         item = item->next_same) {
        if (strcmp(item->id, id) == 0) {
            return item;
        }
    }
    return NULL;
}

struct trace_item *trace_table_add(struct trace_table *table, const char *id, int64_t anchor,
                                   enum trace_link link, const char *from)
{
    struct trace_item *item = trace_table_find(table, id);
    const size_t bucket = hash_text(id, TRACE_MAILS);

    if (item != NULL) {
        if (item->from[0] == '\0' && from[0] != '\0' && strcmp(item->id, from) != 0 &&
            item->link != TRACE_CANDIDATE) { /* now it is known better */
            item->link = link;
            memcpy(item->from, from, strlen(from) + 1);
        }
        return item;
    }
    if (table->count == TRACE_MAILS || strlen(id) >= TRACE_ID || strlen(from) >= TRACE_ID) {
        table->lost++;
        return NULL;
    }
    item = context_alloc(sizeof *item);
    *item = (struct trace_item){.link = link, .anchor = anchor, .next_same = table->hash[bucket]};
    memcpy(item->id, id, strlen(id) + 1);
    memcpy(item->from, from, strlen(from) + 1);
    table->hash[bucket] = item;
    table->item[table->count++] = item;
    return item;
}

/* --- lives ----------------------------------------------------------------------------------- */

static bool is_birth(const struct mail_event *event)
{
    return event->kind == MAIL_SUBMITTED || event->kind == MAIL_RECEIVED;
}

static bool begins_anew(const struct trace_mail *mail, const struct mail_event *event)
{
    if (mail == NULL || event->time - mail->last > LONGEST_LIFE) {
        return true;
    }
    if (mail->end < 0) {
        return false;
    }
    return is_birth(event) || event->time - mail->end > AFTER;
}

/* Whether the life that is known was over before the one that is meant: what is logged after the
 * anchor, a forged line perhaps, does not take its place. An id is not used twice within a second.
 */
static bool is_earlier(const struct trace_item *item, const struct mail_event *event)
{
    return event->time < item->anchor ||
           (event->time == item->anchor && item->mail->end < event->time);
}

/* The life that the event belongs to; NULL if it is of a later one than is meant. */
static struct trace_mail *life_of(struct trace_table *table, struct trace_item *item,
                                  const struct mail_event *event)
{
    struct trace_mail *mail;

    if (item->over) {
        return NULL;
    }
    if (!begins_anew(item->mail, event)) {
        return item->mail;
    }
    if (item->anchor != TRACE_ANY) {
        if (item->mail != NULL && !is_earlier(item, event)) {
            item->over = true;
            return NULL;
        }
        free_mail(table, item->mail);
        item->mail = NULL;
    }
    mail = context_alloc(sizeof *mail);
    *mail = (struct trace_mail){.next_life = item->mail,
                                .mta = event->mta,
                                .start = event->time,
                                .end = -1,
                                .uid = -1,
                                .other_uid = -1,
                                .pid = -1,
                                .size = -1,
                                .nrcpt = -1};
    memcpy(mail->id, item->id, sizeof mail->id);
    item->mail = mail;
    return mail;
}

static void note_submission(struct trace_mail *mail, const struct mail_event *event)
{
    if (mail->submitted && (mail->uid != event->uid || (mail->user != NULL && event->user != NULL &&
                                                        strcmp(mail->user, event->user) != 0))) {
        mail->other_uid = event->uid;
        return;
    }
    mail->submitted = true;
    mail->uid = event->uid;
    mail->pid = event->pid;
    set_once(&mail->user, event->user);
}

/* --- recipients ------------------------------------------------------------------------------ */

static struct trace_rcpt *find_rcpt(struct trace_table *table, struct trace_mail *mail,
                                    const struct mail_event *event)
{
    size_t bucket = hash_text(event->rcpt, RCPT_HASH);
    struct trace_rcpt *rcpt;

    if (mail->rcpt_hash == NULL) {
        mail->rcpt_hash = context_alloc(RCPT_HASH * sizeof(struct trace_rcpt *));
        memset(mail->rcpt_hash, 0, RCPT_HASH * sizeof(struct trace_rcpt *));
    }
    for (rcpt = mail->rcpt_hash[bucket]; rcpt != NULL; rcpt = rcpt->next_same) {
        if (strcmp(rcpt->rcpt, event->rcpt) == 0) {
            return rcpt;
        }
    }
    if (table->rcpts == TRACE_RCPTS) {
        return NULL;
    }
    rcpt = context_alloc(sizeof *rcpt);
    *rcpt = (struct trace_rcpt){.next_same = mail->rcpt_hash[bucket],
                                .rcpt = context_copy(event->rcpt, strlen(event->rcpt)),
                                .first = event->time};
    mail->rcpt_hash[bucket] = rcpt;
    if (mail->rcpt_count == mail->rcpt_cap) {
        mail->rcpt_cap = mail->rcpt_cap == 0 ? 8 : mail->rcpt_cap * 2;
        mail->rcpts = context_realloc(mail->rcpts, mail->rcpt_cap * sizeof(struct trace_rcpt *));
    }
    mail->rcpts[mail->rcpt_count++] = rcpt;
    table->rcpts++;
    return rcpt;
}

/* A line without a recipient: all who still wait. */
static void note_expired(struct trace_mail *mail, const struct mail_event *event)
{
    for (size_t i = 0; i < mail->rcpt_count; i++) {
        struct trace_rcpt *rcpt = mail->rcpts[i];

        if (rcpt->outcome == MAIL_DEFERRED) {
            mail->counts[MAIL_DEFERRED]--;
            mail->counts[event->outcome]++;
            rcpt->outcome = event->outcome;
            rcpt->last = event->time;
        }
    }
}

static void note_recipient(struct trace_table *table, struct trace_mail *mail,
                           const struct mail_event *event)
{
    struct trace_rcpt *rcpt;

    if (event->rcpt == NULL) {
        note_expired(mail, event);
        return;
    }
    rcpt = find_rcpt(table, mail, event);
    if (rcpt == NULL) {
        mail->uncounted++;
        return;
    }
    if (rcpt->tries > 0) {
        mail->counts[rcpt->outcome]--;
    }
    mail->counts[event->outcome]++;
    rcpt->outcome = event->outcome;
    rcpt->last = event->time;
    rcpt->tries++;
    replace(&rcpt->relay, event->relay);
    replace(&rcpt->dsn, event->dsn);
    replace(&rcpt->text, event->text);
    replace(&rcpt->next_id, event->next_id);
    rcpt->next_local = event->next_local;
    if (mail->uid < 0 && !mail->submitted && !mail->received) { /* Sendmail's ctladdr */
        mail->uid = event->uid;
    }
}

/* --- events ---------------------------------------------------------------------------------- */

static void note(struct trace_table *table, struct trace_mail *mail, const struct mail_event *event)
{
    mail->last = event->time;
    mail->forgeable = mail->forgeable || event->forgeable;
    switch (event->kind) {
    case MAIL_SUBMITTED:
        note_submission(mail, event);
        break;
    case MAIL_RECEIVED:
        mail->received = true;
        set_once(&mail->client, event->client);
        set_once(&mail->login, event->login);
        break;
    case MAIL_MSGID:
        set_once(&mail->msgid, event->msgid);
        break;
    case MAIL_QUEUED:
        set_once(&mail->sender, event->sender);
        set_once(&mail->subject, event->subject);
        mail->size = event->size;
        mail->nrcpt = event->nrcpt >= 0 ? event->nrcpt : mail->nrcpt;
        break;
    case MAIL_RECIPIENT:
        note_recipient(table, mail, event);
        break;
    case MAIL_HELD:
        replace(&mail->held, event->text == NULL ? "on hold" : event->text);
        break;
    case MAIL_RELEASED:
        replace(&mail->held, NULL);
        break;
    case MAIL_REMOVED:
        mail->end = event->time;
        set_once(&mail->removed, event->text);
        break;
    case MAIL_REFUSED:
        if (!mail->received) { /* a client's refused recipient is not the message */
            set_once(&mail->refused, event->text);
        }
        break;
    case MAIL_TRACE:
        set_once(&mail->trace, event->trace); /* the first is the topmost */
        break;
    default:
        break;
    }
}

/* The ids that a line leads to, and those that lead to one that was asked for. */
static void follow(struct trace_table *table, const struct trace_item *item,
                   const struct mail_event *event)
{
    enum trace_link link = event->kind == MAIL_NOTICE ? TRACE_NOTICE : TRACE_HOP;
    struct trace_item *next;
    size_t before = table->count;

    if (event->next_id == NULL || !event->next_local || event->queue_id == NULL) {
        return;
    }
    if (item == NULL) {
        next = trace_table_find(table, event->next_id);
        if (next == NULL || (next->link != TRACE_ASKED && next->link != TRACE_BEFORE) ||
            (next->mail != NULL && event->time < next->mail->start - AFTER)) {
            return;
        }
        trace_table_add(table, event->queue_id, event->time, TRACE_BEFORE, "");
    }
    trace_table_add(table, event->next_id, event->time, link, event->queue_id);
    table->dirty = table->dirty || table->count != before;
}

struct trace_mail *trace_table_event(struct trace_table *table, const struct mail_event *event)
{
    struct trace_item *item;
    struct trace_mail *mail = NULL;

    if (event->queue_id == NULL) {
        return NULL;
    }
    item = trace_table_find(table, event->queue_id);
    if (item != NULL) {
        mail = life_of(table, item, event);
        if (mail == NULL) {
            return NULL;
        }
        note(table, mail, event);
    }
    follow(table, item, event);
    return mail;
}

long long trace_mail_missing(const struct trace_mail *mail)
{
    long long known = (long long)mail->rcpt_count + (long long)mail->uncounted;

    return mail->nrcpt > known ? mail->nrcpt - known : 0;
}

bool trace_mail_done(const struct trace_mail *mail)
{
    if (mail->end >= 0) {
        return true;
    }
    /* Postfix and Exim say when a message is gone; Sendmail does not. */
    return strcmp(mail->mta, "sendmail") == 0 && mail->rcpt_count > 0 &&
           mail->counts[MAIL_DEFERRED] == 0 && mail->counts[MAIL_OTHER] == 0 &&
           trace_mail_missing(mail) == 0;
}
