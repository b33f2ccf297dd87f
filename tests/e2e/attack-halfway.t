#!/bin/bash
# What breaks while the message is on its way: stdin that fails, a feeder that is killed, a caller that is killed. What
# the design promises is asserted; what an MTA makes of the rest is measured and printed (docs hold the table).
# Behind Postfix stands a test SMTP sink, which counts a message only when its final dot came.
# docs/forced-differences.md, "When the message breaks off half-way".
# bed: postfix
. /t/e2e/attack-lib.sh
POSTFIX=/usr/sbin/sendmail.postfix
mv /usr/sbin/sendmail $POSTFIX
cp -p /tools/null-mta /usr/sbin/sendmail
attack_setup

# The process that copies for us: it runs our binary, and is not the MTA.
feeder()
{
    local exe
    for exe in /proc/[0-9]*/exe; do
        [ "$exe" -ef /usr/sbin/sendmail ] && echo "${exe//[!0-9]/}"
    done
}
has_feeder() { [ "$(feeder | wc -w)" -eq 1 ] && [ "$(feeder)" != "${1:-}" ]; }
has_none() { [ -z "$(feeder)" ]; }
body() { { printf 'From: web274\nTo: someone@example.net\nSubject: %s\n\n' "$2"; yes 'a line of the body ............' | head -c "$1"; } >"$W/sent"; }
start_call()
{
    forget
    rm -f "$W/go" "$W/halfway"
    caller_ids
    callwith --cd /var/www/web274/htdocs "${IDS[@]}" --report "$W/report" --err "$W/err" "$@" -- "${PROGRAM:-/usr/sbin/sendmail}" -t -i &
    CALLER_PID=$!
}
end_call() { wait "$CALLER_PID"; load_report; }
# The null MTA has read so much.
mta_has() { [ "$(cat "$F"/*.stdin 2>/dev/null | wc -c)" -ge "$1" ]; }

for build in setgid plain; do
    flavour $build

    # --- stdin fails before the MTA runs: nothing is sent
    sent 'To: alice\nSubject: x\n\nbody\n'
    # (mem: the kernel says EIO where the memory behind /proc/PID/mem ends; socket-reset: ECONNRESET.)
    for kind in mem socket-reset; do
        case $kind in
        mem) call --stdin "mem:$W/sent" -- -t -i ;;
        *) call --stdin $kind --send-file "$W/sent" -- -t -i ;;
        esac
        row "stdin fails ($kind) after a few bytes" "end=exit 74" mail=none log=file 'error~.' 'stderr~^[^[:cntrl:]]+$'
    done

    # A terminal that hangs up is EIO for who waits in read(2), and end of file for who comes later: not ours to tell.
    call --stdin pty-hangup --send-file "$W/sent" -- -t -i
    note "$build: a terminal hangs up after 26 bytes: $END, the MTA ran $(runs; echo ${#RUNS[@]}) times"
    PROGRAM=$REAL call --stdin pty-hangup --send-file "$W/sent" -- -t -i
    note "the same without us: $END, '$(tr '\n' ' ' <"$F"/*.end)'"

    # --- stdin fails in the feeder: the MTA is ended before it can take what it has for a message
    body 400000 broken
    for kind in mem socket-reset; do
        case $kind in
        mem) call --subreaper --stdin "mem:$W/sent" -- -t -i ;;
        *) call --subreaper --stdin $kind --send-file "$W/sent" -- -t -i ;;
        esac
        row "stdin fails ($kind) after 400 kB: the MTA is ended" "end=signal TERM" mail=ran log=file
        is "$build: it never saw the end of its input" "$(find "$F" -name '*.end' | wc -l)" 0
        is "$build: the feeder is gone, stderr free" "$STRANGERS_LEFT $ERR_EOF" "no yes"
    done

    # --- the feeder is killed: measured with an MTA that reads to the end
    start_call --stdin pipe --send-file "$W/sent" --until "$W/go" --send-file "$W/sent"
    ok "$build: a feeder runs" wait_for 10 has_feeder
    wait_for 10 mta_has 400000
    kill -KILL "$(feeder)"
    touch "$W/go"
    end_call
    note "$build: feeder killed half-way: null MTA $END, it saw '$(tr '\n' ' ' <"$F"/*.end)'; feeding: $FEED"
    row "the feeder is killed: the call ends, recorded once" mail=ran log=file

    # --- the caller is killed: end of file, as without us
    start_call --stdin pipe --send-file "$W/sent" --until "$W/go"
    wait_for 10 has_feeder
    wait_for 10 mta_has 400000
    kill -KILL "$CALLER_PID"
    wait "$CALLER_PID" 2>/dev/null
    mta_ended() { [ -e "$(echo "$F"/*.end)" ]; }
    ok "$build: the caller is killed: the MTA comes to its end" wait_for 10 mta_ended
    row "the caller is killed: what he sent and our line, recorded once" mail=added log=file
    ok "$build: no feeder stays" wait_for 10 has_none
done

# --- the same behind Postfix, which relays to the sink; with and without us, side by side
SINK_DIR=$W/kept
mkdir "$SINK_DIR"
SMTP=$(mail-sink 2525 "$SINK_DIR")
postconf -e default_transport=smtp relay_transport=smtp 'relayhost = [127.0.0.1]:2525' \
    'mydestination =' 'smtp_host_lookup = native' 'message_size_limit = 0'
start_postfix
flavour setgid
config "sendmail = \"$POSTFIX\"" 'mta = "postfix"'
kept() { find "$SINK_DIR" -name "*.$1" | wc -l; }
idle() { [ -z "$(find /var/spool/postfix/{maildrop,incoming,active,deferred} -type f)" ]; }
# What came of it: messages kept by the sink, bytes of body.
outcome()
{
    wait_for 30 idle || note "Postfix still has something: $(mailq | head -n 3)"
    echo "$END; $(kept msg) kept, $(kept part) begun, $(cat "$SINK_DIR"/*.msg 2>/dev/null | grep -c '^a line of the body') lines"
    rm -f "$SINK_DIR"/*
}
body 400000 whole
for who in wrapper direct; do
    [ $who = wrapper ] && PROGRAM=/usr/sbin/sendmail || PROGRAM=$POSTFIX
    start_call --stdin pipe --send-file "$W/sent"
    end_call
    like "$who: a whole message is kept once, whole" "$(outcome)" '^exit 0; 1 kept, 0 begun, 12500 lines$'

    start_call --stdin "mem:$W/sent"
    end_call
    seen=$(outcome)
    note "Postfix, $who: stdin fails after 400 kB: $seen"
    like "$who: a message whose stdin failed is not sent" "$seen" '; 0 kept'

    start_call --stdin pipe --send-file "$W/sent" --touch "$W/halfway" --until "$W/go" --send-file "$W/sent"
    wait_for 10 test -e "$W/halfway"
    kill -KILL "$CALLER_PID"
    wait "$CALLER_PID" 2>/dev/null
    wait_for 10 has_none
    wait_for 10 eval '! pgrep -x postdrop'
    END='caller killed'
    note "Postfix, $who: the caller is killed half-way: $(outcome)"
done
PROGRAM=/usr/sbin/sendmail
start_call --stdin pipe --send-file "$W/sent" --touch "$W/halfway" --until "$W/go" --send-file "$W/sent"
wait_for 10 test -e "$W/halfway"
wait_for 10 has_feeder
kill -KILL "$(feeder)"
touch "$W/go"
end_call
note "Postfix: the feeder is killed half-way: $(outcome)"
kill "$SMTP"
done_testing
