#!/bin/bash
# mailorigin web: from a call to the request that caused it, under mod_php, php-cgi and nginx + php-fpm, with the formats
# that Debian has (the time window, never a fact) and with those that `check` recommends (the worker's pid).
# bed: web
. /t/e2e/lib.sh

docs=/var/www/web274/htdocs
out=/tmp/web.out

# POST to hide in: chdir, slow, mail(); what it says is its own pid.
cat >$docs/contact.php <<'PHP'
<?php
if (isset($_GET["n"])) { echo "nothing"; exit; }
if (isset($_GET["slow"])) sleep(2);
if (isset($_GET["away"])) chdir("/var/www/web275/htdocs");
if (isset($_GET["late"])) {
    register_shutdown_function(function () { usleep(300000); mail("alice", $_GET["s"] ?? "late", "x"); });
    echo "sent"; exit;
}
echo mail("alice", $_GET["s"] ?? "hello", "x") ? "sent" : "failed";
PHP
cp $docs/contact.php $docs/index.php
cp $docs/contact.php /var/www/web275/htdocs/contact.php
touch -d '1 hour ago' $docs/*.php /var/www/web275/htdocs/*.php

# from ADDRESS PORT METHOD PATH [HEADER...]: one request, its body.
from()
{
    perl -MIO::Socket::INET -e '
        my ($from, $port, $method, $path, @headers) = @ARGV;
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, LocalAddr => $from) or die "$!\n";
        print $s join("\r\n", "$method $path HTTP/1.0", "Host: web274.example.test", "User-Agent: \"quoted\" agent",
            "Content-Length: 0", @headers, "", "");
        local $/; $_ = <$s>; s/\A.*?\r?\n\r?\n//s; print' -- "$@"
}

# The record whose subject is this: its id.
id_of() { grep "subject=\"\\?$1\"\\? " "$SW_LOG" | tail -n 1 | sed 's/.* id=\([0-9A-Z]*\) .*/\1/'; }

# web SUBJECT [OPTIONS]: asks for that call; $out has the answer, $first the first row, status in $status.
web()
{
    local id
    id=$(id_of "$1")
    shift
    mailorigin web --json "$@" "$id" >$out 2>/tmp/web.err
    status=$?
    first=$(head -n 1 $out)
}

# field KEY: of the first row. A string without its quotes.
field() { perl -e '$ARGV[0] =~ /"\Q$ARGV[1]\E": ?(?:"((?:[^"\\]|\\.)*)"|([^,}]*))/ and print $1 // $2' -- "$first" "$1"; }

# answer DESC SURE CLIENT REQUEST: the first row.
answer()
{
    is "$1" "$status: $(field sure) $(field client) $(field request)" "0: $2 $3 $4" || note "$(cat $out /tmp/web.err)"
}

cat >/etc/nginx/sites-available/default <<'CONF'
server {
    listen 127.0.0.1:80;
    server_name web274.example.test;
    root /var/www/web274/htdocs;
    access_log /var/log/nginx/web274.log main;
    location / { try_files $uri /index.php?$args; }
    location ~ \.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/web274.sock; }
}
server {
    listen 127.0.0.1:83;
    server_name web275.example.test;
    root /var/www/web275/htdocs;
    access_log /var/log/nginx/web275.log main;
    location ~ \.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/web275.sock; }
}
CONF
sed 's/web274/web275/' /etc/php/8.2/fpm/pool.d/www.conf >/etc/php/8.2/fpm/pool.d/web275.conf
# shellcheck disable=SC2016 # nginx's variables
echo 'log_format main '\''$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'\'';' \
    >/etc/nginx/conf.d/format.conf

divert_by_hand
start_postfix
start_fpm
start_nginx
start_apache

note "the formats of the distribution: only the time and the site"
for n in 1 2 3; do from 127.0.0.2$n 8081 GET "/contact.php?n=$n" >/dev/null; done
is "mod_php sends" "$(from 127.0.0.11 8081 POST '/contact.php?s=m1')" sent
from 127.0.0.24 8081 GET /logo.png >/dev/null
web m1
answer "mod_php: the POST comes first, as a candidate" window 127.0.0.11 'POST /contact.php?s=m1 HTTP/1.0'
is "... among all that fit" "$(field candidates) $(wc -l <$out)" "5 5"
is "... its agent, quotes undone (and escaped as all foreign text)" "$(field agent)" '\\\"quoted\\\" agent'
is "... from the log that Apache has for hosts without one" "$(field log)" /var/log/apache2/other_vhosts_access.log

