/*
 * maillog_text - the small readers that the mail servers' logs share: words, addresses, numbers.
 *
 * Hostile: all of it; nothing is read behind the text's NUL.
 */
#include "maillog/maillog_parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char *maillog_word(char *text, size_t min, size_t max, const char *behind)
{
    size_t n = 0;

    while (isalnum((unsigned char)text[n])) {
        n++;
    }
    if (n < min || n > max || strncmp(text + n, behind, strlen(behind)) != 0) {
        return NULL;
    }
    text += n;
    if (*behind != '\0') {
        *text = '\0';
    }
    return text + strlen(behind);
}

char *maillog_after(char *text, const char *prefix)
{
    size_t n = strlen(prefix);

    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

char *maillog_cut(char *text, const char *mark)
{
    char *at = strstr(text, mark);

    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + strlen(mark);
}

char *maillog_angle(char **text)
{
    char *start = *text, *end = NULL;
    bool quoted = false;

    if (*start != '<') {
        return NULL;
    }
    for (char *at = start + 1; *at != '\0'; at++) {
        if (*at == '\\' && quoted && at[1] != '\0') {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        } else if (*at == '>' && !quoted) {
            end = at;
            break;
        }
    }
    if (end == NULL) { /* a lone quote: not an address as it should be */
        end = strchr(start, '>');
    }
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *text = end + 1;
    return start + 1;
}

long long maillog_number(const char *text)
{
    char *end;
    long long value;

    if (!isdigit((unsigned char)*text)) {
        return -1;
    }
    value = strtoll(text, &end, 10);
    return end - text <= 18 ? value : -1;
}

/* An IP address, IPv6 with or without Postfix's "IPv6:": returns it without. NULL if it is none. */
static const char *ip_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    if (strncasecmp(text, "IPv6:", 5) == 0) {
        text += 5;
        return inet_pton(AF_INET6, text, bytes) == 1 ? text : NULL;
    }
    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1 ? text
                                                                                         : NULL;
}

const char *maillog_client(const char *text, char room[MAILLOG_ADDRESS])
{
    const char *open = strchr(text, '[');
    size_t n = open == NULL ? 0 : strcspn(open + 1, "]");

    if (open == NULL || open[1 + n] != ']' || n >= MAILLOG_ADDRESS) {
        return NULL;
    }
    memcpy(room, open + 1, n);
    room[n] = '\0';
    return ip_address(room);
}

bool maillog_loopback(const char *text)
{
    static const char *const names[] = {"127.", "[127.", "localhost", "[::1]", "::1", "local"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncasecmp(text, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return strstr(text, "[127.") != NULL || strstr(text, "[::1]") != NULL || text[0] == '/';
}

const char *maillog_queued_as(const char *reply, char *room, size_t cap)
{
    static const char *const marks[] = {"queued as ", "OK id=", "Sent (", "250 2.0.0 "};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *at = strstr(reply, marks[i]);
        size_t n = 0;

        if (at == NULL) {
            continue;
        }
        at += strlen(marks[i]);
        while (isalnum((unsigned char)at[n]) || (at[n] == '-' && n > 0)) {
            n++;
        }
        /* Sendmail: only a word that is followed so is an id. */
        if (n < 6 || n >= cap || (i >= 2 && strncmp(at + n, " Message accepted", 17) != 0)) {
            continue;
        }
        memcpy(room, at, n);
        room[n] = '\0';
        return room;
    }
    return NULL;
}
