#!/bin/bash
# The rotation that is installed: nobody's record is lost by it, the new log has the old one's owner and mode, old records
# go by age, and by size only when the whole directory is too big, which is said in the mail log.
# bed: postfix
. /t/e2e/lib.sh

dir=/var/log/sendmail-wrapper
rotate() { logrotate -f /etc/logrotate.d/sendmail-wrapper; }
start_rsyslog
sendmail-wrapper-divert enable >/tmp/out 2>&1 || bail "enable: $(cat /tmp/out)"
unlike "status has nothing to say about rotation" "$(cat /tmp/out)" "rotated"
mv /etc/logrotate.d/sendmail-wrapper /tmp/
like "unless there is none" "$(sendmail-wrapper-divert status)" "calls.log is never rotated"
mv /tmp/sendmail-wrapper /etc/logrotate.d/
ok "the file is understood" logrotate -d /etc/logrotate.d/sendmail-wrapper

as web274 /usr/sbin/sendmail -bp >/dev/null 2>&1
is "a record" "$(record_count)" 1
first=$(record_line 1)
ok "rotate" rotate
is "the new log is set up as the old one" "$(stat -c '%a %U:%G %s' $dir/calls.log)" "620 root:sendmail-wrapper 0"
old=$(find $dir -name 'calls.log-*')
like "the old one has the time in its name" "$old" 'calls\.log-[0-9]{8}-[0-9]{6}$'
is "and its record, uncompressed" "$(cat "$old")" "$first"
as web274 /usr/sbin/sendmail -bp >/dev/null 2>&1
is "a record in the new log" "$(record_count)" 1
sleep 1 # the name has seconds
ok "rotate again" rotate
ok "the first is compressed now" test -f "$old.gz"
is "with its record" "$(zcat "$old.gz")" "$first"
is "status: it works" "$(sendmail-wrapper-divert status >/tmp/out; echo $?)" 0

# Calls without pause while the log rotates: each has its record, in a file or by syslog.
rm -f $dir/calls.log-*
: >$dir/calls.log
rm -f /tmp/stop /tmp/calls
# shellcheck disable=SC2016 # the inner shell expands
as web274 sh -c 'n=0
    while [ ! -e /tmp/stop ]; do /usr/sbin/sendmail -bp >/dev/null 2>&1; n=$((n + 1)); done
    echo $n >/tmp/calls' &
for _ in 1 2 3 4 5; do
    sleep 1
    rotate
done
touch /tmp/stop
wait $!
in_files=$(find $dir -name 'calls.log*' -exec zcat -f {} + | grep -c ' mode=')
in_syslog=$(grep -c 'sendmail-wrapper\[.* mode=' /var/log/syslog)
note "$(cat /tmp/calls) calls, $in_files records in files, $in_syslog by syslog"
is "every call has its record" $((in_files + in_syslog)) "$(cat /tmp/calls)"

# Ninety files stay, whatever their size.
is "five old files" "$(find $dir -name 'calls.log-*' | wc -l)" 5
# A full directory: the same file with a small limit.
sed 's/limit=[0-9]*/limit=600/' /etc/logrotate.d/sendmail-wrapper >/tmp/small
rm -f $dir/calls.log-*
for n in 1 2 3; do
    head -c 150000 /dev/urandom >"$dir/calls.log-2026010$n-000000.gz"
done
as web274 /usr/sbin/sendmail -bp >/dev/null 2>&1
ok "rotate above half of the limit" logrotate -f /tmp/small
is "nothing is removed" "$(find $dir -name 'calls.log-2026010*' | wc -l)" 3
ok "the mail log has a warning" wait_for 10 grep -q 'is someone flooding it' /var/log/syslog
head -c 250000 /dev/urandom >"$dir/calls.log-20260104-000000.gz"
as web274 /usr/sbin/sendmail -bp >/dev/null 2>&1
sleep 1
ok "rotate above the limit" logrotate -f /tmp/small
is "the oldest is removed, as few as will do" "$(find $dir -name 'calls.log-2026010*' | sort | paste -sd ' ')" \
    "$(echo $dir/calls.log-2026010{2,3,4}-000000.gz)"
ok "and named in the mail log" wait_for 10 grep -q 'removed calls.log-20260101-000000.gz' /var/log/syslog

ok "rsyslog takes the example" rsyslogd -N1 -f /usr/share/doc/sendmail-wrapper/examples/rsyslog.conf
done_testing
