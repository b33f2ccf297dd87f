#!/bin/bash
# mailorigin where the system is not as it should be: no root, no mail server, hidden processes, closed or full output, full and
# read-only disks, limits, signals; what it shows on a terminal meanwhile, and with which rights it reads.
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/bad-lib.sh

export LC_ALL=C.UTF-8
mkdir -m 755 /tmp/l
cd /tmp/l || bail "no directory"
now=$(date +%s)
records $((now - 3600)) 20 >good
id=$(id_of_line good 5)
for _ in $(seq 500); do cat good; done >big
gzip -k big
printf '192.0.2.7 - - [%s] "GET /x HTTP/1.1" 200 5 "-" "-"\n' "$(date -u -d @$((now - 3590)) '+%d/%b/%Y:%H:%M:%S +0000')" >access
printf '%s mail postfix/qmgr[1]: 4Abc1230xyz: from=<a@b>, size=1, nrcpt=1 (queue active)\n' "$(date -u +%Y-%m-%dT%H:%M:%S.123456+00:00)" >maillog

# run COMMAND...: its exit status to $status, what it prints to /tmp/out and /tmp/err.
run()
{
    (trap - PIPE && exec timeout 60 "$@") >/tmp/out 2>/tmp/err </dev/null
    status=$?
}
# says DESC STATUS ERE: what run left. "-": nothing is said.
says()
{
    is "$1: status" "$status" "$2" || note "$(head -n 5 /tmp/out /tmp/err)"
    if [ "$3" = - ]; then
        is "$1: nothing is said" "$(cat /tmp/err)" ""
    else
        like "$1: said why" "$(cat /tmp/err)" "$3"
    fi
}

# --- no mail server, no wrapper's log ---------------------------------------------------------------------------------
mkdir /away /away/sbin
(cd /usr/sbin && mv sendmail post* /away/sbin)
mv /usr/lib/postfix /away/lib
mv /etc/postfix /away/etc
mv /var/spool/postfix /away/spool
rm -f "$SW_LOG" /var/log/mail.log /var/log/syslog
for command in queue "hold --uid 1" "release --uid 1" "drop --uid 1" "hold --uid 1 --yes"; do
    # shellcheck disable=SC2086
    run mailorigin $command
    says "$command, without a mail server" 2 'no queue of Postfix, Sendmail or Exim'
done
run mailorigin undo
says "undo" 1 -
for command in top log "show $id" "web $id" "trace $id" clients; do
    # shellcheck disable=SC2086
    run mailorigin $command
    says "$command, without a log" 2 'calls.log: No such file'
done
run mailorigin trace "$id" --log good
says "trace, without a mail log" 2 '\-\-mail-log'
run mailorigin web "$id" --log good
says "web, without a web server" 1 '\-\-access-log'
run mailorigin direct
is "direct" $status 1
judged check
is "check finds faults" $status 1
is_clean "all of it clean"
(cd /away/sbin && mv -- * /usr/sbin/)
mv /away/lib /usr/lib/postfix
mv /away/etc /etc/postfix
run mailorigin queue
like "a mail server that never ran: status" "$status" '^[12]$'
mv /away/spool /var/spool/postfix
install -d -m 711 /var/log/sendmail-wrapper

# --- as an ordinary user ------------------------------------------------------------------------------------------------
divert_by_hand
postconf -e defer_transports=local,smtp
start_postfix
(cd /var/www/web275/htdocs && printf 'Subject: x\n\nx\n' | as web275 /usr/sbin/sendmail alice)
deferred() { [ -n "$(find /var/spool/postfix/deferred -type f)" ]; }
wait_for 60 deferred || bail "no mail waits"
user() { run setpriv --reuid alice --regid alice --init-groups mailorigin "$@"; }
for command in top log "show $id" "web $id" "trace $id --mail-log maillog" clients; do
    # shellcheck disable=SC2086
    user $command
    says "alice: $command" 2 'calls.log: Permission denied; run as root'
