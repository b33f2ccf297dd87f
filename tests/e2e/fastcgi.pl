#!/usr/bin/perl
# fastcgi.pl - a web server's side of FastCGI, for what no web server lets through and for counting requests.
#
#   fastcgi.pl SOCKET NAME=VALUE...     one request; prints what the page said (values: \n \r \t \xHH \\)
#
# Or `require` it: fastcgi_open, fastcgi_request (keeps the connection), fastcgi_params.
use strict;
use warnings;
use IO::Socket::UNIX;

use constant {BEGIN_REQ => 1, END_REQ => 3, PARAMS => 4, INPUT => 5, OUTPUT => 6};

sub fastcgi_open
{
    my ($path) = @_;
    return IO::Socket::UNIX->new(Peer => $path) // die "$path: $!\n";
}

# One record of the protocol: version 1, this type, request 1.
sub record
{
    my ($type, $body) = @_;
    return pack('CCnnCC', 1, $type, 1, length $body, 0, 0) . $body;
}

# A length is one byte, or four with the highest bit set.
sub pair
{
    my ($name, $value) = @_;
    return join('', map { $_ < 128 ? pack('C', $_) : pack('N', $_ | 0x80000000) } length $name, length $value)
        . $name . $value;
}

# The whole request but its begin, from a list of name, value, ...
sub fastcgi_params
{
    my $pairs = '';
    while (my ($name, $value) = splice @_, 0, 2) { $pairs .= pair($name, $value) }
    my $bytes = '';
    $bytes .= record(PARAMS, substr $pairs, 0, 60000, '') while length $pairs;
    return $bytes . record(PARAMS, '') . record(INPUT, '');
}

sub read_exactly
{
    my ($socket, $want) = @_;
    my $bytes = '';
    while (length $bytes < $want) {
        my $n = sysread $socket, $bytes, $want - length $bytes, length $bytes;
        die "the FastCGI server closed the connection\n" if !$n;
    }
    return $bytes;
}

# What the page said, headers and all. FCGI_KEEP_CONN leaves the connection open for the next.
sub fastcgi_request
{
    my ($socket, $params) = @_;
    my $said = '';
    print {$socket} record(BEGIN_REQ, pack('nCx5', 1, 1)), $params;
    $socket->flush;
    while (1) {
        my (undef, $type, undef, $length, $padding) = unpack 'CCnnC', read_exactly($socket, 8);
        my $body = $length + $padding > 0 ? read_exactly($socket, $length + $padding) : '';
        return $said if $type == END_REQ;
        $said .= substr $body, 0, $length if $type == OUTPUT;
    }
}

sub unescape
{
    my ($text) = @_;
    my %plain = (n => "\n", r => "\r", t => "\t");
    $text =~ s/\\(?:x([0-9A-Fa-f]{2})|(.))/defined $1 ? chr hex $1 : $plain{$2} \/\/ $2/ge;
    return $text;
}

if (!caller) {
    my $socket = fastcgi_open(shift // die "usage: fastcgi.pl SOCKET NAME=VALUE...\n");
    my $said = fastcgi_request($socket,
        fastcgi_params(map { my ($name, $value) = split /=/, $_, 2; ($name, unescape($value)) } @ARGV));
    $said =~ s/\A.*?\r?\n\r?\n//s;
    print $said;
}
1;
