#!/bin/bash
# kill -9 of the package's maintainer scripts, alone or together with dpkg, at one change after the other that they make:
# sendmail works as it then is, and dpkg --configure -a, or the same command again, completes. Argument: every how many changes
# (5; 1 is all of them).
# bed: package
# shellcheck disable=SC2086,SC2154,SC2034 # paths without blanks; variables of and for package-lib.sh
. /t/e2e/lib.sh
. /t/e2e/package-lib.sh

every=${1:-5}
cd /var/www/web274/htdocs || bail "no web274"
echo "postfix postfix/main_mailer_type select Local only" | debconf-set-selections
install_mta postfix
countdown_prepare
maildrop() { find /var/spool/postfix/maildrop -type f | wc -l; }
accepts()
{
    local before
    before=$(maildrop)
    printf 'To: alice\nSubject: x\n\nx\n' | as web274 $X -t -i >/tmp/err 2>&1 && [ "$(maildrop)" -eq $((before + 1)) ]
}

before=$(our_names)
real_mode=$(mode $X)

absent() { dpkg --purge sendmail-wrapper >/dev/null 2>&1; }
outdated() { dpkg -i --force-downgrade "$older" >/dev/null 2>&1; }
installed() { dpkg -i /tmp/countdown.deb >/dev/null 2>&1; }
removed() { installed && dpkg -r sendmail-wrapper >/dev/null 2>&1; }

# try FIRST DESC START AGAIN COMMAND...: kills COMMAND at change FIRST, FIRST + every, ...; AGAIN completes it.
try()
{
    local n=$1 what=$2 start=$3 again=$4 at bad=0 points=0 with=
    shift 4
    while :; do
        rm -f /tmp/kill-all
        "$start"
        [ -z "$with" ] || touch /tmp/kill-all
        killed "$n" "$@" || break
        at="$what, killed${with} at change $n ($(cat /tmp/killed-at))"
        points=$((points + 1)) n=$((n + every))
        [ -n "$with" ] && with='' || with=' with dpkg'
        accepts || { fail "$at: sendmail works"; note "$(cat /tmp/err)"; bad=1; }
        # shellcheck disable=SC2086 # words
        package ${again:-"$@"} || { fail "$at: completes"; bad=1; }
        case $what in
        remov*) bare || { fail "$at: the mail server has its own"; bad=1; } ;;
        purge*) [ "$(our_names)" = "$before" ] || { fail "$at: nothing is left"; note "$(diff <(echo "$before") <(our_names))"; bad=1; } ;;
        *) [ -z "$(faults "$version")" ] || { fail "$at: all is in place"; note "$(faults "$version")"; bad=1; } ;;
        esac
        accepts || { fail "$at: sendmail works afterwards"; note "$(cat /tmp/err)"; bad=1; }
    done
    is "$what, killed at $points of the changes up to $n" "$bad" 0
    ok "that was not nothing" [ "$points" -gt 0 ]
}

try 1 "install" absent "dpkg --configure -a" dpkg -i /tmp/countdown.deb
try 2 "upgrade" outdated "dpkg --configure -a" dpkg -i /tmp/countdown.deb
try 3 "removal" installed "" dpkg -r sendmail-wrapper
try 4 "purge" installed "" dpkg --purge sendmail-wrapper
try 1 "purge of what was removed" removed "" dpkg --purge sendmail-wrapper
absent
is "nothing of ours is left" "$(diff <(echo "$before") <(our_names))" ""
done_testing
