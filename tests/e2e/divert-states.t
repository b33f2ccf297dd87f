#!/bin/bash
# sendmail-wrapper-divert in states that it did not make, or not to the end: it either understands them or refuses with
# a way out, and then has changed nothing.
# bed: postfix
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
X=/usr/sbin/sendmail
R=/usr/sbin/sendmail.real
W=/usr/sbin/sendmail-wrapper
sums=/var/lib/dpkg/info/postfix.md5sums
mode() { stat -c '%a %U:%G' "$1"; }
run() { "$@" >/tmp/out 2>&1; echo $?; }
output() { cat /tmp/out; }
identity() { stat -c '%i %s %Y %A %U:%G' "$1" 2>&1; }
cp -a $X /tmp/original
cp -a $W /tmp/wrapper
original=$(identity $X)

# What there is of ours and the MTA's.
snapshot()
{
    identity $X
    identity $W
    find /usr/sbin /usr/lib -maxdepth 1 -name '*sendmail*' | sort
    dpkg-divert --list
    dpkg-statoverride --list
}
clean=$(snapshot)

refuses() # DESC ERE [COMMAND]: says the words; nothing changes
{
    local before
    before=$(snapshot)
    # shellcheck disable=SC2086 # command and option
    is "$1: refused" "$(run $divert ${3:-enable})" 1
    like "$1: with the reason" "$(output)" "$2"
    is "$1: nothing changed" "$(snapshot)" "$before"
}
enables() { is "$1: enable" "$(run $divert enable)" 0 || note "$(output)"; same "$1: the wrapper is in place" $W $X; }
wrong() # DESC ERE
{
    is "$1: status says it is wrong" "$(run $divert status)" 2
    like "$1: what, and what to do" "$(output)" "WRONG: .*$2"
    unlike "$1: and no fault of its own" "$(output)" "divert: [0-9]+:"
}
disables() # DESC: back to the state before
{
    is "$1: disable" "$(run $divert disable)" 0 || note "$(output)"
    is "$1: all is as it was" "$(snapshot)" "$clean" || note "$(diff <(echo "$clean") <(snapshot))"
}
works() { ok "$1: sendmail works" as web274 sh -c "printf 'Subject: x\n\nx\n' | $X alice"; }
d_add() { dpkg-divert --quiet --package sendmail-wrapper --no-rename --divert $R --add $X; }
d_remove() { dpkg-divert --quiet --package sendmail-wrapper --no-rename --remove $X; }
both() # DESC FUNCTION: enable and, from the same state, disable
{
    "$2"
    enables "$1"
    disables "$1"
    "$2"
    disables "$1"
}

# --- halves
d_only() { d_add; }
both "a diversion without .real" d_only
link_only() { ln $X $R; }
link_only
enables ".real without a diversion, the same file"
disables ".real without a diversion, the same file"
lost() { $divert enable >/tmp/out 2>&1; d_remove; }
lost
wrong "the diversion was removed by hand" "diversion of $X is gone.*enable"
both "the diversion was removed by hand" lost
removed() { $divert enable >/tmp/out 2>&1; rm $X; }
removed
wrong "the copy was removed" "$X does not exist"
both "the copy was removed" removed
by_hand() { divert_by_hand >/dev/null; }
both "put in place without the tool" by_hand
leftovers()
{
    $divert enable >/tmp/out 2>&1
    cp -a $X $X.sw-copy
    ln $X $X.sw-old
    ln $R $X.sw-link
}
both "leftovers of a killed run" leftovers
is "the real sendmail has its mode" "$(identity $X)" "$original"

