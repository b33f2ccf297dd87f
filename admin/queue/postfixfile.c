/*
 * postfixfile - see postfixfile.h.
 *
 * The format is Postfix's own and documented only by its source (global/rec_type.h, record.c): a
 * byte of type, a length in groups of seven bits, the least significant first, and the data. The
 * envelope (C size, T arrival, A attributes, S sender, R recipients) ends at M; the content is N
 * and L records; behind it X and more recipients, ended by E. Milters leave holes (w) and pointers
 * (p) to text at the end of the file and back.
 */
#include "queue/postfixfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_DATA 1024    /* bytes of a record that are looked at */
#define HEADER_BYTES 262144 /* of a header section that are looked at */

struct reader {
    int fd;
    int64_t at;     /* of the next byte */
    int64_t size;   /* of the file */
    int64_t budget; /* bytes that may still be taken: every pointer followed costs some */
    int64_t have_at;
    size_t have;
    bool failed;
    char buf[8192];
    char type;
    size_t len; /* of the record; data holds the first RECORD_DATA bytes of it, NUL behind */
    char data[RECORD_DATA + 1];
};

/* The bytes from at on, as many as a read gives; 0 at the end or on an error. */
static size_t reader_bytes(struct reader *reader, const char **ret)
{
    int64_t skip = reader->at - reader->have_at;

    if (reader->at < 0 || reader->at >= reader->size) {
        return 0;
    }
    if (skip < 0 || skip >= (int64_t)reader->have) {
        ssize_t n = pread(reader->fd, reader->buf, sizeof reader->buf, reader->at);

        reader->have = n > 0 ? (size_t)n : 0;
        reader->have_at = reader->at;
        reader->failed = reader->failed || n < 0;
        skip = 0;
    }
    *ret = reader->buf + skip;
    return reader->have - (size_t)skip;
}

static bool reader_byte(struct reader *reader, unsigned char *ret)
{
    const char *bytes;

    if (reader->budget <= 0 || reader_bytes(reader, &bytes) == 0) {
        return false;
    }
    *ret = (unsigned char)*bytes;
    reader->at++;
    reader->budget--;
    return true;
}

static bool reader_length(struct reader *reader, size_t *ret)
{
    unsigned char byte;
    size_t len = 0;

    for (unsigned shift = 0; shift < 28; shift += 7) {
        if (!reader_byte(reader, &byte)) {
            return false;
        }
        len |= (size_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret = len;
            return true;
        }
    }
    return false;
}

/* The next record, whatever it is. */
static bool reader_record(struct reader *reader)
{
    unsigned char type;
    size_t kept = 0;

    if (!reader_byte(reader, &type) || !reader_length(reader, &reader->len) ||
        (int64_t)reader->len > reader->size - reader->at) {
        return false;
    }
    reader->type = (char)type;
    while (kept < reader->len && kept < RECORD_DATA) {
        const char *bytes;
        size_t n = reader_bytes(reader, &bytes);

        if (n == 0) {
            return false;
        }
        n = n < reader->len - kept ? n : reader->len - kept;
        n = n < RECORD_DATA - kept ? n : RECORD_DATA - kept;
        memcpy(reader->data + kept, bytes, n);
        kept += n;
        reader->at += (int64_t)n;
    }
    reader->data[kept] = '\0';
    reader->at += (int64_t)(reader->len - kept);
    reader->budget -= (int64_t)reader->len;
    return true;
}

/* The next record that says something: pointers are followed (0 is a place kept for one), holes
 * passed over. */
static bool reader_next(struct reader *reader)
{
    while (reader_record(reader)) {
        if (reader->type == 'p') {
            long long target = strtoll(reader->data, NULL, 10);

            if (target < 0 || target > reader->size) {
                return false;
            }
            reader->at = target > 0 ? target : reader->at;
        } else if (reader->type != 'w') {
            return true;
        }
    }
    return false;
}

static void keep(char *to, size_t cap, const char *text)
{
    size_t n = strnlen(text, cap - 1);

    memcpy(to, text, n);
    to[n] = '\0';
}

