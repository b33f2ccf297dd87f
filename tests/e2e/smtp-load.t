#!/bin/bash
# SMTP on stdin (-bs), much of it: large messages, many commands, many sessions at a time. Postfix.
# bed: postfix
. /t/e2e/smtp-lib.sh

postconf -e message_size_limit=40000000 smtpd_error_sleep_time=0

smtp_setup postfix

{
    printf 'Subject: 25 MiB\r\nX-Want: 1\r\n\r\n'
    perl -e 'my $line = "x." x 36 . "\r\n"; print $line x 5000 for 1 .. 70' # 74 bytes each
} >"$S/huge.msg"
play huge --timeout 60 <<END
<
hello
mail
rcpt
data
file $S/huge.msg
dot
quit
END
play huge-chunk --timeout 60 <<END
<
hello
mail
rcpt
= BDAT $(stat -c %s "$S/huge.msg") LAST\r\n
file $S/huge.msg
<
quit
END
play hundred-thousand-commands --timeout 60 <<'END'
<
hello
= \{NOOP\r\n*100000}
mail
rcpt
data
text after 1
dot
quit
END
play endless-header --timeout 60 <<'END'
<
hello
mail
rcpt
data
= Subject: endless\r\nX-Want: 1\r\nX-Long: \{x*9000000}\r\n\r\ntext\r\n.\r\n
<
quit
END
smtp_run
is "the message of 25 MiB is there" "$(find "$S/huge/wrapped.d" -type f -size +24M 2>/dev/null | wc -l)" 1

# 200 sessions, 8 at a time: the last reply is there, the status is 0, each message is there and recorded.
cat >"$S/script" <<'END'
<
hello
mail
rcpt
data
text load 1
> .
> QUIT
END
record_clear
mkdir "$S/load"
export S
# shellcheck disable=SC2016 # the inner shell expands
seq 200 | xargs -P 8 -I N sh -c \
    '/t/e2e/smtp-client --user web274 "$S/script" -- /usr/sbin/sendmail -bs >"$S/load/N" 2>&1 </dev/null'
is "200 sessions: the last reply" "$(grep -l '^S: 221 ' "$S"/load/* | wc -l)" 200
is "200 sessions: the status" "$(grep -l '^end exit 0$' "$S"/load/* | wc -l)" 200
is "200 messages" "$(find "$SPOOL" -type f | wc -l)" 200
is "400 records" "$(record_count)" 400
is "each with the id of its record" "$(grep -rahoE "X-Additional-Header: .*; id=[0-9A-Z]{26}" "$SPOOL" | sed "s/.*id=//" | sort)" \
    "$(sed -n "s/.*: id=\([0-9A-Z]*\) .* session=.* action=deliver$/\1/p" "$SW_LOG" | sort)"
rm -f "$SPOOL"/*

# And where they end: with the daemon running, in a mailbox.
record_clear
start_postfix
/t/e2e/smtp-client --user web274 "$S/script" -- /usr/sbin/sendmail -bs >"$S/out" 2>&1 </dev/null
wait_mail 1
mail_get -1 "$S/mail"
is "delivered: one header" "$(mail_header "$S/mail" X-Additional-Header | grep -c 'uid=4079')" 1
ok "delivered: its record" grep -q " id=$(mail_header "$S/mail" X-Additional-Header | sed "s/.*; id=//") .* session=.* action=deliver$" "$SW_LOG"
done_testing
