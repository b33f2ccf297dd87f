#!/bin/bash
# mailorigin trace on Sendmail: two queue ids for each mail, the process of the call in the first.
# bed: packages
. /t/e2e/trace-lib.sh

LOG=/var/log/syslog
install_mta sendmail-bin
start_sendmail
ok "enable" sendmail-wrapper-divert enable

send web275 alice neighbour 'Message-ID: <same@x.example>' >/dev/null
id=$(send web274 alice plain 'Message-ID: <same@x.example>')
ok "it is logged" wait_for 60 logged 'from=web274.*msgid=<same@x.example>'
first=$(grep -E 'from=web274.*msgid=<same@x.example>' $LOG | sed -nE 's/.*\]: (\w+): from=.*/\1/p')
ok "the server has it" wait_for 60 logged "$first: to=alice.*stat=Sent"
second=$(sed -nE "s/.*$first: to=alice.*stat=Sent \\((\\w+) .*/\\1/p" $LOG)
ok "and has tried to deliver it" wait_for 60 logged "$second: to=.*stat="
is "found" "$(status "$id")" 0
like "by the process" "$(objects mail part.:.message)" "\"queue_id\":\"$first\".*\"sure\":\"pid\".*\"user\":\"web274\""
is "one" "$(count mail part.:.message)" 1
like "went on under the server's id" "$(objects mail part.:.hop)" "\"queue_id\":\"$second\".*\"of\":\"$first\""
is "passed on" "$(objects recipient "$first" | value outcome)" "passed on"
isnt "what became of it there" "$(objects recipient "$second" | value outcome)" ""
is "from the second id" "$(status "$second")" 0
is "the first is found" "$(objects mail part.:.message | value queue_id)" "$first"
is "by Message-ID" "$(status same@x.example)" 0
is "both users' mails" "$(count mail part.:.message 'web274|web275')" 2

note "bounces and deferrals"
id=$(send web274 nobodyhere@example.test bounce)
ok "logged" wait_for 60 logged 'DSN: User unknown'
is "found" "$(status "$id")" 0
is "bounced" "$(objects recipient nobodyhere | value outcome)" bounced
like "why" "$(objects recipient nobodyhere)" '"dsn":"5.1.1"'
is "the bounce" "$(count mail part.:.bounce)" 1
is "done" "$(objects mail part.:.message | value state)" "done"
id=$(send web274 bob@far.example deferral)
is "found" "$(status "$id")" 0
is "deferred" "$(objects recipient bob@far | value outcome)" deferred
is "still queued" "$(objects mail part.:.message | value state)" queued

note "many recipients, a long Message-ID, the server away"
/etc/init.d/sendmail stop >/tmp/start 2>&1
many=$(seq -s, -f 'a-recipient-with-a-long-name-%g@example.test' 1 60)
long="<$(printf '%0200d' 7)@x.example>"
id=$(send web274 "$many" many "Message-ID: $long")
is "found" "$(status "$id")" 0
is "by the process" "$(objects mail part.:.message | value sure)" pid
is "every recipient" "$(count recipient 'a-recipient-with-a-long-name-[0-9]+@example.test"' '"bounced"|"deferred"')" 60
done_testing
