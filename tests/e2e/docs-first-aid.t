#!/bin/bash
# Every command of docs/operations.md, php.md and sandbox.md, as it stands there, on a machine with Postfix, nginx and php-fpm where an uploaded
# script of web274's sends spam: what each block is there for happens. A block that was not run here is a failure too.
# bed: web
. /t/e2e/lib.sh
. /t/e2e/docs-lib.sh

docs_open /src/docs/operations.md /src/docs/php.md /src/docs/sandbox.md
# Examples in the document, and what stands in for them from here on.
real() { docs_replace 01KAMX3F8Q7ZV2N5T0C9R4E6HJ "${REAL_ID:-}"; docs_replace 4F1C2B3A5D "${REAL_QID:-}"; }

# snippet PATTERN: the indented line of the document that fits, once.
snippet() { sed -n 's/^    //p' /src/docs/operations.md | grep -- "$1" | head -n 1; }
# Every object of --json has a kind that json.md knows, with members that it lists there.
json_fits()
{
    perl -MJSON::PP -e '
        my (%members, $kind);
        open my $doc, "<", "/src/docs/json.md" or die;
        while (<$doc>) {
            $kind = $1 if /^## `([a-z_]+)`/;
            next unless defined $kind && /^\| (.*?) \|/;
            my $cell = $1;
            $members{$kind}{$1} = 1 while $cell =~ /`([a-z_]+)`/g;
        }
        open my $keys, "<", "/src/docs/log-format.md" or die;
        while (<$keys>) { $members{call}{$1} = 1 if /^\| `([a-z_]+)` \| \d+/ }
        $members{replayed} = {%{$members{replayed}}, %{$members{call}}};
        while (<STDIN>) {
            my $o = decode_json($_);
            my $known = $members{$o->{kind}};
            print "no kind $o->{kind}\n" unless $known;
            delete @$o{"schema", "kind"};
            for my $member (keys %$o) { print "$member\n" unless $known->{$member} }
        }
        print "no object\n" if !$.;' | sort -u
}
# fits COMMAND ARGS: its --json
fits() { is "json.md: $*" "$(mailorigin "$@" --json 2>/dev/null | json_fits)" ""; }

note "the access logs, as the document has them"
cat >/etc/nginx/conf.d/mailorigin.conf <<CONF
$(snippet '^log_format ')
set_real_ip_from 127.0.0.1;
real_ip_header X-Forwarded-For;
access_log /var/log/nginx/access.log mailorigin;
CONF
sed -i '/^[[:space:]]*access_log/d' /etc/nginx/nginx.conf
sed -i 's|root /var/www/web274/|server_name web274.example.test; &|' /etc/nginx/sites-available/default
snippet '^access' >/dev/null || bail "no formats in the document"
sed -n 's/^    \(access\.\(log\|format\) = .*\)/\1/p' /src/docs/operations.md >>/etc/php/8.2/fpm/pool.d/www.conf
snippet '^LogFormat ' >/etc/apache2/conf-available/mailorigin.conf
a2enconf -q mailorigin
for format in WEBFORMAT_APACHE WEBFORMAT_FPM WEBFORMAT_NGINX; do
    text=$(perl -0777 -ne 'BEGIN { $name = shift } s/\\\n//g; /#define\s+\Q$name\E\s+((?:\s*"(?:[^"\\]|\\.)*")+)/ or die;
        print join "", $1 =~ /"((?:[^"\\]|\\.)*)"/g' $format </src/admin/web/webformats.h)
    ok "the document has the code's $format" grep -qF -- "${text//\\\"/\"}" <(sed 's/\\"/"/g' /src/docs/operations.md)
done
ok "Apache takes its format" apache2ctl configtest

# Mail for other servers goes to one that is not there.
start_postfix
postconf -X default_transport relay_transport
postconf -e 'relayhost = [127.0.0.1]:2599'
postfix reload 2>/dev/null
block 'sendmail-wrapper-divert enable'
runs "enable"
start_fpm
start_nginx

