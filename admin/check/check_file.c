/*
 * check_file - how check looks at files: bounded, and never at what could make it wait.
 * Configuration is root's; where it is not, it is still only text that is printed escaped.
 */
#include "check/findings.h"

#include "run.h"
#include "wrapper/strbuf.h"
#include "wrapper/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)4 << 20)

static char *read_all(int fd, size_t size, size_t *ret_len)
{
    char *text = context_alloc(size + 1);
    size_t len = 0;
    ssize_t n;

    while (len < size && (n = read(fd, text + len, size - len)) > 0) {
        len += (size_t)n;
    }
    text[len] = '\0';
    *ret_len = len;
    return text;
}

char *check_read(struct check *check, const char *path, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    char *text = NULL;
    size_t len = 0;

    if (fd < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            context_problem(check_context(check), "cannot read %s: %s; run as root", path,
                            strerror(errno));
        }
        return NULL;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= FILE_MAX) {
        text = read_all(fd, (size_t)st.st_size, &len);
    }
    close(fd);
    if (text != NULL && ret_len != NULL) {
        *ret_len = len;
    }
    return text;
}

void check_lines(char *text, void (*each)(char *line, unsigned number, void *arg), void *arg)
{
    unsigned number = 0;

    while (text != NULL && *text != '\0') {
        char *newline = strchr(text, '\n');

        if (newline != NULL) {
            *newline = '\0';
        }
        each(text, ++number, arg);
        text = newline != NULL ? newline + 1 : NULL;
    }
}

void check_file_lines(struct check *check, const char *path,
                      void (*each)(char *line, unsigned number, void *arg), void *arg)
{
    char *text = check_read(check, path, NULL);

    check_lines(text, each, arg);
    free(text);
}

const char *check_shell(const char *text, char buf[CHECK_SHELL_MAX])
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/+:@%,=-";
    struct strbuf sb;

    strbuf_init(&sb, buf, CHECK_SHELL_MAX);
    if (text[0] != '\0' && strspn(text, plain) == strlen(text)) {
        strbuf_puts(&sb, text);
        return buf;
    }
    strbuf_putc(&sb, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            strbuf_puts(&sb, "'\\''");
        } else {
            strbuf_putc(&sb, *text);
        }
    }
    strbuf_putc(&sb, '\'');
    return buf;
}

bool check_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static bool has_mark(int fd)
{
    char head[TARGET_MARK_WITHIN];
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    n = pread(fd, head, sizeof head, 0);
    return n > 4 && memcmp(head, "\177ELF", 4) == 0 &&
           memmem(head, (size_t)n, TARGET_MARK, sizeof TARGET_MARK - 1) != NULL;
}

static bool open_has_mark(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    bool ours = fd >= 0 && has_mark(fd);

    if (fd >= 0) {
        close(fd);
    }
    return ours;
}

bool check_is_ours(const char *path)
{
    return open_has_mark(path, O_NOFOLLOW);
}

bool check_leads_to_us(const char *path)
{
    return open_has_mark(path, 0);
}

bool check_group(unsigned *ret)
{
    const struct group *group = getgrnam("sendmail-wrapper");

    if (group == NULL) {
        return false;
    }
    *ret = group->gr_gid;
    return true;
}

char *check_run(struct check *check, const char *const *argv, int max, int *ret_status)
{
    struct run_result result;
    char *output = NULL;

    if (access(argv[0], X_OK) != 0 ||
        run_program(check_context(check), argv, "", 0, &result) != 0) {
        return NULL;
    }
    if (result.status <= max) {
        output = context_copy(result.output, strlen(result.output));
        *ret_status = result.status;
    }
    run_free(&result);
    return output;
}

bool check_public(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0001) != 0;
}

void check_each_file(struct check *check, const char *dir, const char *suffix,
                     void (*each)(struct check *check, const char *path, void *arg), void *arg)
{
    struct dirent **names;
    int n = scandir(dir, &names, NULL, alphasort);
    size_t end = strlen(suffix);

    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        size_t len = strlen(name);
        char path[PATH_MAX];

        if (name[0] != '.' && len >= end && strcmp(name + len - end, suffix) == 0 &&
            snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path) {
            each(check, path, arg);
        }
        free(names[i]);
    }
    if (n >= 0) {
        free(names);
    } else if (errno == EACCES) {
        context_problem(check_context(check), "cannot read %s: %s; run as root", dir,
                        strerror(errno));
    }
}
