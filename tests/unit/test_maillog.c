/* maillog: real lines of the three mail servers and hostile ones, the times in front of them, and
 * Message-IDs that logs shorten. */
#include "maillog/maillog_parse.h"
#include "records/logtime.h"
#include "support.h"
#include "trace/trace_join.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACE "01M8086PR6M6C877MN049VXVYH"
#define HINT INT64_C(1795305600000000) /* 2026-11-22T00:00:00Z */

static const char *const kinds[] = {"submitted", "received", "msgid",    "queued",   "recipient",
                                    "notice",    "held",     "released", "removed",  "refused",
                                    "connect",   "auth",     "trace",    "arguments"};
static const char *const outcomes[] = {"sent", "deferred", "bounced", "expired", "other"};

static void add(char *to, size_t cap, const char *name, const char *value)
{
    size_t n = strlen(to);

    if (value != NULL) {
        (void)snprintf(to + n, cap - n, " %s=%s", name, value);
    }
}

static void add_number(char *to, size_t cap, const char *name, long long value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", value);
    add(to, cap, name, value == -1 ? NULL : text);
}

/* An event as "kind id key=value ..", events joined by " | ". */
static void render(const struct mail_event *event, char *to, size_t cap)
{
    size_t n = strlen(to);

    (void)snprintf(to + n, cap - n, "%s%s %s", n > 0 ? " | " : "", kinds[event->kind],
                   event->queue_id == NULL ? "-" : event->queue_id);
    add_number(to, cap, "uid", event->uid);
    if (event->kind == MAIL_SUBMITTED) {
        add_number(to, cap, "pid", event->pid);
    }
    add(to, cap, "user", event->user);
    add(to, cap, "login", event->login);
    add(to, cap, "client", event->client);
    add(to, cap, "sender", event->sender);
    add(to, cap, "rcpt", event->rcpt);
    add(to, cap, "msgid", event->msgid);
    add(to, cap, "subject", event->subject);
    add(to, cap, "trace", event->trace);
    add(to, cap, "cwd", event->cwd);
    add_number(to, cap, "size", event->size);
    add_number(to, cap, "nrcpt", event->nrcpt);
    if (event->kind == MAIL_RECIPIENT) {
        add(to, cap, "outcome", outcomes[event->outcome]);
    }
    add(to, cap, "relay", event->relay);
    add(to, cap, "dsn", event->dsn);
    add(to, cap, "text", event->text);
    add(to, cap, event->next_local ? "next" : "far", event->next_id);
}

