#!/bin/bash
# mailorigin check: each finding is made real, seen, mended by the very line that is printed with it, and gone. Real php-fpm, Apache,
# Postfix and nft say whether that line is one.
# bed: host
. /t/e2e/lib.sh

# check: the findings by name, in /tmp/found.
check()
{
    mailorigin check --json >/tmp/json 2>/tmp/err
    status=$?
    perl -ne 'print "$1\n" if /"finding":\s*"([^"]*)"/' </tmp/json >/tmp/found
}
found() { check; grep -qxF -- "$1" /tmp/found; }
gone() { ! found "$1"; }
# fix NAME: its line, as it is pasted from the text, where all stands in the same order as in JSON; without the remark behind it, and without what only systemd can do.
fix()
{
    mailorigin check --all >/tmp/text 2>/dev/null
    perl -00 -e '
        my ($name) = shift;
        open my $t, "<", "/tmp/text"; my @blocks = <$t>;
        local $/ = "\n";
        open my $f, "<", "/tmp/found"; chomp(my @names = <$f>);
        for my $i (0 .. $#names) {
            next unless $names[$i] eq $name;
            my ($fix) = $blocks[$i] =~ /^fix +(.*)$/m or exit 1;
            $fix =~ s/    \(.*\)$//;
            $fix =~ s/ && systemctl .*//;
            print "$fix\n";
            exit 0;
        }
        exit 1' -- "$1"
}
# says NAME: what was found.
says() { grep -F "\"finding\":\"$1\"" /tmp/json; }
# mends NAME: it is found; the printed line takes it away.
mends()
{
    ok "$1 is found" found "$1"
    fix "$1" >/tmp/fix || fail "$1 has a fix"
    note "$(cat /tmp/fix)"
    (cd / && sh /tmp/fix) >/tmp/fix.out 2>&1 || note "$(cat /tmp/fix.out)"
    ok "$1 is mended by it" gone "$1"
}

# --- the install ----------------------------------------------------------------------------------------------------
check
is "not sound: status 1" "$status" 1
mends install.none
nok "nothing bad is left" grep -q '"severity":"bad"' /tmp/json
ok "the install is sound" found install
like "the target is known" "$(says target)" 'sendmail.real.*postfix'

chmod 755 /usr/sbin/sendmail
mends install.setgid
is "set-gid again" "$(stat -c %a /usr/sbin/sendmail)" 2755
postfix set-permissions >/dev/null 2>&1
if found install.setgid; then mends install.setgid; else pass "postfix set-permissions leaves it alone here"; fi

cp -p /usr/sbin/sendmail.real /usr/sbin/sendmail.x && mv -f /usr/sbin/sendmail.x /usr/sbin/sendmail
mends install.replaced

dpkg-divert --quiet --package sendmail-wrapper --no-rename --divert /usr/sbin/sendmail.real --remove /usr/sbin/sendmail
mends install.diversion

cp -p /usr/sbin/sendmail /usr/sbin/sendmail.x && printf x >>/usr/sbin/sendmail.x
chown root:sendmail-wrapper /usr/sbin/sendmail.x && chmod 2755 /usr/sbin/sendmail.x && mv -f /usr/sbin/sendmail.x /usr/sbin/sendmail
mends install.version

mount --bind /usr/sbin /usr/sbin && mount -o remount,bind,nosuid /usr/sbin
mends install.nosuid
umount /usr/sbin

if [ -L /usr/lib/sendmail ]; then
    link=$(readlink /usr/lib/sendmail)
    rm /usr/lib/sendmail
    cp -p /usr/sbin/sendmail.real /usr/lib/sendmail
    mends install.bypass
    sendmail-wrapper-divert disable >/dev/null 2>&1
    ln -sf "$link" /usr/lib/sendmail
    sendmail-wrapper-divert enable >/dev/null 2>&1
fi

mv /usr/sbin/sendmail.real /usr/sbin/sendmail.away
ok "the real sendmail is missing: target.missing" found target.missing
mv /usr/sbin/sendmail.away /usr/sbin/sendmail.real
ok "and gone when it is back" gone target.missing
cp -p /usr/sbin/sendmail.real /tmp/postfix-sendmail
cp /usr/bin/msmtp /usr/sbin/sendmail.x && mv -f /usr/sbin/sendmail.x /usr/sbin/sendmail.real
ok "another program as the real sendmail: target.changed" found target.changed
cp -p /tmp/postfix-sendmail /usr/sbin/sendmail.x && mv -f /usr/sbin/sendmail.x /usr/sbin/sendmail.real
sendmail-wrapper-divert enable >/dev/null 2>&1
ok "and gone with Postfix's" gone target.changed

