#!/bin/bash
# php-fpm in a sandbox: a chrooted pool with what docs/sandbox.md ("In a chroot") puts into it, with and without /proc,
# log and /dev/log; and all of php-fpm under no_new_privs, with systemd's hardening of the file system.
# bed: web
. /t/e2e/lib.sh

jail=/srv/web274
pool=/etc/php/8.2/fpm/pool.d/www.conf
share=/usr/share/sendmail-wrapper/php
# shellcheck disable=SC2016 # it is PHP's
PAGE='<?php echo mail("alice", "Your order", str_repeat("Thank you.\n", $_GET["n"] ?? 1), "From: a@b.example") ? "sent" : "failed";'

groupadd -f --system sendmail-wrapper
install -d -m 711 /var/log/sendmail-wrapper
install -o root -g sendmail-wrapper -m 620 /dev/null "$SW_LOG"

# --- the jail, as it works before: a shell for popen(), a sendmail, and one that files what it got
mkdir -p $jail/{bin,dev,etc,htdocs/blog,tmp,usr/sbin,var/tmp/null-mta}
chmod 1777 $jail/tmp $jail/var/tmp/null-mta
mknod -m 666 $jail/dev/null c 1 3
cp "$(command -v busybox)" $jail/bin/sh
cp /tools/null-mta $jail/usr/sbin/sendmail
echo 'dir /var/tmp/null-mta' >$jail/etc/null-mta.conf
echo "$PAGE" >$jail/htdocs/blog/page.php
# --- and the lines of docs/sandbox.md
mv $jail/usr/sbin/sendmail $jail/usr/sbin/sendmail.real
install -o root -g sendmail-wrapper -m 2755 /usr/sbin/sendmail-wrapper $jail/usr/sbin/sendmail
echo 'sendmail = "/usr/sbin/sendmail.real" mta = "msmtp"' >$jail/etc/sendmail-wrapper.conf
mkdir -p $jail/var/log/sendmail-wrapper
mount --bind /var/log/sendmail-wrapper $jail/var/log/sendmail-wrapper

printf '%s\n' "chroot = $jail" 'chdir = /' 'php_admin_value[opcache.validate_root] = 1' >>$pool
start_fpm

