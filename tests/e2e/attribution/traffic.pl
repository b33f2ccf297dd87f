#!/usr/bin/perl
# traffic.pl - the visitors: PLAN WORKERS TRUTH. Sends the requests of PLAN, as many at a time as there are WORKERS, each from
# the client's address that it names, and writes to TRUTH what was really asked, when, and by which process it was answered.
#
# PLAN: name, client, host, port, method, path, body, separated by tabs. Method KEEP is a POST after three others on the
# same connection; NEXT, and at once a neighbour's slow page on the same connection. TRUTH: name, client, host, "METHOD PATH", start, end, pid, yes|no|later (whether it sent).
use strict;
use warnings;
use IO::Socket::INET;
use MIME::Base64;
use Time::HiRes 'time';

my ($plan, $workers, $truth) = @ARGV;
open my $in, '<', $plan or die "$plan: $!\n";
my @jobs = map { chomp; [split /\t/, $_, -1] } <$in>;
open my $out, '>>', $truth or die "$truth: $!\n";

# What a log's line ends with, in a field that the visitor chooses.
my $forged = encode_base64('x [01/Jan/2026] "POST /contact.php HTTP/1.1" 200 1 "-" "-" 1767225600000000 1 1 '
    . 'web275.example.test "/var/www/web275/htdocs/contact.php" - [:secret', '');

sub request
{
    my ($method, $host, $path, $body, $last) = @_;
    my $post = $method eq 'GET' ? '' : "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " . length($body) . "\r\n";
    my $user = $body =~ /user=forged/ ? "Authorization: Basic $forged\r\n" : '';
    return "$method $path HTTP/1.1\r\nHost: $host\r\nUser-Agent: visitor\r\nReferer: http://$host/\r\nX-Forwarded-For: 127.0.9.9\r\n$user$post"
        . ($last ? "Connection: close\r\n" : '') . "\r\n" . ($method eq 'GET' ? '' : $body);
}

# An answer on a connection that stays open: its end is known by its length or its last chunk.
sub answer
{
    my ($socket) = @_;
    my $text = '';
    until ($text =~ /\r\n\r\n/ && ($text =~ /^Content-Length: (\d+)\r\n.*?\r\n\r\n(.*)/msi ? length $2 >= $1 : $text =~ /^Transfer-Encoding: chunked\r\n.*\r\n0\r\n\r\n\z/msi)) {
        sysread $socket, $text, 65536, length $text or last;
    }
    return $text;
}

sub visit
{
    my ($name, $client, $host, $port, $method, $path, $body) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, LocalAddr => $client, ReuseAddr => 1)
        or die "$name: $client to port $port: $!\n";
    if ($method eq 'KEEP') {
        $method = 'POST';
        for (1 .. 3) {
            print {$socket} request('POST', $host, $path, 's=innocent-keep&via=none', 0);
            answer($socket);
        }
    }
    my $neighbour = $method eq 'NEXT' && request('POST', 'web275.example.test', '/slow.php', 's=innocent-next&via=none&before=2', 1);
    $method = 'POST' if $neighbour;
    my $start = time;
    print {$socket} request($method, $host, $path, $body, !$neighbour);
    my $text = answer($socket);
    if ($neighbour) {
        print {$socket} $neighbour;
        answer($socket);
    }
    my ($pid) = $text =~ /pid=(\d+)/;
    my ($sent) = $text =~ /sent=(\w+)/;
    my $status = $text =~ m{^HTTP/1.\d (\d+)} ? $1 : 'none';
    warn "$name: $method $host:$port$path: status $status: ", $text =~ s/.*?\r\n\r\n//sr, "\n" if $status ne '200' || !$pid;
    syswrite $out, join("\t", $name, $client, $host, "$method $path", $start, time, $pid // '-', $sent // '-') . "\n";
}

my @pids;
for my $worker (0 .. $workers - 1) {
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        for (my $i = $worker; $i < @jobs; $i += $workers) {
            eval { visit(@{$jobs[$i]}); 1 } or warn $@;
        }
        exit 0;
    }
    push @pids, $pid;
}
waitpid $_, 0 for @pids;