docs=/var/www/web274/htdocs
site=$docs/wp-content/uploads/2026
install -d -o web274 -g web274 "$site"
cat >$site/x.php <<'PHP'
<?php
// A sender who wants to be the neighbour, in grep at least.
for ($i = 0; $i < 6; $i++)
    mail($_POST["to"], '" cwd=/var/www/web275/htdocs uid=4080 rcpts=9', "buy", "Message-ID: <" . uniqid() . "@example.test>");
PHP
chown web274: $site/x.php
touch -d '1 hour ago' $site/x.php
# post ADDRESS: a request of the attacker's
post()
{
    perl -MIO::Socket::INET -e '
        my ($from, $path, $body) = @ARGV;
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 80) or die "$!\n";
        print $s join("\r\n", "POST $path HTTP/1.0", "Host: web274.example.test", "X-Forwarded-For: $from",
            "Content-Type: application/x-www-form-urlencoded", "Content-Length: " . length $body, "", $body);
        local $/; $_ = <$s>; print' -- "$1" /wp-content/uploads/2026/x.php 'to=a@example.org,b@example.org,c@example.org'
}
like "he sends" "$(post 203.0.113.77)" '200 OK'
# Requests that follow each other at once in one worker cannot always be told apart.
second=$(date +%s)
later() { [ "$(date +%s)" -gt $((second + 1)) ]; }
wait_for 10 later
like "... and again" "$(post 203.0.113.77)" '200 OK'
cd /home/alice || bail "no home"
for _ in 1 2; do
    printf 'To: friend@example.org\nSubject: hello\n\n...\n' | as alice sendmail -t -i
done
full() { [ "$(postqueue -j | grep -c delay_reason)" -eq 14 ]; }
wait_for 60 full || bail "the queue did not fill"
queue() { postqueue -j | grep -c "\"queue_name\": \"$1\".*\"sender\": \"$2@" || :; }

note "first aid, step by step"
block 'defer_transports = smtp'
runs "1: nothing leaves"
is "... Postfix was told" "$(postconf -h defer_transports)" smtp
block 'mailorigin top --since 1h
'
runs "2: who"
like "... him first, from his directory: messages, recipients" "$(sed -n 2p <<<"$OUT")" "^ +12 +36 .* 4079 +web274 +$site "
like "... then the others" "$(sed -n 3p <<<"$OUT")" '^ +2 +2 .* 1001 +alice '
unlike "... and no neighbour" "$OUT" web275
ok "... README.md has the same command" grep -qx 'mailorigin top --since 1h' /src/README.md
fits top
fits top --by script
fits top --by user
block '--by script'
runs "3: what"
like "... his script" "$OUT" " $site/x\.php "
is "... and three whole records" "$(grep -c "^20.*web274 (4079) .* 01[0-9A-Z]* " <<<"$OUT")" 3
fits log
block 'authorized_submit_users = !web274'
runs "4: stop him"
nok "... he cannot send" as web274 sendmail -i alice </dev/null
ok "... others can" as alice sendmail -i alice </dev/null
fits hold --uid 4079
block 'mailorigin hold --uid 4079'
runs "5: hold"
is "... his twelve, all of them, and nobody else's" "$(queue hold web274) $(queue deferred web274) $(queue hold alice)" "12 0 0"
like "... the first line only said so" "$OUT" 'Nothing has been done yet.* --yes --uid 4079.*held +12'
fits queue
fits queue --list
fits undo
REAL_QID=$(mailorigin queue --uid 4079 --list --json | sed -n '1s/.*"queue_id":"\([^"]*\)".*/\1/p')
real
block 'postcat -q 4F1C2B3A5D'
runs "6: look"
is "... his twelve" "$(grep -c "^[0-9A-F]* *held .* $site " <<<"$OUT")" 12
like "... a call" "$OUT" 'verdict +matches: .*who +web274 \(4079\), by the kernel'
like "... and its text" "$OUT" 'Postfix, from userid 4079'
block 'postqueue -f'
runs "7: let the others' go"
is "... the setting is gone" "$(postconf -n defer_transports)" ""
is "... his stay" "$(queue hold web274)" 12

