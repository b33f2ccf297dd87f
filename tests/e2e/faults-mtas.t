#!/bin/bash
# A read error in the middle of a message: what each MTA makes of it, without the wrapper and with it. Standard input is
# one that says EIO behind its last byte (callwith --stdin mem). After 3 KB the wrapper itself meets the error, before the
# MTA runs: then nothing is sent. After 400 kB its second process does: then it depends on the MTA, and the list below is the
# table of docs/forced-differences.md. Argument: one MTA.
# bed: packages
. /t/e2e/lib.sh
. /t/e2e/differential/setup.sh
W=/var/tmp/faults
export DEBIAN_FRONTEND=noninteractive
mkdir -p $W
chmod 1777 $W

# message BYTES
message() { { printf 'From: web274@example.test\nTo: alice@example.test\nSubject: broken\n\n'; yes 'a line of the body ............' | head -c "$1"; } >$W/sent; }

install_package()
{
    ! declare -F "preseed_$2" >/dev/null || "preseed_$2" | debconf-set-selections
    timeout 120 apt-get install -q -y --allow-downgrades "/debs/$1"/*.deb >/tmp/apt 2>&1 </dev/null || bail "cannot install $1: $(tail -n 5 /tmp/apt)"
    "setup_$2" 2>/tmp/setup
}

# What the MTA has to send now, and forgets: "nothing", or the number of messages and of lines of the body.
kept()
{
    perl -I/t/e2e/differential -MSpool -e '
        my ($whole, $lines, $part, $how) = (0, 0, "", "sent");
        for (Spool::new_messages($ARGV[0], {})) {
            if ($_->{envelope} =~ /broken off|no Q/) { $part = ", begun and broken off"; next }
            $whole++;
            $how = "bounced" if $_->{text} =~ /^(?:. )?Auto-Submitted:/m;
            $lines += () = $_->{text} =~ /^a line of the body/mg;
        }
        print $whole ? "$whole $how, $lines lines" : "nothing sent", $part;' "$1"
    empty_queue "$1"
}

# broken MTA COMMAND...: how the call ended, and what is kept.
broken()
{
    local mta=$1 end limit=60
    shift
    [ "$mta" != ssmtp ] || limit=8 # it reads on and on
    rm -f $W/report
    HOME=/var/www/web274 callwith --timeout "$limit" --gid "$(id -g web274)" --uid "$(id -u web274)" --cd /var/www/web274/htdocs --report $W/report --out $W/out --err $W/err \
        --stdin "mem:$W/sent" "$@" -t -i </dev/null >/dev/null 2>&1
    end=$(sed -n 's/^end //p' $W/report)
    wait_for 20 no_wrapper_process
    echo "$end; $(kept "$mta")"
}

no_wrapper_process()
{
    local exe
    for exe in /proc/[0-9]*/exe; do
        [ ! "$exe" -ef /usr/sbin/sendmail-wrapper ] || return 1
    done
}

# try PACKAGE MTA "WITHOUT|WITH": what is expected after 400 kB; how many lines were sent is not compared.
try()
{
    local package=$1 mta=$2 direct wrapped
    install_package "$package" "$mta"
    printf 'sendmail = "/usr/sbin/sendmail"\nmta = "%s"\nlog { to = "none" }\n' "$mta" >/etc/sendmail-wrapper.conf
    case $mta in
    msmtp | ssmtp)
        mkdir -p /var/tmp/sink
        sink=$(mail-sink 2525 /var/tmp/sink)
        ;;
    esac
    message 3000
    like "$mta: a whole message is sent" "$(as web274 /usr/sbin/sendmail -t -i <$W/sent 2>&1; kept "$mta")" '^1 sent'
    direct=$(broken "$mta" -- /usr/sbin/sendmail)
    wrapped=$(broken "$mta" --argv0 /usr/sbin/sendmail -- /usr/sbin/sendmail-wrapper)
    note "$mta, 3 KB: $direct | $wrapped"
    is "$mta: EIO after 3 KB: nothing is sent, and the caller knows" "$wrapped" "exit 74; nothing sent"
    message 400000
    ok "$mta: 400 kB through the wrapper" env HOME=/var/www/web274 callwith --gid "$(id -g web274)" --uid "$(id -u web274)" --stdin pipe --send-file $W/sent \
        --argv0 /usr/sbin/sendmail -- /usr/sbin/sendmail-wrapper -t -i
    wait_for 20 no_wrapper_process
    is "$mta: it is sent whole" "$(kept "$mta")" "1 sent, 12500 lines"
    direct=$(broken "$mta" -- /usr/sbin/sendmail)
    wrapped=$(broken "$mta" --argv0 /usr/sbin/sendmail -- /usr/sbin/sendmail-wrapper)
    note "$mta, 400 kB: $direct | $wrapped"
    is "$mta: EIO after 400 kB" "${direct/, [0-9]* lines/}|${wrapped/, [0-9]* lines/}" "$3"
    case $mta in
    msmtp | ssmtp) kill "$sink" ;;
    postfix) stop_postfix ;;
    opensmtpd) pkill -x smtpd ;;
    esac
}

while read -r package mta expected; do
    [ $# -eq 0 ] || [ "$1" = "$mta" ] || continue
    try "$package" "$mta" "$expected"
done <<'END'
nullmailer nullmailer exit 1; 1 sent|signal TERM; 1 sent
msmtp-mta msmtp exit 74; nothing sent, begun and broken off|signal TERM; nothing sent, begun and broken off
ssmtp ssmtp hung; nothing sent, begun and broken off|signal TERM; nothing sent, begun and broken off
esmtp-run esmtp exit 70; nothing sent, begun and broken off|signal TERM; nothing sent, begun and broken off
dma dma exit 0; 1 sent|signal TERM; nothing sent
exim4-daemon-light exim exit 1; 1 bounced|exit 1; 1 bounced
opensmtpd opensmtpd exit 69; nothing sent|signal TERM; nothing sent
postfix postfix exit 75; nothing sent|signal TERM; nothing sent
courier-mta courier exit 0; 1 sent|signal KILL; 1 sent
sendmail-bin sendmail exit 0; 1 sent|signal KILL; nothing sent
END
done_testing
