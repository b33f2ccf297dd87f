#!/bin/bash
# mailorigin top: who sends most, from the file log, rotated and compressed, from syslog in both time formats, as JSON; what is
# broken is said, the rest counted. A neighbour is never named as fact.
# bed: postfix
. /t/e2e/lib.sh

top() { mailorigin top "$@" 2>/tmp/err; }
# The value of a key in row N (1 is the first) of --json output on standard input.
row() { sed -n "${1}p" | perl -ne '/[{,]"'"$2"'":("((?:[^"\\]|\\.)*)"|[^,}\]]+)/ and print $2 // $1, "\n"'; }
total() { perl -ne '$n += $1 if /"count":(\d+),"rcpts"/; END {print $n + 0, "\n"}'; }

send() # USER DIR TIMES [ARGS...]
{
    local user=$1 dir=$2 times=$3
    shift 3
    for _ in $(seq "$times"); do
        (cd "$dir" && printf 'Subject: x\n\nbody\n' | as "$user" /usr/sbin/sendmail -i "$@") || bail "sendmail fails"
    done
}

divert_by_hand
start_postfix
own=/var/www/web274/htdocs other=/var/www/web275/htdocs

top >/tmp/out
is "an empty log: nothing, status 1" "$?" 1
is "no complaint" "$(cat /tmp/err)" ""

send web274 $own 5 alice
send web275 $other 2 alice alice alice alice
send web274 $other 1 alice # a neighbour's directory
as web274 /usr/sbin/sendmail -bp >/dev/null 2>&1
top --json >/tmp/json
is "by directory: status 0" "$?" 0
is "three origins, an object each and nothing else" "$(wc -l </tmp/json)" 3
is "the largest first" "$(row 1 origin </tmp/json) $(row 1 count </tmp/json) $(row 1 uid </tmp/json)" "$own 5 4079"
is "his own directory" "$(row 1 cwd_certainty </tmp/json)" own
is "the second" "$(row 2 origin </tmp/json) $(row 2 count </tmp/json) $(row 2 rcpts </tmp/json)" "$other 2 8"
is "a neighbour's directory: who went there is known, that it was him is not" \
    "$(row 3 uid </tmp/json) $(row 3 cwd </tmp/json) $(row 3 cwd_certainty </tmp/json)" "4079 $other says"
top >/tmp/out
like "the text says so, too" "$(cat /tmp/out)" "4079 +web274 +unknown, says $other"
like "what is counted, and what is not" "$(cat /tmp/out)" "8 messages to 14 recipients from 3 origins.*Not counted: 0 refused, 1 "
like "the next step" "$(tail -n 1 /tmp/out)" "mailorigin log --uid 4079 --dir $own$"
is "by recipients" "$(top --by-rcpts --json | row 1 origin)" "$other"
is "by user" "$(top --by user --json | row 1 count)" 6
is "a limit" "$(top --limit 1 --json | wc -l)" 1
like "more there are" "$(top --limit 1)" "2 more origins"
is "a filter" "$(top --uid 4079 --dir /var/www/web275 --json | total)" 1
is "a time that was before" "$(top --until yesterday --json; echo $?)" 1
is "as nobody, who may not read the log: status 2" "$(as nobody mailorigin top >/dev/null 2>/tmp/err; echo $?)" 2
like "and what helps" "$(cat /tmp/err)" "Permission denied; run as root"
is "a word that is none" "$(top --by nonsense; echo $?)" 2

# A call that is refused after its record was written counts for nothing.
mv /usr/sbin/sendmail.real /tmp/real
printf '\177ELF%0100d' 0 >/usr/sbin/sendmail.real # looks like a program, and is none
chmod 755 /usr/sbin/sendmail.real
(cd $own && printf 'Subject: x\n\nx\n' | as web274 /usr/sbin/sendmail -i alice) 2>/dev/null
mv /tmp/real /usr/sbin/sendmail.real
is "two records" "$(tail -n 2 "$SW_LOG" | grep -o 'action=.*' | tr '\n' ' ')" "action=deliver action=refuse "
is "a refused call is not counted" "$(top --json | total)" 8

