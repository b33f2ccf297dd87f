#!/bin/bash
# mailorigin clients: the addresses behind calls, as sure as the web server's log makes them; top talkers of a mail log; block
# lists in which nobody stands who must not.
# bed: web
. /t/e2e/lib.sh

docs=/var/www/web274/htdocs
cat >$docs/form.php <<'PHP'
<?php
if (isset($_GET["n"])) { echo "nothing"; exit; }
echo mail("alice", $_GET["s"], "x") ? "sent" : "failed";
PHP

# from ADDRESS METHOD PATH: one request to mod_php
from()
{
    perl -MIO::Socket::INET -e '
        my ($from, $method, $path) = @ARGV;
        my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 8081, LocalAddr => $from) or die "$!\n";
        print $s join("\r\n", "$method $path HTTP/1.0", "Host: web274.example.test", "Content-Length: 0", "", "");
        local $/; $_ = <$s>; s/\A.*?\r?\n\r?\n//s; print' -- "$@"
}
clients() { mailorigin clients "$@" >/tmp/out 2>/tmp/err; }
status() { clients "$@"; echo $?; }
# row ADDRESS KEY: its value
row() { grep "\"client\":\"$1\"" /tmp/out | sed -E "s/.*\"$2\":\"?([^\",}]*).*/\\1/"; }
# The server's log with addresses as attackers have them
public() { sed -e 's/^127\.0\.0\.1\([1-9]\) /203.0.113.1\1 /' -e 's/^127\.0\.0\.2\([1-9]\) /2001:db8::2\1 /' \
    -e 's/^127\.0\.0\.3\([1-9]\) /10.0.0.3\1 /' "$1" >"$2"; }
format()
{
    perl -0777 -ne 'BEGIN { $name = shift } s/\\\n//g; /#define\s+\Q$name\E\s+((?:\s*"(?:[^"\\]|\\.)*")+)/ or die "no $name\n";
        $_ = join "", $1 =~ /"((?:[^"\\]|\\.)*)"/g; print' "$1" </src/admin/web/webformats.h
}

divert_by_hand
start_postfix
sed -i "s|DocumentRoot /var/www/web274/htdocs|&\\nCustomLog /var/log/apache2/web274.log mailorigin|" /etc/apache2/sites-available/web274.conf
echo "LogFormat \"$(format WEBFORMAT_APACHE)\" mailorigin" >/etc/apache2/conf-enabled/format.conf
start_apache

note "calls by request, by time, and by their own word"
for n in 1 2 3; do is "attacker" "$(from 127.0.0.11 POST "/form.php?s=a$n")" sent; done
is "another" "$(from 127.0.0.21 POST '/form.php?s=b')" sent
is "one of the private network" "$(from 127.0.0.31 POST '/form.php?s=c')" sent
from 127.0.0.12 GET '/form.php?n=1' >/dev/null
(cd $docs && printf 'To: alice\nSubject: claim\n\nx\n' | setpriv --reuid web274 --regid web274 --clear-groups \
    env REMOTE_ADDR=198.51.100.77 REQUEST_URI=/x.php /usr/sbin/sendmail -t -i)
(cd $docs && printf 'To: alice\nSubject: hostile\n\nx\n' | setpriv --reuid web274 --regid web274 --clear-groups \
    env REMOTE_ADDR='198.51.100.1 } drop' REQUEST_URI=/x.php /usr/sbin/sendmail -t -i)
