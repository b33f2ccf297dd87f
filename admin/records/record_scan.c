/*
 * record_scan - see record_scan.h.
 *
 * Hostile: every byte. Nothing but text[0..len) is read. On failure: false, and record_parse
 * decides; so what is rare may be left to it, but nothing may be taken here that it would refuse
 * (tests/fuzz/fuzz_recordline.c compares the two).
 *
 * A gigabyte of records has a billion bytes and forty million values. So a line is first turned
 * into bit masks, 64 bytes at a time (where are blanks, quotes, anything unusual), and what is
 * within quotes is worked out by arithmetic; a branch for each byte, or even each value, would cost
 * more than all of this.
 */
#include "records/record_scan.h"

#include "wrapper/codec.h"
#include "wrapper/record_table.h"

#include <assert.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/* The steps of the one loop that counts become one function for each kind of processor. */
#define INLINE static inline __attribute__((always_inline))

#define BLOCK 64
#define TOKENS_MAX RECORD_SHAPE
#define SCAN_MAX 16384 /* a line has RECORD_MAX; offsets are held in 16 bits */
#define NAME_MAX_ 16   /* "caller_start=" and what fills it up */

/* Where in a block something stands, the first byte in the lowest bit. */
struct masks {
    uint64_t blank, quote;
    uint64_t bracket; /* a '[' behind an 'r', or at the block's start */
    uint64_t unusual; /* control bytes, DEL, what is not ASCII, the backslash */
};

struct scan {
    const char *text;
    size_t len;
    unsigned tokens, quotes;
    uint16_t start[TOKENS_MAX + BLOCK + 4]; /* a block of blanks, written by fours */
    uint64_t inside;                        /* all ones if the block before ended within quotes */
    bool escaped; /* the block before ended in a backslash that escapes what comes */
};

typedef struct masks look_at(const char *block);

#ifdef __x86_64__
INLINE uint64_t bits(__m128i v)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(v);
}

INLINE struct masks look(const char *p)
{
    struct masks m = {0};
    uint64_t r = 0;

    for (unsigned i = 0; i < BLOCK; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        /* 0x7f + 1 is negative, as is all that is not ASCII: less than 0x21 with the control bytes
         */
        __m128i odd = _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));

        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
        m.unusual |= bits(odd) << i;
        m.blank |= bits(_mm_cmpeq_epi8(v, _mm_set1_epi8(' '))) << i;
        m.quote |= bits(_mm_cmpeq_epi8(v, _mm_set1_epi8('"'))) << i;
        m.bracket |= bits(_mm_cmpeq_epi8(v, _mm_set1_epi8('['))) << i;
        r |= bits(_mm_cmpeq_epi8(v, _mm_set1_epi8('r'))) << i;
    }
    m.bracket &= r << 1 | 1;
    return m;
}

#define AVX2 __attribute__((target("avx2,bmi,popcnt,pclmul")))

AVX2 INLINE uint64_t bits_avx2(__m256i low, __m256i high)
{
    return (uint64_t)(unsigned)_mm256_movemask_epi8(low) |
           (uint64_t)(unsigned)_mm256_movemask_epi8(high) << 32;
}

AVX2 INLINE __m256i odd_avx2(__m256i v)
{
    __m256i odd =
        _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), _mm256_add_epi8(v, _mm256_set1_epi8(1)));

    return _mm256_or_si256(odd, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
}

AVX2 INLINE uint64_t equal_avx2(__m256i low, __m256i high, char c)
{
    return bits_avx2(_mm256_cmpeq_epi8(low, _mm256_set1_epi8(c)),
                     _mm256_cmpeq_epi8(high, _mm256_set1_epi8(c)));
}

/* The same, twice as wide. */
AVX2 INLINE struct masks look_avx2(const char *p)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));

    return (struct masks){
        .blank = equal_avx2(low, high, ' '),
        .quote = equal_avx2(low, high, '"'),
        .bracket = equal_avx2(low, high, '[') & (equal_avx2(low, high, 'r') << 1 | 1),
        .unusual = bits_avx2(odd_avx2(low), odd_avx2(high)),
    };
}
#define AVX512 __attribute__((target("avx512bw,avx512f,avx2,bmi,popcnt,pclmul")))