done
for command in queue "hold --uid 4080" "hold --uid 4080 --yes" "drop --uid 4080 --yes" "undo"; do
    # shellcheck disable=SC2086
    user $command
    says "alice: $command" 2 'run as root'
done
user check
says "alice: check" 3 'not root: .* not looked at'
for command in "top --log good" "log --log good" "show $id --log good" "direct --rules" "clients --log good --access-log access" "completion"; do
    # shellcheck disable=SC2086
    user $command
    says "alice: $command" 0 -
done
install -m 600 good /tmp/l/private
user top --json --log private --log good
says "alice: one of two" 3 'private: Permission denied; run as root'
is "... the other is counted" "$(total /tmp/out)" 20

# A program that talks past the mail server: others see that it does, not which it is; no /proc: no false peace.
ip link set lo up
ip addr add 192.0.2.50/24 dev lo
perl -MIO::Socket::INET -e '$0 = "listener"; $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "192.0.2.50", LocalPort => 587) or die;
    open F, ">/tmp/listens"; $c = $l->accept; sleep 600' &
listener=$!
wait_for 60 test -e /tmp/listens || bail "nobody listens"
# shellcheck disable=SC2016 # Perl's
setpriv --reuid web274 --clear-groups perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("192.0.2.50:587") or die;
    $0 = "evil\e[2J\x07\xc2\x9b name"; sleep 600' &
talker=$!
talks() { mailorigin direct --json | grep -q '"uid":4079'; }
ok "direct sees it" wait_for 60 talks
named() { grep -q evil /proc/$talker/cmdline; }
wait_for 60 named
judged direct
judged direct --all
is_clean "direct, with a hostile name"
user direct
says "alice: direct" 3 'run as root'
like "... whose it is" "$(cat /tmp/out)" 'uid +4079'
mount -o remount,hidepid=2 /proc
user direct
like "alice, hidepid: whose it is" "$(cat /tmp/out)" 'uid +4079'
like "... the process is said to be hidden" "$(cat /tmp/out)" 'not visible'
run mailorigin direct
like "root, hidepid" "$(cat /tmp/out)" "pid +$talker"
user check
says "alice, hidepid: check" 3 'not root'
mount -o remount,hidepid=0 /proc
kill $talker $listener
(unshare -m sh -c 'mount -t tmpfs none /proc && exec mailorigin direct') >/tmp/out 2>/tmp/err
status=$?
isnt "no /proc: not as if there were nothing" "$status $(cat /tmp/err)" "1 "

# --- output that goes nowhere --------------------------------------------------------------------------------------------
for command in "top --log good" "top --json --log good" "log --log good" "log --raw --log good" "log --json --log big" "show $id --log good" \
    "web $id --log good --access-log access" "trace $id --log good --mail-log maillog" "clients --log good" \
    "clients --include-uncertain --format postfix --log good --access-log access" queue "queue --list --json" "hold --uid 4080" "hold --uid 4080 --yes" \
    undo check "check --list" direct "direct --rules" completion --help --version "top --help" help; do
    # shellcheck disable=SC2086
    timeout 60 mailorigin $command >/dev/full 2>/tmp/err </dev/null
    status=$?
    says "$command, disk full" 2 'output could not be written'
    # shellcheck disable=SC2086
    timeout 60 mailorigin $command >&- 2>/tmp/err </dev/null
    status=$?
    says "$command, stdout closed" 2 'output could not be written'
done
is "nothing was held meanwhile" "$(find /var/spool/postfix/hold -type f | wc -l)" 0
for command in "top --log good" "log --log good" "show $id --log good" queue check direct "hold --uid 4080 --yes"; do
    # shellcheck disable=SC2086
    mailorigin $command </dev/null >/tmp/want 2>/dev/null
    want=$?
    # shellcheck disable=SC2086
    mailorigin $command <&- 2>&- >/tmp/out
    is "$command, stdin and stderr closed: the same status" $? $want
