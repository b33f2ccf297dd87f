#!/bin/bash
# mailorigin show on Sendmail: either of a message's two queue ids leads to the call.
# bed: packages
. /t/e2e/lib.sh

key() { perl -ne 'next if $d++; print defined $1 ? $1 : $2, "\n" if /[{,] ?"'"$1"'": ?(?:"((?:[^"\\]|\\.)*)"|([^,}\]]+))/'; }
logged() { grep -qE "$1" /var/log/syslog; }

install_mta sendmail-bin
start_sendmail
ok "enable" sendmail-wrapper-divert enable
cd /var/www/web274/htdocs || bail "no directory"

as web275 /usr/sbin/sendmail -i alice <<<'Subject: neighbour'
as web274 /usr/sbin/sendmail -i alice <<<'Subject: delivered'
id=$(record_get id)
wait_for 60 logged 'from=web274,' || bail "not logged"
first=$(sed -nE 's/.*\]: (\w+): from=web274,.*/\1/p' /var/log/syslog | head -n 1)
wait_for 60 logged "$first: to=alice.*stat=Sent" || bail "not sent"
second=$(sed -nE "s/.*$first: to=alice.*stat=Sent \\((\\w+) .*/\\1/p" /var/log/syslog)
mailorigin show --json "$first" >/tmp/out
is "the first" "$? $(key id </tmp/out)" "0 $id"
mailorigin show --json "$second" >/tmp/out
is "the second" "$? $(key id </tmp/out)" "0 $id"
is "a syslog file can be forged: not certain" "$(key certainty </tmp/out)" likely

done_testing
