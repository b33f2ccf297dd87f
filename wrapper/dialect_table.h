/*
 * dialect_table - how a row of the dialect table is laid out. Private to dialect.c, invocation.c,
 * header.c, smtp.c, summary.c and their tests; everybody else sees struct dialect as a name only.
 *
 * A row is data: which letters there are and what they take, what they do, what argv[0] means, when
 * a lone dot ends a message, which mbox From_ lines are stripped. Where an MTA does something that
 * data cannot say, the row names a function of invocation.c.
 */
#ifndef SW_DIALECT_TABLE_H
#define SW_DIALECT_TABLE_H

#include "address.h"
#include "dialect.h"

#include <stdbool.h>
#include <stddef.h>

struct walk; /* the state of one parse, see invocation.c */

/* What an option takes besides its letter. */
enum takes {
    TAKES_UNKNOWN, /* no such option */
    TAKES_NOTHING, /* a flag; in a dialect of letters the word's next letter is an option, too */
    TAKES_VALUE,   /* the rest of the word or, if that is empty, the next word */
    TAKES_REST,    /* the rest of the word, empty or not */
    TAKES_PLAIN,   /* as VALUE, but leaves a next word that begins with '-'; none is no error */
    TAKES_DIGITS,  /* as VALUE, but leaves a next word that begins with no digit */
};

/* What an option does: one of the TO_ values or none, and any of the bits. */
enum effect {
    DOES_NOTHING = 0,
    TO_SUBMIT = 1, /* TO_: the mode becomes this; a later option may change it again */
    TO_SMTP = 2,   /* but it does not change TO_BATCH: in Exim every -bS counts */
    TO_BATCH = 3,
    TO_PASS = 4,
    TO_VERIFY = 5, /* Sendmail -bv: a message is read only if recipients come from the header */
    MODE_MASK = 7,
    NEVER = 1 << 3,       /* no message is read, whatever else is asked for */
    EXITS = 1 << 4,       /* the MTA prints or complains and exits: no later word is looked at */
    FINAL = 1 << 5,       /* the MTA acts at once: no later word is looked at */
    RCPT_HEADER = 1 << 6, /* -t */
    NO_DOT = 1 << 7,      /* a lone dot is text */
    SENDER = 1 << 8,      /* the value is the envelope sender */
    PROBE = 1 << 9,       /* Postfix -bv: with a message asked for, none is read */
    OPAQUE = 1 << 10,     /* an SMTP dialogue that is not in clear text */
};

enum match {
    ANY,    /* whatever follows the letter */
    FIRST,  /* its first character is one of the pattern's */
    WHOLE,  /* it is the pattern */
    PREFIX, /* it begins with the pattern; what the option takes starts after that */
    NOCASE, /* as PREFIX, in any case */
};

/*
 * One case of one option. Rules of a letter stand together, the first that matches counts. In a
 * dialect of letters `takes` is unused (the row's `letters` say it) and the pattern is held against
 * the value; in a dialect of words it is held against the rest of the word.
 */
struct rule {
    char letter;
    enum match match;
    const char *pattern;
    unsigned effect;
    enum takes takes;
    unsigned char eats; /* words always taken after this one, whatever they look like */
};

struct long_option {
    const char *name;
    enum takes takes;
    unsigned effect;
};

struct called_as {
    const char *name;
    unsigned effect;
};

/* Row flags. */
enum {
    WORDS_TOO = 1 << 0,     /* a word beginning with no letter may still be a whole-word rule */
    SKIPS_UNKNOWN = 1 << 1, /* drops unknown words, "--" among them; a missing value is empty */
    PERMUTES = 1 << 2,      /* options count after operands too, but with POSIXLY_CORRECT */
    DASH_ENDS = 1 << 3,     /* letters: a lone "-" ends the options and is consumed */
    DASH_EXITS = 1 << 4,    /* words: a lone "-" is an error, instead of that */
    DASHES_END = 1 << 5,    /* every word beginning with "--" ends the options and is consumed */
    CALLED_WHOLE = 1 << 6,  /* argv[0] is compared with its directories */
    COMMA_LISTS = 1 << 7,   /* an operand may hold several addresses */
    NEEDS_RCPT = 1 << 8,    /* without operands and -t the MTA exits before it reads */
    T_REFUSES = 1 << 9,     /* with -t and operands the MTA exits before it reads */
    T_EXCLUDES = 1 << 10,   /* with -t operands are taken off the list */
    BARE_IS_T = 1 << 11,    /* without operands recipients come from the header */
    DOT_ENDS = 1 << 12,     /* a lone dot ends the message */
    HIDES_AP = 1 << 13,     /* -ap carries a password */
    EMPTY_COUNTS = 1 << 14, /* an operand without an address is a recipient all the same */
    BLANK_COLON = 1 << 15,  /* with -t: blanks may stand before the colon of a field */
    APPARENTLY = 1 << 16,   /* with -t: Apparently-To names recipients */
    FIRST_LINE = 1 << 17,   /* with -t: a folded list ends where its first line ends */
};