is "nginx + php-fpm sends, slowly" "$(from 127.0.0.12 80 POST '/contact.php?slow&s=f1')" sent
from 127.0.0.31 83 POST '/contact.php?n=1' >/dev/null
web f1
answer "php-fpm: the line was written at the end" window 127.0.0.12 'POST /contact.php?slow&s=f1 HTTP/1.0'
is "... the neighbour's log is not looked at" "$(grep -c '127\.0\.0\.31' $out)" 0
web f1 --access-log /var/log/nginx/web275.log
is "... unless it is named" "$(field client)" 127.0.0.31

is "php-cgi sends" "$(from 127.0.0.13 8082 POST '/contact.php?s=c1')" sent
web c1
answer "php-cgi: its environment picks the request" window 127.0.0.13 'POST /contact.php?s=c1 HTTP/1.0'
like "... which is said" "$(field by)" "environment"

note "cron and shells"
(cd $docs && as web274 in_unit cron.service sh -c 'printf "To: alice\nSubject: cron1\n\nx\n" | /usr/sbin/sendmail -t -i') 2>/dev/null \
    || (cd $docs && in_unit cron.service sh -c 'printf "To: alice\nSubject: cron1\n\nx\n" | /usr/sbin/sendmail -t -i')
if have_units; then
    web cron1
    is "of a cron job nothing is guessed" "$status $(field kind)" "1 no_request"
    like "... it is said" "$(field reason)" "cron"
else
    skip "of a cron job nothing is guessed" "no cgroup2 that we may write to"
    skip "... it is said" "no cgroup2"
fi
mailorigin web 01AAAAAAAAAAAAAAAAAAAAAAAA >$out 2>/tmp/web.err
is "no such record" "$?" 1
mailorigin web nonsense >$out 2>/tmp/web.err
is "no id" "$?" 2

note "the formats that are recommended"
format()
{
    perl -0777 -ne 'BEGIN { $name = shift } s/\\\n//g; /#define\s+\Q$name\E\s+((?:\s*"(?:[^"\\]|\\.)*")+)/ or die "no $name\n";
        print join "", map { s/\\(.)/$1/gr } $1 =~ /"((?:[^"\\]|\\.)*)"/g;' "$1" /src/admin/web/webformats.h
}
apache=$(format WEBFORMAT_APACHE) fpm=$(format WEBFORMAT_FPM)
cat >/etc/apache2/conf-available/other-vhosts-access-log.conf <<CONF
LogFormat "${apache//\"/\\\"}" mailorigin
CustomLog \${APACHE_LOG_DIR}/other_vhosts_access.log mailorigin
CONF
echo "log_format main '$(format WEBFORMAT_NGINX)';" >/etc/nginx/conf.d/format.conf
# shellcheck disable=SC2016 # php-fpm's variable
for pool in www web275; do
    printf '%s\n' 'access.log = /var/log/fpm-$pool.log' "access.format = \"${fpm//\"/\\\"}\"" >>/etc/php/8.2/fpm/pool.d/$pool.conf
done
kill -USR2 "$(pgrep -o php-fpm)"
nginx -s reload
apache2ctl graceful >/dev/null 2>&1
fpm_logs() { from 127.0.0.1 80 GET '/contact.php?n=0' >/dev/null; [ -s /var/log/fpm-web274.log ]; }
ok "php-fpm logs" wait_for 30 fpm_logs
apache_logs() { from 127.0.0.1 8081 GET '/contact.php?n=0' >/dev/null; tail -n 1 /var/log/apache2/other_vhosts_access.log | grep -q ' "/var/www/web274/htdocs/contact.php"$'; }
ok "apache logs the worker's pid" wait_for 30 apache_logs

from 127.0.0.14 8081 POST '/contact.php?s=m2' >/dev/null
web m2
answer "mod_php: exact" exact 127.0.0.14 'POST /contact.php?s=m2 HTTP/1.0'
is "... one line" "$(wc -l <$out)" 1
like "... by" "$(field by)" "worker's pid"

