#!/bin/bash
# mailorigin trace on Postfix: from a call to its mail, to every recipient's outcome; and what cannot be known is not said.
# bed: postfix
. /t/e2e/trace-lib.sh

postconf -e maillog_file= 'default_transport=smtp:[127.0.0.1]:9'
start_rsyslog
start_postfix
ok "enable" sendmail-wrapper-divert enable
LOG=/var/log/syslog

# trace ARGS: output in /tmp/out, messages in /tmp/err; the exit status is its own
trace() { mailorigin trace --json "$@" >/tmp/out 2>/tmp/err; }
gone() { grep -q "qmgr.*: $1: removed" $LOG; }
queue_id_of() { grep -E "cleanup.*: (\\w+): message-id=<$1>" $LOG | sed -nE 's/.*\]: (\w+): .*/\1/p' | head -n 1; }

note "a record whose mail only uid and time tell"
send web275 alice neighbour >/dev/null
id=$(send web274 alice,nobodyhere@example.test,bob@far.example plain)
ok "delivered, deferred" wait_for 60 logged 'to=<bob@far.example>.*status=deferred'
ok "bounced" wait_for 60 logged 'non-delivery notification'
is "found" "$(status "$id")" 0
is "one mail" "$(count mail part.:.message)" 1
like "by uid and time" "$(objects mail part.:.message)" '"sure":"uid-time".*"uid":4079'
is "three recipients" "$(count recipient 'sent|bounced|deferred' 'alice|nobodyhere|bob')" 3
is "sent" "$(objects recipient alice@ | value outcome)" sent
is "bounced" "$(objects recipient nobodyhere@ | value outcome)" bounced
like "with the reason" "$(objects recipient nobodyhere@)" '"dsn":"5.1.1","reply":"unknown user'
is "deferred" "$(objects recipient bob@far | value outcome)" deferred
is "the bounce" "$(count mail part.:.bounce '"of":"')" 1
is "and whom it went to" "$(objects recipient web274@ | value outcome)" sent
is "it is still queued" "$(objects mail part.:.message | value state)" queued
like "what could make it sure" "$(cat /tmp/err)" 'header_checks'
like "the call" "$(objects call)" "\"id\":\"$id\".*\"uid\":4079"
like "any user can write into syslog's file" "$(objects mail part.:.message)" '"forgeable":true'
ok "as text" mailorigin trace "$id"

note "the same from what an admin has in hand, on standard input"
mail_get 1 /tmp/bounce web274
mail_get -1 /tmp/delivered
mail_header /tmp/delivered X-Additional-Header >/tmp/header
sed -i 's/^/X-Additional-Header: /' /tmp/header
sed 's/^Subject:.*/Subject: another/; s/^From:.*/From: another@far.example/' /tmp/delivered >/tmp/replayed
queue_id=$(objects mail part.:.message | value queue_id)
for input in /tmp/bounce /tmp/delivered /tmp/header; do
    is "$input: found" "$(status <$input)" 0
    is "... the same call, the same mail" "$(objects call | value id) $(objects mail part.:.message | value queue_id)" "$id $queue_id"
done
is "a queue id alone" "$(echo "$queue_id" | status -) $(objects mail part.:.message | value queue_id)" "0 $queue_id"
is "a header copied to another message: not followed" "$(status </tmp/replayed) $(count mail)" "1 0"
like "... and why" "$(cat /tmp/err)" "of another message, $id"
is "nothing of ours in it" "$(status <<<'Subject: x

y')" 2
like "... says so" "$(cat /tmp/err)" 'no X-Additional-Header header'
is "the log cannot stand there, too" "$(status --log - </tmp/bounce)" 2
status "$id" >/dev/null

note "on hold, released, deleted by the admin"
queue_id=$(objects mail part.:.message | value queue_id)
postsuper -h "$queue_id" >/dev/null 2>&1
ok "held" wait_for 60 logged "$queue_id: placed on hold"
trace "$id"
is "on hold" "$(objects mail part.:.message | value state)" held
postsuper -H "$queue_id" >/dev/null 2>&1
postsuper -d "$queue_id" >/dev/null 2>&1
ok "removed" wait_for 60 logged "$queue_id: removed"
trace "$id"
like "deleted, and by what" "$(objects mail part.:.message)" '"state":"deleted","reason":"removed by postsuper'