/* Four times as wide, and the comparison gives the mask itself. */
AVX512 INLINE struct masks look_avx512(const char *p)
{
    __m512i v = _mm512_loadu_si512((const void *)p);

    return (struct masks){
        .blank = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(' ')),
        .quote = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
        .bracket = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('[')) &
                   (_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('r')) << 1 | 1),
        .unusual = _mm512_cmplt_epi8_mask(_mm512_add_epi8(v, _mm512_set1_epi8(1)),
                                          _mm512_set1_epi8(0x21)) |
                   _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
    };
}
#else
INLINE struct masks look(const char *p)
{
    struct masks m = {0};

    for (unsigned i = 0; i < BLOCK; i++) {
        unsigned char c = (unsigned char)p[i];

        m.unusual |= (uint64_t)(c < ' ' || c >= 0x7f || c == '\\') << i;
        m.blank |= (uint64_t)(c == ' ') << i;
        m.quote |= (uint64_t)(c == '"') << i;
        m.bracket |= (uint64_t)(c == '[') << i;
    }
    return m;
}
#endif

typedef uint64_t parity_of(uint64_t x);

/* In each bit the parity of it and all below: 1 from an opening quote up to before its closing one.
 */
INLINE uint64_t parity(uint64_t x)
{
    for (unsigned shift = 1; shift < BLOCK; shift *= 2) {
        x ^= x << shift;
    }
    return x;
}

#ifdef AVX2
/* The same by a product without carries with all ones. */
AVX2 INLINE uint64_t parity_avx2(uint64_t x)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x), _mm_set1_epi8((char)0xff), 0);

    return (uint64_t)_mm_cvtsi128_si64(product);
}
#endif

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether an escape that codec_escape writes, whatever is around it, begins at text[at]. Those of
 * '[' and of what is not ASCII hang on their neighbours and are left to codec.c. */
static bool is_escape(const struct scan *scan, size_t at)
{
    const char *p = scan->text + at;
    size_t n = scan->len - at;

    if (n >= 3 && (p[1] == '"' || p[1] == '\\' || p[1] == 'n' || p[1] == 'r' || p[1] == 't')) {
        return true;
    }
    if (n >= 5 && p[1] == 'x' && is_hex(p[3])) {
        return (p[2] == '7' && p[3] == 'f') || p[2] == '0'
                   ? p[2] == '7' || strchr("9ad", p[3]) == NULL
                   : p[2] == '1';
    }
    return n >= 6 && memcmp(p, CODEC_CUT "\"", 5) == 0;
}

/* A block with something unusual: takes the quotes that are escaped out of the mask. Returns false
 * for a byte that cannot stand there, or must be looked at more closely. */
static bool look_closely(struct scan *scan, size_t base, uint64_t unusual, uint64_t *quote)
{
    uint64_t skip = scan->escaped ? 1 : 0;

    *quote &= ~skip;
    scan->escaped = false;
    for (; unusual != 0; unusual &= unusual - 1) {
        unsigned i = (unsigned)__builtin_ctzll(unusual);

        if ((skip >> i & 1) != 0) {
            continue; /* the second of "\\" */
        }
        if (scan->text[base + i] != '\\' || !is_escape(scan, base + i)) {
            return false;
        }
        if (i == BLOCK - 1) {
            scan->escaped = true;
        } else {
            skip |= UINT64_C(2) << i;
            *quote &= ~skip;
        }
    }
    return true;
}

/* "sendmail-wrapper[" within: here the next record begins, or somebody wants us to think so. */
static bool has_tag(const struct scan *scan, size_t base, uint64_t bracket)
{
    static const char tag[] = RECORD_TAG;
    const size_t n = sizeof tag - 1;

    for (; bracket != 0; bracket &= bracket - 1) {
        size_t at = base + (unsigned)__builtin_ctzll(bracket);

        if (at >= n && scan->text[at - 1] == 'r' && memcmp(scan->text + at - n, tag, n) == 0) {
            return true;
        }
    }
    return false;
}

