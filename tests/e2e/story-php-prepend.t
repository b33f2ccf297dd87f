#!/bin/bash
# The opt-in help for PHP: script, client, host and request of each web request are in the record, under FPM, mod_php and
# CGI with a warm OPcache, where no descriptor tells the script any more. They do not leak into the next request, no page
# notices, and what a page makes of them is a claim that breaks neither record nor mail.
# bed: web
. /t/e2e/lib.sh

share=/usr/share/sendmail-wrapper/php
pages=/var/www/web274/htdocs
uid274=4079

page() { cat >"$pages/$1" && chown web274: "$pages/$1" && touch -d '1 hour ago' "$pages/$1"; }
page contact.php <<'PHP'
<?php
echo mail("alice", "Your order", "Thank you.\n", "From: shop@example.test") ? "sent" : "failed";
PHP
cp -p $pages/contact.php $pages/other.php
# What the page's own programs would see, and what a page could notice.
page look.php <<'PHP'
<?php
echo json_encode(array_keys($GLOBALS)), "|", json_encode(array_diff(get_included_files(), [__FILE__])), "|",
    count(get_defined_functions()["user"]), "|", headers_sent() ? "output" : "", error_get_last() ? "error" : "", "|",
    shell_exec("env | grep -cE '^SENDMAIL_WRAPPER_(SCRIPT_FILENAME|REMOTE_ADDR|HTTP_HOST|REQUEST_URI)='");
PHP
# ?what=VARIABLE, value from the body of the rest: the page says whatever it likes before it sends.
page forge.php <<'PHP'
<?php
$values = [
    "lines" => "/a\nX-Evil: yes\n\n2026-01-01T00:00:00+00:00 mail sendmail-wrapper[1]: id=X uid=0",
    "controls" => "\x01\x1b[2J\x07\x7f\xc2\x9b",
    "bytes" => "\xff\xfe\xc0\xaf\xed\xa0\x80",
    "bidi" => "\xe2\x80\xae\xe2\x81\xa6",
    "fragment" => '/a" action=deliver id=X why="',
    "big" => str_repeat("B", 100000),
    "empty" => "",
];
foreach (["SCRIPT_FILENAME", "REMOTE_ADDR", "HTTP_HOST", "REQUEST_URI"] as $name) {
    putenv($name . "=" . ($_GET["as"] ?? $values[$_GET["value"]]));
}
echo mail("alice", "forged", "Thank you.\n", "From: shop@example.test") ? "sent" : "failed";
PHP
page huge.php <<'PHP'
<?php
putenv("REQUEST_URI=" . str_repeat("B", 1000000));
echo mail("alice", "huge", "Thank you.\n", "From: shop@example.test") ? "sent" : "failed";
PHP
install -o web275 -g web275 -m 644 $pages/contact.php /var/www/web275/htdocs/neighbour.php

# One worker, so that two requests meet in it. Pools with what hosters set.
sed -i 's/max_children = 2/max_children = 1/' /etc/php/8.2/fpm/pool.d/www.conf
pool()
{
    printf '[%s]\nuser = web274\ngroup = web274\nlisten = /run/php/%s.sock\npm = static\npm.max_children = 1\n' "$1" "$1"
    printf '%s\n' "${@:2}"
} >>/etc/php/8.2/fpm/pool.d/www.conf
pool forbidden 'php_admin_value[disable_functions] = putenv'
pool basedir "php_admin_value[open_basedir] = $pages:$share:/tmp"
pool own "php_admin_value[auto_prepend_file] = $pages/own.inc"
pool strict "php_admin_value[auto_prepend_file] = $pages/own.inc" 'php_admin_value[disable_functions] = putenv'
page own.inc <<PHP
<?php
declare(strict_types=1);
error_reporting(E_ALL);
set_error_handler(function (\$level, \$text) { throw new Exception(\$text); });
include '$share/sendmail-wrapper.php';
PHP
# A shop that preloads all there is.
printf '%s\n' '<?php' "opcache_compile_file('$share/sendmail-wrapper.php');" "require '$share/sendmail-wrapper.php';" >/etc/preload.php
printf '%s\n' opcache.preload=/etc/preload.php opcache.preload_user=web274 >/etc/php/8.2/fpm/conf.d/95-preload.ini
# Below this directory the help is off. (Not by PHP_VALUE in nginx: that stays set in the worker, PHP bug 53611.)
mkdir -p $pages/without
cp -p $pages/contact.php $pages/look.php $pages/without
echo auto_prepend_file=none >$pages/without/.user.ini
# One child of Apache's, and a page without the help for comparison.
printf '%s\n' 'StartServers 1' 'MinSpareServers 1' 'MaxSpareServers 1' 'MaxRequestWorkers 1' 'KeepAlive On' \
    'HttpProtocolOptions Unsafe' '<Location /other.php>' 'php_admin_value auto_prepend_file none' '</Location>' \
    >>/etc/apache2/apache2.conf
rm -f /etc/apache2/mods-enabled/mpm_prefork.conf

