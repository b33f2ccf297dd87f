#!/bin/bash
# Where records go: the file, syslog (rsyslog, busybox), both, none; as logfmt and as JSON.
# bed: postfix
. /t/e2e/lib.sh

start_postfix
ok "enable" sendmail-wrapper-divert enable

configure() { printf '%s\n' "$@" >"$SW_CONFIG"; }

sent=0
send()
{
    sent=$((sent + 1))
    printf 'To: alice\nSubject: %s\n\nbody\n' "$1" | as web274 /usr/sbin/sendmail -t -i
    is "$1: sent" "$?" 0
}
last_id()
{
    wait_mail "$sent"
    mail_get -1 /tmp/m
    mail_header /tmp/m X-Additional-Header | sed 's/.*; id=//'
}

for daemon in rsyslog busybox_syslogd; do
    note "$daemon"
    rm -f /dev/log
    "start_$daemon"
    case $daemon in
    rsyslog) log=/var/log/syslog ;;
    *) log=/var/log/messages ;;
    esac
    has() { grep -q "sendmail-wrapper\[[0-9]*\]: .*id=$1 .*uid=4079 .*action=deliver" "$log"; }

    configure 'log { to = "syslog" }'
    record_clear
    send "$daemon, to syslog"
    id=$(last_id)
    ok "the record is in $log" wait_for 60 has "$id"
    is "and not in the file" "$(record_count)" 0
    is "once" "$(grep -c "id=$id" $log)" 1

    configure 'log { to = "both" }'
    record_clear
    send "$daemon, to both"
    id=$(last_id)
    ok "the record is in $log" wait_for 60 has "$id"
    is "and in the file" "$(record_get id)" "$id"
    is "with the same text" "$(grep "id=$id" $log | sed 's/.*sendmail-wrapper\[/[/')" \
        "$(record_line | sed 's/.*sendmail-wrapper\[/[/')"

    configure 'log { to = "file" }'
    record_clear
    send "$daemon, to the file"
    id=$(last_id)
    is "the record is in the file" "$(record_get id)" "$id"
    configure 'log { to = "none" }'
    send "$daemon, to nobody"
    isnt "nowhere, but the message has its header" "$(last_id)" ""
    is "nothing in the file" "$(record_count)" 1
    # What comes later in the same log shows that nothing came before.
    configure 'log { to = "syslog" }'
    send "$daemon, a last one"
    ok "the last one is in $log" wait_for 60 has "$(last_id)"
    nok "nothing of the two before" grep -qE 'to the file|to nobody' $log
    case $daemon in
    rsyslog) kill "$(cat /run/rsyslogd.pid)" ;;
    *) kill "$(pgrep -x busybox)" ;;
    esac
    wait_for 60 eval '! pgrep -x "rsyslogd|busybox"' || bail "$daemon does not stop"
done

note "the file's line has the shape of rsyslog's"
rm -f /dev/log
start_rsyslog
configure 'log { to = "both" }'
record_clear
send "shape"
ok "it is in syslog" wait_for 60 grep -q "id=$(last_id)" /var/log/syslog
shape() { sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}(\+00:00|Z)/TIME/'; }
is "time, host, tag" "$(record_line | shape)" "$(tail -n 1 /var/log/syslog | shape)"

note "JSON"
configure 'log { to = "file" format = "json" }'
record_clear
send "a \"quoted\" subject"
id=$(last_id)
is "one line" "$(wc -l <"$SW_LOG")" 1
like "an object with the same keys" "$(cat "$SW_LOG")" \
    "^\\{\"time\":\"[-0-9T:.+]+\",\"host\":\"mail\",\"id\":\"$id\",\"mode\":\"submit\",\"uid\":4079,.*\"action\":\"deliver\"\\}\$"
# docs/log-format.md: the escapes of logfmt, then JSON's.
ok "quoted as JSON wants" grep -qF '"subject":"a \\\"quoted\\\" subject"' "$SW_LOG"

note "what may be left out"
configure 'log { subject = false addresses = false }'
record_clear
send "secret"
id=$(last_id)
is "the record is there" "$(record_get id)" "$id"
unlike "without subject and addresses" "$(record_line)" 'secret|from=|alice'
done_testing