static const struct {
    const char *line; /* behind "2026-11-21T23:48:58.264676+00:00 mail ", or a whole one of Exim */
    const char *want; /* "": nothing */
} lines[] = {
    /* Postfix 3.7.11 */
    {"postfix/pickup[173]: 4094991: uid=4079 from=<web274>",
     "submitted 4094991 uid=4079 pid=173 sender=web274"},
    {"postfix-out/pickup[173]: 4jX8783wLWz3r: uid=0 from=<root> orig_id=4094991",
     "submitted 4jX8783wLWz3r uid=0 pid=173 sender=root"},
    {"postfix/cleanup[514]: 4094991: info: header X-Additional-Header: /; uid=4079; pid=512; "
     "id=" TRACE " from local; from=<web274@example.test>: trace",
     "trace 4094991 trace=" TRACE},
    {"postfix/cleanup[514]: 4094991: info: header X-Additional-Header: id=" TRACE
     "; uid=4079 from local; from=<web274@example.test>: trace",
     "trace 4094991 trace=" TRACE},
    {"postfix/cleanup[514]: 4094991: message-id=<own@x>", "msgid 4094991 msgid=<own@x>"},
    {"postfix/cleanup[514]: 4094991: resent-message-id=<own@x>", "msgid 4094991 msgid=<own@x>"},
    {"postfix/cleanup[514]: 4094991: message-id=<>", "msgid 4094991 msgid=<>"},
    {"postfix/qmgr[174]: 4094991: from=<>, size=357, nrcpt=1 (queue active)",
     "queued 4094991 sender= size=357 nrcpt=1"},
    {"postfix/local[521]: 4094991: to=<alice@example.test>, orig_to=<alice>, relay=local, "
     "delay=0.02, "
     "delays=0.01/0.01/0/0, dsn=2.0.0, status=sent (delivered to mailbox)",
     "recipient 4094991 rcpt=alice@example.test outcome=sent relay=local dsn=2.0.0 text=delivered "
     "to "
     "mailbox"},
    {"postfix/submission/smtp[5]: 4094991: to=<a@b>, relay=mx.b[192.0.2.1]:25, conn_use=2, "
     "delay=1, "
     "delays=0/0/0/1, tls=TLSv1.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 64031B5)",
     "recipient 4094991 rcpt=a@b outcome=sent relay=mx.b[192.0.2.1]:25 dsn=2.0.0 text=250 2.0.0 "
     "Ok: queued "
     "as 64031B5 far=64031B5"},
    {"postfix/smtp[5]: 95F66BC: to=<a@b>, relay=127.0.0.1[127.0.0.1]:10025, delay=0.06, "
     "delays=0/0/0/0, "
     "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as A2A95BE)",
     "recipient 95F66BC rcpt=a@b outcome=sent relay=127.0.0.1[127.0.0.1]:10025 dsn=2.0.0 text=250 "
     "2.0.0 Ok: "
     "queued as A2A95BE next=A2A95BE"},
    {"postfix/smtp[5]: 95F66BC: to=<a@b>, relay=none, delay=6, delays=6/0/0/0, dsn=4.4.1, "
     "status=deferred "
     "(connect to x[192.0.2.1]:25: Connection refused)",
     "recipient 95F66BC rcpt=a@b outcome=deferred relay=none dsn=4.4.1 text=connect to "
     "x[192.0.2.1]:25: "
     "Connection refused"},
    {"postfix/qmgr[1]: 95F66BC: from=<a@b>, status=expired, returned to sender",
     "recipient 95F66BC outcome=expired text=expired, returned to sender"},
    {"postfix/bounce[525]: 44B0098: sender non-delivery notification: 4714F9C",
     "notice 44B0098 text=sender non-delivery next=4714F9C"},
    {"postfix/qmgr[174]: 4094991: removed", "removed 4094991"},
    {"postfix/postsuper[592]: 64031B5: placed on hold",
     "held 64031B5 text=placed on hold by postsuper(1)"},
    {"postfix/postsuper[592]: Placed on hold: 1 message", ""},
    {"postfix/postsuper[593]: 64031B5: released from hold", "released 64031B5"},
    {"postfix/cleanup[619]: 4jX87841wFz3v: hold: header Subject: x[6.6.6.6] from local; "
     "from=<w@e>: evil",
     "held 4jX87841wFz3v text=hold: header Subject: x[6.6.6.6] from local; from=<w@e>: evil"},
    {"postfix/smtpd[556]: connect from unknown[192.0.2.7]", "connect - client=192.0.2.7"},
    {"postfix/smtpd[556]: connect from unknown[unknown]", "connect -"},
    {"postfix/smtpd[556]: 64031B5: client=h.example[2001:db8::1]:12, sasl_method=PLAIN, "
     "sasl_username=joe",
     "received 64031B5 login=joe client=2001:db8::1"},
    {"postfix/smtpd[1]: warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: x, "
     "sasl_username=j",
     "auth - login=j client=203.0.113.9"},
    {"postfix/smtpd[1]: warning: hostname h.example does not resolve to address 203.0.113.9", ""},
    {"postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 x; from=<[6.6.6.6]@x> "
     "to=<b>",
     "refused - client=192.0.2.7 text=reject: RCPT from unknown[192.0.2.7]: 554 x; "
     "from=<[6.6.6.6]@x> "
     "to=<b>"},
    {"postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[unknown]: 554 x; from=<[6.6.6.6]@x> "
     "to=<b>",
     "refused - text=reject: RCPT from unknown[unknown]: 554 x; from=<[6.6.6.6]@x> to=<b>"},
    {"postfix/postscreen[1]: PREGREET 11 after 0.1 from [192.0.2.7]:4: EHLO [6.6.6.6]",
     "refused - client=192.0.2.7"},
    /* hostile: in a recipient, a header, a Message-ID, a reply */
    {"postfix/smtp[1]: 95F66BC: to=<\"x>, relay=none, dsn=2.0.0, status=sent (ok)\"@b.example>, "
     "relay=none, "
     "delay=1, dsn=5.1.1, status=bounced (no)",
     "recipient 95F66BC rcpt=\"x>, relay=none, dsn=2.0.0, status=sent (ok)\"@b.example "
     "outcome=bounced "
     "relay=none dsn=5.1.1 text=no"},
    {"postfix/smtp[1]: 95F66BC: to=<a@b>, relay=r[192.0.2.1]:25, delay=1, dsn=5.0.0, "
     "status=bounced (host "
     "said: 550 x, status=sent (250 queued as 1234567))",
     "recipient 95F66BC rcpt=a@b outcome=bounced relay=r[192.0.2.1]:25 dsn=5.0.0 text=host said: "
     "550 x, "
     "status=sent (250 queued as 1234567)"},
    {"postfix/cleanup[1]: 95F66BC: info: header Subject: x; id=" TRACE
     " from local; from=<a>: trace",
     ""},
    {"postfix/cleanup[1]: 95F66BC: info: header X-Additional-Header: /x; uid=1; id=01M8086PR6", ""},
    {"postfix/cleanup[1]: 95F66BC: message-id=<x: uid=0 from=<root>>",
     "msgid 95F66BC msgid=<x: uid=0 from=<root>>"},
    {"postfix/smtp[1]: 95F66BC: uid=0 from=<root>", ""}, /* pickup alone says so */
    {"postfix/pickup[1]: 95F66BC: uid=-1 from=<root>", ""},
    {"postfix/pickup[1]: 95F66BC: uid=99999999999999999999 from=<root>", ""},
    {"postfix/pickup[1]: 95F66BC/..: uid=1 from=<root>", ""},
    {"sendmail-wrapper[1]: 95F66BC: uid=1 from=<root>", ""},
    {"postfix/pickup: 95F66BC: uid=1 from=<root>", "submitted 95F66BC uid=1 sender=root"},
    /* Sendmail 8.17.1.9 */
    {"sendmail[1578]: 6ALNnHuR001578: from=web274, size=126, class=0, nrcpts=1, "
     "msgid=<202611212349.6ALNnHuR001578@mail.example.test>, relay=web274@localhost",
     "submitted 6ALNnHuR001578 pid=1578 user=web274 | queued 6ALNnHuR001578 sender=web274 size=126 "
     "nrcpt=1 | "
     "msgid 6ALNnHuR001578 msgid=<202611212349.6ALNnHuR001578@mail.example.test>"},
    {"sm-mta[1579]: 6ALNnHJN001579: from=<w@e>, size=378, class=0, nrcpts=1, msgid=<a@b>, "
     "proto=ESMTP, "
     "daemon=MTA-v4, relay=localhost [127.0.0.1]",
     "received 6ALNnHJN001579 client=127.0.0.1 relay=localhost [127.0.0.1] | queued 6ALNnHJN001579 "
     "sender=w@e "
     "size=378 nrcpt=1 | msgid 6ALNnHJN001579 msgid=<a@b>"},
    {"sendmail[1578]: 6ALNnHuR001578: to=alice, ctladdr=web274 (4079/4079), delay=00:00:00, "
     "xdelay=00:00:00, "
     "mailer=relay, pri=30126, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6ALNnHJN001579 "
     "Message "
     "accepted for delivery)",
     "recipient 6ALNnHuR001578 uid=4079 rcpt=alice outcome=sent relay=[127.0.0.1] [127.0.0.1] "
     "dsn=2.0.0 "
     "text=Sent (6ALNnHJN001579 Message accepted for delivery) next=6ALNnHJN001579"},
    {"sendmail[1586]: 6ALNnHcu001586: to=n@e, ctladdr=w (4079/4079), delay=0, xdelay=0, "
     "mailer=relay, pri=1, "
     "relay=[127.0.0.1] [127.0.0.1], dsn=5.1.1, reply=550 5.1.1 <n@e>... User unknown, stat=User "
     "unknown",
     "recipient 6ALNnHcu001586 uid=4079 rcpt=n@e outcome=bounced relay=[127.0.0.1] [127.0.0.1] "
     "dsn=5.1.1 "
     "text=User unknown"},
    {"sendmail[1594]: 6ALNnHdH001594: to=bob@far.example, delay=00:00:00, mailer=esmtp, pri=30139, "
     "dsn=4.4.3, "
     "stat=queued",
     "recipient 6ALNnHdH001594 rcpt=bob@far.example outcome=deferred dsn=4.4.3 text=queued"},
    {"sendmail[1586]: 6ALNnHcu001586: 6ALNnHcv001586: DSN: User unknown",
     "notice 6ALNnHcu001586 text=DSN: User unknown next=6ALNnHcv001586"},
    {"sm-mta[1]: 6ALNnMNL001671: ruleset=check_rcpt, arg1=<z[6.6.6.6]@o>, relay=h [192.0.2.7], "
     "reject=451 x",
     "refused 6ALNnMNL001671 client=192.0.2.7 text=451 x"},
    {"sm-mta[1]: NOQUEUE: connect from h.example [192.0.2.7]", "connect - client=192.0.2.7"},
    {"sm-mta[1581]: 6ALNnHJN001579: SYSERR(root): Cannot exec /x: No such file or directory", ""},
    /* hostile: a relay in the Message-ID, an ident server's answer */
    {"sendmail[1]: 6ALNnHuR001578: from=x, size=1, class=0, nrcpts=1, msgid=<a, "
     "relay=root@localhost>, "
     "relay=web274@localhost",
     "submitted 6ALNnHuR001578 pid=1 user=web274 | queued 6ALNnHuR001578 sender=x size=1 nrcpt=1 | "
     "msgid "
     "6ALNnHuR001578 msgid=<a, relay=root@localhost>"},
    {"sm-mta[1]: 6ALNnHuR001578: from=x, size=1, class=0, nrcpts=1, msgid=<a>, proto=SMTP, "
     "daemon=MTA, "
     "relay=[6.6.6.6]@h [192.0.2.7]",
     "received 6ALNnHuR001578 client=192.0.2.7 relay=[6.6.6.6]@h [192.0.2.7] | queued "
     "6ALNnHuR001578 sender=x "
     "size=1 nrcpt=1 | msgid 6ALNnHuR001578 msgid=<a>"},
    /* Exim 4.96: 0000JQ is 1204 */
    {"2026-11-21 23:49:25 1xUuph-0000JQ-1a <= web274@example.test U=web274 P=local S=411",
     "submitted 1xUuph-0000JQ-1a pid=1204 user=web274 | queued 1xUuph-0000JQ-1a "
     "sender=web274@example.test "
     "size=411"},
    {"2026-11-21 23:50:31.560 +0000 [1480] 1xUuql-0000Ns-1o <= w@e U=web274 P=local S=409 M8S=0 "
     "RT=0.000s "
     "id*=E1@m T=\"a \\\"q\\\" <= x U=root\" from <w@e> for alice",
     "submitted 1xUuql-0000Ns-1o pid=1480 user=web274 | queued 1xUuql-0000Ns-1o sender=w@e "
     "subject=a \"q\" <= x "
     "U=root size=409 | msgid 1xUuql-0000Ns-1o msgid=E1@m"},
    {"2026-11-21 23:49:25 1xUuph-00000000000-0001 <= <> R=1xUuph-0000JW-1d U=Debian-exim P=local "
     "S=1700",
     "submitted 1xUuph-00000000000-0001 pid=0 user=Debian-exim | queued 1xUuph-00000000000-0001 "
     "sender= "
     "size=1700 | notice 1xUuph-0000JW-1d next=1xUuph-00000000000-0001"},
    {"2026-11-21 23:50:35 1xUuqp-0000Sg-2s <= q@w H=(x) [192.0.2.7]:57476 I=[127.0.0.1]:25 P=esmtp "
     "L.- "
     "A=plain:joe S=299",
     "received 1xUuqp-0000Sg-2s login=joe client=192.0.2.7 | queued 1xUuqp-0000Sg-2s sender=q@w "
     "size=299"},
    {"2026-11-21 23:50:35 1xUuqp-0000Sg-2s <= q@w H=([6.6.6.6]) [192.0.2.7] U=root P=esmtp S=2",
     "received 1xUuqp-0000Sg-2s client=192.0.2.7 | queued 1xUuqp-0000Sg-2s sender=q@w size=2"},
    {"2026-11-21 23:49:25 1xUuph-0000JQ-1a => alice <alice@example.test> R=local_user T=mail_spool",
     "recipient 1xUuph-0000JQ-1a rcpt=alice@example.test outcome=sent relay=mail_spool"},
    {"2026-11-21 23:49:25 1xUuph-0000JQ-1a => a@b R=r T=t H=localhost [127.0.0.1] C=\"250 OK "
     "id=1xUuph-0000JR-1a\"",
     "recipient 1xUuph-0000JQ-1a rcpt=a@b outcome=sent relay=localhost text=250 OK "
     "id=1xUuph-0000JR-1a "
     "next=1xUuph-0000JR-1a"},
    {"2026-11-21 23:49:25 1xUuph-0000JQ-1a -> a@b R=r T=t H=mx [192.0.2.1]:25 X=TLS1.3 K C=\"250 "
     "2.0.0 Ok: queued as "
     "A2A95BE\"",
     "recipient 1xUuph-0000JQ-1a rcpt=a@b outcome=sent relay=mx text=250 2.0.0 Ok: queued as "
     "A2A95BE far=A2A95BE"},
    {"2026-11-21 23:49:25 1xUuph-0000JW-1d ** n@e: Unrouteable address",
     "recipient 1xUuph-0000JW-1d rcpt=n@e outcome=bounced text=Unrouteable address"},
    {"2026-11-21 23:49:25 1xUuph-0000JW-1d ** n@e R=r T=t: retry timeout exceeded",
     "recipient 1xUuph-0000JW-1d rcpt=n@e outcome=expired relay=t text=retry timeout exceeded"},
    {"2026-11-21 23:49:25 1xUuph-0000JW-1d == n@e R=r T=t defer (-44): SMTP error: 450 x",
     "recipient 1xUuph-0000JW-1d rcpt=n@e outcome=deferred relay=t text=SMTP error: 450 x"},
    {"2026-11-21 23:49:25 1xUuph-0000JW-1d Completed QT=1s", "removed 1xUuph-0000JW-1d"},
    {"2026-11-21 23:49:25 1xUuph-0000JW-1d frozen by root",
     "held 1xUuph-0000JW-1d text=frozen by root"},
    {"2026-11-21 23:49:25 [7] cwd=/var/www/a b 3 args: /usr/sbin/sendmail -t -i",
     "arguments - cwd=/var/www/a b text=/usr/sbin/sendmail -t -i"},
    {"2026-11-21 23:49:25 plain authenticator failed for ([6.6.6.6]) [192.0.2.7]: 535 x "
     "(set_id=[6.6.6.7])",
     "auth - client=192.0.2.7"},
    {"2026-11-21 23:49:25 H=([6.6.6.6]) [192.0.2.7]:9 F=<a@b> rejected RCPT <c@d>: no",
     "refused - client=192.0.2.7 text=rejected RCPT <c@d>: no"},
    {"exim[9]: 2026-11-21 23:49:25 1xUuph-0000JQ-1a Completed", "removed 1xUuph-0000JQ-1a"},
    {"exim4[9]: 1xUuph-0000JQ-1a Completed", "removed 1xUuph-0000JQ-1a"},
    /* not whole, not ours */
    {"2026-11-21 23:49:25 1xUuph-0000JQ-1a", ""},
    {"2026-11-21 23:49:25 1xUuph-0000JQ-1a <=", ""},
    {"2026-11-21 23:49:25 1xUuph-0000J-1a Completed", ""},
    {"postfix/local[1]: 95F66BC: to=<a@b", ""},
    {"postfix/local[1]: 95F66BC: to=<a@b>, relay=local, delay=1", ""},
    {"sendmail[1]: 6ALNnHuR001578: to=a", ""},
    {"kernel: [    0.0] x", ""},
};

