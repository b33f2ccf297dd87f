#!/bin/bash
# sendmail-wrapper-divert with BusyBox alone, as on Alpine: its shell, its applets and nothing else in PATH, no dpkg.
# (Alpine's has addgroup and flock, Debian's not: addgroup is a stand-in; without flock the tool has a lock of its own.)
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/nodpkg-lib.sh

X=/usr/sbin/sendmail
R=/usr/sbin/sendmail.real
W=/usr/sbin/sendmail-wrapper
lock=/var/lib/sendmail-wrapper/lock.pid
run() { "$@" >/tmp/out 2>&1; echo $?; }
output() { cat /tmp/out; }
divert() { busybox env -i PATH=/bb busybox sh /tmp/divert "$@"; }

mkdir /bb
for applet in $(busybox --list); do
    ln -s "$(command -v busybox)" "/bb/$applet"
done
cat >/bb/addgroup <<'STAND_IN'
#!/bin/busybox sh
[ "$#:$1" = 2:-S ] && echo "$2:x:960:" >>/etc/group
STAND_IN
chmod +x /bb/addgroup
sed 's|^PATH=.*|PATH=/bb|' /usr/sbin/sendmail-wrapper-divert >/tmp/divert
ok "only BusyBox is in PATH" grep -qx 'PATH=/bb' /tmp/divert

original=$(stat -c '%i %s %Y %A %U:%G' $X)
is "status: not enabled" "$(run divert status)" 1
is "enable" "$(run divert enable)" 0
note "$(output)"
unlike "without a word of a missing command" "$(output)" "not found|sage:|nvalid option"
like "checked" "$(output)" "It works \(checked as an unprivileged user\)"
same "the wrapper is in place" $W $X
is "set-gid" "$(stat -c '%a %U:%G' $X)" "2755 root:sendmail-wrapper"
is "the log" "$(stat -c '%a %U:%G' "$SW_LOG")" "620 root:sendmail-wrapper"
ok "a mail" as web274 sh -c "printf 'Subject: x\n\nx\n' | $X alice"
is "is recorded" "$(record_count)" 1
is "status: it works" "$(run divert status)" 0
upgrade m
is "upgraded: status" "$(run divert status)" 2
like "says so" "$(output)" "WRONG: an upgrade has put"
is "enable" "$(run divert enable)" 0
is "the new one is the real one" "$(tail -c 1 $R)" m
chmod 755 $X
is "the set-gid bit is gone: status" "$(run divert status)" 2
is "enable" "$(run divert enable)" 0
is "it is back" "$(stat -c '%a %U:%G' $X)" "2755 root:sendmail-wrapper"

# --- the lock
nok "no lock is left" test -L $lock
sleep 100 &
ln -s $! $lock
(run divert disable >/tmp/status) &
waiting=$!
wait_for 20 grep -q "another run of this tool" /tmp/out
same "a second run waits for the first" $W $X
kill %1
wait $waiting
is "one whose holder is gone is taken over" "$(cat /tmp/status)" 0 || note "$(output)"
is "disabled" "$(tail -c 1 $X)" m
nok "no .real" test -e $R
nok "no lock is left" test -L $lock

# --- nobody
mv -f /tmp/original $X
sed -i /^nobody:/d /etc/passwd # su knows him no more, and BusyBox's setpriv cannot change ids
is "neither su nor setpriv: enable" "$(run divert enable)" 0
like "says how it was checked" "$(output)" "checked as root: neither setpriv nor su"
ln $X /var/www/kept
is "disable" "$(run divert disable)" 0 || note "$(output)"
is "a kept link has lost its set-gid bit" "$(stat -c %a /var/www/kept)" 755
is "the original is back" "$(stat -c '%s %Y %A %U:%G' $X)" "${original#* }"
done_testing