# As a package of another architecture would be: the kernel does not start it.
cp -p /usr/sbin/sendmail-wrapper /tmp/wrapper
for file in /usr/sbin/sendmail-wrapper /usr/sbin/sendmail; do
    cp -p $file $file.x
    printf '\xb7' | dd of=$file.x bs=1 seek=18 conv=notrunc status=none
    mv -f $file.x $file
done
mends install.status
cp -p /tmp/wrapper /usr/sbin/sendmail-wrapper.x && mv -f /usr/sbin/sendmail-wrapper.x /usr/sbin/sendmail-wrapper
ok "for PHP alone" sendmail-wrapper-divert enable --no-divert
ok "install.php-only" found install.php-only
sendmail-wrapper-divert disable >/dev/null 2>&1
sendmail-wrapper-divert enable >/dev/null 2>&1
ok "in front of everybody again" found install

# --- configuration ------------------------------------------------------------------------------------------------------
cp "$SW_CONFIG" /tmp/conf
echo 'lgo { to = "file" }' >>"$SW_CONFIG"
ok "a typing error: config.fault" found config.fault
like "with file and line" "$(says config.fault)" "sendmail-wrapper.conf:[0-9]+"
cp /tmp/conf "$SW_CONFIG"
ok "gone" gone config.fault
chmod 666 "$SW_CONFIG"
mends config.unread
rm "$SW_CONFIG"
mends config.unread
cp /tmp/conf "$SW_CONFIG"

# --- the log ----------------------------------------------------------------------------------------------------------------
gpasswd -a web274 sendmail-wrapper >/dev/null
mends log.group
chmod 644 "$SW_LOG"
mends log.mode
is "the log as it should be" "$(stat -c '%U:%G %a' "$SW_LOG")" root:sendmail-wrapper\ 620
rm "$SW_LOG"
mends log.missing
ln "$SW_LOG" "${SW_LOG%/*}/second"
ok "a second name: log.mode" found log.mode
rm "${SW_LOG%/*}/second"
mount -t tmpfs -o size=1m,mode=711 own "${SW_LOG%/*}"
ok "its file system is nearly full: log.disk" found log.disk
umount "${SW_LOG%/*}"
ok "and gone with more room" gone log.disk
chmod 755 "${SW_LOG%/*}"
mends log.directory
chmod 700 "${SW_LOG%/*}"
mends log.directory
echo 'log { to = "none" }' >>"$SW_CONFIG"
mends log.none
cp /tmp/conf "$SW_CONFIG"
echo 'log { to = "syslog" }' >>"$SW_CONFIG"
ok "syslog only, and nobody listens: syslog.alone" found syslog.alone
mkdir -p /run/systemd/journal && : >/run/systemd/journal/dev-log
mends syslog.limit
rm -r /run/systemd/journal
mends log.syslog-only
cp /tmp/conf "$SW_CONFIG"

ok "nobody at /dev/log: syslog.none" found syslog.none
start_rsyslog
ok "rsyslog is there: gone" gone syslog.none
ok "syslog is sound" found syslog

ok "no mail.log: maillog.none" found maillog.none
start_postfix
as alice /usr/sbin/sendmail alice@example.test <<<'recorded'
wait_mail 1
ok "mail.log is there: gone" gone maillog.none
nok "what Postfix took is in the log" found log.silent
touch -d '2 hours ago' "$SW_LOG"
as alice /usr/sbin/sendmail.real alice@example.test <<<'past the wrapper'
wait_mail 2
ok "mail past the wrapper: log.silent" found log.silent
like "with the uid" "$(says log.silent)" 'uid 1001'
as alice /usr/sbin/sendmail alice@example.test <<<'recorded'
ok "gone with the next record" gone log.silent

# --- rotation -----------------------------------------------------------------------------------------------------------------
rotate=/etc/logrotate.d/sendmail-wrapper
mv $rotate /tmp/rotate
mends rotation.none
sed -i 's/^ *daily/    daily\n    copytruncate/' $rotate
mends rotation.copytruncate
sed -i 's/^ *daily/    daily\n    maxsize 100M/' $rotate
mends rotation.size
ok "logrotate takes what is left" logrotate -d $rotate
sed -i 's/limit=4194304/limit=1/' $rotate
ok "1 KiB of room: rotation.short" found rotation.short
sed -i 's/limit=1$/limit=4194304/' $rotate
ok "gone" gone rotation.short
like "how long it lasts is said" "$(says rotation)" 'lasts [0-9]+ days|files kept'

