/*
 * invocation - see invocation.h. Reads argv as the MTA that will get it reads it: the rows of
 * dialect.c say how.
 *
 * Hostile input: argc and argv. One pass, nothing allocated, written or changed; nothing can fail:
 * what an MTA would reject is a call that reads no message (pass). See dialect.c for which way
 * doubts are decided.
 */
#include "invocation.h"

#include "address.h"
#include "dialect_table.h"

#include <string.h>
#include <strings.h>

#define LETTERS 128

struct walk {
    const struct dialect *row;
    char *const *argv;
    int argc;
    int at;        /* the word being read */
    unsigned mode; /* the TO_ value in force */
    unsigned seen; /* the other effects met so far */
    bool over;     /* nothing further is looked at */
    bool doubt; /* words from here on may not be options: they cannot end the hope for a message */
    size_t operands;
    size_t addresses; /* in the operands */
    const char *sender;
    int obsolete_at; /* special_sendmail: the word that obsolete() looks at next */
    bool obsolete_over;
    unsigned char takes[LETTERS];      /* enum takes */
    unsigned char first_rule[LETTERS]; /* index into row->rules plus one; 0: none */
};

/* --- the row, indexed by letter ------------------------------------------------------------ */

static void index_row(struct walk *walk)
{
    const struct dialect *row = walk->row;

    for (const char *p = row->letters != NULL ? row->letters : ""; *p != '\0'; p++) {
        unsigned char takes = TAKES_NOTHING;
        unsigned char letter = (unsigned char)*p;

        if (p[1] == ':' || p[1] == '*' || p[1] == '?') {
            p++;
            takes = *p == ':' ? TAKES_VALUE : *p == '*' ? TAKES_REST : TAKES_PLAIN;
        }
        walk->takes[letter] = takes;
    }
    for (unsigned i = 0; row->rules[i].letter != 0; i++) {
        unsigned char letter = (unsigned char)row->rules[i].letter;

        if (walk->first_rule[letter] == 0) {
            walk->first_rule[letter] = (unsigned char)(i + 1);
        }
    }
}

static unsigned takes_of(const struct walk *walk, char letter)
{
    unsigned char index = (unsigned char)letter;

    return index < LETTERS ? walk->takes[index] : TAKES_UNKNOWN;
}

static bool rule_matches(const struct rule *rule, const char *text)
{
    switch (rule->match) {
    case ANY:
        return true;
    case FIRST:
        return text[0] != '\0' && strchr(rule->pattern, text[0]) != NULL;
    case WHOLE:
        return strcmp(text, rule->pattern) == 0;
    case PREFIX:
        return strncmp(text, rule->pattern, strlen(rule->pattern)) == 0;
    case NOCASE:
        return strncasecmp(text, rule->pattern, strlen(rule->pattern)) == 0;
    }
    return false;
}

/* The first rule of this letter that matches text; NULL if there is none. */
static const struct rule *rule_find(const struct walk *walk, char letter, const char *text)
{
    unsigned char index = (unsigned char)letter;
    const struct rule *rule;

    if (index >= LETTERS || walk->first_rule[index] == 0) {
        return NULL;
    }
    for (rule = &walk->row->rules[walk->first_rule[index] - 1]; rule->letter == letter; rule++) {
        if (rule_matches(rule, text)) {
            return rule;
        }
    }
    return NULL;
}

/* --- what options do ----------------------------------------------------------------------- */

static void apply(struct walk *walk, unsigned effect, const char *value)
{
    unsigned mode = effect & MODE_MASK;

    if (walk->doubt) {
        effect &= ~(unsigned)(NEVER | EXITS);
        mode = mode == TO_PASS ? 0 : mode;
    }
    if (mode != 0 && !(mode == TO_SMTP && walk->mode == TO_BATCH)) {
        walk->mode = mode;
    }
    if ((effect & SENDER) != 0) {
        walk->sender = value;
    }
    if ((effect & (EXITS | FINAL)) != 0) {
        walk->over = true;
    }
    walk->seen |= effect & ~(unsigned)MODE_MASK;
}

