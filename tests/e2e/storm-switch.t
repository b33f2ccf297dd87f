#!/bin/bash
# The wrapper is put in place and taken away ten times while callers on both processors submit without pause: no call
# fails, no message is lost or doubled, and what went through the wrapper has one header and one whole record.
# bed: postfix
. /t/e2e/lib.sh

sent=/tmp/sent delivered=/tmp/delivered stop=/tmp/stop

more_than() { [ "$(wc -l <"$sent")" -gt "$1" ]; }
some_calls() { wait_for 60 more_than $(($(wc -l <"$sent") + 20)) || bail "the callers do not go on"; }

switch()
{
    sendmail-wrapper-divert "$1" </dev/null >"/tmp/$1.log" 2>&1 && return
    note "round $2: $1 failed" "
$(tail -n 5 "/tmp/$1.log")"
    return 1
}

start_postfix
postconf -e "mailbox_size_limit=0" "in_flow_delay=0"
cd /var/www/web274/htdocs || bail "no web274"
: >"$sent"
/tools/bench-storm -j 2 -s "$stop" -t alice@example.test -U "$(id -u web274)" /usr/sbin/sendmail -t -i >"$sent" &
storm=$!

# The callers go on between any two switches, so that there are calls of both kinds and at each switch.
switched=0
for round in 1 2 3 4 5 6 7 8 9 10; do
    some_calls
    switch enable "$round" && switched=$((switched + 1))
    some_calls
    switch disable "$round" && switched=$((switched + 1))
done
some_calls
: >"$stop"
wait "$storm"
is "the callers end" $? 0
is "twenty switches" "$switched" 20

queue_empty()
{
    ! find /var/spool/postfix/maildrop /var/spool/postfix/incoming /var/spool/postfix/active -type f | grep -q . \
        && [ "$(postqueue -j | grep -c .)" -eq 0 ]
}
ok "Postfix gets done" wait_for 120 queue_empty

awk -f /t/bench/mbox.awk /var/mail/alice >"$delivered"
[ -f "$SW_LOG" ] || : >"$SW_LOG"
while IFS='=' read -r name value rest; do
    case $name in
    sent)
        note "$value calls"
        calls=$value
        ;;
    with)
        note "$value of them through the wrapper"
        ok "calls went through the wrapper" [ "$value" -gt 100 ]
        ok "calls went without it" [ $((calls - value)) -gt 100 ]
        ;;
    example) note "$value${rest:+=$rest}" ;;
    *) is "$name" "$value" 0 ;;
    esac
done < <(awk -v partly=1 -f /t/bench/storm.awk "$sent" "$delivered" "$SW_LOG")
is "the record is whole to its end" "$(tail -c 1 "$SW_LOG" | od -An -tx1 | tr -d ' ')" 0a
ok "every delivered message was accounted for" [ "$(wc -l <"$delivered")" -eq "$(wc -l <"$sent")" ]
done_testing
