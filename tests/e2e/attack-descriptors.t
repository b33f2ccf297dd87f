#!/bin/bash
# Descriptors as no sane caller leaves them: 0, 1, 2 closed in every combination, hundreds open, every kind of stdin,
# a stdin that stays open or is withheld.
# See docs/forced-differences.md.
# bed: base
. /t/e2e/attack-lib.sh
attack_setup

for build in setgid plain; do
    flavour $build

    # --- 0, 1, 2 closed. What a set-gid program finds there is the kernel's
    # and the C library's doing, so the plain binary alone is compared with a direct call.
    for closed in 1 2 1,2; do
        call --close $closed -- -t -i
        row "descriptors $closed closed" "end=exit 0" mail=added log=file
        [ $build = setgid ] || same_as_direct "descriptors $closed closed: as without us" --close $closed -- -t -i
    done
    # Without stdin there is no message, and nothing to put a header into: Postfix and Sendmail then open /dev/null,
    # OpenSMTPD refuses.
    sent ''
    for closed in 0 0,1 0,2 0,1,2; do
        call --stdin null --close $closed -- -t -i
        row "descriptors $closed closed: no message" "end=exit 0" mail=same log=file 'why=stdin is closed'
        call --stdin null --close $closed -- -bp
        row "descriptors $closed closed, mailq" "end=exit 0" mail=ran log=file mode=pass
    done

    # --- kinds of stdin
    sent 'To: alice\nSubject: x\n\nbody\n'
    printf 'head to skip' >"$W/offset"
    cat "$W/sent" >>"$W/offset"
    for kind in pipe nonblock socketpair "file:$W/sent"; do
        case $kind in
        file:*) call --stdin "$kind" -- -t -i ;;
        *) call --stdin "$kind" --send-file "$W/sent" -- -t -i ;;
        esac
        row "stdin is ${kind%%:*}" "end=exit 0" mail=added@0 log=file
    done
    call --stdin pty --send-file "$W/sent" --send '\x04' -- -t -i
    row "stdin is a terminal" "end=exit 0" mail=added@0 log=file
    sent ''
    call --stdin null -- -t -i
    row "stdin is /dev/null" "end=exit 0" mail=added@0 log=file
    sent 'To: alice\nSubject: x\n\nbody\n'
    : >"$W/writeonly"
    chmod 666 "$W/writeonly"
    call --stdin "wo:$W/writeonly" -- -t -i
    row "stdin is open for writing only" "end=exit 74" mail=none log=file 'error~.'
    call --stdin dir:/tmp -- -t -i
    row "stdin is a directory" "end=exit 74" mail=none log=file 'error~.'

    # A file that was read in part already: the MTA starts where the caller stopped.
    (
        forget
        caller_ids
        exec <"$W/offset"
        read -r -N 12 _ # bash reads a file by seeking back to where it stopped
        callwith "${IDS[@]}" --report "$W/report" --err "$W/err" -- /usr/sbin/sendmail -t -i
    )
    load_report
    row "a file with an offset" "end=exit 0" mail=added@0 log=file

    # --- descriptors that are not ours to touch
    same_as_direct "600 open descriptors, all handed on" --many-fds 600 -- -t -i
    same_as_direct "a descriptor at 900, others closed" --fd 900=ro:/etc/passwd --fd 5=rw:/dev/null -- -t -i
    same_as_direct "mailq: what stdin is, too" --stdin "file:$W/sent" -- -bp
    call --many-fds 600 --fd 800="ro:/var/www/web274/htdocs" -- -t -i
    row "600 open descriptors" "end=exit 0" mail=added log=file

    # --- a stdin that stays open
    mta 'read dot'
    sent 'To: alice\n\nbody\n.\n'
    call --stdin pipe --send-file "$W/sent" --hold -- -t
    row "the MTA ends at a lone dot while stdin stays open" "end=exit 0" mail=added@0 log=file
    sent 'To: alice\r\n\r\nbody\r\n.\r\n'
    call --stdin pipe --send-file "$W/sent" --hold -- -t
    row "the same with CRLF" "end=exit 0" mail=added@0:crlf log=file
    sent 'To: alice\n\nbody\n.\n'
    call --stdin pipe --send 'To: alice\n\nbody\n' --pause 60 --send '.' --pause 60 --send '\n' --hold -- -t
    row "the same, the dot coming late and in pieces" "end=exit 0" mail=added@0 log=file
    { printf 'To: alice\n\n'; head -c 300000 /dev/zero | tr '\0' '\n'; printf '.\n'; } >"$W/sent"
    call --stdin pipe --send-file "$W/sent" --hold -- -t
    row "the same, behind 300 kB" "end=exit 0" mail=added@0 log=file
    mta 'read none' 'exit 67'
    sent 'To: alice\n\nbody\n'
    call --stdin pipe --send-file "$W/sent" --hold -- -t -i
    row "an MTA that exits at once while stdin stays open" "end=exit 67" mail=ran log=file
    { printf 'To: alice\n\n'; head -c 3000000 /dev/zero; } >"$W/sent"
    call --stdin pipe --send-file "$W/sent" --hold -- -t -i
    row "the same with 3 MB to send: the caller learns it" "end=exit 67" mail=ran log=file feed=epipe
    mta
    sent 'To: alice\nSubject: x\n\nbody\n'
done

# --- stdin withheld: the MTA runs all the same (at most 5 s after the start: these wait for it, so they run together)
withheld()
{
    local name=$1 dir=$W/$1
    shift
    mkdir -p "$dir"
    chmod 1777 "$dir"
    # The caller sends the rest only once the record of this call is there.
    callwith --gid "$GID274" --uid "$UID274" --cd "$PAGES" --report "$dir/report" --err "$dir/err" --stdin pipe "$@" \
        -- /usr/sbin/sendmail -t -i -F"$name" >"$dir/callwith" 2>&1
}
PAGES=/var/www/web274/htdocs
recorded() { grep -q -e "-F$1" "$SW_LOG"; }
release() { wait_for 30 recorded "$1" && touch "$W/$1/go"; }
for build in setgid plain; do
    flavour $build
    forget
    withheld nothing --until "$W/nothing/go" --send-file "$W/sent" &
    withheld half --send 'To: alice\nSubj' --until "$W/half/go" --send 'ect: x\n\nbody\n' &
    withheld from --send 'From a' --until "$W/from/go" --send ' b\nTo: alice\n\nbody\n' &
    withheld cr --send 'To: alice\r' --until "$W/cr/go" --send '\n\r\nbody\r\n' &
    release nothing
    release half
    release from
    release cr
    wait
    for name in nothing half from cr; do
        case $name in
        from) sent 'From a b\nTo: alice\n\nbody\n' ;;
        cr) sent 'To: alice\r\n\r\nbody\r\n' ;;
        *) sent 'To: alice\nSubject: x\n\nbody\n' ;;
        esac
        rm -f "$W/$name/go"
        pid=$(sed -n 's/^pid //p' "$W/$name/report")
        line=$(msgcmp "$W/sent" "$F/$pid.stdin")
        case $name in
        from) want='added offset=9 eol=lf ' ;;
        cr) want='added offset=0 eol=crlf ' ;;
        *) want='added offset=0 eol=lf ' ;;
        esac
        like "$build: stdin withheld ($name): recorded and run before it came, delivered whole" "$line" "^$want"
    done
    is "$build: four calls, four records" "$(record_count)" 4
    sent 'To: alice\nSubject: x\n\nbody\n'
done
done_testing
