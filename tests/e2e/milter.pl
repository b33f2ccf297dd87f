#!/usr/bin/perl
# milter.pl PORT - a mail filter that edits every message, so that Postfix leaves holes and pointers in its queue file: a
# field on top, a changed subject, a field deleted, one appended, one more recipient. It serves one connection at a time.
use strict;
use warnings;
use Socket;

my $port = shift or die "usage: milter.pl PORT\n";
socket(my $server, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
setsockopt($server, SOL_SOCKET, SO_REUSEADDR, pack('i', 1));
bind($server, sockaddr_in($port, INADDR_LOOPBACK)) or die "bind: $!\n";
listen($server, 50) or die "listen: $!\n";

sub get
{
    my ($from, $n) = @_;
    my $bytes = '';
    while (length $bytes < $n) {
        sysread($from, $bytes, $n - length $bytes, length $bytes) or return;
    }
    return $bytes;
}

sub put
{
    my ($to, $packet) = @_;
    syswrite($to, pack('N', length $packet) . $packet);
}

sub serve
{
    my $mta = shift;
    while (defined(my $length = get($mta, 4))) {
        my $packet = get($mta, unpack('N', $length)) // return;
        my $command = substr($packet, 0, 1);
        return if $command eq 'Q';
        next if $command eq 'D' || $command eq 'A';
        if ($command eq 'O') { # version, what we may change, no event left out
            put($mta, 'O' . pack('NNN', 6, 0x1 | 0x4 | 0x10, 0));
            next;
        }
        if ($command eq 'E') {
            put($mta, 'i' . pack('N', 0) . "X-Filter\0put on top\0");
            put($mta, 'm' . pack('N', 1) . "Subject\0changed to something longer than it was before\0");
            put($mta, 'm' . pack('N', 1) . "X-Delete\0\0");
            put($mta, "hX-Filter-Last\0appended\0");
            put($mta, "+<added\@far.test>\0");
        }
        put($mta, 'c');
    }
}

while (accept(my $mta, $server)) {
    serve($mta);
    close $mta;
}
