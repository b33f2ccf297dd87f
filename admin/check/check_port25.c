/*
 * check_port25 - the area "port25": does a packet filter rule let only some users out to other mail
 * servers?
 *
 * Read from nft's list of rules, in JSON (libnftables-json(5)), or from iptables-save. What counts
 * is a rule in the output hook (or in a chain that it goes to) that looks at the user, and at
 * port 25. Whether it lets the right ones out is not judged.
 */
#include "check/findings.h"

#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIX "mailorigin direct --rules >/etc/nftables-smtp.conf && nft -f /etc/nftables-smtp.conf"
#define DEPTH_MAX 12

/* What stands anywhere within a rule's expressions. */
struct seen {
    bool user, port;
};

static bool port_in_range(const json_t *range)
{
    return json_array_size(range) == 2 && json_integer_value(json_array_get(range, 0)) <= 25 &&
           json_integer_value(json_array_get(range, 1)) >= 25;
}

/* NOLINTBEGIN(misc-no-recursion): no deeper than DEPTH_MAX. */
static void look_at(const json_t *value, int depth, struct seen *seen);

static void look_at_object(const json_t *object, int depth, struct seen *seen)
{
    const char *key;
    json_t *value;
    json_t *walk = json_incref((json_t *)(uintptr_t)object); /* the macro wants it without const */

    json_object_foreach(walk, key, value)
    {
        const char *text = json_string_value(value);

        if (strcmp(key, "key") == 0 && text != NULL &&
            (strcmp(text, "skuid") == 0 || strcmp(text, "skgid") == 0)) {
            seen->user = true;
        }
        if (strcmp(key, "name") == 0 && text != NULL &&
            strcmp(text, "owner") == 0) { /* of an xt match */
            seen->user = true;
        }
        if (strcmp(key, "range") == 0 && port_in_range(value)) {
            seen->port = true;
        }
        look_at(value, depth + 1, seen);
    }
    json_decref(walk);
}

static void look_at(const json_t *value, int depth, struct seen *seen)
{
    if (depth > DEPTH_MAX) {
        return;
    }
    if (json_is_integer(value) && json_integer_value(value) == 25) {
        seen->port = true;
    } else if (json_is_object(value)) {
        look_at_object(value, depth, seen);
    } else {
        for (size_t i = 0; i < json_array_size(value); i++) {
            look_at(json_array_get(value, i), depth + 1, seen);
        }
    }
}

/* NOLINTEND(misc-no-recursion) */

/* One rule with both, or one for the port and one for the user (a jump between them): in the tables
 * of the output hook. */
static bool nft_rules_hold(const json_t *ruleset)
{
    const json_t *list = json_object_get(ruleset, "nftables");
    bool output = false, together = false;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i), *chain = json_object_get(item, "chain");
        const json_t *rule = json_object_get(item, "rule"), *expr = json_object_get(rule, "expr");
        const char *hook = json_string_value(json_object_get(chain, "hook"));
        struct seen seen = {false, false};

        output = output || (hook != NULL && strcmp(hook, "output") == 0);
        if (expr != NULL) {
            look_at(expr, 0, &seen);
            together = together || (seen.user && seen.port);
        }
    }
    return output && together;
}

static void take_iptables_rule(char *line, unsigned number, void *arg)
{
    bool *holds = arg;

    (void)number;
    *holds = *holds || (strstr(line, " owner ") != NULL && strstr(line, "--dport") != NULL &&
                        strstr(line, "25") != NULL);
}

static const char *first_there(const char *const *paths)
{
    while (*paths != NULL && access(*paths, X_OK) != 0) {
        paths++;
    }
    return *paths;
}

enum answer { OPEN, HELD, ABSENT, FAILED };

static enum answer ask_nft(struct check *check)
{
    static const char *const paths[] = {"/usr/sbin/nft", "/sbin/nft", NULL};
    const char *nft = first_there(paths);
    enum answer answer = FAILED;
    json_t *ruleset;
    int status = 0;
    char *text;

    if (nft == NULL) {
        return ABSENT;
    }
    text = check_run(check, (const char *const[]){nft, "-j", "list", "ruleset", NULL}, 0, &status);
    ruleset = text != NULL ? json_loads(text, 0, NULL) : NULL;
    if (ruleset != NULL) {
        answer = nft_rules_hold(ruleset) ? HELD : OPEN;
        json_decref(ruleset);
    } else {
        context_problem(check_context(check), "%s does not list its rules: see nft -j list ruleset",
                        nft);
    }
    free(text);
    return answer;
}

static enum answer ask_iptables(struct check *check)
{
    static const char *const paths[] = {"/usr/sbin/iptables-legacy-save", "/usr/sbin/iptables-save",
                                        "/sbin/iptables-save", NULL};
    const char *save = first_there(paths);
    int status = 0;
    bool holds = false;
    char *text;

    if (save == NULL) {
        return ABSENT;
    }
    text = check_run(check, (const char *const[]){save, NULL}, 0, &status);
    if (text == NULL) {
        context_problem(check_context(check), "%s does not list its rules", save);
        return FAILED;
    }
    check_lines(text, take_iptables_rule, &holds);
    free(text);
    return holds ? HELD : OPEN;
}

void check_port25(struct check *check)
{
    enum answer nft, iptables;

    if (geteuid() != 0) {
        return; /* said by check_install */
    }
    nft = ask_nft(check);
    iptables = nft == HELD ? ABSENT : ask_iptables(check);
    if (nft == HELD || iptables == HELD) {
        check_say(check, CHECK_PORT25_OK,
                  "a packet filter rule looks at the user of connections to port 25");
        return;
    }
    if (nft == FAILED || iptables == FAILED) {
        return;
    }
    check_say(check, CHECK_PORT25_OPEN,
              "%s: every user's scripts can talk to mail servers everywhere, past all logs",
              nft == ABSENT && iptables == ABSENT ? "no packet filter is installed"
                                                  : "no packet filter rule looks at the user");
    check_fix(check, nft == ABSENT ? "apt-get install nftables && " FIX : FIX);
}
