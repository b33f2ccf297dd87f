#!/usr/bin/perl
# send.pl - a program that sends one mail: SUBJECT [now|later|daemon [TITLE]]. later: after two seconds;
# daemon: from a process that has no parent or session any more, a second later. TITLE: what it calls itself.
use strict;
use warnings;

my ($subject, $how, $title) = @ARGV;
$how //= 'now';
$title //= '';
if ($how eq 'daemon') {
    require POSIX;
    exit 0 if fork;
    POSIX::setsid();
    exit 0 if fork;
    POSIX::close($_) for 3 .. 20;
    sleep 1;
}
sleep 2 if $how eq 'later';
$0 = $title if $title ne '';
open my $mail, '|-', '/usr/sbin/sendmail', '-t', '-i' or die "sendmail: $!\n";
print {$mail} "From: shop\@example.test\nTo: alice\@example.test\nSubject: $subject\n\nGood day.\n";
close $mail or die "sendmail failed\n";
