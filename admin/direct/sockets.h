/*
 * sockets - which process has which TCP connection, in every network namespace that a process is
 * in.
 *
 * From /proc/PID/net/tcp and tcp6, and the links in /proc/PID/fd. Nothing is opened but the
 * kernel's tables: a process cannot hold us up. Hostile: that processes come, go, and hide
 * descriptors in single threads.
 */
#ifndef MO_SOCKETS_H
#define MO_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct context;

/* include/net/tcp_states.h of the kernel. */
enum socket_state {
    SOCKET_ESTABLISHED = 1,
    SOCKET_SYN_SENT = 2,
    SOCKET_FIN_WAIT1 = 4,
    SOCKET_FIN_WAIT2 = 5,
    SOCKET_CLOSE_WAIT = 8,
};

struct socket_row {
    bool v6;                             /* false also for an IPv4 address mapped into IPv6 */
    unsigned char local[16], remote[16]; /* network byte order; IPv4: the first four */
    unsigned local_port, remote_port;
    unsigned state;
    uid_t uid;      /* of who made the socket; in the reader's user namespace */
    uint64_t inode; /* 0: no process holds it any more */
};

/* Reads one line of /proc/net/tcp or tcp6; the length of its addresses says which. Returns false
 * for the heading and for anything that is no such line. */
bool sockets_parse(const char *line, size_t len, struct socket_row *ret);

#define SOCKETS_PEER_MAX 64
/* "192.0.2.1:25", "[2001:db8::1]:25"; returns buf. */
const char *sockets_peer(const struct socket_row *row, char buf[SOCKETS_PEER_MAX]);
/* Whether the remote address is this machine's loopback. */
bool sockets_to_loopback(const struct socket_row *row);

struct connection {
    struct socket_row row;
    uint64_t netns; /* inode of its network namespace */
    pid_t pid;      /* who holds it: a process of the socket's uid first; 0: found in none */
    pid_t tid;      /* the thread, if its descriptors are not the process's; else pid */
    bool shown;     /* for the caller */
};

struct connections {
    struct connection *list; /* malloc; freed by sockets_free */
    size_t count;
    size_t closed; /* processes that could not be looked into */
    bool unread;   /* no table of connections could be read: that there are none means nothing */
};

/*
 * All connections that wanted says yes to, with who holds them. proc: descriptor of /proc
 * (procfs_open). Never fails: what could not be seen is counted in ret->closed.
 */
void sockets_find(int proc, bool (*wanted)(const struct socket_row *row), struct connections *ret);
void sockets_free(struct connections *connections);

#endif
