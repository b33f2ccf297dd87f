# shellcheck shell=bash disable=SC2317,SC2034 # functions that tests call, variables that they use
# package-lib.sh - for package*.t: the Debian package on a machine that has nothing of ours yet, its state, calls of sendmail
# one after the other while packages come and go, and kill -9 in its maintainer scripts. Sourced after lib.sh.
#
#   $this, $older         the package, and one with a lower version and other programs
#   package COMMAND...    offline, stdin closed to questions, ended when it hangs; output in /tmp/apt
#   faults VERSION        all that is not as it should be while that version is in place; nothing if it is
#   machine_state         all files but those that change by themselves, users, groups, dpkg's lists
#   our_names             of these, what has to do with us, without times and inode numbers
#   storm_begin NAME...; storm_goes_on; storm_end MTA
#   killed N COMMAND...   the Nth change that one of our maintainer scripts makes is not made: the script is killed instead
#                         (with `touch /tmp/kill-all` before: with dpkg)

. /t/e2e/differential/setup.sh # setup_MTA

X=/usr/sbin/sendmail
L=/usr/lib/sendmail
W=/usr/sbin/sendmail-wrapper
export DEBIAN_FRONTEND=noninteractive

this=$(echo /deb/sendmail-wrapper_*.deb)
older=$(echo /deb/older/sendmail-wrapper_*.deb)
if [ ! -f "$this" ] || [ ! -f "$older" ]; then bail "no packages in /deb"; fi
version=$(dpkg-deb -f "$this" Version)
old_version=$(dpkg-deb -f "$older" Version)

