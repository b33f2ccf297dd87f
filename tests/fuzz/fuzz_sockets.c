/*
 * fuzz_sockets - any bytes as a line of /proc/net/tcp: refused with nothing changed, or read into
 * what can be written again.
 */
#include "fuzz.h"

#include "admin/direct/sockets.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = malloc(size + (size == 0)); /* a sanitizer sees one byte too far */
    struct socket_row row, before;
    char peer[SOCKETS_PEER_MAX];

    require(exact != NULL);
    memcpy(exact, data, size);
    memset(&row, 0x55, sizeof row);
    memcpy(&before, &row, sizeof row);
    if (!sockets_parse(exact, size, &row)) {
        require(memcmp(&row, &before, sizeof row) == 0);
    } else {
        size_t n = strlen(sockets_peer(&row, peer));

        require(row.remote_port <= 65535 && row.local_port <= 65535);
        require(n >= strlen("0.0.0.0:0") - 4 && n < SOCKETS_PEER_MAX);
        require((peer[0] == '[') == row.v6);
    }
    free(exact);
    return 0;
}
