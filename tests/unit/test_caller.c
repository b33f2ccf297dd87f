/*
 * caller, with procfs, ancestry and script: what can be known of the one who calls.
 *
 * Ancestors are real processes: this program starts itself again, level by level, each with the
 * name and the arguments that the test wants, and the last one looks up. What is fixed in the
 * system (/proc, /etc/passwd, the host's name) is changed in namespaces of the test's own.
 */
#include "support.h"
#include "wrapper/caller.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct caller caller;
static const char *const *no_environment = (const char *const[]){NULL};

static void read_with(const char *const environment[])
{
    struct privilege privilege;

    privilege_read(&privilege);
    memset(&caller, 'G', sizeof caller);
    caller_read(&privilege, (char *const *)(uintptr_t)environment, &caller);
}

static void read_here(void)
{
    read_with(no_environment);
}

/* --- chains of processes ------------------------------------------------------------------- */

#define LEVEL_END "\x1e" /* between the levels of a chain */
#define WORD_END '\x1f'  /* between a level's words: its name, then its arguments */
#define CHAIN "SW_TEST_CHAIN"
#define SHARED "SW_TEST_SHARED"

/* What the last of a chain saw, in memory that the test shares with it. */
struct seen {
    struct caller caller; /* the texts that it points to are of another process */
    char script_by[16], why[64];
    pid_t pids[16]; /* of the levels, topmost first, and of the last one */
    int count;
};

static struct seen *map_seen(int fd)
{
    struct seen *seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return seen == MAP_FAILED ? NULL : seen;
}

/* Starts the first level of chain as a child and waits for it. */
static int start_level(const char *chain)
{
    char buf[4096], *argv[64];
    const char *end = strstr(chain, LEVEL_END);
    size_t n = end != NULL ? (size_t)(end - chain) : strlen(chain);
    int argc = 0, status = 1;
    pid_t child;

    memcpy(buf, chain, n);
    buf[n] = '\0';
    for (char *at = strchr(buf, WORD_END); at != NULL && argc < 63; at = strchr(at, WORD_END)) {
        *at++ = '\0';
        argv[argc++] = at;
    }
    argv[argc] = NULL;
    child = fork();
    if (child == 0) {
        setenv("SW_TEST_NAME", buf, 1);
        setenv(CHAIN, end != NULL ? end + 1 : "", 1);
        execv("/proc/self/exe", argv);
        _exit(126);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

/* main() of one level, or of the last one, which is the call in question. */
static int level_main(const char *chain)
{
    struct seen *seen = map_seen(atoi(getenv(SHARED)));

    if (seen == NULL) {
        return 124;
    }
    prctl(PR_SET_NAME, getenv("SW_TEST_NAME"), 0, 0, 0);
    seen->pids[seen->count++] = getpid();
    if (chain[0] != '\0') {
        return start_level(chain);
    }
    read_here();
    seen->caller = caller;
    snprintf(seen->script_by, sizeof seen->script_by, "%s",
             caller.script.len > 0 ? caller.script.by : "");
    snprintf(seen->why, sizeof seen->why, "%s", caller.why != NULL ? caller.why : "");
    return 0;
}

static struct seen *run_chain(const char *chain)
{
    char number[16];
    int fd = memfd_create("seen", 0);
    struct seen *seen;
    pid_t child;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, sizeof *seen), 0);
    seen = map_seen(fd);
    ck_assert_ptr_nonnull(seen);
    snprintf(number, sizeof number, "%d", fd);
    child = support_fork();
    if (child == 0) {
        setenv(SHARED, number, 1);
        _exit(start_level(chain));
    }
    support_wait_ok(child);
    close(fd);
    return seen;
}

/* Wants one start time for each process of the chain, none before its parent's, the caller's among
 * them. */
static void starts_fit(const struct ancestry *a)
{
    size_t levels = a->chain_len > 0 ? 1 : 0;
    bool found = !a->known;

    for (size_t i = 0; i < a->chain_len; i++) {
        levels += a->chain[i] == ' ';
    }
    ck_assert_uint_eq(a->levels, levels);
    for (size_t i = 0; i < a->levels; i++) {
        ck_assert_uint_gt(a->starts[i], 0);
        ck_assert(i == 0 || a->starts[i] <= a->starts[i - 1]);
        found = found || a->starts[i] == a->start;
    }
    ck_assert(found);
}

/* Wants the chain to begin with these names; %: the pid of the level before the last, counted from
 * below. */
static void chain_is(const struct seen *seen, const char *const names[], int count)
{
    char wanted[1024] = "";

    for (int i = 0; i < count; i++) {
        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "%s%s[%ld]",
                 i > 0 ? " " : "", names[i], (long)seen->pids[seen->count - 2 - i]);
    }
    ck_assert_uint_eq(seen->caller.ancestry.chain_len, strlen(seen->caller.ancestry.chain));
    ck_assert_msg(strncmp(seen->caller.ancestry.chain, wanted, strlen(wanted)) == 0,
                  "got \"%s\", wanted \"%s\"", seen->caller.ancestry.chain, wanted);
    starts_fit(&seen->caller.ancestry);
}

/* "name", arguments...: one level of a chain. */
#define LEVEL(name, args) name "\x1f" args
#define THEN "\x1f" /* the next argument */
#define CALLS LEVEL_END
#define SENDMAIL LEVEL("sendmail", "/usr/sbin/sendmail" THEN "-t" THEN "-i")

/* The shell that popen(3) starts is in between. */
START_TEST(php_mail)
{
    struct seen *seen = run_chain(
        LEVEL("php-fpm8.2", "php-fpm: master process (/etc/php/fpm.conf)")
            CALLS LEVEL("php-fpm8.2", "php-fpm: pool web274")
                CALLS LEVEL("sh", "sh" THEN "-c" THEN "/usr/sbin/sendmail -t -i") CALLS SENDMAIL);
    const struct caller *c = &seen->caller;

    chain_is(seen, (const char *const[]){"sh", "php-fpm8.2", "php-fpm8.2"}, 3);
    ck_assert(c->ancestry.known);
    ck_assert(!c->ancestry.orphan);
    ck_assert_int_eq(c->ancestry.pid, seen->pids[1]);
    ck_assert_str_eq(c->ancestry.cmdline, "php-fpm: pool web274");
    ck_assert_uint_eq(c->ancestry.cmdline_len, strlen("php-fpm: pool web274") + 1);
    ck_assert_uint_le(c->ancestry.start, c->start);
    ck_assert_int_eq(c->pid, seen->pids[3]);
    ck_assert_int_eq(c->ppid, seen->pids[2]);
    ck_assert(c->start_known);
    ck_assert_uint_eq(c->script.len, 0); /* a title is no command line */
}
END_TEST

