/*
 * faults_judge - what became of a mail, from what the MTA filed, what the caller was told and what
 * was recorded. The record's shape: docs/log-format.md, logfmt.
 */
#include "faults.h"
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER "X-Additional-Header: "

const char *const VERDICT_NAMES[VERDICTS] = {
    [DELIVERED] = "delivered",
    [REFUSED] = "refused",
    [UNRECORDED] = "unrecorded",
    [LOST] = "lost",
    [CUT] = "cut",
    [TWICE] = "twice",
    [HUNG] = "hung",
    [HEADERLESS] = "headerless",
    [MISRECORDED] = "misrecorded",
};

struct found {
    unsigned ran;       /* MTAs that ran */
    unsigned completed; /* messages that an MTA took for whole */
    unsigned whole;     /* and that are */
    unsigned twice;
    unsigned bare;              /* without the header */
    char ids[EXPECTED_MAX][32]; /* in the headers */
    bool seen[EXPECTED_MAX];

    unsigned records, deliver, pass, refuse;
    unsigned broken; /* lines that are no whole record */
    bool says_bare, says_opaque, says_cut;
    bool wrong_uid; /* a record of somebody else */
    char last_action[16];
    char *all; /* every record, for a look whether an id is there */
};

static char *read_whole(const char *path, size_t *ret_len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            close(fd);
        *ret_len = 0;
        return NULL;
    }
    char *text = malloc((size_t)st.st_size + 1);
    ssize_t n = text != NULL ? read(fd, text, (size_t)st.st_size) : -1;
    if (n < 0)
        die("%s", path);
    text[n] = '\0';
    *ret_len = (size_t)n;
    close(fd);
    return text;
}

/* --- the mail -----------------------------------------------------------------------------------
 */

/* Whether got is sent, with our header in front or without it. */
static bool is_whole(const char *got, size_t got_len, const char *sent_path, bool *ret_header,
                     char id[32])
{
    size_t len;
    char *sent = read_whole(sent_path, &len);
    const char *end = NULL;

    *ret_header = false;
    if (got_len > strlen(HEADER) && memcmp(got, HEADER, strlen(HEADER)) == 0)
        end = memchr(got, '\n', got_len);
    if (end != NULL && (sent == NULL || got_len != len)) {
        const char *at = memmem(got, (size_t)(end - got), "id=", 3);
        size_t n = at != NULL ? strcspn(at + 3, "; \r\n") : 0;

        *ret_header = true;
        snprintf(id, 32, "%.*s", (int)(n < 31 ? n : 31), at != NULL ? at + 3 : "");
        got_len -= (size_t)(end + 1 - got);
        got = end + 1;
    }
    bool same = sent != NULL && got_len == len && memcmp(got, sent, len) == 0;
    free(sent);
    return same;
}

static void look_at_message(const struct scenario *sc, const char *path, struct found *f)
{
    size_t len, count = sc->expected_count > 0 ? sc->expected_count : 1;
    char *got = read_whole(path, &len), id[32] = "";
    bool header = false;

    f->completed++;
    for (size_t i = 0; got != NULL && i < count; i++) {
        const char *sent = sc->expected_count > 0 ? sc->expected[i] : sc->message;

        if (!is_whole(got, len, sent, &header, id))
            continue;
        if (f->seen[i]) {
            f->twice++;
            continue;
        }
        f->seen[i] = true;
        f->whole++;
        f->bare += !header;
        memcpy(f->ids[i], id, sizeof id);
        break;
    }
    free(got);
}