static size_t count_addresses(const struct dialect *row, const char *word)
{
    size_t count = 1;

    if ((row->flags & COMMA_LISTS) != 0) {
        count = address_count(word, strlen(word), row->list);
    }
    return count == 0 && (row->flags & EMPTY_COUNTS) != 0 ? 1 : count;
}

static void operand(struct walk *walk, const char *word)
{
    walk->operands++;
    walk->addresses += count_addresses(walk->row, word);
    if ((walk->row->flags & PERMUTES) != 0) {
        /* With POSIXLY_CORRECT in the environment (the caller's to set) all that follows is
         * operands. */
        walk->doubt = true;
    }
}

/* The words from walk->at on are operands. */
static void operands(struct walk *walk)
{
    for (; walk->at < walk->argc && !walk->over; walk->at++) {
        operand(walk, walk->argv[walk->at]);
    }
}

/* The next word without taking it; NULL after the last. */
static const char *peek(const struct walk *walk)
{
    return walk->at + 1 < walk->argc ? walk->argv[walk->at + 1] : NULL;
}

/* What an option takes, `rest` being what follows in its word. NULL: it takes nothing, or there is
 * none. */
static const char *take(struct walk *walk, unsigned takes, const char *rest)
{
    const char *next = peek(walk);

    if (takes == TAKES_NOTHING) {
        return NULL;
    }
    if (takes == TAKES_REST || *rest != '\0') {
        return rest;
    }
    if (next == NULL || (takes == TAKES_PLAIN && next[0] == '-') ||
        (takes == TAKES_DIGITS && (next[0] < '0' || next[0] > '9'))) {
        return NULL;
    }
    walk->at++;
    return next;
}

/* --- dialects of letters: getopt(3) and its like ------------------------------------------- */

static void read_cluster(struct walk *walk)
{
    const char *p = walk->argv[walk->at] + 1;

    while (*p != '\0' && !walk->over) {
        char letter = *p++;
        unsigned takes = takes_of(walk, letter);
        const char *value = take(walk, takes, p);
        const struct rule *rule;

        if (takes == TAKES_UNKNOWN || (takes == TAKES_VALUE && value == NULL)) {
            apply(walk, EXITS, NULL);
            return;
        }
        rule = rule_find(walk, letter, value != NULL ? value : "");
        if (rule != NULL) {
            apply(walk, rule->effect, value);
        }
        if (takes != TAKES_NOTHING) {
            return;
        }
    }
}

/*
 * getopt_long(3): a whole name or the only beginning of one. What fits no name, or several, is left
 * alone: a newer program may know it.
 */
static const struct long_option *long_find(const struct dialect *row, const char *name, size_t len)
{
    const struct long_option *found = NULL;
    unsigned fits = 0;

    for (const struct long_option *l = row->longs; l->name != NULL; l++) {
        if (strncmp(l->name, name, len) == 0) {
            if (l->name[len] == '\0') {
                return l;
            }
            found = l;
            fits++;
        }
    }
    return fits == 1 ? found : NULL;
}

static void read_long(struct walk *walk)
{
    const char *name = walk->argv[walk->at] + 2;
    size_t len = strcspn(name, "=");
    const struct long_option *l = long_find(walk->row, name, len);
    const char *value = NULL;

    if (l == NULL) {
        return;
    }
    if (name[len] == '=') {
        value = name + len + 1;
    } else if (l->takes == TAKES_VALUE) {
        value = take(walk, TAKES_VALUE, "");
    }
    if (l->takes == TAKES_VALUE && value == NULL) {
        apply(walk, EXITS, NULL);
        return;
    }
    apply(walk, l->effect, value);
}

/* --- dialects of words --------------------------------------------------------------------- */

