/*
 * msgcmp - is what the MTA got exactly what was sent plus our header line?
 *
 *   msgcmp SENT GOT [NAME]      NAME of the header, default X-Additional-Header
 *
 * Prints one line and exits 0 if GOT is SENT with one line "NAME: ...", and at most one empty line
 * after it, put in at one place:  added offset=N eol=lf|crlf blank=no|yes line=... "same" if GOT is
 * SENT. Otherwise exits 1 and says where they part. Both files are mapped: size costs nothing. GOT
 * is hostile: the line is printed as it is, but for control bytes.
 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct bytes {
    const char *at;
    size_t len;
};

static struct bytes map_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        die("%s", path);
    struct bytes ret = {"", (size_t)st.st_size};
    if (ret.len > 0)
        ret.at = mmap(NULL, ret.len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (ret.at == MAP_FAILED)
        die("%s", path);
    return ret;
}

static size_t common_prefix(struct bytes a, struct bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len, i = 0;
    while (i + 4096 <= n && memcmp(a.at + i, b.at + i, 4096) == 0)
        i += 4096;
    while (i < n && a.at[i] == b.at[i])
        i++;
    return i;
}

/* Whether SENT continues at `offset` just as GOT does after `skip` bytes from there. */
static bool rest_is_same(struct bytes sent, struct bytes got, size_t offset, size_t skip)
{
    return got.len - skip == sent.len &&
           (sent.len == offset ||
            memcmp(sent.at + offset, got.at + offset + skip, sent.len - offset) == 0);
}

static bool try_offset(struct bytes sent, struct bytes got, const char *name, size_t offset)
{
    size_t name_len = strlen(name);
    if (got.len - offset < name_len + 2 || memcmp(got.at + offset, name, name_len) != 0 ||
        memcmp(got.at + offset + name_len, ": ", 2) != 0)
        return false;
    const char *newline = memchr(got.at + offset, '\n', got.len - offset);
    if (newline == NULL)
        return false;
    size_t line = (size_t)(newline - (got.at + offset)) + 1;
    bool crlf = newline[-1] == '\r';
    size_t blank = crlf ? 2 : 1;
    bool with_blank = false;
    if (!rest_is_same(sent, got, offset, line)) {
        with_blank = got.len - offset >= line + blank &&
                     memcmp(newline + 1, crlf ? "\r\n" : "\n", blank) == 0 &&
                     rest_is_same(sent, got, offset, line + blank);
        if (!with_blank)
            return false;
    }
    printf("added offset=%zu eol=%s blank=%s line=", offset, crlf ? "crlf" : "lf",
           with_blank ? "yes" : "no");
    for (size_t i = 0; i + blank < line; i++) {
        char c = got.at[offset + i];
        if (c >= ' ' && c < 0x7f)
            putchar(c);
        else
            printf("\\x%02x", (unsigned char)c);
    }
    putchar('\n');
    return true;
}

int main(int argc, char *argv[])
{
    if (argc < 3) {
        errno = EINVAL;
        die("usage: msgcmp SENT GOT [NAME]");
    }
    const char *name = argc > 3 ? argv[3] : "X-Additional-Header";
    struct bytes sent = map_file(argv[1]), got = map_file(argv[2]);
    size_t prefix = common_prefix(sent, got);
    if (sent.len == got.len && prefix == sent.len) {
        puts("same");
        return 0;
    }
    /* The line may begin before the first difference: a message that starts with an "X" of its own.
     */
    for (size_t offset = 0; offset <= prefix; offset++)
        if ((offset == 0 || got.at[offset - 1] == '\n') && try_offset(sent, got, name, offset))
            return 0;
    printf("differs offset=%zu sent=%zu got=%zu\n", prefix, sent.len, got.len);
    return 1;
}
