#!/bin/bash
# Every command of the documents is run by a test, or named in one with the reason why not; those of README.md and of the man
# pages here, in the night that they tell of: an uploaded script of web274's, his contact form, and a neighbour's shop. What
# they print has the shape that the documents show.
# bed: host
. /t/e2e/lib.sh
. /t/e2e/docs-lib.sh

shopt -s nullglob
documents=(/src/*.md /src/docs/*.md /src/docs/*/*.md /src/docs/man/*)

# --- the documents: who runs which -------------------------------------------------------------------------------------------

# DOCUMENT TEST: that test has opened it (docs_open) and ends with docs_done.
owners=$(grep -v '^#' <<'END'
README.md docs-commands.t
CONTRIBUTING.md docs-commands.t
docs/man/mailorigin.8 docs-commands.t
docs/man/sendmail-wrapper.8 docs-commands.t
docs/man/sendmail-wrapper.conf.5 docs-commands.t
docs/man/sendmail-wrapper-divert.8 docs-commands.t
docs/operations.md docs-first-aid.t
docs/php.md docs-first-aid.t
docs/sandbox.md docs-first-aid.t
docs/from-the-shell-wrapper.md docs-shell-wrapper.t
docs/mta/postfix.md docs-mta.t
docs/mta/exim.md docs-mta.t
docs/mta/sendmail.md docs-mta.t
docs/package.md package.t
docs/central.md docs-commands.t
END
)

mkdir -p /tmp/all
total=0
for document in "${documents[@]}"; do
    name=${document#/src/}
    rm -f /tmp/all/*
    /t/e2e/docs-extract blocks /tmp/all "$document" >/tmp/null
    n=0
    for file in /tmp/all/*.cmd; do n=$((n + $(docs_count "$file"))); done
    total=$((total + n))
    [ "$n" -gt 0 ] || continue
    test=$(awk -v name="$name" '$1 == name {print $2}' <<<"$owners")
    ok "the commands of $name have a test: $test" grep -qE "(docs_open|documents=).*/src/(${name//./\\.}|${name%/*}/\\*)" "/t/e2e/$test"
done
note "$total commands in ${#documents[@]} documents"

# Commands that stand where nothing runs them. Those of sendmail-wrapper.conf(5) are configurations, tried below.
is "no command hides in text that is not run" \
    "$(/t/e2e/docs-extract hidden "${documents[@]}" | grep -vE 'sendmail-wrapper.conf.5:[0-9]+: (header \{ |log \{ |key = "value")')" ""
# Within sentences: the command is there, and has these options.
missing=
while read -r program command rest; do
    if [ "$program" = mailorigin ]; then
        case $command in COMMAND | -*) continue ;; esac
        help=$(mailorigin "$command" --help 2>/tmp/null) || missing+=" [$program $command]"
    else
        help=$("$program" --help)
        rest="$command $rest"
    fi
    for word in $rest; do
        word=${word%%=*}
        case $word in
        -[a-z] | --[a-z]*) grep -qE -- "(^|[ [,])$word\b" <<<"$help" || missing+=" [$program $command $word]" ;;
        esac
    done
done < <(/t/e2e/docs-extract inline "${documents[@]}" | sort -u)
is "every option of a command in a sentence is one" "$missing" ""

# --- the night -------------------------------------------------------------------------------------------------------------

docs_open /src/README.md /src/CONTRIBUTING.md /src/docs/central.md /src/docs/man/*

# Access logs as operations.md recommends; a pool and a site for the neighbour.
snippet() { sed -n "s/^    \($1\)/\1/p" /src/docs/operations.md; }
cat >/etc/nginx/conf.d/mailorigin.conf <<CONF
$(snippet 'log_format .*')
set_real_ip_from 127.0.0.1;
real_ip_header X-Forwarded-For;
access_log /var/log/nginx/access.log mailorigin;
CONF
sed -i '/^[[:space:]]*access_log/d' /etc/nginx/nginx.conf
site=/etc/nginx/sites-available/default
sed 's/web274/web275/g; s/ default_server//; s/root /server_name web275.example.test; &/' $site >/tmp/site
sed -i 's/root /server_name web274.example.test; &/' $site
cat /tmp/site >>$site
pools=/etc/php/8.2/fpm/pool.d
snippet 'access\.\(log\|format\) = .*' >>$pools/www.conf
sed 's/web274/web275/g' $pools/www.conf >$pools/web275.conf

start_postfix
postconf -X default_transport relay_transport
postconf -e 'relayhost = [127.0.0.1]:2599'
postfix reload 2>/tmp/null

not_run 'sudo ./install/demo' "tests/install/prefix.t runs it, and compares what it prints"
not_run 'sudo ./tests/run' "it runs this test"
not_run 'dpkg-buildpackage' "from the network, and a bed has no compiler; tests/package-build makes the package so, package*.t install it"
not_run 'cmake --install build/install' "a bed has no compiler; every bed is installed so, and tests/install/prefix.t below other prefixes"
OUT=$(sendmail-wrapper-divert enable 2>&1)
shows "README.md: what enable prints"
not_run 'cmake --preset dev' "a bed has no compiler; tests/run builds and tests with the presets"
not_run 'tests/run unit' "parts of what runs this test"
not_run 'tests/e2e/bed shell postfix' "it makes the machine that this is"
for text in 'sendmail-wrapper --explain -t -i' 'sendmail-wrapper --explain -t -i'; do
    block "$text"
    runs "$DOCS_WHERE"
    like "... nothing is degraded" "$OUT" 'degraded: nothing'
done
block 'sendmail-wrapper-divert enable'
runs "$DOCS_WHERE"
block 'sendmail-wrapper-divert status'
runs "$DOCS_WHERE"
n=0
while IFS= read -r line; do
    n=$((n + 1))
    echo "$line" >"$SW_CONFIG"
    # The rest of that example.
    grep -A1 -F -- "$line" /src/docs/man/sendmail-wrapper.conf.5 | sed -n '2{/^[a-z]/p}' >>"$SW_CONFIG"
    like "sendmail-wrapper.conf(5): $line" "$(sendmail-wrapper --explain -t -i)" 'degraded: nothing'
done < <(sed -nE '/^\.Sh EXAMPLES/,$s/^((header|log) *\{.*)/\1/p' /src/docs/man/sendmail-wrapper.conf.5)
is "... three lines of examples" "$n" 3
: >"$SW_CONFIG"

start_fpm
wait_for 60 test -S /run/php/web275.sock || bail "no pool for web275"
start_nginx
uploads=/var/www/web274/htdocs/wp-content/uploads/2026
install -d -o web274 -g web274 $uploads
# shellcheck disable=SC2016 # PHP
spam='<?php for ($i = 0; $i < 6; $i++) mail($_POST["to"], "You have won", "buy", "From: prize@example.test");'
one='<?php mail("shop@example.org", "Order", "text", "From: shop@example.test");'
echo "$spam" >$uploads/x.php
echo "$one" >/var/www/web274/htdocs/contact.php
echo "$one" >/var/www/web275/htdocs/order.php
touch -d '1 hour ago' $uploads/x.php /var/www/*/htdocs/*.php
chown -R web274: /var/www/web274/htdocs
chown -R web275: /var/www/web275/htdocs
post() # ADDRESS SITE PATH
{
    perl -MIO::Socket::INET -e '
        my ($from, $site, $path) = @ARGV;
        my $body = "to=a\@example.org,b\@example.org,c\@example.org";
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 80) or die "$!\n";
        print $s join("\r\n", "POST $path HTTP/1.0", "Host: $site.example.test", "X-Forwarded-For: $from",
            "Content-Type: application/x-www-form-urlencoded", "Content-Length: " . length $body, "", $body);
        local $/; $_ = <$s>; / 200 OK/ or die $_' -- "$@"
}
# Requests that follow each other at once in one worker cannot always be told apart: this many ticks lie between two.
pause() { perl -e 'select undef, undef, undef, 0.15'; }
for n in 1 2 3 4 5; do
    post 203.0.113.77 web274 /wp-content/uploads/2026/x.php && pause
    post 198.51.100.23 web275 /order.php && pause
done
post 192.0.2.30 web274 /wp-content/uploads/2026/x.php && pause
post 198.51.100.9 web274 /contact.php && pause
post 203.0.113.77 web274 /wp-content/uploads/2026/x.php
full() { [ "$(postqueue -j | grep -c delay_reason)" -eq 48 ]; }
wait_for 60 full || bail "the queue did not fill"
logged() { [ "$(cat /var/log/php-fpm-web27?.access.log | wc -l)" -eq 13 ]; }
wait_for 20 logged || bail "the requests are not logged"

# As the documents have it in other places: the same output.
mkdir -p /tmp/other
/t/e2e/docs-extract blocks /tmp/other /src/docs/operations.md >/tmp/null
shown_in_operations() # TEXT: OUT has the shape that operations.md shows for the block with this text
{
    local file
    file=$(grep -lF -- "$1" /tmp/other/*.cmd | while IFS= read -r name; do [ ! -s "${name%.cmd}.out" ] || echo "${name%.cmd}.out"; done | head -n 1)
    printf '%s\n' "$OUT" >/tmp/got
    is "operations.md: what $1 prints" "$(/t/e2e/docs-extract shape "$file" /tmp/got)" "" || note "$OUT"
}

note "README.md: first aid"
mailorigin queue --uid 4079 --dir "$uploads" --list --json | sed -n '1s/.*"queue_id":"\([^"]*\)".*/\1/p' >/tmp/qid
postcat -hbq "$(cat /tmp/qid)" >/complaint.eml
block 'mailorigin show <complaint.eml'
runs "who, what to hold, which call"
shown_in_operations 'mailorigin top --since 1h'
like "... a dry run" "$OUT" 'Nothing has been done yet'
like "... the call" "$OUT" 'verdict +matches'

note "mailorigin(8): the night"
docs_replace 01M80CV6S8YZ491899CJWVX6XJ "$(mailorigin log --uid 4079 -n 1 --json | sed 's/.*"id":"\([0-9A-Z]*\)".*/\1/')"
docs_replace /root/spam.nft /tmp/spam.nft
block 'mailorigin top --since 1h'
shows "who is it"
block 'mailorigin hold --uid 4079 --yes'
shows "hold"
shown_in_operations 'mailorigin hold --uid 4079 --yes'
block 'mailorigin top --by script --since 1h'
shows "what is it that sends"
block 'mailorigin log --uid 4079 -n 1'
shows "a call"
block 'mailorigin web 01M80'
shows "which request"
block 'mailorigin clients --uid 4079'
shows "who is behind it"
shown_in_operations 'mailorigin clients --uid 4079'
uploads_root=/var/www/web274/htdocs/wp-content/uploads
docs_replace "\$U" $uploads_root
block 'nft -f'
runs "shut out"
like "... the attackers" "$(nft list ruleset)" '192\.0\.2\.30.*203\.0\.113\.77'
unlike "... and not who filled in the form" "$(nft list ruleset)" '198\.51\.100\.9'
block "mailorigin drop --uid 4079 --dir \$U
"
shows "drop, a dry run"
block "mailorigin drop --uid 4079 --dir \$U --yes"
shows "drop"
block 'mailorigin release --uid 4079 --yes'
shows "release"
mv "$(command -v nft)" /tmp/nft
block 'mailorigin check'
is "check: there are findings" "$STATUS" 1
shows "... the first of them"
mv /tmp/nft /usr/sbin/nft
block 'mailorigin show <complaint.eml'
shows "a complaint"

note "sendmail-wrapper(8)"
block 'runuser -u web274'
runs "explain, as a customer"
like "... his directory, set-gid" "$OUT" 'cwd=/var/www/web274/htdocs .*privilege: set-gid'
block "awk '"
is "the calls of a user" "$(wc -l <<<"$OUT")" 43

note "central.md"
central=/var/log/sendmail-wrapper-central
for text in 1 2; do
    not_run 'apt-get install rsyslog rsyslog-relp' "from the network; layer central has them"
done
mkdir /tmp/pki
docs_replace 'openssl req -x509' 'cd /tmp/pki; openssl req -x509'
block 'openssl req -x509'
runs "certificates"
ok "... the host's is the authority's, with its name" openssl verify -CAfile /tmp/pki/ca.pem -verify_hostname web1.example.com /tmp/pki/cert.pem
block 'cp rsyslog-collector.conf'
runs "the collector's files"
block 'cp rsyslog-forward.conf'
runs "a sending host's files"
not_run 'systemctl enable --now sendmail-wrapper-forward' "no systemd is process 1 here; central.t starts what the unit starts"
not_run 'clickhouse-client' "no ClickHouse in a bed; the lines that it takes are held by docs-first-aid.t (log --json)"
not_run 'curl -s -H' "no OpenSearch in a bed, as the document says"
not_run 'mailorigin top --journal-dir' "no journal here; mailorigin-journal.t reads such a directory"
sed -e '1~2s/ mail sendmail-wrapper/ web1 sendmail-wrapper/' -e 's/ mail sendmail-wrapper/ web2 sendmail-wrapper/' "$SW_LOG" >$central/calls.log
docs_replace 01KAMX3F8Q7ZV2N5T0C9R4E6HJ "$(sed -n 's/.* id=\([^ ]*\) mode=submit.*/\1/p' $central/calls.log | tail -n 1)"
# It goes on for ever.
docs_replace 'mailorigin log --central -f' "{ timeout 1 mailorigin log --central -f || [ \$? = 124 ]; }"
block 'mailorigin top --central --since 1h --by host'
runs "the collector is asked"
is "... both hosts" "$(sed -n 's/.* \(web[12]\) *\/var.*/\1/p' <<<"$OUT" | sort -u | paste -sd' ')" "web1 web2"
sed -i '2,3d' "$DOCS_SHOWN" # what they sent was another night's
shows "... the columns, and the sum"

note "undo"
for text in 1 2; do
    block 'sendmail-wrapper-divert disable'
    runs "$DOCS_WHERE"
done
is "Postfix has its own file" "$(dpkg -V postfix | grep sendmail)" ""
docs_done
done_testing
