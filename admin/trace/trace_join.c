/*
 * trace_join - which messages of a mail server's log are the one that a record speaks of.
 *
 * Hostile: everything but the uids and pids that the mail server notes (in a syslog file those,
 * too).
 */
#include "trace/trace_join.h"

#include "context.h"

#include "wrapper/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY (INT64_C(86400) * TRACE_SECOND)
#define STRANGERS 64

static char *decoded(struct record_line *line, enum record_key key, bool *ret_cut)
{
    struct slice value;
    char *text;
    size_t len;

    if (!record_line_value(line, key, &value)) {
        return NULL;
    }
    text = context_copy(value.ptr, value.len);
    len = value.len;
    if (!codec_unescape(text, &len, ret_cut)) {
        free(text);
        return NULL;
    }
    text[len] = '\0';
    return text;
}

void trace_wanted_from(struct record_line *line, int64_t within, struct trace_wanted *ret)
{
    struct slice value;
    bool cut;

    *ret = (struct trace_wanted){.record = true,
                                 .time = line->time,
                                 .within = within,
                                 .uid = record_line_number(line, RECORD_UID),
                                 .pid = (long)record_line_number(line, RECORD_PID)};
    if (record_line_value(line, RECORD_ID, &value) && value.len < sizeof ret->id) {
        memcpy(ret->id, value.ptr, value.len);
    }
    ret->user = decoded(line, RECORD_USER, &cut);
    ret->msgid = decoded(line, RECORD_MSGID, &ret->msgid_cut);
    ret->summary = record_line_value(line, RECORD_SUBJECT, &value) ||
                   record_line_value(line, RECORD_FROM, &value);
}

void trace_wanted_free(struct trace_wanted *wanted)
{
    free(wanted->user);
    free(wanted->msgid);
}

/* Without brackets: Exim's id= has none. A text whose end was cut off has only the first. */
static void bare(const char **text, size_t *len)
{
    if (*len > 0 && (*text)[0] == '<') {
        (*text)++;
        (*len)--;
    }
    if (*len > 0 && (*text)[*len - 1] == '>') {
        (*len)--;
    }
}

/* How much of a logged Message-ID stands as it was: Sendmail makes long ones "first...last", or
 * cuts them. */
#define LONG_MSGID 60

bool trace_same_msgid(const char *logged, const char *msgid, bool cut)
{
    size_t left = strlen(logged), right = strlen(msgid), front, back = 0;
    bool whole = !cut && (logged[0] != '<' || logged[left - 1] == '>');
    const char *dots;

    bare(&logged, &left);
    bare(&msgid, &right);
    if (whole && left == right && memcmp(logged, msgid, left) == 0) {
        return true;
    }
    dots = left > LONG_MSGID ? memmem(logged, left, "...", 3) : NULL;
    if (whole && dots == NULL) {
        return false;
    }
    front = dots == NULL ? left : (size_t)(dots - logged);
    if (dots != NULL && !cut) {
        back = left - front - 3;
        if (front + back > right || memcmp(dots + 3, msgid + right - back, back) != 0) {
            return false;
        }
    }
    if (front > right) {
        front = right;
    }
    return front + back >= LONG_MSGID / 2 && memcmp(logged, msgid, front) == 0;
}

bool trace_owner_fits(const struct trace_wanted *wanted, long long uid, const char *user)
{
    char number[24];

    if (uid >= 0) {
        return uid == wanted->uid;
    }
    if (user == NULL) {
        return false;
    }
    (void)snprintf(number, sizeof number, "%lld", wanted->uid);
    return strcmp(user, number) == 0 || (wanted->user != NULL && strcmp(user, wanted->user) == 0);
}

/* How much earlier than the record a line may seem: a log without fractions of a second cuts them
 * off. */
static int64_t early(int64_t time)
{
    return time % TRACE_SECOND == 0 ? TRACE_SECOND : TRACE_SECOND / 20;
}

static bool pid_fits(const struct trace_wanted *wanted, const struct mail_event *event)
{
    return strcmp(event->mta, "postfix") != 0 && event->pid > 0 && event->pid == wanted->pid &&
           event->time >= wanted->time - early(event->time) && event->time <= wanted->time + DAY;
}

static bool time_fits(const struct trace_wanted *wanted, const struct mail_event *event)
{
    return event->time >= wanted->time - early(event->time) &&
           event->time <= wanted->time + wanted->within;
}

/* An id whose earlier lines are not known yet. */
static void add_late(struct trace_table *table, const struct mail_event *event,
                     enum trace_link link)
{
    size_t before = table->count;

    trace_table_add(table, event->queue_id, event->time, link, "");
    table->dirty = table->dirty || table->count != before;
}