static void read_word(struct walk *walk)
{
    const char *rest = walk->argv[walk->at] + 2;
    const struct rule *rule = rule_find(walk, rest[-1], rest);
    bool lenient = (walk->row->flags & SKIPS_UNKNOWN) != 0;
    const char *value;

    if (rule == NULL) {
        if (!lenient) {
            apply(walk, EXITS, NULL);
        }
        return;
    }
    if (rule->match == PREFIX) {
        rest += strlen(rule->pattern);
    }
    value = take(walk, rule->takes, rest);
    if (value == NULL && rule->takes == TAKES_VALUE) {
        if (!lenient) {
            apply(walk, EXITS, NULL);
            return;
        }
        value = "";
    }
    for (unsigned i = 0; i < rule->eats && peek(walk) != NULL; i++) {
        walk->at++;
    }
    apply(walk, rule->effect, value);
}

void walk_words(struct walk *walk)
{
    unsigned flags = walk->row->flags;

    for (walk->at = 1; walk->at < walk->argc && !walk->over; walk->at++) {
        const char *word = walk->argv[walk->at];

        if (word[0] != '-') {
            break;
        }
        if (word[1] == '\0' && (flags & DASH_EXITS) != 0) {
            apply(walk, EXITS, NULL);
        } else if (word[1] == '\0' ||
                   (word[1] == '-' && word[2] == '\0' && (flags & SKIPS_UNKNOWN) == 0)) {
            walk->at++;
            break;
        } else {
            read_word(walk);
        }
    }
    operands(walk);
}

void walk_letters(struct walk *walk)
{
    const struct dialect *row = walk->row;

    for (walk->at = 1; walk->at < walk->argc && !walk->over; walk->at++) {
        const char *word = walk->argv[walk->at];

        if (row->special != NULL && row->special(walk)) {
            continue;
        }
        if (word[0] == '-' &&
            (word[1] == '\0'
                 ? (row->flags & DASH_ENDS) != 0
                 : word[1] == '-' && (word[2] == '\0' || (row->flags & DASHES_END) != 0))) {
            walk->at++;
            break;
        }
        if (word[0] != '-' || word[1] == '\0') {
            if ((row->flags & PERMUTES) == 0) {
                break;
            }
            operand(walk, word);
        } else if (word[1] == '-' && row->longs != NULL) {
            read_long(walk);
        } else if ((row->flags & WORDS_TOO) != 0 && takes_of(walk, word[1]) == TAKES_UNKNOWN) {
            read_word(walk);
        } else {
            read_cluster(walk);
        }
    }
    operands(walk);
}

/* --- Postfix, Sendmail, Exim, OpenSMTPD: what their rows cannot say ------------------------ */

/*
 * sendmail.c looks at three words before getopt does: the bare -q (flush, the last mode wins), -XV
 * (VERP, takes nothing) and the old -V when a word of two characters follows, which it turns into
 * -XV and so leaves that word where it is.
 */
bool special_postfix(struct walk *walk)
{
    const char *word = walk->argv[walk->at];
    const char *next;

    if (word[0] != '-') {
        return false;
    }
    if (word[1] == 'q' && word[2] == '\0') {
        apply(walk, TO_PASS, NULL);
        return true;
    }
    if (word[1] == 'V' && word[2] == '\0') {
        next = peek(walk);
        return next != NULL && next[0] != '\0' && next[1] != '\0' && next[2] == '\0';
    }
    return strcmp(word, "-XV") == 0;
}

/*
 * obsolete() goes over argv before getopt does and takes every word for an option by itself,
 * cluster or not, up to the first that is none. A bare -C or -d that it meets takes nothing (-C
 * only if no word follows, or one with a dash); one that it stepped over as a value, or did not
 * come to, takes the next word as usual.
 */
