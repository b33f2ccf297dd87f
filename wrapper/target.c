/*
 * target - see target.h. The paths are root's; in a chroot they may be the caller's, who then only
 * fools himself: no privilege is held by now. On failure: ret->error, and the call ends with stdin
 * unread.
 */
#include "target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The mark itself, an ELF note (elf(5), Nhdr). A copy of us at /usr/sbin/sendmail is another inode
 * than /usr/sbin/sendmail-wrapper, and of another version after an upgrade: so neither inode nor
 * contents would tell.
 */
static const struct {
    unsigned name_size, text_size, type;
    char name[4];
    char text[sizeof TARGET_MARK + (4 - sizeof TARGET_MARK % 4) % 4];
} target_note __attribute__((section(".note.sendmail_wrapper,\"a\",@note#"), aligned(4), used)) = {
    4, sizeof TARGET_MARK, 1, "sw", TARGET_MARK};

/* A script's interpreter must be there too, or the exec would fail when the message is read
 * already. */
static const char *check_interpreter(const char *line, size_t len)
{
    char path[256]; /* Linux looks at as many bytes: BINPRM_BUF_SIZE */
    const char *end = memchr(line, '\n', len), *at;
    size_t n = 0;

    len = end != NULL ? (size_t)(end - line) : len;
    at = memchr(line, '/', len < sizeof path ? len : sizeof path - 1);

    while (at != NULL && at + n < line + len && n < sizeof path - 1 &&
           strchr(" \t\n", at[n]) == NULL) {
        path[n] = at[n];
        n++;
    }
    path[n] = '\0';
    return n > 0 && access(path, X_OK) == 0 ? NULL : "its interpreter cannot be run";
}

/* NULL if the file's beginning is that of a program which is not ours. */
static const char *check_head(int fd)
{
    char head[TARGET_MARK_WITHIN];
    ssize_t n = read(fd, head, sizeof head);

    if (n < 4) {
        return "not a program";
    }
    /* Compared with the note in memory, so that the text stands once in the file. */
    if (memmem(head, (size_t)n, target_note.text, strlen(target_note.text)) != NULL) {
        return "is sendmail-wrapper itself";
    }
    if (memcmp(head, "#!", 2) == 0) {
        return check_interpreter(head, (size_t)n);
    }
    return memcmp(head, ELFMAG, SELFMAG) == 0 ? NULL : "not a program";
}

/* NULL if path can be run, else why not. */
static const char *check_target(const char *path, struct stat *ret_st, bool *ret_unexamined)
{
    const char *error;
    int fd;

    *ret_unexamined = false;
    if (stat(path, ret_st) != 0) {
        return diag_errno(errno);
    }
    if (!S_ISREG(ret_st->st_mode)) {
        return "not a regular file";
    }
    if (access(path, X_OK) != 0) {
        return errno == EACCES ? "not executable" : diag_errno(errno);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        /* One that may be run but not read is none of our copies; of one that cannot be opened for
         * another reason nobody knows, and to run ourselves would be a loop. */
        *ret_unexamined = errno != EACCES;
        return errno == EACCES ? NULL : diag_errno(errno);
    }
    error = check_head(fd);
    close(fd);
    return error;
}

/* --- what the install step recorded: "sendmail=PATH mta=NAME dev=N ino=N mtime=N" ---------- */

struct recorded {
    char path[PATH_MAX];
    char mta[32];
    unsigned long long dev, ino;
    long long mtime;
};

static void read_word(const char *text, const char *key, char *ret, size_t cap)
{
    const char *at = strstr(text, key);
    size_t n = at != NULL ? strcspn(at + strlen(key), " \n") : 0;

    ret[0] = '\0';
    if (at != NULL && (at == text || at[-1] == ' ') && n < cap) {
        memcpy(ret, at + strlen(key), n);
        ret[n] = '\0';
    }
}

static bool read_recorded(const char *record_path, struct recorded *ret)
{
    char text[PATH_MAX + 256], number[24];
    struct stat st;
    ssize_t n = -1;
    int fd = open(record_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == getuid()) &&
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
        n = read(fd, text, sizeof text - 1);
    }
    close(fd);
    if (n <= 0) {
        return false;
    }
    text[n] = '\0';
    read_word(text, "sendmail=", ret->path, sizeof ret->path);
    read_word(text, "mta=", ret->mta, sizeof ret->mta);
    read_word(text, "dev=", number, sizeof number);
    ret->dev = strtoull(number, NULL, 10);
    read_word(text, "ino=", number, sizeof number);
    ret->ino = strtoull(number, NULL, 10);
    read_word(text, "mtime=", number, sizeof number);
    ret->mtime = strtoll(number, NULL, 10);
    return ret->path[0] == '/';
}

static bool still_fits(const struct recorded *r, const char *path, const struct stat *st)
{
    return strcmp(r->path, path) == 0 && r->dev == st->st_dev && r->ino == st->st_ino &&
           r->mtime == (long long)st->st_mtime;
}

/* --- detection: only one package can own sendmail, and each has its own name or companion --- */

