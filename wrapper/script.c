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
/*
 * PHP leaves the file of an auto_prepend_file open, like a script, in the call that compiles it:
 * our own (config/php) says nothing. Only root's, so that nobody's script hides behind the name.
 */
static bool is_own_prepend(const char *path, size_t len, uid_t owner)
{
    static const char name[] = "/sendmail-wrapper/php/sendmail-wrapper.php";
    size_t n = sizeof name - 1;

    return owner == 0 && len > n && memcmp(path + len - n, name, n) == 0;
}

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
    if (n <= 0 || is_own_prepend(path, (size_t)n, st.st_uid)) {
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

/* How an interpreter reads its options. Letters may stand together in one word, as in "perl -ne".
 */
struct interpreter {
    const char *name;
    const char
        *next; /* letters with a value: the rest of the word or, if that is empty, the next word */
    const char *rest; /* letters with a value: the rest of the word */
    const char
        *code; /* letters after which there is no script: code or a module on the command line */
    const char *file; /* letters whose value is the script, as with next */
    const char *long_next[12], *long_code[8], *long_file[3]; /* the same for long options */
    bool end_is_stdin; /* after "--" come arguments, and the script is on stdin */
};

static const struct interpreter interpreters[] = {
    /* php(1), php-cgi -h */
    {"php",
     "bcdStTz",
     "",
     "BERr",
     "fF",
     {"bindpath", "php-ini", "define", "server", "docroot", "timing", "zend-extension"},
     {"process-begin", "process-end", "process-code", "run", "rf", "rc", "re"},
     {"file", "process-file"},
     true},
    {"perl", "I", "CDdFiMmVx", "Ee", "", {0}, {0}, {0}, false},                  /* perlrun(1) */
    {"python", "QWX", "", "cm", "", {"check-hash-based-pycs"}, {0}, {0}, false}, /* python(1) */
    {"ruby",
     "CEIrX",
     "FiKTWx",
     "e",
     "",
     {"encoding", "external-encoding", "internal-encoding", "enable", "disable"},
     {0},
     {0},
     false}, /* ruby(1) */
    {"node",
     "Cr",
     "",
     "ep",
     "",
     {"conditions", "env-file", "experimental-loader", "icu-data-dir", "import", "inspect-port",
      "loader", "max-http-header-size", "openssl-config", "require", "title"},
     {"eval", "print"},
     {0},
     false}, /* node(1) */
};

/* What may stand behind an interpreter's name: "php8.2-cgi", "python3.11", "nodejs", but not
 * "php-fpm" or "perldoc". */
static bool is_variant(const char *rest)
{
    static const char *const words[] = {"-cgi", "-cli", "js"};

    while (*rest != '\0') {
        size_t n = strspn(rest, "0123456789.");

        for (size_t i = 0; n == 0 && i < sizeof words / sizeof words[0]; i++) {
            n = strncmp(rest, words[i], strlen(words[i])) == 0 ? strlen(words[i]) : 0;
        }
        if (n == 0) {
            return false;
        }
        rest += n;
    }
    return true;
}

static const struct interpreter *find_interpreter(const char *argv0)
{
    const char *slash = strrchr(argv0, '/');
    const char *base = slash != NULL ? slash + 1 : argv0;

    for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++) {
        size_t n = strlen(interpreters[i].name);

        if (strncmp(base, interpreters[i].name, n) == 0 && is_variant(base + n)) {
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

enum option { OPTION_ALONE, OPTION_TAKES_NEXT, OPTION_IS_CODE, OPTION_IS_FILE };

static bool has_letter(const char *letters, char letter)
{
    return strchr(letters, letter) != NULL;
}

/* word: the letters after the dash. *ret_value: of OPTION_IS_FILE, if it stands in the word; else
 * NULL. */
static enum option read_letters(const struct interpreter *in, const char *word,
                                const char **ret_value)
{
    *ret_value = NULL;
    for (; *word != '\0'; word++) {
        if (has_letter(in->code, *word)) {
            return OPTION_IS_CODE;
        }
        if (has_letter(in->file, *word)) {
            *ret_value = word[1] != '\0' ? word + 1 : NULL;
            return OPTION_IS_FILE;
        }
        if (has_letter(in->next, *word)) {
            return word[1] != '\0' ? OPTION_ALONE : OPTION_TAKES_NEXT;
        }
        if (has_letter(in->rest, *word)) {
            return OPTION_ALONE;
        }
    }
    return OPTION_ALONE;
}

static bool has_name(const char *const names[], size_t count, const char *word, size_t n)
{
    for (size_t i = 0; i < count && names[i] != NULL; i++) {
        if (strlen(names[i]) == n && memcmp(names[i], word, n) == 0) {
            return true;
        }
    }
    return false;
}

#define HAS_NAME(names, word, n) has_name(names, sizeof(names) / sizeof(names)[0], word, n)

/* word: what follows the two dashes. As read_letters. */
static enum option read_long(const struct interpreter *in, const char *word, const char **ret_value)
{
    size_t n = strcspn(word, "=");

    *ret_value = word[n] == '=' ? word + n + 1 : NULL;
    if (HAS_NAME(in->long_code, word, n)) {
        return OPTION_IS_CODE;
    }
    if (HAS_NAME(in->long_file, word, n)) {
        return OPTION_IS_FILE;
    }
    return *ret_value == NULL && HAS_NAME(in->long_next, word, n) ? OPTION_TAKES_NEXT
                                                                  : OPTION_ALONE;
}

/* The word that names the script; NULL if none does, or none that is known to. */
static const char *script_word(const struct ancestry *a, const struct interpreter *in)
{
    const char *word = a->cmdline, *value;

    while ((word = next_word(a, word)) != NULL) {
        if (word[0] != '-') {
            return word;
        }
        if (word[1] == '\0') {
            return NULL; /* the script is on stdin */
        }
        if (strcmp(word, "--") == 0) {
            return in->end_is_stdin ? NULL : next_word(a, word);
        }
        switch (word[1] == '-' ? read_long(in, word + 2, &value)
                               : read_letters(in, word + 1, &value)) {
        case OPTION_ALONE:
            break;
        case OPTION_TAKES_NEXT:
            if ((word = next_word(a, word)) == NULL) {
                return NULL;
            }
            break;
        case OPTION_IS_CODE:
            return NULL;
        case OPTION_IS_FILE:
            return value != NULL ? value : next_word(a, word);
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

/* The directory of process pid, a slash at its end; nothing if it cannot be known. */
static void put_directory(int proc, pid_t pid, struct strbuf *path)
{
    char link[32];
    struct strbuf name;
    ssize_t n;

    strbuf_init(&name, link, sizeof link);
    strbuf_number(&name, (unsigned long long)pid, 1);
    strbuf_puts(&name, "/cwd");
    n = procfs_link(proc, link, path->data, path->cap);
    if (n <= 0) {
        strbuf_truncate(path, 0);
        return;
    }
    path->len = (size_t)n;
    if (path->data[path->len - 1] != '/') {
        strbuf_putc(path, '/');
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
        put_directory(proc, ancestry->pid, &sb); /* without it the name stays relative */
        while (sb.len > 0 && strncmp(word, "./", 2) == 0) {
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