START_TEST(without_a_shell)
{
    struct seen *seen = run_chain(LEVEL("bash", "-bash") CALLS LEVEL(
        "perl", "/usr/bin/perl" THEN "-w" THEN "/srv/form.pl") CALLS SENDMAIL);

    chain_is(seen, (const char *const[]){"perl", "bash"}, 2);
    ck_assert_int_eq(seen->caller.ancestry.pid, seen->pids[1]);
    ck_assert_str_eq(seen->caller.script.path, "/srv/form.pl");
    ck_assert_str_eq(seen->script_by, "cmdline");
    ck_assert(!seen->caller.script.owner_known); /* there is no such file */
}
END_TEST

static const struct {
    const char *comm;
    bool skipped;
} shells[] = {{"sh", true},    {"dash", true}, {"bash", true},    {"busybox", true}, {"ash", true},
              {"ksh93", true}, {"zsh", true},  {"fish", true},    {"shx", false},    {"SH", false},
              {"", false},     {"php", false}, {"python3", false}};

START_TEST(shells_are_skipped)
{
    char chain[256];
    struct seen *seen;

    snprintf(chain, sizeof chain,
             LEVEL("cron", "/usr/sbin/CRON" THEN "-f") CALLS LEVEL("%s", "job") CALLS SENDMAIL,
             shells[_i].comm);
    seen = run_chain(chain);
    ck_assert_int_eq(seen->caller.ancestry.pid, seen->pids[shells[_i].skipped ? 0 : 1]);
    ck_assert_str_eq(seen->caller.ancestry.cmdline, shells[_i].skipped ? "/usr/sbin/CRON" : "job");
    chain_is(seen, (const char *const[]){shells[_i].comm, "cron"}, 2);
}
END_TEST

/* A process's name is its own to set: it must neither break the reading nor look like more
 * processes than there are. */
static const struct {
    const char *comm;
    const char *shown;
} forged[] = {
    {") S 1 (", ")_S_1_("},
    {"a) R 1 2 3 4 5", "a)_R_1_2_3_4_5"},
    {"cron[1] sh", "cron_1__sh"},
    {"(((", "((("},
    {")))", ")))"},
    {"tmux: server", "tmux:_server"},
    {"a\tb", "a_b"},
    {"a\nb\\", "a\nb\\"}, /* these the record's encoder sees to */
    {"\xff\xfe", "\xff\xfe"},
    {"123456789012345", "123456789012345"},
};

START_TEST(forged_names)
{
    char chain[256];
    struct seen *seen;

    snprintf(chain, sizeof chain, LEVEL("php", "php") CALLS LEVEL("%s", "x") CALLS SENDMAIL,
             forged[_i].comm);
    seen = run_chain(chain);
    ck_assert_int_eq(seen->caller.ancestry.pid, seen->pids[1]);
    chain_is(seen, (const char *const[]){forged[_i].shown, "php"}, 2);
}
END_TEST

START_TEST(long_chain)
{
    static const char *const names[] = {"sh", "sh", "sh", "sh", "sh", "sh", "sh", "sh"};
    char chain[1024] = LEVEL("php", "php");
    struct seen *seen;

    for (int i = 0; i < 9; i++) {
        strcat(chain, CALLS LEVEL("sh", "sh"));
    }
    strcat(chain, CALLS SENDMAIL);
    seen = run_chain(chain);
    chain_is(seen, names, 8);
    ck_assert_ptr_null(strstr(seen->caller.ancestry.chain, "php")); /* the walk is bounded */
    ck_assert(!seen->caller.ancestry.known);
    ck_assert(!seen->caller.ancestry.orphan);
    ck_assert_str_eq(seen->why, "");
}
END_TEST

START_TEST(long_command_line)
{
    char chain[4000] = LEVEL("php", "php" THEN "/srv/x.php");
    struct seen *seen;

    for (int i = 0; i < 100; i++) {
        strcat(chain, THEN "0123456789");
    }
    strcat(chain, CALLS SENDMAIL);
    seen = run_chain(chain);
    ck_assert_uint_eq(seen->caller.ancestry.cmdline_len, sizeof seen->caller.ancestry.cmdline - 1);
    ck_assert_uint_eq(seen->caller.script.len, 0); /* what is cut might name another script */
}
END_TEST

START_TEST(no_arguments)
{
    struct seen *seen = run_chain(LEVEL("daemon", "") CALLS SENDMAIL);

    ck_assert(seen->caller.ancestry.known);
    ck_assert_uint_eq(seen->caller.ancestry.cmdline_len, 1); /* an empty argv[0] */
    ck_assert_uint_eq(seen->caller.script.len, 0);
}
END_TEST

/* A relative name is meant from the caller's directory, not from ours. */
START_TEST(relative_script)
{
    char wanted[256];
    struct seen *seen;
    pid_t child;

    ck_assert_int_eq(mkdir(support_path("site"), 0755), 0);
    support_file("site/job.php", "<?php\n", 0644);
    ck_assert_int_eq(chdir(support_path("site")), 0);
    seen = run_chain(LEVEL("php", "php8.2" THEN "-q" THEN "./job.php" THEN "x") CALLS SENDMAIL);
    snprintf(wanted, sizeof wanted, "%s", support_path("site/job.php"));
    ck_assert_str_eq(seen->caller.script.path, wanted);
    ck_assert_uint_eq(seen->caller.script.len, strlen(wanted));
    ck_assert(seen->caller.script.owner_known);
    ck_assert_int_eq(seen->caller.script.owner, getuid());

    child = support_fork();
    if (child == 0) {
        if (chdir("/") != 0) {
            _exit(1);
        }
        seen = run_chain(LEVEL("php", "php" THEN "job.php") CALLS SENDMAIL);
        _exit(strcmp(seen->caller.script.path, "/job.php") != 0);
    }
    support_wait_ok(child);
}
END_TEST