start_postfix
ok "enable" sendmail-wrapper-divert enable
nok "installed, it is not active" grep -rqs auto_prepend_file.*sendmail /etc/php
# docs/php.md, the lines as they stand there: who must not have it, on, off.
sed -n "/^## PHP: the request/,/^## /p" /src/docs/php.md >/tmp/commands
like "the look for those who must not have it finds them" "$(bash -c "$(sed -n '/^grep/p' /tmp/commands)")" \
    'open_basedir\].*auto_prepend_file\] = '
ok "switched on" bash -e -c "$(sed -n '/^for/,/^done/p' /tmp/commands)"
is "... for all but the command line" "$(find /etc/php -name '90-sendmail-wrapper.ini' | sort | paste -sd ' ')" \
    "$(printf '/etc/php/8.2/%s/conf.d/90-sendmail-wrapper.ini ' apache2 cgi fpm | sed 's/ $//')"
start_fpm
start_nginx
start_apache

get_fpm() { web_get "http://127.0.0.1:80$1"; }
get_mod_php() { web_get "http://127.0.0.1:8081$1"; }
get_cgi() { web_get "http://127.0.0.1:8082$1"; }
fastcgi() { /t/e2e/fastcgi.pl "/run/php/$1.sock" REQUEST_METHOD=GET SCRIPT_FILENAME="$pages/$2" "${@:3}"; }

# keys KEY...: of the last record, "-" where absent.
keys()
{
    local key line
    line=$(record_line)
    for key; do record_get_from "$line" "$key" || echo -; done | paste -sd ' '
}
sent=0
# says DESC COMMAND...: the page sends.
says()
{
    is "$1" "$("${@:2}")" sent
    sent=$((sent + 1))
    is "... with one record" "$(record_count)" $sent
}

for sapi in fpm mod_php cgi; do
    note "$sapi"
    uid=$uid274
    [ $sapi != mod_php ] || uid=33
    for i in 1 2 3; do
        by='env'
        { [ $i -gt 1 ] && [ $sapi != cgi ]; } || by='fd'
        # mod_php opens the prepended file before the page: the call that compiles them may have that one's descriptor alone.
        [ "$sapi$i" != mod_php1 ] || by='(fd|env)'
        says "$sapi: request $i" get_$sapi "/contact.php?n=$i"
        like "... script, known by $by, its owner" "$(keys script script_by script_uid)" "^$pages/contact.php $by $uid274\$"
        is "... client, host, request" "$(keys remote http_host uri)" "127.0.0.1 web274.example.test /contact.php?n=$i"
        is "... the kernel's own are untouched" "$(keys uid mode action why)" "$uid submit deliver -"
    done
done
wait_mail $sent
mail_get -1 /tmp/m
like "the message has its header" "$(mail_header /tmp/m X-Additional-Header)" "^/var/www/web274; uid=.*id=$(record_get id)\$"

note "two requests in one worker"
says "fpm: one" fastcgi web274 contact.php REMOTE_ADDR=198.51.100.1 HTTP_HOST=one.example REQUEST_URI=/one
worker=$(record_get caller_pid)
says "fpm: another, without host and request" fastcgi web274 other.php REMOTE_ADDR=198.51.100.2
says "fpm: and again, since OPcache has it now" fastcgi web274 other.php REMOTE_ADDR=198.51.100.2
is "it was the same worker" "$(record_get caller_pid)" "$worker"
is "it says its own, and nothing of the first's" "$(keys script remote http_host uri)" "$pages/other.php 198.51.100.2 - -"
says "fpm: a page without the help" get_fpm /without/contact.php
is "nothing is left of the one before" "$(keys remote http_host uri)" "- - -"
says "fpm: a page forges them" get_fpm "/forge.php?as=FORGED"
is "forged" "$(keys remote http_host uri)" "FORGED FORGED FORGED"
says "fpm: the next one, without the help, in OPcache by now" get_fpm /without/contact.php
is "it was the same worker" "$(record_get caller_pid)" "$worker"
is "nothing is left of any request before" "$(keys script remote http_host uri)" "- - - -"

# Two requests on one connection to Apache: so they have one child.
pair()
{
    exec 3<>/dev/tcp/127.0.0.1/8081
    printf 'GET %s HTTP/1.1\r\nHost: one.example\r\n\r\n' "$1" >&3
    printf 'GET %s HTTP/1.1\r\nHost: two.example\r\nConnection: close\r\n\r\n' "$2" >&3
    grep -c 'sent' <&3
    exec 3>&-
}
is "mod_php: two on one connection" "$(pair '/forge.php?as=FORGED' '/contact.php?second')" 2
sent=$((sent + 2))
is "... the second has its own" "$(keys script remote http_host uri)" \
    "$pages/contact.php 127.0.0.1 two.example /contact.php?second"
is "mod_php: the second without the help" "$(pair '/forge.php?as=FORGED' /other.php)" 2
sent=$((sent + 2))
is "... and nothing of the first" "$(keys remote http_host uri)" "- - -"
is "... in the same child" "$(record_get caller_pid)" "$(record_get caller_pid -2)"
is "mod_php: all recorded" "$(record_count)" $sent