note "two of one user in one second: the first was taken before the second was called"
first=$(send web274 alice,one@example.test first)
ok "taken" wait_for 60 logged 'to=<one@example.test>'
second=$(send web274 alice,two@example.test second)
ok "both are delivered" wait_for 60 logged 'to=<two@example.test>'
for pair in "$first one" "$second two"; do
    is "found" "$(status "${pair% *}")" 0
    is "one" "$(count mail part.:.message '"sure":"uid-time"' '"uid":4079')" 1
    is "the right one" "$(count recipient "${pair#* }@")" 1
done

note "two that waited together: which is which is not known, and not said"
stop_postfix
first=$(send web274 alice,three@example.test first)
second=$(send web274 alice,four@example.test second)
send web275 alice,neighbour@example.test neighbour >/dev/null
start_postfix
ok "all are delivered" wait_for 60 eval 'logged "to=<three@" && logged "to=<four@" && logged "to=<neighbour@"'
for id in "$first" "$second"; do
    is "found" "$(status "$id")" 0
    is "both are named as candidates" "$(count mail '"sure":"one-of"' '"candidates":2')" 2
    is "the right one among them" "$(count recipient 'three@|four@')" 2
    unlike "no other user's" "$(objects mail part.:.message)" '"uid":4080'
done

note "one that was handed in past the wrapper: then nothing is sure any more"
id=$(send web274 alice,five@example.test five)
ok "taken" wait_for 60 logged 'to=<five@example.test>'
printf 'To: alice,past@example.test\n\nx\n' | as web274 /usr/sbin/sendmail.real -t -i
ok "delivered" wait_for 60 logged 'to=<past@example.test>'
is "found" "$(status "$id")" 0
is "candidates" "$(count mail '"sure":"one-of"')" "$(count mail part.:.message)"
is "the right one among them" "$(count recipient five@)" 1
is "the other, too" "$(count recipient past@)" 1

note "a Message-ID that the caller gave"
id=$(send web274 alice,own@example.test own 'Message-ID: <own.1@web274.example>')
copy=$(send web275 alice,copy@example.test copy 'Message-ID: <own.1@web274.example>')
ok "both are delivered" wait_for 60 logged 'to=<copy@example.test>'
is "found" "$(status "$id")" 0
like "by Message-ID" "$(objects mail part.:.message)" '"sure":"message-id".*"uid":4079'
is "one" "$(count mail part.:.message)" 1
is "its recipient" "$(count recipient own@example)" 1
is "not the copy's" "$(count recipient copy@example)" 0
like "the neighbour's copy is named as one" "$(cat /tmp/err)" 'another user \(uid 4080\)'
is "the copy's own record" "$(status "$copy")" 0
is "leads to the copy" "$(count mail part.:.message '"uid":4080')" 1
is "asked by Message-ID" "$(status '<own.1@web274.example>')" 0
is "both are shown, each with its uid" "$(count mail part.:.message '"uid":(4079|4080)')" 2
is "asked by queue id" "$(status "$(queue_id_of own.1@web274.example)")" 0
is "that one" "$(count mail part.:.message '"uid":4079')" 1

note "header_checks: our header in the log makes it sure"
echo '/^X-Additional-Header:/ INFO trace' >/etc/postfix/header_checks
postconf -e header_checks=regexp:/etc/postfix/header_checks
postfix reload >/dev/null 2>&1
first=$(send web274 alice,six@example.test first)
second=$(send web274 alice,seven@example.test second)
ok "both are delivered" wait_for 60 logged 'to=<seven@example.test>'
for pair in "$first six" "$second seven"; do
    is "found" "$(status "${pair% *}")" 0
    like "sure" "$(objects mail part.:.message)" '"sure":"trace"'
    is "one" "$(count mail part.:.message)" 1
    is "the right one" "$(count recipient "${pair#* }@")" 1
done
header=$(grep -oE "X-Additional-Header: [^\"]*id=$first" $LOG | head -n 1)
printf '%s\nTo: alice,replay@example.test\n\nx\n' "$header" | as web275 /usr/sbin/sendmail.real -t -i
ok "the neighbour's replay is delivered" wait_for 60 logged 'to=<replay@example.test>'
is "found" "$(status "$first")" 0
is "the replay is not it" "$(count recipient replay@)" 0
like "and is named" "$(cat /tmp/err)" 'another user \(uid 4080\)'

note "a content filter: two queue ids"
postconf -M '127.0.0.1:10025/inet=127.0.0.1:10025 inet n - n - - smtpd -o content_filter= -o syslog_name=postfix-in'
postconf -e 'content_filter=smtp:[127.0.0.1]:10025'
postfix reload >/dev/null 2>&1
id=$(send web274 alice,web275 filtered)
ok "through the filter" wait_for 60 logged 'to=<web275@.*queued as'
hop=$(sed -nE 's/.*queued as (\w+).*/\1/p' $LOG | tail -n 1)
ok "delivered behind it" wait_for 60 gone "$hop"
is "found" "$(status "$id")" 0
is "one mail, one hop" "$(count mail part.:.message)$(count mail part.:.hop)" 11
is "passed on" "$(objects recipient "passed on" | wc -l)" 2
is "and what became of it there" "$(objects recipient web275@ '"relay":"local"' | value outcome)" sent
is "under the id that the filter gave" "$(objects mail part.:.hop | value queue_id)" "$hop"
is "asked by the second id" "$(status "$hop")" 0
like "the first is shown first" "$(head -n 1 /tmp/out)" '"part":"message".*"uid":4079'
postconf -e content_filter=
postfix reload >/dev/null 2>&1

note "what a local user writes into the log"
id=$(send web274 alice,eight@example.test victim)
ok "delivered" wait_for 60 logged 'to=<eight@example.test>'
trace "$id"
queue_id=$(objects mail part.:.message | value queue_id)
as web275 logger -p mail.info -t 'postfix/pickup[77]' "$queue_id: uid=4080 from=<web275>"
as web274 logger -p mail.info -t 'postfix/pickup[77]' "FFFFFF1: uid=4080 from=<web275>"
ok "the lines are there" wait_for 60 logged 'FFFFFF1: uid=4080'
is "found" "$(status "$id")" 0
is "still whose it was" "$(count mail part.:.message '"uid":4079')" 1
record=$(send web275 alice,nine@example.test innocent)
is "a made-up id" "$(status FFFFFF1)" 0
like "is shown as it is logged, and marked as what anybody can write" "$(objects mail)" '"forgeable":true'
is "a neighbour's own call" "$(wait_for 60 logged 'to=<nine@example.test>'; status "$record")" 0
is "is not joined with what another wrote" "$(count mail part.:.message 'FFFFFF1')" 0

note "the traditional time, rotated and compressed files"
queue_id=$(queue_id_of own.1@web274.example)
perl -pe 'use POSIX; s/^(\d+)-(\d+)-(\d+)T(\d+:\d+:\d+)\S+/strftime("%b", 0,0,0, 1, $2-1, 100) . sprintf(" %2d ", $3) . $4/e' \
    $LOG >/var/log/mail.log.1
head -c 300 /var/log/mail.log.1 >/var/log/mail.log
gzip -k /var/log/mail.log.1 && mv /var/log/mail.log.1.gz /var/log/mail.log.2.gz && rm /var/log/mail.log.1
is "found in a .gz" "$(status "$queue_id")" 0
is "once" "$(count mail part.:.message '"uid":4079')" 1
rm -f /var/log/mail.log*

note "nothing, no log, damage"
is "an id that is none of ours" "$(status 01ARZ3NDEKTSV4RRFFQ69G5FAV)" 1
is "a queue id that never was" "$(status 0000000000)" 1
is "no such file" "$(status "$queue_id" --mail-log /none)" 2
like "is said" "$(cat /tmp/err)" '/none'
{ head -c 100000 /dev/urandom; echo; cat $LOG; printf 'half a line'; } >/tmp/damaged
is "random bytes in front" "$(status "$queue_id" --mail-log /tmp/damaged)" 0
gzip -c $LOG | head -c 2000 >/tmp/torn.gz
is "a torn .gz beside a whole file: partial" "$(status "$queue_id" --mail-log /tmp/torn.gz --mail-log $LOG)" 3
printf '%s\n' "$(date -Is) mail postfix/pickup[1]: 1234567: uid=4079 from=<$(printf '\033]0;x\007')>" >/tmp/hostile
mailorigin trace 1234567 --mail-log /tmp/hostile >/tmp/text 2>&1
nok "no escape reaches the terminal" grep -q "$(printf '\033')" /tmp/text
chmod 600 $LOG
is "not root: said" "$(as web274 mailorigin trace "$queue_id" >/tmp/text 2>&1; echo $?)" 2
like "with what to do" "$(cat /tmp/text)" 'Permission denied'
done_testing
