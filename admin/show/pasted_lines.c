/* pasted_lines - see pasted_private.h: RFC 5322's lines and fields, read leniently. All of it is
 * hostile. */
#include "show/pasted_private.h"

#include "context.h"

#include <string.h>
#include <strings.h>

bool text_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next line off rest, without its line end. */
bool text_line(struct text *rest, struct text *ret)
{
    const char *newline = rest->len > 0 ? memchr(rest->at, '\n', rest->len) : NULL;
    size_t len = newline != NULL ? (size_t)(newline - rest->at) : rest->len;

    if (rest->len == 0) {
        return false;
    }
    *ret = (struct text){rest->at, len};
    rest->at += newline != NULL ? len + 1 : len;
    rest->len -= newline != NULL ? len + 1 : len;
    while (ret->len > 0 && ret->at[ret->len - 1] == '\r') {
        ret->len--;
    }
    return true;
}

/* The length of the field name that a line begins with; 0 if it is no field. RFC 5322 section 2.2
 */
size_t text_field_name(struct text line)
{
    size_t n = 0;

    while (n < line.len && line.at[n] > ' ' && line.at[n] < 0x7f && line.at[n] != ':') {
        n++;
    }
    return n < line.len && line.at[n] == ':' ? n : 0;
}

bool text_is_named(struct text line, const char *name)
{
    size_t n = strlen(name);

    return text_field_name(line) == n && strncasecmp(line.at, name, n) == 0;
}

/* Takes the next field off a header section. Returns false at its end; an empty line is taken, too.
 */
bool text_field(struct text *rest, struct field *ret)
{
    struct text look = *rest, line;
    size_t name;

    if (!text_line(&look, &line)) {
        return false;
    }
    name = text_field_name(line);
    if (name == 0) {
        if (line.len == 0) {
            *rest = look;
        }
        return false;
    }
    ret->line = line;
    ret->value.at = line.at + name + 1;
    do {
        ret->value.len = (size_t)(line.at + line.len - ret->value.at);
        *rest = look;
    } while (text_line(&look, &line) && line.len > 0 && text_is_blank(line.at[0]));
    return true;
}

/* Without line ends and surrounding blanks; NUL becomes '?'. */
char *text_unfold(struct text value)
{
    char *text = context_copy(value.at, value.len);
    size_t used = 0;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];

        if (c == '\r' || c == '\n' || (used == 0 && text_is_blank(c))) {
            continue;
        }
        text[used++] = c;
        if (c == '\0') {
            text[used - 1] = '?';
        }
    }
    while (used > 0 && text_is_blank(text[used - 1])) {
        used--;
    }
    text[used] = '\0';
    return text;
}

/* Whether a header section may begin here: a field, or a From_ line in front of one. Blank lines in
 * front are taken off. */
bool text_section_begins(struct text *text)
{
    struct text look = *text, line;

    while (text_line(&look, &line)) {
        size_t mark = line.len > 0 && line.at[0] == '>' ? 1 : 0;

        if (text_field_name(line) > 0) {
            return true;
        }
        if (line.len > 0 && !(line.len > mark + 5 && memcmp(line.at + mark, "From ", 5) == 0)) {
            return false;
        }
        *text = look;
    }
    return false;
}