INLINE bool scan_block(struct scan *scan, size_t base, const char *p, look_at *look_at_it,
                       parity_of *parity_of_it)
{
    struct masks m = look_at_it(p);
    uint64_t inside, blank;

    if ((m.unusual != 0 || scan->escaped) && !look_closely(scan, base, m.unusual, &m.quote)) {
        return false;
    }
    if (m.bracket != 0 && has_tag(scan, base, m.bracket)) {
        return false;
    }
    inside = parity_of_it(m.quote) ^ scan->inside;
    if ((m.unusual & ~inside) != 0) {
        return false; /* a backslash without quotes around it */
    }
    scan->inside = (inside >> (BLOCK - 1)) != 0 ? ~UINT64_C(0) : 0;
    scan->quotes += (unsigned)__builtin_popcountll(m.quote);
    blank = m.blank & ~inside;
    if (scan->tokens > TOKENS_MAX) {
        return false;
    }
    /* Four at a time whether there are so many or not: a branch for each would be guessed wrong. */
    for (unsigned at = scan->tokens; blank != 0; at += 4) {
        for (unsigned i = 0; i < 4; i++) {
            scan->start[at + i] =
                (uint16_t)(base + (unsigned)__builtin_ctzll(blank | UINT64_C(1) << (BLOCK - 1)) +
                           1);
            blank &= blank - 1;
        }
    }
    scan->tokens += (unsigned)__builtin_popcountll(m.blank & ~inside);
    return true;
}

/* Finds where each "key=value" begins; start[tokens] is where one behind the last would. */
INLINE bool find_tokens_by(struct scan *scan, look_at *look_at_it, parity_of *parity_of_it)
{
    size_t base = 0;

    scan->start[0] = 0;
    scan->tokens = 1;
    for (; scan->len - base >= BLOCK; base += BLOCK) {
        if (!scan_block(scan, base, scan->text + base, look_at_it, parity_of_it)) {
            return false;
        }
    }
    if (base < scan->len) {
        char rest[BLOCK];

        memset(rest, 'x', sizeof rest); /* means nothing */
        memcpy(rest, scan->text + base, scan->len - base);
        if (!scan_block(scan, base, rest, look_at_it, parity_of_it)) {
            return false;
        }
    }
    scan->start[scan->tokens] = (uint16_t)(scan->len + 1);
    return scan->inside == 0 && !scan->escaped && scan->tokens <= TOKENS_MAX;
}

#ifdef AVX2
AVX512 static bool find_tokens_avx512(struct scan *scan)
{
    return find_tokens_by(scan, look_avx512, parity_avx2);
}

AVX2 static bool find_tokens_avx2(struct scan *scan)
{
    return find_tokens_by(scan, look_avx2, parity_avx2);
}
#endif

static bool find_tokens(struct scan *scan)
{
#ifdef AVX2
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("pclmul")) {
        return find_tokens_avx512(scan);
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul")) {
        return find_tokens_avx2(scan);
    }
#endif
    return find_tokens_by(scan, look, parity);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): each makes one piece of a list */
#define FITS(key, name, bound, is_number) &&sizeof name <= NAME_MAX_
static_assert(1 RECORD_TABLE(FITS), "a name with its '=' fits");

static const struct name {
    char text[NAME_MAX_ + 1];
    unsigned char len; /* with the '=' */
} names[RECORD_KEYS + 1] = {
#define AS_NAME(key, name, bound, is_number) [key] = {name "=", sizeof name},
    RECORD_TABLE(AS_NAME)[RECORD_KEYS] = {"", NAME_MAX_ + 1}}; /* no token begins so */
/* NOLINTEND(bugprone-macro-parentheses) */

/* Whether token, with n bytes that may be read, begins with the key's name and '='. */
INLINE bool is_key(const char *token, size_t n, size_t key)
{
#ifdef __x86_64__
    if (n >= NAME_MAX_) {
        __m128i have = _mm_loadu_si128((const __m128i *)(const void *)token);
        __m128i want = _mm_loadu_si128((const __m128i *)(const void *)names[key].text);

        return (~bits(_mm_cmpeq_epi8(have, want)) & ((1U << names[key].len) - 1)) == 0;
    }
#endif
    return n >= names[key].len && memcmp(token, names[key].text, names[key].len) == 0;
}

