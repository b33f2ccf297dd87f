#!/bin/bash
# mailorigin trace on Exim: the process of the call stands in the message id; mainlog with and without pid, zone, milliseconds.
# bed: packages
. /t/e2e/trace-lib.sh

LOG=/var/log/exim4/mainlog
install_mta exim4-daemon-light
ok "enable" sendmail-wrapper-divert enable

# The pid of the last record in Exim's base 62, the middle of its message ids
pid62()
{
    perl -e '@d = (0 .. 9, "A" .. "Z", "a" .. "z"); $n = shift; for (1 .. 6) { $t = $d[$n % 62] . $t; $n = int($n / 62) } print "$t\n"' \
        "$(record_get pid)"
}
message_id() { grep -oE "[0-9A-Za-z]{6}-$(pid62)-[0-9A-Za-z]{2}" $LOG | tail -n 1; }
completed() { grep -qE "$1 Completed" $LOG; }

# One call with every outcome that is to be had here, found by the process.
try()
{
    local id queue_id
    note "$1"
    send web275 alice "$1, neighbour" 'Message-ID: <same@x.example>' >/dev/null
    id=$(send web274 alice,nobodyhere@example.test "$1 \"quoted\" <= x U=root" 'Message-ID: <same@x.example>')
    queue_id=$(message_id)
    ok "delivered" wait_for 60 completed "$queue_id"
    is "found" "$(status "$id")" 0
    like "by the process" "$(objects mail part.:.message)" "\"queue_id\":\"$queue_id\".*\"sure\":\"pid\".*\"user\":\"web274\""
    is "one" "$(count mail part.:.message)" 1
    is "done" "$(objects mail part.:.message | value state)" "done"
    is "sent" "$(objects recipient "$queue_id" alice | value outcome)" sent
    is "bounced" "$(objects recipient nobodyhere | value outcome)" bounced
    like "why" "$(objects recipient nobodyhere)" 'Unrouteable address'
    is "the bounce" "$(count mail part.:.bounce "\"of\":\"$queue_id\"")" 1
    like "nobody but Exim writes there" "$(objects mail part.:.message)" '"forgeable":false'
    unlike "no doubt" "$(cat /tmp/err)" 'syslog'
}

try "the default log"
echo 'MAIN_LOG_SELECTOR = +pid +arguments +received_recipients +subject +millisec' >/etc/exim4/exim4.conf.localmacros
update-exim4.conf
try "pid, subject, milliseconds"
echo 'MAIN_LOG_SELECTOR = +all' >/etc/exim4/exim4.conf.localmacros
sed -i '1i log_timezone = true' /etc/exim4/exim4.conf.template
update-exim4.conf
try "everything, with a zone"
TZ=Asia/Kolkata try "everything, in another zone"

note "frozen, thawed, removed"
sed -i '1i queue_only = true' /etc/exim4/exim4.conf.template
update-exim4.conf
id=$(send web274 alice queued)
queue_id=$(message_id)
is "found" "$(status "$id")" 0
is "queued" "$(objects mail part.:.message | value state)" queued
exim4 -Mf "$queue_id" >/dev/null
is "found" "$(status "$queue_id")" 0
is "frozen" "$(objects mail part.:.message | value state)" held
exim4 -Mt "$queue_id" >/dev/null
exim4 -Mrm "$queue_id" >/dev/null
is "found" "$(status "$queue_id")" 0
like "removed" "$(objects mail part.:.message)" '"state":"deleted","reason":"removed by root"'
done_testing
