/*
 * blocklist - addresses that may be shut out, and those that never may.
 *
 * Hostile: the addresses of a log. /proc/PID/environ of our own ancestors is the admin's. A source
 * of exceptions that cannot be read is said, since a list without it may shut out somebody who must
 * not be.
 */
#include "clients/blocklist.h"

#include "args.h"
#include "context.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utmpx.h>

#define ANCESTORS 32

struct network {
    struct blocklist_address address;
    unsigned prefix;
    const char *why;
};

struct blocklist {
    struct context *ctx;
    struct network *network;
    size_t count;
};

/* RFC 6890's registry and what follows it: no address of an attacker from outside. */
static const char *const fixed[][2] = {
    {"0.0.0.0/8", "no host's address"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "private (carrier NAT)"},
    {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.168.0.0/16", "private"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "no host's address"},
    {"::/128", "no host's address"},
    {"::1/128", "loopback"},
    {"fc00::/7", "private"},
    {"fe80::/10", "link-local"},
    {"ff00::/8", "multicast"},
};

bool blocklist_address(const char *text, struct blocklist_address *ret)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    struct blocklist_address found = {0};

    if (strncasecmp(text, "IPv6:", 5) == 0) {
        text += 5;
    }
    if (inet_pton(AF_INET, text, found.bytes) != 1) {
        if (inet_pton(AF_INET6, text, found.bytes) != 1) {
            return false;
        }
        found.v6 = memcmp(found.bytes, mapped, sizeof mapped) != 0;
        if (!found.v6) {
            memmove(found.bytes, found.bytes + 12, 4);
            memset(found.bytes + 4, 0, 12);
        }
    }
    *ret = found;
    return true;
}

void blocklist_text(const struct blocklist_address *address, char ret[INET6_ADDRSTRLEN])
{
    if (inet_ntop(address->v6 ? AF_INET6 : AF_INET, address->bytes, ret, INET6_ADDRSTRLEN) ==
        NULL) {
        abort(); /* cannot be: the room suffices */
    }
}

/* "192.0.2.0/24", "2001:db8::/32", "[2001:db8::]/32", "192.0.2.1" */
static bool read_network(const char *text, struct network *ret)
{
    char room[64];
    char *slash, *end;
    unsigned long prefix, whole;
    size_t n = strlen(text);
    bool mapped;

    if (n == 0 || n >= sizeof room) {
        return false;
    }
    memcpy(room, text, n + 1);
    slash = strchr(room, '/');
    if (slash != NULL) {
        *slash++ = '\0';
    }
    n = strlen(room);
    if (n >= 2 && room[0] == '[' && room[n - 1] == ']') {
        room[n - 1] = '\0';
        memmove(room, room + 1, n - 1);
    }
    if (!blocklist_address(room, &ret->address)) {
        return false;
    }
    mapped = !ret->address.v6 && strchr(room, ':') != NULL;
    whole = ret->address.v6 || mapped ? 128 : 32;
    prefix = whole;
    if (slash != NULL) {
        errno = 0;
        prefix = strtoul(slash, &end, 10);
        if (!isdigit((unsigned char)*slash) || *end != '\0' || errno != 0 || prefix > whole ||
            (mapped && prefix < 96)) {
            return false;
        }
    }
    ret->prefix = (unsigned)(mapped ? prefix - 96 : prefix);
    return true;
}

static void add(struct blocklist *list, const struct network *network, const char *why)
{
    list->network = context_realloc(list->network, (list->count + 1) * sizeof(struct network));
    list->network[list->count] = *network;
    list->network[list->count++].why = why;
}

bool blocklist_exclude(struct blocklist *list, const char *text, const char *why)
{
    struct network network;

    if (!read_network(text, &network)) {
        return false;
    }
    add(list, &network, why);
    return true;
}

static bool within(const struct blocklist_address *address, const struct network *network)
{
    size_t whole = network->prefix / 8;
    unsigned rest = network->prefix % 8;

    if (address->v6 != network->address.v6 ||
        memcmp(address->bytes, network->address.bytes, whole) != 0) {
        return false;
    }
    return rest == 0 ||
           ((address->bytes[whole] ^ network->address.bytes[whole]) >> (8 - rest)) == 0;
}

const char *blocklist_excluded(const struct blocklist *list,
                               const struct blocklist_address *address)
{
    for (size_t i = 0; i < list->count; i++) {
        if (within(address, &list->network[i])) {
            return list->network[i].why;
        }
    }
    return NULL;
}