note "from the mail to the record and back, while it is there"
block 'mailorigin show 4F1C2B3A5D
mailorigin trace'
REAL_ID=$(sed -n 's/^call  *//p' <<<"$OUT" | head -n 1)
real
like "a queue id has a call" "$REAL_ID" '^[0-9A-Z]{26}$'
block_again "mailorigin trace"
block 'mailorigin trace'
runs "what became of it"
like "... deferred" "$OUT" "mail +$REAL_QID.*state +held"
fits show "$REAL_ID"
fits trace "$REAL_ID"
postcat -hbq "$REAL_QID" >/tmp/complaint.eml
cp /tmp/complaint.eml /complaint.eml
block 'complaint.eml'
runs "a complaint"
like "... matches" "$OUT" 'verdict +matches'
is "json.md: show <mail" "$(mailorigin show --json </tmp/complaint.eml | json_fits)" ""
sed -i 's/^Subject:.*/Subject: other/' /complaint.eml
is "json.md: show <another mail" "$(mailorigin show --json </complaint.eml | json_fits)" ""
like "... the header in another mail is not the caller's" "$(mailorigin show </complaint.eml)" 'replayed.*copied from +a mail of web274'
fits show 01KAMX3F8Q7ZV2N5T0C9R4E6HJ

block 'mailorigin drop'
runs "8: delete"
is "... his are gone, the others' are not" "$(queue hold web274) $(postqueue -j | grep -c '"sender": "alice@')" "0 2"
logged() { [ "$(grep -c x.php /var/log/php-fpm-web274.access.log)" -eq 2 ]; }
ok "the access log has his requests" wait_for 20 logged
block 'mailorigin clients --uid 4079
mailorigin web'
runs "9: who, which request, since when, and what files"
like "... who, for sure" "$OUT" '203\.0\.113\.77 +12 +12 +0 +0 '
like "... which request" "$OUT" 'sure +exact, by worker.s pid.*request +POST /wp-content/uploads/2026/x\.php'
like "... since when" "$OUT" "$(date -d "$(record_line 1 | cut -d' ' -f1)" '+%F %T')"
like "... a file that changed" "$OUT" "$site/x\.php"
fits web "$REAL_ID"
fits clients
fits web "$(mailorigin log --user alice -n 1 --json | sed 's/.*"id":"\([0-9A-Z]*\)".*/\1/')"
block '--format nftables'
runs "... a block list"
like "... with his address" "$OUT" '203\.0\.113\.77'
block 'postconf -X authorized_submit_users'
runs "10: let him send again"
ok "... he can" as web274 sendmail -i alice </dev/null
block "mailorigin report --user web274"
runs "11: tell him"
like "... what he sent, and who did" "$OUT" "x\.php.*203\.0\.113\.77"
unlike "... of nobody else" "$OUT" "alice"
like "... a page that only root can read" "$(stat -c %a /root/web274.html) $(head -c 15 /root/web274.html)" "^600 <!DOCTYPE html>"
fits report --user web274

note "nothing in the log"
block 'mailorigin check'
is "check: something is to be mended here" "$STATUS" 1
like "... port 25, with the line" "$OUT" 'every user.s scripts can talk to mail servers.*mailorigin direct --rules'
fits check
fits check --list
printf 'To: x@example.org\n\npast\n' | as web275 sendmail.real -t -i
past() { mailorigin queue --user web275; }
ok "mail past the wrapper waits" wait_for 20 past
block 'mailorigin queue
'
runs "queue"
like "... and its user is named" "$OUT" 'web275 +unknown \(no header of ours\)'
as web274 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25; echo $$ >/tmp/direct.pid; exec sleep 600' &
wait_for 20 test -s /tmp/direct.pid
block 'mailorigin direct'
runs "direct"
like "... who talks past the mail server" "$OUT" 'user +web274.*127\.0\.0\.1:25'
fits direct
fits direct --rules
fits clients --mail-log
kill "$!"