# --- PHP ------------------------------------------------------------------------------------------------------------------------
pool=/etc/php/8.2/fpm/pool.d/www.conf
mends php.prepend
mends php.add-x-header
mends php.mail-log
like "PHP itself reads it so" "$(php-fpm8.2 -i 2>/dev/null)" 'auto_prepend_file => /usr/share/sendmail-wrapper/php/sendmail-wrapper.php.*mail.add_x_header => On'
echo 'disable_functions = exec,putenv,system' >/etc/php/8.2/fpm/conf.d/50-test.ini
mends php.putenv
is "only putenv is taken out" "$(cat /etc/php/8.2/fpm/conf.d/50-test.ini)" 'disable_functions = exec,system'
printf 'auto_prepend_file = /nowhere/x.php\nmemory_limit = 64M\n' >/etc/php/8.2/cgi/conf.d/95-test.ini
mends php.prepend-missing
ok "only that line goes" grep -q '^memory_limit' /etc/php/8.2/cgi/conf.d/95-test.ini
echo 'sendmail_path = "/usr/bin/msmtp -t"' >/etc/php/8.2/fpm/conf.d/50-test.ini
mends php.sendmail-path
like "PHP itself reads it so" "$(php-fpm8.2 -i 2>/dev/null)" 'sendmail_path => /usr/sbin/sendmail -t -i'
echo 'php_admin_value[sendmail_path] = /usr/sbin/sendmail.real -t -i' >>$pool
mends php.sendmail-path
ok "php-fpm takes its pool" php-fpm8.2 -t
sed -i '0,/^<\/VirtualHost>/s|^</VirtualHost>|    php_admin_value sendmail_path "/usr/bin/msmtp -t"\n&|' /etc/apache2/sites-available/web274.conf
ok "in a virtual host of Apache's as well" found php.sendmail-path
mends php.sendmail-path
ok "Apache takes it" apache2ctl configtest
echo 'php_admin_value[auto_prepend_file] = none' >>$pool
ok "a pool without the prepended file: php.prepend" found php.prepend
sed -i '$d' $pool
sed 's/^\[web274\]/[second]/; s/web274.sock/second.sock/' $pool >/etc/php/8.2/fpm/pool.d/second.conf
ok "two pools of one user: php.shared-user" eval 'found php.shared-user && says php.shared-user | grep -q second'
rm /etc/php/8.2/fpm/pool.d/second.conf

# --- web logs ---------------------------------------------------------------------------------------------------------------------
mends web.fpm-log
ok "php-fpm takes it" php-fpm8.2 -t
sed -i 's/^access.format.*/access.format = "%R - %u %t \\"%m %r\\" %s"/' $pool
mends web.fpm-pid
ok "php-fpm takes it" php-fpm8.2 -t
is "one access.format" "$(grep -c '^access.format' $pool)" 1
mends web.apache-pid
ok "Apache takes it" apache2ctl configtest
nginx=/etc/nginx/sites-available/default
cp $nginx /etc/nginx/nginx.conf /tmp
mends web.nginx-times
ok "nginx takes it" nginx -t
sed -i '/access_log/d' /etc/nginx/nginx.conf
ok "nginx's log by default: web.nginx-times" found web.nginx-times
like "what to write, and where" "$(fix web.nginx-times)" '^in nginx.s http \{ \}, before the logs: log_format mailorigin .*access_log /var/log/nginx/access.log mailorigin;'
cp /tmp/nginx.conf /etc/nginx/nginx.conf
sed -i 's/^    root/    access_log \/var\/log\/nginx\/web274.log combined buffer=4k flush=1s;\n&/' $nginx
mends web.nginx-times
ok "nginx takes it" nginx -t
is "the log keeps its buffer" "$(grep -c 'access_log /var/log/nginx/web274.log mailorigin buffer=4k flush=1s;' $nginx)" 1
is "one log_format" "$(grep -c 'log_format mailorigin ' /etc/nginx/nginx.conf)" 1
sed -i "s/ .request_time/ /" /etc/nginx/nginx.conf
ok "without the duration: web.nginx-times" found web.nginx-times
cp /tmp/nginx.conf /etc/nginx/nginx.conf
cp /tmp/default $nginx
sed -i '/fastcgi_pass/d' $nginx
ok "a server that hands nothing on to PHP needs it not" gone web.nginx-times
cp /tmp/default $nginx
mends web.nginx-times
ok "the web logs are sound" found web
echo "CustomLog \${APACHE_LOG_DIR}/o'brien.log combined" >/etc/apache2/conf-enabled/quote.conf
ok "a log's name with a quote in it" found web.apache-pid
like "is not put into a command for root's shell" "$(fix web.apache-pid)" '^where that log is configured: '
rm /etc/apache2/conf-enabled/quote.conf
sed "s/^\[web274\]/[o'brien]/; s/web274.sock/brien.sock/; /^access/d" $pool >/etc/php/8.2/fpm/pool.d/quote.conf
ok "a pool's name with a quote in it" found web.fpm-log
like "neither" "$(fix web.fpm-log)" '^in that pool: '
rm /etc/php/8.2/fpm/pool.d/quote.conf
start_fpm
start_nginx
echo '<?php mail("alice@example.test", "from the web", "hello");' >/var/www/web274/htdocs/send.php
web_get http://127.0.0.1:80/send.php >/dev/null
wait_mail 4
worker=$(record_get caller_pid)
ok "the pool's new log has the worker's pid of the record" wait_for 30 grep -q " $worker " /var/log/php-fpm-web274.access.log
ok "nginx's log has milliseconds and duration" wait_for 30 grep -qE ' [0-9]{10}\.[0-9]{3} [0-9]+\.[0-9]{3} [^ ]*$' /var/log/nginx/access.log

