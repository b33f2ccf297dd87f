/*
 * blocklist - addresses that may be shut out, and those that never may: our own, private ones,
 * proxies and networks that we trust, and where the admin sits.
 *
 * Hostile: the addresses (they come from logs). Whatever is no address by inet_pton(3) is none, and
 * what is printed is inet_ntop(3)'s, so that no log line can write a rule.
 */
#ifndef MO_BLOCKLIST_H
#define MO_BLOCKLIST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct context;
struct blocklist; /* opaque */

struct blocklist_address {
    bool v6;
    unsigned char bytes[16]; /* 4 are used of an IPv4 address; IPv4 within IPv6 is made IPv4 */
};

/* Reads an address, with or without Postfix's "IPv6:". Returns false for anything else. */
bool blocklist_address(const char *text, struct blocklist_address *ret);
void blocklist_text(const struct blocklist_address *address, char ret[INET6_ADDRSTRLEN]);

/*
 * What must never be blocked: fixed ranges, this machine's addresses, --exclude (addresses and
 * networks), Postfix's mynetworks, the proxies that Apache and nginx trust, and where the people
 * who are logged in come from. Call it as root, before confine(). Returns NULL after context_fail
 * (an --exclude that is none). Free with blocklist_free.
 */
struct blocklist *blocklist_new(struct context *ctx);
void blocklist_free(struct blocklist *list);

/* Adds a network "192.0.2.0/24", "[2001:db8::]/32" or an address to what is never blocked. why:
 * static. */
bool blocklist_exclude(struct blocklist *list, const char *text, const char *why);

/* The second part of blocklist_new (blocklist_proxies.c); and one line of a configuration, which is
 * changed. */
void blocklist_proxies(struct context *ctx, struct blocklist *list);
void blocklist_proxies_line(struct context *ctx, struct blocklist *list, char *line);

/* Why an address must not be blocked; NULL if it may. */
const char *blocklist_excluded(const struct blocklist *list,
                               const struct blocklist_address *address);

enum blocklist_format { BLOCKLIST_POSTFIX, BLOCKLIST_NFTABLES, BLOCKLIST_FAIL2BAN };

/* Prints the whole list. jail: for fail2ban; letters, digits, '-', '_', '.'. */
void blocklist_print(enum blocklist_format format, const char *jail,
                     const struct blocklist_address *addresses, size_t n, FILE *to);

/* Whether a jail's name is one. */
bool blocklist_jail(const char *name);

#endif