note "day to day"
block 'sendmail-wrapper-divert status'
runs "status"
cd / || bail "no /"
block '--explain'
runs "explain as a customer"
like "... in his directory" "$OUT" 'header: +X-Additional-Header: /var/www/web274; uid=4079'
like "... as set-gid" "$OUT" 'privilege: +set-gid'
before=$(record_count)
block 'logrotate -f'
runs "rotation"
is "... a new empty file, the old one beside it" "$(record_count) $(cat /var/log/sendmail-wrapper/calls.log-* | wc -l)" "0 $before"
is "... with the same mode" "$(stat -c '%U:%G %a' "$SW_LOG")" "root:sendmail-wrapper 620"
block 'sendmail-wrapper-divert enable'
runs "enable after an upgrade"

note "in a chroot"
jail=/srv/web274
mkdir -p $jail/bin $jail/usr/sbin $jail/etc $jail/htdocs/images
cp /bin/busybox $jail/bin/sh
printf '#!/bin/sh\ncat >/tmp/mail\n' >$jail/usr/sbin/sendmail
chmod 755 $jail/usr/sbin/sendmail
install -d -m 1777 $jail/tmp
ln -s sh $jail/bin/cat
block 'mount --bind'
runs "the wrapper in a chroot"
chroot --userspec=4079:4079 $jail /bin/sh -c 'cd /htdocs/images && printf "To: a\n\nb\n" | /usr/sbin/sendmail -t -i'
like "... adds its header" "$(head -n 1 $jail/tmp/mail)" '^X-Additional-Header: /htdocs; uid=4079'
is "... and records in the one log" "$(record_get cwd) $(record_get mta)" "/htdocs/images msmtp"
umount $jail/var/log/sendmail-wrapper

note "reports"
ok "the log of php-fpm is rotated as the document says" eval "sed -n '/^    .var.log.php-fpm-.*{/,/^    }/s/^    //p' /src/docs/operations.md \
    >/etc/logrotate.d/php-fpm-access && logrotate -f /etc/logrotate.d/php-fpm-access && [ -s /var/log/php-fpm-web274.access.log.1 ]"

note "the help for PHP"
block "open_basedir"
runs "who must not have it"
block "for dir in"
runs "on"
is "... for each kind of PHP" "$(find /etc/php -name 90-sendmail-wrapper.ini | wc -l)" 3
like "... PHP reads it" "$(php-cgi8.2 -i | grep auto_prepend_file)" "sendmail-wrapper\.php"
block "rm -f /etc/php"
runs "off"
is "... everywhere" "$(find /etc/php -name 90-sendmail-wrapper.ini)" ""
not_run "| jq" "jq is in no bed; what it reads is held here"
like "a line for the cron job" "$(mailorigin top --since 1h --by user --json)" "\"count\":[0-9]+,.*\"uid\":4079,\"user\":\"web274\""

note "sendmail_path, and undo"
block 'enable --no-divert'
runs "enable --no-divert, with the diversion in place"
block 'sendmail-wrapper-divert disable'
runs "disable"
is "... Postfix has its own file" "$(dpkg -V postfix | grep sendmail)" ""
block 'rm -f /usr/sbin/sendmail-wrapper'
runs "remove the rest"
block 'groupdel'
runs "and the log"
is "... nothing of it is left" \
    "$(find /usr /etc /var -xdev \( -name '*sendmail-wrapper*' -o -name 'mailorigin*' \) ! -path '*/apache2/*' ! -path '*/nginx/*' 2>/dev/null
    getent group sendmail-wrapper)" ""
ok "... and mail goes on" as web274 sendmail -i alice </dev/null

docs_done
done_testing
