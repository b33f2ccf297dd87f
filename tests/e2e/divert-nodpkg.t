#!/bin/bash
# sendmail-wrapper-divert where there is no dpkg: enable, an upgrade of the MTA over the wrapper, enable again and
# disable while calls run without pause; states that it did not make; links of Red Hat's alternatives; one directory for
# /usr/sbin and /usr/bin.
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/nodpkg-lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
X=/usr/sbin/sendmail
R=/usr/sbin/sendmail.real
W=/usr/sbin/sendmail-wrapper
list=/var/lib/sendmail-wrapper/diverted
maildrop=/var/spool/postfix/maildrop
run() { "$@" >/tmp/out 2>&1; echo $?; }
output() { cat /tmp/out; }
mode() { stat -c '%a %U:%G' "$1"; }
identity() { stat -c '%i %s %Y %A %U:%G' "$1" 2>&1; }
letter() { tail -c 1 "$1"; } # which upgrade a file is of
left() { find /usr/sbin /usr/lib /usr/bin -maxdepth 1 -name '*sendmail*' ! -name 'sendmail-wrapper*' | sort | paste -sd ' '; }
enables() { is "$1: enable" "$(run $divert enable)" 0 || note "$(output)"; same "$1: the wrapper is in place" $W "${2:-$X}"; }
wrong() # DESC ERE
{
    is "$1: status says it is wrong" "$(run $divert status)" 2
    like "$1: what, and what to do" "$(output)" "WRONG: .*$2"
    unlike "$1: and no fault of its own" "$(output)" "divert: [0-9]+:"
}
refuses() # DESC ERE
{
    local before
    before=$(identity $X; identity $R; left)
    is "$1: refused" "$(run $divert enable)" 1
    like "$1: with the reason" "$(output)" "$2"
    is "$1: nothing changed" "$(identity $X; identity $R; left)" "$before"
}
clean=$(left)

is "enable needs root" "$(run as web274 $divert enable)" 1
is "status: not enabled" "$(run $divert status)" 1
original=$(identity $X)

# --- under load
for name in a b; do
    # shellcheck disable=SC2016 # the inner shell expands
    as web274 bash -c '
        n=0 failed=0
        while [ ! -e /tmp/stop ]; do
            n=$((n + 1))
            printf "To: alice\nSubject: load\n\nload-%s-%s.\n" "$1" "$n" | /usr/sbin/sendmail -t -i 2>>"/tmp/err-$1" \
                || failed=$((failed + 1))
        done
        echo "$n $failed" >"/tmp/result-$1"' caller "$name" &
done
wait_for 30 eval "[ -n \"\$(find $maildrop -type f)\" ]" || bail "the callers do not run"
enables "under load"
note "$(output)"
like "says that there is no dpkg" "$(output)" "note: +no dpkg here: an upgrade of the mail server puts its own file over"
is "the copy is set-gid" "$(mode $X)" "2755 root:sendmail-wrapper"
is "the original is itself" "$(identity $R)" "$original"
is "the list says that it is ours" "$(cat $list)" $X
like "the dialect is known" "$(cat /var/lib/sendmail-wrapper/target)" "^sendmail=$R mta=postfix "
is "status: it works" "$(run $divert status)" 0 || note "$(output)"
like "status says it, too" "$(output)" "no dpkg here"
for letter in m n; do
    upgrade $letter
    wrong "upgraded to $letter" "upgrade has put the mail server's own $X over the wrapper.*enable"
    enables "upgraded to $letter"
    is "the new one is the real one" "$(letter $R)" $letter
    is "status: it works" "$(run $divert status)" 0 || note "$(output)"
done
upgrade x
is "refresh does it as well" "$(run $divert refresh)" 0
is "the new one is the real one" "$(letter $R)" x
is "refresh again" "$(run $divert refresh)" 0
is "not a word" "$(output)" ""
upgrade o
is "disable after an upgrade" "$(run $divert disable)" 0
is "the newest stays" "$(letter $X)" o
is "nothing is left" "$(left)" "$clean"
enables "again"
before=$(identity $R)
is "disable" "$(run $divert disable)" 0
is "the original is back" "$(identity $X)" "$before"
is "nothing is left" "$(left)" "$clean"
nok "not even the list" test -e $list
touch /tmp/stop
wait
read -r calls_a failed_a </tmp/result-a
read -r calls_b failed_b </tmp/result-b
note "$((calls_a + calls_b)) calls, $(record_count) of them recorded"
is "no call failed" $((failed_a + failed_b)) 0 || note "$(sort /tmp/err-* | uniq -c | head)"
is "every message was accepted once" "$(find $maildrop -type f | wc -l)" $((calls_a + calls_b))
ok "both states were called" test "$(record_count)" -gt 5 -a "$(record_count)" -lt $((calls_a + calls_b))

