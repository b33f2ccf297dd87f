#!/bin/bash
# sendmail-wrapper-divert on each MTA of Debian: every usual path leads to the wrapper, a reinstall is survived, disable
# leaves everything as it was. Argument: one MTA's package; without: all, each in turn.
# bed: packages
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
X=/usr/sbin/sendmail
W=/usr/sbin/sendmail-wrapper
export DEBIAN_FRONTEND=noninteractive
run() { "$@" >/tmp/out 2>&1; echo $?; }
package() { timeout 120 "$@" </dev/null >/tmp/apt 2>&1 || { note "$(tail -n 5 /tmp/apt)"; return 1; }; }
# snapshot PACKAGE ['']: with '' without inode numbers, which a reinstall changes
snapshot()
{
    find /usr/sbin /usr/lib /usr/libexec /usr/bin -maxdepth 2 ! -type d \( -name '*sendmail*' -o -name mailq -o -name newaliases \) \
        -printf "%p ${2-%i} %s %M %u:%g %T@ %l\n" | sort
    dpkg-divert --list
    dpkg-statoverride --list
    dpkg -V "$1" | grep -v ' c '
}

# Calls of each path without pause, while the wrapper comes and goes. With whatever status the MTA answers -V, it was
# found and run, unless the status is the shell's 126 or 127, or the wrapper's own 69.
switch_under_load()
{
    local path round
    rm -f /tmp/stop /tmp/failed
    for path in $X /usr/lib/sendmail; do
        # shellcheck disable=SC2016 # the inner shell expands
        as web274 bash -c '
            while [ ! -e /tmp/stop ]; do
                "$1" -V </dev/null >/dev/null 2>"/tmp/said$$"
                case $?$(grep -c sendmail-wrapper /tmp/said$$) in 69[1-9] | 126* | 127*) cat /tmp/said$$ >>/tmp/failed ;; esac
            done' caller "$path" &
    done
    for round in 1 2 3; do
        is "$1: enable under load, round $round" "$(run $divert enable)" 0
        is "$1: disable under load, round $round" "$(run $divert disable)" 0
    done
    touch /tmp/stop
    wait
    nok "$1: no call failed" test -e /tmp/failed
}

# try PACKAGE DIALECT MODE OWNER: the latter two are the real program's
try()
{
    local mta=$1 dialect=$2 mode="$3 $4" before n path state
    ok "$mta: install" package apt-get install -q -y --allow-downgrades "/debs/$mta"/*.deb || return
    before=$(snapshot "$mta" '')
    is "$mta: enable" "$(run $divert enable)" 0 || note "$(cat /tmp/out)"
    like "$mta: the target" "$(cat /var/lib/sendmail-wrapper/target)" "^sendmail=$X.real mta=$dialect dev="
    is "$mta: the real one's mode" "$(stat -L -c '%a %U:%G' "$X.real")" "$mode"
    for path in $X /usr/lib/sendmail; do
        [ -e "$path" ] || continue
        same "$mta: $path is the wrapper" $W "$path"
        n=$(record_count)
        as web274 timeout 20 "$path" -V </dev/null >/dev/null 2>&1
        is "$mta: a call of $path is recorded" "$(record_count)" $((n + 1))
    done
    is "$mta: status" "$(run $divert status)" 0 || note "$(cat /tmp/out)"
    ok "$mta: reinstall" package dpkg -i "/debs/$mta/${mta}"_*.deb
    same "$mta: the wrapper stays" $W $X
    is "$mta: and its mode" "$(stat -c '%a %U:%G' $X)" "2755 root:sendmail-wrapper"
    is "$mta: the real one's mode" "$(stat -L -c '%a %U:%G' "$X.real")" "$mode"
    is "$mta: enable again" "$(run $divert enable)" 0
    is "$mta: disable" "$(run $divert disable)" 0
    is "$mta: nothing is left" "$(snapshot "$mta" '')" "$before"
    state=$(snapshot "$mta")
    case $mta in
    exim4-daemon-light | sendmail-bin) # links, and two paths
        switch_under_load "$mta"
        ;;
    *)
        is "$mta: enable" "$(run $divert enable)" 0
        is "$mta: disable" "$(run $divert disable)" 0
        ;;
    esac
    is "$mta: the very same files" "$(snapshot "$mta")" "$state"
}

# shellcheck disable=SC2086 # words
while read -r mta rest; do
    [ $# -eq 0 ] || [ "$1" = "$mta" ] || continue
    try "$mta" $rest
done <<'END'
nullmailer nullmailer 755 root:root
msmtp-mta msmtp 755 root:root
ssmtp ssmtp 2755 root:mail
esmtp-run esmtp 755 root:root
dma dma 2755 root:mail
exim4-daemon-light exim 4755 root:root
opensmtpd opensmtpd 2755 root:opensmtpq
postfix postfix 755 root:root
courier-mta courier 2755 root:courier
sendmail-bin sendmail 2755 root:smmsp
END
done_testing
