#!/bin/bash
# mailorigin direct: real processes of several users talk to mail ports of "another machine" (a network namespace), over
# IPv4 and IPv6, disguised, in a container, unreadable; --watch; --rules loaded with the real nft.
# bed: host
. /t/e2e/lib.sh

# --- another machine: 192.0.2.25, 2001:db8::25, which takes connections and says nothing -----------------------
ip netns add far
ip link add near0 type veth peer name far0 netns far
ip addr add 192.0.2.1/24 dev near0
ip -6 addr add 2001:db8::1/64 dev near0 nodad
ip link set near0 up
ip netns exec far ip addr add 192.0.2.25/24 dev far0
ip netns exec far ip -6 addr add 2001:db8::25/64 dev far0 nodad
ip netns exec far ip link set far0 up
ip netns exec far ip link set lo up

cat >/tmp/listen.pl <<'END'
use IO::Socket::IP;
use IO::Select;
my @listeners = map {
    IO::Socket::IP->new(LocalHost => $_->[0], LocalPort => $_->[1], Listen => 50, ReuseAddr => 1, V6Only => 1) or die "$_->[1]: $@"
} map { my $port = $_; (["::", $port], ["0.0.0.0", $port]) } (25, 465, 587, 2525);
my $select = IO::Select->new(@listeners);
open my $ready, ">", "/tmp/listening"; close $ready;
while (1) { for my $l ($select->can_read) { push @kept, scalar $l->accept } }
END
ip netns exec far perl /tmp/listen.pl &
wait_for 30 test -e /tmp/listening || bail "nobody listens"

# A customer's program: perl SCRIPT ADDRESS PORT NAME FILE: connects, calls itself NAME, and writes FILE when it is connected.
mkdir -p /srv/spam
cat >/srv/spam/mailer.pl <<'END'
use IO::Socket::IP;
my ($address, $port, $name, $file) = @ARGV;
my $s = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port) or do { open my $f, ">", $file; print $f "refused: $@\n"; exit 1 };
$0 = $name if $name ne "";
open my $f, ">", "$file.new"; print $f "$$\n"; close $f; rename "$file.new", $file;
sleep 600;
END

# connects USER ADDRESS PORT NAME [DIRECTORY]: sets $pid
connects()
{
    rm -f /tmp/run/connected
    (cd "${5:-/srv/spam}" && exec setpriv --reuid "$1" --regid "$1" --clear-groups \
        perl /srv/spam/mailer.pl "$2" "$3" "$4" /tmp/run/connected) &
    wait_for 30 test -s /tmp/run/connected || bail "$1 does not get through to $2"
    pid=$(cat /tmp/run/connected)
}
mkdir -m 1777 /tmp/run

# ends PID: its connections are gone when it is.
ends()
{
    kill "$1"
    wait_for 30 eval "! test -e /proc/$1/exe" || bail "process $1 does not end"
}
direct() { mailorigin direct "$@" >/tmp/out 2>/tmp/err; status=$?; out=$(cat /tmp/out); err=$(cat /tmp/err); }
# json PID KEY: the value in the line of that process
json()
{
    perl -e 'my ($pid, $key) = @ARGV; while (<STDIN>) { next unless /"pid":\s*$pid\b/;
        print "$1$2\n" if /"$key":\s*(?:"((?:[^"\\]|\\.)*)"|(\[(?:"[^"]*"(?:, ?)?)*\]|[^,}]+))/ }' "$1" "$2" </tmp/out
}

# --- nothing there -------------------------------------------------------------------------------------------------
direct
is "nobody talks to a mail port: status 1" "$status" 1
like "and it says so" "$out" 'No process talks'
direct --json
is "JSON: nothing" "$out" ''

