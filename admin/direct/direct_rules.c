/*
 * direct_rules - see direct_rules.h. No hostile input: the users come from our own table
 * (mtausers.c). Without a mail server that has a user of its own there are no such rules, and that
 * is said.
 */
#include "direct/direct_rules.h"

#include "context.h"
#include "mtausers.h"
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RULES_MAX 8192

struct text {
    char data[RULES_MAX];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text->data + text->len, sizeof text->data - text->len, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof text->data - text->len) {
        text->len += (size_t)n;
    }
}

static void add_head(struct text *text, const struct mtausers *users)
{
    add(text, "#!/usr/sbin/nft -f\n"
              "# Only the mail server's users may open connections to ports 25, 465 and 587 of "
              "other machines:\n#");
    for (size_t i = 0; i < users->count; i++) {
        add(text, "%s %s (%u)", i > 0 ? "," : "", users->user[i].name,
            (unsigned)users->user[i].uid);
    }
    add(text,
        ".\n"
        "# Everybody else is refused at once, and logged by the kernel as \"smtp refused: \", at "
        "most 10 lines a minute.\n"
        "# Customers who send through a mail server elsewhere notice it: let those out that may.\n"
        "#\n"
        "#   try it         nft -c -f FILE\n"
        "#   load it        nft -f FILE                (again after a change: it replaces itself)\n"
        "#   keep it        at the end of /etc/nftables.conf: include \"FILE\"; then: systemctl "
        "enable nftables\n"
        "#   let 4079 out   nft add element inet " DIRECT_TABLE " may_send '{ 4079 }'\n"
        "#   the refused    journalctl -k -g 'smtp refused'\n"
        "#   undo it        nft delete table inet " DIRECT_TABLE "\n"
        "#\n"
        "# Not held back: containers with a network of their own, since the user behind a "
        "forwarded packet is not known.\n\n");
}

static void add_rules(struct text *text, const struct mtausers *users)
{
    /* Naming the table before it is deleted makes the deletion work when there is none yet. */
    add(text, "table inet " DIRECT_TABLE "\n"
              "delete table inet " DIRECT_TABLE "\n\n"
              "table inet " DIRECT_TABLE " {\n"
              "    set may_send {\n"
              "        type uid\n"
              "        elements = { ");
    for (size_t i = 0; i < users->count; i++) {
        add(text, "%s%u", i > 0 ? ", " : "", (unsigned)users->user[i].uid);
    }
    add(text,
        " }\n"
        "    }\n"
        "    chain refused {\n"
        "        limit rate 10/minute burst 20 packets log prefix \"smtp refused: \" flags skuid\n"
        "        counter reject with tcp reset\n"
        "    }\n"
        "    chain output {\n"
        "        type filter hook output priority filter; policy accept;\n"
        "        oifname \"lo\" accept\n"
        "        tcp dport { 25, 465, 587 } meta skuid != @may_send jump refused\n"
        "    }\n"
        "}\n");
}

int direct_rules(struct context *ctx)
{
    struct mtausers users;
    struct text text = {.len = 0};

    mtausers_find(ctx, &users);
    if (users.as_caller != NULL) {
        return context_fail(
            ctx,
            "%s sends each mail as the user who calls it, so rules by user cannot tell its mail "
            "from "
            "others'; a mail server with a user of its own (postfix, exim4) is the way out",
            users.as_caller);
    }
    if (users.count == 0) {
        return context_fail(ctx, "found no mail server on this machine: the rules would stop all "
                                 "mail; install one first");
    }
    add_head(&text, &users);
    add_rules(&text, &users);
    if (out_is_json(ctx->out)) {
        out_begin(ctx->out, "rules", OUT_BLOCK);
        out_list_begin(ctx->out, "users", "users");
        for (size_t i = 0; i < users.count; i++) {
            out_list_add(ctx->out, users.user[i].name, strlen(users.user[i].name));
        }
        out_list_end(ctx->out);
        out_bytes(ctx->out, "rules", "rules", text.data, text.len);
        out_end(ctx->out);
    } else {
        (void)fwrite(text.data, 1, text.len, stdout);
    }
    return STATUS_FOUND;
}