done
ok "release" mailorigin release --uid 4080 --yes
ok "the journal of actions holds nothing else" grep -q . /var/lib/sendmail-wrapper/actions.log
is "... no message of ours" "$(grep -c 'mailorigin [a-z]*: ' /var/lib/sendmail-wrapper/actions.log)" 0
mailorigin top --log - <&- >/tmp/out 2>/tmp/err
status=$?
says "stdin closed, and asked for" 3 'standard input'
for command in "log --log big" "log --json --log big" "log --raw --log big"; do
    # shellcheck disable=SC2086
    mailorigin $command 2>/tmp/err | sed 1q >/dev/null
    is "$command | head: ends by SIGPIPE, silently" "${PIPESTATUS[0]} $(cat /tmp/err)" "141 "
done

# --- full and read-only disks ---------------------------------------------------------------------------------------------
perl -e 'for $i (1 .. 120000) {
    printf "2026-11-21T16:20:31.123456+00:00 web1 sendmail-wrapper[1]: id=01KAMX3F8Q7ZV2N5T0%08d mode=submit uid=%d gid=4079 pid=1 cwd=/var/www/%s/%d ppid=1 rcpts=1 mta=postfix action=deliver\n",
        $i, $i, "x" x 200, $i }' >many
run mailorigin top --log many
says "more origins than fit in memory" 0 -
mount -t tmpfs -o size=1m none /var/tmp
run mailorigin top --log many
says "/var/tmp full" 2 'temporary file in /var/tmp: No space left on device; TMPDIR'
mkdir -m 1777 /tmp/t
run env TMPDIR=/tmp/t mailorigin top --log many
says "TMPDIR elsewhere" 0 -
run env TMPDIR=/tmp/l mailorigin top --log many
says "TMPDIR where nobody may write" 2 'temporary file in /tmp/l: Permission denied; TMPDIR'
is "no temporary file is left" "$(find /var/tmp /tmp/l /tmp/t -name 'mailorigin*')" ""
umount /var/tmp
readonly_var() # COMMAND...: with /var and /tmp read-only
{
    unshare -m sh -c 'mount --bind /var /var && mount -o remount,bind,ro /var && mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && exec "$@"' \
        sh "$@" >/run/out 2>/run/err </dev/null
    status=$?
    cp /run/out /run/err /tmp
}
mkdir -m 1777 /run/t
readonly_var env TMPDIR=/run/t mailorigin top --log many
says "top, a read-only disk" 0 -
readonly_var mailorigin top --log many
says "top, a read-only disk and nowhere to write" 2 'temporary file in /.*tmp: Read-only file system; TMPDIR'
readonly_var mailorigin queue
says "queue, a read-only disk" 0 -
readonly_var mailorigin hold --uid 4080 --yes
says "hold, a read-only disk" 2 'Read-only file system'
is "... and nothing was held" "$(find /var/spool/postfix/hold -type f | wc -l)" 0
rm many

# --- limits ------------------------------------------------------------------------------------------------------------------
for command in "top --log big" "top --log big.gz" "log --log big" "show $id --log big.gz" "clients --log big.gz --access-log access" \
    "trace $id --log big --mail-log maillog" queue direct check; do
    # shellcheck disable=SC2086
    timeout 60 mailorigin $command >/tmp/want 2>/dev/null </dev/null
    want=$?
    # shellcheck disable=SC2086
    (ulimit -v 200000 && run mailorigin $command && exit $status)
    is "$command, 200 MB of address space: the same" $? $want
    # shellcheck disable=SC2086
    (ulimit -n 16 && run mailorigin $command && exit $status)
    is "$command, 16 descriptors: the same" $? $want
done
for i in $(seq 1 40); do cp good "$SW_LOG.$i"; done
is "41 files, a soft limit of 16 descriptors" "$(ulimit -S -n 16; mailorigin top --json | total)" 801
(ulimit -n 16 && run mailorigin top && exit $status)
status=$?
says "41 files, a hard limit" 3 'Too many open files; raise the limit'
is "... each is named once" "$(sort /tmp/err | uniq -d)" ""
rm "$SW_LOG".*

