# Forced - differences that the kernel or an MTA forces. Each has its reason in docs/forced-differences.md, and a rule here that
# says exactly what may differ: it takes that, and nothing else, out of the two sides, which must then be equal. A rule whose
# case shows no such difference is a failure too: then the table is out of date.
package Forced;
use strict;
use warnings;

my $ours = qr{X-Additional-Header: /var/www/web274; uid=4079; pid=\d+; id=[0-9A-HJKMNP-TV-Z]{26}};

sub our_line { return "X-Additional-Header: /var/www/web274; uid=4079; pid=$_[0]{pid}; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ" }

# mta, case: where it applies.
# take(without, with, input, result, case, other): takes the difference out; false if it is not there. other(NAME) is
# another case as it went with the wrapper.
my @rules = (
    {
        # Without us the line that begins with a blank is lost: nullmailer-inject takes it for the rest of a header line that
        # is not there. Behind our header and an empty line it is what it was meant to be, the first line of the body.
        name => 'nullmailer keeps a first line that begins with a blank',
        mta => 'nullmailer', case => qr/^corpus: (?:leading-(?:space|tab)|space-line-first|from-line-then-space).* -i -f$/,
        take => sub {
            my ($without, $with, $input) = @_;
            my ($line) = $input =~ /\A(?:From [^\n]*\n)*([ \t][^\n]*\n)/ or return 0;
            return $without->{'text 1'} !~ /^\Q$line\E/m && $with->{'text 1'} =~ s/\n\n\K\Q$line\E//;
        },
    },
    {
        # Without a second empty line it takes one at the start for a field, and adds one in the end. Behind our header it is
        # the end of the header section.
        name => 'ssmtp: an empty line less',
        mta => 'ssmtp', case => qr/^corpus: only-(?:newline|crlf) -i -f$/,
        take => sub { my ($without) = @_; return $without->{'text 1'} =~ s/\r\n\r\n\K\r\n\z// },
    },
    {
        # They print what they send, or what they are to send.
        name => 'our header in a transcript of the message',
        mta => 'msmtp|ssmtp', case => qr/^option: -v$/,
        take => sub { my (undef, $with) = @_; return $with->{out} =~ s/^--> $ours\r\n//m + $with->{err} =~ s/^\[->\] $ours\n//m == 1 },
    },
    {
        name => 'our header in a transcript of the message',
        mta => 'courier', case => qr/^option: -n$/,
        take => sub { my (undef, $with) = @_; return $with->{out} =~ s/^$ours\n//m },
    },
    {
        # It reports the size of what it has accepted. -N, for others an option of DSN, is -v and more.
        name => 'Exim -v counts our line in S=',
        mta => 'exim', case => qr/^option: -(?:v$|N )/,
        take => sub {
            my ($without, $with, undef, $result) = @_;
            my ($said) = $without->{err} =~ / S=(\d+) /;
            # The line as it is stored, with LF.
            return $with->{err} =~ s/ S=\K(\d+)(?= )/$1 - length(our_line($result)) - 1/e && $with->{err} =~ / S=$said /;
        },
    },
    {
        name => 'Exim -bS counts our line before it gives up on a batch',
        mta => 'exim', case => qr/^smtp: cut-in-data, (?:batched|rsmtp)/,
        take => sub {
            my (undef, $with) = @_;
            return $with->{err} =~ s/The error was detected in line \K(\d+)/$1 - 1/e && $with->{out} =~ s/^Error detected in line \K(\d+)/$1 - 1/me;
        },
    },
    {
        # It throws away what it has read behind DATA, so a client that does not wait for the 354 loses the message. What is sent
        # to us is handed on after the 354, as to a client that waits: all is as if it had.
        name => 'Courier gets the message of a client that does not wait for 354',
        mta => 'courier', case => qr/^smtp: (?!cut-in-data|only-quit|nothing|bad-commands|bdat).*, blind/,
        take => sub {
            my ($without, $with, undef, undef, $case, $other) = @_;
            my $waiting = $other->($case->{name} =~ s/, blind.*/, talking/r);
            my ($until) = $without->{out} =~ /\A(.*?^354 [^\n]*\n)/ms;
            return 0 if !$waiting || index($waiting->{out}, $until) != 0 || $without->{out} eq $waiting->{out};
            %$without = %$waiting;
            return 1;
        },
    },
    {
        # Replies to BDAT count bytes, our line's among them: once in the first chunk, and in the sum.
        name => 'our line counts in replies to BDAT',
        mta => 'postfix|exim', case => qr/^smtp: bdat-.*, (?:talking|blind)/,
        take => sub {
            my ($without, $with, undef, $result) = @_;
            my $count = qr/(?:Ok: |^250[- ] ?|total )\K(\d+)(?= bytes| byte chunk|\r)/m;
            my $line = length(our_line($result)) + 2;
            my @said = $without->{out} =~ /$count/g;
            my ($n, $changed) = (0, 0);
            $with->{out} =~ s/$count/my $was = $said[$n++] \/\/ -1; $1 == $was + $line ? ($changed++, $was)[1] : $1/ge;
            return $changed;
        },
    },
    {
        # It asks for the peer's name of stdin. Of a Unix socket it writes that down; the message comes through a pipe.
        name => 'Sendmail sees a pipe where stdin was a Unix socket',
        mta => 'sendmail', case => qr/socket/,
        take => sub {
            my ($without, $with, undef, undef, $case) = @_;
            my $peer = quotemeta 'localhost [[UNIX: localhost]]';
            my $n = 0;
            for my $name (grep { /^(?:envelope|text|out)/ } keys %$without) {
                for ($without->{$name}) {
                    # $_ is the client; $s its name, which a session says itself
                    $n += s/^\$_$peer\n(?:\$slocalhost\n)?/\$_web274\@localhost\n/m;
                    $n += s/Received: \Kfrom localhost \($peer\)/(from web274\@localhost)/ if $name =~ /^text/ && !$case->{session};
                    $n += s/Received: from \S+ \(\K$peer(?=\))/web274\@localhost/ if $name =~ /^text/;
                    $n += s/access from: \Klocalhost\(\)-$peer/()-web274\@localhost/;
                    $n += s/Hello \K$peer,/web274\@localhost,/;
                }
            }
            return $n;
        },
    },
);

# Returns the names of the rules that were applied (or undef), then what is wrong with others.
sub apply
{
    my ($mta, $case, $input, $without, $with, $result, $other) = @_;
    my (@applied, @wrong);
    for my $rule (grep { $mta =~ /^(?:$_->{mta})$/ && $case->{name} =~ $_->{case} } @rules) {
        if ($rule->{take}->($without, $with, $input, $result, $case, $other)) {
            push @applied, $rule->{name};
        } else {
            push @wrong, "the forced difference \"$rule->{name}\" does not happen";
        }
    }
    return (@applied ? join(', ', @applied) : undef, @wrong);
}

1;