filed=$jail/var/tmp/null-mta
# send DESC [COUNT]: the page is asked, and the MTA in there got the message with our header.
send()
{
    local files
    rm -f $filed/*
    is "$1: the page sends" "$(/t/e2e/fastcgi.pl /run/php/web274.sock REQUEST_METHOD=GET SCRIPT_FILENAME=/htdocs/blog/page.php \
        DOCUMENT_ROOT=/htdocs REMOTE_ADDR=198.51.100.7 REQUEST_URI=/blog/ "QUERY_STRING=n=${2:-1}")" sent
    files=("$filed"/*.stdin)
    like "... with its header" "$(head -n 1 "${files[0]}")" "^X-Additional-Header: /htdocs; uid=4079; pid=[0-9]+; id="
    is "... whole" "$(grep -c '^Thank you\.' "${files[0]}")" "${2:-1}"
}
keys()
{
    local key line=$1
    shift
    for key; do record_get_from "$line" "$key" || echo -; done | paste -sd ' '
}

note "the jail has no /proc and no /dev/log"
send "chroot"
is "... one record, in the log of all" "$(record_count)" 1
is "... uid, directory as seen in there, why" "$(keys "$(record_line)" uid cwd cwd_uid why)" "4079 /htdocs/blog 0 no /proc"
is "... nothing is invented" "$(keys "$(record_line)" caller chain script unit user)" "- - - - -"
send "chroot, 400 kB" 40000
is "... one record more" "$(record_count)" 2

note "with /proc"
mkdir $jail/proc
mount -t proc proc $jail/proc
send "chroot with /proc"
line=$(record_line)
is "... no complaint" "$(keys "$line" uid cwd why)" "4079 /htdocs/blog -"
like "... the pool is named" "$(keys "$line" caller)" '^php-fpm: pool web274'
like "... and the chain" "$(keys "$line" chain)" 'php-fpm8\.2\[[0-9]+\]'
umount $jail/proc
rmdir $jail/proc

note "the log is not in there"
umount $jail/var/log/sendmail-wrapper
records=$(record_count)
send "no log, no /dev/log"
is "... no record anywhere; the default is to deliver" "$(record_count)" "$records"
echo 'sendmail = "/usr/sbin/sendmail.real" on_log_failure = "refuse"' >$jail/etc/sendmail-wrapper.conf
rm -f $filed/*
is "... with on_log_failure = refuse it is refused" "$(/t/e2e/fastcgi.pl /run/php/web274.sock REQUEST_METHOD=GET \
    SCRIPT_FILENAME=/htdocs/blog/page.php)" failed
is "... and nothing was sent" "$(find $filed -name '*.stdin' | wc -l)" 0
: >/tmp/syslog
sink=$(syslog-sink $jail/dev/log /tmp/syslog) || bail "no syslog sink"
send "no log, but /dev/log"
ok "... the record is in syslog" wait_for 10 grep -q 'action=deliver' /tmp/syslog
is "... and says why" "$(keys "$(grep action=deliver /tmp/syslog)" uid why)" "4079 log file: No such file or directory; no /proc"
kill "$sink"

note "the help for PHP must be in the jail, too"
stop_fpm()
{
    kill "$(cat /run/php/php8.2-fpm.pid)"
    wait_for 60 eval '! pgrep -x php-fpm8.2' || bail "php-fpm does not stop"
}
stop_fpm
ln -s $share/sendmail-wrapper.ini /etc/php/8.2/fpm/conf.d/90-sendmail-wrapper.ini
start_fpm
is "without it PHP refuses the page" "$(/t/e2e/fastcgi.pl /run/php/web274.sock REQUEST_METHOD=GET \
    SCRIPT_FILENAME=/htdocs/blog/page.php)" ""
mkdir -p $jail$share
cp $share/sendmail-wrapper.php $jail$share
mount --bind /var/log/sendmail-wrapper $jail/var/log/sendmail-wrapper
send "with it"
is "... script, client, request" "$(keys "$(record_line)" script script_by remote uri)" \
    "/htdocs/blog/page.php env 198.51.100.7 /blog/"
stop_fpm
rm /etc/php/8.2/fpm/conf.d/90-sendmail-wrapper.ini
umount $jail/var/log/sendmail-wrapper

note "php-fpm under no_new_privs, as with NoNewPrivileges=yes, ProtectSystem=strict, ProtectProc=invisible"
jail=
filed=/var/tmp/null-mta
sed -i '/^chroot\|^chdir\|validate_root/d' $pool
mkdir -p $filed /htdocs/blog
chmod 1777 $filed
echo "$PAGE" >/htdocs/blog/page.php
echo "dir $filed" >/etc/null-mta.conf
cp /tools/null-mta /usr/sbin/sendmail.real
mv /usr/sbin/sendmail /usr/sbin/sendmail.postfix
install -o root -g sendmail-wrapper -m 2755 /usr/sbin/sendmail-wrapper /usr/sbin/sendmail
mkdir -p /run/php
: >/tmp/syslog
sink=$(syslog-sink /dev/log /tmp/syslog) || bail "no syslog sink"
record_clear
# shellcheck disable=SC2016
hardened='mount --bind /var/tmp /var/tmp && mount --bind /run /run && mount --bind /var/log /var/log && mount --bind /tmp /tmp &&
    mount --rbind / /mnt && mount -o remount,ro,bind /mnt && cd /mnt && pivot_root . mnt && cd / &&
    mount -t proc -o hidepid=2 proc /proc && ! touch /etc/x 2>/dev/null &&
    exec setpriv --no-new-privs php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf'
unshare -m bash -c "$hardened" || bail "php-fpm does not start hardened"
wait_for 60 test -S /run/php/web274.sock || bail "php-fpm does not start"
for n in 1 40000; do
    : >/tmp/syslog
    send "hardened, $n lines" "$n"
    ok "... the record is in syslog" wait_for 10 grep -q 'action=deliver' /tmp/syslog
    line=$(grep action=deliver /tmp/syslog)
    is "... uid, directory, why" "$(keys "$line" uid cwd why)" \
        "4079 /htdocs/blog log file: Permission denied (set-gid not in effect)"
    # A worker that was root is hidden by hidepid, even from its own user.
    like "... php-fpm is hidden, and not invented" "$(keys "$line" caller chain)" '^- (-|sh\[[0-9]+\])$'
    is "... and the file has nothing" "$(record_count)" 0
done
kill "$sink"
done_testing
