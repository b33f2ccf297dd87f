/*
 * weblogformat_compile - from the format strings of the three servers to
 * operations.
 *
 * Not hostile: formats stand in the servers' configuration, or on our command
 * line. One that cannot be understood is refused; nothing is guessed.
 */
#include "context.h"
#include "web/weblogformat_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECOND 1000000

struct compiling {
    struct weblogformat *format;
    enum web_server server;
    char *out;     /* free storage in format->text */
    char *literal; /* the literal that is being gathered; NULL: none */
    bool bad;
};

static struct weblogop *add_op(struct compiling *c, enum weblogop_kind kind)
{
    struct weblogformat *f = c->format;

    if (f->count == WEBLOGFORMAT_OPS) {
        c->bad = true;
        return &f->ops[0];
    }
    memset(&f->ops[f->count], 0, sizeof f->ops[0]);
    f->ops[f->count].kind = kind;
    return &f->ops[f->count++];
}

static void end_literal(struct compiling *c)
{
    if (c->literal != NULL) {
        struct weblogop *op = add_op(c, WEBLOGOP_LITERAL);

        op->text = c->literal;
        op->len = (size_t)(c->out - c->literal);
        *c->out++ = '\0';
        c->literal = NULL;
    }
}

static void add_literal(struct compiling *c, char byte)
{
    if (c->literal == NULL) {
        c->literal = c->out;
    }
    *c->out++ = byte;
}

static const char *keep(struct compiling *c, const char *text, size_t n)
{
    char *kept = c->out;

    memcpy(kept, text, n);
    kept[n] = '\0';
    c->out += n + 1;
    return kept;
}

/* --- fields ----------------------------------------------------------------------------------- */

#define SKIP WEBFIELDS /* a field that nobody wants */

static void add_value(struct compiling *c, enum weblogop_kind kind, unsigned field)
{
    struct weblogformat *f = c->format;
    struct weblogop *op;

    end_literal(c);
    if (f->count > 0 && f->ops[f->count - 1].kind != WEBLOGOP_LITERAL &&
        f->ops[f->count - 1].kind != WEBLOGOP_TIME) {
        /* "%U%q": one value in two parts. Other neighbours cannot be told apart. */
        c->bad |= f->ops[f->count - 1].kind != WEBLOGOP_ANY;
        if (field < WEBFIELDS && field != WEBFIELD_QUERY) {
            c->bad = true;
        }
        return;
    }
    op = add_op(c, kind);
    if (field < WEBFIELDS) {
        op->field = field;
        op->store = (f->fields >> field & 1) == 0;
        f->fields |= 1U << field;
    }
}

static void add_duration(struct compiling *c, int64_t scale)
{
    add_value(c, WEBLOGOP_DURATION, SKIP);
    c->format->ops[c->format->count - 1].scale = scale;
    c->format->duration = true;
}

static void add_time(struct compiling *c, const char *format, bool of_end)
{
    struct weblogop *op;

    end_literal(c);
    op = add_op(c, WEBLOGOP_TIME);
    op->unit = weblogtime_is_unit(format);
    op->text = keep(c, format, strlen(format));
    op->of_end = of_end;
}

/* A field's name or letter and what it is. */
struct name {
    const char *name;
    enum weblogop_kind kind;
    unsigned field;
};

static bool add_named(struct compiling *c, const struct name *names, const char *name)
{
    for (; names->name != NULL; names++) {
        if (strcasecmp(names->name, name) == 0) {
            add_value(c, names->kind, names->field);
            return true;
        }
    }
    return false;
}

/* Request headers, and what CGI calls them. */
static const struct name headers[] = {
    {"User-Agent", WEBLOGOP_ANY, WEBFIELD_AGENT},
    {"Referer", WEBLOGOP_ANY, WEBFIELD_REFERER},
    {"X-Forwarded-For", WEBLOGOP_ANY, WEBFIELD_FORWARDED},
    {"X-Real-IP", WEBLOGOP_ANY, WEBFIELD_FORWARDED},
    {"CF-Connecting-IP", WEBLOGOP_ANY, WEBFIELD_FORWARDED},
    {"Host", WEBLOGOP_WORD, WEBFIELD_HOST},
    {NULL, WEBLOGOP_ANY, SKIP},
};

