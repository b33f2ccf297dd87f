/*
 * eximspool - see eximspool.h. Exim's own answer is taken where it can be had; else the usual
 * places.
 */
#include "queue/eximspool.h"

#include "context.h"
#include "queue/spool.h"
#include "run.h"
#include "wrapper/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const programs[] = {"/usr/sbin/exim4", "/usr/sbin/exim", "/usr/exim/bin/exim"};

/* Where the spool is if Exim does not say: Debian, others, as Exim comes. */
static const char *const spools[] = {"/var/spool/exim4", "/var/spool/exim", "/usr/exim/spool"};

static const char *first_of(const char *const *paths, size_t n, int mode)
{
    for (size_t i = 0; i < n; i++) {
        if (access(paths[i], mode) == 0) {
            return paths[i];
        }
    }
    return NULL;
}

const char *eximspool_program(void)
{
    return first_of(programs, sizeof programs / sizeof programs[0], X_OK);
}

/* Asks Exim, which knows its configuration: "spool_directory = /var/spool/exim4". */
static bool ask_spool(struct context *ctx, const char *program, char *ret, size_t size)
{
    static const char answer[] = "spool_directory = ";
    const char *const argv[] = {program, "-bP", "spool_directory", NULL};
    struct run_result result;
    bool found = false;

    if (run_program(ctx, argv, "", 0, &result) != 0) {
        return false;
    }
    if (result.status == 0 && strncmp(result.output, answer, strlen(answer)) == 0) {
        const char *path = result.output + strlen(answer);
        size_t len = strcspn(path, "\n");

        if (len > 0 && len < size && path[0] == '/') {
            memcpy(ret, path, len);
            ret[len] = '\0';
            found = true;
        }
    }
    run_free(&result);
    return found;
}

bool eximspool_open(struct context *ctx, struct eximspool *ret)
{
    struct eximspool spool = {.program = eximspool_program()};
    const char *standard = first_of(spools, sizeof spools / sizeof spools[0], F_OK);
    char path[PATH_MAX] = "";
    struct stat st;

    if (spool.program == NULL || !ask_spool(ctx, spool.program, path, sizeof path)) {
        (void)snprintf(path, sizeof path, "%s", standard != NULL ? standard : spools[0]);
    }
    spool.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool.dir < 0 || fstat(spool.dir, &st) != 0 ||
        faccessat(spool.dir, "input", R_OK, AT_EACCESS) != 0) {
        (void)context_fail(ctx, "cannot read Exim's queue below %s: %s%s", path, diag_errno(errno),
                           errno == EACCES ? "; run as root" : "");
        eximspool_close(&spool);
        return false;
    }
    spool.owner = st.st_uid;
    *ret = spool;
    return true;
}

void eximspool_close(struct eximspool *spool)
{
    if (spool->dir >= 0) {
        (void)close(spool->dir);
    }
}

struct walk {
    const char *id; /* NULL: all */
    bool (*visit)(const struct eximspool_place *place, void *arg);
    void *arg;
};

static bool walk_input(const struct walk *walk, const char *queue, const char *letter)
{
    struct eximspool_place place;

    (void)snprintf(place.queue, sizeof place.queue, "%s", queue);
    (void)snprintf(place.dir, sizeof place.dir, "%s%sinput%s%s", queue, *queue != '\0' ? "/" : "",
                   *letter != '\0' ? "/" : "", letter);
    return walk->visit(&place, walk->arg);
}

/*
 * An input directory, and its parts if the spool is or was split: the sixth character of an id
 * tells in which it is (set_subdir_str() in src/functions.h).
 */
static bool walk_queue(const struct walk *walk, const char *queue)
{
    static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char one[2] = {walk->id != NULL ? walk->id[5] : '\0', '\0'};

    if (!walk_input(walk, queue, "")) {
        return false;
    }
    for (const char *at = walk->id != NULL ? one : all; *at != '\0'; at++) {
        const char letter[2] = {*at, '\0'};

        if (!walk_input(walk, queue, letter)) {
            return false;
        }
    }
    return true;
}

void eximspool_each(struct context *ctx, const struct eximspool *spool, const char *id,
                    bool (*visit)(const struct eximspool_place *place, void *arg), void *arg)
{
    const struct walk walk = {.id = id, .visit = visit, .arg = arg};
    char **names, input[NAME_MAX + 8];
    size_t count;
    bool on = walk_queue(&walk, "");

    if (!on) {
        return;
    }
    if (!spool_names(spool->dir, "", &names, &count)) {
        context_problem(ctx, "cannot read Exim's spool directory: %s", diag_errno(errno));
        return;
    }
    for (size_t i = 0; i < count && on; i++) {
        (void)snprintf(input, sizeof input, "%s/input", names[i]);
        if (spool_exists(spool->dir, input)) {
            on = walk_queue(&walk, names[i]);
        }
    }
    spool_names_free(names, count);
}