void trace_join_event(struct trace_table *table, const struct trace_wanted *wanted,
                      const struct mail_event *event)
{
    bool by_pid = false, by_time = false;
    struct trace_mail *mail;

    if (event->queue_id == NULL) {
        return;
    }
    if (event->kind == MAIL_SUBMITTED && wanted->record &&
        trace_owner_fits(wanted, event->uid, event->user)) {
        by_pid = pid_fits(wanted, event);
        by_time = time_fits(wanted, event);
        if (by_pid || (by_time && table->count < TRACE_CANDIDATES)) {
            trace_table_add(table, event->queue_id, event->time, TRACE_CANDIDATE, "");
        } else if (by_time) {
            table->lost++;
        }
    } else if (event->kind == MAIL_TRACE && wanted->id[0] != '\0' &&
               strcasecmp(event->trace, wanted->id) == 0) {
        add_late(table, event, TRACE_SAME);
    } else if (event->kind == MAIL_MSGID && wanted->msgid != NULL && wanted->record &&
               table->count < TRACE_CANDIDATES + STRANGERS &&
               trace_same_msgid(event->msgid, wanted->msgid, wanted->msgid_cut)) {
        add_late(table, event, TRACE_SAME);
    }
    mail = trace_table_event(table, event);
    if (mail != NULL && event->kind == MAIL_SUBMITTED) {
        mail->pid_fits = mail->pid_fits || by_pid;
        mail->time_fits = mail->time_fits || by_time;
    }
}

/* --- the choice ------------------------------------------------------------------------------ */

/* The Message-ID that a mail server makes holds the queue id; Exim's is not logged, or begins with
 * E and the id. */
static bool generated_msgid(const struct trace_mail *mail)
{
    return mail->msgid == NULL || strstr(mail->msgid, mail->id) != NULL;
}

/* Whether what is known of a candidate rules it out. */
static bool ruled_out(const struct trace_wanted *wanted, const struct trace_mail *mail)
{
    if (mail->trace != NULL && strcasecmp(mail->trace, wanted->id) != 0) {
        return true; /* another call's */
    }
    if (mail->msgid == NULL) {
        return false;
    }
    if (wanted->msgid != NULL) {
        return !trace_same_msgid(mail->msgid, wanted->msgid, wanted->msgid_cut);
    }
    return wanted->summary && !generated_msgid(mail);
}

/* How well a message fits; TRACE_SURE_NOTHING: not at all. */
static enum trace_sure fit(const struct trace_wanted *wanted, const struct trace_mail *mail)
{
    bool ours = mail->submitted && trace_owner_fits(wanted, mail->uid, mail->user);

    if (!wanted->record) {
        return mail->trace != NULL && strcasecmp(mail->trace, wanted->id) == 0 ? TRACE_SURE_CLAIM
                                                                               : TRACE_SURE_NOTHING;
    }
    if (!ours || ruled_out(wanted, mail)) {
        return TRACE_SURE_NOTHING;
    }
    if (mail->trace != NULL) {
        return TRACE_SURE_HEADER;
    }
    if (mail->pid_fits) {
        return TRACE_SURE_PID;
    }
    if (!mail->time_fits) {
        return TRACE_SURE_NOTHING;
    }
    return wanted->msgid != NULL && mail->msgid != NULL ? TRACE_SURE_MSGID : TRACE_SURE_TIME;
}

/* One that says it is the wanted message, and is another user's. */
static void note_stranger(const struct trace_wanted *wanted, const struct trace_item *item,
                          struct trace_choice *ret)
{
    const struct trace_mail *mail = item->mail;

    if (item->link == TRACE_SAME && mail->submitted &&
        !trace_owner_fits(wanted, mail->uid, mail->user)) {
        ret->strangers++;
        ret->stranger = mail->uid;
    }
}

void trace_join_choose(const struct trace_table *table, const struct trace_wanted *wanted,
                       struct trace_choice *ret)
{
    *ret = (struct trace_choice){.sure = TRACE_SURE_NOTHING, .stranger = -1};
    for (size_t i = 0; i < table->count; i++) {
        struct trace_item *item = table->item[i];
        enum trace_sure sure;

        if (item->mail == NULL || item->from[0] != '\0') {
            continue;
        }
        note_stranger(wanted, item, ret);
        sure = fit(wanted, item->mail);
        if (sure == TRACE_SURE_NOTHING || sure > ret->sure) {
            continue;
        }
        if (sure < ret->sure) {
            ret->sure = sure;
            ret->count = 0;
        }
        if (sure <= TRACE_SURE_PID && ret->count == 1) { /* the first is the call's own */
            ret->replayed += sure == TRACE_SURE_HEADER;
            if (item->mail->start < ret->item[0]->mail->start) {
                ret->item[0] = item;
            }
        } else if (ret->count < TRACE_CANDIDATES) {
            ret->item[ret->count++] = item;
        }
    }
    if (ret->count > 1 && ret->sure != TRACE_SURE_CLAIM) {
        ret->sure = TRACE_SURE_ONE_OF;
    }
}
