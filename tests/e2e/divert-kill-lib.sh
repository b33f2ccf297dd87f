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
read -r n </tmp/step
read -r last </tmp/kill-at
n=$((n + 1))
echo "$n" >/tmp/step
if [ "$n" = "$last" ]; then
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
shopt -s nullglob dotglob
snapshot()
{
    stat -c '%n %i %s %Y %A %U:%G' /usr/sbin/sendmail /usr/sbin/sendmail-wrapper
    echo /usr/sbin/*sendmail* /usr/lib/*sendmail*
    ! command -v dpkg >/dev/null || {
        dpkg-divert --list
        dpkg-statoverride --list
    }
}
verified() { ! command -v dpkg >/dev/null || [ -z "$(dpkg -V postfix)" ]; }

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

printf 'To: alice\nSubject: x\n\nx\n' >/tmp/message
caller=(setpriv --reuid web274 --regid web274 --init-groups env -i PATH=/usr/bin:/bin LC_ALL=C)

# A mail from an unprivileged caller is accepted, and once.
accepts()
{
    local before after
    before=(/var/spool/postfix/maildrop/*)
    "${caller[@]}" /usr/sbin/sendmail -t -i </tmp/message 2>/tmp/err || return 1
    after=(/var/spool/postfix/maildrop/*)
    [ ${#after[@]} -eq $((${#before[@]} + 1)) ]
}

original=$(snapshot)
originals=$(stat -c %i%A /usr/sbin/sendmail /usr/sbin/sendmail-wrapper)
untouched() { [ "$(stat -c %i%A /usr/sbin/sendmail /usr/sbin/sendmail-wrapper)" = "$originals" ]; }

# Of the following, those with an $at or $bad are try's, and report to it.
completes() # COMMAND
{
    "$divert" "$1" >/tmp/out 2>&1 || { fail "$at: completes"; bad=1; note "$(cat /tmp/out)"; }
    accepts || { fail "$at: sendmail works afterwards"; bad=1; note "$(cat /tmp/err)"; }
    if [ "$1" = enable ]; then
        "$divert" status >/tmp/out 2>&1 || { fail "$at: status"; bad=1; note "$(cat /tmp/out)"; }
        left=$(echo /usr/sbin/sendmail.* /usr/lib/sendmail.*)
        [ "$left" = /usr/sbin/sendmail.real ] || { fail "$at: nothing is left over"; bad=1; note "$left"; }
    elif [ "$(snapshot)" != "$original" ]; then
        fail "$at: all is as it was"
        bad=1
        note "$(diff <(echo "$original") <(snapshot))"
    fi
}

works_in_between() { accepts || { fail "$at: sendmail works in between"; bad=1; note "$(cat /tmp/err)"; }; }

# disable, each time killed at the next of its steps while there are any, then completed by disable.
taken_back=0 took_all=no
take_back()
{
    at="$at, then disable"
    if [ "$took_all" = yes ]; then
        :
    elif killed $((taken_back + 1)) disable; then
        taken_back=$((taken_back + 1))
        at="$at killed at step $taken_back ($(cat /tmp/killed-at)), then disable"
        works_in_between
    else
        took_all=yes
    fi
    completes disable
}

fresh() # as on a machine that never had it: the group and the directories are steps too
{
    untouched || take_back
    rm -rf /var/lib/sendmail-wrapper /var/log/sendmail-wrapper
    groupdel sendmail-wrapper 2>/dev/null
}

enabled()
{
    ! cmp -s /usr/sbin/sendmail-wrapper /usr/sbin/sendmail || return 0 # by the one before
    fresh
    "$divert" enable >/dev/null 2>&1
}
outdated() # the copy in place is of another version, an upgrade refreshes it
{
    enabled
    printf x >>/usr/sbin/sendmail
}
php() { fresh; "$divert" enable --no-divert >/dev/null 2>&1; }

# try WHAT START STEPS [SECONDS]: kills `WHAT` at each step, from the state that the function START makes, then runs SECONDS:
# enable, disable, both (each from a new start; the default), or with '' one of them, in turn. STEPS is how many there must
# be at least: fewer would mean that the counters do not count.
try()
{
    local what=$1 start=$2 steps=$3 seconds=${4-enable disable} n=0 second left bad=0 at=start
    while :; do
        n=$((n + 1))
        [ -n "${4-both}" ] || seconds=$([ $((n % 2)) = 1 ] && echo enable || echo disable)
        for second in $seconds; do
            "$start"
            killed "$n" "$what" || break 2
            at="$what killed at step $n ($(cat /tmp/killed-at)), then $second"
            works_in_between
            completes "$second"
        done
    done
    fresh
    is "$what, from $start: all is as it was" "$(snapshot)" "$original"
    is "$what, from $start, killed at each of $((n - 1)) steps, then completed by ${4:-either}" "$bad" 0
    ok "that was all of them" test "$n" -gt "$steps"
    ok "the other files of Postfix are whole" verified
}

# The rest of the steps of disable.
take_back_all()
{
    local bad=0 at=start left
    while [ "$took_all" = no ]; do
        enabled
        take_back
    done
    is "disable, killed at each of $taken_back steps, then completed by disable" "$bad" 0
    ok "that was all of them" test "$taken_back" -ge 8
}
