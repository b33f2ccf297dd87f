/*
 * syslog-sink - a /dev/log that keeps each datagram as one line of a file.
 *
 *   pid=$(syslog-sink SOCKET FILE)     binds, goes to the background, prints its pid
 *
 * A newline or other control byte inside a datagram is written as <0xHH>, so that one line is one
 * datagram and a forged second line would be seen. Stop it with SIGSTOP for a syslogd that lives
 * and does not read.
 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path)) {
        errno = EINVAL;
        die("usage: syslog-sink SOCKET FILE");
    }
    memcpy(address.sun_path, argv[1], strlen(argv[1]));
    int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int file = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    unlink(argv[1]);
    if (socket_fd < 0 || file < 0 ||
        bind(socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        die("%s", argv[1]);
    chmod(argv[1], 0666);
    background();
    for (;;) {
        static char bytes[65536], line[4 * sizeof(bytes) + 1];
        size_t used = 0;
        ssize_t n = recv(socket_fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno != EINTR)
            return 1;
        for (ssize_t i = 0; i < n; i++) {
            unsigned char c = (unsigned char)bytes[i];
            if (c < ' ' || c == 0x7f)
                used += (size_t)snprintf(line + used, sizeof(line) - used, "<0x%02x>", c);
            else
                line[used++] = (char)c;
        }
        line[used++] = '\n';
        if (n >= 0)
            write_all(file, line, used);
    }
}
