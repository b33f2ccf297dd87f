#!/bin/bash
# mailq, newaliases and the other ways to call sendmail that send nothing behave as before, and are recorded.
# bed: postfix
. /t/e2e/lib.sh

start_postfix
postconf -e defer_transports=local
postfix reload 2>/dev/null

calls=(
    "mailq"
    "sendmail -bp"
    "newaliases"
    "sendmail -bi"
    "sendmail -I"
    "sendmail -bd"
    "sendmail -q"
    "sendmail -qRexample.org"
    "sendmail -bv -f alice alice"
)
mistakes=(
    "sendmail -bz"
    "sendmail -bq"
    "sendmail -Z"
    "sendmail -bp -t"
    "sendmail -v -bv alice"
)

# One message in the queue, from web274, and nothing else.
fill_queue()
{
    postsuper -d ALL 2>/dev/null
    printf 'Subject: waits\n\nbody\n' | as web274 /usr/sbin/sendmail -f web274 alice
    ok "a message waits in the queue" wait_for 60 eval 'postqueue -j | grep -q "\"delay_reason\""'
}

# Runs one call as a user; says what it printed and its status. Queue ids, sizes and times are not compared.
try()
{
    # shellcheck disable=SC2086
    as "$1" $2 </dev/null 2>&1 | sed -E 's/^[0-9A-F]+[*!]? +[0-9]+ [A-Z].{18} /ID /; /^ *\(.*\)$/d; s/-- [0-9]+ Kbytes/-- N Kbytes/'
    echo "status ${PIPESTATUS[0]}"
}

check_record()
{
    local name=${2%% *} args=
    [ "$name" = "$2" ] || args=${2#* }
    is "$1: $2: recorded" "$(record_count)|$(record_get uid)|$(record_get args)" "1|$(id -u "$1")|$args"
    [ "$3" = mistake ] || is "... as pass-through" "$(record_get mode) $(record_get action)" "pass pass"
    record_clear
}

# compare WHEN: all calls, each user with a fresh queue, because -bv fills it.
compare()
{
    local when=$1 user call
    for user in root web274; do
        fill_queue
        [ "$when" != with ] || record_clear
        for call in "${calls[@]}"; do
            { echo "== $user: $call"; try $user "$call"; } >>"/tmp/$when"
            [ "$when" != with ] || check_record "$user" "$call" right
        done
        for call in "${mistakes[@]}"; do
            { echo "== $user: $call"; try $user "$call"; } >>"/tmp/$when"
            [ "$when" != with ] || check_record "$user" "$call" mistake
        done
    done
}

compare before
ok "enable" sendmail-wrapper-divert enable
compare with
ok "disable" sendmail-wrapper-divert disable
compare after
note "$(cat /tmp/before)"
for when in with after; do
    ok "$when: output and status as before" diff -u /tmp/before "/tmp/$when"
done

note "stdin stays unread"
ok "enable again" sendmail-wrapper-divert enable
mkfifo /tmp/fifo
exec 7<>/tmp/fifo # a writer that never writes and never closes
for call in newaliases mailq "sendmail -bp" "sendmail -q"; do
    # shellcheck disable=SC2086
    ok "$call does not wait for stdin" timeout 60 $call <&7
done
printf 'left alone' >/tmp/input
{
    newaliases
    cat
} </tmp/input >/tmp/rest
is "newaliases leaves stdin to the next" "$(cat /tmp/rest)" "left alone"

done_testing