bool special_sendmail(struct walk *walk)
{
    const char *word = walk->argv[walk->at];

    while (!walk->obsolete_over && walk->obsolete_at < walk->at) {
        const char *seen = walk->argv[walk->obsolete_at];
        const char *next =
            walk->obsolete_at + 1 < walk->argc ? walk->argv[walk->obsolete_at + 1] : NULL;

        if (seen[0] != '-' || seen[1] == '-' || seen[1] == '\0') {
            walk->obsolete_over = true;
            break;
        }
        walk->obsolete_at++;
        if (takes_of(walk, seen[1]) == TAKES_VALUE && seen[2] == '\0' && seen[1] != 'd' &&
            next != NULL && next[0] != '-') {
            walk->obsolete_at++;
        }
    }
    if (walk->obsolete_over || walk->obsolete_at != walk->at || word[0] != '-' ||
        (word[1] != 'C' && word[1] != 'd') || word[2] != '\0') {
        return false;
    }
    return word[1] == 'd' || peek(walk) == NULL || peek(walk)[0] == '-';
}

void finish_postfix(struct walk *walk)
{
    bool probe = (walk->seen & PROBE) != 0;

    if (walk->mode == TO_SUBMIT ? probe : (walk->seen & RCPT_HEADER) != 0) {
        walk->seen |= NEVER; /* a probe's text is made up; "-t can be used only in delivery mode" */
    }
    if (walk->mode == TO_SMTP && walk->operands > 0) {
        walk->seen |= NEVER; /* "stand-alone mode requires no recipient" */
    }
}

void finish_sendmail(struct walk *walk)
{
    if (walk->mode == TO_VERIFY) {
        walk->mode = (walk->seen & RCPT_HEADER) != 0 ? TO_SUBMIT : TO_PASS;
    }
}

void finish_exim(struct walk *walk)
{
    if (walk->mode != TO_SUBMIT && (walk->sender != NULL || (walk->seen & RCPT_HEADER) != 0)) {
        walk->seen |= NEVER; /* "incompatible command-line options" */
    }
    if (walk->mode == TO_SMTP && (walk->seen & OPAQUE) != 0) {
        walk->seen |= NEVER; /* TLS from the first byte: nothing there that we could read */
    }
}

/* sendmail_compat(): -bi anywhere in argv, even as a value or after "--", means makemap. */
void finish_opensmtpd(struct walk *walk)
{
    for (int i = 1; i < walk->argc; i++) {
        if (strncmp(walk->argv[i], "-bi", 3) == 0) {
            walk->seen |= NEVER;
        }
    }
}

/* --- ssmtp: parse_options() of ssmtp.c, 2.64 ----------------------------------------------- */

struct ssmtp_word {
    unsigned effect;
    const char *sender;
    const char *secret; /* where a password starts in this word */
    bool secret_next;   /* the next word is a password */
    bool eats;          /* the next word is a value */
    bool overrun; /* ssmtp reads on behind the word's end, into the next word or the environment */
};

/* A value of ssmtp: the rest of the word, else the next word if there is one. */
static const char *ssmtp_value(const char *rest, const char *next, struct ssmtp_word *ret)
{
    if (*rest != '\0' || next == NULL) {
        return rest;
    }
    ret->eats = true;
    return next;
}

/* -au USER, -ap PASSWORD, -am METHOD: p is at the letter after the 'a'. */
static void ssmtp_auth(const char *p, const char *next, struct ssmtp_word *ret)
{
    if (*p == 'u' || *p == 'p' || *p == 'm') {
        const char *value = ssmtp_value(p + 1, next, ret);

        if (*p == 'p') {
            ret->secret_next = ret->eats;
            ret->secret = ret->eats ? NULL : value;
        }
    }
}

/* -oX: p is at the letter after the 'o'. Returns the last letter read; NULL: the word is done. */
static const char *ssmtp_option(const char *p, struct ssmtp_word *ret)
{
    switch (*p) {
    case '\0':
        ret->overrun = true;
        return NULL;
    case 'D':
    case 'o':
        ret->effect |= EXITS;
        return NULL;
    case 'e':
        ret->overrun = p[1] == '\0';
        return p[1] == '\0' ? NULL : p + 1;
    default:
        return strchr("AFgLQrSTtu", *p) != NULL ? NULL : p;
    }
}

