/*
 * script - see script.h. Hostile input: descriptors and their names, command lines, paths. Bounded;
 * what cannot be read is absent.
 */
#include "script.h"
#include "strbuf.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The numbers that are looked at: a caller may hold a million. PHP was seen to leave its script at
 * 3, 5, 12. */
#define FIRST_DESCRIPTOR 3
#define DESCRIPTORS_MAX 253

static bool named_like_script(const char *path)
{
    static const char *const endings[] = {".php",  ".phtml", ".phar", ".inc",  ".php3",
                                          ".php4", ".php5",  ".php7", ".php8", ".pl",
                                          ".cgi",  ".py",    ".rb",   ".fcgi"};
    const char *slash = strrchr(path, '/');
    const char *dot = slash != NULL ? strrchr(slash, '.') : NULL;

    if (dot == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Fills ret from descriptor fd if it can be a script; a script of the caller's own replaces a
 * foreign one. */
static bool try_descriptor(int proc, int fd, uid_t uid, struct script *ret)
{
    struct stat st;
    char name[32], path[PATH_MAX];
    struct strbuf sb;
    ssize_t n;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) != O_RDONLY ||
        fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    if (ret->len > 0 && st.st_uid != uid) {
        return false;
    }
    strbuf_init(&sb, name, sizeof name);
    strbuf_puts(&sb, "self/fd/");
    strbuf_number(&sb, (unsigned long long)fd, 1);
    n = procfs_link(proc, name, path, sizeof path);
    if (n <= 0) {
        return false;
    }
    if (st.st_nlink == 0 && (size_t)n > strlen(" (deleted)")) {
        path[(size_t)n - strlen(" (deleted)")] = '\0'; /* for the look at its name only */
        if (!named_like_script(path)) {
            return false;
        }
        path[(size_t)n - strlen(" (deleted)")] = ' ';
    } else if (!named_like_script(path)) {
        return false;
    }
    memcpy(ret->path, path, (size_t)n + 1);
    ret->len = (size_t)n;
    ret->by = "fd";
    ret->owner_known = true;
    ret->owner = st.st_uid;
    return true;
}

/*
 * One poll(2) tells which numbers are open, at a tenth of the cost of listing /proc/self/fd; an
 * O_PATH descriptor says POLLNVAL like a closed one.
 */
bool script_from_descriptor(int proc, uid_t uid, struct script *ret)
{
    struct pollfd fds[DESCRIPTORS_MAX];
    struct rlimit limit;
    int count = DESCRIPTORS_MAX;

    ret->len = 0;
    /* poll(2): more entries than RLIMIT_NOFILE is EINVAL. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX) {
        count = (int)limit.rlim_cur;
    }
    for (int i = 0; i < count; i++) {
        fds[i].fd = FIRST_DESCRIPTOR + i;
        fds[i].events = 0;
        fds[i].revents = 0;
    }
    if (poll(fds, (nfds_t)count, 0) < 0) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        if ((fds[i].revents & POLLNVAL) == 0 && fds[i].fd != proc &&
            try_descriptor(proc, fds[i].fd, uid, ret) && ret->owner == uid) {
            return true;
        }
    }
    return ret->len > 0;
}

/* An interpreter: its name's start, and the options that take the next word as their value. */
struct interpreter {
    const char *name;
    const char *value_options; /* single letters */
    const char *code_options; /* letters after which there is no script: code on the command line */
    char file_option;         /* the letter whose value is the script; 0 if none */
};

static const struct interpreter interpreters[] = {
    {"php", "cdzTHBRFES", "rBRE", 'f'}, /* php(1) */
    {"perl", "", "eE", 0},              /* perlrun(1) */
    {"python", "WX", "cm", 0},          /* python(1) */
    {"ruby", "ICEr", "e", 0},           /* ruby(1) */
    {"node", "r", "ep", 0},             /* node(1) */
};

static const struct interpreter *find_interpreter(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');
    const char *base = slash != NULL ? slash + 1 : argv0;

    for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++) {
        size_t n = strlen(interpreters[i].name);

        /* "php", "php8.2", "php-cgi8.2", but not "php-fpm: pool x", which is a title, not a
         * command. */
        if (strncmp(base, interpreters[i].name, n) == 0 && strchr(base, ' ') == NULL &&
            strncmp(base, "php-fpm", 7) != 0) {
            return &interpreters[i];
        }
    }
    return NULL;
}

/* The word after at in a cmdline, or NULL past the end. */
static const char *next_word(const struct ancestry *a, const char *at)
{
    const char *next = at + strlen(at) + 1;

    return next < a->cmdline + a->cmdline_len ? next : NULL;
}

static const char *script_word(const struct ancestry *a, const struct interpreter *in)
{
    const char *word = a->cmdline;

    while ((word = next_word(a, word)) != NULL) {
        if (word[0] != '-' || word[1] == '\0') {
            return word[0] == '-' ? NULL : word; /* "-": the script comes on stdin */
        }
        if (word[1] == '-') {
            if (word[2] == '\0') {
                return next_word(a, word);
            }
            continue;
        }
        if (in->file_option != 0 && word[1] == in->file_option) {
            return word[2] != '\0' ? word + 2 : next_word(a, word);
        }
        if (strchr(in->code_options, word[1]) != NULL) {
            return NULL;
        }
        if (strchr(in->value_options, word[1]) != NULL && word[2] == '\0' &&
            (word = next_word(a, word)) == NULL) {
            return NULL;
        }
    }
    return NULL;
}

static void read_owner(struct script *s)
{
    struct stat st;

    s->owner_known = s->path[0] == '/' && stat(s->path, &st) == 0;
    if (s->owner_known) {
        s->owner = st.st_uid;
    }
}

bool script_from_cmdline(int proc, const struct ancestry *ancestry, struct script *ret)
{
    const struct interpreter *in;
    const char *word;
    struct strbuf sb;

    ret->len = 0;
    /* The last word may be cut (cmdline is read up to a bound); a cut word would name a wrong
     * script. */
    if (!ancestry->known || ancestry->cmdline_len == 0 ||
        ancestry->cmdline_len >= sizeof ancestry->cmdline - 1) {
        return false;
    }
    in = find_interpreter(ancestry->cmdline);
    word = in != NULL ? script_word(ancestry, in) : NULL;
    if (word == NULL || word[0] == '\0') {
        return false;
    }
    strbuf_init(&sb, ret->path, sizeof ret->path);
    if (word[0] != '/') {
        char link[32];
        struct strbuf name;
        ssize_t n;

        strbuf_init(&name, link, sizeof link);
        strbuf_number(&name, (unsigned long long)ancestry->pid, 1);
        strbuf_puts(&name, "/cwd");
        n = procfs_link(proc, link, sb.data, sb.cap);
        if (n > 0) { /* without it the name stays relative */
            sb.len = (size_t)n;
            strbuf_putc(&sb, '/');
        }
        while (n > 0 && strncmp(word, "./", 2) == 0) {
            word += 2;
        }
    }
    strbuf_puts(&sb, word);
    if (sb.overflow) {
        return false;
    }
    ret->len = sb.len;
    ret->by = "cmdline";
    read_owner(ret);
    return true;
}

void script_from_claim(const char *path, const char *by, struct script *ret)
{
    struct strbuf sb;

    strbuf_init(&sb, ret->path, sizeof ret->path);
    strbuf_puts(&sb, path);
    ret->len = sb.overflow ? 0 : sb.len;
    ret->by = by;
    read_owner(ret);
}
