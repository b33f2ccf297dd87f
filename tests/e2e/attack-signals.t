#!/bin/bash
# Signals and children as the caller has arranged them: the MTA finds them as it would without us, and no process of ours
# is left for anybody to find. See docs/forced-differences.md.
# bed: base
. /t/e2e/attack-lib.sh
flavour=
attack_setup
own_user quiet 2>/dev/null

small() { sent 'To: alice\nSubject: x\n\nbody\n'; }
large() { { printf 'To: alice\n\n'; head -c 300000 /dev/urandom; } >"$W/sent"; }

# Processes that run our binary, whoever's: none may stay.
ours()
{
    local exe
    for exe in /proc/[0-9]*/exe; do
        [ "$exe" -ef /usr/sbin/sendmail ] && echo "$exe"
    done
}
nobody() { [ -z "$(ours)" ]; }
nobody_left() { ok "$flavour: $1: no process of ours is left" wait_for 10 nobody; }

mta_saw()
{
    local desc="$flavour: $1" seen
    runs
    seen=$(grep -s -E "$2" "${RUNS[0]%.argv}.$3" | tr '\n' ' ')
    is "$desc" "${seen% }" "$4"
}

for build in setgid plain; do
    flavour $build

    for size in small large; do
        $size
        same_as_direct "as without us, $size" -- -t -i
        for signal in CHLD PIPE HUP,INT,TERM XFSZ all; do
            call --ignore $signal -- -t -i
            row "$signal ignored, $size" "end=exit 0" mail=added log=file
            same_as_direct "$signal ignored: the MTA finds it so, $size" --ignore $signal -- -t -i
            call --block $signal -- -t -i
            row "$signal blocked, $size" "end=exit 0" mail=added log=file
            same_as_direct "$signal blocked: the MTA finds it so, $size" --block $signal -- -t -i
        done
        same_as_direct "signals pending stay pending, $size" --pend TERM --pend CHLD --pend ALRM --pend USR1 -- -t -i
        same_as_direct "SIGPIPE and SIGXFSZ pending stay so, $size" --pend PIPE --pend XFSZ -- -t -i
        same_as_direct "an alarm clock goes on, $size" --alarm 50 -- -t -i
        same_as_direct "umask, nice, session, $size" --umask 0377 --nice 5 --setsid -- -t -i
        same_as_direct "mailq: all signals blocked" --block all -- -bp

        # The MTA has no child that it did not make, before or after the message came.
        call --subreaper -- -t -i
        row "a caller that adopts and awaits everybody, $size" "end=exit 0" mail=added log=file
        is "$flavour: everybody ended, stderr too, $size" "$STRANGERS_LEFT $ERR_EOF" "no yes"
        mta_saw "no child of the MTA, no SIGCHLD, $size" '^(sigchld|children)' end 'sigchld none children none'
        nobody_left "$size"
        call --own-subreaper -- -t -i
        row "a process that adopts orphans becomes the MTA, $size" "end=exit 0" mail=added log=file
        mta_saw "it adopts none of ours, $size" '^(sigchld|children)' end 'sigchld none children none'
    done

    # --- the MTA ends first. (3 MB: no pipe takes that in)
    { printf 'To: alice\n\n'; head -c 3000000 /dev/urandom; } >"$W/sent"
    mta 'read none' 'exit 65'
    call --subreaper --stdin pipe --send-file "$W/sent" --hold -- -t -i
    row "an MTA that exits at once, 3 MB, stdin held open" "end=exit 65" mail=ran log=file
    is "$flavour: no feeder holds on" "$STRANGERS_LEFT $ERR_EOF" "no yes"
    nobody_left "early exit"
    mta 'read 1000' 'exit 66'
    call --subreaper --stdin pipe --send-file "$W/sent" --hold -- -t -i
    row "an MTA that stops half-way" "end=exit 66" mail=ran log=file feed=epipe
    is "$flavour: no feeder holds on" "$STRANGERS_LEFT $ERR_EOF" "no yes"
    { printf 'To: alice\n\n'; head -c 30000000 /dev/zero; } >"$W/sent"
    call --stdin "file:$W/sent" -- -t -i
    row "an MTA that stops half-way through 30 MB from a file" "end=exit 66" mail=ran log=file
    nobody_left "half a file"

    # --- a feeder that must wait, under a caller who waits for end of file on stderr, while the MTA lingers
    mta 'slow 30'
    large
    call -- -t -i
    row "a slow MTA" "end=exit 0" mail=added log=file
    mta

    # While it waits a feeder burns no time: here the second second of CPU time would kill it, and tear the message.
    if [ $build = setgid ]; then
        head -c 3000000 /dev/zero | cat <(printf 'To: alice\n\n') - >"$W/sent"
        mta 'slow 60'
        for kind in pipe nonblock; do
            call --limit CPU=1 --stdin $kind --send-file "$W/sent" -- -t -i
            row "a slow MTA lets the feeder wait, stdin a $kind" "end=exit 0" mail=added log=file
        done
        mta
        large
    fi

    # --- PID 1 that never reaps
    CALLER=root call --pid1 --gid "$(id -g quiet)" --uid "$(id -u quiet)" -- -t -i
    row "PID 1 reaps nobody, 300 kB" "end=exit 0" mail=added
    CALLER=root call --pid1 --ignore CHLD --gid "$(id -g quiet)" --uid "$(id -u quiet)" -- -t -i
    row "PID 1 reaps nobody, SIGCHLD ignored" mail=added

    # --- status: the MTA's own
    small
    for status in 1 64 67 75 78 255; do
        mta "exit $status"
        call -- -t -i
        row "the MTA's exit status $status" "end=exit $status" mail=added log=file
    done
    mta 'say no such user' 'exit 67'
    call -- -t -i
    row "the MTA's words on stderr, and no other" "end=exit 67" 'stderr~^no such user$'
    mta
done
done_testing