static const struct name variables[] = {
    {"HTTP_USER_AGENT", WEBLOGOP_ANY, WEBFIELD_AGENT},
    {"HTTP_REFERER", WEBLOGOP_ANY, WEBFIELD_REFERER},
    {"HTTP_X_FORWARDED_FOR", WEBLOGOP_ANY, WEBFIELD_FORWARDED},
    {"HTTP_HOST", WEBLOGOP_ANY, WEBFIELD_HOST},
    {"SERVER_NAME", WEBLOGOP_ANY, WEBFIELD_HOST},
    {"REQUEST_URI", WEBLOGOP_ANY, WEBFIELD_URI},
    {"REQUEST_METHOD", WEBLOGOP_WORD, WEBFIELD_METHOD},
    {"SCRIPT_FILENAME", WEBLOGOP_ANY, WEBFIELD_SCRIPT},
    {"REMOTE_ADDR", WEBLOGOP_WORD, WEBFIELD_CLIENT},
    {NULL, WEBLOGOP_ANY, SKIP},
};

static void add_variable(struct compiling *c, const struct name *names, const char *name)
{
    if (!add_named(c, names, name)) {
        add_value(c, WEBLOGOP_ANY, SKIP);
    }
}

/* --- Apache ----------------------------------------------------------------------------------- */

static void apache_time(struct compiling *c, const char *arg)
{
    bool of_end = strncmp(arg, "end", 3) == 0 && (arg[3] == '\0' || arg[3] == ':');

    if (of_end || strncmp(arg, "begin", 5) == 0) {
        const char *colon = strchr(arg, ':');

        arg = colon != NULL ? colon + 1 : "";
    }
    if (arg[0] == '\0') {
        add_literal(c, '[');
        add_time(c, WEBLOGTIME_CLF, of_end);
        add_literal(c, ']');
    } else {
        add_time(c, arg, of_end);
    }
}

static void apache_duration(struct compiling *c, const char *arg)
{
    if (strcmp(arg, "ms") == 0) {
        add_duration(c, 1000);
    } else if (strcmp(arg, "us") == 0) {
        add_duration(c, 1);
    } else {
        add_duration(c, SECOND);
    }
}

static const struct name apache_letters[] = {
    {"%h", WEBLOGOP_WORD, WEBFIELD_CLIENT},
    {"%l", WEBLOGOP_WORD, SKIP},
    {"%u", WEBLOGOP_ANY, WEBFIELD_USER},
    {"%r", WEBLOGOP_ANY, WEBFIELD_REQUEST},
    {"%s", WEBLOGOP_WORD, WEBFIELD_STATUS},
    {"%v", WEBLOGOP_WORD, WEBFIELD_HOST},
    {"%m", WEBLOGOP_WORD, WEBFIELD_METHOD},
    {"%f", WEBLOGOP_ANY, WEBFIELD_SCRIPT},
    {"%q", WEBLOGOP_ANY, WEBFIELD_QUERY},
    {"%b", WEBLOGOP_NUMBER, SKIP},
    {"%k", WEBLOGOP_NUMBER, SKIP},
    {"%p", WEBLOGOP_NUMBER, SKIP},
    {NULL, WEBLOGOP_ANY, SKIP},
};

/* %{arg}letter. Letters are told apart by case, which add_named does not do. */
static void apache_field(struct compiling *c, char letter, const char *arg)
{
    char name[3] = {'%', letter, '\0'};

    switch (letter) {
    case 't':
        apache_time(c, arg);
        break;
    case 'T':
        apache_duration(c, arg);
        break;
    case 'D':
        add_duration(c, 1);
        break;
    case 'a':
        add_value(c, WEBLOGOP_WORD, arg[0] == 'c' ? WEBFIELD_PEER : WEBFIELD_CLIENT);
        break;
    case 'P':
        add_value(c, WEBLOGOP_WORD, arg[0] == '\0' || arg[0] == 'p' ? WEBFIELD_PID : SKIP);
        break;
    case 'i':
        add_variable(c, headers, arg);
        break;
    case 'e':
        add_variable(c, variables, arg);
        break;
    case 'U':
        add_value(c, WEBLOGOP_ANY, WEBFIELD_URI);
        break;
    case 'V':
        add_value(c, WEBLOGOP_WORD, WEBFIELD_HOST);
        break;
    case 'B':
    case 'I':
    case 'O':
    case 'S':
        add_value(c, WEBLOGOP_NUMBER, SKIP);
        break;
    case 'A':
    case 'H':
    case 'L':
    case 'R':
    case 'X':
        add_value(c, WEBLOGOP_WORD, SKIP);
        break;
    default:
        add_variable(c, apache_letters, name);
    }
}

/* --- php-fpm ---------------------------------------------------------------------------------- */

