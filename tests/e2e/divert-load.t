#!/bin/bash
# enable and disable ten times while calls run without pause on both cores: no call fails, no message is lost or
# accepted twice. Postfix's daemons are down, so every accepted message is a file in maildrop.
# bed: postfix
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
maildrop=/var/spool/postfix/maildrop

# caller NAME: calls until /tmp/stop appears, then writes how many calls and how many failures there were
cat >/tmp/caller <<'CALLER'
n=0 failed=0
while [ ! -e /tmp/stop ]; do
    n=$((n + 1))
    printf 'To: alice\nSubject: load\n\nload-%s-%s.\n' "$1" "$n" | /usr/sbin/sendmail -t -i 2>>"/tmp/err-$1" || {
        failed=$((failed + 1))
        echo "call $n of $1: failed" >>"/tmp/failed-$1"
    }
done
echo "$n $failed" >"/tmp/result-$1"
CALLER

for name in a b; do
    as web274 bash /tmp/caller "$name" &
done
wait_for 30 eval "[ -n \"\$(find $maildrop -type f)\" ]" || bail "the callers do not run"
bad=0
for round in 1 2 3 4 5 6 7 8 9 10; do
    "$divert" enable >/tmp/out 2>&1 || { bad=$((bad + 1)); note "round $round: $(cat /tmp/out)"; }
    "$divert" disable >/tmp/out 2>&1 || { bad=$((bad + 1)); note "round $round: $(cat /tmp/out)"; }
done
touch /tmp/stop
wait
is "ten rounds succeeded" "$bad" 0
read -r calls_a failed_a </tmp/result-a
read -r calls_b failed_b </tmp/result-b
calls=$((calls_a + calls_b))
note "$calls calls, $(record_count) of them recorded"
is "no call failed" $((failed_a + failed_b)) 0 || note "$(cat /tmp/failed-*; sort /tmp/err-* | uniq -c | head)"
is "every message was accepted once" "$(find $maildrop -type f | wc -l)" "$calls"
is "each one" "$(find $maildrop -type f -exec grep -ahoE 'load-[ab]-[0-9]+\.' {} + | sort -u | wc -l)" "$calls"
ok "both states were called" test "$(record_count)" -gt 10 -a "$(record_count)" -lt "$calls"

# A call that is already running when disable comes: it has read where the real sendmail is, and execs it up to 5 s
# later. disable waits for it. (The message ends in silence, stdin stays open.)
"$divert" enable >/tmp/out 2>&1
before=$(find $maildrop -type f | wc -l)
mkfifo /tmp/pipe
exec 3<>/tmp/pipe
as web274 /usr/sbin/sendmail -i alice </tmp/pipe 2>/tmp/err 3>&- &
waiting=$!
wait_for 30 eval "find -L /proc/$waiting/exe /proc/[0-9]*/exe -maxdepth 0 -samefile /usr/sbin/sendmail | grep -q ." \
    || note "the call was too fast to be seen"
"$divert" disable >/tmp/out 2>&1 3>&-
printf 'Subject: late\n\nlate\n' >&3
exec 3>&-
wait "$waiting"
is "a call that was waiting for its caller succeeds" $? 0
is "and its message is accepted" "$(find $maildrop -type f | wc -l)" $((before + 1))
done_testing
