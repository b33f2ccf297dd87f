/* direct_rules - packet filter rules that keep everybody but the mail server from other machines'
 * mail ports. */
#ifndef MO_DIRECT_RULES_H
#define MO_DIRECT_RULES_H

struct context;

#define DIRECT_TABLE                                                                             \
    "sendmail_wrapper" /* name of the nftables table; check looks for such rules by what they do \
                        */

/* Prints them. Returns a status. */
int direct_rules(struct context *ctx);

#endif
