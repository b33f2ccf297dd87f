/*
 * record_parse - see record.h: the reader. Hostile input: the whole line. A log can be torn (a full
 * disk ends a write early, a crash leaves NULs), and any local user can write lines to a syslog
 * file. On failure: false, with ret untouched; nothing but text[0..len) is read or written, nothing
 * is allocated.
 *
 * What is looked for cannot stand inside a value that the writer wrote: codec_escape breaks up the
 * tag, and a '"' in a value has a backslash before it, so neither the tag nor {"time":" is
 * anybody's to forge.
 */
#include "record.h"

#include "codec.h"
#include "record_table.h"

#include <limits.h>
#include <string.h>

#define TAG_START RECORD_TAG "["
#define JSON_START "{\"time\":\""
#define JSON_HOST "\",\"host\":\""
#define HOST_MAX 255 /* RFC 5424 section 6 */
#define KEY_MAX 32

/* What parses a line hands on; p never passes end. */
struct cursor {
    char *p;
    char *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip(struct cursor *c, const char *expected)
{
    size_t n = strlen(expected);

    if ((size_t)(c->end - c->p) < n || memcmp(c->p, expected, n) != 0) {
        return false;
    }
    c->p += n;
    return true;
}

/* Two digits at p with a value between low and high. */
static bool two_digits(const char *p, int low, int high, int *ret)
{
    int value;

    if (!is_digit(p[0]) || !is_digit(p[1])) {
        return false;
    }
    value = (p[0] - '0') * 10 + (p[1] - '0');
    if (value < low || value > high) {
        return false;
    }
    *ret = value;
    return true;
}

/* "16:20:31" at p as seconds of the day; 60 is a leap second. */
static bool parse_clock(const char *p, long *ret)
{
    int hour, minute, second;

    if (!two_digits(p, 0, 23, &hour) || p[2] != ':' || !two_digits(p + 3, 0, 59, &minute) ||
        p[5] != ':' || !two_digits(p + 6, 0, 60, &second)) {
        return false;
    }
    *ret = hour * 3600L + minute * 60L + second;
    return true;
}

/* "2026-11-21" at p as days since 1970. */
static bool parse_date(const char *p, long *ret)
{
    int century, rest, month, day;
    long year;

    if (!two_digits(p, 0, 99, &century) || !two_digits(p + 2, 0, 99, &rest) || p[4] != '-' ||
        !two_digits(p + 5, 1, 12, &month) || p[7] != '-' || !two_digits(p + 8, 1, 31, &day)) {
        return false;
    }
    year = century * 100L + rest;
    if (year == 0 ||
        day > record_days_to_month(year, month + 1) - record_days_to_month(year, month)) {
        return false;
    }
    *ret = record_days_to_year(year) + record_days_to_month(year, month) + day - 1;
    return true;
}

/* "Z" or "+01:00" that ends at end: returns where it begins and its seconds east of UTC; NULL if
 * none. */
static const char *offset_before(const char *begin, const char *end, long *ret)
{
    const char *p;
    int hour, minute;

    if (end > begin && (end[-1] == 'Z' || end[-1] == 'z')) {
        *ret = 0;
        return end - 1;
    }
    if (end - begin < 6) {
        return NULL;
    }
    p = end - 6;
    if ((*p != '+' && *p != '-') || p[3] != ':' || !two_digits(p + 1, 0, 23, &hour) ||
        !two_digits(p + 4, 0, 59, &minute)) {
        return NULL;
    }
    *ret = (hour * 3600L + minute * 60L) * (*p == '-' ? -1 : 1);
    return p;
}

/* ".123456" that ends at end: returns where it begins and its nanoseconds; end and 0 if there is
 * none. */
static const char *fraction_before(const char *begin, const char *end, long *ret)
{
    long unit = 1000000000, value = 0;
    const char *p = end;

    while (p > begin && end - p < 9 && is_digit(p[-1])) {
        p--;
    }
    *ret = 0;
    if (p == end || p == begin || p[-1] != '.') {
        return end;
    }
    for (const char *digit = p; digit < end; digit++) {
        unit /= 10;
        value += (*digit - '0') * unit;
    }
    *ret = value;
    return p - 1;
}

/*
 * An RFC 3339 time that ends at end. It is read from its end, because a torn record may stand
 * before it without a blank. Returns where it begins, or NULL.
 */
static const char *rfc3339_before(const char *begin, const char *end, struct timespec *ret)
{
    long offset, nanoseconds, days, seconds;
    const char *p = offset_before(begin, end, &offset);

    if (p == NULL) {
        return NULL;
    }
    p = fraction_before(begin, p, &nanoseconds);
    if (p - begin < 19) {
        return NULL;
    }
    p -= 19;
    if (!parse_date(p, &days) || (p[10] != 'T' && p[10] != 't') || !parse_clock(p + 11, &seconds)) {
        return NULL;
    }
    ret->tv_sec = days * 86400 + seconds - offset;
    ret->tv_nsec = nanoseconds;
    return p;
}

/* "Nov 21 16:20:31" that ends at end. Returns where it begins, or NULL. It says no year, so no
 * time. */
static const char *syslog_time_before(const char *begin, const char *end, struct timespec *ret)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const char *p;
    long seconds;
    int day;
    bool known = false;

