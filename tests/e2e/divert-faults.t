#!/bin/bash
# sendmail-wrapper-divert when the machine fails it: full and read-only file systems at each place that it writes to. sendmail
# works as it then is, nothing is left over, and the next run completes. Other names of sendmail's file; SELinux's labels.
# bed: postfix
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
X=/usr/sbin/sendmail
R=/usr/sbin/sendmail.real
W=/usr/sbin/sendmail-wrapper
run() { "$@" >/tmp/out 2>&1; echo $?; }
output() { cat /tmp/out; }
identity() { stat -c '%i %s %Y %A %U:%G' "$1" 2>&1; }
snapshot()
{
    identity $X
    identity $R
    find /usr/sbin /usr/lib -maxdepth 1 -name '*sendmail*' | sort
    dpkg-divert --list
    cat /var/lib/sendmail-wrapper/target 2>&1
}
works() { ok "$1: sendmail works" as web274 sh -c "printf 'Subject: x\n\nx\n' | $X alice"; }
fails() # DESC COMMAND [ERE]: nothing changes
{
    local before
    before=$(snapshot)
    is "$1: $2 fails" "$(run $divert "$2")" 1
    [ $# -lt 3 ] || like "$1: $2 says why" "$(output)" "$3"
    is "$1: $2 changed nothing" "$(snapshot)" "$before" || note "$(diff <(echo "$before") <(snapshot))"
    works "$1, $2"
}
done_by() # DESC COMMAND
{
    is "$1: $2" "$(run $divert "$2")" 0 || note "$(output)"
    works "$1, $2"
}
# From now on DIR is a file system of its own that can be full.
own_filesystem()
{
    mkdir -p "$1" /tmp/new
    mount -t tmpfs -o mode=755,size=$(($(du -sk "$1" | cut -f 1) + 1024))k small /tmp/new
    cp -a "$1/." /tmp/new
    mount --move /tmp/new "$1"
}
# full DIR [KIB]: but for so much
full()
{
    dd if=/dev/zero of="$1/filler" bs=4k 2>/dev/null
    [ $# -lt 2 ] || truncate -s "-${2}K" "$1/filler"
}

# --- where sendmail is
own_filesystem /usr/sbin
clean=$(snapshot)
full /usr/sbin 100
fails "/usr/sbin full" enable "cannot write $X.sw-copy"
rm /usr/sbin/filler
done_by "there is room" enable
printf x >>$W
full /usr/sbin 100
before=$(identity $X)
is "full, and the wrapper upgraded: enable" "$(run $divert enable)" 1
is "the older copy stays" "$(identity $X)" "$before"
is "nothing is left over" "$(find /usr/sbin -name '*.sw-*')" ""
works "full, and the wrapper upgraded"
done_by "full" disable
rm /usr/sbin/filler
rm -rf /var/lib/sendmail-wrapper
is "all is as it was" "$(snapshot)" "$clean"

# --- where its state is
own_filesystem /var/lib/sendmail-wrapper
full /var/lib/sendmail-wrapper
fails "the state directory full" enable "cannot write /var/lib/sendmail-wrapper/choice"
rm /var/lib/sendmail-wrapper/filler
mount -o remount,ro /var/lib/sendmail-wrapper
fails "the state directory read-only" enable
mount -o remount,rw /var/lib/sendmail-wrapper
done_by "there is room" enable
full /var/lib/sendmail-wrapper
fails "the state directory full" disable "cannot write /var/lib/sendmail-wrapper/choice"
is "status: it works" "$(run $divert status)" 0
rm /var/lib/sendmail-wrapper/filler
done_by "there is room" disable
umount /var/lib/sendmail-wrapper

# --- where dpkg's list is
clean=$(snapshot)
own_filesystem /var/lib/dpkg
full /var/lib/dpkg
is "dpkg's directory full: enable fails" "$(run $divert enable)" 1
like "says why" "$(output)" "cannot add $X to the list of diversions"
is "nothing is left over" "$(snapshot)" "$clean"
works "dpkg's directory full"
rm /var/lib/dpkg/filler
done_by "there is room" enable
full /var/lib/dpkg
is "dpkg's directory full: disable fails" "$(run $divert disable)" 1
works "dpkg's directory full, disable"
rm /var/lib/dpkg/filler
done_by "there is room" disable
is "all is as it was" "$(snapshot)" "$clean"

# --- the log
own_filesystem /var/log
full /var/log
done_by "/var/log full" enable
is "status: it works" "$(run $divert status)" 0 || note "$(output)"
rm /var/log/filler
done_by "again" disable

# --- other names of the same file
ln $X /usr/sbin/another-name
before=$(identity $X)
done_by "a hard link" enable
is "the other name is the original" "$(identity /usr/sbin/another-name)" "$before"
done_by "a hard link" disable
is "the original is back" "$(identity $X)" "$before"
rm /usr/lib/sendmail
ln $X /usr/lib/sendmail 2>/dev/null || cp -p $X /usr/lib/sendmail
done_by "a file at /usr/lib/sendmail" enable
same "is diverted, too" $W /usr/lib/sendmail
done_by "a file at /usr/lib/sendmail" disable
is "the original is back" "$(identity $X)" "$before"
ln -sf ../sbin/sendmail /usr/lib/sendmail

# --- no second names: a file has all the names it can have (users may make links where protected_hardlinks is off)
done_by "before" enable
ln $X /usr/sbin/kept
mv /usr/bin/ln /usr/bin/ln.real
cat >/usr/bin/ln <<'STAND_IN'
#!/bin/sh
case $* in *.sw-old) exit 1 ;; esac
exec ln.real "$@"
STAND_IN
chmod +x /usr/bin/ln
printf x >>$W
done_by "no second name, upgraded" enable
is "a link that a user kept has no set-gid bit" "$(stat -c %a /usr/sbin/kept)" 755
ln -f $X /usr/sbin/kept
done_by "no second name" disable
is "a link that a user kept has no set-gid bit" "$(stat -c %a /usr/sbin/kept)" 755
mv /usr/bin/ln.real /usr/bin/ln

# --- SELinux: a stand-in for restorecon
cat >/usr/local/bin/restorecon <<'STAND_IN'
#!/bin/sh
shift # --
printf '%s\n' "$@" >>/tmp/relabelled
exit 1
STAND_IN
chmod +x /usr/local/bin/restorecon
mv /usr/local/bin/restorecon /usr/sbin/
rm -rf /var/log/sendmail-wrapper
done_by "with restorecon" enable
is "what is new is relabelled" "$(sort -u /tmp/relabelled | paste -sd ' ')" "$X /var/log/sendmail-wrapper $SW_LOG"
done_by "with restorecon" disable
done_testing
