/*
 * weblog_worker - which of a worker's requests a call came from.
 *
 * What is believed is the worker's pid at that time, which the kernel gave both sides. Several
 * requests of it fit: then none is named as the one.
 */
#include "web/weblog_parts.h"

#include "context.h"

#include <stdlib.h>
#include <string.h>

/*
 * When no request was being run by the log's times: what the worker ran last.
 * php-fpm writes its line before the shutdown functions run, so mail of theirs
 * comes after "the end". Where the log has no duration, requests that began in
 * one second cannot be told apart; where it has (Apache's includes all), what
 * had ended is out.
 */
static bool ran_last(const struct weblog_call *call, const struct weblog_hit *hit)
{
    if (hit->start_low > hit->moment + WEBLOG_TIGHT ||
        (hit->end_known && hit->line->log->server != WEB_FPM)) {
        return false;
    }
    for (size_t i = 0; i < call->hit_count; i++) {
        const struct weblog_hit *other = &call->hit[i];

        if (other->start_low > other->moment + WEBLOG_TIGHT || !weblog_began_later(other, hit)) {
            continue;
        }
        if (hit->end_known || other->start_low > hit->start_low) {
            return false;
        }
    }
    return true;
}

/* Of the worker's requests: those in whose time the call is, else what it ran
 * last. */
void weblog_narrow(struct weblog_call *call)
{
    bool any = false, *keep = context_alloc(call->hit_count + 1);

    for (size_t i = 0; i < call->hit_count; i++) {
        keep[i] = weblog_hit_inside(&call->hit[i], WEBLOG_TIGHT);
        any |= keep[i];
    }
    for (size_t i = 0; !any && i < call->hit_count; i++) {
        keep[i] = ran_last(call, &call->hit[i]);
    }
    for (size_t i = call->hit_count; i-- > 0;) { /* from the end: a drop moves the last one here */
        if (!keep[i]) {
            weblog_drop_hit(call, i);
        }
    }
    call->total = call->hit_count;
    free(keep);
}

/*
 * Whether the worker's request of that moment must be in the log by now: a
 * later one of the same worker is, or time enough has passed. Otherwise it may
 * still run, and what is there be the one before it.
 */
static bool complete(const struct weblog *weblog, const struct weblog_call *call,
                     const struct weblog_hit *hit)
{
    return (call->later >> hit->which & 1) != 0 || weblog->ctx->now - call->time > weblog->window;
}

/*
 * Where the time leaves several of the worker's requests none is named: what would tell them apart,
 * script and environment, the caller can arrange, and so name an innocent visitor. It only orders
 * them.
 */
void weblog_settle(const struct weblog *weblog, struct weblog_call *call)
{
    struct weblog_hit *best = &call->hit[0];

    weblog_hits_sort(call);
    if (!complete(weblog, call, best) &&
        !(weblog_hit_inside(best, WEBLOG_TIGHT) && best->line->row.resolution <= WEBLOG_TIGHT)) {
        return;
    }
    best->certain = call->hit_count == 1 && best->moment_known && !best->forgeable;
}