/* --- the header section -------------------------------------------------------------------- */

struct section {
    const char *name;
    struct postfixfile *file;
    char field[2048]; /* the one that is being read, its lines joined by blanks */
    size_t len;
    bool ours, received, from, subject; /* seen: only the topmost counts */
    long long uid;                      /* that pickup(8) noted; -1 */
};

/* The value behind "Name:", or NULL if the field has another name. */
static const char *field_value(const char *field, const char *name)
{
    size_t n = strlen(name);

    if (strncasecmp(field, name, n) != 0) {
        return NULL;
    }
    field += n;
    field += strspn(field, " \t");
    return *field == ':' ? field + 1 + strspn(field + 1, " \t") : NULL;
}

/*
 * pickup(8) writes "by HOST (Postfix, from userid N)" on top of what a local process submits. Above
 * it may stand the "by HOST (Postfix)" of local(8), which forwards, and nothing else: any other
 * field decides that the mail is not a local process's.
 */
static void section_received(struct section *section, const char *value)
{
    static const char mark[] = ", from userid ";
    const char *paren = strchr(value, '('), *end = paren != NULL ? strchr(paren, ')') : NULL;
    const char *found =
        end != NULL ? memmem(paren, (size_t)(end - paren), mark, strlen(mark)) : NULL;
    char *rest;

    if (section->received || (strncmp(value, "by ", 3) == 0 && end != NULL && found == NULL)) {
        return;
    }
    section->received = true;
    if (found == NULL || strncmp(value, "by ", 3) != 0 ||
        !isdigit((unsigned char)found[strlen(mark)])) {
        return;
    }
    errno = 0;
    section->uid = strtoll(found + strlen(mark), &rest, 10);
    if (rest != end || errno != 0) {
        section->uid = -1;
    }
}

static void section_field(struct section *section)
{
    struct postfixfile *file = section->file;
    const char *value;

    section->field[section->len] = '\0';
    if ((value = field_value(section->field, "Received")) != NULL) {
        section_received(section, value);
    } else if (!section->ours && (value = field_value(section->field, section->name)) != NULL) {
        section->ours = true;
        keep(file->header, sizeof file->header, value);
        file->message.header = file->header;
    } else if (!section->from && (value = field_value(section->field, "From")) != NULL) {
        section->from = true;
        keep(file->from, sizeof file->from, value);
        file->message.from = file->from;
    } else if (!section->subject && (value = field_value(section->field, "Subject")) != NULL) {
        section->subject = true;
        keep(file->subject, sizeof file->subject, value);
        file->message.subject = file->subject;
    }
    section->len = 0;
}

static void section_add(struct section *section, const char *text)
{
    size_t n = strlen(text);
    size_t room = sizeof section->field - 1 - section->len;

    n = n < room ? n : room;
    memcpy(section->field + section->len, text, n);
    section->len += n;
}

/* A new physical line. Returns false when the header section is over. */
static bool section_line(struct section *section, const char *text)
{
    if (*text == ' ' || *text == '\t') {
        section_add(section, " ");
        section_add(section, text + strspn(text, " \t"));
        return true;
    }
    section_field(section);
    section_add(section, text);
    return *text != '\0' && strchr(text, ':') != NULL;
}

/* Reads the content as far as the header goes. Returns false if the file ends there. */
static bool read_section(struct reader *reader, struct section *section)
{
    int64_t left = HEADER_BYTES;
    bool in_line = false; /* an L record was the last: this one goes on with its line */

    while (left > 0 && reader_next(reader)) {
        if (reader->type != 'N' && reader->type != 'L') {
            break;
        }
        left -= (int64_t)reader->len + 2;
        if (in_line) {
            section_add(section, reader->data);
        } else if (!section_line(section, reader->data)) {
            break;
        }
        in_line = reader->type == 'L';
    }
    section_field(section);
    return !reader->failed;
}

/* --- the envelope -------------------------------------------------------------------------- */

/* Both are in files of mail that came by SMTP: where the connection came from, and what a content
 * filter that is trusted (XFORWARD) says of it. The latter is what Postfix logs. */
