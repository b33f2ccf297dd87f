#!/bin/bash
# mailorigin log: the file log, rotated and compressed ones, syslog files in both time formats; and log -f, as root, through
# logrotate's two ways of rotation while calls go on: no record lost, none twice.
# bed: postfix
. /t/e2e/lib.sh

log() { mailorigin log "$@"; }
ids() { grep -o ' id=[0-9A-Z]*' | sort; }
call() { (cd "$2" && as "$1" /usr/sbin/sendmail -t -i </tmp/mail) >/dev/null 2>&1; }
# Calls that leave a record and no mail, and are quick.
calls()
{
    local i
    for ((i = 0; i < $1; i++)); do /usr/sbin/sendmail -bp >/dev/null; done
}

postconf -e maillog_file=/var/log/postfix.log
divert_by_hand
start_postfix
own=/var/www/web274/htdocs other=/var/www/web275/htdocs
printf 'From: shop@example.test\nTo: alice@example.test, bob@example.test\nSubject: Hi \033[31mred\n\nx\n' >/tmp/mail
call web274 $own
call web275 $other
call web274 $other
calls 1

# --- what is printed ------------------------------------------------------------------------------------------
log >/tmp/out
is "exit status" $? 0
is "a heading and a line for each call" "$(wc -l </tmp/out)" 5
like "who, where, how many, what" "$(sed -n 2p /tmp/out)" \
    'web274 \(4079\) +/var/www/web274/htdocs .* 2 +shop@example.test +Hi \\x1b\[31mred +01'
like "a neighbour's directory is not his" "$(sed -n 4p /tmp/out)" 'web274 \(4079\) +unknown, says /var/www/web275/htdocs'
like "what is no delivery says so" "$(tail -n 1 /tmp/out)" 'pass *$'
is "JSON: one object a record" "$(log --json | grep -c '^{"schema":1,"kind":"call",.*}$')" 4
like "with its keys" "$(log --json -n 2)" '"uid":4079,"user":"web274".*"rcpts":"2".*"cwd_certainty":"says"'
same "--raw is the log" <(log --raw) "$SW_LOG"
same "-n 2: the last two" <(log --raw -n 2) <(tail -n 2 "$SW_LOG")
same "filters" <(log --raw --user web275) <(grep ' uid=4080 ' "$SW_LOG")
is "the last of those that pass" "$(log --raw -n 1 --uid 4079 | ids)" "$(sed -n 3p "$SW_LOG" | ids)"
log --uid 12345 >/dev/null 2>&1
is "nothing: exit status 1" $? 1
log --since gestern >/dev/null 2>&1
is "no time: exit status 2" $? 2
chmod 711 /var/log/sendmail-wrapper
(as web275 mailorigin log) >/tmp/out 2>&1
isnt "not readable: not as if there were nothing" $? 1
like "and the way out is named" "$(cat /tmp/out)" 'calls.log: Permission denied.*root'
log -f --log - </dev/null >/dev/null 2>&1
is "-f of standard input: exit status 2" $? 2

# --- follow -----------------------------------------------------------------------------------------------------
cat >/tmp/rotate <<CONF
$SW_LOG {
    rotate 20
    create 0620 root sendmail-wrapper
    nocompress
}
CONF
rotate() { logrotate -f -s /tmp/state "$1" || note "logrotate failed"; }
followers() { ps -eo user,args | awk '/mailorigin log/ && !/awk/'; }
all() { cat "$SW_LOG"*; }
has_all() { [ "$(ids </tmp/follow | wc -l)" -ge "$1" ]; }

cp "$SW_LOG" /tmp/before
perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' mailorigin log -f --raw >/tmp/follow 2>/tmp/follow.err &
pid=$!
wait_for 30 has_all 4
same "it begins with the last ones" /tmp/follow /tmp/before
like "what reads is nobody" "$(followers)" nobody
for _ in 1 2 3 4 5; do
    calls 10
    rotate /tmp/rotate &
    calls 10
    wait $!
done
total=$(all | ids | wc -l)
note "$total records"
wait_for 30 has_all "$total"
same "renamed five times while calls go on: each once" <(ids </tmp/follow) <(all | ids)

mv "$SW_LOG" "$SW_LOG.99"
exec 9>>"$SW_LOG.99"
mailorigin log --raw -n 1 --log "$SW_LOG.99" | sed 's/ id=.\{6\}/ id=01LATE/' >&9
total=$((total + 1))
wait_for 30 has_all "$total"
is "what is yet written to the old file" "$(tail -n 1 /tmp/follow | grep -c 'id=01LATE')" 1
install -o root -g sendmail-wrapper -m 620 /dev/null "$SW_LOG"
calls 3
total=$((total + 3))
wait_for 30 has_all "$total"
same "missing for a while" <(ids </tmp/follow) <(all | ids)

