/*
 * shy - connects to ADDRESS PORT, and does not want to be seen: for tests of `mailorigin direct`.
 *
 *   shy mute UID ADDRESS PORT DIR   its script lies in a file system at DIR that never answers
 * (FUSE; needs root to begin with) shy thread UID ADDRESS PORT     the connection is in a thread
 * with descriptors of its own; the first thread has ended
 *
 * Becomes UID, prints its pid when it is connected, and stays. Exit status 2: this kernel does not
 * know how.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(2);
}

static void say_connected(char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[4]))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (inet_pton(AF_INET, argv[3], &to.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        give_up("connect");
    }
    printf("%ld\n", (long)getpid());
    fflush(stdout);
}

static _Noreturn void stay(void)
{
    for (;;) {
        pause();
    }
}

static void *hidden(void *argv)
{
    if (unshare(CLONE_FILES) != 0) {
        give_up("unshare");
    }
    say_connected(argv);
    stay();
}

/* A FUSE file system whose daemon never reads a request: whoever asks it waits. The descriptor
 * stays open over exec. */
static void mount_silence(const char *dir)
{
    char options[100];
    int fd;

    (void)mkdir("/dev", 0755);
    (void)mknod("/dev/fuse", S_IFCHR | 0600, makedev(10, 229));
    fd = open("/dev/fuse", O_RDWR);
    (void)snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
                   fd);
    if (fd < 0 || mount("shy", dir, "fuse", 0, options) != 0) {
        give_up("mount");
    }
}

static void become(const char *uid)
{
    if (setgid((gid_t)atoi(uid)) != 0 || setuid((uid_t)atoi(uid)) != 0) {
        give_up("setuid");
    }
}

int main(int argc, char **argv)
{
    char perl[] = "perl", script[200];
    pthread_t thread;

    if (strcmp(argv[0], "perl") == 0) {
        stay();
    }
    if (argc == 6 && strcmp(argv[1], "mute") == 0) {
        mount_silence(argv[5]);
        become(argv[2]);
        say_connected(argv);
        (void)snprintf(script, sizeof script, "%s/mailer.pl", argv[5]);
        execv("/proc/self/exe", (char *[]){perl, script, NULL});
        give_up("exec");
    }
    if (argc != 5 || strcmp(argv[1], "thread") != 0) {
        return 64;
    }
    become(argv[2]);
    if (pthread_create(&thread, NULL, hidden, argv) != 0) {
        give_up("thread");
    }
    pthread_exit(NULL);
}