# --- rotation, with real compress ------------------------------------------------------------------------------
cat >/etc/logrotate.d/numbered <<'END'
/var/log/sendmail-wrapper/calls.log {
    rotate 9
    compress
    delaycompress
    create 0620 root sendmail-wrapper
}
END
for _ in 1 2 3; do
    logrotate -f /etc/logrotate.d/numbered || bail "logrotate"
    send web275 $other 1 alice
done
is "log, .1, .2.gz, .3.gz" "$(cd /var/log/sendmail-wrapper && echo *)" "calls.log calls.log.1 calls.log.2.gz calls.log.3.gz"
is "all of them are read" "$(top --json | total)" 11
is "each named" "$(top --json --log /var/log/sendmail-wrapper/calls.log.3.gz | total)" 8
is "from standard input" "$(zcat /var/log/sendmail-wrapper/calls.log.3.gz | top --json --log - | total)" 8
is "as gzip from standard input" "$(top --json --log - </var/log/sendmail-wrapper/calls.log.3.gz | total)" 8
gzip -dc /var/log/sendmail-wrapper/calls.log.3.gz >/tmp/whole

# --- broken input: the rest is counted, status 3 -------------------------------------------------------------------
log=/var/log/sendmail-wrapper
cp -a $log /tmp/saved
head -c 600 /tmp/saved/calls.log.3.gz >$log/calls.log.3.gz
top --json >/tmp/json
is "a .gz that is cut: status 3" $? 3
like "which one" "$(cat /tmp/err)" "calls.log.3.gz: .*ends in the middle"
ok "the others are counted" [ "$(total </tmp/json)" -ge 3 ]
head -c 5000 /dev/urandom >$log/calls.log.2.gz
printf '\037\213' | dd of=$log/calls.log.2.gz conv=notrunc 2>/dev/null
top --json >/tmp/json
is "rubbish in a .gz: status 3" $? 3
like "both are named" "$(cat /tmp/err)" "calls.log.3.gz.*calls.log.2.gz"
rm -f $log/calls.log.3.gz $log/calls.log.2.gz
mkdir $log/calls.log.2
top --json >/tmp/json
is "a directory in the set: status 3, the others counted" "$? $(total </tmp/json)" "3 2"
rm -r $log && cp -a /tmp/saved $log

{
    head -c 100 /tmp/whole # torn, the next record in the same line
    cat /tmp/whole
    head -c 3000 /dev/zero
    echo
    head -c 20000000 /dev/zero | tr '\0' x
    echo
    head -c 5000 /dev/urandom
    echo
    cat /tmp/whole
    tail -n 1 /tmp/whole | head -c 200
} >/tmp/bad
top --json --log /tmp/bad >/tmp/json
is "torn lines, NULs, a line of 20 MB, binary bytes" "$(total </tmp/json)" "$((2 * 8))"
like "said how many" "$(cat /tmp/err)" "torn or forged"
is "no such file" "$(top --log /tmp/none; echo $?)" 2
is "one of two" "$(top --log /tmp/none --log /tmp/whole >/dev/null; echo $?)" 3
top --log /dev/zero >/dev/null
is "no file at all" $? 2

# A large log is read in parts, by as many threads as there are processors.
perl -e 'local $/; open F, "/tmp/whole"; $t = <F>; print $t x (40e6 / length $t)' >/tmp/large
one=$(taskset -cp $$ | sed 's/.*: \([0-9]*\).*/\1/')
taskset -c "$one" mailorigin top --json --log /tmp/large >/tmp/json || bail "top with one processor"
ok "one processor counts all" [ "$(total </tmp/json)" -gt 40000 ]
is "several find the same" "$(strace -f -qq -e trace=clone,clone3 -o /tmp/trace mailorigin top --json --log /tmp/large)" "$(cat /tmp/json)"
[ "$(nproc)" = 1 ] || ok "and are used" grep -q clone /tmp/trace
chmod 644 /tmp/large
is "no thread to be had: the same" "$(as web275 prlimit --nproc=1 mailorigin top --json --log /tmp/large)" "$(cat /tmp/json)"

