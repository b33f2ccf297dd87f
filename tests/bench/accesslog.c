/*
 * accesslog.c - an access log as Apache leaves it on a busy hosting server, for
 * tests/bench/mailorigin-web: always the same for the same arguments.
 *
 *   bench-accesslog MEGABYTES combined|recommended > access.log
 *
 * 30 requests a second by 64 workers; lines in the order in which the requests ended.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BEGIN INT64_C(1795046400000000) /* 2026-11-19T00:00:00Z, microseconds */
#define APART 33333                     /* microseconds from one request to the next, on average */

/* xorshift64*: Vigna 2016, "An experimental exploration of Marsaglia's xorshift generators". */
static uint64_t next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

static int print_line(uint64_t *state, int64_t ended, int recommended)
{
    static const char *const pages[] = {"/",
                                        "/index.php",
                                        "/wp-login.php",
                                        "/contact.php",
                                        "/css/style.css",
                                        "/shop/cart?item=",
                                        "/wp-cron.php?doing=",
                                        "/images/logo.png"};
    static const char *const agents[] = {
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/120.0 Safari/537.36",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "curl/7.88.1",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15"};
    uint64_t r = next(state);
    int64_t took = (int64_t)(r % 200000) * (r % 97 == 0 ? 50 : 1), start = ended - took;
    time_t second = (time_t)(start / 1000000);
    struct tm tm;
    char stamp[64];
    int n;

    gmtime_r(&second, &tm);
    strftime(stamp, sizeof stamp, "%d/%b/%Y:%H:%M:%S +0000", &tm);
    r = next(state);
    n = printf(
        "%u.%u.%u.%u - - [%s] \"%s %s%u HTTP/1.1\" %d %u \"https://www.example.com/\" \"%s\"",
        (unsigned)(r % 200 + 1), (unsigned)(r >> 8 & 255), (unsigned)(r >> 16 & 255),
        (unsigned)(r >> 24 & 255), stamp, r % 11 == 0 ? "POST" : "GET", pages[r >> 32 & 7],
        (unsigned)(r >> 40), r % 13 == 0 ? 404 : 200, (unsigned)(r >> 20 & 65535),
        agents[r >> 36 & 3]);
    if (recommended) {
        n += printf(" %lld %lld %u www.example.com \"/var/www/web274/htdocs/index.php\"",
                    (long long)start, (long long)took, (unsigned)(12000 + (r >> 48 & 63)));
    }
    putchar('\n');
    return n + 1;
}

int main(int argc, char **argv)
{
    uint64_t state = 42;
    int64_t time = BEGIN, left;
    int recommended;

    if (argc != 3) {
        fprintf(stderr, "usage: bench-accesslog MEGABYTES combined|recommended\n");
        return 2;
    }
    left = strtoll(argv[1], NULL, 10) * 1000000;
    recommended = strcmp(argv[2], "recommended") == 0;
    while (left > 0) {
        left -= print_line(&state, time, recommended);
        time += (int64_t)(next(&state) % (2 * APART));
    }
    return fflush(stdout) != 0 || ferror(stdout);
}
