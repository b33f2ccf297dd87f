/*
 * caller - see caller.h. Hostile input: cwd, environment, descriptors, ancestors; /proc and /etc
 * where the caller could mount over them. On failure: the key is absent, the call goes on.
 */
#include "caller.h"
#include "procfs.h"
#include "strbuf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LOGINUID_UNSET 4294967295UL /* (uid_t)-1: linux/audit.h, AUDIT_UID_UNSET */
#define PASSWD_MAX (1L << 20)       /* bytes of /etc/passwd that are looked at */

static void copy_bounded(char *to, size_t cap, const char *from, size_t n)
{
    n = n < cap ? n : cap - 1;
    memcpy(to, from, n);
    to[n] = '\0';
}

/* Whether a line "name:passwd:uid:..." is of this uid; its name into user. passwd(5). */
static bool passwd_line(const char *line, size_t len, const char *uid, size_t uid_len, char *user,
                        size_t cap)
{
    const char *colon = memchr(line, ':', len);
    const char *field;

    if (colon == NULL || colon == line || line[0] == '#' || line[0] == '+' || line[0] == '-') {
        return false;
    }
    field = memchr(colon + 1, ':', len - (size_t)(colon + 1 - line));
    if (field == NULL || (size_t)(line + len - field) < uid_len + 2 ||
        memcmp(field + 1, uid, uid_len) != 0 || field[1 + uid_len] != ':') {
        return false;
    }
    copy_bounded(user, cap, line, (size_t)(colon - line));
    return true;
}

/* Looks through the lines of text; returns where the unfinished last one begins, NULL when the name
 * was found. */
static const char *passwd_lines(const char *text, const char *end, const char *uid, size_t uid_len,
                                char *user, size_t cap)
{
    const char *newline;

    while ((newline = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        if (passwd_line(text, (size_t)(newline - text), uid, uid_len, user, cap)) {
            return NULL;
        }
        text = newline + 1;
    }
    return text;
}

static void search_passwd(int fd, const char *uid, size_t uid_len, char *user, size_t cap)
{
    static char buf[16384];
    size_t held = 0;
    long total = 0;
    ssize_t n;
    bool skipping = false; /* within a line longer than the buffer, which names nobody */

    while (total < PASSWD_MAX && (n = read(fd, buf + held, sizeof buf - 1 - held)) >= 0) {
        const char *end = buf + held + (size_t)n, *rest = buf;

        total += n;
        if (n == 0) { /* the last line may lack its end */
            buf[held] = '\n';
            end++;
        }
        if (skipping && (rest = memchr(buf, '\n', (size_t)(end - buf))) == NULL) {
            held = 0;
            continue;
        }
        rest = passwd_lines(skipping ? rest + 1 : buf, end, uid, uid_len, user, cap);
        if (rest == NULL || n == 0) {
            return;
        }
        held = (size_t)(end - rest);
        skipping = held == sizeof buf - 1;
        held = skipping ? 0 : held;
        memmove(buf, rest, held);
    }
}

/* The name of uid in /etc/passwd. NSS would load libraries and ask servers on behalf of an
 * attacker. */
static void read_user(uid_t uid, char *user, size_t cap)
{
    char digits[24];
    struct strbuf sb;
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    user[0] = '\0';
    if (fd >= 0) {
        strbuf_init(&sb, digits, sizeof digits);
        strbuf_number(&sb, uid, 1);
        search_passwd(fd, digits, sb.len, user, cap);
        close(fd);
    }
}

/*
 * The system call itself: the C library's getcwd walks the tree when the path is longer than
 * PATH_MAX, and turns
 * "(unreachable)" into an error.
 */
static void read_cwd(int proc, struct caller *c)
{
    struct stat st;
    long n = syscall(SYS_getcwd, c->cwd, sizeof c->cwd);

    c->cwd_deleted = false;
    if (n <= 0 || c->cwd[0] != '/') {
        static const char deleted[] = " (deleted)";
        ssize_t len = proc < 0 ? -1 : procfs_link(proc, "self/cwd", c->cwd, sizeof c->cwd);

        /* proc(5): a removed directory's name gets this mark. */
        if (len > (ssize_t)strlen(deleted) && c->cwd[0] == '/' &&
            strcmp(c->cwd + len - strlen(deleted), deleted) == 0) {
            c->cwd[(size_t)len - strlen(deleted)] = '\0';
            c->cwd_deleted = true;
        } else {
            c->cwd[0] = '\0';
        }
    }
    /* stat(".") would need the right to search it, which its owner can take away. */
    c->cwd_uid_known = fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH) == 0;
    if (c->cwd_uid_known) {
        c->cwd_uid = st.st_uid;
    }
}

static void read_loginuid(int proc, struct caller *c)
{
    char buf[24];

    c->loginuid_known = false;
    if (procfs_read(proc, "self/loginuid", buf, sizeof buf) > 0) {
        c->loginuid = strtoul(buf, NULL, 10);
        c->loginuid_known = c->loginuid != LOGINUID_UNSET;
    }
}

/* The start of the systemd hierarchy's path in /proc/self/cgroup: "0::/..." or
 * "N:name=systemd:/..." (cgroups(7)). */