/*
 * The key of a token guessed from its first three bytes, without a branch for each key, which would
 * be mispredicted wherever two lines do not have the same ones. Three bytes tell all keys apart but
 * those of one beginning, which stand one behind the other in the enum: there '_' and the letter
 * behind it decide. The factor was found by trying until no two met.
 */
#define GUESS(a, b, c) \
    (((unsigned)(a) | (unsigned)(b) << 8 | (unsigned)(c) << 16) * 0xdfa22757U >> 26)

static const struct guess {
    uint8_t key;
    uint8_t at;  /* where the '_' stands in the next key of the same beginning */
    char second; /* what follows it in the one after that */
} guesses[64] = {
    [GUESS('c', 'w', 'd')] = {RECORD_CWD, 3, 0},
    [GUESS('s', 'c', 'r')] = {RECORD_SCRIPT, 6, 'u'},
    [GUESS('c', 'a', 'l')] = {RECORD_CALLER, 6, 's'},
    [GUESS('i', 'd', '=')] = {RECORD_ID, 0, 0},
    [GUESS('m', 'o', 'd')] = {RECORD_MODE, 0, 0},
    [GUESS('u', 'i', 'd')] = {RECORD_UID, 0, 0},
    [GUESS('u', 's', 'e')] = {RECORD_USER, 0, 0},
    [GUESS('g', 'i', 'd')] = {RECORD_GID, 0, 0},
    [GUESS('p', 'i', 'd')] = {RECORD_PID, 0, 0},
    [GUESS('s', 'e', 's')] = {RECORD_SESSION, 0, 0},
    [GUESS('c', 'h', 'a')] = {RECORD_CHAIN, 0, 0},
    [GUESS('a', 'g', 'e')] = {RECORD_AGES, 0, 0},
    [GUESS('u', 'n', 'i')] = {RECORD_UNIT, 0, 0},
    [GUESS('l', 'o', 'g')] = {RECORD_LOGINUID, 0, 0},
    [GUESS('p', 'p', 'i')] = {RECORD_PPID, 0, 0},
    [GUESS('s', 't', 'a')] = {RECORD_START, 0, 0},
    [GUESS('x', 'p', 'h')] = {RECORD_XPHP, 0, 0},
    [GUESS('e', 'n', 'v')] = {RECORD_ENV_SCRIPT, 0, 0},
    [GUESS('r', 'e', 'm')] = {RECORD_REMOTE, 0, 0},
    [GUESS('h', 't', 't')] = {RECORD_HOST, 0, 0},
    [GUESS('u', 'r', 'i')] = {RECORD_URI, 0, 0},
    [GUESS('a', 's', '=')] = {RECORD_AS, 0, 0},
    [GUESS('a', 'r', 'g')] = {RECORD_ARGS, 0, 0},
    [GUESS('s', 'e', 'n')] = {RECORD_SENDER, 0, 0},
    [GUESS('f', 'r', 'o')] = {RECORD_FROM, 0, 0},
    [GUESS('r', 'c', 'p')] = {RECORD_RCPTS, 0, 0},
    [GUESS('s', 'u', 'b')] = {RECORD_SUBJECT, 0, 0},
    [GUESS('m', 's', 'g')] = {RECORD_MSGID, 0, 0},
    [GUESS('c', 'o', 'p')] = {RECORD_COPIES, 0, 0},
    [GUESS('m', 't', 'a')] = {RECORD_MTA, 0, 0},
    [GUESS('o', 'p', 'a')] = {RECORD_OPAQUE, 0, 0},
    [GUESS('w', 'h', 'y')] = {RECORD_WHY, 0, 0},
    [GUESS('e', 'r', 'r')] = {RECORD_ERROR, 0, 0},
    [GUESS('a', 'c', 't')] = {RECORD_ACTION, 0, 0},
};

INLINE size_t guess_key(const char *token)
{
    const unsigned char *t = (const unsigned char *)token;
    const struct guess *guess = &guesses[GUESS(t[0], t[1], t[2]) & 63];
    size_t next = t[guess->at] == '_';

    return guess->key + next + (next & (token[guess->at + 1] == guess->second));
}

/* The key of a token with n bytes that may be read; RECORD_KEYS: of a later version, its name is to
 * be looked at. */
