/* address - see address.h. Hostile input: the list. It cannot fail. */
#include "address.h"

#include <stdbool.h>

struct scan {
    size_t count;
    size_t comment; /* how deep: comments nest (RFC 5322 section 3.2.2) */
    char closing;   /* what ends the quoted string or domain literal we are in; NUL: in neither */
    bool angle;     /* between '<' and '>', where a route has commas and a colon of its own */
    bool seen;      /* the current list member has something but comments and blanks */
};

/* One byte inside a comment, a quoted string or a domain literal. */
static void scan_inside(struct scan *s, char c)
{
    if (s->comment > 0) {
        s->comment += c == '(';
        s->comment -= c == ')';
    } else if (c == s->closing) {
        s->closing = '\0';
    }
}

static void end_member(struct scan *s)
{
    s->count += s->seen;
    s->seen = false;
}

/* One byte between those. */
static void scan_outside(struct scan *s, char c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
    case ')': /* one too many */
        return;
    case '(':
        s->comment = 1;
        return;
    case ',':
    case ';': /* a group's end; some clients separate addresses with it */
        if (!s->angle) {
            end_member(s);
        }
        return;
    case ':':
        if (!s->angle) {
            s->seen = false; /* it was a group's name */
        }
        return;
    case '"':
        s->closing = '"';
        break;
    case '[':
        s->closing = ']';
        break;
    case '<':
        s->angle = true;
        break;
    case '>':
        s->angle = false;
        break;
    default:
        break;
    }
    s->seen = true;
}

size_t address_count(const char *list, size_t n)
{
    struct scan s = {0};

    for (size_t i = 0; i < n; i++) {
        bool inside = s.comment > 0 || s.closing != '\0';

        if (inside && list[i] == '\\') {
            i++; /* a quoted pair stands for its second byte */
        } else if (inside) {
            scan_inside(&s, list[i]);
        } else {
            scan_outside(&s, list[i]);
        }
    }
    end_member(&s);
    return s.count;
}