# --- interrupted, and upgraded before the next run
mkdir -p "${list%/*}"
for state in list link; do
    echo $X >$list
    [ "$state" = list ] || ln $X $R
    upgrade p
    enables "interrupted after the $state"
    is "the new one is the real one" "$(letter $R)" p
    is "disable" "$(run $divert disable)" 0
    is "keeps it" "$(letter $X)" p
    is "nothing is left" "$(left)" "$clean"
done
# The package manager comes between two steps of enable: a cp that upgrades first.
mkdir /tmp/race
printf '#!/bin/sh\n[ -e /tmp/raced ] || { touch /tmp/raced; mv -f /tmp/upgrade %s; }\nexec /usr/bin/cp "$@"\n' $X >/tmp/race/cp
chmod +x /tmp/race/cp
upgrade q /tmp/upgrade
sed 's|^PATH=|PATH=/tmp/race:|' $divert >/tmp/divert-race
is "an upgrade in the middle of enable" "$(run sh /tmp/divert-race enable)" 2 # the recorded target is the older one
ok "it came" test -e /tmp/raced
is "is not lost" "$(letter $R)" q
enables "after it"
is "status: it works" "$(run $divert status)" 0

# --- states
rm $list
wrong "the list was lost" "gone from the list of diversions"
enables "the list was lost"
is "it is back" "$(cat $list)" $X
rm $list
is "lost, then disable" "$(run $divert disable)" 0
is "nothing is left" "$(left)" "$clean"
cp /bin/true $R
refuses "a foreign .real" "$R exists already"
rm $R
printf '#!/bin/sh\nexec /usr/lib/sendmail-real "$@"\n' >/tmp/script
chmod 755 /tmp/script
ln $X /tmp/kept
cp --remove-destination /tmp/script $X
refuses "a wrapper made by hand" "$X is a script"
is "status: not enabled" "$(run $divert status)" 1
like "and it is nobody's MTA" "$(output)" "$X is a script that no package installed"
mv -f /tmp/kept $X
enables "the original is back"
cp --remove-destination /tmp/script $X
wrong "a script over the copy" "is not the wrapper"
refuses "a script over the copy" "$X is a script.*the mail server's own"
ok "the way out works as it is written" sh -c "$(grep '^  ln -f' /tmp/out)"
is "enable" "$(run $divert enable)" 0 || note "$(output)"
same "then it is the real one" /tmp/script $R
is "disable" "$(run $divert disable)" 0
same "and stays it" /tmp/script $X
upgrade r
enables "replaced"
rm $X
wrong "the package was removed" "$X does not exist"
refuses "the package was removed" "is gone: was the mail server removed"
ok "the way out if not" sh -c "$(sed -n 's/^  If not: //p' /tmp/out)"
enables "it was not"
rm $X
refuses "the package was removed" "is gone: was the mail server removed"
ok "the way out if it was" sh -c "$(sed -n 's/^  If so: //p' /tmp/out)"
is "leaves nothing" "$(left)" /usr/lib/sendmail
upgrade s
enables "the mail server is back"
is "for PHP as well" "$(run $divert enable --no-divert)" 0
is "one disable for both" "$(run $divert disable)" 0
is "the wrapper has no privilege" "$(mode $W)" "755 root:root"

# --- a user who holds a lock on the file that rpm locks: anybody may read it
mkdir -p /var/lib/rpm
(umask 022 && : >/var/lib/rpm/.rpm.lock)
as web274 flock /var/lib/rpm/.rpm.lock sh -c 'touch /tmp/held; exec sleep 600' &
user=$!
wait_for 10 test -e /tmp/held || bail "no lock: a user"
is "a user holds it: refresh" "$(timeout 30 $divert refresh >/tmp/out 2>&1; echo $?)" 0
unlike "he is not waited for" "$(output)" "package operation"
pkill -u web274 -x sleep
wait $user
rm /var/lib/rpm/.rpm.lock

