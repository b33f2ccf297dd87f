/* report: nothing foreign becomes markup; a sample is a fair one; a file is there whole or as it
 * was. */
#include "admin/context.h"
#include "admin/report/htmltext.h"
#include "admin/report/report.h"
#include "admin/report/report_file.h"
#include "admin/report/report_sample.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct context ctx = {.command = "report"};

/* --- htmltext -------------------------------------------------------------------------------- */

static void check_html(void (*put)(FILE *to, const char *bytes, size_t n), const char *bytes,
                       size_t n, const char *want)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(to);
    put(to, bytes, n);
    (void)fclose(to);
    ck_assert_str_eq(text, want);
    free(text);
}

#define TEXT(literal) literal, sizeof(literal) - 1

static const struct {
    const char *bytes;
    size_t n;
    const char *html;
} texts[] = {
    {TEXT("Re: hello"), "Re: hello"},
    {TEXT("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"},
    {TEXT("\" onmouseover=\"x"), "&quot; onmouseover=&quot;x"},
    {TEXT("&lt; &#60; &"), "&amp;lt; &amp;#60; &amp;"},
    {TEXT("a\nb\rc\td"), "a\\nb\\rc\\td"},
    {TEXT("\0\1\033[31m\177"), "\\x00\\x01\\x1b[31m\\x7f"},
    {TEXT("back\\slash \\x41"), "back\\slash \\x41"},
    {TEXT("\303\244\342\202\254\360\237\230\200"), "\303\244\342\202\254\360\237\230\200"},
    /* no UTF-8: alone, cut short, too long a form, a surrogate, beyond the last */
    {TEXT("\377\200a"), "\\xff\\x80a"},
    {TEXT("\342\202"), "\\xe2\\x82"},
    {TEXT("\300\274"), "\\xc0\\xbc"},
    {TEXT("\340\200\274"), "\\xe0\\x80\\xbc"},
    {TEXT("\355\240\200"), "\\xed\\xa0\\x80"},
    {TEXT("\364\220\200\200"), "\\xf4\\x90\\x80\\x80"},
    /* C1, direction, no width, no character */
    {TEXT("\302\205"), "\\u{0085}"},
    {TEXT("a\342\200\256b\342\200\254"), "a\\u{202e}b\\u{202c}"},
    {TEXT("\342\201\246\342\201\251\330\234"), "\\u{2066}\\u{2069}\\u{061c}"},
    {TEXT("\342\200\213\357\273\277\302\255"), "\\u{200b}\\u{feff}\\u{00ad}"},
    {TEXT("\363\240\201\201"), "\\u{e0041}"},
    {TEXT("\357\277\277"), "\\u{ffff}"},
    /* an emoji's variation selector stays */
    {TEXT("\342\234\205\357\270\217"), "\342\234\205\357\270\217"},
    /* marks upon marks */
    {TEXT("e\314\201\314\202\314\203\314\204\314\205\314\206x\314\201"),
     "e\314\201\314\202\314\203\314\204\\u{0305}\\u{0306}x\314\201"},
    {TEXT(""), ""},
};

START_TEST(text_is_no_markup)
{
    check_html(htmltext_bytes, texts[_i].bytes, texts[_i].n, texts[_i].html);
}
END_TEST

START_TEST(a_records_value_is_read_first)
{
    check_html(htmltext_escaped, TEXT("say \\\"<b>\\\" \\\\ \\x1b"),
               "say &quot;&lt;b&gt;&quot; \\ \\x1b");
    check_html(htmltext_escaped, TEXT("cut\\..."), "cut\342\200\246");
    check_html(htmltext_escaped, TEXT("no <escape> \\q"), "no &lt;escape&gt; \\q");
}
END_TEST

/* --- the sample ------------------------------------------------------------------------------ */

/* The n-th record of a log. */
static bool make_record(unsigned n, struct record_scratch *scratch, struct record_line *ret)
{
    static char text[256];
    int len = snprintf(text, sizeof text,
                       "2026-11-22T02:00:00.000000+00:00 mail sendmail-wrapper[1]: "
                       "id=01M80FQ4V800000000%08u mode=submit uid=4079 gid=4079 pid=1 ppid=1 "
                       "mta=postfix action=deliver",
                       n);

    return record_line_parse(text, (size_t)len, RECORDS_FILE, 0, scratch, ret);
}

static unsigned number_of(const struct record_keep *keep)
{
    const char *id = strstr(keep->line, "id=01M80FQ4V800000000");

    return (unsigned)strtoul(id + sizeof "id=01M80FQ4V800000000" - 1, NULL, 10);
}

START_TEST(few_messages_are_all_kept)
{
    struct report_sample *sample = report_sample_new(7);
    struct record_scratch scratch = {.data = NULL};
    struct record_line line;

    for (unsigned i = 0; i < 100; i++) {
        ck_assert(make_record(i, &scratch, &line));
        report_sample_add(sample, &line);
    }
    ck_assert_uint_eq(sample->count, 100);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(number_of(&sample->keep[i]), i);
    }
    ck_assert(make_record(42, &scratch, &line));
    report_sample_take_back(sample, &line);
    ck_assert_ptr_null(sample->keep[42].line);
    ck_assert_ptr_nonnull(sample->keep[43].line);
    report_sample_free(sample);
    free(scratch.data);
}
END_TEST