    if (end - begin < 15) {
        return NULL;
    }
    p = end - 15;
    if (p[3] != ' ' || p[6] != ' ' || !parse_clock(p + 7, &seconds)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof months - 1; i += 3) {
        known = known || memcmp(p, months + i, 3) == 0;
    }
    if (!known ||
        !(two_digits(p + 4, 10, 31, &day) || (p[4] == ' ' && p[5] >= '1' && p[5] <= '9'))) {
        return NULL;
    }
    *ret = (struct timespec){0};
    return p;
}

/* The last place in text[0..len) where start stands, or NULL; its first byte should be a rare one.
 */
static char *find_last(char *text, size_t len, const char *start, size_t rare)
{
    size_t n = strlen(start);

    while (len >= n) {
        char *found = memrchr(text + rare, start[rare], len - rare);

        if (found == NULL) {
            return NULL;
        }
        found -= rare;
        if ((size_t)(text + len - found) >= n && memcmp(found, start, n) == 0) {
            return found;
        }
        len = (size_t)(found - text) + rare;
    }
    return NULL;
}

/* A byte of a host's name, whichever syslogd wrote it. */
static bool is_host_byte(char c)
{
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
}

/*
 * Time and host in front of the tag, which stands at tag. Sets time and host and ends the host with
 * a NUL; returns where the time begins, or NULL.
 */
static const char *parse_front(char *text, char *tag, struct record *rec)
{
    char *end = tag - 1; /* of the host */
    char *host = end;
    const char *start;

    if (tag - text < 3 || *end != ' ') {
        return NULL;
    }
    while (host > text && end - host < HOST_MAX && is_host_byte(host[-1])) {
        host--;
    }
    if (host == end || host == text || host[-1] != ' ') {
        return NULL;
    }
    start = rfc3339_before(text, host - 1, &rec->time);
    if (start == NULL) {
        start = syslog_time_before(text, host - 1, &rec->time);
    }
    if (start != NULL) {
        *end = '\0';
        rec->host = host;
    }
    return start;
}

/* The value of the digits at digits[0..n), a pid; -1 if they are none. */
static long parse_pid(const char *digits, size_t n)
{
    long pid = 0;

    for (size_t i = 0; i < n; i++) {
        int digit = digits[i] - '0';

        if (!is_digit(digits[i]) || pid > (LONG_MAX - digit) / 10) {
            return -1;
        }
        pid = pid * 10 + digit;
    }
    return n > 0 ? pid : -1;
}

/* Finds a key by its name, at hint first: they come in order. RECORD_KEYS: unknown. */
static size_t find_key(const char *name, size_t n, size_t hint)
{
    for (size_t i = 0; i < RECORD_KEYS; i++) {
        size_t key = (hint + i) % RECORD_KEYS;

        if (record_rows[key].name_len == n && memcmp(record_rows[key].name, name, n) == 0) {
            return key;
        }
    }
    return RECORD_KEYS;
}

/* Takes a key's name, up to the byte that is no part of one. *key is the key before, or
 * RECORD_KEYS. */