/* Reads one word that begins with '-', letter by letter; letters it does not know are skipped. */
static void ssmtp_read(const char *word, const char *next, struct ssmtp_word *ret)
{
    *ret = (struct ssmtp_word){0};
    for (const char *p = word + 1; p != NULL && *p != '\0'; p++) {
        switch (*p) {
        case 'a':
            ssmtp_auth(p + 1, next, ret);
            return;
        case 'b':
            p++;
            if (*p == 'm') {
                break;
            }
            if (*p != '\0' && strchr("adipstvz", *p) != NULL) {
                ret->effect |= EXITS;
            } else if (*p != '\0') {
                ssmtp_value(p + 1, next, ret); /* falls into -C */
            }
            return;
        case 'C':
        case 'F':
            ssmtp_value(p + 1, next, ret);
            return;
        case 'f':
        case 'r':
            ret->sender = ssmtp_value(p + 1, next, ret);
            return;
        case 'M':
            return;
        case 'N':
            ret->eats = next != NULL;
            return;
        case 'R':
            if (p[1] == '\0') {
                ret->eats = next != NULL;
                return;
            }
            break;
        case 'o':
            p = ssmtp_option(p + 1, ret);
            if (p == NULL) {
                return;
            }
            break;
        case 'q':
        case 'V':
            ret->effect |= EXITS;
            return;
        case 't':
            ret->effect |= RCPT_HEADER;
            break;
        default:
            break;
        }
    }
}

void walk_ssmtp(struct walk *walk)
{
    for (walk->at = 1; walk->at < walk->argc && !walk->over; walk->at++) {
        const char *word = walk->argv[walk->at];
        struct ssmtp_word read;

        if (word[0] != '-') {
            operand(walk, word);
            continue;
        }
        ssmtp_read(word, peek(walk), &read);
        if (read.sender != NULL) {
            walk->sender = read.sender;
        }
        apply(walk, read.effect, NULL);
        walk->at += read.eats;
        walk->doubt = walk->doubt || read.overrun;
    }
}

/* --- an MTA that we do not know ------------------------------------------------------------ */

/*
 * Every word up to "--" is looked at, operands between them or not. A message is expected only if
 * each option is one that means no other use of stdin in any MTA of the table; what one of them may
 * take for an option and another for a value ends that, too.
 */
static void read_cautious(struct walk *walk)
{
    const char *p = walk->argv[walk->at] + 1;

    while (*p != '\0' && !walk->over) {
        char letter = *p++;
        unsigned takes = takes_of(walk, letter);
        const char *next = peek(walk);
        const char *value;
        const struct rule *rule;

        if (takes == TAKES_UNKNOWN || (takes != TAKES_NOTHING && takes != TAKES_REST &&
                                       *p == '\0' && (next == NULL || next[0] == '-'))) {
            apply(walk, NEVER, NULL);
            return;
        }
        value = take(walk, takes, p);
        rule = rule_find(walk, letter, value != NULL ? value : "");
        if (rule != NULL) {
            apply(walk, rule->effect, value);
        }
        if (letter == 'o' && *p == 'M' && next != NULL) {
            walk->at++; /* Exim's -oMa and its like */
        }
        if (takes != TAKES_NOTHING) {
            return;
        }
    }
}

void walk_cautious(struct walk *walk)
{
    for (walk->at = 1; walk->at < walk->argc; walk->at++) {
        const char *word = walk->argv[walk->at];

        if (word[0] != '-' || word[1] == '\0') {
            operand(walk, word);
        } else if (strcmp(word, "--") == 0) {
            walk->at++;
            break;
        } else if (strcmp(word, "-bs") == 0) {
            apply(walk, TO_SMTP, NULL);
        } else if (strcmp(word, "-bS") == 0) {
            apply(walk, TO_BATCH, NULL);
        } else {
            read_cautious(walk);
        }
    }
    operands(walk);
}

/* --- the call ------------------------------------------------------------------------------ */

/* argv[0] says what the program is asked to be. Our own name, in PHP's sendmail_path, is
 * sendmail's. */
