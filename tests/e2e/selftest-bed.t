#!/bin/bash
# The bed itself: what tests rely on is there, and a mail goes its way before anything of ours is in it.
# bed: postfix
. /t/e2e/lib.sh

is "the host name is the bed's" "$(hostname -f)" mail.example.test
is "only loopback" "$(ip -o link | grep -c .)" 1
is "process 1 is the bed's" "$(cat /proc/1/comm)" bash
ok "set-id programs work here" sh -c '! findmnt -no OPTIONS / | grep -q nosuid'
is "web274 owns his pages" "$(stat -c %U /var/www/web274/htdocs)" web274
nok "the tests are read-only" touch /t/x
as alice sh -c 'true & sleep 0.1 & :'
ok "process 1 reaps what nobody waits for" wait_for 10 eval '! ps -eo stat= | grep -q Z'
if have_units; then
    like "a process can be in a systemd unit" "$(in_unit some.service cat /proc/self/cgroup)" \
        ':/system.slice/some.service'
else
    skip "a process can be in a systemd unit" "no cgroup2 that we may write to"
fi

start_postfix
printf 'To: alice\nSubject: one\n\nFrom the first\n\nFrom me Mon Jan\n' | as web274 /usr/sbin/sendmail -t -i
printf 'To: alice\nSubject: two\nX-Long: a\n b\n\nsecond' | as web274 /usr/sbin/sendmail -t -i
wait_mail 2
is "two messages" "$(mail_count)" 2
mail_get -1 /tmp/m
mail_get 1 /tmp/m1
is "both are told apart" "$(for f in /tmp/m1 /tmp/m; do mail_header "$f" subject; done | sort | paste -sd ' ')" \
    "one two"
grep -q second /tmp/m || mv /tmp/m1 /tmp/m
is "a folded field is one value" "$(mail_header /tmp/m X-Long)" "a b"
ok "the body is as sent" grep -q '^From the first' /tmp/m /tmp/m1

line='2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[1]: id=A cwd="/a b\"\\\n\x1b" args="" action=deliver'
is "a quoted value is decoded" "$(record_get_from "$line" cwd)" $'/a b"\\\n\x1b'
is "the last key is found" "$(record_get_from "$line" action)" deliver
nok "an absent key is absent" record_get_from "$line" user
done_testing
