/*
 * sendmailspool - see sendmailspool.h. Read as root before anything hostile is; a directory that
 * cannot be read is named and left out.
 */
#include "queue/sendmailspool.h"

#include "context.h"
#include "wrapper/diag.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Programs that are Sendmail itself, not what stands in front of it: Debian, then Red Hat, then by
 * hand. */
static const char *const programs[] = {
    "/usr/libexec/sendmail/sendmail",
    "/usr/lib/sm.bin/sendmail",
    "/usr/sbin/sendmail.sendmail",
};

struct config_file {
    const char *path;
    bool submission;
    const char *standard; /* where the queue is if the file does not say */
};

static const struct config_file config_files[] = {
    {"/etc/mail/submit.cf", true, "/var/spool/mqueue-client"},
    {"/etc/mail/sendmail.cf", false, "/var/spool/mqueue"},
};

/* --- where the queues are ------------------------------------------------------------------- */

/* Sendmail itself, not what stands in front of it; NULL. */
static const char *find_program(void)
{
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (access(programs[i], X_OK) == 0) {
            return programs[i];
        }
    }
    return NULL;
}

bool sendmailspool_present(void)
{
    return find_program() != NULL &&
           (access(config_files[0].path, F_OK) == 0 || access(config_files[1].path, F_OK) == 0);
}