note "no page notices"
plain=$(get_fpm /without/look.php)
is "without the help there is nothing" "$plain" '["_GET","_POST","_COOKIE","_FILES","_SERVER"]|[]|0||0'
is "with it: the same globals, functions, no output, no error; the variables are there" "$(get_fpm /look.php)" \
    '["_GET","_POST","_COOKIE","_FILES","_SERVER"]|['"\"${share//\//\\/}\\/sendmail-wrapper.php\""']|0||4'
# (Both pools after others: OPcache has compiled the file for those, where putenv() is allowed.)
like "putenv() forbidden: silently nothing" "$(fastcgi forbidden look.php REMOTE_ADDR=198.51.100.1)" '\|0\|\|0$'
like "open_basedir that names the directory" "$(fastcgi basedir look.php REMOTE_ADDR=198.51.100.1)" '\|0\|\|2$'
like "a site's own auto_prepend_file includes it" "$(fastcgi own look.php REMOTE_ADDR=198.51.100.1)" '\|0\|\|2$'
like "... below a handler that throws, with putenv() forbidden" "$(fastcgi strict look.php REMOTE_ADDR=198.51.100.1)" '\|0\|\|0$'
like "an open_basedir that does not name it: PHP refuses the page (php.md says so)" \
    "$(cd $pages && php-cgi8.2 -q -d open_basedir=$pages -d auto_prepend_file=$share/sendmail-wrapper.php -d display_errors=1 \
        look.php 2>&1)" "Failed opening required '$share"
for value in '' '\x00' '/a\x00b' '"\n'; do
    says "a value of odd bytes from the server: '$value'" fastcgi web274 contact.php "REMOTE_ADDR=1$value" "HTTP_HOST=h$value" \
        "REQUEST_URI=u$value"
    like "... is there, up to a NUL" "$(keys remote http_host uri)" '^1.* h.* u'
done
is "php on the command line sets nothing" "$(cd $pages && REMOTE_ADDR=x php -d auto_prepend_file=$share/sendmail-wrapper.php look.php |
    cut -d'|' -f5)" 0

note "what a page makes of them"
clean()
{
    perl -0777 -ne 'utf8::decode($_) or print "not UTF-8";
        print sprintf("U+%04X ", ord $1)
            while /([\x00-\x09\x0b-\x1f\x7f-\x9f\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}])/g' "$SW_LOG"
}
for value in lines controls bytes bidi fragment big empty; do
    says "forged: $value" get_fpm "/forge.php?value=$value"
    is "... the rest of the record stands" "$(keys uid mode subject action why)" "$uid274 submit forged deliver -"
    is "... the script's owner is not his to forge" "$(keys script_uid | grep -vx $uid274)" -
done
says "a neighbour's script" get_fpm "/forge.php?as=/var/www/web275/htdocs/neighbour.php"
is "... is a claim, by env, with its owner" "$(keys uid script script_by script_uid)" \
    "$uid274 /var/www/web275/htdocs/neighbour.php env 4080"
cp $pages/forge.php $pages/new.php
says "the same while a descriptor tells the script" get_fpm "/new.php?as=/var/www/web275/htdocs/neighbour.php"
is "... that is what counts, and the claim stands beside it" "$(keys uid script script_by env_script)" \
    "$uid274 $pages/new.php fd /var/www/web275/htdocs/neighbour.php"
printf -v long '%07000d' 1
says "a request of 7000 characters" get_fpm "/contact.php?$long"
like "... is cut and marked" "$(keys uri)" '^/contact.php\?0{100,200}\.\.\.$'
odd_request()
{
    printf '%b' 'GET /contact.php?"\xff\xe2\x80\xae HTTP/1.0\r\nHost: a"b\x01\xff action=x\r\n\r\n' \
        | busybox nc 127.0.0.1 8081 | tail -n 1
}
says "host and request of odd bytes, as an Apache lets them in that is not strict" odd_request
is "... the record stands" "$(keys uid mode action why)" "33 submit deliver -"
# More than the kernel takes as one string of an environment (128 KiB): the page's mail() fails, with or without us.
is "a value of 1 MB: no program can be started" "$(get_fpm /huge.php)" failed
is "and the next page sends" "$(get_fpm /contact.php)" sent
sent=$((sent + 1))
is "each call has its record, the log has nothing else" "$(record_count) $(grep -c 'action=deliver$' "$SW_LOG")" "$sent $sent"
is "and no byte of it is dangerous" "$(clean)" ""
ok "all mail has come" wait_mail $sent
is "no header of theirs" "$(grep -c '^X-Evil' /var/mail/alice)" 0

note "off again"
ok "switched off" bash -e -c "$(sed -n '/^rm/p' /tmp/commands)"
kill "$(cat /run/php/php8.2-fpm.pid)"
wait_for 60 eval '! pgrep -x php-fpm8.2' || bail "php-fpm does not stop"
start_fpm
says "as before" get_fpm /contact.php
says "as before, with a warm OPcache" get_fpm /contact.php
is "no claims" "$(keys script remote http_host uri)" "- - - -"
done_testing
