/*
 * records.c - a log as a busy hosting server leaves it, for tests/bench/mailorigin-top: written
 * with the wrapper's own record_line, always the same for the same arguments.
 *
 *   bench-records MEGABYTES ORIGINS > calls.log
 *
 * ORIGINS working directories of as many users / 4; a fifth of the calls come from one of them. The
 * time goes on by 10 to 50 ms a call.
 */
#include "wrapper/record.h"
#include "wrapper/ulid.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN 1795278031 /* 2026-11-21T16:20:31Z */

struct generator {
    uint64_t state;
    struct timespec time;
    unsigned long origins;
};

/* xorshift64*: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators". */
static uint64_t next(struct generator *gen)
{
    gen->state ^= gen->state >> 12;
    gen->state ^= gen->state << 25;
    gen->state ^= gen->state >> 27;
    return gen->state * 0x2545f4914f6cdd1dULL;
}

static void set_texts(struct generator *gen, struct record *rec, char text[8][256])
{
    static const char *const dirs[] = {"", "/wp-content/plugins/contact-form", "/images", "/shop"};
    static const char *const subjects[] = {
        "Your order has been received", "Re: Good day, an offer for you",
        "=?UTF-8?Q?Ihre_Bestellung_best=C3=A4tigt?=", "[Shop] New customer \"John\""};
    unsigned long origin =
        next(gen) % 5 == 0 ? 17 % gen->origins : (unsigned long)(next(gen) % gen->origins);
    unsigned long user = origin / 4;
    unsigned what = (unsigned)(next(gen) % 4);

    snprintf(text[0], 256, "web%lu", user);
    snprintf(text[1], 256, "/var/www/web%lu/htdocs%s", user, dirs[origin % 4]);
    snprintf(text[2], 256, "%s/%s", text[1], what == 0 ? "index.php" : "wp-mail.php");
    snprintf(text[3], 256, "php-fpm: pool web%lu", user);
    snprintf(text[4], 256, "sh[%lu] php-fpm8.2[%lu] php-fpm8.2[880]", rec->pid - 1,
             12000 + user % 500);
    snprintf(text[5], 256, "%s <web%lu@example.test>", what == 1 ? "\"Shop, Inc.\"" : "Web Shop",
             user);
    snprintf(text[6], 256, "<%016llx@web1.example.test>", (unsigned long long)next(gen));
    snprintf(text[7], 256, "203.0.113.%u", (unsigned)(next(gen) % 254) + 1);
    record_string(rec, RECORD_USER, text[0]);
    record_string(rec, RECORD_CWD, text[1]);
    if (what != 2) {
        record_string(rec, RECORD_SCRIPT, text[2]);
        record_string(rec, RECORD_SCRIPT_BY, what == 3 ? "env" : "fd");
        record_number(rec, RECORD_SCRIPT_UID, 10000 + user);
        record_string(rec, RECORD_REMOTE, text[7]);
        record_string(rec, RECORD_URI, "/wp-admin/admin-ajax.php?action=send");
    }
    record_string(rec, RECORD_CALLER, text[3]);
    record_string(rec, RECORD_CHAIN, text[4]);
    record_string(rec, RECORD_FROM, text[5]);
    record_string(rec, RECORD_MSGID, text[6]);
    record_string(rec, RECORD_SUBJECT, subjects[what]);
    record_number(rec, RECORD_UID, 10000 + user);
    record_number(rec, RECORD_GID, 10000 + user);
    record_number(rec, RECORD_CWD_UID, 10000 + user);
    record_number(rec, RECORD_CALLER_PID, 12000 + user % 500);
}

static void fill(struct generator *gen, struct record *rec, char text[8][256], char *id)
{
    uint8_t random[10];
    uint64_t bits[2] = {next(gen), next(gen)};

    memcpy(random, bits, sizeof random);
    gen->time.tv_nsec += 10000000 + (long)(next(gen) % 40000000);
    if (gen->time.tv_nsec >= 1000000000) {
        gen->time.tv_nsec -= 1000000000;
        gen->time.tv_sec++;
    }
    record_init(rec);
    rec->time = gen->time;
    rec->host = "web1";
    rec->pid = 1000 + (long)(next(gen) % 4000000);
    ulid_format(&gen->time, random, id);
    record_string(rec, RECORD_ID, id);
    record_string(rec, RECORD_MODE, "submit");
    set_texts(gen, rec, text);
    record_number(rec, RECORD_PID, (unsigned long long)rec->pid);
    record_number(rec, RECORD_PPID, (unsigned long long)rec->pid - 1);
    record_number(rec, RECORD_START, 123456789 + (unsigned long long)gen->time.tv_sec % 1000000);
    record_string(rec, RECORD_UNIT, "php8.2-fpm.service");
    record_string(rec, RECORD_ARGS, "-t -i");
    record_number(rec, RECORD_RCPTS, next(gen) % 8 == 0 ? 50 : 1);
    record_string(rec, RECORD_MTA, "postfix");
    record_string(rec, RECORD_ACTION, next(gen) % 64 == 0 ? "pass" : "deliver");
}

int main(int argc, char **argv)
{
    struct generator gen = {.state = 88172645463325252ULL, .time = {.tv_sec = BEGIN}};
    unsigned long long wanted, written = 0;

    if (argc != 3 || (gen.origins = strtoul(argv[2], NULL, 10)) == 0) {
        fprintf(stderr, "usage: bench-records MEGABYTES ORIGINS\n");
        return 2;
    }
    wanted = strtoull(argv[1], NULL, 10) * 1000000;
    while (written < wanted) {
        struct record rec;
        char text[8][256], id[ULID_LEN + 1], buf[RECORD_MAX + 1];
        struct strbuf line;

        fill(&gen, &rec, text, id);
        strbuf_init(&line, buf, sizeof buf);
        record_line(&rec, RECORD_LOGFMT, &line);
        if (fwrite(buf, 1, line.len, stdout) != line.len) {
            perror("bench-records");
            return 2;
        }
        written += line.len;
    }
    return fflush(stdout) == 0 ? 0 : 2;
}