/* Whoever called is gone: nobody is named. */
START_TEST(orphan)
{
    int fd = memfd_create("seen", 0);
    struct seen *seen;
    unsigned count = 0;
    pid_t middle;

    ck_assert_int_eq(ftruncate(fd, sizeof *seen), 0);
    seen = map_seen(fd);
    middle = support_fork();
    if (middle == 0) {
        pid_t self = getpid();

        if (fork() == 0) {
            while (getppid() == self) {
                usleep(1000);
            }
            read_here();
            seen->caller = caller;
            seen->pids[0] = getppid();
            __atomic_store_n(&seen->count, 1, __ATOMIC_RELEASE);
        }
        _exit(0);
    }
    support_wait_ok(middle);
    while (__atomic_load_n(&seen->count, __ATOMIC_ACQUIRE) == 0) {
        support_pause(&count);
    }
    if (seen->pids[0] != 1) {
        SKIP("orphans here are not init's");
    }
    ck_assert(!seen->caller.ancestry.known);
    ck_assert(seen->caller.ancestry.orphan ||
              seen->caller.ancestry.chain_len == 0); /* hidepid hides init */
}
END_TEST

/* A process that is younger than its child is not its parent: the number was given away again. */
START_TEST(number_given_away)
{
    struct ancestry a;
    struct procfs_stat stat;
    const char *why;
    int proc = procfs_open(&why);

    ck_assert(procfs_stat(proc, 0, &stat));
    memset(&a, 'G', sizeof a);
    ancestry_read(proc, getpid(), stat.start - 1, &a);
    ck_assert(!a.known);
    ck_assert(!a.orphan);
    ck_assert_uint_eq(a.chain_len, 0);
    ck_assert_str_eq(a.chain, "");
    ancestry_read(proc, getpid(), stat.start, &a);
    ck_assert(a.known);
    ck_assert_int_eq(a.pid, getpid());
    close(proc);
}
END_TEST

/* --- script: command lines ----------------------------------------------------------------- */

#define W "\0"
#define WORDS(text) text, sizeof text