static void look_at_file(const struct scenario *sc, const char *name, struct found *f)
{
    char path[600], *text;
    const char *kind = strchr(name, '.');
    size_t len;

    if (kind == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s", sc->mta_dir, name);
    if (strcmp(kind, ".argv") == 0) {
        f->ran++;
    } else if (sc->expected_count > 0 && strncmp(kind, ".message.", 9) == 0) {
        look_at_message(sc, path, f);
    } else if (sc->expected_count == 0 && strcmp(kind, ".end") == 0) {
        text = read_whole(path, &len);
        if (text != NULL && strstr(text, "\nended eof\n") != NULL) {
            snprintf(path, sizeof path, "%s/%.*s.stdin", sc->mta_dir, (int)(kind - name), name);
            look_at_message(sc, path, f);
        }
        free(text);
    }
}

static void look_at_mail(const struct scenario *sc, struct found *f)
{
    DIR *dir = opendir(sc->mta_dir);
    struct dirent *entry;

    if (dir == NULL)
        die("%s", sc->mta_dir);
    while ((entry = readdir(dir)) != NULL)
        look_at_file(sc, entry->d_name, f);
    closedir(dir);
}

/* --- records ------------------------------------------------------------------------------------
 */

static void look_at_record(const struct scenario *sc, const char *line, size_t n, struct found *f)
{
    static const char last_key[] = " action=";
    char text[9000], uid[32];
    const char *action;

    if (n >= sizeof text)
        n = sizeof text - 1;
    memcpy(text, line, n);
    text[n] = '\0';
    action = strstr(text, last_key);
    for (const char *next = action; next != NULL; next = strstr(next + 1, last_key))
        action = next;
    if (action == NULL || strspn(action + sizeof last_key - 1, "abcdefghijklmnopqrstuvwxyz") !=
                              strlen(action + sizeof last_key - 1)) {
        f->broken++;
        return;
    }
    snprintf(f->last_action, sizeof f->last_action, "%s", action + sizeof last_key - 1);
    f->records++;
    f->deliver += strcmp(f->last_action, "deliver") == 0;
    f->pass += strcmp(f->last_action, "pass") == 0;
    f->refuse += strcmp(f->last_action, "refuse") == 0;
    f->says_bare |= strstr(text, "without the header") != NULL;
    f->says_opaque |= strstr(text, " opaque=") != NULL;
    f->says_cut |= strstr(text, "(line cut)") != NULL;
    snprintf(uid, sizeof uid, " uid=%u ", (unsigned)sc->uid);
    f->wrong_uid |= strstr(text, uid) == NULL && strcmp(f->last_action, "refuse") != 0;
}

static void look_at_records(const struct scenario *sc, const struct outcome *o, struct found *f)
{
    size_t len;
    char *file = read_whole(sc->log, &len);

    for (char *at = file, *lf; at != NULL && *at != '\0'; at = lf + 1) {
        lf = strchr(at, '\n');
        look_at_record(sc, at, lf != NULL ? (size_t)(lf - at) : strlen(at), f);
        if (lf == NULL) {
            f->broken++;
            break;
        }
    }
    for (const char *at = o->syslog, *lf; *at != '\0'; at = lf + 1) {
        const char *tag = strstr(at, "]: id=");

        lf = strchr(at, '\n');
        if (tag != NULL && tag < lf)
            look_at_record(sc, at, (size_t)(lf - at), f);
    }
    if (asprintf(&f->all, "%s%s", file != NULL ? file : "", o->syslog) < 0)
        die("memory");
    free(file);
}

/* Whether the id of each header stands in a record. */
static bool ids_recorded(const struct found *f)
{
    for (size_t i = 0; i < EXPECTED_MAX; i++)
        if (f->ids[i][0] != '\0' && strstr(f->all, f->ids[i]) == NULL)
            return false;
    return true;
}

/* --- the verdict --------------------------------------------------------------------------------
 */

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

static enum verdict verdict_of(const struct scenario *sc, const struct outcome *o,
                               const struct found *f)
{
    bool success = WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0;
    /* In SMTP it is the answer to the final dot that tells of success. */
    unsigned wanted = sc->expected_count > 0 ? (unsigned)sc->expected_count : 1;
    unsigned promised = sc->expected_count > 0 && !sc->batch ? count(o->out, " filed\r")
                        : success                            ? wanted
                                                             : 0;

    if (o->hung)
        return HUNG;
    if (f->completed > f->whole + f->twice)
        return CUT;
    if (f->twice > 0)
        return TWICE;
    if (promised > f->whole)
        return LOST;
    if (f->whole > 0 && !sc->no_record && f->pass + f->deliver == 0)
        return UNRECORDED;
    /* A line cut by a full disk says so in syslog; readers find the next record behind it. */
    if (f->wrong_uid || (f->broken > 0 && !f->says_cut))
        return MISRECORDED;
    if (sc->expected_count > 0 && f->whole > f->deliver && !f->says_opaque)
        return UNRECORDED;
    if (f->bare > 0 && !sc->no_header && !f->says_bare && !f->says_opaque)
        return HEADERLESS;
    if (!sc->no_record && f->records > 0 && !ids_recorded(f))
        return MISRECORDED;
    if (f->whole > 0 && sc->expected_count == 0 && strcmp(f->last_action, "refuse") == 0)
        return MISRECORDED;
    /* A feeder whose reading fails ends the MTA with SIGTERM, be it ever so young. */
    if (f->ran == 0 && f->records > 0 && sc->expected_count == 0 &&
        strcmp(f->last_action, "refuse") != 0 &&
        !(WIFSIGNALED(o->status) && WTERMSIG(o->status) == SIGTERM))
        return MISRECORDED;
    return f->whole == wanted && (promised == wanted || success) ? DELIVERED : REFUSED;
}

enum verdict judge(const struct scenario *sc, const struct outcome *o, char *detail, size_t cap,
                   struct judged *ret)
{
    struct found f;
    enum verdict verdict;
    char ended[32];

    memset(&f, 0, sizeof f);
    look_at_mail(sc, &f);
    look_at_records(sc, o, &f);
    verdict = verdict_of(sc, o, &f);
    if (WIFEXITED(o->status))
        snprintf(ended, sizeof ended, "exit=%d", WEXITSTATUS(o->status));
    else
        snprintf(ended, sizeof ended, "signal=%s", sigabbrev_np(WTERMSIG(o->status)));
    snprintf(detail, cap,
             "%s ran=%u completed=%u whole=%u bare=%u records=%u last=%s broken=%u ms=%lld "
             "stderr='%.*s'",
             ended, f.ran, f.completed, f.whole, f.bare, f.records,
             f.records > 0 ? f.last_action : "-", f.broken, o->ms, (int)strcspn(o->err, "\n"),
             o->err);
    ret->recorded = f.records > 0;
    ret->bare = verdict == DELIVERED && f.bare > 0 && !sc->no_header;
    free(f.all);
    judge_clear(sc);
    return verdict;
}

void judge_clear(const struct scenario *sc)
{
    DIR *dir = opendir(sc->mta_dir);
    struct dirent *entry;

    if (dir == NULL)
        die("%s", sc->mta_dir);
    while ((entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    if (truncate(sc->log, 0) < 0 && errno != ENOENT && errno != ELOOP)
        die("%s", sc->log);
}
