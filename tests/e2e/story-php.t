#!/bin/bash
# The main story: a PHP page sends mail under each SAPI; the message says where it came from, the log says who.
# Then the diversion is taken away again and the machine is as it was.
# bed: web
. /t/e2e/lib.sh

page=/var/www/web274/htdocs/contact.php
ulid='[0-9A-HJKMNP-TV-Z]{26}'

cat >$page <<'PHP'
<?php
echo mail("alice", "Your order", "Thank you.\n.\nFrom us\n", "From: shop@example.test") ? "sent" : "failed";
PHP
chown web274: $page
touch -d '1 hour ago' $page # OPcache does not keep a script that changed just now
cd ${page%/*} || bail "no $page"

send_cli() { as web274 php contact.php; }
send_fpm() { web_get http://127.0.0.1:80/contact.php; }
send_mod_php() { web_get http://127.0.0.1:8081/contact.php; }
send_cgi() { web_get http://127.0.0.1:8082/contact.php; }

# The message without what differs between any two: queue id, time, process, and our header.
plain() { sed -E -e '/^X-Additional-Header: /d' -e 's/\b[0-9A-F]{6,12}\b/ID/g' -e 's/[0-9]{14}/TIME/' \
    -e 's/[A-Z][a-z]{2}, [ 0-9]{2} [A-Z][a-z]{2} [0-9: +]*\(UTC\)/DATE/' "$1"; }

# What an admin would look at to see whether a machine is as it was.
state()
{
    dpkg-divert --list
    dpkg -V
    find /usr/sbin /usr/lib /usr/bin -maxdepth 1 ! -type d -printf '%p %y %m %n %u %g %s %T@ %l\n' | sort
}

start_postfix
start_fpm
start_nginx
start_apache

note "without the wrapper"
state >/tmp/state.before
for sapi in cli fpm mod_php cgi; do
    mail_clear
    is "$sapi sends without the wrapper" "$(send_$sapi)" sent
    wait_mail 1 && mail_get 1 "/tmp/$sapi.before"
done
# OPcache must see a first request again.
(exec pkill -USR2 -o php-fpm) && (apache2ctl restart >/dev/null 2>&1)
ok "php-fpm is back" wait_for 30 test -S /run/php/web274.sock
ok "apache is back" wait_for 30 web_get http://127.0.0.1:8081/

note "with the wrapper"
ok "enable" sendmail-wrapper-divert enable
ok "status says all is well" sendmail-wrapper-divert status
is "the log is root's, for the group to append to" \
    "$(stat -c '%U:%G %a' "$SW_LOG" "${SW_LOG%/*}" | paste -sd ' ')" "root:sendmail-wrapper 620 root:root 711"

# check SAPI UID USER SCRIPT CALLER UNIT: one call, all that must be seen of it.
check()
{
    local sapi=$1 uid=$2 user=$3 script=$4 caller=$5 unit=$6 header before
    mail_clear
    before=$(record_count)
    is "$sapi: the page says" "$(send_"$sapi")" sent
    wait_mail 1 || return
    mail_get 1 /tmp/m
    header=$(mail_header /tmp/m X-Additional-Header)
    like "$sapi: the message carries the header" "$header" "^/var/www/web274; uid=$uid; pid=[0-9]+; id=$ulid\$"
    is "$sapi: once" "$(mail_header /tmp/m X-Additional-Header | grep -c .)" 1
    plain /tmp/m >/tmp/m.plain
    plain "/tmp/$sapi.before" >/tmp/before.plain
    same "$sapi: all else is as without the wrapper" /tmp/m.plain /tmp/before.plain

    is "$sapi: one record" $(($(record_count) - before)) 1
    is "$sapi: record and header have the same id" "id=$(record_get id)" "${header##*; }"
    is "$sapi: ... and pid" "pid=$(record_get pid)" "$(cut -d';' -f3 <<<"$header" | tr -d ' ')"
    is "$sapi: mode, action" "$(record_get mode) $(record_get action)" "submit deliver"
    is "$sapi: uid, user, gid" "$(record_get uid) $(record_get user) $(record_get gid)" "$uid $user $uid"
    is "$sapi: cwd and its owner" "$(record_get cwd) $(record_get cwd_uid)" "/var/www/web274/htdocs 4079"
    like "$sapi: caller" "$(record_get caller)" "$caller"
    like "$sapi: the chain begins with the shell of popen" "$(record_get chain)" "^sh\[[0-9]+\] php|^sh\[[0-9]+\] apache2"
    is "$sapi: arguments" "$(record_get args)" "-t -i"
    is "$sapi: claims of the message" "$(record_get subject)|$(record_get rcpts)" "Your order|1"
    like "$sapi: ... and its From" "$(record_get from)" "shop@example\.test"
    nok "$sapi: nothing was amiss" record_has why
    if [ "$script" = yes ]; then
        is "$sapi: the script" "$(record_get script) $(record_get script_uid)" "$page 4079"
    else
        nok "$sapi: OPcache had the script, so no call can know it" record_has script
        nok "$sapi: ... and nothing is invented" record_has script_by
    fi
    if have_units; then
        is "$sapi: unit" "$(record_get unit)" "$unit"
    else
        skip "$sapi: unit" "no cgroup2 that we may write to"
    fi
}

check cli 4079 web274 yes '^php contact\.php$' ''
is "cli: ... known by" "$(record_get script_by)" fd
check fpm 4079 web274 yes '^php-fpm: pool web274 *$' php8.2-fpm.service
is "fpm: ... known by" "$(record_get script_by)" fd
check fpm 4079 web274 no '^php-fpm: pool web274 *$' php8.2-fpm.service
check mod_php 33 www-data yes '^/usr/sbin/apache2 -k ' apache2.service
is "mod_php: ... known by" "$(record_get script_by)" fd
check mod_php 33 www-data no '^/usr/sbin/apache2 -k ' apache2.service
check cgi 4079 web274 yes '^/usr/bin/php-cgi8.2$' apache2.service
is "cgi: ... known by" "$(record_get script_by)" fd
is "cgi: the request, as the environment says" "$(record_get remote) $(record_get http_host) $(record_get uri)" \
    "127.0.0.1 web274.example.test /contact.php"

note "and away with it"
records=$(record_count)
ok "disable" sendmail-wrapper-divert disable
state >/tmp/state.after
same "every program and diversion is as it was" /tmp/state.after /tmp/state.before
is "dpkg -V has nothing to say" "$(dpkg -V postfix)" ""
is "the records stay" "$(record_count)" "$records"
for sapi in cli fpm mod_php cgi; do
    mail_clear
    is "$sapi sends as before" "$(send_$sapi)" sent
    wait_mail 1 && mail_get 1 /tmp/m
    is "$sapi: without our header" "$(mail_header /tmp/m X-Additional-Header)" ""
done
is "and without a record" "$(record_count)" "$records"
done_testing
