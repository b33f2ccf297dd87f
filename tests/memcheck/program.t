#!/bin/bash
# The program, dynamically linked with the compiler's C library, under valgrind: its steps from start to exec, the feeder, a
# session. Whatever valgrind says of it is a failure. The program is looked at, not the MTA.
# SW_MEMCHECK_BUILD: a build of the preset memcheck, whose prefix is the directory stage in it.
# programs: sendmail-wrapper
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

build=${SW_MEMCHECK_BUILD:?}
stage=$build/stage
config=$stage/etc/sendmail-wrapper.conf
log=$stage/var/log/sendmail-wrapper/calls.log
work=$(mktemp -d /tmp/sw-memcheck.XXXXXX)
trap 'rm -rf "$work"' EXIT
export SW_MTA_OUT=$work/out
mkdir -p "$stage/etc" "$stage/var/log/sendmail-wrapper"
for name in sendmail mailq sendmail-wrapper; do
    ln -sf "$build/wrapper/sendmail-wrapper" "$work/$name"
done

configure()
{
    printf 'sendmail = "%s/sendmail"\nmta = "postfix"\n%s\n' "$here" "$*" >"$config"
    : >"$log"
    rm -f "$work"/valgrind.* "$SW_MTA_OUT"
}

# call NAME ARGS...: one call by this name; its status in $status. valgrind's words of each process that was us in a file.
call()
{
    local name=$1
    shift
    valgrind -q --leak-check=full --error-exitcode=99 --log-file="$work/valgrind.%p" \
        "$work/$name" "$@" >"$work/stdout" 2>"$work/stderr"
    status=$?
}

# shellcheck disable=SC2317 # called by name
nobody_runs() { ! grep -qs "$work/" /proc/[0-9]*/cmdline; }

# clean DESC: the feeder may outlive the MTA by a moment.
clean()
{
    wait_for 60 nobody_runs || fail "$1: a process of ours does not end"
    ok "$1: valgrind was there" test -e "$(echo "$work"/valgrind.* | cut -d ' ' -f 1)"
    # Lines in -- are valgrind's about itself: it does not know every system call.
    is "$1: valgrind has nothing to say" "$(grep -h '^==' "$work"/valgrind.*)" ""
}

# submitted DESC FILE: what the MTA got is FILE with the header in front of it.
submitted()
{
    is "$1: exit status" "$status" 0
    like "$1: header" "$(head -n 1 "$SW_MTA_OUT")" '^X-Additional-Header: .*; id='
    tail -n +2 "$SW_MTA_OUT" >"$work/body"
    same "$1: message" "$work/body" "$2"
    like "$1: record" "$(cat "$log")" ' mode=submit .* action=deliver'
}

mail=$work/mail
printf '%s\n' 'From: a@example.org' 'To: b@example.org, "c, d" <c@example.org>,' ' e@example.org (x)' \
    'X-PHP-Originating-Script: 33:x.php' 'Subject: =?utf-8?q?h=C3=A9?=' 'Message-ID: <1@example.org>' '' 'text' >"$mail"
large=$work/large
{ cat "$mail" && yes 'a line of an attachment, as many as make a mebibyte' | head -c 1048576; } >"$large"

configure
call sendmail -t -i -f a@example.org <"$mail"
submitted "a file" "$mail"
clean "a file"

configure 'log { format = "json" }'
call sendmail -i b@example.org < <(cat "$mail")
is "a pipe, JSON: exit status" "$status" 0
like "a pipe, JSON: record" "$(cat "$log")" '"mode":"submit"'
clean "a pipe, JSON"

configure
call sendmail -t < <(cat "$large")
submitted "1 MiB, by the feeder" "$large"
clean "1 MiB, by the feeder"

configure
call sendmail -t < <(head -c 100 "$mail" && sleep 0.1 && tail -c +101 "$mail")
submitted "in two pieces" "$mail"
clean "in two pieces"

configure
call mailq -bp </dev/null
is "mailq: output" "$(cat "$work/stdout")" "queue is empty"
like "mailq: record" "$(cat "$log")" ' mode=pass .* action=pass'
clean "mailq"

configure '# a comment
rules { block = "a" } header { enabled = 7.5 name = "X y" fields = {"uid", nonsense' "$(printf '/* \001\303')"
call sendmail -t <"$mail"
is "a broken configuration: exit status" "$status" 0
isnt "a broken configuration: the MTA is called" "$(cat "$SW_MTA_OUT")" ""
clean "a broken configuration"

configure
call sendmail-wrapper --explain -t -i b@example.org
like "--explain" "$(cat "$work/stdout")" 'mode: submit'
clean "--explain"

configure
sed -i "s|^sendmail = .*|sendmail = \"$work/none\"|" "$config"
call sendmail -t <"$mail"
is "no real sendmail: exit status" "$status" 69
like "no real sendmail: record" "$(cat "$log")" ' action=refuse'
clean "no real sendmail"

configure
printf '%s\r\n' 'EHLO x' 'MAIL FROM:<a@example.org>' 'RCPT TO:<b@example.org>' 'DATA' 'Subject: one' '' 'text' '.' \
    'RSET' 'QUIT' >"$work/session"
call sendmail -bs < <(cat "$work/session")
is "a session: exit status" "$status" 5
is "a session: replies" "$(cut -c 1-3 "$work/stdout" | tr '\n' ' ')" "220 250 250 250 354 250 250 221 "
like "a session: header" "$(cat "$SW_MTA_OUT")" 'X-Additional-Header: '
is "a session: records" "$(grep -c ' action=' "$log")" 2
clean "a session"

done_testing