/* With -t: what fields whose names begin with Resent- mean. */
enum resent {
    RESENT_ANY,     /* if there is one, Resent-To, -Cc, -Bcc name the recipients alone */
    RESENT_NAMED,   /* if they name one, they do so alone */
    RESENT_FIRST,   /* as ANY, but those of the first row of such fields */
    RESENT_IGNORED, /* nothing */
};

enum marks { NO_MARK, ONE_MARK, ANY_MARKS }; /* how many '>' may stand in front */

/*
 * Which lines at the start of a message our header must come after: mbox From_ lines that the MTA
 * strips, lines beginning with a blank where it takes them for the rest of a field that it puts in
 * front itself, and an empty line where it goes on reading fields behind it.
 */
struct from_lines {
    size_t longest; /* a longer From_ line, its LF included, is none; 0: there are no such lines */
    bool repeated;  /* every leading one, not only the first */
    enum marks marks;
    bool any_case;
    bool dated; /* Exim: only with a date and time, and folded lines belong to it */
    bool glues; /* lines beginning with a blank; elsewhere all is body from such a line on */
    bool empty; /* an empty line at the very start, if a field follows: the section goes on */
};

/*
 * Postfix strips no From_ line longer than a record (line_length_limit, 2048 by default). The
 * others have no such bound; theirs makes the place certain after a bounded number of bytes.
 */
#define FROM_LINE_POSTFIX 2048
#define FROM_LINE_LONG 16384

/* What an MTA does in an SMTP dialogue (docs/smtp.md): row.smtp. */
enum {
    SMTP_RAW = 1 << 0,   /* the text's first lines are as any other: `from` does not hold */
    SMTP_GLUES = 1 << 1, /* but one that begins with a blank goes on with a field of the MTA's */
    DOT_BARE_BEFORE = 1 << 2, /* a dot ends the text after a line that ends in a bare LF, too */
    DOT_BARE_AFTER = 1 << 3,  /* and so does a dot and a bare LF */
    DOT_MANY_CR = 1 << 4,     /* and a dot, several CR, LF */
    DOT_AS_FIRST = 1 << 5,    /* but none of them where the text's first line ends in CRLF */
    EATS_AHEAD = 1 << 6,      /* what it has read beyond the end of a text is lost */
    EOF_ENDS = 1 << 7,        /* the end of the dialogue ends the text, and it is sent */
    CHUNKS_UNASKED = 1 << 8,  /* BDAT is taken even if CHUNKING was not offered */
    CHUNKS_RAW = 1 << 9,      /* by BDAT its texts are as SMTP_RAW and SMTP_GLUES say */
    NO_CHUNKS = 1 << 10,      /* no version has ever had BDAT */
};

struct dialect {
    const char *name;
    unsigned flags;
    unsigned smtp;
    const char *letters;      /* getopt's way: "a" a flag, "a:" VALUE, "a*" REST, "a?" PLAIN */
    const struct rule *rules; /* ends with letter 0 */
    const struct long_option *longs; /* GNU long options; ends with name NULL; NULL: none */
    const struct called_as *called;  /* ends with name NULL: what any other name does */
    enum resent resent;
    unsigned list; /* ADDRESS_ bits: how an address list is read */
    struct from_lines from;
    void (*read)(struct walk *walk);    /* the way through argv */
    bool (*special)(struct walk *walk); /* words that getopt does not see; true: consumed */
    void (*finish)(struct walk *walk);  /* conflicts that the MTA looks for at the end */
};

/* invocation.c: the ways through argv that rows name. */
void walk_letters(struct walk *walk);
void walk_words(struct walk *walk);
void walk_ssmtp(struct walk *walk);
void walk_cautious(struct walk *walk);
bool special_postfix(struct walk *walk);
bool special_sendmail(struct walk *walk);
void finish_postfix(struct walk *walk);
void finish_sendmail(struct walk *walk);
void finish_exim(struct walk *walk);
void finish_opensmtpd(struct walk *walk);

#endif
