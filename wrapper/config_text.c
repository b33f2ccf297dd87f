/*
 * config_text - see config_text.h. The text is root's, and may be any bytes but NUL. The tokens are
 * those of libconfuse's scanner (src/lexer.l); the fuzz target compares what the two make of a
 * text.
 */
#include "config_text.h"

#include <string.h>

enum kind {
    END,
    WORD,        /* a name or a value, quoted or not */
    MARK,        /* one of {}()=+, */
    COMMENT,     /* with its line feed, if that ends it */
    OPEN_QUOTE,  /* a quoted value without an end */
    OPEN_COMMENT /* a comment without an end */
};

struct token {
    enum kind kind;
    size_t start, end;  /* in the text */
    unsigned long line; /* of its start */
};

struct scanner {
    const char *text;
    size_t len, at;
    unsigned long line;
};

static bool looks_at(const struct scanner *s, const char *what)
{
    size_t n = strlen(what);

    return s->len - s->at >= n && memcmp(s->text + s->at, what, n) == 0;
}

static void pass_bytes(struct scanner *s, size_t n)
{
    for (; n > 0 && s->at < s->len; n--) {
        s->line += s->text[s->at] == '\n';
        s->at++;
    }
}

/* Moves behind the next `end`; false if there is none. */
static bool pass_to(struct scanner *s, const char *end)
{
    while (s->at < s->len && !looks_at(s, end)) {
        pass_bytes(s, 1);
    }
    if (s->at == s->len) {
        return false;
    }
    pass_bytes(s, strlen(end));
    return true;
}

/* "${...}", whatever stands in between, is one piece: from the environment, which is empty. */
static bool pass_variable(struct scanner *s)
{
    return looks_at(s, "${") && memchr(s->text + s->at, '}', s->len - s->at) != NULL &&
           pass_to(s, "}");
}

static bool pass_quoted(struct scanner *s)
{
    char quote = s->text[s->at];

    pass_bytes(s, 1);
    while (s->at < s->len && s->text[s->at] != quote) {
        if (quote != '"' || !pass_variable(s)) {
            pass_bytes(s, s->text[s->at] == '\\' ? 2 : 1);
        }
    }
    if (s->at == s->len) {
        return false;
    }
    pass_bytes(s, 1);
    return true;
}

static enum kind pass_token(struct scanner *s)
{
    if (looks_at(s, "#") || looks_at(s, "//")) {
        pass_to(s, "\n"); /* the text's end ends it, too */
        return COMMENT;
    }
    if (looks_at(s, "/*")) {
        pass_bytes(s, 2);
        return pass_to(s, "*/") ? COMMENT : OPEN_COMMENT;
    }
    if (looks_at(s, "\"") || looks_at(s, "'")) {
        return pass_quoted(s) ? WORD : OPEN_QUOTE;
    }
    if (pass_variable(s)) {
        return WORD;
    }
    if (strchr("{}()=+,", s->text[s->at]) != NULL) {
        pass_bytes(s, looks_at(s, "+=") ? 2 : 1);
        return MARK;
    }
    do {
        pass_bytes(s, 1);
    } while (s->at < s->len && strchr(" \t\r\n{}()=+,\"'#", s->text[s->at]) == NULL);
    return WORD;
}

/* The next token; blanks before it are passed over. */
static struct token next_token(struct scanner *s)
{
    struct token token;

    while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]) != NULL) {
        pass_bytes(s, 1);
    }
    token = (struct token){END, s->at, s->at, s->line};
    if (s->at < s->len) {
        token.kind = pass_token(s);
        token.end = s->at;
    }
    return token;
}

static bool is_mark(const struct scanner *s, const struct token *token, char mark)
{
    return token->kind == MARK && s->text[token->start] == mark;
}

/* --- comments ------------------------------------------------------------------------------ */

/* A blank and the line feeds of from[0..n) to *to. */
static void keep_lines(char **to, const char *from, size_t n)
{
    *(*to)++ = ' '; /* no comment is shorter than one byte */
    for (size_t i = 0; i < n; i++) {
        if (from[i] == '\n' && i > 0) {
            *(*to)++ = '\n';
        }
    }
}

void config_text_clean(char *text, size_t *len, struct config_fault *ret)
{
    struct scanner s = {text, *len, 0, 1};
    struct config_fault open_brace = {0, NULL};
    size_t depth = 0, done = 0;
    char *to = text;

    *ret = (struct config_fault){0, NULL};
    for (;;) {
        struct token token = next_token(&s);

        memmove(to, text + done, token.start - done);
        to += token.start - done;
        done = token.end;
        if (token.kind == COMMENT) {
            keep_lines(&to, text + token.start, token.end - token.start);
            continue;
        }
        if (token.kind != WORD && token.kind != MARK) {
            *ret = (struct config_fault){
                token.line, token.kind == OPEN_QUOTE     ? "a quote that is not closed"
                            : token.kind == OPEN_COMMENT ? "a comment that is not closed"
                                                         : NULL};
            break;
        }
        if (is_mark(&s, &token, '{') && depth++ == 0) {
            open_brace = (struct config_fault){token.line, "a brace that is not closed"};
        }
        depth -= is_mark(&s, &token, '}') && depth > 0;
        memmove(to, text + token.start, token.end - token.start);
        to += token.end - token.start;
    }
    if (ret->text == NULL && depth > 0) {
        *ret = open_brace;
    }
    *len = (size_t)(to - text);
}

/* --- unknown options ----------------------------------------------------------------------- */

/* From behind an opening mark to behind the one that closes it. */
static bool pass_group(struct scanner *s, char open, char close)
{
    for (unsigned depth = 1; depth > 0;) {
        struct token token = next_token(s);

        if (token.kind != WORD && token.kind != MARK) {
            return false;
        }
        depth += is_mark(s, &token, open);
        depth -= is_mark(s, &token, close);
    }
    return true;
}

/* From behind an option's name to behind its value. */
static bool pass_value(struct scanner *s)
{
    struct token token = next_token(s);

    if (token.kind == WORD) { /* a section's title */
        token = next_token(s);
        return is_mark(s, &token, '{') && pass_group(s, '{', '}');
    }
    if (is_mark(s, &token, '{')) {
        return pass_group(s, '{', '}');
    }
    if (is_mark(s, &token, '(')) {
        return pass_group(s, '(', ')');
    }
    if (is_mark(s, &token, '=') || is_mark(s, &token, '+')) {
        token = next_token(s);
        return token.kind == WORD || (is_mark(s, &token, '{') && pass_group(s, '{', '}'));
    }
    return false; /* a name and nothing else */
}

bool config_text_blank(char *text, size_t len, unsigned long line, const char *key)
{
    struct scanner s = {text, len, 0, 1};
    struct token token;
    size_t n = strlen(key);

    do {
        token = next_token(&s);
        if (token.kind == END || token.line > line) {
            return false;
        }
    } while (token.kind != WORD || token.line != line || token.end - token.start != n ||
             memcmp(text + token.start, key, n) != 0);
    if (!pass_value(&s)) {
        return false;
    }
    for (size_t i = token.start; i < s.at; i++) {
        text[i] = text[i] == '\n' ? '\n' : ' ';
    }
    return true;
}
