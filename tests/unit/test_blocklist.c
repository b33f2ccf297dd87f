/* blocklist: what is an address, what is a network, who is never blocked, and what a list looks
 * like. */
#include "clients/blocklist.h"

#include "args.h"
#include "command.h"
#include "context.h"
#include "support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *want; /* NULL: none */
} addresses[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"IPv6:2001:DB8::1", "2001:db8::1"},
    {"2001:db8:0:0:0:0:0:1", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"192.0.2.1 ", NULL},
    {"192.0.2.1\n", NULL},
    {"192.0.2", NULL},
    {"192.0.2.256", NULL},
    {"0x7f.1", NULL},
    {"192.0.2.1/32", NULL},
    {"fe80::1%eth0", NULL},
    {"", NULL},
    {"example.org", NULL},
    {"192.0.2.1 } ; flush ruleset", NULL},
};

START_TEST(address)
{
    struct blocklist_address found;
    char text[INET6_ADDRSTRLEN];

    if (addresses[_i].want == NULL) {
        ck_assert(!blocklist_address(addresses[_i].text, &found));
        return;
    }
    ck_assert(blocklist_address(addresses[_i].text, &found));
    blocklist_text(&found, text);
    ck_assert_str_eq(text, addresses[_i].want);
}
END_TEST

/* A list made with what the test's own command line says; what else this machine has in it does no
 * harm. */
static struct blocklist *make(struct context *ctx, char *exclude)
{
    char name[] = "clients", option[] = "--exclude";
    char *argv[] = {name, option, exclude, NULL};

    struct args *args;
    struct blocklist *list;

    *ctx = (struct context){.command = "clients"};
    args = args_parse(ctx, &command_clients, exclude == NULL ? 1 : 3, argv);
    ck_assert_ptr_nonnull(args);
    ctx->args = args;
    list = blocklist_new(ctx);
    ctx->args = NULL;
    args_free(args);
    return list;
}

static const struct {
    const char *exclude, *address;
    bool out;
} excluded[] = {
    {NULL, "127.0.0.1", true},
    {NULL, "10.255.255.255", true},
    {NULL, "172.15.255.255", false},
    {NULL, "172.16.0.0", true},
    {NULL, "172.31.255.255", true},
    {NULL, "172.32.0.0", false},
    {NULL, "192.168.1.1", true},
    {NULL, "100.64.0.1", true},
    {NULL, "100.128.0.1", false},
    {NULL, "169.254.1.1", true},
    {NULL, "224.0.0.1", true},
    {NULL, "255.255.255.255", true},
    {NULL, "0.0.0.0", true},
    {NULL, "::1", true},
    {NULL, "::", true},
    {NULL, "fe80::1", true},
    {NULL, "fd00::1", true},
    {NULL, "ff02::1", true},
    {NULL, "::ffff:10.0.0.1", true},
    {NULL, "203.0.113.9", false},
    {NULL, "2001:db8::1", false},
    {"203.0.113.9", "203.0.113.9", true},
    {"203.0.113.9", "203.0.113.8", false},
    {"203.0.113.8/31", "203.0.113.9", true},
    {"203.0.113.8/31", "203.0.113.10", false},
    {"0.0.0.0/0", "203.0.113.10", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"[2001:db8::]/32", "2001:db8:8000::1", true},
    {"[::ffff:203.0.113.0]/120", "203.0.113.77", true},
    {"[::ffff:203.0.113.0]/120", "203.0.112.77", false},
};

START_TEST(exceptions)
{
    struct context ctx;
    struct blocklist_address found;
    char *copy = excluded[_i].exclude == NULL ? NULL : strdup(excluded[_i].exclude);
    struct blocklist *list = make(&ctx, copy);

    ck_assert_ptr_nonnull(list);
    ck_assert(blocklist_address(excluded[_i].address, &found));
    ck_assert_int_eq(blocklist_excluded(list, &found) != NULL, excluded[_i].out);
    blocklist_free(list);
    free(copy);
}
END_TEST