static const struct {
    const char *cmdline;
    size_t len;
    const char *script; /* NULL: none */
} commands[] = {
    {WORDS("php" W "/a/x.php"), "/a/x.php"},
    {WORDS("/usr/bin/php8.2" W "/a/x.php" W "/b/y.php"), "/a/x.php"},
    {WORDS("php-cgi" W "/a/x.php"), "/a/x.php"},
    {WORDS("php-cgi8.2" W "-q" W "/a/x.php"), "/a/x.php"},
    {WORDS("php8.2-cgi" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-d" W "a=b" W "-dc=d" W "-n" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-nd" W "a=b" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-H" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-c" W "/etc/php.ini" W "-z" W "/ext.so" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "--define" W "a=b" W "--php-ini=/x" W "--no-php-ini" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-f" W "/a/x.php" W "--" W "-t"), "/a/x.php"},
    {WORDS("php" W "-f/a/x.php"), "/a/x.php"},
    {WORDS("php" W "--file=/a/x.php"), "/a/x.php"},
    {WORDS("php" W "--file" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-S" W "localhost:80" W "-t" W "/srv" W "/a/x.php"), "/a/x.php"},
    {WORDS("php" W "-r" W "/code;"), NULL},
    {WORDS("php" W "--run" W "/code;"), NULL},
    {WORDS("php" W "-qr" W "/code;"), NULL},
    {WORDS("php" W "-R" W "/code;" W "/a/x.php"), NULL},
    {WORDS("php" W "--" W "/argument"), NULL}, /* php(1): then the code is on stdin */
    {WORDS("php" W "-"), NULL},
    {WORDS("php"), NULL},
    {WORDS("php" W "-d"), NULL},
    {WORDS("php-cgi" W "-b" W "/run/php.sock"), NULL}, /* the FastCGI daemon */
    {WORDS("php-cgi" W "-b" W "127.0.0.1:9000"), NULL},
    {WORDS("php-fpm: pool web274"), NULL},
    {WORDS("php-fpm8.2" W "/a/x.php"), NULL},
    {WORDS("php-fpm" W "-F"), NULL},
    {WORDS("phpunit" W "/a/tests"), NULL},
    {WORDS("phpmyadmin" W "/a"), NULL},

    {WORDS("perl" W "/a/x.pl"), "/a/x.pl"},
    {WORDS("/usr/bin/perl5.36.0" W "-wT" W "/a/x.pl"), "/a/x.pl"},
    {WORDS("perl" W "-I/lib" W "-I" W "/lib2" W "-MCGI" W "-T" W "/a/x.pl"), "/a/x.pl"},
    {WORDS("perl" W "--" W "/a/x.pl"), "/a/x.pl"},
    {WORDS("perl" W "-e" W "/code/"), NULL},
    {WORDS("perl" W "-ne" W "/code/"), NULL},
    {WORDS("perl" W "-lane" W "/code/" W "/file"), NULL},
    {WORDS("perl" W "-l012" W "-0777" W "-pe" W "/code/"), NULL},
    {WORDS("perl" W "-i.bak" W "-pe" W "/code/"), NULL},
    {WORDS("perl" W "-MFoo=e" W "/a/x.pl"), "/a/x.pl"},
    {WORDS("perldoc" W "/a/x"), NULL},

    {WORDS("python3" W "/a/x.py"), "/a/x.py"},
    {WORDS("/usr/bin/python3.11" W "-u" W "-W" W "ignore" W "-Xdev" W "/a/x.py"), "/a/x.py"},
    {WORDS("python" W "-c" W "/code"), NULL},
    {WORDS("python3" W "-m" W "/module"), NULL},
    {WORDS("python3" W "-um" W "/module"), NULL},
    {WORDS("python3" W "-Ic" W "/code"), NULL},
    {WORDS("python3-config" W "/a"), NULL},

    {WORDS("ruby3.1" W "-I" W "/lib" W "-rjson" W "-w" W "/a/x.rb"), "/a/x.rb"},
    {WORDS("ruby" W "-W0" W "/a/x.rb"), "/a/x.rb"},
    {WORDS("ruby" W "-ne" W "/code"), NULL},

    {WORDS("node" W "/a/x.js"), "/a/x.js"},
    {WORDS("nodejs" W "--max-old-space-size=4096" W "-r" W "/lib" W "/a/x.js"), "/a/x.js"},
    {WORDS("node" W "--require" W "/lib" W "/a/x.js"), "/a/x.js"},
    {WORDS("node" W "--trace-warnings" W "/a/x.js"), "/a/x.js"},
    {WORDS("node" W "--eval" W "/code"), NULL},
    {WORDS("node" W "-pe" W "/code"), NULL},
    {WORDS("nodemailer" W "/a"), NULL},

    {WORDS("/usr/sbin/CRON" W "-f"), NULL},
    {WORDS("mutt" W "/a/x.php"), NULL},
    {WORDS(""), NULL},
    {WORDS("php" W ""), NULL},
    {WORDS("php" W W "/a"), NULL}, /* an empty name is a name */
    {"php", 0, NULL},
};

static void set_cmdline(struct ancestry *a, const char *bytes, size_t len)
{
    memset(a, 0, sizeof *a);
    memset(a->cmdline, 'G', sizeof a->cmdline);
    ck_assert_uint_lt(len, sizeof a->cmdline);
    memcpy(a->cmdline, bytes, len);
    a->cmdline[len] = '\0';
    a->cmdline_len = len;
    a->known = true;
    a->pid = getpid();
}

START_TEST(script_of_a_command)
{
    struct ancestry a;
    struct script script;
    const char *why;
    int proc = procfs_open(&why);

    set_cmdline(&a, commands[_i].cmdline, commands[_i].len);
    memset(&script, 'G', sizeof script);
    ck_assert_int_eq(script_from_cmdline(proc, &a, &script), commands[_i].script != NULL);
    if (commands[_i].script != NULL) {
        ck_assert_str_eq(script.path, commands[_i].script);
        ck_assert_uint_eq(script.len, strlen(commands[_i].script));
        ck_assert_str_eq(script.by, "cmdline");
    } else {
        ck_assert_uint_eq(script.len, 0);
    }
    close(proc);
}
END_TEST

START_TEST(script_without_a_caller)
{
    struct ancestry a;
    struct script script;

    set_cmdline(&a, WORDS("php" W "/a/x.php"));
    a.known = false;
    ck_assert(!script_from_cmdline(-1, &a, &script));
    set_cmdline(&a, WORDS("php" W "x.php"));
    ck_assert(script_from_cmdline(
        -1, &a, &script)); /* its directory is not known: the name is left as it is */
    ck_assert_str_eq(script.path, "x.php");
    ck_assert(!script.owner_known);
}
END_TEST

/* Together with its directory the name is longer than a path can be. */
START_TEST(script_too_long)
{
    char words[1000] = "php";
    struct ancestry a;
    struct script script;
    const char *why;
    int proc = procfs_open(&why);

    memset(words + 4, 'x', sizeof words - 5);
    set_cmdline(&a, words, sizeof words);
    ck_assert_int_eq(chdir(support_dir()), 0);
    for (int i = 0; i < 16; i++) {
        char name[256];

        memset(name, 'd', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        if (strlen(support_dir()) + (size_t)i * 256 + 256 > 3800) {
            break;
        }
        ck_assert_int_eq(mkdir(name, 0700), 0);
        ck_assert_int_eq(chdir(name), 0);
    }
    ck_assert(!script_from_cmdline(proc, &a, &script));
    ck_assert_uint_eq(script.len, 0);
}
END_TEST

/* --- script: descriptors ------------------------------------------------------------------- */

static void hold(const char *path, int flags, int fd)
{
    int opened = open(path, flags | O_CLOEXEC, 0600);

    ck_assert_msg(opened >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(dup2(opened, fd), fd);
    if (opened != fd) {
        close(opened);
    }
}

static bool find_descriptor(struct script *script)
{
    const char *why;
    int proc = procfs_open(&why);
    bool found;

    memset(script, 'G', sizeof *script);
    found = script_from_descriptor(proc, getuid(), script);
    ck_assert_int_eq(found, script->len > 0);
    close(proc);
    return found;
}

START_TEST(script_that_is_open)
{
    const char *path = support_file("x.php", "<?php\n", 0644);
    struct script script;

    ck_assert(!find_descriptor(&script));
    hold(path, O_RDONLY, 50);
    ck_assert(find_descriptor(&script));
    ck_assert_str_eq(script.path, path);
    ck_assert_uint_eq(script.len, strlen(path));
    ck_assert_str_eq(script.by, "fd");
    ck_assert(script.owner_known);
    ck_assert_int_eq(script.owner, getuid());
}
END_TEST

/* What proves nothing, or is no script. */
START_TEST(descriptors_that_do_not_count)
{
    const char *path = support_file("no.php", "<?php\n", 0644), *other = support_path("dir.php");
    struct script script;
    int ends[2];

    hold(path, O_PATH, 50); /* needs no right to read */
    hold(path, O_WRONLY, 51);
    hold(path, O_RDWR, 52);
    hold(path, O_WRONLY | O_APPEND, 53);
    hold(path, O_PATH | O_NOFOLLOW, 54);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    hold(other, O_RDONLY | O_DIRECTORY, 55);
    other = support_path("fifo.php");
    ck_assert_int_eq(mkfifo(other, 0600), 0);
    hold(other, O_RDONLY | O_NONBLOCK, 56);
    hold(support_file("php", "", 0600), O_RDONLY, 57);
    hold(support_file("x.php.txt", "", 0600), O_RDONLY, 58);
    hold(support_file("xphp", "", 0600), O_RDONLY, 59);
    ck_assert_int_eq(mkdir(support_path("a.php"), 0700), 0);
    hold(support_file("a.php/log", "", 0600), O_RDONLY, 60);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    hold("/dev/null", O_RDONLY, 61);
    hold(path, O_RDONLY, 2); /* 0 to 2 are the caller's redirections */
    hold(path, O_RDONLY, 300);
    ck_assert(!find_descriptor(&script));
    hold(path, O_RDONLY, 255);
    ck_assert(find_descriptor(&script));
}
END_TEST

static const char *const script_names[] = {"a.phtml", "a.PHP", "a.phar", "a.pl",    "a.cgi",
                                           "a.py",    "a.rb",  "a.inc",  "a.b.php", ".php"};

START_TEST(names_of_scripts)
{
    const char *path = support_file(script_names[_i], "", 0644);
    struct script script;

    hold(path, O_RDONLY, 7);
    ck_assert(find_descriptor(&script));
    ck_assert_str_eq(script.path, path);
}
END_TEST

START_TEST(lowest_descriptor)
{
    struct script script;

    hold(support_file("nine.php", "", 0644), O_RDONLY, 90);
    hold(support_file("two.php", "", 0644), O_RDONLY, 80);
    ck_assert(find_descriptor(&script));
    ck_assert_str_eq(script.path, support_path("two.php"));
}
END_TEST

/* A caller may hold a neighbour's script open; one that is his own is the better evidence. */
START_TEST(own_script_first)
{
    const char *foreign = support_file("foreign.php", "", 0644),
               *own = support_file("own.php", "", 0644);
    struct script script;

    if (getuid() != 0) {
        SKIP("somebody else's file takes root to make");
    }
    ck_assert_int_eq(chown(foreign, NOBODY, NOBODY), 0);
    hold(foreign, O_RDONLY, 40);
    ck_assert(find_descriptor(&script));
    ck_assert_str_eq(script.path, foreign);
    ck_assert_int_eq(script.owner, NOBODY);
    hold(own, O_RDONLY, 41);
    ck_assert(find_descriptor(&script));
    ck_assert_str_eq(script.path, own);
    ck_assert_int_eq(script.owner, 0);
}
END_TEST

/* An upload that is removed once it runs. */
START_TEST(deleted_script)
{
    const char *path = support_file("gone.php", "", 0644);
    char wanted[256];
    struct script script;

    hold(path, O_RDONLY, 9);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(find_descriptor(&script));
    snprintf(wanted, sizeof wanted, "%s (deleted)", path);
    ck_assert_str_eq(script.path, wanted);
    ck_assert(script.owner_known);

    path = support_file("gone.txt", "", 0644);
    hold(path, O_RDONLY, 9);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(!find_descriptor(&script));
}
END_TEST

START_TEST(descriptor_limit)
{
    static const rlim_t limits[] = {0, 1, 3, 10, 252, 253, 254, 1024};
    const char *path = support_file("limit.php", "", 0644);
    struct rlimit before, now;
    const char *why;
    int proc = procfs_open(&why);

    hold(path, O_RDONLY, 11);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct script script;
        bool found;

        now = before;
        now.rlim_cur = limits[i];
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &now), 0);
        found = script_from_descriptor(proc, getuid(), &script);
        setrlimit(RLIMIT_NOFILE, &before);
        ck_assert_int_eq(found,
                         limits[i] >= 10); /* poll(2) takes no more entries than that: 3 and up */
    }
}
END_TEST

/* The order of the kinds of evidence, and what the environment claims. */
START_TEST(script_by)
{
    char path[256], claim[300];
    const char *environment[] = {claim, NULL};

    snprintf(path, sizeof path, "%s", support_file("by.php", "", 0644));
    snprintf(claim, sizeof claim, "SCRIPT_FILENAME=%s", path);
    read_with(environment);
    ck_assert_str_eq(caller.script.path, path);
    ck_assert_str_eq(caller.script.by, "env");
    ck_assert(caller.script.owner_known);
    ck_assert_int_eq(caller.script.owner, getuid());

    snprintf(claim, sizeof claim, "SCRIPT_FILENAME=/nonexistent");
    read_with(environment);
    ck_assert_str_eq(caller.script.path, "/nonexistent");
    ck_assert(!caller.script.owner_known);

    hold(path, O_RDONLY, 20);
    read_with(environment);
    ck_assert_str_eq(caller.script.path, path);
    ck_assert_str_eq(caller.script.by, "fd");
    ck_assert_str_eq(caller.env_script, "/nonexistent");
    close(20);

    snprintf(claim, sizeof claim, "SCRIPT_FILENAME=");
    read_with(environment);
    ck_assert_uint_eq(caller.script.len, 0);
}
END_TEST

/* --- environment --------------------------------------------------------------------------- */

START_TEST(claims)
{
    static char huge[100000] = "REQUEST_URI=/";
    const char *environment[] = {
        "REMOTE_ADDRX=no", "XREMOTE_ADDR=no",     "REMOTE_ADDR",        "=REMOTE_ADDR", "",
        "HTTP_HOST=",      "REMOTE_ADDR=1.2.3.4", "REMOTE_ADDR=second", huge,           NULL};

    memset(huge + 13, 'a', sizeof huge - 14);
    read_with(environment);
    ck_assert_ptr_eq(caller.remote, environment[6] + 12); /* the first, as getenv(3) has it */
    ck_assert_str_eq(caller.http_host, "");
    ck_assert_ptr_eq(caller.uri, huge + 12);
    ck_assert_ptr_null(caller.env_script);

    read_here();
    ck_assert_ptr_null(caller.remote);
    ck_assert_ptr_null(caller.http_host);
    ck_assert_ptr_null(caller.uri);
    ck_assert_uint_eq(caller.script.len, 0);
    read_with(NULL);
    ck_assert_ptr_null(caller.remote);
}
END_TEST

START_TEST(claim_too_long)
{
    static char claim[2 * PATH_MAX] = "SCRIPT_FILENAME=/";
    const char *environment[] = {claim, NULL};

    memset(claim + 17, 'a', sizeof claim - 18);
    read_with(environment);
    ck_assert_uint_eq(caller.script.len, 0);
    ck_assert_ptr_nonnull(caller.env_script);
}
END_TEST

/* --- the working directory ----------------------------------------------------------------- */

static void enter(const char *name, unsigned mode)
{
    ck_assert_int_eq(mkdir(name, 0700), 0);
    ck_assert_int_eq(chdir(name), 0);
    ck_assert_int_eq(chmod(".", mode), 0);
}

static void cwd_is(const char *path, bool deleted)
{
    read_here();
    ck_assert_str_eq(caller.cwd, path);
    ck_assert_int_eq(caller.cwd_deleted, deleted);
    ck_assert(caller.cwd_uid_known);
    ck_assert_int_eq(caller.cwd_uid, getuid());
}

static const char *const directories[] = {"plain", "x (deleted)", "with\nline feed", "\xff\xfe",
                                          "(unreachable)"};

START_TEST(cwd)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", support_dir(), directories[_i]);
    enter(path, 0700);
    cwd_is(path, false);
    ck_assert_int_eq(rmdir(path), 0);
    cwd_is(path, true);
}
END_TEST

START_TEST(cwd_root)
{
    ck_assert_int_eq(chdir("/"), 0);
    read_here();
    ck_assert_str_eq(caller.cwd, "/");
    ck_assert(!caller.cwd_deleted);
}
END_TEST

/* Goes down into directories of 199 characters until the path has this length or a little more;
 * returns it. */
static size_t go_down(size_t length)
{
    char name[200];
    size_t n = strlen(support_dir());

    memset(name, 'd', sizeof name);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(chdir(support_dir()), 0);
    while (n < length) {
        if (length - n < 200) {
            name[length - n > 1 ? length - n - 1 : 1] = '\0';
        }
        ck_assert_int_eq(mkdir(name, 0700), 0);
        ck_assert_int_eq(chdir(name), 0);
        n += 1 + strlen(name);
    }
    return n;
}

static void remove_down(void)
{
    pid_t child = support_fork();

    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "cd \"$0\" && rm -rf d*", support_dir(), (char *)NULL);
        _exit(1);
    }
    support_wait_ok(child);
}

