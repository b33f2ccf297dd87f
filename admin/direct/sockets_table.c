/*
 * sockets_table - a line of the kernel's TCP tables, and how its addresses are written.
 *
 * The kernel writes the lines, but a container may lay a file of its own over them: nothing is
 * believed beyond what parses. On failure: the line is none.
 */
#include "direct/sockets.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct cursor {
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && *c->at == ' ') {
        c->at++;
    }
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* At least one digit, at most `digits` of them. */
static bool take_number(struct cursor *c, int base, int digits, uint64_t *ret)
{
    uint64_t value = 0;
    int n = 0;

    while (c->at < c->end && digit_value(*c->at) < base) {
        uint64_t digit = (uint64_t)digit_value(*c->at++);

        if (++n > digits || value > (UINT64_MAX - digit) / (uint64_t)base) {
            return false;
        }
        value = value * (uint64_t)base + digit;
    }
    *ret = value;
    return n > 0;
}

static bool take_char(struct cursor *c, char want)
{
    if (c->at == c->end || *c->at != want) {
        return false;
    }
    c->at++;
    return true;
}

/* "0100007F:0019": words of 32 bits as this machine's numbers (tcp4_seq_show in net/ipv4/tcp_ipv4.c
 * prints them with %08X), then the port. */
static bool take_endpoint(struct cursor *c, unsigned char address[16], unsigned *words,
                          unsigned *port)
{
    uint64_t value;

    for (*words = 0; *words < 4 && c->at < c->end && *c->at != ':'; (*words)++) {
        struct cursor word = {c->at, c->end - c->at < 8 ? c->end : c->at + 8};
        uint32_t bits;

        if (word.end - word.at != 8 || !take_number(&word, 16, 8, &value) || word.at != word.end) {
            return false;
        }
        bits = (uint32_t)value;
        memcpy(address + (size_t)4 * *words, &bits, 4);
        c->at = word.end;
    }
    if ((*words != 1 && *words != 4) || !take_char(c, ':') || !take_number(c, 16, 4, &value)) {
        return false;
    }
    *port = (unsigned)value;
    return true;
}

/* Two numbers with a colon. */
static bool skip_pair(struct cursor *c)
{
    uint64_t ignored;

    skip_blanks(c);
    return take_number(c, 16, 16, &ignored) && take_char(c, ':') &&
           take_number(c, 16, 16, &ignored);
}

/* An IPv4 address in IPv6's clothes (RFC 4291, 2.5.5.2) is shown as what it is. */
static void unmap(unsigned char address[16])
{
    memmove(address, address + 12, 4);
    memset(address + 4, 0, 12);
}

static bool is_mapped(const unsigned char address[16])
{
    static const unsigned char front[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return memcmp(address, front, sizeof front) == 0;
}

bool sockets_parse(const char *line, size_t len, struct socket_row *ret)
{
    struct cursor c = {line, line + len};
    struct socket_row row = {0};
    unsigned words, remote_words;
    uint64_t number;

    skip_blanks(&c);
    if (!take_number(&c, 10, 10, &number) || !take_char(&c, ':')) {
        return false;
    }
    skip_blanks(&c);
    if (!take_endpoint(&c, row.local, &words, &row.local_port)) {
        return false;
    }
    skip_blanks(&c);
    if (!take_endpoint(&c, row.remote, &remote_words, &row.remote_port) || words != remote_words) {
        return false;
    }
    skip_blanks(&c);
    if (!take_number(&c, 16, 2, &number)) {
        return false;
    }
    row.state = (unsigned)number;
    for (int pair = 0; pair < 2; pair++) { /* the queues; the timer */
        if (!skip_pair(&c)) {
            return false;
        }
    }
    skip_blanks(&c);
    if (!take_number(&c, 16, 8, &number)) { /* retransmits */
        return false;
    }
    skip_blanks(&c);
    if (!take_number(&c, 10, 10, &number) || number > UINT32_MAX) {
        return false;
    }
    row.uid = (uid_t)number;
    skip_blanks(&c);
    if (!take_number(&c, 10, 20, &number)) { /* time-outs */
        return false;
    }
    skip_blanks(&c);
    if (!take_number(&c, 10, 20, &row.inode)) {
        return false;
    }
    row.v6 = words == 4;
    if (row.v6 && is_mapped(row.remote)) {
        unmap(row.local);
        unmap(row.remote);
        row.v6 = false;
    }
    *ret = row;
    return true;
}

const char *sockets_peer(const struct socket_row *row, char buf[SOCKETS_PEER_MAX])
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(row->v6 ? AF_INET6 : AF_INET, row->remote, text, sizeof text) == NULL) {
        text[0] = '\0';
    }
    (void)snprintf(buf, SOCKETS_PEER_MAX, row->v6 ? "[%s]:%u" : "%s:%u", text, row->remote_port);
    return buf;
}

bool sockets_to_loopback(const struct socket_row *row)
{
    static const unsigned char one[16] = {[15] = 1};

    return row->v6 ? memcmp(row->remote, one, sizeof one) == 0 : row->remote[0] == 127;
}