static const struct name fpm_letters[] = {
    {"%r", WEBLOGOP_ANY, WEBFIELD_PATH},   {"%m", WEBLOGOP_WORD, WEBFIELD_METHOD},
    {"%f", WEBLOGOP_ANY, WEBFIELD_SCRIPT}, {"%s", WEBLOGOP_NUMBER, WEBFIELD_STATUS},
    {"%u", WEBLOGOP_ANY, WEBFIELD_USER},   {"%q", WEBLOGOP_ANY, WEBFIELD_QUERY},
    {"%l", WEBLOGOP_NUMBER, SKIP},         {NULL, WEBLOGOP_ANY, SKIP},
};

static void fpm_field(struct compiling *c, char letter, const char *arg)
{
    char name[3] = {'%', letter, '\0'};

    switch (letter) {
    case 't':
    case 'T':
        add_time(c, arg[0] == '\0' ? WEBLOGTIME_CLF : arg, letter == 'T');
        break;
    case 'd':
        add_duration(c, arg[0] == 'm' && arg[1] == 'i' ? (strncmp(arg, "micro", 5) == 0 ? 1 : 1000)
                                                       : SECOND);
        break;
    case 'R':
        add_value(c, WEBLOGOP_WORD, WEBFIELD_CLIENT);
        break;
    case 'p':
        add_value(c, WEBLOGOP_NUMBER, WEBFIELD_PID);
        break;
    case 'P':
    case 'M':
    case 'C':
        add_value(c, WEBLOGOP_WORD, SKIP);
        break;
    case 'Q': /* the "?" in front of %q */
        add_value(c, WEBLOGOP_ANY, WEBFIELD_QUERY);
        break;
    case 'e':
        add_variable(c, variables, arg);
        break;
    default:
        add_variable(c, fpm_letters, name);
    }
}

/* What stands behind a '%' at text, of Apache or php-fpm. Returns where the
 * format goes on. */
static const char *percent(struct compiling *c, const char *text)
{
    char arg[256] = "";

    if (*text == '%') {
        add_literal(c, '%');
        return text + 1;
    }
    /* Apache: "%!200,304>s": statuses, and which of several internal requests */
    text += strspn(text, "!0123456789,<>^");
    if (*text == '{') {
        size_t n = strcspn(++text, "}");

        if (text[n] == '\0' || n >= sizeof arg) {
            c->bad = true;
            return text + n;
        }
        memcpy(arg, text, n);
        arg[n] = '\0';
        text += n + 1;
        text += strspn(text, "<>^");
    }
    if (*text == '\0') {
        c->bad = true;
        return text;
    }
    if (text[-1] == '^' && text[1] != '\0') { /* "%{x}^ti": a trailer */
        add_value(c, WEBLOGOP_ANY, SKIP);
        return text + 2;
    }
    if (c->server == WEB_FPM) {
        fpm_field(c, *text, arg);
    } else {
        apache_field(c, *text, arg);
    }
    return text + 1;
}

/* --- nginx ------------------------------------------------------------------------------------ */

static const struct name nginx_names[] = {
    {"remote_addr", WEBLOGOP_WORD, WEBFIELD_CLIENT},
    {"realip_remote_addr", WEBLOGOP_WORD, WEBFIELD_PEER},
    {"http_x_forwarded_for", WEBLOGOP_ANY, WEBFIELD_FORWARDED},
    {"http_x_real_ip", WEBLOGOP_ANY, WEBFIELD_FORWARDED},
    {"remote_user", WEBLOGOP_ANY, WEBFIELD_USER},
    {"request", WEBLOGOP_ANY, WEBFIELD_REQUEST},
    {"request_method", WEBLOGOP_WORD, WEBFIELD_METHOD},
    {"request_uri", WEBLOGOP_ANY, WEBFIELD_URI},
    {"uri", WEBLOGOP_ANY, WEBFIELD_PATH},
    {"document_uri", WEBLOGOP_ANY, WEBFIELD_PATH},
    {"fastcgi_script_name", WEBLOGOP_ANY, WEBFIELD_PATH},
    {"args", WEBLOGOP_ANY, WEBFIELD_QUERY},
    {"query_string", WEBLOGOP_ANY, WEBFIELD_QUERY},
    {"is_args", WEBLOGOP_ANY, WEBFIELD_QUERY},
    {"status", WEBLOGOP_NUMBER, WEBFIELD_STATUS},
    {"host", WEBLOGOP_WORD, WEBFIELD_HOST},
    {"http_host", WEBLOGOP_WORD, WEBFIELD_HOST},
    {"server_name", WEBLOGOP_WORD, WEBFIELD_HOST},
    {"request_filename", WEBLOGOP_ANY, WEBFIELD_SCRIPT},
    {"http_user_agent", WEBLOGOP_ANY, WEBFIELD_AGENT},
    {"http_referer", WEBLOGOP_ANY, WEBFIELD_REFERER},
    {"body_bytes_sent", WEBLOGOP_NUMBER, SKIP},
    {"bytes_sent", WEBLOGOP_NUMBER, SKIP},
    {"request_length", WEBLOGOP_NUMBER, SKIP},
    {"pid", WEBLOGOP_NUMBER, SKIP}, /* nginx's own: it says nothing of who sends mail */
    {NULL, WEBLOGOP_ANY, SKIP},
};