static void read_attribute(struct postfixfile *file, const char *text)
{
    static const char login[] = "sasl_username=", client[] = "client_address=";
    static const char logged[] = "log_client_address=";

    if (strncmp(text, login, strlen(login)) == 0 && file->message.login == NULL) {
        keep(file->login, sizeof file->login, text + strlen(login));
        file->message.login = file->login;
    } else if (strncmp(text, logged, strlen(logged)) == 0) {
        const char *address = text + strlen(logged);

        if (isxdigit((unsigned char)*address) || *address == ':' || file->message.client == NULL) {
            keep(file->client, sizeof file->client, address);
            file->message.client = file->client;
        }
    } else if (strncmp(text, client, strlen(client)) == 0 && file->message.client == NULL) {
        keep(file->client, sizeof file->client, text + strlen(client));
        file->message.client = file->client;
    }
}

static void read_recipient(struct postfixfile *file, const char *text)
{
    size_t n = file->message.rcpts++;

    if (n < QUEUE_SAMPLES) {
        keep(file->rcpt[n], sizeof file->rcpt[n], text);
        file->message.rcpt[n] = file->rcpt[n];
    }
}

/* "seconds microseconds"; early versions wrote no microseconds. */
static void read_arrival(struct postfixfile *file, const char *text)
{
    char *rest;
    long long sec = strtoll(text, &rest, 10), usec = strtoll(rest, NULL, 10);

    if (rest != text && sec >= 0 && sec < INT32_MAX * 4LL && usec >= 0 && usec < 1000000) {
        file->message.arrival = sec * 1000000 + usec;
    }
}

/* An envelope record, before or behind the content. */
static void read_envelope(struct postfixfile *file, const struct reader *reader)
{
    switch (reader->type) {
    case 'T':
        read_arrival(file, reader->data);
        break;
    case 'A':
        read_attribute(file, reader->data);
        break;
    case 'S':
        keep(file->sender, sizeof file->sender, reader->data);
        file->message.sender = file->sender;
        break;
    case 'R':
        read_recipient(file, reader->data);
        break;
    default: /* D: delivered already; O: what a recipient was before it was rewritten; others */
        break;
    }
}

/* A content filter on this machine hands mail on by SMTP. */
static bool from_here(const struct queue_message *message)
{
    return message->origin == QUEUE_NETWORK &&
           (strncmp(message->client, "127.", 4) == 0 || strcmp(message->client, "::1") == 0);
}

/*
 * Where our header is believed: the uid in it is the one that pickup(8) noted, and Postfix has no
 * client of it. A sender who forges it all can only accuse himself. Of mail from this machine by
 * SMTP it is passed on for the log to judge (queue_select.h).
 */
static void read_header(struct postfixfile *file)
{
    struct queue_message *message = &file->message;
    const char *path = NULL, *trace = NULL;
    long long uid = -1, pid = -1;

    if (message->header == NULL ||
        (!from_here(message) && (message->origin != QUEUE_UID || message->uid < 0))) {
        return;
    }
    keep(file->decoded, sizeof file->decoded, file->header);
    if (queue_header(file->decoded, &path, &uid, &pid, &trace) &&
        (from_here(message) || uid == message->uid)) {
        message->origin = from_here(message) ? QUEUE_NETWORK : QUEUE_OURS;
        message->path = path;
        message->trace = trace;
    }
}

static void read_origin(struct postfixfile *file, const struct section *section)
{
    struct queue_message *message = &file->message;
    bool null_sender = message->sender == NULL || *message->sender == '\0';

    if (message->login != NULL) {
        message->origin = QUEUE_SASL;
    } else if (message->client != NULL) {
        message->origin = QUEUE_NETWORK;
    } else {
        message->origin = section->uid < 0 && null_sender ? QUEUE_BOUNCE : QUEUE_UID;
        message->uid = section->uid;
    }
    read_header(file);
}

/* --- the file ------------------------------------------------------------------------------ */