# --- bypasses ------------------------------------------------------------------------------------------------------------------------
ok "the real sendmail can be run: bypass.real is a note" eval 'found bypass.real && says bypass.real | grep -q "\"severity\":\"note\""'
mends bypass.client
install -m 755 /bin/true /usr/sbin/exim4
mends bypass.other
echo 'authorized_submit_users = !web275, static:anyone' >>/etc/postfix/main.cf
mends postfix.submit-users
mkdir -p /etc/systemd/system/php8.2-fpm.service.d
printf '[Service]\nNoNewPrivileges=yes\n' >/etc/systemd/system/php8.2-fpm.service.d/hardening.conf
mends nnp.unit
rm -r /etc/systemd/system/php8.2-fpm.service.d
nok "php-fpm runs without no_new_privs" found nnp.running
kill "$(cat /run/php/php8.2-fpm.pid)"
wait_for 30 eval '! pgrep php-fpm'
mkdir -p /run/php
setpriv --no-new-privs php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf
ok "php-fpm runs with no_new_privs: nnp.running" found nnp.running
kill "$(cat /run/php/php8.2-fpm.pid)"
ok "gone with it" wait_for 30 gone nnp.running

# --- port 25 ---------------------------------------------------------------------------------------------------------------------------
mends port25.open
ok "port 25 is sound" found port25
nft delete table inet sendmail_wrapper
nft 'add table ip other; add chain ip other out { type filter hook output priority 0; }; add rule ip other out tcp dport 20-30 meta skuid 4079 drop'
ok "a rule of one's own counts, too" found port25
nft 'flush chain ip other out; add rule ip other out tcp dport 25 counter'
ok "one that does not look at the user does not" found port25.open
nft delete table ip other
sh -c "$(fix port25.open)"

# --- all is well --------------------------------------------------------------------------------------------------------------------------
check
is "sound: status 0" "$status $(grep -cE '"severity":"(bad|warn)"' /tmp/json)" '0 0'
note "$(grep -E '"severity":"(bad|warn)"' /tmp/json)"
note "$(paste -sd ' ' /tmp/found)"
for name in install target config log rotation syslog php web bypass port25; do
    ok "$name is said to be well" found "$name"
done
strace -f -e trace=openat,setresuid -o /tmp/calls mailorigin check >/dev/null 2>&1
others='/var/log/mail.log"|calls.log"|/pool.d/|/nginx/sites-enabled/|/apache2/sites-enabled/'
ok "logs and customers' words in the web servers' configuration are read" grep -qE "$others" /tmp/calls
is "not by root" "$(awk -v others="$others" '/setresuid\(65534/ {nobody[$1] = 1} $0 ~ others && !nobody[$1]' /tmp/calls)" ''
as web274 mailorigin check >/tmp/out 2>/tmp/err
is "not root: status 3" $? 3
like "it says what was not looked at" "$(cat /tmp/err)" 'not root'
like "a finding's name for each that can be" "$(mailorigin check --list)" 'install.setgid +bad'
is "each is shown here" "$(mailorigin check --list --json | perl -ne 'print "$1\n" if /"finding":\s*"([^"]*)"/' |
    while read -r name; do grep -qE -- "[ \"']$name([ \"';]|\$)" "${BASH_SOURCE[0]}" || echo "$name"; done)" ''
is "each has its own" "$(mailorigin check --list --json | perl -ne 'print "$1\n" if /"finding":\s*"([^"]*)"/' | sort | uniq -d)" ''

done_testing