START_TEST(long_cwd)
{
    static const size_t lengths[] = {1000, 4000, PATH_MAX - 1, PATH_MAX, PATH_MAX + 1, 6000};
    size_t n = go_down(lengths[_i]);

    read_here();
    ck_assert_uint_eq(strlen(caller.cwd),
                      n < PATH_MAX ? n : 0); /* a longer one has no name that anybody can use */
    ck_assert(!caller.cwd_deleted);
    ck_assert(caller.cwd_uid_known);
    remove_down();
}
END_TEST

/* Its owner can take the right to look into it from everybody, himself too. */
START_TEST(closed_cwd)
{
    char path[256];

    snprintf(path, sizeof path, "%s", support_path("closed"));
    if (getuid() == 0) {
        ck_assert_int_eq(mkdir(path, 0700), 0);
        ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
        ck_assert_int_eq(chdir(path), 0);
        ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
        ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
        ck_assert_int_eq(chmod(".", 0), 0);
    } else {
        enter(path, 0);
    }
    cwd_is(path, false);
}
END_TEST

/* --- who we are ---------------------------------------------------------------------------- */

START_TEST(ids)
{
    read_here();
    ck_assert_int_eq(caller.uid, getuid());
    ck_assert_int_eq(caller.gid, getgid());
    ck_assert_int_eq(caller.pid, getpid());
    ck_assert_int_eq(caller.ppid, getppid());
    ck_assert(caller.start_known);
    ck_assert_uint_gt(caller.start, 0);
    ck_assert_uint_gt(strlen(caller.host), 0);
}
END_TEST

