#!/bin/bash
# The real sendmail is missing, cannot be run, or is ourselves: one line on stderr, EX_UNAVAILABLE, stdin unread, and a
# record that says so. docs/threat-model.md, "When something fails".
# bed: base
. /t/e2e/attack-lib.sh
flavour=
attack_setup
ONE_LINE='stderr~^[^[:cntrl:]]+$'

fails()
{
    local desc=$1 why=$2
    call_unread -- /usr/sbin/sendmail -t -i
    row "$desc" "end=exit 69" mail=none unread log=file "error~$why" "$ONE_LINE" "action~^(refuse|fail)$"
    call -- -t -i
    row "$desc, stdin a pipe" "end=exit 69" mail=none log=file "$ONE_LINE"
    call -- -bp
    row "$desc, mailq" "end=exit 69" mail=none log=file mode=pass "$ONE_LINE"
    # 1 MiB of message and nobody who reads: the caller must not hang.
    call --stdin pipe --send-file "$W/large" --hold -- -t -i
    row "$desc, 1 MiB held open" "end=exit 69" mail=none log=file feed=epipe
}
head -c 1048576 /dev/zero >"$W/large"

for build in setgid plain; do
    flavour $build
    cp -a "$REAL" "$W/real"
    put_back() { rm -rf "$REAL"; cp -a "$W/real" "$REAL"; }

    rm "$REAL"
    fails "the real sendmail is missing" 'No such file'
    mkdir "$REAL"
    fails "a directory" .
    put_back
    chmod 644 "$REAL"
    fails "not executable" 'not executable|Permission'
    put_back
    : >"$REAL"
    fails "an empty file" .
    printf '#!/no/such/interpreter\n' >"$REAL"
    fails "a script without its interpreter" .
    printf 'no program at all\n' >"$REAL"
    fails "no program" .
    rm "$REAL"
    ln -s sendmail.real "$REAL"
    fails "a link to itself" .
    rm "$REAL"
    ln -s sendmail "$REAL"
    fails "a link to us" 'itself'
    rm "$REAL"
    ln /usr/sbin/sendmail "$REAL"
    fails "our own second name" 'itself'
    rm "$REAL"
    cp /usr/sbin/sendmail "$REAL"
    fails "a second copy of us" 'itself'
    rm "$REAL"
    cp /usr/sbin/sendmail-wrapper "$REAL"
    chmod 755 "$REAL"
    fails "the installed program" 'itself'
    put_back
    config_more 'sendmail = "/usr/sbin/sendmail"'
    fails "configured: ourselves" 'itself'
    config_more 'sendmail = "/nonexistent"'
    fails "configured: nothing" 'No such file'
    config_more 'sendmail = "/dev/null"'
    fails "configured: a device" .

    # A script that calls us again: as a child, or in its own place.
    config_more
    for how in '' exec; do
        rm -f "$REAL"
        printf '#!/bin/sh\n%s /usr/sbin/sendmail "$@"\n' "$how" >"$REAL"
        chmod 755 "$REAL"
        for args in '-t -i' -bs; do
            # shellcheck disable=SC2086 # words
            call --timeout 5 -- $args
            collect
            like "$flavour: a script that calls us again with $args (${how:-as a child}): it ends" "$END" '^exit (69|71)$'
            is "$flavour: nothing is sent" ${#RUNS[@]} 0
            ok "$flavour: with a handful of records" test $((${#FILE_RECORDS[@]} + ${#SYSLOG_RECORDS[@]})) -le 10
            log_reset
        done
    done
    put_back

    # With a fault of the target the other troubles still come out right.
    rm "$REAL" "$SW_LOG"
    call -- -t -i
    row "missing, and the log too" "end=exit 69" mail=none log=syslog 'error~.' 'why=.' "$ONE_LINE"
    log_reset
    call --close 2 -- -t -i
    row "missing, and stderr closed" "end=exit 69" mail=none log=file
    call --close 0,1,2 -- -t -i
    row "missing, and nothing open" "end=exit 69" mail=none log=file

    # Few descriptors: it must not take itself for another and run in circles.
    for n in 3 4 5; do
        call --soft NOFILE=$n --timeout 5 -- -t -i
        collect
        like "$flavour: missing, and RLIMIT_NOFILE $n: it ends" "$END" '^exit (69|71)$'
        ok "$flavour: with one record at most" test $((${#FILE_RECORDS[@]} + ${#SYSLOG_RECORDS[@]})) -le 1
        log_reset
    done

    # Another place stands in only when none is configured.
    mkdir -p /usr/libexec/sendmail
    cp "$W/real" /usr/libexec/sendmail/sendmail
    call -- -t -i
    row "missing, but there is another usual place" "end=exit 0" mail=added log=file
    rm -r /usr/libexec/sendmail
    put_back
    call -- -t -i
    row "back in place" "end=exit 0" mail=added log=file
done
done_testing