/* Whether the resolved path is where a distribution's sendmail lies, diverted or not: of /usr/sbin,
 * or of /usr/bin where both are one directory. */
static bool is_distributions(const char *resolved)
{
    static const char sbin[] = "/usr/sbin/sendmail", bin[] = "/usr/bin/sendmail";

    return strncmp(resolved, sbin, sizeof sbin - 1) == 0 ||
           strncmp(resolved, bin, sizeof bin - 1) == 0;
}

static const struct dialect *detect(const char *path)
{
    static const struct {
        const char *name; /* of the resolved file */
        const char *mta;
    } by_name[] = {{"exim4", "exim"},       {"exim", "exim"},   {"dma", "dma"},
                   {"msmtp", "msmtp"},      {"ssmtp", "ssmtp"}, {"esmtp", "esmtp"},
                   {"smtpctl", "opensmtpd"}};
    static const struct {
        const char *file;
        const char *mta;
    } by_companion[] = {{"/usr/sbin/postdrop", "postfix"},
                        {"/usr/sbin/nullmailer-send", "nullmailer"},
                        {"/usr/sbin/courier", "courier"},
                        {"/var/qmail/bin/qmail-inject", "qmail"}};
    char resolved[PATH_MAX];
    const char *base;

    if (realpath(path, resolved) == NULL) {
        return NULL;
    }
    base = strrchr(resolved, '/') + 1;
    for (size_t i = 0; i < sizeof by_name / sizeof by_name[0]; i++) {
        if (strcmp(base, by_name[i].name) == 0) {
            return dialect_find(by_name[i].mta);
        }
    }
    if (strncmp(resolved, "/usr/libexec/sendmail/", 22) == 0) {
        return dialect_find("sendmail");
    }
    for (size_t i = 0; i < sizeof by_companion / sizeof by_companion[0]; i++) {
        /* The companion tells of the distribution's file, not of anything else that is configured.
         */
        if (is_distributions(resolved) && access(by_companion[i].file, F_OK) == 0) {
            return dialect_find(by_companion[i].mta);
        }
    }
    return NULL;
}

static void choose_dialect(const struct config *config, const struct recorded *recorded,
                           const struct stat *st, struct target *t)
{
    t->why = NULL;
    if (strcmp(config->mta, "auto") != 0) {
        t->dialect = dialect_find(config->mta);
        t->how = TARGET_CONFIGURED;
    } else if (recorded != NULL && strcmp(recorded->path, t->path) == 0 &&
               recorded->mta[0] != '\0') {
        t->dialect = still_fits(recorded, t->path, st) ? dialect_find(recorded->mta) : NULL;
        t->how = TARGET_RECORDED;
        if (t->dialect == NULL) { /* after an upgrade it still looks like what was recorded */
            const struct dialect *looks = detect(t->path);

            t->dialect = looks != NULL && looks == dialect_find(recorded->mta) ? looks : NULL;
            t->how = TARGET_DETECTED;
        }
        if (t->dialect == NULL) {
            t->why =
                "the real sendmail is not the recorded one: run sendmail-wrapper-divert enable";
        }
    } else {
        t->dialect = detect(t->path);
        t->how = TARGET_DETECTED;
    }
    if (t->dialect == NULL) {
        t->dialect = dialect_cautious();
        t->how = TARGET_CAUTIOUS;
    }
}

void target_find(const struct config *config, const char *record_path, struct target *ret)
{
    static struct recorded recorded;
    bool have_record = read_recorded(record_path, &recorded);
    const char *candidates[] = {
        config->sendmail[0] != '\0' ? config->sendmail : NULL,
        config->sendmail[0] == '\0' && have_record ? recorded.path : NULL,
        "/usr/sbin/sendmail.real",
        "/usr/sbin/sendmail",
        "/usr/lib/sendmail",
        "/etc/alternatives/sendmail",
        "/usr/libexec/sendmail/sendmail",
    };
    size_t count = config->sendmail[0] != '\0' ? 1 : sizeof candidates / sizeof candidates[0];
    struct stat st;

    memset(&st, 0, sizeof st);
    ret->error = "No such file or directory";
    ret->unexamined = false;
    ret->path[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *error;
        bool unexamined;

        if (candidates[i] == NULL) {
            continue;
        }
        error = check_target(candidates[i], &st, &unexamined);
        /* Of several failures the first is told: it is the one that was meant to be there. */
        if (error == NULL || ret->path[0] == '\0') {
            ret->error = error;
            ret->unexamined = unexamined;
            memcpy(ret->path, candidates[i], strlen(candidates[i]) + 1);
        }
        if (error == NULL) {
            break;
        }
    }
    choose_dialect(config, have_record ? &recorded : NULL, &st, ret);
}

const char *target_how_text(enum target_how how)
{
    static const char *const texts[] = {
        [TARGET_CONFIGURED] = "set in the configuration",
        [TARGET_RECORDED] = "recorded by sendmail-wrapper-divert",
        [TARGET_DETECTED] = "found by the look of the real sendmail",
        [TARGET_CAUTIOUS] = "unknown: the cautious rule",
    };
    return texts[how];
}