# --- who is it ------------------------------------------------------------------------------------------------------
connects web274 192.0.2.25 25 ''
direct --json
is "a customer's connection: status 0" "$status" 0
is "his uid" "$(json "$pid" uid)" 4079
is "his name" "$(json "$pid" user)" web274
is "where to" "$(json "$pid" peers)" '["192.0.2.25:25"]'
strace -f -e trace=openat,setresuid,write,readlinkat -s 64 -o /tmp/calls mailorigin direct --json >/dev/null 2>&1
ok "what a process says of itself is read" grep -q '/cmdline"' /tmp/calls
# Whoever reads a command line gives root up then; whoever prints has done so before.
is "root takes no command line apart" "$(awk '/\/cmdline"/ {reads[$1] = 1} /setresuid\(65534/ {delete reads[$1]}
    END {for (pid in reads) print pid}' /tmp/calls)" ''
ok "it is printed" grep -q 'write(1, "{.*direct' /tmp/calls
is "not by root" "$(awk '/setresuid\(65534/ {nobody[$1] = 1} /write\(1, "{.*direct/ && !nobody[$1]' /tmp/calls)" ''
is "directory" "$(json "$pid" cwd)" /srv/spam
is "script" "$(json "$pid" script)" /srv/spam/mailer.pl
like "program" "$(json "$pid" exe)" '^/usr/bin/perl'
like "command line" "$(json "$pid" cmdline)" '^perl /srv/spam/mailer.pl 192.0.2.25 25'
is "not the mail server" "$(json "$pid" mta)" false
started=$(date -d "$(json "$pid" since)" +%s)
now=$(date +%s)
ok "since when" test $((now - started)) -ge 0 -a $((now - started)) -lt 300
direct
like "the same for people" "$out" "user +web274"
like "the script, too" "$out" 'script +/srv/spam/mailer.pl'
ends "$pid"

connects web275 2001:db8::25 587 smtp
direct --json
is "IPv6, and called smtp: seen as what it is" "$(json "$pid" uid) $(json "$pid" peers)" '4080 ["[2001:db8::25]:587"]'
is "a name makes no mail server" "$(json "$pid" mta)" false
ends "$pid"

connects web275 ::ffff:192.0.2.25 465 /usr/lib/postfix/sbin/smtp
direct --json
is "IPv4 in IPv6's clothes is shown as IPv4" "$(json "$pid" peers)" '["192.0.2.25:465"]'
ends "$pid"

connects web274 192.0.2.25 2525 ''
direct
is "another port is none of ours" "$status" 1
ends "$pid"

evil=$(printf '/srv/\033]0;owned\007\n\342\200\256x')
mkdir -p "$evil"
connects web274 192.0.2.25 25 "$(printf 'a\033[2Jb\nc')" "$evil"
direct
is "no control byte reaches the terminal" "$(LC_ALL=C tr -d '[:print:]\n' </tmp/out | wc -c)" 0
like "the directory is shown escaped" "$out" '/srv/\\x1b\]0;owned\\x07\\n'
ends "$pid"

# The PHP way: the script is only known by its descriptor.
cat >/srv/spam/index.php <<'END'
<?php
$s = stream_socket_client("tcp://192.0.2.25:25");
cli_set_process_title("php-fpm: pool web275");
file_put_contents("/tmp/run/connected", getmypid() . "\n");
sleep(600);
END
rm -f /tmp/run/connected
(cd / && exec setpriv --reuid web274 --regid web274 --clear-groups php8.2 /srv/spam/index.php) &
wait_for 30 test -s /tmp/run/connected || bail "php does not connect"
pid=$(cat /tmp/run/connected)
direct --json
is "PHP that hides its command line: the script by its descriptor" "$(json "$pid" script) $(json "$pid" script_by)" \
    '/srv/spam/index.php fd'
ends "$pid"

rm -f /tmp/run/connected
(in_unit php8.2-fpm.service setpriv --reuid web274 --clear-groups perl /srv/spam/mailer.pl 192.0.2.25 25 '' /tmp/run/connected) &
wait_for 30 test -s /tmp/run/connected || bail "no connection from the unit"
pid=$(cat /tmp/run/connected)
direct --json
if have_units; then
    is "the unit that it runs in" "$(json "$pid" unit)" php8.2-fpm.service
else
    skip "the unit that it runs in" "no cgroups here"
fi
ends "$pid"

# --- other network namespaces -----------------------------------------------------------------------------------
rm -f /tmp/run/connected
ip netns exec far setpriv --reuid web274 --clear-groups perl /srv/spam/mailer.pl 192.0.2.25 25 '' /tmp/run/connected &
wait_for 30 test -s /tmp/run/connected || bail "no connection within the namespace"
pid=$(cat /tmp/run/connected)
direct --json
is "in another network namespace" "$(json "$pid" uid) $(json "$pid" peers)" '4079 ["192.0.2.25:25"]'
ends "$pid"

rm -f /tmp/run/connected
unshare --pid --fork --mount-proc setpriv --reuid postfix --clear-groups \
    perl /srv/spam/mailer.pl 192.0.2.25 25 smtp /tmp/run/connected 2>/dev/null &
outer=$!
wait_for 30 test -s /tmp/run/connected || bail "no connection within the container"
direct --json
like "in a container postfix's uid is just a number" "$out" '"container": ?true.*"mta": ?false'
kill -KILL "$(pgrep -P "$outer")"
wait "$outer" 2>/dev/null

# --- who does not want to be seen ------------------------------------------------------------------------------
shy thread 4079 192.0.2.25 25 >/tmp/run/shy &
wait_for 30 test -s /tmp/run/shy || bail "shy thread"
pid=$(cat /tmp/run/shy)
direct --json
is "descriptors of a single thread, the first one gone" "$(json "$pid" uid) $(json "$pid" exe)" "4079 /tools/shy"
ends "$pid"

: >/tmp/run/shy
mkdir -p /tmp/run/silence
shy mute 4079 192.0.2.25 25 /tmp/run/silence >/tmp/run/shy 2>/tmp/run/shy.err &
shy=$!
wait_for 30 eval 'test -s /tmp/run/shy || test -s /tmp/run/shy.err'
if [ -s /tmp/run/shy ]; then
    pid=$(cat /tmp/run/shy)
    connects web275 192.0.2.25 25 ''
    ok "whose script lies on a file system that never answers does not block us" timeout 60 sh -c 'mailorigin direct --json >/tmp/out'
    is "and is shown" "$(json "$(cat /tmp/run/shy)" uid) $(json "$(cat /tmp/run/shy)" silent)" "4079 true"
    like "others are read as ever" "$(json "$pid" cmdline)" 'mailer.pl'
    ok "whoever reads our output does not wait for the child left behind" timeout 60 sh -c 'mailorigin direct | cat >/dev/null'
    ends "$pid"
    ends "$(cat /tmp/run/shy)"
else
    skip "a script on a file system that does not answer" "$(cat /tmp/run/shy.err)"
fi
wait "$shy" 2>/dev/null

connects web274 192.0.2.25 25 ''
kill -STOP "$pid"
direct --json
is "a stopped process" "$(json "$pid" script)" /srv/spam/mailer.pl
kill -CONT "$pid"
ends "$pid"

# --- not root ----------------------------------------------------------------------------------------------------
connects web274 192.0.2.25 25 ''
as web275 mailorigin direct --json >/tmp/out 2>/tmp/err
is "not root: status 3" $? 3
like "it says what it did not see" "$(cat /tmp/err)" 'run as root'
like "the uid is known all the same" "$(cat /tmp/out)" '"user": ?"web274", ?"uid": ?4079.*"192.0.2.25:25"'
as web274 mailorigin direct --json >/tmp/out 2>/tmp/err
is "one's own are seen" "$(json "$pid" cwd)" /srv/spam

# --- the mail server's own -------------------------------------------------------------------------------------------
postconf -e inet_interfaces=all relayhost='[192.0.2.25]' default_transport=smtp
start_postfix
echo hello | sendmail -f alice@example.test someone@remote.test
mta_talks() { mailorigin direct --all --json | grep -qE '"mta": ?true'; }
ok "Postfix's smtp(8) shows with --all" wait_for 60 mta_talks
mailorigin direct --all --json >/tmp/out
like "as what it is" "$(cat /tmp/out)" '/usr/lib/postfix/sbin/smtp".*"mta": ?true'
direct --json
is "and not without" "$(grep -cE '"mta": ?true' /tmp/out) $(grep -cE '"mta": ?false' /tmp/out)" '0 1'
ends "$pid"
direct
is "only the mail server: nothing" "$status" 1

# --- --watch -----------------------------------------------------------------------------------------------------------
mailorigin direct --watch=0.1 --json >/tmp/watch.json 2>/tmp/watch.err &
watch_json=$!
mailorigin direct --watch=0.1 >/tmp/watch 2>&1 &
watch=$!
connects web274 192.0.2.25 25 ''
first=$pid
ok "--watch shows who comes" wait_for 30 grep -qE "\"pid\": ?$first\b" /tmp/watch.json
ends "$first"
connects web275 192.0.2.25 25 ''
ok "and the next" wait_for 30 grep -qE "\"pid\": ?$pid\b" /tmp/watch.json
wait_for 30 grep -q web275 /tmp/watch
kill -INT "$watch" "$watch_json"
wait "$watch"
is "SIGINT ends it: status 0" $? 0
wait "$watch_json"
is "each connection once" "$(wc -l </tmp/watch.json)" 2
like "a summary with its limit" "$(tail -n 1 /tmp/watch)" '^2 connections seen, [0-9] of them in one look only.*can be missed'
ends "$pid"
direct --watch=0
is "no time between two looks is none: status 2" "$status" 2

# --- --rules: with the real nft -----------------------------------------------------------------------------------
direct --rules
is "rules are printed" "$status" 0
cp /tmp/out /tmp/rules.nft
ok "nft takes them" nft -c -f /tmp/rules.nft
connects web275 192.0.2.25 25 ''
open=$pid
ok "loaded" nft -f /tmp/rules.nft
ok "and again: they replace themselves" nft -f /tmp/rules.nft
is "once" "$(nft list ruleset | grep -c 'meta skuid')" 1
rm -f /tmp/run/connected
for port in 25 465 587; do
    for address in 192.0.2.25 2001:db8::25; do
        setpriv --reuid web274 --clear-groups perl /srv/spam/mailer.pl $address $port '' /tmp/run/connected
        like "a customer is refused: $address port $port" "$(cat /tmp/run/connected)" 'refused'
        rm -f /tmp/run/connected
    done
done
connects web274 192.0.2.25 2525 ''
pass "another port is open"
ends "$pid"
connects postfix 192.0.2.25 25 ''
pass "the mail server gets out"
ends "$pid"
connects web274 127.0.0.1 25 ''
pass "the server's own port 25 is open to all"
ends "$pid"
nft add element inet sendmail_wrapper may_send '{ 4079 }'
connects web274 192.0.2.25 25 ''
pass "whom the admin lets out gets out"
ends "$pid"
ends "$open"
nft delete table inet sendmail_wrapper
connects web275 192.0.2.25 25 ''
pass "undone as it says"
ends "$pid"
stop_postfix
rm -f /usr/lib/postfix/sbin/smtp
direct --rules
is "no mail server, no rules: status 2" "$status" 2
like "and why" "$err" 'no mail server'

done_testing
