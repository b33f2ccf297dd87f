#!/bin/bash
# mailorigin report: real calls through nginx + php-fpm and mod_php, told as text, JSON and a page, to a customer: of the
# neighbour nothing is in it, and the file is safe where everybody can write. (How the page looks: report-browser.t.)
# bed: web
. /t/e2e/lib.sh

docs=/var/www/web274/htdocs
neighbour=/var/www/web275/htdocs
page=/root/report.html
zone='[-+][0-9]{2}:[0-9]{2}'

cat >$docs/x.php <<'PHP'
<?php
if (isset($_GET["n"])) { echo "nothing"; exit; }
if (isset($_GET["away"])) chdir("/var/www/web275/htdocs");
echo mail("a@example.org,b@example.org", $_GET["s"] ?? "Re: <script>alert('1')</script> \xe2\x80\xae&", "x", "From: shop@web274.example.test") ? "sent" : "failed";
PHP
cp $docs/x.php $neighbour/y.php
touch -d '1 hour ago' $docs/*.php $neighbour/*.php

# from ADDRESS PORT SITE PATH: one request, its body.
from()
{
    perl -MIO::Socket::INET -e '
        my ($from, $port, $site, $path) = @ARGV;
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, LocalAddr => $from) or die "$!\n";
        print $s join("\r\n", "POST $path HTTP/1.0", "Host: $site.example.test", "User-Agent: <img src=x>", "Content-Length: 0", "", "");
        local $/; $_ = <$s>; s/\A.*?\r?\n\r?\n//s; print' -- "$@"
}

# The formats that `check` recommends for nginx and php-fpm; for Apache one log of all sites, that does not say whose.
format()
{
    perl -0777 -ne 'BEGIN { $name = shift } s/\\\n//g; /#define\s+\Q$name\E\s+((?:\s*"(?:[^"\\]|\\.)*")+)/ or die "no $name\n";
        print join "", map { s/\\(.)/$1/gr } $1 =~ /"((?:[^"\\]|\\.)*)"/g;' "$1" /src/admin/web/webformats.h
}
fpm=$(format WEBFORMAT_FPM)
sed 's/web274/web275/' /etc/php/8.2/fpm/pool.d/www.conf >/etc/php/8.2/fpm/pool.d/web275.conf
# shellcheck disable=SC2016 # php-fpm's variable
for pool in www web275; do
    printf '%s\n' 'access.log = /var/log/fpm-$pool.log' "access.format = \"${fpm//\"/\\\"}\"" >>/etc/php/8.2/fpm/pool.d/$pool.conf
done
echo "log_format main '$(format WEBFORMAT_NGINX)';" >/etc/nginx/conf.d/format.conf
for site in web274 web275; do
    cat <<CONF
server {
    listen 127.0.0.1:80;
    server_name $site.example.test;
    root /var/www/$site/htdocs;
    access_log /var/log/nginx/$site.log main;
    location ~ \.php$ { include snippets/fastcgi-php.conf; fastcgi_pass unix:/run/php/$site.sock; }
}
CONF
done >/etc/nginx/sites-available/default
for site in web274 web275; do
    cat <<CONF
<VirtualHost 127.0.0.1:8081>
    ServerName $site.example.test
    DocumentRoot /var/www/$site/htdocs
    CustomLog /var/log/apache2/all.log combined
</VirtualHost>
<Directory /var/www/$site>
    Require all granted
</Directory>
CONF
done >/etc/apache2/sites-available/web274.conf

divert_by_hand
start_postfix
start_fpm
start_nginx
start_apache

# Two requests that a worker ends within the second cannot always be told apart.
next_second() { local now; now=$(date +%s); later() { [ "$(date +%s)" -gt $((now + 1)) ]; }; wait_for 10 later; }
is "web274 sends" "$(from 127.0.0.12 80 web274 '/x.php')" sent
is "... his neighbour, too" "$(from 127.0.0.66 80 web275 '/y.php?s=neighbours')" sent
next_second
is "... he, from the neighbour's directory" "$(from 127.0.0.12 80 web274 '/x.php?away&s=elsewhere')" sent
next_second
is "... by mod_php, in web274's directory" "$(from 127.0.0.13 8081 web274 '/x.php?s=modphp')" sent
from 127.0.0.67 8081 web275 '/y.php?n=1' >/dev/null
is "... and in web275's" "$(from 127.0.0.67 8081 web275 '/y.php?s=modphp-neighbour')" sent
logged() { [ "$(grep -c x.php /var/log/fpm-web274.log)" -eq 2 ] && [ "$(grep -c . /var/log/apache2/all.log)" -eq 3 ]; }
ok "the access logs have it" wait_for 30 logged
is "five messages" "$(record_count)" 5

# report ARGS: OUT, STATUS, ERR
report()
{
    OUT=$(mailorigin report "$@" 2>/tmp/report.err)
    STATUS=$?
    ERR=$(cat /tmp/report.err)
}
# sum JSON-PATTERN: how many lines of OUT have it
lines() { grep -cE -- "$1" <<<"$OUT"; }

note "text"
report --user web274
is "found" "$STATUS $ERR" "0 "
like "the account, by the kernel" "$OUT" 'who +web274 \(4079\), by the kernel'
like "... his directory" "$OUT" "directory +$docs"
like "... times with their zone" "$OUT" "first +20[0-9-]+ [0-9:]+ $zone"
like "... the request, for sure" "$OUT" 'exact +127\.0\.0\.12 +POST /x\.php HTTP/1\.0 +200'
like "... the subject, its bytes escaped" "$OUT" "Re: <script>alert\('1'\)</script> .xe2.x80.xae&"
like "... the ids of the mail" "$OUT" "$(record_get id 1)"
like "... the other directory is not his, and not named" "$OUT" 'directory +unknown, says one that is not the account.s own'
unlike "... nothing of the neighbour" "$OUT" 'web275|neighbour|127\.0\.0\.6'

note "JSON"
report --user web274 --json
is "found, each line an object" "$STATUS $(lines '^\{"schema":1,"kind":"report')" "0 $(wc -l <<<"$OUT")"
is "... one head, two origins, two messages" "$(lines '"report"') $(lines '"report_origin"') $(lines '"report_call"')" "1 2 2"
is "... each with its request" "$(lines '"report_request".*"sure":"exact".*"client":"127.0.0.12"')" 2
is "... and the address" "$(lines '"report_client".*"client":"127.0.0.12","exact":1')" 2
like "... certainty in a word" "$OUT" '"cwd_certainty":"says"'
unlike "... and no name with it" "$OUT" 'web275'

note "the page"
report --user web274 --html $page
is "written, and said so" "$STATUS $ERR $(grep -c 'only its owner can read it' <<<"$OUT")" "0  1"
is "... for root alone" "$(stat -c '%U:%G %a' $page)" "root:root 600"
html=$(cat $page)
like "... the account and the message" "$html" "web274</strong>, user ID 4079.*$(record_get id 1)"
like "... the request" "$html" '127\.0\.0\.12.*POST /x\.php HTTP/1\.0.*exact'
like "... hostile text is text" "$html" '&lt;script&gt;alert\(&#39;1&#39;\)&lt;/script&gt; .u\{202e\}&amp;'
like "... the agent, too" "$html" '&lt;img src=x&gt;'
unlike "... nothing of the neighbour" "$html" 'web275|neighbour|127\.0\.0\.6'
is "... one head, nothing from outside, no script, no style but the one" \
    "$(grep -ciE '<(script|img|link|iframe|object|embed|base|form|a )|<[^>]* (src|href|style|on[a-z]+)=|url\(|@import' $page)" 0
like "... which the policy says" "$html" \
    "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'nonce-[0-9a-f]{32}'; base-uri 'none'; form-action 'none'\""
is "... by a nonce that is new each time" \
    "$(for _ in 1 2; do mailorigin report --user web274 --html - | grep -oE 'style nonce="[0-9a-f]{32}"'; done | sort -u | wc -l)" 2

sed -n '1s/ caller="[^"]*"/ caller="php '"${neighbour//\//\\/}"'\/y.php"/; 1s/ script=[^ ]* / script='"${neighbour//\//\\/}"'\/y.php /; 1s/ script_uid=[^ ]* / script_uid=4080 /p' \
    "$SW_LOG" >/tmp/caller.log
for form in "" --json "--html -"; do
    # shellcheck disable=SC2086
    report --log /tmp/caller.log $form
    unlike "a command line names no neighbour${form:+ ($form)}" "$OUT" 'web275'
    like "... but the program" "$OUT" 'php( \.\.\.|",| .{1,3}</code>)'
done
report --log /tmp/caller.log --internal
like "... --internal: all of it" "$OUT" "called by +php $neighbour/y.php"

note "everybody"
report --html $page
like "it is said when there are several" "$ERR" 'several users are in it'
report -n 1
like "what is left out is said" "$OUT" 'left out +4 smaller origins'
report --internal --user web274
like "--internal names the other directory" "$OUT" "unknown, says $neighbour"

sed 's/ mail sendmail-wrapper/ web2 sendmail-wrapper/' "$SW_LOG" >/tmp/web2.log
report --user web274 --log "$SW_LOG" --log /tmp/web2.log
like "... and that there are several servers" "$ERR" 'several servers are in it.* add --host'
report --user web274 --log "$SW_LOG" --log /tmp/web2.log --host web2
unlike "... not of one of them" "$ERR" 'servers'

note "mod_php: all run as www-data"
report --user www-data
like "many may share the account" "$OUT" 'who +www-data'
unlike "... so no directory is named" "$OUT" "$docs|$neighbour"
report --user www-data --html $page
like "... and it is said what to do" "$ERR" 'may share this user; for one of them add --dir'
report --dir $docs --user www-data
like "a directory that was asked for is" "$OUT" "unknown, says $docs"
unlike "... of the log that does not say whose request is whose, none is" "$OUT" 'POST|127\.0\.0\.'
like "... how many there are, is" "$OUT" '[1-9] more fit that are not named'
report --internal --dir $docs --user www-data
like "--internal shows them: one of several" "$OUT" 'one of [2-9] +127\.0\.0\.13'
report --dir $docs --user www-data --access-log /var/log/apache2/all.log
like "... and of a log that is named" "$OUT" '127\.0\.0\.13'

note "the file"
report --user alice --html /root/none.html
is "no messages: no file" "$STATUS $(ls /root/none.html 2>/dev/null)" "1 "
as web274 ln -s /etc/passwd /tmp/report.html
before=$(sha256sum /etc/passwd)
report --user web274 --html /tmp/report.html
is "a planted link is not followed" "$STATUS $(sha256sum /etc/passwd)" "2 $before"
like "... and it is said" "$ERR" 'is a symbolic link, and is not replaced'
report --user web274 --html /nonexistent/report.html
is "no such directory" "$STATUS" 2
like "... is said" "$ERR" '/nonexistent/report\.html cannot be written: No such file'
report --user web274 --html /dev/null
is "a device stays one" "$STATUS $([ -c /dev/null ] && echo device)" "2 device"
echo old >$page
report --user web274 --html $page --log /nonexistent.log --log "$SW_LOG"
is "a log that cannot be read: the rest is reported" "$STATUS $(grep -c '</html>' $page)" "3 1"
is "nothing is left beside it" "$(find /root /tmp -name '.mailorigin*')" ""
report --html $page --json
is "--html and --json" "$STATUS" 2
mount -t tmpfs -o size=8k small /mnt
report --user web274 --html /mnt/report.html
is "a full disk: no file, no half one" "$STATUS $(find /mnt -type f)" "2 "
like "... is said" "$ERR" 'cannot be written: No space left'
install -d -o web274 /srv/his
cp "$SW_LOG" /srv/his/calls.log
chown web274: /srv/his/calls.log
as web274 mailorigin report --log /srv/his/calls.log --access-log /var/log/nginx/web274.log --html /srv/his/report.html >/tmp/his 2>&1
is "a user, of a copy that he can read" "$(stat -c '%U %a' /srv/his/report.html)" "web274 600"
done_testing