START_TEST(events)
{
    struct maillog_line line;
    struct maillog_events found;
    char text[2048], seen[2048] = "";

    (void)snprintf(
        text, sizeof text, "%s%s",
        strncmp(lines[_i].line, "2026-", 5) == 0 ? "" : "2026-11-21T23:48:58.264676+00:00 mail ",
        lines[_i].line);
    ck_assert(maillog_split(text, strlen(text), HINT, &line));
    line.header_name = "X-Additional-Header";
    if (maillog_read(&line, &found)) {
        for (size_t i = 0; i < found.count; i++) {
            render(&found.event[i], seen, sizeof seen);
        }
    }
    ck_assert_str_eq(seen, lines[_i].want);
}
END_TEST

static const char *const no_lines[] = {
    "",
    "x",
    "2026-11-21",
    "2026-11-21T23:48:58.264676+00:00",
    "2026-11-21T23:48:58.264676+00:00 mail",
    "2026-11-21T23:48:58+00:00 mail postfix/pickup[x]: y",
    "Nov 31 23:48:58 mail postfix/pickup[1] y",
    "2026-13-21 23:49:25 1xUuph-0000JQ-1a Completed",
    "2026-11-21 23:49:25",
};

START_TEST(no_line)
{
    struct maillog_line line;
    char text[256];

    (void)snprintf(text, sizeof text, "%s", no_lines[_i]);
    ck_assert(!maillog_split(text, strlen(text), HINT, &line));
}
END_TEST