START_TEST(user_name)
{
    struct passwd *pw = getpwuid(getuid());

    read_here();
    ck_assert_str_eq(caller.user, pw != NULL ? pw->pw_name : "");
}
END_TEST

#define NO_NAMESPACE "no namespace of our own to be had"

static bool cover(const char *path, const char *text)
{
    char source[256];

    snprintf(source, sizeof source, "%s", support_file("cover", text, 0644));
    return mount(source, path, NULL, MS_BIND, NULL) == 0;
}

static const struct {
    const char *what;
    const char *passwd; /* %u: our uid */
    const char *user;
} passwds[] = {
    {"first line", "web274:x:%u:1::/:/bin/sh\n", "web274"},
    {"among others", "a:x:9%u:1::/:\nb:x:%u9:1::/:\nc:x:%u:1::/:\nd:x:%u:1::/:\n", "c"},
    {"no line end", "a:x:9%u:1::/:\nc:x:%u:1::/:", "c"},
    {"not there", "a:x:9%u:1::/:\n", ""},
    {"empty file", "", ""},
    {"comments and NIS", "#c:x:%u:1::/:\n+n:x:%u:1::/:\n-m:x:%u:1::/:\n:x:%u:1::/:\n", ""},
    {"too few fields", "a:%u\nb:x:%u\nc\n", ""},
    {"uid as another field", "a:%u:9%u:%u:%u:/:\n", ""},
    {"uid only so written", "a:x:0%u:1::/:\nb:x:+%u:1::/:\n", ""},
};

START_TEST(passwd_file)
{
    char text[512];
    unsigned uid = getuid() + 7000; /* not 0 */

    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
    snprintf(text, sizeof text, passwds[_i].passwd, uid, uid, uid, uid);
    _Pragma("GCC diagnostic pop");
    if (!support_own_mounts() || !cover("/etc/passwd", text)) {
        SKIP(NO_NAMESPACE);
    }
    struct privilege privilege;

    privilege_read(&privilege);
    privilege.uid = uid;
    memset(&caller, 'G', sizeof caller);
    caller_read(&privilege, NULL, &caller);
    ck_assert_msg(strcmp(caller.user, passwds[_i].user) == 0, "%s: %s", passwds[_i].what,
                  caller.user);
}
END_TEST

START_TEST(large_passwd_file)
{
    static char text[60000];
    struct privilege privilege;
    size_t n;

    memset(text, 'x', 20000); /* a line longer than what is read at once */
    n = 20000;
    n += (size_t)sprintf(text + n, "\n");
    while (n < 50000) {
        n += (size_t)sprintf(text + n, "user%zu:x:%zu:1::/:/bin/sh\n", n, n + 100000);
    }
    sprintf(text + n, "last:x:77:1::/:/bin/sh\n");
    if (!support_own_mounts() || !cover("/etc/passwd", text)) {
        SKIP(NO_NAMESPACE);
    }
    privilege_read(&privilege);
    privilege.uid = 77;
    caller_read(&privilege, NULL, &caller);
    ck_assert_str_eq(caller.user, "last");
}
END_TEST

START_TEST(odd_passwd)
{
    char fifo[256];

    snprintf(fifo, sizeof fifo, "%s", support_path("passwd.fifo"));
    ck_assert_int_eq(mkfifo(fifo, 0644), 0);
    if (!support_own_mounts() || mount(fifo, "/etc/passwd", NULL, MS_BIND, NULL) != 0) {
        SKIP(NO_NAMESPACE);
    }
    read_here(); /* and does not wait for a writer */
    ck_assert_str_eq(caller.user, "");
}
END_TEST

static const struct {
    const char *name, *host;
} hosts[] = {{"web1", "web1"},    {"web1.example.org", "web1"},
             {"a b", "a"},        {"a\"b[1]: c", "a-b-1--"},
             {"\xff\n", "-"},     {"", "-"},
             {".x", "-"},         {"under_score", "under_score"},
             {"(none)", "-none-"}};

START_TEST(host_name)
{
    if (unshare(CLONE_NEWUTS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWUTS) != 0) {
        SKIP(NO_NAMESPACE);
    }
    if (sethostname(hosts[_i].name, strlen(hosts[_i].name)) != 0) {
        SKIP("the host's name cannot be set");
    }
    read_here();
    ck_assert_str_eq(caller.host, hosts[_i].host);
}
END_TEST

