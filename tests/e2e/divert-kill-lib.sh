# shellcheck shell=bash
# divert-kill-lib.sh - for divert-kill-*.t: kill -9 at every step of sendmail-wrapper-divert. sendmail works as it then
# is, and a second run of either command completes. Sourced after lib.sh.
#
# The steps are the commands that change something. A copy of the tool gets a PATH with counters in front of those
# commands; the counter that reaches the chosen number kills the tool's process group before its command runs.

divert=/usr/sbin/sendmail-wrapper-divert
counters=/tmp/counters
mkdir "$counters"
cat >"$counters/.count" <<'COUNT'
#!/bin/sh
case "${0##*/} $*" in
dpkg-*" --list"* | dpkg-*" --truename"* | */run/sendmail-wrapper.*) exec "/usr/bin/${0##*/}" "$@" ;; # changes nothing
esac
n=$(($(cat /tmp/step) + 1))
echo "$n" >/tmp/step
if [ "$n" = "$(cat /tmp/kill-at)" ]; then
    echo "${0##*/} $*" >/tmp/killed-at
    kill -9 0
fi
exec "/usr/bin/${0##*/}" "$@"
COUNT
chmod +x "$counters/.count"
for command in ln mv cp rm chmod chown mkdir dpkg-divert dpkg-statoverride; do
    ln -s .count "$counters/$command"
done
# groupadd lies in /usr/sbin
sed 's|/usr/bin/|/usr/sbin/|' "$counters/.count" >"$counters/groupadd"
chmod +x "$counters/groupadd"
sed "s|^PATH=|PATH=$counters:|" "$divert" >/tmp/divert-counted
ok "the counted copy differs" grep -q "^PATH=$counters" /tmp/divert-counted

# The state of what is not ours: must be the same before and after.
snapshot()
{
    stat -c '%n %i %s %Y %A %U:%G' /usr/sbin/sendmail /usr/sbin/sendmail-wrapper
    find /usr/sbin /usr/lib -maxdepth 1 -name '*sendmail*' | sort
    ! command -v dpkg >/dev/null || {
        dpkg-divert --list
        dpkg-statoverride --list
        dpkg -V postfix
    }
}

# killed N COMMAND: runs the counted tool, killed at step N. 1 if it came to its end before.
killed()
{
    echo "$1" >/tmp/kill-at
    echo 0 >/tmp/step
    rm -f /tmp/killed-at
    # shellcheck disable=SC2086 # command and option
    { (setsid -w sh /tmp/divert-counted $2 >/tmp/out 2>&1); } 2>/dev/null
    [ -f /tmp/killed-at ]
}

maildrop() { find /var/spool/postfix/maildrop -type f | wc -l; }

# A mail from an unprivileged caller is accepted, and once.
accepts()
{
    local before
    before=$(maildrop)
    printf 'To: alice\nSubject: x\n\nx\n' | as web274 /usr/sbin/sendmail -t -i 2>/tmp/err || return 1
    [ "$(maildrop)" -eq $((before + 1)) ]
}

fresh() # as on a machine that never had it: the group and the directories are steps too
{
    [ "$(stat -c %i%A /usr/sbin/sendmail /usr/sbin/sendmail-wrapper)" = "$originals" ] || "$divert" disable >/dev/null 2>&1
    rm -rf /var/lib/sendmail-wrapper /var/log/sendmail-wrapper
    groupdel sendmail-wrapper 2>/dev/null
}

original=$(snapshot)
originals=$(stat -c %i%A /usr/sbin/sendmail /usr/sbin/sendmail-wrapper)

# try WHAT START STEPS ['']: kills `WHAT` at each step, from the state that the function START makes, then runs both
# commands (with '' one of them, in turn). STEPS is how many there must be at least: fewer would mean that the counters
# do not count.
try()
{
    local what=$1 start=$2 steps=$3 n=0 second left bad=0 at seconds="enable disable"
    while :; do
        n=$((n + 1))
        if [ $# -gt 3 ]; then
            seconds=$([ $((n % 2)) = 1 ] && echo enable || echo disable)
        fi
        for second in $seconds; do
            "$start"
            killed "$n" "$what" || break 2
            at="$what killed at step $n ($(cat /tmp/killed-at)), then $second"
            accepts || { fail "$at: sendmail works in between"; bad=1; note "$(cat /tmp/err)"; }
            "$divert" "$second" >/tmp/out 2>&1 || { fail "$at: completes"; bad=1; note "$(cat /tmp/out)"; }
            accepts || { fail "$at: sendmail works afterwards"; bad=1; }
            if [ "$second" = enable ]; then
                "$divert" status >/tmp/out 2>&1 || { fail "$at: status"; bad=1; note "$(cat /tmp/out)"; }
                left=$(find /usr/sbin /usr/lib -maxdepth 1 -name 'sendmail.*' ! -name sendmail.real)
                [ -z "$left" ] || { fail "$at: nothing is left over"; bad=1; note "$left"; }
                "$divert" disable >/tmp/out 2>&1
            fi
            [ "$(snapshot)" = "$original" ] || {
                fail "$at: all is as it was"
                bad=1
                note "$(diff <(echo "$original") <(snapshot))"
            }
        done
    done
    is "$what, from $start, killed at each of $((n - 1)) steps, then completed by either" "$bad" 0
    ok "that was all of them" test "$n" -gt "$steps"
}

enabled() { fresh; "$divert" enable >/dev/null 2>&1; }
outdated() # the copy in place is of another version, an upgrade refreshes it
{
    enabled
    printf x >>/usr/sbin/sendmail
}
php() { fresh; "$divert" enable --no-divert >/dev/null 2>&1; }