static const struct {
    const char *zone, *text;
    int64_t hint, want; /* seconds; -1: refused */
    int micro;
    bool exim;
} times[] = {
    {"UTC", "2026-11-21T23:48:58.264676+01:00", 0, 1795301338, 264676, false},
    {"UTC", "Nov 21 23:48:58", 1795305600, 1795304938, 0, false},
    {"UTC", "Nov  1 00:00:00", 1795305600, 1793491200, 0, false},
    {"UTC", "Dec 31 23:59:59", 1767225600, 1767225599, 0, false}, /* hint 1 Jan 2026 */
    {"UTC", "Jan  1 00:00:01", 1767225600, 1767225601, 0, false},
    {"UTC", "Jan  3 00:00:00", 1767225600, 1735862400, 0, false}, /* of the year before */
    {"UTC", "Feb 29 12:00:00", 1795305600, 1709208000, 0, false}, /* 2024 */
    {"UTC", "Foo 21 23:48:58", 1795305600, -1, 0, false},
    {"UTC", "Nov 21 24:48:58", 1795305600, -1, 0, false},
    {"Europe/Berlin", "Nov 21 23:48:58", 1795305600, 1795301338, 0, false},
    {"UTC", "2026-11-21 23:49:25", 0, 1795304965, 0, true},
    {"UTC", "2026-11-21 23:49:25.125 +0130", 0, 1795299565, 125000, true},
    {"UTC", "2026-11-21 23:49:25 -0130", 0, 1795310365, 0, true},
    {"Europe/Berlin", "2026-11-21 23:49:25", 0, 1795301365, 0, true},
    {"Europe/Berlin", "2026-07-01 12:00:00", 0, 1782900000, 0, true},
    {"Europe/Berlin", "2026-07-01 12:00:00 +0000", 0, 1782907200, 0, true},
    {"UTC", "2026-11-21T23:49:25", 0, -1, 0, true},
    {"UTC", "2026-11-21 23:60:25", 0, -1, 0, true},
};

