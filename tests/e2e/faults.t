#!/bin/bash
# Every system call of the wrapper fails once, with each error that can happen to it: the mail leaves whole and recorded,
# or its caller gets an exit status that is not 0. It never hangs. By default the three most telling errors of each call, of a
# loop that copies the first and the last four rounds, and where a situation begins as the one before it does, only from where
# they part; SW_FAULTS=all: all of them.
# tests/tools/faults.c does the work: it runs the wrapper once for each fault, under ptrace, and judges.
# bed: base
. /t/e2e/attack-lib.sh
command -v faults >/dev/null || { skip "faults" "the tool knows x86_64 only"; done_testing; }
attack_setup
kill "$SINK" # the tool itself listens on /dev/log

# Who traces and who is traced take turns: on one processor that is quicker.
taskset -cp "$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')" $$ >/dev/null

HTDOCS=/var/www/web274/htdocs
SHELL_WRAPPER=/usr/sbin/shell-wrapper
declare -A SUM

# message NAME BYTES
message()
{
    { printf 'From: web274\nTo: alice@example.test\nSubject: %s\n\n' "$1"; yes 'a line of the body ............' | head -c "$2"; } >"$W/$1"
}

# faults_in DESC OPTIONS... -- PROGRAM ARGS: one line of TAP for a situation. --from CALL is for the short form only.
faults_in()
{
    local desc=$1 options=() out status total word
    shift
    while [ "$1" != -- ]; do
        case $1 in
        --from)
            [ "${SW_FAULTS:-}" = all ] || options+=(--from "$2")
            shift 2
            ;;
        *)
            options+=("$1")
            shift
            ;;
        esac
    done
    [ "${SW_FAULTS:-}" = all ] || options+=(--errors 3 --rounds 4)
    out=$(faults --uid "$UID274" --gid "$GID274" --cd "$HTDOCS" --log "$SW_LOG" --mta-dir "$F" "${options[@]}" "$@" 2>&1)
    status=$?
    total=$(sed -n 's/^total: //p' <<<"$out")
    for word in $total; do
        [[ $word =~ ^(faults|delivered|refused|unrecorded|lost|cut|twice|hung|headerless|misrecorded|unreached)=([0-9]+)$ ]] \
            && SUM[${BASH_REMATCH[1]}]=$((${SUM[${BASH_REMATCH[1]}]:-0} + BASH_REMATCH[2]))
    done
    if [ "$status" -eq 0 ] && [ -n "$total" ]; then
        tap_line ok "$desc"
    else
        tap_line 'not ok' "$desc"
        note "$(grep -v -e '^unrecorded' -e '^total' <<<"$out" | head -n 40)"
    fi
    note "$total"
    # Which calls may leave a delivery without a record, and no other.
    [[ $out != *$'\nunrecorded '* ]] \
        || note "delivered without a record when these fail: $(sed -n 's/^unrecorded [0-9]:\([a-z0-9]*\):\([0-9]*\) .*/\1:\2/p' <<<"$out" \
            | sort -u | tr '\n' ' ')"
}

shipped() { cp "$W/shipped.conf" "$SW_CONFIG"; chmod 644 "$SW_CONFIG"; }

message 3k 3000
message 100k 100000
message 1m 1000000
flavour setgid

faults_in "3 KB from a file" --stdin file --message "$W/3k" -- /usr/sbin/sendmail -t -i
faults_in "3 KB from a pipe" --stdin pipe --message "$W/3k" --from pipe2 -- /usr/sbin/sendmail -t -i
faults_in "100 KB from a pipe" --stdin pipe --message "$W/100k" --from pipe2 -- /usr/sbin/sendmail -t -i
faults_in "1 MB from a pipe" --stdin pipe --message "$W/1m" --from pipe2 -- /usr/sbin/sendmail -t -i
faults_in "1 MB from a file" --stdin file --message "$W/1m" --from pipe2 -- /usr/sbin/sendmail -t -i
faults_in "3 KB from a socket" --stdin socket --message "$W/3k" --from pipe2 -- /usr/sbin/sendmail -t -i
faults_in "1 MB from a socket" --stdin socket --message "$W/1m" --from pipe2 -- /usr/sbin/sendmail -t -i
faults_in "3 KB in two halves" --stdin halves --message "$W/3k" --from pipe2 -- /usr/sbin/sendmail -t -i
# Exim cannot be ended by its caller, so its reading must fail.
mta 'exit-error 74'
sed -i 's/mta=postfix/mta=exim/' /var/lib/sendmail-wrapper/target
faults_in "Exim, 1 MB from a pipe" --stdin pipe --message "$W/1m" --from pidfd_open -- /usr/sbin/sendmail -t -i
faults_in "Exim, 1 MB from a socket" --stdin socket --message "$W/1m" --from pidfd_open -- /usr/sbin/sendmail -t -i
faults_in "Exim, 3 KB in two halves" --stdin halves --message "$W/3k" --from pidfd_open -- /usr/sbin/sendmail -t -i
sed -i 's/mta=exim/mta=postfix/' /var/lib/sendmail-wrapper/target
mta
faults_in "recipients in the arguments, as root" --uid 0 --gid 0 --stdin file --message "$W/3k" --from uname \
    -- /usr/sbin/sendmail -i -f alice alice

