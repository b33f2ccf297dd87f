/* address - see address.h. Hostile input: the list. It cannot fail. */
#include "address.h"

#include <stdbool.h>

/* `words` and `angles` are of the current list member: what stands between two commas. */
struct scan {
    unsigned style;
    size_t count;
    size_t comment; /* how deep: comments nest (RFC 5322 section 3.2.2) */
    char closing;   /* what ends the quoted string or domain literal we are in; NUL: in neither */
    bool angle;     /* between '<' and '>', where a route has commas and a colon of its own */
    bool gap;       /* a blank or a comment came after the last word */
    bool joins;     /* the last word ended in '@' or '.': what follows belongs to it */
    size_t words;
    size_t angles;
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

/* The member so far was a group's name, or has been counted. */
static void drop_member(struct scan *s)
{
    s->words = 0;
    s->angles = 0;
}

static void end_member(struct scan *s)
{
    if (s->angles > 0) { /* its words are names */
        s->count += (s->style & ADDRESS_ANGLES) != 0 ? s->angles : 1;
    } else if (s->words > 0) {
        s->count += (s->style & ADDRESS_WORDS) != 0 ? s->words : 1;
    }
    drop_member(s);
}

/* A byte of a word. Blanks may stand around '@' and '.' (RFC 5322 section 4.4). */
static void scan_word(struct scan *s, char c)
{
    bool joint = c == '@' || c == '.';

    if (s->words == 0 || (s->gap && !joint && !s->joins)) {
        s->words++;
    }
    s->gap = false;
    s->joins = joint;
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
        s->gap = true;
        return;
    case '(':
        s->comment = 1;
        s->gap = true;
        return;
    case ',':
    case ';': /* a group's end; some clients separate addresses with it */
        if (!s->angle) {
            end_member(s);
        }
        return;
    case ':':
        if (!s->angle) {
            drop_member(s);
        }
        return;
    case '"':
        s->closing = '"';
        break;
    case '[':
        s->closing = ']';
        break;
    case '<':
        s->angles += !s->angle;
        s->angle = true;
        return;
    case '>':
        s->angle = false;
        break;
    default:
        break;
    }
    scan_word(s, c);
}

size_t address_count(const char *list, size_t n, unsigned style)
{
    struct scan s = {.style = style};

    for (size_t i = 0; i < n; i++) {
        bool inside = s.comment > 0 || s.closing != '\0';

        if (list[i] == '\\') {
            i++; /* a quoted pair stands for its second byte */
            if (!inside) {
                scan_word(&s, '\\');
            }
        } else if (inside) {
            scan_inside(&s, list[i]);
        } else {
            scan_outside(&s, list[i]);
        }
    }
    end_member(&s);
    return s.count;
}