static const struct {
    const char *line, *address;
    bool out;
} proxies[] = {
    {"    set_real_ip_from 203.0.113.0/24;", "203.0.113.9", true},
    {"\tset_real_ip_from 198.51.100.1; set_real_ip_from 2001:db8::/32; real_ip_header X;",
     "2001:db8::1", true},
    {"location / { set_real_ip_from 203.0.113.9; }", "203.0.113.9", true},
    {"# set_real_ip_from 203.0.113.9;", "203.0.113.9", false},
    {"real_ip_header 203.0.113.9;", "203.0.113.9", false},
    {"remoteipinternalproxy 198.51.100.0/24 \"203.0.113.9\"", "203.0.113.9", true},
    {"RemoteIPTrustedProxy 203.0.113.8/31", "203.0.113.9", true},
    {"RemoteIPTrustedProxyFoo 203.0.113.8/31", "203.0.113.9", false},
    {"set_real_ip_from unix:;", "203.0.113.9", false},
    {"", "203.0.113.9", false},
};

START_TEST(proxy)
{
    struct context ctx;
    struct blocklist_address found;
    struct blocklist *list = make(&ctx, NULL);
    char *line = strdup(proxies[_i].line);

    ck_assert_ptr_nonnull(list);
    blocklist_proxies_line(&ctx, list, line);
    ck_assert(blocklist_address(proxies[_i].address, &found));
    ck_assert_msg((blocklist_excluded(list, &found) != NULL) == proxies[_i].out, "%s",
                  proxies[_i].line);
    blocklist_free(list);
    free(line);
}
END_TEST

static const char *const no_networks[] = {"203.0.113.0/33",
                                          "203.0.113.0/",
                                          "203.0.113.0/-1",
                                          "203.0.113.0/ 8",
                                          "2001:db8::/129",
                                          "x",
                                          "",
                                          "/etc/networks",
                                          "!203.0.113.0/8",
                                          "$mynetworks",
                                          "[203.0.113.0",
                                          "::ffff:1.2.3.4/95"};

START_TEST(no_network)
{
    struct context ctx;
    char *copy = strdup(no_networks[_i]);

    ck_assert_ptr_null(make(&ctx, copy));
    free(copy);
}
END_TEST

static const struct {
    enum blocklist_format format;
    const char *has;
} formats[] = {
    {BLOCKLIST_POSTFIX, "\n203.0.113.9 REJECT blocked for abuse\n2001:db8::5 REJECT"},
    {BLOCKLIST_NFTABLES, "        type ipv4_addr\n        elements = {\n            203.0.113.9,\n "
                         "           203.0.113.10\n"},
    {BLOCKLIST_NFTABLES, "        type ipv6_addr\n        elements = {\n            2001:db8::5\n"},
    {BLOCKLIST_FAIL2BAN, "fail2ban-client set my-jail banip 2001:db8::5\n"},
};

START_TEST(format)
{
    struct blocklist_address all[3];
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    ck_assert(blocklist_address("203.0.113.9", &all[0]) &&
              blocklist_address("2001:db8::5", &all[1]) &&
              blocklist_address("203.0.113.10", &all[2]));
    blocklist_print(formats[_i].format, "my-jail", all, 3, to);
    (void)fclose(to);
    ck_assert_msg(strstr(text, formats[_i].has) != NULL, "not in: %s", text);
    free(text);
}
END_TEST

START_TEST(jails)
{
    ck_assert(blocklist_jail("postfix-sasl") && blocklist_jail("a.b_C9"));
    ck_assert(!blocklist_jail("") && !blocklist_jail("-x") && !blocklist_jail("a b") &&
              !blocklist_jail("a;b") && !blocklist_jail("a\nb"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocklist");
    TCase *tc = tcase_create("blocklist");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, address, 0, sizeof addresses / sizeof addresses[0]);
    tcase_add_loop_test(tc, exceptions, 0, sizeof excluded / sizeof excluded[0]);
    tcase_add_loop_test(tc, proxy, 0, sizeof proxies / sizeof proxies[0]);
    tcase_add_loop_test(tc, no_network, 0, sizeof no_networks / sizeof no_networks[0]);
    tcase_add_loop_test(tc, format, 0, sizeof formats / sizeof formats[0]);
    tcase_add_test(tc, jails);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