config 'log { to = "syslog" }'
faults_in "records to syslog" --stdin file --message "$W/3k" --from uname -- /usr/sbin/sendmail -t -i
config 'log { to = "both" }'
faults_in "records to both" --stdin file --message "$W/3k" --from uname -- /usr/sbin/sendmail -t -i
shipped

mv "$SW_LOG" "$SW_LOG.away"
faults_in "no log file" --one-sink --stdin file --message "$W/3k" --from uname -- /usr/sbin/sendmail -t -i
mv "$SW_LOG.away" "$SW_LOG"
rm "$SW_CONFIG"
faults_in "no configuration" --stdin file --message "$W/3k" --from uname -- /usr/sbin/sendmail -t -i
shipped

# SMTP on stdin: what counts is what the client was answered to his final dot. session FILE MESSAGE...: sends each.
session()
{
    local file=$1 message
    shift
    {
        printf 'EHLO web274\r\n'
        for message; do
            printf 'MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\n'
            case $message in
            *chunk*) printf 'BDAT %s LAST\r\n' "$(wc -c <"$message")" && cat "$message" ;;
            *) printf 'DATA\r\n' && cat "$message" && printf '.\r\n' ;;
            esac
        done
        printf 'QUIT\r\n'
    } >"$file"
}
for name in one two chunk; do
    printf 'From: web274\r\nTo: alice@example.test\r\nSubject: %s\r\n\r\nbody\r\n..\r\n' $name >"$W/$name"
done
session "$W/one.smtp" "$W/one"
session "$W/two.smtp" "$W/one" "$W/two"
session "$W/three.smtp" "$W/one" "$W/chunk" "$W/two"
faults_in "-bs, one message" --stdin client --message "$W/one.smtp" --expect "$W/one" --from signalfd4 -- /usr/sbin/sendmail -bs
faults_in "-bs, three messages, all sent at once" --stdin pipe --message "$W/three.smtp" --expect "$W/one" --expect "$W/chunk" \
    --expect "$W/two" --from signalfd4 -- /usr/sbin/sendmail -bs
sed -i 's/mta=postfix/mta=exim/' /var/lib/sendmail-wrapper/target # Exim has -bS
faults_in "-bS, two messages" --batch --stdin pipe --message "$W/two.smtp" --expect "$W/one" --expect "$W/two" --from signalfd4 \
    -- /usr/sbin/sendmail -bS
sed -i 's/mta=exim/mta=postfix/' /var/lib/sendmail-wrapper/target

ln -s ../sbin/sendmail /usr/bin/mailq
faults_in "mailq" --no-header --stdin file --message "$W/3k" --from uname -- /usr/bin/mailq

rm /dev/log
faults_in "no syslog daemon: the server's trouble with the log file stops no mail" --no-syslog --one-sink --stdin file --message "$W/3k" \
    --from uname -- /usr/sbin/sendmail -t -i
config 'on_log_failure = "refuse"'
faults_in "no syslog daemon, on_log_failure = refuse: nothing leaves without a record" --no-syslog --one-sink --refuse --stdin file \
    --message "$W/3k" --from uname -- /usr/sbin/sendmail -t -i
shipped

sum=''
for word in faults delivered refused unrecorded lost cut twice hung headerless misrecorded unreached; do
    sum+=" $word=${SUM[$word]:-0}"
done
note "all of it:$sum"

# The tool sees what it looks for: programs in our place that do it wrong, and the shell script that we replace.
stand_in()
{
    { printf '#!/bin/sh\n' && cat; } >"$SHELL_WRAPPER"
    chmod 755 "$SHELL_WRAPPER"
    faults --uid "$UID274" --gid "$GID274" --log "$SW_LOG" --mta-dir "$F" --message "$W/3k" --timeout 3 "$@" -- "$SHELL_WRAPPER" -t -i 2>&1
}
chmod 666 "$SW_LOG"
RECORD="echo \"w[\$\$]: id=1 uid=$UID274 action=deliver\" >>$SW_LOG"
HEADER='echo "X-Additional-Header: x; id=1"'
while IFS=: read -r verdict script; do
    like "the tool knows what is $verdict" "$(stand_in <<<"$script")" "^BAD without a fault: $verdict "
done <<END
lost:$RECORD; exit 0
cut:$RECORD; ($HEADER; head -c 500) | $REAL
twice:$RECORD; ($HEADER; cat) >/tmp/twice; $REAL </tmp/twice; $REAL </tmp/twice
hung:$RECORD; sleep 100
headerless:$RECORD; exec $REAL
unrecorded:($HEADER; cat) | $REAL
misrecorded:echo "w: id=2 uid=$UID274 action=deliver" >>$SW_LOG; ($HEADER; cat) | $REAL
refused:echo "w: id=2 uid=$UID274 action=refuse" >>$SW_LOG; exit 71
END
out=$(stand_in --errors 2 <<<"$RECORD; ($HEADER; cat) | $REAL \"\$@\"")
note "the shell script in our place: $(sed -n 's/^total: //p' <<<"$out")"
like "a shell script in our place cuts mails where one call fails" "$out" 'total: .* cut=[1-9]'
done_testing