START_TEST(of_many_messages_each_is_as_likely)
{
    enum { MANY = 20 * REPORT_SAMPLE };

    struct report_sample *sample = report_sample_new(7);
    struct record_scratch scratch = {.data = NULL};
    struct record_line line;
    unsigned tenth[10] = {0};

    for (unsigned i = 0; i < MANY; i++) {
        ck_assert(make_record(i, &scratch, &line));
        report_sample_add(sample, &line);
    }
    ck_assert_uint_eq(sample->count, REPORT_SAMPLE);
    for (size_t i = 0; i < sample->count; i++) {
        tenth[number_of(&sample->keep[i]) / (MANY / 10)]++;
    }
    for (size_t i = 0; i < 10; i++) { /* 410 each; 4 standard deviations are 77 */
        ck_assert_uint_gt(tenth[i], 330);
        ck_assert_uint_lt(tenth[i], 490);
    }
    report_sample_free(sample);
    free(scratch.data);
}
END_TEST

/* --- the file -------------------------------------------------------------------------------- */

static int write_page(FILE *to, void *arg)
{
    (void)fputs("page", to);
    return *(int *)arg;
}

static int kill_itself(FILE *to, void *arg)
{
    (void)fputs("half", to);
    (void)fflush(to);
    (void)raise(*(int *)arg);
    return STATUS_FOUND;
}

static int to_full_disk(FILE *to, void *arg)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)arg;
    (void)dup2(full, fileno(to));
    (void)fputs("page", to);
    return STATUS_FOUND;
}

/* Files in our directory, the temporary ones among them. */
static bool is_left_over(void)
{
    char command[256];

    (void)snprintf(command, sizeof command, "ls -A %s | grep -q '^\\.mailorigin-'", support_dir());
    return system(command) == 0;
}

START_TEST(a_file_gets_its_name_when_it_is_whole)
{
    static const int statuses[] = {STATUS_FOUND, STATUS_PARTIAL};
    int status = statuses[_i];
    const char *path = support_path("new.html");
    struct stat st;

    (void)umask(0);
    (void)unlink(path);
    ck_assert_int_eq(report_file(&ctx, path, write_page, &status), status);
    ck_assert_str_eq(support_read_file(path, NULL), "page");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert(!is_left_over());
}
END_TEST