static const char *dollar(struct compiling *c, const char *text)
{
    char name[128];
    bool braces = *text == '{';
    size_t n;

    text += braces;
    n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (n == 0 || n >= sizeof name || (braces && text[n] != '}')) {
        c->bad = true;
        return text + n;
    }
    memcpy(name, text, n);
    name[n] = '\0';
    if (strcmp(name, "time_local") == 0) {
        add_time(c, WEBLOGTIME_CLF, false);
    } else if (strcmp(name, "time_iso8601") == 0) {
        add_time(c, "%Y-%m-%dT%H:%M:%S%z", false);
    } else if (strcmp(name, "msec") == 0) {
        add_time(c, "%Q", false);
    } else if (strcmp(name, "request_time") == 0) {
        add_duration(c, SECOND);
    } else {
        add_variable(c, nginx_names, name);
    }
    return text + n + braces;
}

/* --- all -------------------------------------------------------------------------------------- */

/* A value between quotes ends at a quote; one before a literal that a word may
 * hold ends at the last. */
static void settle_ends(struct weblogformat *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct weblogop *op = &f->ops[i];
        const struct weblogop *before = i > 0 ? op - 1 : NULL;
        const struct weblogop *behind = i + 1 < f->count ? op + 1 : NULL;
        bool literal = behind != NULL && behind->kind == WEBLOGOP_LITERAL;

        if (op->kind == WEBLOGOP_LITERAL || op->kind == WEBLOGOP_TIME) {
            continue;
        }
        if (!f->raw && literal && behind->text[0] == '"' && before != NULL &&
            before->kind == WEBLOGOP_LITERAL && before->text[before->len - 1] == '"') {
            op->kind =
                op->kind == WEBLOGOP_ANY || op->kind == WEBLOGOP_WORD ? WEBLOGOP_QUOTED : op->kind;
        } else if (op->kind == WEBLOGOP_WORD && literal &&
                   strchr(" \t\"", behind->text[0]) == NULL) {
            op->kind = WEBLOGOP_UNTIL;
        }
    }
}

/* Any text must end somewhere: at a literal, or at the line's end. */
static bool sound(struct weblogformat *f)
{
    bool time = false;

    for (size_t i = 0; i < f->count; i++) {
        if (f->ops[i].kind == WEBLOGOP_ANY && i + 1 < f->count &&
            f->ops[i + 1].kind != WEBLOGOP_LITERAL) {
            return false;
        }
        if (f->ops[i].kind == WEBLOGOP_TIME && !f->ops[i].of_end && !time) {
            time = true;
            f->time_stop = i + 1;
        } else if (f->ops[i].kind == WEBLOGOP_TIME && !f->ops[i].of_end &&
                   strcmp(f->ops[i].text, WEBLOGTIME_CLF) != 0 &&
                   strcmp(f->ops[f->time_stop - 1].text, WEBLOGTIME_CLF) != 0) {
            f->time_stop = i + 1; /* a time in several pieces */
        }
    }
    if (f->time_stop < f->count && f->ops[f->time_stop].kind == WEBLOGOP_LITERAL) {
        f->time_stop++;
    }
    return time;
}

struct weblogformat *weblogformat_compile(enum web_server server, const char *text)
{
    struct weblogformat *f = context_alloc(sizeof *f);
    struct compiling c = {.format = f, .server = server};

    memset(f, 0, sizeof *f);
    /* Each byte gives at most itself, or a time's format with its brackets. */
    f->text = c.out = context_alloc(32 * strlen(text) + 64);
    f->raw = server == WEB_FPM;
    if (server == WEB_NGINX && strncmp(text, "escape=", 7) == 0) {
        size_t n = strcspn(text, " ");

        f->raw = strncmp(text, "escape=none", n) == 0;
        text += n + (text[n] == ' ');
    }
    while (*text != '\0' && !c.bad) {
        if (server == WEB_NGINX && *text == '$') {
            text = dollar(&c, text + 1);
        } else if (server != WEB_NGINX && *text == '%') {
            text = percent(&c, text + 1);
        } else {
            add_literal(&c, *text++);
        }
    }
    end_literal(&c);
    if (c.bad || !sound(f)) {
        weblogformat_free(f);
        return NULL;
    }
    settle_ends(f);
    return f;
}
