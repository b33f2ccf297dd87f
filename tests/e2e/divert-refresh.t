#!/bin/bash
# What maintainer scripts call: refresh and `disable --package`. They follow the administrator's last word, say nothing
# when there is nothing to do, and are never kept waiting by an administrator's own call.
# bed: postfix
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
X=/usr/sbin/sendmail
R=/usr/sbin/sendmail.real
W=/usr/sbin/sendmail-wrapper
choice=/var/lib/sendmail-wrapper/choice
run() { "$@" >/tmp/out 2>&1; echo $?; }
output() { cat /tmp/out; }
mode() { stat -c '%a %U:%G' "$1"; }
identity() { stat -c '%i %s %Y %A %U:%G' "$1" 2>&1; }
snapshot()
{
    identity $X
    identity $W
    find /usr/sbin /usr/lib -maxdepth 1 -name '*sendmail*' | sort
    dpkg-divert --list
    dpkg-statoverride --list
}
refreshes() # DESC ERE: does something and says what
{
    is "$1: refresh" "$(run $divert refresh)" 0
    like "$1: says what was done" "$(output)" "$2"
    is "$1: status" "$(run $divert status)" 0 || note "$(output)"
    quiet "$1: again"
}
quiet() # DESC
{
    local before
    before=$(snapshot)
    is "$1: refresh" "$(run $divert refresh)" 0
    is "$1: not a word" "$(output)" ""
    is "$1: nothing changed" "$(snapshot)" "$before"
}
in_front="in front of +$X of postfix, now $R"
clean=$(snapshot)

is "refresh needs root" "$(run as web274 $divert refresh)" 1
is "usage" "$(run $divert refresh now)" 64
is "disable --package with nothing in place" "$(run $divert disable --package)" 0
is "not a word" "$(output)" ""
refreshes "fresh" "$in_front"
nok "that is nobody's decision" test -e $choice

# --- after something happened
postfix set-permissions >/dev/null 2>&1
refreshes "the set-gid bit was stripped" "$in_front"
is "it is back" "$(mode $X)" "2755 root:sendmail-wrapper"
ln $X /var/www/kept
printf x >>$W
refreshes "the wrapper was upgraded" "$in_front"
same "the copy is the new one" $W $X
is "a link that a user kept has no set-gid bit" "$(stat -c %a /var/www/kept)" 755
touch -d '2001-02-03' $R
refreshes "the MTA was upgraded" "$in_front"
like "the target is recorded" "$(cat /var/lib/sendmail-wrapper/target)" "mtime=$(stat -c %Y $R)"
echo 'nonsense = 1' >>"$SW_CONFIG"
is "a fault that is none of an upgrade's" "$(run $divert refresh)" 3
like "is told" "$(output)" "WRONG: .*sendmail-wrapper.conf:[0-9]+"
sed -i '$d' "$SW_CONFIG"

# --- what goes wrong in the shell itself is not taken for that
mv /var/lib/sendmail-wrapper/lock /tmp/lock
mkdir /var/lib/sendmail-wrapper/lock
like "a lock that cannot be opened: refresh fails" "$(run $divert refresh)" '^[12]$'
rmdir /var/lib/sendmail-wrapper/lock
mv /tmp/lock /var/lib/sendmail-wrapper/lock

# --- a customer who is nobody (PHP in the web server) ends whatever runs as nobody
setpriv --reuid=65534 --regid=65534 --clear-groups -- perl -e 'kill(9, -1), select(undef, undef, undef, 0.0005) for 1 .. 60000' &
killer=$!
is "nobody is killed: status" "$(run $divert status)" 0
like "the check was made all the same" "$(output)" "checked as an unprivileged user"
kill $killer
wait $killer

# --- no MTA
mv $R /tmp/original
is "the MTA is gone: refresh" "$(run $divert refresh)" 0
like "says so" "$(output)" "no mail server yet"
nok "no sendmail that is none" test -e $X
is "no diversion" "$(dpkg-divert --list '*sendmail')" ""
is "refresh again" "$(run $divert refresh)" 0
is "status: not enabled" "$(run $divert status)" 1
like "says why" "$(output)" "no mail server here"
mv /tmp/original $X
refreshes "an MTA is there" "$in_front"

# --- removal, and the administrator's word
is "disable --package" "$(run $divert disable --package)" 0
is "not a word" "$(output)" ""
is "the original is back" "$(stat -c %i $X) $(find /usr/sbin -name 'sendmail.*')" "$(echo "$clean" | cut -d ' ' -f 1 | head -n 1) "
refreshes "installed again" "$in_front"
is "disable" "$(run $divert disable)" 0
is "is kept" "$(cat $choice)" off
quiet "disabled by the administrator"
is "disable --package" "$(run $divert disable --package)" 0
quiet "removed and installed again"
is "status: not enabled" "$(run $divert status)" 1
like "says who did it" "$(output)" "administrator has disabled it"
is "enable" "$(run $divert enable)" 0
is "is kept" "$(cat $choice)" divert
echo off >$choice # a disable that was killed after its first step
is "disable was killed: refresh" "$(run $divert refresh)" 0
is "completes it" "$(find /usr/sbin -name 'sendmail.*')" ""
is "enable --no-divert" "$(run $divert enable --no-divert)" 0
is "is kept" "$(cat $choice)" php
chmod 755 $W
is "refresh" "$(run $divert refresh)" 0
is "is for PHP alone" "$(mode $W) $(find /usr/sbin -name 'sendmail.*')" "2755 root:sendmail-wrapper "
quiet "for PHP"
is "disable --package" "$(run $divert disable --package)" 0
is "takes that back" "$(mode $W)" "755 root:root"
is "enable" "$(run $divert enable)" 0
is "disable --package" "$(run $divert disable --package)" 0