START_TEST(time_in_front)
{
    size_t len = strlen(times[_i].text), used = 0;
    int64_t us = -1;
    bool ok;

    setenv("TZ", times[_i].zone, 1);
    ok = times[_i].exim ? logtime_exim(times[_i].text, len, &us, &used)
                        : logtime_syslog(times[_i].text, len, times[_i].hint * 1000000, &us, &used);
    if (times[_i].want < 0) {
        ck_assert(!ok);
        return;
    }
    ck_assert(ok);
    ck_assert_int_eq(us, times[_i].want * 1000000 + times[_i].micro);
    ck_assert_uint_eq(used, len);
}
END_TEST

#define A40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
static const struct {
    const char *logged, *msgid;
    bool cut, same;
} msgids[] = {
    {"<a@b>", "<a@b>", false, true},
    {"a@b", "<a@b>", false, true}, /* Exim */
    {"<a@b>", "<a@c>", false, false},
    {"<a@b>", "<a@bc>", false, false},
    {"<a...b>", "<aXb>", false, false}, /* too short to have been shortened */
    {"<" A40 "..." A40 "@b>", "<" A40 "xyz" A40 "@b>", false, true},
    {"<" A40 "..." A40 "@b>", "<" A40 "xyz" A40 "@c>", false, false},
    {"<" A40 "..." A40 "@b>", "<b" A40 "xyz" A40 "@b>", false, false},
    {"<" A40 A40, "<" A40 A40 "more@b>", false, true}, /* cut by Sendmail */
    {"<" A40 A40 "@b>", "<" A40 A40, true, true},      /* cut by the record */
    {"<" A40 "b" A40 "@b>", "<" A40 A40, true, false},
    {"<>", "<>", false, true},
    {"", "<a@b>", false, false},
    {"<", "<a@b>", false, false},
};

START_TEST(message_ids)
{
    ck_assert_int_eq(trace_same_msgid(msgids[_i].logged, msgids[_i].msgid, msgids[_i].cut),
                     msgids[_i].same);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("maillog");
    TCase *tc = tcase_create("maillog");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, events, 0, sizeof lines / sizeof lines[0]);
    tcase_add_loop_test(tc, no_line, 0, sizeof no_lines / sizeof no_lines[0]);
    tcase_add_loop_test(tc, time_in_front, 0, sizeof times / sizeof times[0]);
    tcase_add_loop_test(tc, message_ids, 0, sizeof msgids / sizeof msgids[0]);
    suite_add_tcase(suite, tc);
    return support_run(suite);
}