static const struct {
    const char *what;
    const char *cgroup;
    const char *unit;
} cgroups[] = {
    {"service", "0::/system.slice/php8.2-fpm.service\n", "php8.2-fpm.service"},
    {"session", "0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope"},
    {"what a user made is not looked at",
     "0::/user.slice/user-1000.slice/user@1000.service/app.slice/php8.2-fpm.service\n",
     "user@1000.service"},
    {"below a service", "0::/system.slice/apache2.service/x.service\n", "apache2.service"},
    {"version 1",
     "12:memory:/system.slice/a.service\n1:name=systemd:/system.slice/cron.service\n0::/\n",
     "cron.service"},
    {"both", "1:name=systemd:/system.slice/cron.service\n0::/system.slice/b.service\n",
     "cron.service"},
    {"only other controllers", "12:memory:/system.slice/a.service\n", ""},
    {"no unit", "0::/\n", ""},
    {"no systemd", "0::/docker/0123456789abcdef\n", ""},
    {"slices are no units", "0::/system.slice\n", ""},
    {"only an ending", "0::/.service/.scope\n", ""},
    {"a colon in a name", "0::/a:/b/x.service\n", "x.service"},
    {"no line end", "0::/system.slice/cron.service", "cron.service"},
    {"unfinished", "0:", ""},
    {"empty line", "\n0::/cron.service\n", "cron.service"},
    {"empty", "", ""},
};

START_TEST(unit)
{
    if (!support_own_mounts() || !cover("/proc/self/cgroup", cgroups[_i].cgroup)) {
        SKIP(NO_NAMESPACE);
    }
    read_here();
    ck_assert_msg(strcmp(caller.unit, cgroups[_i].unit) == 0, "%s: %s", cgroups[_i].what,
                  caller.unit);
}
END_TEST

START_TEST(long_unit)
{
    static char text[6000];

    strcpy(text, "0::/");
    memset(text + 4, 'a', 300);
    strcat(text, ".service/");
    memset(text + strlen(text), 'b', 5000);
    if (!support_own_mounts() || !cover("/proc/self/cgroup", text)) {
        SKIP(NO_NAMESPACE);
    }
    read_here();
    ck_assert_uint_eq(strlen(caller.unit), sizeof caller.unit - 1);
}
END_TEST

static const struct {
    const char *text;
    bool known;
    unsigned long value;
} loginuids[] = {{"1000", true, 1000},
                 {"0", true, 0},
                 {"4294967295", false, 0},
                 {"1000\n", true, 1000},
                 {"", false, 0}};

START_TEST(loginuid)
{
    if (!support_own_mounts() || !cover("/proc/self/loginuid", loginuids[_i].text)) {
        SKIP(NO_NAMESPACE " (or a kernel without audit)");
    }
    read_here();
    ck_assert_int_eq(caller.loginuid_known, loginuids[_i].known);
    if (loginuids[_i].known) {
        ck_assert_uint_eq(caller.loginuid, loginuids[_i].value);
    }
}
END_TEST

/* --- /proc that is not what it should be --------------------------------------------------- */

static _Noreturn void nothing_from_proc(const char *why)
{
    char path[256];

    ck_assert_int_eq(chdir(support_dir()), 0);
    read_here();
    ck_assert_ptr_nonnull(caller.why);
    ck_assert_str_eq(caller.why, why);
    ck_assert(!caller.start_known);
    ck_assert(!caller.loginuid_known);
    ck_assert_str_eq(caller.unit, "");
    ck_assert_uint_eq(caller.ancestry.chain_len, 0);
    ck_assert(!caller.ancestry.known);
    ck_assert_uint_eq(caller.script.len, 0);
    ck_assert_str_eq(caller.cwd, support_dir()); /* the kernel says that without /proc */
    ck_assert_int_eq(caller.ppid, getppid());

    snprintf(path, sizeof path, "%s", support_path("noproc"));
    enter(path, 0700);
    ck_assert_int_eq(rmdir(path), 0);
    read_here();
    ck_assert_str_eq(caller.cwd, ""); /* a deleted one it says only there */
    ck_assert(caller.cwd_uid_known);
    _exit(0); /* a leak sanitizer needs /proc */
}

START_TEST(no_proc)
{
    if (!support_own_mounts() || mount("none", "/proc", "tmpfs", 0, NULL) != 0) {
        SKIP(NO_NAMESPACE);
    }
    nothing_from_proc("/proc is not procfs");
}
END_TEST

/* A forged one: as good as a directory can be. */
START_TEST(forged_proc)
{
    char pid[32];

    if (!support_own_mounts() || mount("none", "/proc", "tmpfs", 0, NULL) != 0) {
        SKIP(NO_NAMESPACE);
    }
    snprintf(pid, sizeof pid, "/proc/%ld", (long)getpid());
    ck_assert_int_eq(mkdir(pid, 0755), 0);
    ck_assert_int_eq(symlink(pid, "/proc/self"), 0);
    nothing_from_proc("/proc is not procfs");
}
END_TEST

START_TEST(proc_of_another_namespace)
{
    pid_t child;

    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
        SKIP(NO_NAMESPACE);
    }
    child = support_fork(); /* pid 1 of the new one; /proc still shows the old one */
    if (child == 0) {
        read_here();
        _exit(caller.why == NULL || strcmp(caller.why, "/proc is of another pid namespace") != 0 ||
              caller.ancestry.chain_len != 0 || caller.start_known);
    }
    support_wait_ok(child);
    _exit(0); /* a leak sanitizer forks, and the namespace's pid 1 is gone */
}
END_TEST

START_TEST(hidden_caller)
{
    pid_t child;

    if (getuid() != 0) {
        SKIP("a /proc with hidepid takes root to mount");
    }
    if (!support_own_mounts() || mount("proc", "/proc", "proc", 0, "hidepid=2") != 0) {
        SKIP(NO_NAMESPACE);
    }
    child = support_fork();
    if (child == 0) {
        if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0) {
            _exit(1);
        }
        read_here(); /* our parent is root's */
        _exit(caller.why == NULL || strcmp(caller.why, "caller hidden") != 0 ||
              caller.ancestry.chain_len != 0 || caller.ancestry.known || !caller.start_known);
    }
    support_wait_ok(child);
}
END_TEST