static const char *systemd_path(const char *cgroup)
{
    const char *found = NULL;

    for (const char *line = cgroup; line != NULL && *line != '\0';) {
        const char *path = strstr(line, ":/");
        const char *newline = strchr(line, '\n');

        if (path != NULL && (newline == NULL || path < newline)) {
            if (strncmp(line, "0::", 3) == 0 && found == NULL) {
                found = path + 1;
            } else if (strstr(line, ":name=systemd:") == strchr(line, ':')) {
                return path + 1; /* the one that systemd manages, where both are mounted */
            }
        }
        line = newline != NULL ? newline + 1 : NULL;
    }
    return found;
}

/*
 * The first unit of the path was made by the system's manager; what stands below a user@.service
 * carries any name its user likes.
 */
static void read_unit(int proc, struct caller *c)
{
    char buf[4096];
    const char *at;

    c->unit[0] = '\0';
    if (procfs_read(proc, "self/cgroup", buf, sizeof buf) <= 0) {
        return;
    }
    at = systemd_path(buf);
    while (at != NULL && *at == '/') {
        size_t n = strcspn(at + 1, "/\n");
        const char *name = at + 1;

        if ((n > 8 && memcmp(name + n - 8, ".service", 8) == 0) ||
            (n > 6 && memcmp(name + n - 6, ".scope", 6) == 0)) {
            copy_bounded(c->unit, sizeof c->unit, name, n);
            return;
        }
        at = name + n;
    }
}

static const char *environment_value(char *const environment[], const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, n) == 0 && environment[i][n] == '=') {
            return environment[i] + n + 1;
        }
    }
    return NULL;
}

/* What a CGI program is told; or, under names of its own, what config/php hands on elsewhere. */
static const char *claim(char *const environment[], const char *name)
{
    const char *value = environment_value(environment, name + strlen("SENDMAIL_WRAPPER_"));

    return value != NULL ? value : environment_value(environment, name);
}

static void read_claims(char *const environment[], struct caller *c)
{
    c->env_script = claim(environment, "SENDMAIL_WRAPPER_SCRIPT_FILENAME");
    c->remote = claim(environment, "SENDMAIL_WRAPPER_REMOTE_ADDR");
    c->http_host = claim(environment, "SENDMAIL_WRAPPER_HTTP_HOST");
    c->uri = claim(environment, "SENDMAIL_WRAPPER_REQUEST_URI");
}

static void read_processes(int proc, struct caller *c)
{
    struct procfs_stat stat;

    c->start_known = procfs_stat(proc, 0, &stat);
    if (!c->start_known) {
        return;
    }
    c->start = stat.start;
    ancestry_read(proc, c->ppid, c->start, &c->ancestry);
    if (c->ancestry.chain_len == 0) {
        c->why = "caller hidden";
    }
}

static void read_script(int proc, struct caller *c)
{
    if (proc >= 0 && (script_from_descriptor(proc, c->uid, &c->script) ||
                      script_from_cmdline(proc, &c->ancestry, &c->script))) {
        return;
    }
    c->script.len = 0;
    if (c->env_script != NULL && c->env_script[0] != '\0') {
        script_from_claim(c->env_script, "env", &c->script);
    }
}

/*
 * In a user namespace a caller is what uid he likes. Set-gid is not in effect there (its group is
 * not mapped), so without it, and only then, the namespace is looked at: containers whose root
 * installed us hold it.
 */
static void read_namespace(int proc, const struct privilege *privilege, struct caller *c)
{
    static const char initial[] =
        "user:[4026531837]"; /* Linux: include/linux/proc_ns.h, PROC_USER_INIT_INO */
    char name[32];

    if (!privilege->held && procfs_link(proc, "self/ns/user", name, sizeof name) > 0 &&
        strcmp(name, initial) != 0 && c->why == NULL) {
        c->why = "in a user namespace: ids are as seen in there";
    }
}

static void read_host(struct caller *c)
{
    struct utsname names;

    c->host[0] = '\0';
    if (uname(&names) == 0) {
        copy_bounded(c->host, sizeof c->host, names.nodename, strcspn(names.nodename, ". \t\n"));
    }
    if (c->host[0] == '\0') {
        copy_bounded(c->host, sizeof c->host, "-", 1);
    }
    for (char *at = c->host; *at != '\0'; at++) {
        /* RFC 952 names and '_'; anything else (settable in a uts namespace) could break the line's
         * shape. */
        if (strchr("-_0123456789", *at) == NULL && (*at < 'A' || *at > 'Z') &&
            (*at < 'a' || *at > 'z')) {
            *at = '-';
        }
    }
}

void caller_read(const struct privilege *privilege, char *const environment[], struct caller *ret)
{
    int proc;

    memset(&ret->ancestry, 0, sizeof ret->ancestry);
    ret->why = NULL;
    ret->uid = privilege->uid;
    ret->gid = privilege->gid;
    ret->pid = getpid();
    ret->ppid = getppid();
    ret->start_known = ret->loginuid_known = false;
    ret->unit[0] = '\0';

    privilege_suspend(privilege);
    proc = procfs_open(&ret->why);
    read_cwd(proc, ret);
    read_claims(environment, ret);
    if (proc >= 0) {
        read_processes(proc, ret);
        read_loginuid(proc, ret);
        read_unit(proc, ret);
        read_namespace(proc, privilege, ret);
    }
    read_script(proc, ret);
    if (proc >= 0) {
        close(proc);
    }
    read_user(ret->uid, ret->user, sizeof ret->user);
    read_host(ret);
    privilege_resume(privilege);
}