# Eight at once, each from an address of its own; two of them slow, all but one chdir'd to the neighbour.
jobs=()
for n in 1 2 3 4 5 6 7 8; do
    from 127.0.1.$n 8081 POST "/contact.php?away=1&s=p$n$([ $n -gt 2 ] || echo '&slow=1')" >/dev/null &
    jobs+=($!)
    from 127.0.2.$n 8081 GET "/contact.php?n=$n" >/dev/null &
    jobs+=($!)
done
wait "${jobs[@]}"
# A fact only where nothing else of that worker was so near (a tick of the kernel's clock); and then the right one.
right=0 wrong=0
for n in 1 2 3 4 5 6 7 8; do
    web "p$n"
    case "$(field sure) $(field client)" in
    "exact 127.0.1.$n" | "worker 127.0.1.$n") right=$((right + 1)) ;;
    exact*) wrong=$((wrong + 1)) && note "p$n: $first" ;;
    *) note "p$n: $first" ;;
    esac
done
is "mod_php, chdir'd to a neighbour: none named that was not it" $wrong 0
ok "... and the right ones first ($right of 8)" test $right -ge 6

is "php-cgi sends" "$(from 127.0.0.15 8082 POST '/contact.php?s=c2')" sent
web c2
answer "php-cgi: exact" exact 127.0.0.15 'POST /contact.php?s=c2 HTTP/1.0'

# Later requests to each worker, so that nothing is left open; pm.max_children is 2.
busy() { for n in 1 2 3 4 5 6; do from 127.0.0.9 80 GET "/contact.php?n=$n" >/dev/null; done; }
sleep 1.1 # the log of php-fpm has whole seconds
from 127.0.0.16 80 POST '/contact.php?slow=1&away=1&s=f2' 'Referer: http://a.example/' >/dev/null
sleep 1.1
busy
web f2
answer "php-fpm: exact, though it has gone elsewhere" exact 127.0.0.16 'POST /contact.php?slow=1&away=1&s=f2 HTTP/1.0'
is "... and found again in nginx's log" "$(field log) $(field also) $(field referer)" \
    "/var/log/fpm-web274.log /var/log/nginx/web274.log http://a.example/"
is "... the script" "$(field script)" $docs/contact.php
from 127.0.0.17 80 POST '/shop/cart?s=f3' >/dev/null
sleep 1.1
busy
web f3
answer "php-fpm: a front controller's request as it was asked" exact 127.0.0.17 'POST /shop/cart?s=f3 HTTP/1.0'
sleep 1.1
from 127.0.0.18 80 POST '/contact.php?late=1&s=f4' >/dev/null
sleep 1.1
busy
web f4
answer "php-fpm: mail of a shutdown function, after the line was written" exact 127.0.0.18 'POST /contact.php?late=1&s=f4 HTTP/1.0'

note "rotated, compressed"
ok "apache's log is rotated" logrotate -f /etc/logrotate.d/apache2
web m2
answer "in a rotated log" exact 127.0.0.14 'POST /contact.php?s=m2 HTTP/1.0'
gzip /var/log/apache2/other_vhosts_access.log.1 || fail gzip
web m2
answer "in a compressed one" exact 127.0.0.14 'POST /contact.php?s=m2 HTTP/1.0'
is "... which is named" "$(field log)" /var/log/apache2/other_vhosts_access.log.1.gz
head -c 200 /var/log/apache2/other_vhosts_access.log.1.gz >/tmp/half.gz
web m2 --access-log /tmp/half.gz --log-format apache
is "a compressed log that breaks off" "$status" 3

note "text"
mailorigin web "$(id_of m2)" >$out 2>&1
like "for people" "$(cat $out)" "exact, by worker's pid"
web m2 --log-format '%q' --access-log /var/log/apache2/access.log
is "a format without a time is refused" "$status" 2

note "a customer puts a link where his log is"
chown web275: /var/log/nginx/web275.log
install -d -o web275 /var/log/nginx/sub
sed -i 's|/var/log/nginx/web274.log|/var/log/nginx/sub/web274.log|' /etc/nginx/sites-available/default
cp /var/log/nginx/web275.log /tmp/secret.log
as web275 ln -s /tmp/secret.log /var/log/nginx/sub/web274.log
web f1
is "it is not followed" "$status $(wc -c <$out)" "3 $(wc -c <$out)"
like "... and said" "$(cat /tmp/web.err)" "symbolic link"
done_testing