static int open_below(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void add_dir(struct context *ctx, struct sendmail *sendmail, const char *path,
                    bool submission)
{
    struct sendmail_dir dir = {.submission = submission, .control = open_below(AT_FDCWD, path)};
    struct stat st;

    if (dir.control < 0 || fstat(dir.control, &st) != 0) {
        context_problem(ctx, "cannot read the queue %s: %s%s", path, diag_errno(errno),
                        errno == EACCES ? "; run as root" : "");
        if (dir.control >= 0) {
            (void)close(dir.control);
        }
        return;
    }
    for (size_t i = 0; i < sendmail->dir_count; i++) {
        if (strcmp(sendmail->dirs[i].path, path) == 0) { /* named twice */
            (void)close(dir.control);
            return;
        }
    }
    dir.owner = st.st_uid;
    dir.body = open_below(dir.control, "df");
    dir.transcript = open_below(dir.control, "xf");
    if (dir.body < 0) {
        dir.body = dir.control;
    }
    if (dir.transcript < 0) {
        dir.transcript = dir.control;
    }
    if (spool_exists(dir.control, "qf")) { /* last: the others are beside it */
        int control = open_below(dir.control, "qf");

        if (control >= 0) {
            if (dir.body != dir.control && dir.transcript != dir.control) {
                (void)close(dir.control);
            }
            dir.control = control;
        }
    }
    dir.path = context_copy(path, strlen(path));
    sendmail->dirs =
        context_realloc(sendmail->dirs, (sendmail->dir_count + 1) * sizeof *sendmail->dirs);
    sendmail->dirs[sendmail->dir_count++] = dir;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A path, or "/path/prefix*": each directory whose name begins so (conf/README of Sendmail,
 * "multiple queues"). */
static void add_dirs(struct context *ctx, struct sendmail *sendmail, const char *path,
                     bool submission)
{
    size_t len = strlen(path);
    char parent[PATH_MAX], **names;
    char *slash;
    size_t count;
    int dir;

    if (len == 0 || path[len - 1] != '*' || len >= sizeof parent) {
        add_dir(ctx, sendmail, path, submission);
        return;
    }
    (void)snprintf(parent, sizeof parent, "%.*s", (int)len - 1, path);
    slash = strrchr(parent, '/');
    if (slash == NULL) {
        return;
    }
    *slash = '\0';
    dir = open_below(AT_FDCWD, *parent != '\0' ? parent : "/");
    if (dir < 0 || !spool_names(dir, slash + 1, &names, &count)) {
        context_problem(ctx, "cannot read the queue %s: %s%s", parent, diag_errno(errno),
                        errno == EACCES ? "; run as root" : "");
    } else {
        if (count > 0) {
            qsort(names, count, sizeof *names, compare_names);
        }
        for (size_t i = 0; i < count; i++) {
            char full[PATH_MAX];
            struct stat st;

            if (fstatat(dir, names[i], &st, 0) == 0 && S_ISDIR(st.st_mode) &&
                snprintf(full, sizeof full, "%s/%s", parent, names[i]) < (int)sizeof full) {
                add_dir(ctx, sendmail, full, submission);
            }
        }
        spool_names_free(names, count);
    }
    if (dir >= 0) {
        (void)close(dir);
    }
}

/* The value of "O QueueDirectory=value", or of the old "OQvalue". */
static char *queue_option(char *line)
{
    static const char name[] = "QueueDirectory";

    if (line[0] != 'O') {
        return NULL;
    }
    if (line[1] == 'Q') {
        return line + 2;
    }
    line += 1 + strspn(line + 1, " \t");
    if (strncasecmp(line, name, strlen(name)) != 0) {
        return NULL;
    }
    line += strlen(name);
    line += strspn(line, " \t");
    return *line == '=' ? line + 1 + strspn(line + 1, " \t") : NULL;
}

/* "Qname, Path=value, ...": a queue group; only the P of a keyword counts. */
static char *group_path(char *line)
{
    if (line[0] != 'Q') {
        return NULL;
    }
    while ((line = strchr(line, ',')) != NULL) {
        line += 1 + strspn(line + 1, " \t");
        if (*line == 'P') {
            line += strcspn(line, "=,");
            if (*line == '=') {
                line += 1 + strspn(line + 1, " \t");
                line[strcspn(line, ", \t")] = '\0';
                return *line != '\0' ? line : NULL;
            }
        }
    }
    return NULL;
}

static void read_config(struct context *ctx, struct sendmail *sendmail,
                        const struct config_file *config)
{
    FILE *in = fopen(config->path, "re");
    char main_path[PATH_MAX], *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (in == NULL) {
        if (errno != ENOENT) {
            context_problem(ctx, "cannot read %s: %s", config->path, diag_errno(errno));
        }
        return;
    }
    (void)snprintf(main_path, sizeof main_path, "%s", config->standard);
    while ((len = getline(&line, &size, in)) > 0) {
        const char *path;

        while (len > 0 && strchr("\n\r\t ", line[len - 1]) != NULL) {
            line[--len] = '\0';
        }
        if ((path = queue_option(line)) != NULL && *path != '\0') {
            (void)snprintf(main_path, sizeof main_path, "%s", path);
        } else if (path == NULL && (path = group_path(line)) != NULL) {
            add_dirs(ctx, sendmail, path, config->submission);
        }
    }
    add_dirs(ctx, sendmail, main_path, config->submission);
    free(line);
    (void)fclose(in);
}

/* Login names as the submission program would look them up, as far as they are in the file: no name
 * service is asked. */
static void read_users(struct sendmail *sendmail)
{
    FILE *in = fopen("/etc/passwd", "re");
    const struct passwd *entry;

    while (in != NULL && (entry = fgetpwent(in)) != NULL) {
        if (sendmail->user_count % 64 == 0) {
            sendmail->users = context_realloc(sendmail->users, (sendmail->user_count + 64) *
                                                                   sizeof *sendmail->users);
        }
        sendmail->users[sendmail->user_count].name =
            context_copy(entry->pw_name, strlen(entry->pw_name));
        sendmail->users[sendmail->user_count++].uid = entry->pw_uid;
    }
    if (in != NULL) {
        (void)fclose(in);
    }
}

void sendmailspool_close(struct sendmail *sendmail)
{
    for (size_t i = 0; i < sendmail->dir_count; i++) {
        struct sendmail_dir *dir = &sendmail->dirs[i];

        (void)close(dir->control);
        if (dir->body != dir->control) {
            (void)close(dir->body);
        }
        if (dir->transcript != dir->control && dir->transcript != dir->body) {
            (void)close(dir->transcript);
        }
        free(dir->path);
    }
    for (size_t i = 0; i < sendmail->user_count; i++) {
        free(sendmail->users[i].name);
    }
    free(sendmail->dirs);
    free(sendmail->users);
    free(sendmail->header);
    spool_file_free(&sendmail->file);
    free(sendmail);
}

struct sendmail *sendmailspool_open(struct context *ctx)
{
    struct sendmail *sendmail = context_alloc(sizeof *sendmail);

    *sendmail = (struct sendmail){.program = find_program()};
    for (size_t i = 0; i < sizeof config_files / sizeof config_files[0]; i++) {
        read_config(ctx, sendmail, &config_files[i]);
    }
    if (sendmail->dir_count == 0) {
        (void)context_fail(ctx, "no queue of Sendmail can be read");
        sendmailspool_close(sendmail);
        return NULL;
    }
    read_users(sendmail);
    return sendmail;
}

/* --- names ---------------------------------------------------------------------------------- */

bool sendmailspool_id(const char *id)
{
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)id[i])) {
            return false;
        }
    }
    return len > 0 && len < SENDMAIL_ID_MAX;
}

bool sendmailspool_control(const char *name)
{
    return (strncmp(name, "qf", 2) == 0 || strncmp(name, "hf", 2) == 0) &&
           sendmailspool_id(name + 2);
}

/* Sendmail writes a path below its queue directory, or a whole one. */
const struct sendmail_dir *sendmailspool_body(const struct sendmail *sendmail,
                                              const struct sendmail_dir *dir, const char *record)
{
    if (record == NULL) {
        return dir;
    }
    for (size_t i = 0; i < sendmail->dir_count; i++) {
        const struct sendmail_dir *other = &sendmail->dirs[i];
        size_t whole = strlen(other->path), len = strlen(record);

        if (other->submission == dir->submission && len > 0 && len <= whole &&
            strcmp(other->path + whole - len, record) == 0 &&
            (len == whole || other->path[whole - len - 1] == '/')) {
            return other;
        }
    }
    return NULL;
}