static void file_init(struct postfixfile *file)
{
    memset(&file->message, 0, sizeof file->message);
    file->message.size = -1;
    file->message.uid = -1;
    file->message.origin = QUEUE_BOUNCE;
    memset(&file->st, 0, sizeof file->st);
}

/* Of the content, and where it begins. */
static bool read_sizes(const char *text, int64_t whole, long long *ret_size, long long *ret_offset)
{
    char *rest;
    long long size = strtoll(text, &rest, 10), offset = strtoll(rest, NULL, 10);

    if (rest == text || size < 0 || offset <= 0 || size > whole || offset > whole - size) {
        return false;
    }
    *ret_size = size;
    *ret_offset = offset;
    return true;
}

static enum postfixfile_result read_records(struct reader *reader, struct section *section)
{
    struct postfixfile *file = section->file;
    long long size = 0, offset = 0;

    /* The first record is C: "size offset recipients ...", and nothing else begins a queue file. */
    if (!reader_next(reader) || reader->type != 'C' ||
        !read_sizes(reader->data, reader->size, &size, &offset)) {
        return reader->failed ? POSTFIXFILE_FAILED : POSTFIXFILE_BROKEN;
    }
    file->message.size = size;
    while (reader_next(reader) && reader->type != 'E') {
        if (reader->type != 'M') {
            read_envelope(file, reader);
            continue;
        }
        if (!read_section(reader, section)) {
            break;
        }
        reader->at = offset + size; /* behind the content: X */
    }
    if (reader->failed) {
        return POSTFIXFILE_FAILED;
    }
    return reader->type == 'E' ? POSTFIXFILE_READ : POSTFIXFILE_BROKEN;
}

enum postfixfile_result postfixfile_read(int fd, const char *name, struct postfixfile *ret)
{
    struct reader reader;
    struct section section;
    enum postfixfile_result result;

    file_init(ret);
    if (fstat(fd, &ret->st) != 0) {
        return POSTFIXFILE_FAILED;
    }
    ret->message.dev = ret->st.st_dev;
    ret->message.ino = ret->st.st_ino;
    reader.fd = fd;
    reader.at = reader.have_at = 0;
    reader.have = 0;
    reader.failed = false;
    reader.type = '\0';
    reader.size = ret->st.st_size;
    reader.budget = 4 * (int64_t)ret->st.st_size + 65536;
    section.name = name;
    section.file = ret;
    section.len = 0;
    section.uid = -1;
    section.ours = section.received = section.from = section.subject = false;
    result = read_records(&reader, &section);
    read_origin(ret, &section);
    return result;
}

bool postfixfile_reason(const char *text, size_t n, char *ret, size_t cap)
{
    static const char mark[] = "\nreason=";
    const char *found = memmem(text, n, mark, strlen(mark)), *end;

    if (found == NULL) {
        return false;
    }
    found += strlen(mark);
    n -= (size_t)(found - text);
    end = memchr(found, '\n', n);
    n = end != NULL ? (size_t)(end - found) : n;
    n = n < cap - 1 ? n : cap - 1;
    memcpy(ret, found, n);
    ret[n] = '\0';
    return true;
}

bool postfixfile_is_id(const char *name)
{
    size_t n = 0;

    while (isalnum((unsigned char)name[n])) {
        n++;
    }
    return name[n] == '\0' && n >= 6 && n <= 100;
}

/*
 * A long id (mail_queue.h): 6 or more characters of seconds, 4 of microseconds, both in base 52
 * (digits and letters but vowels), 'z', the inode in base 51, which has no z. A short one has only
 * hexadecimal digits.
 */
void postfixfile_hash(const char *id, char ret[6])
{
    static const char digits[] = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    const char *z = strrchr(id, 'z');
    unsigned long usec = 0;

    if (z == NULL || z - id < 10) {
        keep(ret, 6, id);
        return;
    }
    for (const char *at = z - 4; at < z; at++) {
        const char *digit = strchr(digits, *at);

        usec = usec * 52 + (digit != NULL ? (unsigned long)(digit - digits) : 0);
    }
    (void)snprintf(ret, 6, "%05lX", usec & 0xfffff);
}