START_TEST(an_older_file_is_replaced)
{
    int status = STATUS_FOUND;
    const char *path = support_file("old.html", "old", 0644), *name = support_path("other");
    struct stat st;

    (void)unlink(name);
    ck_assert_int_eq(link(path, name), 0); /* another name of it: its bytes are not touched */
    ck_assert_int_eq(report_file(&ctx, path, write_page, &status), STATUS_FOUND);
    ck_assert_str_eq(support_read_file(path, NULL), "page");
    ck_assert_str_eq(support_read_file(name, NULL), "old");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(without_a_report_all_stays_as_it_was)
{
    static const struct {
        int (*write)(FILE *to, void *arg);
        int arg, want;
    } cases[] = {
        {write_page, STATUS_NOTHING, STATUS_NOTHING},
        {write_page, STATUS_FAILED, STATUS_FAILED},
        {kill_itself, SIGKILL, STATUS_FAILED},
        {kill_itself, SIGTERM, STATUS_FAILED},
        {to_full_disk, 0, STATUS_FAILED},
    };
    const char *path = support_file("kept.html", "old", 0644);
    int arg = cases[_i].arg;

    (void)signal(SIGTERM, SIG_DFL); /* check(3) has a handler that ends the whole group */
    ck_assert_int_eq(report_file(&ctx, path, cases[_i].write, &arg), cases[_i].want);
    ck_assert_str_eq(support_read_file(path, NULL), "old");
    ck_assert(!is_left_over());
}
END_TEST

START_TEST(what_is_no_file_is_not_replaced)
{
    int status = STATUS_FOUND;
    const char *victim = support_file("victim", "mine", 0644), *link = support_path("link.html");
    const char *fifo = support_path("fifo");

    (void)unlink(link);
    ck_assert_int_eq(symlink(victim, link), 0);
    ck_assert_int_eq(report_file(&ctx, link, write_page, &status), STATUS_FAILED);
    ck_assert_str_eq(support_read_file(victim, NULL), "mine");
    (void)unlink(fifo);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(report_file(&ctx, fifo, write_page, &status), STATUS_FAILED);
    ck_assert_int_eq(report_file(&ctx, support_dir(), write_page, &status), STATUS_FAILED);
    ck_assert_int_eq(report_file(&ctx, support_path("none/x.html"), write_page, &status),
                     STATUS_FAILED);
    ck_assert_int_eq(report_file(&ctx, "/dev/null", write_page, &status), STATUS_FAILED);
    ck_assert(!is_left_over());
}
END_TEST

START_TEST(an_ignored_sigchld_hides_no_failure)
{
    int status = STATUS_FAILED;

    (void)signal(SIGCHLD, SIG_IGN);
    ck_assert_int_eq(report_file(&ctx, support_path("ignored.html"), write_page, &status),
                     STATUS_FAILED);
    ck_assert_int_eq(access(support_path("ignored.html"), F_OK), -1);
}
END_TEST

static int wait_long(FILE *to, void *arg)
{
    const char *here = arg;

    (void)to;
    (void)close(open(here, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    (void)pause();
    return STATUS_FOUND;
}

START_TEST(a_signal_leaves_nothing)
{
    char *here = strdup(support_path("here")), *path = strdup(support_path("never.html"));
    unsigned pauses = 0;
    int status;
    pid_t pid = support_fork();

    if (pid == 0) {
        (void)signal(SIGTERM, SIG_DFL);
        _exit(report_file(&ctx, path, wait_long, here));
    }
    while (access(here, F_OK) != 0) {
        support_pause(&pauses);
    }
    ck_assert(is_left_over()); /* it is being written */
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert(!is_left_over());
    ck_assert_int_eq(access(path, F_OK), -1);
    free(here);
    free(path);
}
END_TEST

struct names {
    char *here, *go;
};

static int wait_for_go(FILE *to, void *arg)
{
    const struct names *names = arg;
    unsigned pauses = 0;

    (void)close(open(names->here, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (access(names->go, F_OK) != 0) {
        support_pause(&pauses);
    }
    return fputs("page", to) >= 0 ? STATUS_FOUND : STATUS_FAILED;
}

/* nohup(1): the terminal goes away, the report is written all the same. */
START_TEST(an_ignored_signal_ends_nothing)
{
    struct names names = {strdup(support_path("begun")), strdup(support_path("go"))};
    char *path = strdup(support_path("nohup.html"));
    unsigned pauses = 0;
    int status;
    pid_t pid = support_fork();

    if (pid == 0) {
        (void)signal(SIGHUP, SIG_IGN);
        _exit(report_file(&ctx, path, wait_for_go, &names));
    }
    while (access(names.here, F_OK) != 0) {
        support_pause(&pauses);
    }
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    (void)support_file("go", "", 0600);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == STATUS_FOUND);
    ck_assert_str_eq(support_read_file(path, NULL), "page");
    free(names.here);
    free(names.go);
    free(path);
}
END_TEST

/* --------------------------------------------------------------------------------------------- */

START_TEST(a_time_has_its_zone)
{
    char text[REPORT_TIME_MAX];

    ck_assert_int_eq(setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), 0);
    tzset();
    ck_assert_str_eq(report_time(INT64_C(1795312800) * 1000000, text),
                     "2026-11-22 03:00:00 +01:00");
    ck_assert_str_eq(report_time(INT64_C(1782266400) * 1000000, text),
                     "2026-06-24 04:00:00 +02:00");
    ck_assert_str_eq(report_time(-1, text), "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tcase = tcase_create("report");

    tcase_add_unchecked_fixture(tcase, support_begin, support_end);
    tcase_add_loop_test(tcase, text_is_no_markup, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(tcase, a_records_value_is_read_first);
    tcase_add_test(tcase, few_messages_are_all_kept);
    tcase_add_test(tcase, of_many_messages_each_is_as_likely);
    tcase_add_loop_test(tcase, a_file_gets_its_name_when_it_is_whole, 0, 2);
    tcase_add_test(tcase, an_older_file_is_replaced);
    tcase_add_loop_test(tcase, without_a_report_all_stays_as_it_was, 0, 5);
    tcase_add_test(tcase, what_is_no_file_is_not_replaced);
    tcase_add_test(tcase, an_ignored_sigchld_hides_no_failure);
    tcase_add_test(tcase, a_signal_leaves_nothing);
    tcase_add_test(tcase, an_ignored_signal_ends_nothing);
    tcase_add_test(tcase, a_time_has_its_zone);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