ok "the log is written" wait_for 60 grep -q '?n=1' /var/log/apache2/web274.log
public /var/log/apache2/web274.log /tmp/access.log
A="--access-log /tmp/access.log"
# shellcheck disable=SC2086 # words
{
is "found" "$(status --json $A)" 0
is "the attacker's calls are sure" "$(row 203.0.113.11 exact)" 3
like "with a request" "$(row 203.0.113.11 request)" '^POST /form.php'
is "first in the table" "$(head -n 1 /tmp/out | grep -c 203.0.113.11)" 1
is "IPv6" "$(row 2001:db8::21 exact)" 1
is "one who only looked is not sure" "$(row 203.0.113.12 exact | sed 's/^0*$//')" ""
is "a call's own word is counted as that" "$(row 198.51.100.77 exact) $(row 198.51.100.77 claimed)" "0 1"
nok "what is no address is none" grep -q drop /tmp/out
is "one row" "$(status --json --limit 1 $A) $(grep -c . /tmp/out)" "0 1"
like "how many more is said" "$(cat /tmp/err)" 'more addresses'
is "filters hold" "$(status --json --since 1s --until now --uid 1 $A)" 1

note "block lists"
is "nftables" "$(status --format nftables $A)" 0
ok "the attackers" grep -q 203.0.113.11 /tmp/out
ok "of both families" grep -q 2001:db8::21 /tmp/out
nok "nobody private, and nobody by his own word or by time" grep -qE '10\.0\.0|198\.51|203\.0\.113\.12' /tmp/out
like "why is said" "$(cat /tmp/err)" '10\.0\.0\.31: private'
like "of claims, too" "$(cat /tmp/err)" '198\.51\.100\.77: .*call itself'
is "Postfix" "$(status --format postfix $A)" 0
grep -v '^#' /tmp/out >/etc/postfix/client_access
ok "postmap takes it" postmap hash:/etc/postfix/client_access
like "a client is found there" "$(postmap -q 203.0.113.11 hash:/etc/postfix/client_access)" '^REJECT'
like "of IPv6, too" "$(postmap -q 2001:db8::21 hash:/etc/postfix/client_access)" '^REJECT'
is "fail2ban" "$(status --format fail2ban --jail my-jail $A)" 0
is "commands and nothing else" "$(grep -cvE '^fail2ban-client set my-jail banip [0-9a-f.:]+$' /tmp/out)" 0
is "a jail that is none" "$(status --format fail2ban --jail 'x;reboot' $A)" 2
is "exceptions" "$(status --format postfix --exclude 203.0.113.0/24 --exclude 2001:db8::/32 $A)" 1
is "one that is none" "$(status --format postfix --exclude 203.0.113.0/33 $A)" 2
postconf -e 'mynetworks=127.0.0.0/8 203.0.113.0/28' # .0 to .15
is "mynetworks" "$(status --format postfix $A; grep -c 203.0.113.11 /tmp/out)" "0
0"
postconf -e mynetworks=127.0.0.0/8
mkdir -p /etc/nginx/conf.d
echo 'set_real_ip_from 203.0.113.0/28;' >/etc/nginx/conf.d/realip.conf
is "a proxy that nginx trusts" "$(status --format postfix $A; grep -c 203.0.113.11 /tmp/out)" "0
0"
rm /etc/nginx/conf.d/realip.conf
SSH_CONNECTION='203.0.113.11 50000 192.0.2.1 22' clients --format postfix $A
like "where the admin sits" "$(cat /tmp/err)" '203.0.113.11: where you are logged in from'
SSH_CONNECTION='203.0.113.11 50000 192.0.2.1 22' bash -c 'env -i /usr/sbin/mailorigin clients --format postfix '"$A; :" >/tmp/out 2>/tmp/err
nok "behind sudo, too" grep -q 203.0.113.11 /tmp/out
is "JSON of a block list" "$(status --json --format postfix $A)" 2
}

note "many calls, two compressed logs: each is read once, not once for each call"
# Call i of 300, its request in one of two logs
perl -e '
    open my $calls, ">", "/tmp/many-calls.log"; my @log = map { open my $f, ">", "/tmp/many$_.log"; $f } 1, 2;
    for my $i (0 .. 299) {
        my ($start, $pid) = (1763700000 + 7 * $i, 12000 + $i % 5);
        my ($s, $m, $h, $d) = gmtime $start;
        my $clock = sprintf "%02d:%02d:%02d", $h, $m, $s;
        printf { $log[$i % 2] } qq(203.0.113.%d - - [%02d/Nov/2025:%s +0000] "POST /%d HTTP/1.1" 200 5 "-" "-" %d 400000 %d a "/w/x.php"\n),
            1 + $i % 20, $d, $clock, $i, $start * 1_000_000, $pid;
        printf $calls qq(2025-11-%02dT%s.200000+00:00 web1 sendmail-wrapper[5]: id=01KAMX3F8Q7ZV2N5T0C9R%05d mode=submit uid=33)
            . qq( user=www-data gid=33 pid=5 cwd=/w caller_pid=%d chain="sh[4] apache2[%d]" ages="1 1 9000" unit=apache2.service ppid=4)
            . qq( mta=postfix action=deliver\n), $d, $clock, $i, $pid, $pid;
    }'
gzip -f /tmp/many1.log /tmp/many2.log
strace -f -e trace=openat,lseek -o /tmp/trace mailorigin clients --json --log /tmp/many-calls.log --access-log /tmp/many1.log.gz \
    --access-log /tmp/many2.log.gz --log-format apache >/tmp/out 2>/tmp/err