package() { busily timeout 120 "$@" </dev/null >/tmp/apt 2>&1 || { note "$* says:" "
$(tail -n 8 /tmp/apt)"; return 1; }; }
has_mta() { [ -e "$X" ] || [ -L "$X" ]; }

# --- what is in place ------------------------------------------------------------------------------------------

mode() { stat -L -c '%a %U:%G' "$1" 2>&1; }

faults()
{
    local path said
    [ "$(dpkg-query -W -f '${Version} ${db:Status-Status}' sendmail-wrapper)" = "$1 installed" ] \
        || echo "package: $(dpkg-query -W -f '${Version} ${db:Status-Status}' sendmail-wrapper)"
    [[ $("$W" --version) == *" $1" ]] || echo "$W is $("$W" --version)"
    [ "$(mode $W)" = "2755 root:sendmail-wrapper" ] || echo "$W is $(mode $W)"
    [ "$(dpkg-statoverride --list $W)" = "root sendmail-wrapper 2755 $W" ] || echo "override: $(dpkg-statoverride --list $W)"
    for path in $X $L; do
        [ "$path" = $X ] || [ -e "$path" ] || continue
        cmp -- $W "$path" 2>&1 || continue
        [ "$(mode "$path")" = "2755 root:sendmail-wrapper" ] || echo "$path is $(mode "$path")"
    done
    [ -z "${real_mode:-}" ] || [ "$(mode $X.real)" = "$real_mode" ] || echo "$X.real is $(mode $X.real)"
    said=$(sendmail-wrapper-divert status 2>&1) || echo "status: $said"
    find /usr/sbin /usr/lib -maxdepth 1 -name 'sendmail.*' ! -name sendmail.real
}

# The MTA's own files are where the package put them.
bare() { ! is_copy $X && ! is_copy $L && [ -z "$(dpkg-divert --list '*sendmail*')$(dpkg-statoverride --list $W)" ]; }
is_copy() { [ -f "$1" ] && [ ! -L "$1" ] && head -c 4096 "$1" | grep -qaF 'sendmail-wrapper:'; }

# What else changes by itself, or with any installation of any package, is left out.
machine_state()
{
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/spool -o -path /var/mail \
        -o -path /var/lib/courier -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /home -o -path /root \) -prune \
        -o -type d -printf '%p %m %u:%g\n' \
        -o ! -path '/etc/group*' ! -path '/etc/gshadow*' ! -path /etc/.pwd.lock \( ! -path '/var/log/*' -o -path '/var/log/sendmail-wrapper*' \) \
        -printf '%p %m %u:%g %s %T@ %i %l\n' | sort
    cat /etc/passwd /etc/group
    dpkg-divert --list | sort
    dpkg-statoverride --list
    cat /var/lib/dpkg/triggers/File
    ls /var/lib/dpkg/info /var/lib/dpkg/triggers
    dpkg-query -W -f '${Package} ${Version} ${Status}\n'
}
# Of all that, what has to do with us or with sendmail, without times and inode numbers.
our_names() { machine_state | grep -E 'sendmail-wrapper|/(sbin|lib)/(sendmail|mailorigin)([. ]|$)' | sed -E 's/^(.* .* .* .*) [0-9.]+ [0-9]+ (.*)$/\1 \2/'; }

# --- continuous calls --------------------------------------------------------------------------------------------

# caller NAME: one call after the other. The breath between two is short while something happens to the packages, and long
# otherwise: calls cost much more than what they are to catch. A newline in the pipe ends a breath, /tmp/stop ends all.
cat >/tmp/caller <<'CALLER'
n=0 failed=0
exec 3<>/tmp/breath
while [ ! -e /tmp/stop ]; do
    breath=0.3
    [ ! -e /tmp/busy ] || breath=0.05
    read -r -t $breath -u 3
    n=$((n + 1))
    /usr/sbin/sendmail -t -i >/tmp/out-"$1" 2>&1 <<END || {
From: web274@example.test
To: alice@example.test
Subject: load

load-$1-$n.
END
        { echo "call $n of $1: status $?"; cat /tmp/out-"$1"; } >>"/tmp/failed-$1"
        failed=$((failed + 1))
    }
    echo "$n $failed" >"/tmp/result-$1"
done
CALLER

storm_pids='' storm_wake=''
storm_begin()
{
    local name
    rm -f /tmp/stop /tmp/result-* /tmp/failed-*
    [ -p /tmp/breath ] || mkfifo -m 666 /tmp/breath
    for name; do
        (cd /var/www/web274/htdocs && as web274 bash /tmp/caller "$name") &
        storm_pids+=" $!"
        storm_wake+=$'\n'
    done
    storm_goes_on
}

# busily COMMAND...: the callers make haste meanwhile, from its first moment.
busily()
{
    local status
    : >/tmp/busy
    [ -z "$storm_pids" ] || printf %s "$storm_wake" 1<>/tmp/breath
    "$@"
    status=$?
    rm -f /tmp/busy
    return $status
}

storm_calls()
{
    local file calls sum=0
    for file in /tmp/result-*; do
        [ ! -s "$file" ] || { read -r calls _ <"$file" && sum=$((sum + calls)); }
    done
    echo "$sum"
}
more_calls() { [ "$(storm_calls)" -gt "$1" ]; }
storm_goes_on() { busily wait_for 60 more_calls $(($(storm_calls) + 2)) || bail "the callers do not go on: $(cat /tmp/failed-* /tmp/out-* 2>&1 | tail -n 3)"; }

# storm_end MTA: no call has failed, and the MTA has each accepted message, once.
storm_end()
{
    local calls failed
    touch /tmp/stop
    # shellcheck disable=SC2086 # words
    busily wait $storm_pids
    storm_pids='' storm_wake=''
    calls=$(storm_calls)
    failed=$(cat /tmp/result-* | awk '{n += $2} END {print n + 0}')
    perl -I/t/e2e/differential -MSpool -e 'for (Spool::new_messages($ARGV[0], {})) { print "$1\n" while $_->{text} =~ /^(load-\w+-\d+)\.\r?$/mg }' "$1" >/tmp/kept
    note "$1: $calls calls, $failed failed, $(wc -l </tmp/kept) messages kept"
    is "$1: no call failed" "$failed" 0 || note "$(cat /tmp/failed-* | head -n 10)"
    is "$1: no message is lost or doubled" "$(wc -l </tmp/kept) $(sort -u /tmp/kept | wc -l)" "$calls $calls"
}

# --- kill -9 -------------------------------------------------------------------------------------------------------

# The package with a tool whose commands are counted. What changes something asks the counter first.
counters=/tmp/counters
countdown_prepare()
{
    local command
    mkdir -p $counters
    cat >$counters/.count <<'COUNT'
#!/bin/sh
me=${0##*/}
run() { PATH=/usr/sbin:/usr/bin; export PATH; exec "$me" "$@"; }
[ -f /tmp/kill-at ] || run "$@"
case "$me $*" in dpkg-*" --list"* | dpkg-*" --truename"* | *" "*/run/sendmail-wrapper.*) run "$@" ;; esac # changes nothing
parent() { sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"; }
p=$PPID pids=
[ "$(cat "/proc/$p/comm")" != dpkg ] || run "$@" # dpkg's own
while [ "$p" -gt 1 ] && [ "$(cat "/proc/$p/comm")" != dpkg ]; do
    pids="$pids $p"
    p=$(parent "$p")
done
n=$(($(cat /tmp/step) + 1))
echo "$n" >/tmp/step
[ "$n" = "$(cat /tmp/kill-at)" ] || run "$@"
echo "$me $*" >/tmp/killed-at
rm -f /tmp/kill-at
[ ! -e /tmp/kill-all ] || pids="$p $pids"
kill -9 $pids
COUNT
    chmod +x $counters/.count
    for command in ln mv cp rm chmod chown mkdir dpkg-divert dpkg-statoverride dpkg-trigger addgroup groupadd groupdel; do
        ln -sf .count $counters/$command
    done
    dpkg-deb -R "$this" /tmp/countdown
    sed -i "s|^PATH=|PATH=$counters:|" /tmp/countdown/usr/sbin/sendmail-wrapper-divert
    sed -i "s|^[0-9a-f]*  usr/sbin/sendmail-wrapper-divert$|$(md5sum </tmp/countdown/usr/sbin/sendmail-wrapper-divert | cut -d ' ' -f 1)  usr/sbin/sendmail-wrapper-divert|" \
        /tmp/countdown/DEBIAN/md5sums
    dpkg-deb --root-owner-group -Znone -b /tmp/countdown /tmp/countdown.deb >/dev/null
    rm -rf /tmp/countdown
    grep -qaF "PATH=$counters:" /tmp/countdown.deb || bail "the counted tool counts nothing"
}

# True if the script was killed; the command has failed then.
killed()
{
    echo "$1" >/tmp/kill-at
    echo 0 >/tmp/step
    rm -f /tmp/killed-at
    shift
    { busily env PATH="$counters:$PATH" timeout 120 "$@" </dev/null >/tmp/apt 2>&1; } 2>/dev/null # the shell says "Killed"
    rm -f /tmp/kill-at
    [ -f /tmp/killed-at ] || { echo "only $(cat /tmp/step) changes" >&2; return 1; }
}
