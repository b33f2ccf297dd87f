#!/usr/bin/perl
# plan.pl - what traffic.pl asks for: SCENARIOS WHEN. The web scenarios of that time, each among ten innocent requests: most to
# the same page of the same server, so that the access logs show the same line at the same second from other addresses; three of
# them send mail, too. WHEN flood-SAPI: many mails from one page by two addresses, among ten times as many requests. The same
# each time.
use strict;
use warnings;

my ($scenarios, $when) = @ARGV;
my %port = (nginx => [80, 81], mod => [8081, 8091], cgi => [8082, 8082], fpm => [8083, 8093]);
my @sites = qw(web274 web275 web012 web101 web333 web500 web777);
srand 4711;

sub job
{
    my ($name, $client, $site, $port, $method, $path, $fields) = @_;
    my $body = "s=$name&$fields";
    ($path, $body) = ($path . ($path =~ /\?/ ? '&' : '?') . $body, '') if $method eq 'GET';
    return join("\t", $name, $client, "$site.example.test", $port, $method, $path, $body) . "\n";
}

sub visitor { return '127.0.2.' . (1 + int rand 250) }

sub anywhere { return $sites[rand scalar @sites] }

sub shuffled
{
    my (@jobs) = @_;
    for (my $i = $#jobs; $i > 0; $i--) {
        my $j = int rand($i + 1);
        @jobs[$i, $j] = @jobs[$j, $i];
    }
    return @jobs;
}

sub flood
{
    my ($sapi, $site) = @_;
    my $port = $port{$sapi}[0];
    for my $i (1 .. 40) {
        print job("flood-$sapi", $i % 4 ? '127.0.3.1' : '127.0.3.2', $site, $port, 'POST', '/contact.php', 'via=mail&n=2');
        print job("innocent-flood-$sapi", visitor(), anywhere(), $port, 'POST', $_ % 2 ? '/contact.php' : '/order.php',
            $_ == 1 ? 'via=mail' : 'via=none')
            for 1 .. 10;
    }
}

flood('nginx', 'web333') if $when eq 'flood-nginx';
flood('mod', 'web101') if $when eq 'flood-mod';

# Slow innocent requests, one for each worker that is there and more.
if ($when eq 'busy') {
    for my $target (['nginx', 'web274'], ['nginx', 'web012'], ['nginx', 'web333'], ['mod', 'web275']) {
        my ($sapi, $site) = @$target;
        print job("innocent-busy-$sapi", visitor(), $site, $port{$sapi}[0], 'POST', '/slow.php', 'via=none&before=4') for 1 .. 12;
    }
}

open my $in, '<', $scenarios or die "$scenarios: $!\n";
my $number = 0;
while (<$in>) {
    next if /^#|^\s*$/;
    chomp;
    my ($name, $sapi, $opcache, $site, $request, $fields, undef, undef, undef, $at) = split / *\| */, $_, -1;
    $number++; # the culprit's address: the same whatever part of the table is planned
    next if $sapi eq 'cli' || $at ne $when;
    my $port = $port{$sapi}[$opcache eq 'on' ? 0 : 1];
    my $doc = "/var/www/$site/" . ($site eq 'web500' ? 'current' : 'htdocs');
    my ($method, $path) = split / /, $request;
    $fields =~ s/DOC/$doc/;
    my $alike = $path eq '/gone.php' ? '/contact.php' : $path;
    my $job = job($name, "127.0.1.$number", $site, $port, $method, $path, $fields);
    print($job), next if $at eq 'left';
    print shuffled(
        $job,
        map({ job("innocent-$name", visitor(), $site, $port, 'POST', $alike, 'via=none') } 1 .. 5),
        map({ job("innocent-$name", visitor(), $site, $port, 'POST', '/contact.php', 'via=mail') } 1 .. 2),
        map({ job("innocent-$name", visitor(), anywhere(), $port, 'POST', '/order.php', 'via=none') } 1 .. 2),
        job("innocent-$name", visitor(), anywhere(), $port, 'POST', '/contact.php', 'via=mail'));
}
