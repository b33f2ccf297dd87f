#!/bin/bash
# --explain, the debug mode: what a call would do, what is in force and what is wrong; and nothing is done.
# bed: postfix
. /t/e2e/lib.sh

divert_by_hand
start_postfix
explain() { as web274 /usr/sbin/sendmail-wrapper --explain "$@"; }
line() { sed -n "s/^$1: //p" <<<"$out"; }
# The program that answers is the installed one; its log is the one that a call would write to.
chgrp sendmail-wrapper /usr/sbin/sendmail-wrapper
chmod 2755 /usr/sbin/sendmail-wrapper
cd /var/www/web274/htdocs || bail "no directory"

out=$(explain -t -i)
is "all is well" "$?" 0
is "the real sendmail" "$(line sendmail)" /usr/sbin/sendmail.real
is "whose rules" "$(line mta)" "postfix, recorded by sendmail-wrapper-divert"
is "mode" "$(line mode)" submit
like "header" "$(line header)" '^X-Additional-Header: /var/www/web274; uid=4079; pid=[0-9]+; id=[0-9A-Z]{26}$'
like "record" "$(line record)" ' mode=submit uid=4079 user=web274 .* cwd=/var/www/web274/htdocs .* args="-t -i" .*action=deliver$'
is "configuration" "$(line config)" "$SW_CONFIG"
is "log" "$(line log)" "file $SW_LOG, syslog if it fails"
like "privilege" "$(line privilege)" '^set-gid [0-9]+ until the log is open'
is "nothing is degraded" "$(line degraded)" nothing

out=$(explain -bp)
is "-bp: mode" "$(line mode)" pass
like "-bp: no header" "$(line header)" '^none'
out=$(explain -bs)
is "-bs: mode" "$(line mode)" smtp
is "nothing was logged" "$(record_count)" 0
is "nothing was queued" "$(mailq)" "Mail queue is empty"
record_clear

echo 'log { colour = "red" }' >"$SW_CONFIG"
out=$(explain -t)
is "an unknown key: the exit status says so" "$?" 1
is "an unknown key: file and line" "$(line degraded)" "$SW_CONFIG:1: no such option 'colour'"
rm "$SW_CONFIG" && : >"$SW_CONFIG"

mv "$SW_LOG" "$SW_LOG.away"
out=$(explain -t)
is "no log file: the exit status" "$?" 1
like "no log file: named" "$(line degraded)" '^log file: No such file'
mv "$SW_LOG.away" "$SW_LOG"

mv /usr/sbin/sendmail.real /usr/sbin/elsewhere
out=$(explain -t)
is "no real sendmail: the exit status" "$?" 1
like "no real sendmail: named" "$(line degraded)" '/usr/sbin/sendmail.real: No such file'
like "no real sendmail: what the record would say" "$(line record)" ' error="No such file or directory" action=refuse$'
mv /usr/sbin/elsewhere /usr/sbin/sendmail.real

out=$(as web274 /usr/sbin/sendmail --explain -t 2>&1 </dev/null)
unlike "as sendmail it is an argument like any other, and Postfix's to refuse" "$out" 'mode: '
done_testing