# --- refused
cp /bin/true $R
refuses "a foreign .real" "$R exists already"
rm $R
printf '#!/bin/sh\nexec /usr/lib/sendmail-real "$@"\n' >/tmp/script
chmod 755 /tmp/script
ln $X /tmp/kept
cp --remove-destination /tmp/script $X
refuses "a wrapper made by hand" "$X is a script.*reinstall postfix"
mv -f /tmp/kept $X
dpkg-divert --quiet --local --rename --divert $X.distrib --add $X
cp /tmp/script $X
refuses "a local diversion" "already diverted to $X.distrib by the administrator"
way=$(grep -E '^  (cp|rm) ' /tmp/out)
ok "the way out works as it is written: $way" sh -c "$way"
is "all is as it was" "$(snapshot)" "$clean"
dpkg-divert --quiet --package other --no-rename --divert $X.other --add $X
refuses "another package's diversion" "already diverted to $X.other by the package other"
dpkg-divert --quiet --package other --no-rename --remove $X
groupadd --system sendmail-wrapper 2>/dev/null
dpkg-statoverride --add root sendmail-wrapper 2755 $X
refuses "our group in a statoverride" "dpkg-statoverride --remove $X"
dpkg-statoverride --remove $X
chown web274 $W
refuses "the wrapper is a user's" "not root's own"
chown root $W
chmod 777 /usr/sbin
refuses "everyone may write beside the wrapper" "not root's own"
chmod 755 /usr/sbin
cp /tmp/script $W
refuses "the wrapper is something else" "is not the wrapper"
cp /tmp/wrapper $W
head -c 4500 /tmp/wrapper >$W
refuses "the wrapper does not run" "does not run on this machine"
refuses "nor for PHP" "does not run on this machine" "enable --no-divert"
cat /tmp/wrapper >$W
touch -r /tmp/wrapper $W
mount --bind /usr/sbin /usr/sbin
mount -o remount,bind,ro /usr/sbin
refuses "a read-only file system" "not writable"
umount /usr/sbin
if chattr +i $X 2>/dev/null; then
    refuses "an immutable sendmail" "Is it immutable\? See: lsattr $X"
    chattr -i $X
    $divert enable >/tmp/out 2>&1
    chattr +i $X
    refuses "an immutable copy" "Is it immutable\? See: lsattr $X" disable
    works "an immutable copy"
    chattr -i $X
    disables "no longer immutable"
else
    skip "an immutable sendmail" "this file system has no such flag"
fi
rm $X
refuses "no sendmail" "no sendmail here"
ln -s sendmail-wrapper $X
refuses "a link to the wrapper" "no sendmail here"
rm $X
cp -a /tmp/original $X
original=$(identity $X) clean=$(snapshot)

# --- enabled, and then something happened
$divert enable >/tmp/out 2>&1
ln $X /var/www/old-copy # what a user could have done
printf x >>$W
wrong "the wrapper was upgraded" "$X is another version than $W"
enables "the wrapper was upgraded"
is "a kept link to the old copy has lost its set-gid bit" "$(stat -c %a /var/www/old-copy)" 755
cat /tmp/wrapper >$W
touch -r /tmp/wrapper $W
ln -f $X /var/www/old-copy
disables "with a kept link"
is "it has lost its set-gid bit too" "$(stat -c %a /var/www/old-copy)" 755

$divert enable >/tmp/out 2>&1
before=$(identity $R)
postfix set-permissions >/dev/null 2>&1
is "postfix set-permissions takes the set-gid bit" "$(stat -c %a $X)" 755
wrong "after it" "should be root:sendmail-wrapper 2755.*enable"
works "after it"
enables "after it"
is "the set-gid bit is back" "$(mode $X)" "2755 root:sendmail-wrapper"
is "the original is untouched" "$(identity $R)" "$before"

dpkg-statoverride --update --add root adm 2755 $X
wrong "a package's statoverride hit the copy" "$X is root:adm 2755"
enables "a package's statoverride"
is "the copy has its own mode" "$(mode $X)" "2755 root:sendmail-wrapper"
is "the original the one that was meant" "$(mode $R)" "2755 root:adm"
dpkg-statoverride --remove $X
chown root:root $R
chmod 755 $R

touch -d '2001-02-03' $R
wrong "the MTA was upgraded" "MTA has changed"
enables "the MTA was upgraded"
touch -r /tmp/original $R
enables "and again"

gpasswd -a web274 sendmail-wrapper >/dev/null
wrong "a customer in the group" "web274 may write to the log"
gpasswd -d web274 sendmail-wrapper >/dev/null
mv "$SW_LOG" /tmp/log
wrong "no log" "calls.log is missing"
ln -s /tmp/log "$SW_LOG"
is "the log is a link: enable fails" "$(run $divert enable)" 1
like "and says so" "$(output)" "calls.log is not a plain file"
rm "$SW_LOG"
enables "no log"
is "the log is there" "$(mode "$SW_LOG")" "620 root:sendmail-wrapper"
chmod 666 "$SW_LOG"
wrong "a log for everyone" "calls.log is root:sendmail-wrapper 666, should be"
enables "a log for everyone"
is "the log's mode is back" "$(mode "$SW_LOG")" "620 root:sendmail-wrapper"

