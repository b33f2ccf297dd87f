# shellcheck shell=bash disable=SC2154 # LOG is the test's
# trace-lib.sh - what the tests of mailorigin trace share. LOG is the mail log.

. /t/e2e/lib.sh

# send USER RCPTS SUBJECT [HEADER LINES]: prints the record's id
send()
{
    local user=$1
    printf 'To: %s\nSubject: %s\n%s\nbody\n' "$2" "$3" "${4:+$4
}" | as "$user" /usr/sbin/sendmail -t -i >/tmp/said 2>&1
    record_get id
}
status() { mailorigin trace --json "$@" >/tmp/out 2>/tmp/err; echo $?; }
# One object a line: those of kind $1 that match all further EREs
objects()
{
    local kind=$1 re
    grep "\"kind\":\"$kind\"" /tmp/out >/tmp/objects
    shift
    for re; do grep -E -- "$re" /tmp/objects >/tmp/objects2; mv /tmp/objects2 /tmp/objects; done
    cat /tmp/objects
}
count() { objects "$@" | grep -c .; }
value() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\\1/"; }
logged() { grep -qE "$1" "$LOG"; }
