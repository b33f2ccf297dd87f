/*
 * journald - the systemd journal, read with libsystemd, which is loaded only when it is asked for.
 *
 * Hostile: MESSAGE, the identifier and all other fields without a leading "_", since any local user
 * can log what he likes. The fields with one come from journald itself: _UID and _PID are the
 * kernel's word for who logged.
 */
#ifndef MO_JOURNALD_H
#define MO_JOURNALD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct context;
struct journald; /* opaque */

/*
 * Opens the journal of this machine, system and users' files, or what --journal-dir names, for the
 * entries of the wrapper (SYSLOG_IDENTIFIER=sendmail-wrapper) logged in [since, until],
 * microseconds since 1970; INT64_MIN, INT64_MAX: no bound. All files that there are now are opened
 * here, so that it may be called as root, before confine(). Files that may not be read are a
 * context_problem. Returns NULL after context_fail: no libsystemd.so.0, no journal.
 */
struct journald *journald_open(struct context *ctx, int64_t since, int64_t until);

/* The same for all that was logged with the facility mail, by whatever program. */
struct journald *journald_open_mail(struct context *ctx, int64_t since, int64_t until);

void journald_close(struct journald *journald);

/* Strings: NUL-terminated, NULL if the entry has no such field; hold until the next call. */
struct journald_entry {
    int64_t time;        /* microseconds since 1970: when journald took it */
    const char *message; /* MESSAGE; a NUL stands behind it; may hold any byte */
    size_t message_len;
    long long uid;          /* _UID: trusted; -1 if absent */
    long pid;               /* _PID: trusted; -1 if absent */
    const char *unit;       /* _SYSTEMD_UNIT: trusted */
    const char *host;       /* _HOSTNAME: trusted */
    const char *identifier; /* SYSLOG_IDENTIFIER, "postfix/smtp": the logger's claim */
};

/* The next entry, oldest first. Returns false at the end, or after context_problem. After the end
 * it may be called again: what has come meanwhile is returned. */
bool journald_entry(struct journald *journald, struct journald_entry *ret);

/* The same, for the wrapper's records: MESSAGE ("id=... action=..."), its time, _UID and host. */
bool journald_next(struct journald *journald, const char **ret_line, size_t *ret_len,
                   int64_t *ret_time, long long *ret_uid, const char **ret_host);

/* Goes to before the last n of the entries that match, whatever since is: what -n and -f begin
 * with. */
bool journald_tail(struct journald *journald, size_t n);

/* For poll(2): readable when something may have come; then journald_process takes note of it. The
 * descriptor stays the journal's. -1 if there is none. */
int journald_fd(struct journald *journald);
void journald_process(struct journald *journald);

#endif