# --- while it reads: rights, signals, a terminal --------------------------------------------------------------------------------
mkfifo in
rights() { perl -ne '/^(Uid|Gid|Groups|CapPrm|CapEff|NoNewPrivs):\s*(.*?)\s*$/ and print "$1 ", join(" ", split /\s+/, $2), ";"' "$1/status"; }
nothing='Uid 65534 65534 65534 65534;Gid 65534 65534 65534 65534;Groups ;CapPrm 0000000000000000;CapEff 0000000000000000;NoNewPrivs 1;'
reading=${nothing//0000000000000000/0000000000000004} # CAP_DAC_READ_SEARCH
# rights of each thread, those that are equal once
rights_of()
{
    local task
    for task in /proc/"$1"/task/*; do rights "$task"; echo; done | sort -u
}
confined() { [ "$(rights_of "$1")" = "$2" ]; }
while read -r want command; do
    # shellcheck disable=SC2086
    mailorigin $command <in >/tmp/out 2>/tmp/err &
    pid=$!
    exec 8>in
    cat good >&8
    [ "$want" = read ] && want=$reading || want=$nothing
    wait_for 20 confined $pid "$want"
    is "$command: reads as nobody" "$(rights_of $pid)" "$want"
    exec 8>&-
    wait $pid
done <<END
- top --log -
- log --log -
- trace $id --mail-log maillog --log -
- trace 4Abc1230xyz --mail-log -
- clients --mail-log=-
read show $id --log -
read show
read web $id --log - --access-log access
read clients --log - --access-log access
END

for command in "top --log -" "log --log -" "clients --mail-log=-"; do
    # shellcheck disable=SC2086
    perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' mailorigin $command <in >/tmp/out 2>/tmp/err &
    pid=$!
    exec 8>in
    cat good >&8
    wait_for 20 confined $pid "$nothing"
    kill -INT $pid
    wait $pid
    is "$command: ends at once with SIGINT" "$? $(cat /tmp/err)" "130 "
    exec 8>&-
done

# Progress comes after a second, on a terminal only, and is wiped.
feed()
{
    cat good
    sleep 1.3
    cat big
} >in
for command in "top --log -" "show $id --log -" "clients --log - --access-log access"; do
    feed &
    script -qec "mailorigin $command <in >/tmp/l/rows" /dev/null </dev/null >/tmp/tty
    wait $!
    like "$command: progress on a terminal" "$(cat /tmp/tty)" $'\rstandard input: [0-9]+ MiB\e\\[K'
    like "... is wiped at the end" "$(cat /tmp/tty)" $'\r\e\\[K\r?\n?$'
    feed &
    # shellcheck disable=SC2086
    mailorigin $command <in >/tmp/out 2>/tmp/err
    wait $!
    is "... none in a pipe" "$(cat /tmp/err)" ""
done
feed &
script -qec "mailorigin log --log - <in" /dev/null </dev/null >/tmp/tty
wait $!
is "log: none between its rows" "$(grep -c MiB /tmp/tty)" 0

# --- usage --------------------------------------------------------------------------------------------------------------------
for command in top log show trace web clients queue hold release drop undo direct check; do
    for option in "--nonsense" "--since never" "--uid x" "--limit -1" "--color blue" "a b c"; do
        case $command:$option in queue:a* | undo:a* | hold:a* | release:a* | drop:a*) continue ;; esac
        # shellcheck disable=SC2086
        run mailorigin $command $option
        [ "$status" = 2 ] && [ -s /tmp/err ] && [ ! -s /tmp/out ] || DIRTY+="$command $option: $status $(cat /tmp/err)"$'\n'
    done
done
is "a wrong word: status 2, said on standard error" "$DIRTY" ""
run mailorigin
says "no command" 2 'usage:'
run mailorigin nonsense
says "no such command" 2 'nonsense is no command; see mailorigin --help'

done_testing