static bool parse_key(struct cursor *c, size_t *key)
{
    const char *name = c->p;

    while (c->p < c->end && c->p - name < KEY_MAX &&
           ((*c->p >= 'a' && *c->p <= 'z') || *c->p == '_' || is_digit(*c->p))) {
        c->p++;
    }
    *key = find_key(name, (size_t)(c->p - name), *key + 1);
    return c->p > name;
}

/*
 * Takes the content of a string, whose opening '"' is behind us, and its closing one. Every '"'
 * inside has a backslash before it; a control byte was never written.
 */
static bool parse_string(struct cursor *c, struct record_value *ret, bool *ret_escaped)
{
    char *start = c->p;

    *ret_escaped = false;
    for (; c->p < c->end && *c->p != '"'; c->p++) {
        if (*c->p == '\\') {
            *ret_escaped = true;
            c->p++;
        }
        if (c->p == c->end || (unsigned char)*c->p < ' ' || *c->p == 0x7f) {
            return false;
        }
    }
    if (c->p == c->end) {
        return false;
    }
    *ret = (struct record_value){.ptr = start, .len = (size_t)(c->p - start)};
    c->p++;
    return true;
}

/* Undoes the encoder's escapes in place. */
static bool unescape(char *text, struct record_value *value)
{
    value->ptr = text;
    return codec_unescape(text, &value->len, &value->cut);
}

/* Keeps a value; a key that stands twice was not written by us. */
static bool keep_value(struct record *rec, size_t key, const struct record_value *value)
{
    if (key == RECORD_KEYS) {
        return true;
    }
    if (rec->value[key].ptr != NULL) {
        return false;
    }
    rec->value[key] = *value;
    return true;
}

/* A torn record may end in "action=del": only a whole word is an end. None is another's beginning.
 */