is "every call has its request" "$(awk -F'"exact":' '{n += $2} END {print NR, n}' /tmp/out)" "20 300"
is "the first log" "$(grep -c many1.log.gz /tmp/trace)" 1
is "the second" "$(grep -c many2.log.gz /tmp/trace)" 1
clients --json --log /tmp/many-calls.log --access-log /tmp/many1.log.gz --access-log /tmp/no-such.log --log-format apache
is "a log that cannot be read is named once" "$(grep -c no-such.log /tmp/err)" 1
is "the other is read" "$(awk -F'"exact":' '{n += $2} END {print n}' /tmp/out)" 150

note "who is behind most calls stands first, though of none of them it is sure"
perl -e '
    open my $calls, ">", "/tmp/unsure-calls.log"; open my $log, ">", "/tmp/unsure.log";
    for my $i (0 .. 8) {
        my $clock = sprintf "20:00:%02d", 3 * $i;
        my @clients = $i < 2 ? "203.0.113.50" : ("203.0.113.66", "203.0.113." . (70 + $i)); # two customers are sure
        print $log qq($_ [21/Nov/2025:$clock +0000] "POST /x" 7\n) for @clients;
        print $calls "2025-11-21T$clock.500000+00:00 web1 sendmail-wrapper[5]: id=01KAMX3F8Q7ZV2N5T0C9R0000$i mode=submit uid=33 gid=33 pid=5",
            qq( cwd=/w chain="sh[4] apache2[7]" ages="1 1 9000" unit=apache2.service ppid=4 mta=postfix action=deliver\n);
    }'
clients --json --log /tmp/unsure-calls.log --access-log /tmp/unsure.log --log-format 'apache:%h %t "%r" %P'
is "seven of two against two" "$(head -n 2 /tmp/out | sed 's/.*"client":"\([^"]*\)".*"exact":\([0-9]*\).*/\1 \2/')" "203.0.113.66 0
203.0.113.50 2"

note "top talkers of a mail log"
{
    for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
        echo "Nov 21 16:20:$((n + 10)) web1 postfix/smtpd[1]: connect from unknown[203.0.113.9]"
        echo "Nov 21 16:20:$((n + 10)) web1 postfix/smtpd[1]: warning: unknown[203.0.113.9]: SASL LOGIN authentication failed: VXNlcm5hbWU6, sasl_username=[198.51.100.3]"
        echo "Nov 21 16:20:$((n + 10)) web1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[2001:db8::5]: 554 5.7.1 <a@b>: Relay access denied; from=<[198.51.100.3]@x> to=<b@c> proto=ESMTP helo=<x>"
        echo "Nov 21 16:20:$((n + 10)) web1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[unknown]: 554 5.7.1 <a@b>: no; from=<[198.51.100.3]@x> to=<b@c> proto=ESMTP helo=<[198.51.100.3]>"
        echo "Nov 21 16:20:$((n + 10)) web1 postfix/smtpd[1]: warning: c.example[203.0.113.77]: SASL PLAIN authentication failed: x"
        echo "Nov 21 16:20:$((n + 10)) web1 postfix/cleanup[1]: ABCDEF$n: reject: header Subject: RCPT from x[198.51.100.3]: from local; from=<a@b>: 5.7.1 no"
    done
    echo "Nov 21 16:21:00 web1 postfix/smtpd[1]: ABCDEF0: client=c.example[203.0.113.77], sasl_method=PLAIN, sasl_username=joe"
} >/tmp/mail.log
is "found" "$(status --json --mail-log=/tmp/mail.log)" 0
is "log-ins that failed" "$(row 203.0.113.9 failed_logins) $(row 203.0.113.9 connects)" "12 12"
is "rejects" "$(row 2001:db8::5 rejects)" 12
nok "an address in a sender, a HELO, a login, a header is no client" grep -q '"client":"198.51' /tmp/out
is "a block list" "$(status --format fail2ban --mail-log=/tmp/mail.log)" 0
is "of both" "$(grep -cE 'banip (203.0.113.9|2001:db8::5)$' /tmp/out)" 2
nok "not of a customer who mistyped" grep -q 203.0.113.77 /tmp/out
like "which is said" "$(cat /tmp/err)" '203.0.113.77: it sent mail after a log-in'
is "of few there is none" "$(status --format postfix --at-least 13 --mail-log=/tmp/mail.log)" 1
is "a filter that only calls can pass" "$(status --json --mail-log=/tmp/mail.log --uid 4079) $(cat /tmp/err)" \
    "2 mailorigin clients: --uid: not with --mail-log, whose lines have no caller"
is "without a file: this machine's" "$(status --json --mail-log)" 1
printf 'hello\n' >/tmp/wrong
like "nobody in it: said" "$(mailorigin clients --mail-log=/tmp/wrong)" '^Nobody connects'
done_testing
