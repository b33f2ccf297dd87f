#!/bin/bash
# mailorigin show on Exim: a queue id of what waits, of what is gone, and a Message-ID that Exim made.
# bed: clients-exim
. /t/e2e/lib.sh

key() { perl -ne 'next if $d++; print defined $1 ? $1 : $2, "\n" if /[{,] ?"'"$1"'": ?(?:"((?:[^"\\]|\\.)*)"|([^,}\]]+))/'; }

divert_by_hand exim
exim4 -bd >/dev/null 2>&1 || bail "exim does not start"
cd /var/www/web274/htdocs || bail "no directory"

as web275 /usr/sbin/sendmail -i alice@example.test <<<'Subject: neighbour'
as web274 /usr/sbin/sendmail -i alice@example.test <<<'Subject: delivered'
id=$(record_get id)
# Each message is delivered by a process of its own: which is in the box first is chance.
delivered() { [ "$(grep -c ' Completed$' /var/log/exim4/mainlog)" -eq 2 ]; }
wait_for 60 delivered || bail "not delivered"
qid=$(awk '/ <= web274@/ {print $3; exit}' /var/log/exim4/mainlog)
mailorigin show --json "$qid" >/tmp/out
is "what is gone: by the log" "$? $(key id </tmp/out) $(key user </tmp/out)" "0 $id web274"
is "and how that is known" "$(key by </tmp/out) $(key verdict </tmp/out)" "pid matches"
mail_get 1 /tmp/mail
[ "$(mail_header /tmp/mail Subject)" = delivered ] || mail_get 2 /tmp/mail
is "by the Message-ID that Exim made" "$(mailorigin show --json "$(mail_header /tmp/mail Message-Id)" | key id)" "$id"
is "the message itself" "$(mailorigin show --json </tmp/mail | key verdict)" matches

as web274 /usr/sbin/sendmail -odq -i alice@example.test <<<'Subject: queued'
id=$(record_get id)
qid=$(exim4 -bp | awk 'NF > 2 {print $3; exit}')
mailorigin show --json "$qid" >/tmp/out
is "what waits: by the queue" "$(key id </tmp/out) $(key by </tmp/out) $(key certainty </tmp/out)" "$id queue certain"

done_testing