/* --- procfs itself ------------------------------------------------------------------------- */

START_TEST(procfs_bounds)
{
    const char *why;
    int proc = procfs_open(&why);
    char small[4], buf[4096];
    struct procfs_stat stat;

    ck_assert_int_ge(proc, 0);
    ck_assert_int_eq(fcntl(proc, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(procfs_read(proc, "self/stat", small, sizeof small), 3);
    ck_assert_uint_eq(strlen(small), 3);
    ck_assert_int_eq(procfs_read(proc, "self/nothing", small, sizeof small), -1);
    ck_assert_int_gt(procfs_read_pid(proc, getpid(), "comm", buf, sizeof buf), 0);
    ck_assert_int_eq(procfs_read_pid(proc, getpid(), "a-name-that-is-longer-than-any-that-we-use",
                                     buf, sizeof buf),
                     -1);
    ck_assert_int_eq(procfs_link(proc, "self/exe", small, sizeof small), -1);
    ck_assert_int_gt(procfs_link(proc, "self/exe", buf, sizeof buf), 1);
    ck_assert_int_eq(procfs_link(proc, "self/stat", buf, sizeof buf), -1);
    ck_assert(procfs_stat(proc, 0, &stat));
    ck_assert_int_eq(stat.ppid, getppid());
    ck_assert(!procfs_stat(proc, 2147483647, &stat));
    close(proc);
}
END_TEST

static const struct {
    const char *what;
    const char *text;
    bool good;
} stats[] = {
    {"as it is", "7 (a) S 5 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 12345 1 1\n", true},
    {"ends with the start time", "7 (a) S 5 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 12345", true},
    {"one field short", "7 (a) S 5 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0", false},
    {"no parenthesis", "7 a S 5 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 12345", false},
    {"only one", "7 (a S 5 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 12345", false},
    {"the wrong way round", "7 )a( S 5 7 7 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 12345", false},
    {"empty", "", false},
};

START_TEST(procfs_stat_line)
{
    struct procfs_stat stat;
    const char *why;
    int proc;

    if (!support_own_mounts() || !cover("/proc/self/stat", stats[_i].text)) {
        SKIP(NO_NAMESPACE);
    }
    proc = procfs_open(&why);
    ck_assert_int_eq(procfs_stat(proc, 0, &stat), stats[_i].good);
    if (stats[_i].good) {
        ck_assert_str_eq(stat.comm, "a");
        ck_assert_int_eq(stat.ppid, 5);
        ck_assert_uint_eq(stat.start, 12345);
    }
}
END_TEST

START_TEST(nothing_stays_open)
{
    int before = dup(2), after;

    close(before);
    read_here();
    after = dup(2);
    ck_assert_int_eq(before, after);
    close(after);
}
END_TEST

/* With no descriptor left there is less evidence, and no crash. */
START_TEST(no_descriptor_left)
{
    struct rlimit before, none;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    read_here();
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(caller.uid, getuid());
    ck_assert_str_ne(caller.cwd, "");
    ck_assert_ptr_nonnull(caller.why);
}
END_TEST

static void add_chain_tests(TCase *tc)
{
    tcase_add_test(tc, php_mail);
    tcase_add_test(tc, without_a_shell);
    tcase_add_loop_test(tc, shells_are_skipped, 0, sizeof shells / sizeof shells[0]);
    tcase_add_loop_test(tc, forged_names, 0, sizeof forged / sizeof forged[0]);
    tcase_add_test(tc, long_chain);
    tcase_add_test(tc, long_command_line);
    tcase_add_test(tc, no_arguments);
    tcase_add_test(tc, relative_script);
    tcase_add_test(tc, orphan);
    tcase_add_test(tc, number_given_away);
}

static void add_script_tests(TCase *tc)
{
    tcase_add_loop_test(tc, script_of_a_command, 0, sizeof commands / sizeof commands[0]);
    tcase_add_test(tc, script_without_a_caller);
    tcase_add_test(tc, script_too_long);
    tcase_add_test(tc, script_that_is_open);
    tcase_add_test(tc, descriptors_that_do_not_count);
    tcase_add_loop_test(tc, names_of_scripts, 0, sizeof script_names / sizeof script_names[0]);
    tcase_add_test(tc, lowest_descriptor);
    tcase_add_test(tc, own_script_first);
    tcase_add_test(tc, deleted_script);
    tcase_add_test(tc, descriptor_limit);
    tcase_add_test(tc, script_by);
}

static void add_other_tests(TCase *tc)
{
    tcase_add_test(tc, claims);
    tcase_add_test(tc, claim_too_long);
    tcase_add_loop_test(tc, cwd, 0, sizeof directories / sizeof directories[0]);
    tcase_add_test(tc, cwd_root);
    tcase_add_loop_test(tc, long_cwd, 0, 6);
    tcase_add_test(tc, closed_cwd);
    tcase_add_test(tc, ids);
    tcase_add_test(tc, user_name);
    tcase_add_loop_test(tc, passwd_file, 0, sizeof passwds / sizeof passwds[0]);
    tcase_add_test(tc, large_passwd_file);
    tcase_add_test(tc, odd_passwd);
    tcase_add_loop_test(tc, host_name, 0, sizeof hosts / sizeof hosts[0]);
    tcase_add_loop_test(tc, unit, 0, sizeof cgroups / sizeof cgroups[0]);
    tcase_add_test(tc, long_unit);
    tcase_add_loop_test(tc, loginuid, 0, sizeof loginuids / sizeof loginuids[0]);
    tcase_add_test(tc, no_proc);
    tcase_add_test(tc, forged_proc);
    tcase_add_test(tc, proc_of_another_namespace);
    tcase_add_test(tc, hidden_caller);
    tcase_add_test(tc, procfs_bounds);
    tcase_add_loop_test(tc, procfs_stat_line, 0, sizeof stats / sizeof stats[0]);
    tcase_add_test(tc, nothing_stays_open);
    tcase_add_test(tc, no_descriptor_left);
}

int main(void)
{
    const char *chain = getenv(CHAIN);
    Suite *suite;
    TCase *tc;

    if (chain != NULL) {
        return level_main(chain);
    }
    suite = suite_create("caller");
    tc = tcase_create("caller");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, support_begin, support_end);
    add_chain_tests(tc);
    add_script_tests(tc);
    add_other_tests(tc);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