INLINE size_t find_key(const char *token, size_t n)
{
    if (n >= NAME_MAX_) {
        size_t key = guess_key(token);

        if (is_key(token, n, key)) {
            return key;
        }
    }
    for (size_t key = RECORD_KEYS; key-- > 0;) { /* the last, near the line's end, or none */
        if (is_key(token, n, key)) {
            return key;
        }
    }
    return RECORD_KEYS;
}

/* A key that we do not know: its length with the '=', 0 if it cannot be one (record_parse.c: 32 at
 * most). */
static size_t unknown_name(const char *token, size_t n)
{
    size_t at = 0;

    while (at < n && at < 32 &&
           ((token[at] >= 'a' && token[at] <= 'z') || token[at] == '_' ||
            (token[at] >= '0' && token[at] <= '9'))) {
        at++;
    }
    return at > 0 && at < n && token[at] == '=' ? at + 1 : 0;
}

/* The length of the "action=..." that a line must end in; 0: another end. */
static size_t action_length(const char *text, size_t len)
{
    static const struct {
        char text[16];
        size_t len;
    } ends[] = {{" action=deliver", 15}, {" action=pass", 12}, {" action=refuse", 14}};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (len > ends[i].len && memcmp(text + len - ends[i].len, ends[i].text, ends[i].len) == 0) {
            return ends[i].len - 1;
        }
    }
    return 0;
}

/* A token whose key is not that which followed the key before it the last time. Returns its key and
 * remembers it; *ret_name: the length of the name with the '=', 0: it is no key. */
static size_t learn_key(const char *token, size_t n, size_t left, uint8_t *shape, size_t *ret_name)
{
    size_t key = find_key(token, left);

    *shape = (uint8_t)key;
    *ret_name = key < RECORD_KEYS ? names[key].len : unknown_name(token, n);
    return key;
}

/* Takes the tokens but the last, action. No branch for quotes: where they are differs from line to
 * line. */
static bool take_values(const struct scan *scan, uint8_t shape[RECORD_SHAPE],
                        struct record_line *ret)
{
    size_t key = RECORD_KEYS;
    unsigned quotes = 0;
    bool wrong = false;
    uint64_t have = 0;

    for (unsigned i = 0; i + 1 < scan->tokens; i++) {
        const char *token = scan->text + scan->start[i];
        size_t n = (size_t)(scan->start[i + 1] - scan->start[i]) - 1;
        uint8_t *expected = &shape[key];
        struct slice unknown, *value = &unknown;
        size_t name, quoted;

        key = *expected;
        name = names[key].len;
        if (!is_key(token, scan->len - scan->start[i], key)) {
            key = learn_key(token, n, scan->len - scan->start[i], expected, &name);
        }
        if (key < RECORD_KEYS) {
            wrong |= (have >> key & 1) != 0; /* twice */
            have |= UINT64_C(1) << key;
            value = &ret->value[key];
        } else if (name == 0) {
            return false;
        }
        quoted = token[name] == '"';
        /* A bare value has a byte, a quoted one the second quote. */
        wrong |= n <= name + quoted || (quoted != 0 && token[n - 1] != '"');
        quotes += (unsigned)quoted * 2;
        *value = (struct slice){.ptr = token + name + quoted, .len = n - name - quoted - quoted};
    }
    ret->have = have;
    /* As many quotes as there are: so no bare value has one in it, no quoted one more than two. */
    return !wrong && quotes == scan->quotes;
}

bool record_scan(const char *text, size_t len, uint8_t shape[RECORD_SHAPE], struct record_line *ret)
{
    const size_t action = action_length(text, len);
    struct scan scan; /* its array need not be cleared */

    scan.text = text;
    scan.len = len;
    scan.quotes = 0;
    scan.inside = 0;
    scan.escaped = false;
    if (action == 0 || len > SCAN_MAX || memcmp(text, "id=", 3) != 0 || !find_tokens(&scan) ||
        scan.start[scan.tokens - 1] != len - action || !take_values(&scan, shape, ret) ||
        (ret->have >> RECORD_ACTION & 1) != 0) {
        return false;
    }
    ret->have |= UINT64_C(1) << RECORD_ACTION;
    ret->value[RECORD_ACTION] = (struct slice){.ptr = text + len - action + 7, .len = action - 7};
    return true;
}