# --- a package manager at work, by the lock of rpm and of apk
cat >/tmp/rpm-lock <<'PERL'
use Fcntl;
open my $f, "+>", "/var/lib/rpm/.rpm.lock" or die;
my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
fcntl($f, F_SETLK, $lock) or die "lock: $!";
open my $g, ">", "/tmp/go";
while (-e "/tmp/go") { select undef, undef, undef, 0.1 }
PERL
mkdir -p /var/lib/rpm /lib/apk/db
for holder in "perl /tmp/rpm-lock" "flock /lib/apk/db/lock sh -c 'touch /tmp/go; while [ -e /tmp/go ]; do sleep 0.1; done'"; do
    eval "$holder &"
    wait_for 10 test -e /tmp/go || bail "no lock: $holder"
    before=$(identity $X)
    : >/tmp/out
    (run $divert enable >/tmp/status) &
    waiting=$!
    wait_for 20 grep -q "package operation" /tmp/out
    like "a package operation is waited for" "$(output)" "a package operation is running \((perl|flock|sh), process"
    is "nothing has begun" "$(identity $X)" "$before"
    rm -f /tmp/go
    wait $waiting
    is "then the work is done" "$(cat /tmp/status)" 0
    $divert disable >/tmp/out 2>&1
done
wait

# --- another path that goes past it
cp -p $X /usr/bin/sendmail
clean=$(left)
enables "a program of its own at /usr/bin/sendmail"
same "that is diverted too" $W /usr/bin/sendmail
upgrade t /usr/bin/sendmail
wrong "upgraded" "mail server's own /usr/bin/sendmail over the wrapper"
enables "upgraded" /usr/bin/sendmail
is "disable" "$(run $divert disable)" 0
is "nothing is left" "$(left)" "$clean"
is "the newest stays" "$(letter /usr/bin/sendmail)" t
ln -sf ../sbin/sendmail /usr/bin/sendmail
enables "a link at /usr/bin/sendmail"
is "that is left alone" "$(readlink /usr/bin/sendmail)" ../sbin/sendmail
is "disable" "$(run $divert disable)" 0
rm /usr/bin/sendmail

# --- Red Hat's alternatives
mv $X $X.postfix
rm /usr/lib/sendmail
ln -s ../sbin/sendmail.postfix /usr/lib/sendmail.postfix
ln -s $X.postfix /etc/alternatives/mta
ln -s /usr/lib/sendmail.postfix /etc/alternatives/mta-sendmail
alternatives() # what the tool of that name does at any time
{
    ln -sfT /etc/alternatives/mta $X
    ln -sfT /etc/alternatives/mta-sendmail /usr/lib/sendmail
}
alternatives
clean=$(left)
enables "alternatives"
same "at /usr/lib/sendmail too" $W /usr/lib/sendmail
is "the real one is the link" "$(readlink $R)" /etc/alternatives/mta
like "the dialect is known" "$(cat /var/lib/sendmail-wrapper/target)" "mta=postfix "
n=$(record_count)
for path in $X /usr/lib/sendmail; do
    ok "a mail by $path" as web274 sh -c "printf 'Subject: x\n\nx\n' | $path alice"
done
is "both are recorded" "$(record_count)" $((n + 2))
alternatives
wrong "the links were made again" "$X is diverted but is not the wrapper"
like "... mailorigin check, too" "$(mailorigin check)" "$X is diverted but is not the wrapper"
enables "the links were made again"
cp -p $X.postfix $X.other
ln -sfn $X.other /etc/alternatives/mta
wrong "another alternative" "MTA has changed"
enables "another alternative"
rm $X.other
ln -sfn $X.postfix /etc/alternatives/mta
upgrade u $X.postfix
wrong "upgraded behind the link" "MTA has changed"
enables "upgraded behind the link"
is "disable" "$(run $divert disable)" 0
is "nothing is left" "$(left)" "$clean"
is "the links are back" "$(readlink $X) $(readlink /usr/lib/sendmail)" "/etc/alternatives/mta /etc/alternatives/mta-sendmail"
enables "once more"
alternatives
is "disable, the links were made again" "$(run $divert disable)" 0
is "nothing is left" "$(left)" "$clean"

# --- one directory (Fedora 42, Arch)
rm $X /usr/lib/sendmail /usr/lib/sendmail.postfix
mv $X.postfix $X
cp -a /usr/sbin/. /usr/bin/
mv /usr/sbin /usr/sbin.old && ln -s bin /usr/sbin
clean=$(left)
enables "one directory"
is "one path is diverted" "$(cat $list)" $X
is "status: it works" "$(run $divert status)" 0 || note "$(output)"
like "the dialect is known" "$(cat /var/lib/sendmail-wrapper/target)" "^sendmail=$R mta=postfix "
rm /var/lib/sendmail-wrapper/target
ln -s $X /tmp/sendmail-wrapper
like "... without a record of it, too" "$(/tmp/sendmail-wrapper --explain -t -i)" "mta: postfix"
upgrade v /usr/bin/sendmail
wrong "upgraded" "mail server's own $X over the wrapper"
enables "upgraded"
is "disable" "$(run $divert disable)" 0
is "nothing is left" "$(left)" "$clean"
is "the newest stays" "$(letter $X)" v
done_testing