# What a log says cannot reach the terminal.
printf '%s\n' "2026-11-21T16:20:31.123456+00:00 h sendmail-wrapper[1]: id=A uid=1 cwd=\"/$(printf '\302\233')31m\\x1b[31m\" action=deliver" >/tmp/evil
unlike "control bytes stay escaped" "$(top --log /tmp/evil)" $'\e|\302\233'
# shellcheck disable=SC2016 # a directory's name
mkdir '/tmp/$(id)' && chmod 777 '/tmp/$(id)'
# shellcheck disable=SC2016
send alice '/tmp/$(id)' 1 alice
unlike "a command to copy has no command in it" "$(top --uid 1001 | tail -n 1)" 'id\)'

# --- syslog --------------------------------------------------------------------------------------------------------
echo 'log { to = "syslog" }' >"$SW_CONFIG"
for format in RSYSLOG_FileFormat RSYSLOG_TraditionalFileFormat; do
    printf '%s\n' 'module(load="imuxsock" SysSock.RateLimit.Interval="0")' \
        "*.* action(type=\"omfile\" file=\"/var/log/mail.log\" template=\"$format\")" >/etc/rsyslog.conf
    rm -f /var/log/mail.log /dev/log /etc/rsyslog.d/*
    start_rsyslog
    send web274 $own 3 alice
    # Anybody can write what looks like a record into a syslog file. In another's line it is none.
    as web275 logger -t cron "$(sed -n 1p /tmp/whole)"
    as web275 logger -t cron "x sendmail-wrapper[1]: id=A mode=submit uid=0 cwd=/root action=deliver"
    as web275 logger -t postfix/qmgr "the end"
    ok "$format: rsyslog has it" wait_for 60 grep -q 'the end' /var/log/mail.log
    top --json --log /var/log/mail.log >/tmp/json
    is "$format: three calls, no forged ones" "$(total </tmp/json) $(row 1 uid </tmp/json)" "3 4079"
    like "$format: of today" "$(row 1 first </tmp/json)" "^$(date -u +%Y-%m-%dT)"
    # without a journal it is found by itself
    is "$format: found without --log" "$(top --json | total)" 3
    is "$format: the last hour" "$(top --json --since 1h --log /var/log/mail.log | total)" 3
    is "$format: nothing in the time before" "$(top --json --until 1h --log /var/log/mail.log | total)" 0
    kill "$(cat /run/rsyslogd.pid)"
    wait_for 60 eval '! pgrep -x rsyslogd' || bail "rsyslog does not stop"
done

# --- JSON records --------------------------------------------------------------------------------------------------
echo 'log { format = "json" }' >"$SW_CONFIG"
rm -f $log/calls.log.*
: >"$SW_LOG"
send web274 $own 2 alice
like "the log is JSON" "$(head -c 9 "$SW_LOG")" '^\{"time":"'
is "JSON records are read" "$(top --json | total) $(top --json | row 1 origin)" "2 $own"
is "mixed with others" "$(cat /tmp/whole "$SW_LOG" | top --json --log - | total)" 10

# --- records of several servers: one user ID is another user on another -------------------------------------------------
sed -e '1,2s/^\([^ ]*\) [^ ]* /\1 web10 /' -e '3,$s/^\([^ ]*\) [^ ]* /\1 web1.example /' /tmp/whole >/tmp/hosts
is "a row for each server" "$(top --json --by user --log /tmp/hosts | grep -c '"uid":4079')" 2
is "... which names it" "$(top --json --by user --log /tmp/hosts | grep -c '"host":"web10".*"uid":4079')" 1
like "... in the table, too" "$(top --log /tmp/hosts)" 'host +uid'
like "... and in the next step" "$(top --log /tmp/hosts)" 'mailorigin log --host [^ ]* --uid'
unlike "one server is not named" "$(top --log /tmp/whole)" 'host +uid'
is "a server by its first label is no other" "$(top --json --log /tmp/hosts --host web1 | total)" "$(($(top --json --log /tmp/whole | total) - 2))"

printf 'hello\nworld\n' >/tmp/wrong
like "a wrong file is said to be one" "$(mailorigin top --log /tmp/wrong 2>&1)" '/tmp/wrong: no line of it is a record'
done_testing
