#!/bin/bash
# mailorigin trace with the mail server's log in the journal: what other users write there under Postfix's name is not believed.
# bed: journald
. /t/e2e/lib.sh
. /t/e2e/journald-lib.sh

start_journald
divert_by_hand
postconf -e maillog_file= 'default_transport=smtp:[127.0.0.1]:9'
(in_unit postfix@-.service postfix start) >/dev/null 2>&1
wait_for 60 postfix_ready || bail "postfix does not start"

status() { mailorigin trace --json "$@" >/tmp/out 2>/tmp/err; echo $?; }
# One object a line: those of kind $1 that match all further EREs
count()
{
    local kind=$1 re
    grep "\"kind\":\"$kind\"" /tmp/out >/tmp/objects
    shift
    for re; do grep -E -- "$re" /tmp/objects >/tmp/objects2; mv /tmp/objects2 /tmp/objects; done
    grep -c . /tmp/objects
}
send()
{
    printf 'To: %s\nSubject: x\n\nbody\n' "$2" | as "$1" /usr/sbin/sendmail -t -i
    record_get id
}

id=$(send web274 alice,one@example.test)
wait_mail 1
deferred=$(send web274 bob@far.example)
wait_for 60 eval 'journalctl -q -o cat | grep -q "to=<bob@far.example>.*status=deferred"' || bail "nothing is deferred"
journal_flush
is "found without --mail-log, there being no file" "$(status "$id")" 0
is "by uid and time" "$(count mail '"part":"message"' '"uid":4079' '"sure":"uid-time"')" 1
is "nobody else can write there" "$(count mail '"forgeable":false' '"part":"message"')" 1
unlike "no doubt" "$(cat /tmp/err)" 'syslog'
is "both recipients" "$(count recipient 'alice|one' 'sent|bounced')" 2
is "a deferral" "$(status "$deferred")$(count recipient bob@far deferred)" 01
queue_id=$(grep -o '"queue_id":"[^"]*"' /tmp/out | head -n 1 | cut -d '"' -f 4)

as web275 logger -p mail.info -t 'postfix/pickup[77]' "$queue_id: uid=4080 from=<web275>"
as web275 logger -p mail.info -t 'postfix/pickup[77]' "FFFFFF1: uid=4079 from=<web274>"
as web275 logger -p mail.info -t 'postfix/smtp[77]' \
    "$queue_id: to=<bob@far.example>, relay=x, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (fake)"
journal_flush
is "after forgeries: found" "$(status "$deferred")" 0
is "whose it was" "$(count mail '"uid":4079')" 1
nok "no other uid" grep -q 4080 /tmp/out
is "still deferred" "$(count recipient bob@far deferred)" 1
is "what was made up is not there" "$(status FFFFFF1)" 1
done_testing