sed 's/nocompress/copytruncate/' /tmp/rotate >/tmp/copytruncate
for _ in 1 2 3; do
    calls 5
    wait_for 30 has_all $((total += 5))
    rotate /tmp/copytruncate
done
calls 2
wait_for 30 has_all $((total += 2))
is "copytruncate three times" "$(ids </tmp/follow | wc -l) $(ids </tmp/follow | uniq -d | wc -l)" "$total 0"
kill -INT "$pid"
wait "$pid"
is "ends with SIGINT, exit status 0" $? 0
is "and nothing was said" "$(cat /tmp/follow.err)" ""
is "no process stays" "$(followers)" ""

calls 10
rm /tmp/follow
mailorigin log -f --json --uid 0 >/tmp/follow &
pid=$!
wait_for 30 test -s /tmp/follow
is "the last are shown first" "$(wc -l </tmp/follow)" 10
kill "$pid"
wait "$pid"
is "ends with SIGTERM" $? 0
mailorigin log -f | sed 1q >/dev/null
is "ends when nobody reads" "${PIPESTATUS[0]}" 0
(cd $own && setpriv --reuid nobody --clear-groups mailorigin log -f) >/tmp/out 2>&1
is "not readable: exit status 2" $? 2

# --- rotated, compressed, syslog ----------------------------------------------------------------------------------
rm -f "$SW_LOG".*
record_clear
calls 3
rotate /tmp/rotate
calls 2
rotate /tmp/rotate
gzip "$SW_LOG".2
calls 1
is "rotated and compressed files are read, too" "$(log --raw | ids | wc -l)" 6
printf '\037\213broken' >"$SW_LOG".7.gz
log --raw >/tmp/out 2>/tmp/err
is "a broken one: exit status 3" $? 3
like "that names it" "$(cat /tmp/err)" 'calls.log.7.gz'
is "and the rest is read" "$(ids </tmp/out | wc -l)" 6

echo 'log { to = "syslog" }' >"$SW_CONFIG"
cat >>/etc/rsyslog.conf <<'CONF'
*.* action(type="omfile" file="/var/log/old" template="RSYSLOG_TraditionalFileFormat")
mail.* action(type="omfile" file="/var/log/mail.log" template="RSYSLOG_FileFormat")
:programname, isequal, "sendmail-wrapper" /var/log/only.log;RSYSLOG_FileFormat
CONF
start_rsyslog
calls 3
logger -p mail.info -t postfix/pickup 'sendmail-wrapper[1]: id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ uid=4080 action=deliver'
written() { [ "$(grep -c 'sendmail-wrapper\[.*action=' /var/log/old)" -ge 4 ]; }
wait_for 30 written
is "a syslog file with RFC 3339 times" "$(log --raw --log /var/log/syslog | ids | wc -l)" 3
is "with the traditional times" "$(log --raw --log /var/log/old | ids | wc -l)" 3
is "the year is this one" "$(log --json --log /var/log/old | grep -c "\"time\":\"$(date -u +%Y)-")" 3
only() { [ "$(grep -c action= /var/log/only.log)" -ge 3 ]; }
wait_for 30 only
is "nothing but records, in UTC: as rsyslog made it, it is not taken for the wrapper's own" \
    "$(TZ=UTC log --json --log /var/log/only.log | grep -c '"log":"syslog"')" 3
is "the configured place" "$(log --raw | ids | wc -l)" 3
rm /tmp/follow
mailorigin log -f --raw -n 1 >/tmp/follow 2>&1 &
pid=$!
wait_for 30 test -s /tmp/follow
calls 1
wait_for 30 has_all 2
is "followed" "$(ids </tmp/follow | uniq | wc -l)" 2
kill "$pid"
rm -f /var/log/mail.log /var/log/syslog
for follow in '' -f; do
    # shellcheck disable=SC2086 # no option, no word
    log $follow >/tmp/out 2>/tmp/err
    is "neither a file nor the journal, log $follow: exit status 2" $? 2
    like "... that says so" "$(cat /tmp/err)" 'neither the journal nor /var/log/mail\.log'
done
# systemd runs, but keeps nothing (Storage=none): both look into the journal.
mkdir -p /run/systemd/system
: >/var/log/mail.log
for follow in '' -f; do
    # shellcheck disable=SC2086
    log $follow >/tmp/out 2>/tmp/err
    like "where systemd runs, log $follow asks the journal" "$(cat /tmp/err)" 'no journal in /var/log/journal'
done

done_testing