/* --- what must not be blocked ---------------------------------------------------------------- */

static void add_own(struct blocklist *list)
{
    struct ifaddrs *all;
    char text[INET6_ADDRSTRLEN];

    if (getifaddrs(&all) != 0) {
        context_problem(list->ctx, "cannot list this machine's addresses: %s", strerror(errno));
        return;
    }
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        const void *bytes = NULL;
        int family = one->ifa_addr == NULL ? AF_UNSPEC : one->ifa_addr->sa_family;

        if (family == AF_INET) {
            bytes = &((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
        } else if (family == AF_INET6) {
            bytes = &((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr;
        }
        if (bytes != NULL && inet_ntop(family, bytes, text, sizeof text) != NULL) {
            blocklist_exclude(list, text, "this machine's own");
        }
    }
    freeifaddrs(all);
}

/* "192.0.2.7 50000 22" or "192.0.2.7 50000 192.0.2.1 22": what sshd sets. */
static void add_ssh(struct blocklist *list, const char *value)
{
    char text[INET6_ADDRSTRLEN];
    size_t n = strcspn(value, " ");

    if (n > 0 && n < sizeof text) {
        memcpy(text, value, n);
        text[n] = '\0';
        blocklist_exclude(list, text, "where you are logged in from");
    }
}

static size_t read_proc(long pid, const char *name, char *buf, size_t cap)
{
    char path[64];
    ssize_t n;
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return 0;
    }
    n = read(fd, buf, cap - 1);
    close(fd);
    buf[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

static long parent_of(long pid)
{
    char stat[1024];
    const char *end;
    char *after;

    if (read_proc(pid, "stat", stat, sizeof stat) == 0 || (end = strrchr(stat, ')')) == NULL ||
        strlen(end) < 5) {
        return 0;
    }
    return strtol(end + 4, &after, 10);
}

/* sudo takes SSH_CONNECTION out of the environment, so our ancestors are asked, too. */
static void add_admin(struct blocklist *list)
{
    static const char *const names[] = {"SSH_CONNECTION=", "SSH_CLIENT="};
    char *environ_text = context_alloc(65536);
    long pid = (long)getpid();

    for (int i = 0; i < ANCESTORS && pid > 1; i++, pid = parent_of(pid)) {
        size_t n = read_proc(pid, "environ", environ_text, 65536);

        for (size_t at = 0; at < n; at += strlen(environ_text + at) + 1) {
            for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
                if (strncmp(environ_text + at, names[k], strlen(names[k])) == 0) {
                    add_ssh(list, environ_text + at + strlen(names[k]));
                }
            }
        }
    }
    free(environ_text);
}

static void add_logged_in(struct blocklist *list)
{
    const struct utmpx *entry;

    setutxent();
    while ((entry = getutxent()) != NULL) {
        char text[INET6_ADDRSTRLEN];
        bool v6 =
            entry->ut_addr_v6[1] != 0 || entry->ut_addr_v6[2] != 0 || entry->ut_addr_v6[3] != 0;

        if (entry->ut_type == USER_PROCESS && (v6 || entry->ut_addr_v6[0] != 0) &&
            inet_ntop(v6 ? AF_INET6 : AF_INET, entry->ut_addr_v6, text, sizeof text) != NULL) {
            blocklist_exclude(list, text, "somebody is logged in from there");
        }
    }
    endutxent();
}

/* Networks of a "mynetworks = ..." value; tables and $names are none. */
static void add_networks(struct blocklist *list, char *value)
{
    char *save = NULL;

    for (char *word = strtok_r(value, " \t\r\n,", &save); word != NULL;
         word = strtok_r(NULL, " \t\r\n,", &save)) {
        if (!blocklist_exclude(list, word, "in Postfix's mynetworks")) {
            context_warn(list->ctx, "mynetworks: %s is not looked into; use --exclude for it",
                         word);
        }
    }
}

/* main.cf: the last "mynetworks =" counts; a line that begins with white space goes on
 * (postconf(5)). */
static void add_mynetworks(struct blocklist *list)
{
    FILE *file = fopen("/etc/postfix/main.cf", "re");
    char *line = NULL, *value = NULL;
    size_t cap = 0, len = 0;
    bool ours = false;

    if (file == NULL) {
        if (errno != ENOENT) {
            context_problem(list->ctx, "cannot read /etc/postfix/main.cf: %s", strerror(errno));
        }
        return;
    }
    while (getline(&line, &cap, file) > 0) {
        const char *text = line;

        if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0') {
            continue;
        }
        if (line[0] != ' ' && line[0] != '\t') {
            ours =
                strncmp(line, "mynetworks", 10) == 0 && line[10 + strspn(line + 10, " \t")] == '=';
            if (ours) {
                len = 0;
                text = strchr(line, '=') + 1;
            }
        }
        if (ours) {
            value = context_realloc(value, len + strlen(text) + 1);
            memcpy(value + len, text, strlen(text) + 1);
            len += strlen(text);
        }
    }
    if (value != NULL) {
        add_networks(list, value);
    }
    free(value);
    free(line);
    (void)fclose(file);
}

struct blocklist *blocklist_new(struct context *ctx)
{
    struct blocklist *list = context_alloc(sizeof *list);
    size_t cursor = 0;

    *list = (struct blocklist){.ctx = ctx};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        blocklist_exclude(list, fixed[i][0], fixed[i][1]);
    }
    for (const char *text = args_each(ctx->args, "exclude", &cursor); text != NULL;
         text = args_each(ctx->args, "exclude", &cursor)) {
        if (!blocklist_exclude(list, text, "excluded by --exclude")) {
            context_fail(ctx, "--exclude %s: no address and no network (192.0.2.0/24)", text);
            blocklist_free(list);
            return NULL;
        }
    }
    add_admin(list);
    add_logged_in(list);
    add_own(list);
    add_mynetworks(list);
    blocklist_proxies(ctx, list);
    return list;
}

void blocklist_free(struct blocklist *list)
{
    if (list != NULL) {
        free(list->network);
        free(list);
    }
}

/* --- the list -------------------------------------------------------------------------------- */

bool blocklist_jail(const char *name)
{
    return *name != '\0' && *name != '-' &&
           name[strspn(
               name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static void print_set(const char *name, const char *type, bool v6,
                      const struct blocklist_address *addresses, size_t n, FILE *to)
{
    char text[INET6_ADDRSTRLEN];
    bool any = false;

    (void)fprintf(to, "    set %s {\n        type %s\n", name, type);
    for (size_t i = 0; i < n; i++) {
        if (addresses[i].v6 == v6) {
            blocklist_text(&addresses[i], text);
            (void)fprintf(to, "%s            %s", any ? ",\n" : "        elements = {\n", text);
            any = true;
        }
    }
    (void)fprintf(to, "%s    }\n", any ? "\n        }\n" : "");
}

/* A table of its own, replaced as a whole: naming it before it is deleted makes the deletion work
 * when there is none yet. */
static void print_nftables(const struct blocklist_address *addresses, size_t n, FILE *to)
{
    static const char table[] = "inet mailorigin_clients";

    (void)fprintf(to,
                  "# mailorigin clients: %zu addresses\n"
                  "#   use it   nft -f FILE     undo it   nft delete table %s\n"
                  "table %s\ndelete table %s\n\ntable %s {\n",
                  n, table, table, table, table);
    print_set("blocked4", "ipv4_addr", false, addresses, n, to);
    print_set("blocked6", "ipv6_addr", true, addresses, n, to);
    (void)fputs("    chain input {\n"
                "        type filter hook input priority -10; policy accept;\n"
                "        ip saddr @blocked4 drop\n"
                "        ip6 saddr @blocked6 drop\n"
                "    }\n}\n",
                to);
}

void blocklist_print(enum blocklist_format format, const char *jail,
                     const struct blocklist_address *addresses, size_t n, FILE *to)
{
    char text[INET6_ADDRSTRLEN];

    if (format == BLOCKLIST_NFTABLES) {
        print_nftables(addresses, n, to);
        return;
    }
    if (format == BLOCKLIST_POSTFIX) {
        (void)fprintf(to,
                      "# mailorigin clients: %zu addresses\n"
                      "#   use it   save as /etc/postfix/client_access; postmap client_access;\n"
                      "#            smtpd_client_restrictions = check_client_access "
                      "hash:/etc/postfix/client_access\n",
                      n);
    }
    for (size_t i = 0; i < n; i++) {
        blocklist_text(&addresses[i], text);
        if (format == BLOCKLIST_POSTFIX) {
            (void)fprintf(to, "%s REJECT blocked for abuse\n", text);
        } else {
            (void)fprintf(to, "fail2ban-client set %s banip %s\n", jail, text);
        }
    }
}
