/* sockets: lines of /proc/net/tcp and tcp6, as this kernel writes them and as nobody should. The
 * addresses are the words of a little-endian machine. */
#include "admin/direct/sockets.h"
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAIL                                                                                      \
    " 00000000:00000000 00:00000000 00000000  4079        0 123456 1 0000000000000000 20 0 0 10 " \
    "-1"

static const struct {
    const char *line, *peer; /* NULL: refused */
    bool v6, loopback;
    unsigned state;
} rows[] = {
    {"   0: 0101A8C0:A8F2 190200C0:0019 01" TAIL, "192.0.2.25:25", false, false,
     SOCKET_ESTABLISHED},
    {"  12: 0100007F:0019 0100007F:E1B0 02" TAIL, "127.0.0.1:57776", false, true, SOCKET_SYN_SENT},
    {"12345: 00000000:0000 00000000:0000 0A" TAIL, "0.0.0.0:0", false, false, 10},
    {"   0: B80D0120000000000000000001000000:D431 B80D0120000000000000000025000000:024B 08" TAIL,
     "[2001:db8::25]:587", true, false, SOCKET_CLOSE_WAIT},
    {"   0: 00000000000000000000000001000000:D431 00000000000000000000000001000000:0019 01" TAIL,
     "[::1]:25", true, true, SOCKET_ESTABLISHED},
    {"   0: 0000000000000000FFFF00000101A8C0:D431 0000000000000000FFFF0000190200C0:01D1 01" TAIL,
     "192.0.2.25:465", false, false, SOCKET_ESTABLISHED},
    {"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
     "inode",
     NULL, false, false, 0},
    {"", NULL, false, false, 0},
    {"   0: 0101A8C0:A8F2 190200C0:0019 01", NULL, false, false, 0},
    {"   0: 0101A8C0:A8F2 190200C0:10019 01" TAIL, NULL, false, false, 0},
    {"   0: 0101A8C0A:A8F2 190200C0:0019 01" TAIL, NULL, false, false, 0},
    {"   0: 0101A8C:A8F2 190200C0:0019 01" TAIL, NULL, false, false, 0},
    {"   0: 0101A8C00101A8C0:A8F2 0101A8C0190200C0:0019 01" TAIL, NULL, false, false, 0},
    {"   0: 0101A8C0:A8F2 B80D0120000000000000000025000000:0019 01" TAIL, NULL, false, false, 0},
    {"   0: 0101A8C0:A8F2 190200C0:0019 01 00000000:00000000 00:00000000 00000000  4294967296 0 1 "
     "1",
     NULL, false, false, 0},
    {"   0: 0101A8C0:A8F2 190200C0:0019 01 00000000:00000000 00:00000000 00000000  1 0 "
     "99999999999999999999 1",
     NULL, false, false, 0},
    {"   0: 0101A8C0:A8F2 190200C0:0019 01 00000000:00000000 00:00000000 00000000  1 0", NULL,
     false, false, 0},
};

START_TEST(reads)
{
    struct socket_row row = {.inode = 7};
    char peer[SOCKETS_PEER_MAX];
    bool good = sockets_parse(rows[_i].line, strlen(rows[_i].line), &row);

    ck_assert_msg(good == (rows[_i].peer != NULL), "%s", rows[_i].line);
    if (!good) {
        ck_assert_msg(row.inode == 7, "left as it was");
        return;
    }
    ck_assert_str_eq(sockets_peer(&row, peer), rows[_i].peer);
    ck_assert_int_eq(row.v6, rows[_i].v6);
    ck_assert_int_eq(sockets_to_loopback(&row), rows[_i].loopback);
    ck_assert_uint_eq(row.state, rows[_i].state);
    ck_assert_uint_eq(row.uid, 4079);
    ck_assert_uint_eq(row.inode, 123456);
}
END_TEST

START_TEST(every_shorter_line_is_safe)
{
    struct socket_row row;

    for (size_t n = 0; n < strlen(rows[0].line); n++) {
        char *exact = malloc(n + 1); /* valgrind and the sanitizers see one byte too far */

        ck_assert_ptr_nonnull(exact);
        memcpy(exact, rows[0].line, n);
        (void)sockets_parse(exact, n, &row);
        free(exact);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sockets");
    TCase *tcase = tcase_create("sockets");

    tcase_add_loop_test(tcase, reads, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(tcase, every_shorter_line_is_safe);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