rm $X
cp /tmp/script $X
wrong "someone put a script over the copy" "is not the wrapper"
enables "a script over the copy"
same "the script was kept" /tmp/script "$(echo $X.saved-*)"
rm -f $X $X.saved-*
cp /tmp/script $X
is "disable over a script" "$(run $divert disable)" 0
same "the script was kept" /tmp/script "$(echo $X.saved-*)"
rm -f $X.saved-*
is "the original is back" "$(snapshot)" "$clean"

# --- a package operation between an interrupted run and the next
d_add
ln $X $R
cp -a $R $R.new && printf x >>$R.new && mv $R.new $R # dpkg upgrades what is diverted
cp -a $sums /tmp/md5sums
sed -i "s|^.*  usr/sbin/sendmail$|$(md5sum <$R | cut -d ' ' -f 1)  usr/sbin/sendmail|" $sums
upgraded=$(identity $R)
enables "interrupted, then the MTA was upgraded"
is "the upgraded one is the real one" "$(identity $R)" "$upgraded"
is "disable" "$(run $divert disable)" 0
is "and stays it" "$(identity $X)" "$upgraded"
cp -a /tmp/md5sums $sums
rm -f $X $X.saved-*
cp -a /tmp/original $X
clean=$(snapshot)
# dpkg, begun before the diversion was there, puts the package's file at X
race() { $divert enable >/tmp/out 2>&1; printf x >>$R; cp -a --remove-destination /tmp/original $X; }
race
wrong "dpkg put the package's file over the copy" "mail server's own $X over the wrapper"
race
enables "dpkg put the package's file over the copy"
same "that one is the real one now" /tmp/original $R
race
is "and disable" "$(run $divert disable)" 0
same "keeps it" /tmp/original $X
nok "without a .real" test -e $R
clean=$(snapshot)

# --- locks
$divert enable >/tmp/out 2>&1
$divert disable >/tmp/out 2>&1
rm -f /tmp/go
flock /var/lib/sendmail-wrapper/lock sh -c 'touch /tmp/go; while [ -e /tmp/go ]; do sleep 0.1; done' &
wait_for 10 test -e /tmp/go
(run $divert enable >/tmp/status) &
waiting=$!
wait_for 20 grep -q "another run of this tool" /tmp/out
like "a second run waits for the first" "$(output)" "another run of this tool is under way"
is "and has not begun" "$(snapshot)" "$clean"
rm -f /tmp/go
wait $waiting
is "then it does its work" "$(cat /tmp/status)" 0
disables "locked"

cat >/tmp/dpkg-lock <<'PERL'
use Fcntl;
open my $f, "+<", "/var/lib/dpkg/lock" or die;
my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
fcntl($f, F_SETLK, $lock) or die "lock: $!";
if (@ARGV) { exit(system(@ARGV) >> 8) }
open my $g, ">", "/tmp/go";
while (-e "/tmp/go") { select undef, undef, undef, 0.1 }
PERL
perl /tmp/dpkg-lock &
wait_for 10 test -e /tmp/go || bail "no dpkg lock"
(run $divert enable >/tmp/status) &
waiting=$!
wait_for 20 grep -q "package operation" /tmp/out
like "a package operation is waited for" "$(output)" "a package operation is running \(perl, process [0-9]+\)"
is "nothing has begun" "$(snapshot)" "$clean"
rm -f /tmp/go
wait $waiting
is "then the work is done" "$(cat /tmp/status)" 0
disables "package operation"
is "in a maintainer script there is no waiting" "$(run perl /tmp/dpkg-lock $divert enable)" 0
unlike "not even a word of it" "$(output)" "package operation"
disables "maintainer script"

# --- the self-check means something
$divert enable >/tmp/out 2>&1
mount --bind /usr/sbin /usr/sbin
mount -o remount,bind,nosuid /usr/sbin
wrong "nosuid" "$X says: .*log"
umount /usr/sbin
chmod 700 /var/log/sendmail-wrapper
wrong "nobody gets to the log" "$X says: .*log"
enables "nobody gets to the log"
chmod 644 $R
wrong "the real one is not executable" "$R, the real sendmail, is missing or cannot be run"
refuses "the real one is not executable" "$R, the real sendmail, is missing or cannot be run"
chmod 755 $R
disables "at last"
done_testing