# --- something of the administrator's is in the way
dpkg-divert --quiet --local --no-rename --divert $X.other --add $X
before=$(snapshot)
is "a diversion of his: refresh" "$(run $divert refresh)" 3
like "says what" "$(output)" "already diverted to $X.other by the administrator"
is "nothing changed" "$(snapshot)" "$before"
dpkg-divert --quiet --local --no-rename --remove $X
cp /bin/true $R
is "a .real of his: refresh" "$(run $divert refresh)" 3
rm $R
if chattr +i $X 2>/dev/null; then
    is "but a failure is one: refresh" "$(run $divert refresh)" 1
    chattr -i $X
else
    skip "but a failure is one: refresh" "this file system has no immutable files"
fi

# --- an administrator's call waits for dpkg, whose maintainer script calls us
cat >/tmp/dpkg-lock <<'PERL'
use Fcntl;
open my $f, "+<", "/var/lib/dpkg/lock" or die;
my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
fcntl($f, F_SETLK, $lock) or die "lock: $!";
open my $g, ">", "/tmp/go";
until (-e "/tmp/waits") { select undef, undef, undef, 0.05 }
exit(system(@ARGV) >> 8);
PERL
perl /tmp/dpkg-lock sh -c "$divert refresh >/tmp/refresh 2>&1; echo \$? >>/tmp/refresh" &
dpkg=$!
wait_for 10 test -e /tmp/go || bail "no dpkg lock"
$divert enable >/tmp/enable 2>&1 &
admin=$!
wait_for 20 grep -q "package operation" /tmp/enable
touch /tmp/waits
wait $dpkg
is "the maintainer script succeeds" "$(tail -n 1 /tmp/refresh)" 0
unlike "and did not wait for the one that waits" "$(cat /tmp/refresh)" "another run|package operation"
wait $admin
is "and then the administrator" $? 0
is "status" "$(run $divert status)" 0
is "disable" "$(run $divert disable)" 0

# --- a package that owns the wrapper: its set-gid bit is registered
mkdir -p /tmp/own/DEBIAN /tmp/own/usr/sbin
cp $W /tmp/own/usr/sbin/
printf '%s\n' 'Package: sendmail-wrapper' 'Version: 1' 'Architecture: amd64' 'Maintainer: x <x@example.test>' \
    'Description: x' >/tmp/own/DEBIAN/control
dpkg-deb --root-owner-group -Znone -b /tmp/own /tmp/own.deb >/dev/null
ok "install a package" dpkg -i /tmp/own.deb
quiet "disabled"
rm $choice
refreshes "our package" "$in_front"
is "owner and mode are registered" "$(dpkg-statoverride --list $W)" "root sendmail-wrapper 2755 $W"
is "and set" "$(mode $W)" "2755 root:sendmail-wrapper"
is "the copy is the same" "$(mode $X)" "2755 root:sendmail-wrapper"
ok "reinstall" dpkg -i /tmp/own.deb
quiet "reinstalled"
is "disable" "$(run $divert disable)" 0
is "nothing is registered" "$(dpkg-statoverride --list $W)" ""
is "no set-gid bit" "$(mode $W)" "755 root:root"
is "enable" "$(run $divert enable)" 0
is "owner and mode are registered" "$(dpkg-statoverride --list $W)" "root sendmail-wrapper 2755 $W"
is "disable --package" "$(run $divert disable --package)" 0
is "nothing is registered" "$(dpkg-statoverride --list $W)" ""
dpkg-statoverride --update --add root adm 750 $W
is "the administrator's own override: refresh" "$(run $divert refresh)" 0 || note "$(output)"
is "is respected" "$(mode $W) $(dpkg-statoverride --list $W)" "750 root:adm root adm 750 $W"
is "the copy is set-gid" "$(mode $X)" "2755 root:sendmail-wrapper"
is "enable --no-divert" "$(run $divert enable --no-divert)" 1
like "says what is in the way" "$(output)" "dpkg-statoverride --remove $W"
is "disable --package" "$(run $divert disable --package)" 0
is "leaves it" "$(dpkg-statoverride --list $W)" "root adm 750 $W"
dpkg-statoverride --remove $W
chown root:root $W
chmod 755 $W
echo "/usr/sbin/sendmail sendmail-wrapper/noawait" >>/var/lib/dpkg/triggers/File
is "enable" "$(run $divert enable)" 0
chmod 755 $X
is "stripped, with a trigger" "$(run $divert status)" 2
like "says who mends it" "$(output)" "the package mends it with the next upgrade"
done_testing