static void called_as(struct walk *walk)
{
    const char *name = walk->argc > 0 ? walk->argv[0] : "";
    const char *slash = strrchr(name, '/');
    const struct called_as *called = walk->row->called;

    if (slash != NULL && slash[1] != '\0' && (walk->row->flags & CALLED_WHOLE) == 0) {
        name = slash + 1;
    }
    if (strcmp(name, "sendmail-wrapper") == 0) {
        name = "sendmail";
    }
    while (called->name != NULL && strcmp(called->name, name) != 0) {
        called++;
    }
    apply(walk, called->effect, NULL);
}

static enum mode decide(const struct walk *walk, bool from_header)
{
    unsigned flags = walk->row->flags;

    if ((walk->seen & (NEVER | EXITS)) != 0) {
        return MODE_PASS;
    }
    switch (walk->mode) {
    case TO_SMTP:
        return MODE_SMTP;
    case TO_BATCH:
        return MODE_BATCH_SMTP;
    case TO_SUBMIT:
        break;
    default:
        return MODE_PASS;
    }
    if (!walk->doubt && (((flags & NEEDS_RCPT) != 0 && walk->operands == 0 && !from_header) ||
                         ((flags & T_REFUSES) != 0 && walk->operands > 0 && from_header))) {
        return MODE_PASS;
    }
    return MODE_SUBMIT;
}

/* The number of words: argc, or less if argv has a NULL before. */
static int words(int argc, char *const argv[])
{
    int n = 0;

    while (n < argc && argv[n] != NULL) {
        n++;
    }
    return n;
}

void invocation_parse(const struct dialect *dialect, int argc, char *const argv[],
                      struct invocation *ret)
{
    struct walk walk = {.row = dialect, .argv = argv, .mode = TO_SUBMIT, .obsolete_at = 1};
    unsigned flags = dialect->flags;
    bool from_header;

    walk.argc = words(argc, argv);
    index_row(&walk);
    called_as(&walk);
    dialect->read(&walk);
    if (dialect->finish != NULL) {
        dialect->finish(&walk);
    }
    from_header =
        (walk.seen & RCPT_HEADER) != 0 || ((flags & BARE_IS_T) != 0 && walk.operands == 0);

    *ret = (struct invocation){.dialect = dialect, .sender = walk.sender};
    ret->mode = decide(&walk, from_header);
    if (ret->mode == MODE_SUBMIT) {
        ret->recipients_from_header = from_header;
        ret->dot_ends = (flags & DOT_ENDS) != 0 && (walk.seen & NO_DOT) == 0;
        ret->recipients = (flags & T_EXCLUDES) != 0 && from_header ? 0 : walk.addresses;
    }
}

const char *invocation_mode_name(enum mode mode)
{
    switch (mode) {
    case MODE_SUBMIT:
        return "submit";
    case MODE_SMTP:
        return "smtp";
    case MODE_BATCH_SMTP:
        return "batch-smtp";
    case MODE_PASS:
        break;
    }
    return "pass";
}

void invocation_args(const struct invocation *inv, int argc, char *const argv[], struct strbuf *out)
{
    bool hides = (inv->dialect->flags & HIDES_AP) != 0;
    bool secret = false; /* this word is a password */
    int count = words(argc, argv);

    for (int i = 1; i < count && !out->overflow; i++) {
        const char *word = argv[i];
        size_t start = out->len;
        struct ssmtp_word read = {0};

        if (hides && !secret && word[0] == '-') {
            ssmtp_read(word, i + 1 < count ? argv[i + 1] : NULL, &read);
        }
        if (i > 1) {
            strbuf_putc(out, ' ');
        }
        if (secret) {
            strbuf_puts(out, "***");
        } else if (read.secret != NULL && *read.secret != '\0') {
            strbuf_add(out, word, (size_t)(read.secret - word));
            strbuf_puts(out, "***");
        } else {
            strbuf_puts(out, word);
        }
        secret = read.secret_next;
        if (out->overflow) {
            strbuf_truncate(out, start);
            out->overflow = true;
        }
    }
}