static bool is_action(const struct record_value *value)
{
    static const char *const actions[] = {"deliver", "pass", "refuse"};

    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (!value->cut && strlen(actions[i]) == value->len &&
            memcmp(actions[i], value->ptr, value->len) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes a value without quotes, which goes to the next blank; it holds neither '"' nor backslash.
 */
static bool parse_bare(struct cursor *c, struct record_value *ret)
{
    char *start = c->p;

    while (c->p < c->end && *c->p != ' ') {
        if (*c->p < ' ' || *c->p >= 0x7f || *c->p == '"' || *c->p == '\\') {
            return false; /* char may be signed: what is not ASCII is below ' ' or above 0x7f */
        }
        c->p++;
    }
    *ret = (struct record_value){.ptr = start, .len = (size_t)(c->p - start)};
    return ret->len > 0;
}

static bool parse_logfmt_value(struct cursor *c, struct record_value *ret)
{
    char *start;
    bool escaped;

    if (!skip(c, "\"")) {
        return parse_bare(c, ret);
    }
    start = c->p;
    return parse_string(c, ret, &escaped) && (!escaped || unescape(start, ret));
}

/* "id=.. mode=.. .. action=..", up to the end of the line. */
static bool parse_logfmt(struct cursor *c, struct record *rec)
{
    size_t key = RECORD_KEYS - 1;

    if (c->end - c->p < 3 || memcmp(c->p, "id=", 3) != 0) {
        return false;
    }
    for (;;) {
        struct record_value value;

        if (!parse_key(c, &key) || !skip(c, "=") || !parse_logfmt_value(c, &value) ||
            !keep_value(rec, key, &value)) {
            return false;
        }
        if (c->p == c->end) {
            return key == RECORD_ACTION && is_action(&value);
        }
        if (!skip(c, " ")) {
            return false;
        }
    }
}

/* Takes JSON's own quoting off, in place: '\\' and '"' are all that the writer quotes. */
static bool unquote_json(char *text, struct record_value *value)
{
    size_t to = 0;

    for (size_t from = 0; from < value->len; from++) {
        if (text[from] == '\\') {
            from++; /* parse_string saw that a byte follows */
            if (text[from] != '\\' && text[from] != '"') {
                return false;
            }
        }
        text[to++] = text[from];
    }
    value->len = to;
    return true;
}

/* A string, or what JSON has without quotes: a number or a word. */
static bool parse_json_value(struct cursor *c, struct record_value *ret)
{
    bool quoted = skip(c, "\"");
    char *start = c->p;
    bool escaped;

    if (quoted) {
        return parse_string(c, ret, &escaped) &&
               (!escaped || (unquote_json(start, ret) && unescape(start, ret)));
    }
    while (c->p < c->end && (is_digit(*c->p) || (*c->p >= 'a' && *c->p <= 'z') || *c->p == 'E' ||
                             *c->p == '.' || *c->p == '+' || *c->p == '-')) {
        c->p++;
    }
    *ret = (struct record_value){.ptr = start, .len = (size_t)(c->p - start)};
    return ret->len > 0;
}

/* The members from "id" on, the closing brace, and the end of the line. */
static bool parse_json(struct cursor *c, struct record *rec)
{
    size_t key = RECORD_KEYS - 1;

    if (c->end - c->p < 5 || memcmp(c->p, "\"id\":", 5) != 0) {
        return false;
    }
    for (;;) {
        struct record_value value;

        if (!skip(c, "\"") || !parse_key(c, &key) || !skip(c, "\":") ||
            !parse_json_value(c, &value) || !keep_value(rec, key, &value)) {
            return false;
        }
        if (skip(c, "}")) {
            return c->p == c->end && key == RECORD_ACTION && is_action(&value);
        }
        if (!skip(c, ",")) {
            return false;
        }
    }
}

/* time host sendmail-wrapper[pid]: and either format; tag is where the tag stands. */
static bool parse_tagged(char *text, size_t len, char *tag, struct record *rec, bool *ret_torn)
{
    struct cursor c = {.p = tag + strlen(TAG_START), .end = text + len};
    const char *digits = c.p;
    const char *start;

    while (c.p < c.end && is_digit(*c.p)) {
        c.p++;
    }
    rec->pid = parse_pid(digits, (size_t)(c.p - digits));
    if (rec->pid < 0 || !skip(&c, "]: ")) {
        return false;
    }
    start = parse_front(text, tag, rec);
    if (start == NULL) {
        return false;
    }
    *ret_torn = start != text;
    return skip(&c, "{") ? parse_json(&c, rec) : parse_logfmt(&c, rec);
}

/* {"time":"..","host":"..", and the members; object is where it begins. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the cursor unescapes in place */
static bool parse_object(char *text, size_t len, char *object, struct record *rec, bool *ret_torn)
{
    struct cursor c = {.p = object + strlen(JSON_START), .end = text + len};
    const char *time = c.p;
    char *host, *quote;

    while (c.p < c.end && *c.p != '"') {
        c.p++;
    }
    if (rfc3339_before(time, c.p, &rec->time) != time || !skip(&c, JSON_HOST)) {
        return false;
    }
    host = c.p;
    while (c.p < c.end && c.p - host < HOST_MAX && is_host_byte(*c.p)) {
        c.p++;
    }
    quote = c.p;
    if (quote == host || !skip(&c, "\",") || !parse_json(&c, rec)) {
        return false;
    }
    *quote = '\0';
    rec->host = host;
    rec->pid = parse_pid(rec->value[RECORD_PID].ptr, rec->value[RECORD_PID].len);
    if (rec->pid < 0) {
        rec->pid = 0; /* there is no tag that says it, and the key is absent or odd */
    }
    *ret_torn = object != text;
    return true;
}

bool record_parse(char *text, size_t len, struct record *ret, bool *ret_torn)
{
    struct record rec;
    char *tag = find_last(text, len, TAG_START, strlen(TAG_START) - 1);
    char *object = NULL;
    bool torn = false, whole = false;

    memset(rec.value, 0, sizeof rec.value);
    if (len > 0 && text[len - 1] == '}') {
        object = find_last(text, len, JSON_START, 0);
    }
    if (object != NULL && (tag == NULL || object > tag)) {
        whole = parse_object(text, len, object, &rec, &torn);
    } else if (tag != NULL) {
        whole = parse_tagged(text, len, tag, &rec, &torn);
    }
    if (!whole) {
        return false;
    }
    ret->time = rec.time;
    ret->host = rec.host;
    ret->pid = rec.pid;
    memcpy(ret->value, rec.value, sizeof rec.value);
    ret->number_count = 0;
    *ret_torn = torn;
    return true;
}
