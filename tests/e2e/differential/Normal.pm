# Normal - takes out what differs between any two runs, and nothing else: the moment of the call (in the forms in which it is
# written), the ids of its messages, and what each MTA draws for a Message-ID. A date of the corpus is of another year.
package Normal;
use strict;
use warnings;
use POSIX ();

my @dates = ('%a, %d %b %Y %H:%M:%S', '%a, %e %b %Y %H:%M:%S', '%a %b %d %H:%M:%S %Y', '%a %b %e %H:%M:%S %Y', '%Y-%m-%d %H:%M:%S', '%Y%m%d%H%M%S');

# Fields that an MTA makes up. The left side names the place as narrowly as it can.
my %made = (
    # Of a session the first id is of maildrop, and of a report the boundary has the reported message's.
    postfix => [[qr/queued as [0-9A-F]{7,12}\b/, 'queued as ID'], [qr/SMTP id [0-9A-F]{7,12}\b/, 'SMTP id ID'],
        [qr/\b[0-9A-F]{7,12}\.EPOCH\//, 'ID.EPOCH/'], [qr/^X-Postfix-Queue-ID: [0-9A-F]{7,12}$/m, 'X-Postfix-Queue-ID: ID'],
        # and in the message that it quotes
        [qr/\tid [0-9A-F]{7,12};/, "\tid ID;"], [qr/<DATE\.[0-9A-F]{7,12}\@/, '<DATE.ID@']],
    # A report quotes the id of a message that is not kept.
    sendmail => [[qr/\bid \d[0-9A-Z]{2}[0-9A-Za-z]{5}\d{6}\b/, 'id ID']],
    # An id of 4.96 is made of the time; some are of no message that is kept.
    exim => [[qr/1[0-9A-Za-z]{5}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}\b/, 'ID']],
    nullmailer => [[qr/\(nullmailer pid \d+ invoked/, '(nullmailer pid PID invoked'],
        [qr/<EPOCH\.\d+\.\d+\.nullmailer\@/, '<EPOCH.nullmailer@']],
    msmtp => [[qr/^Message-ID: <[0-9a-f]{32}\./m, 'Message-ID: <DRAWN.']],
    esmtp => [[qr/^Message-Id: <EPOCH\.\d+\.\d+\@/m, 'Message-Id: <EPOCH@']],
    opensmtpd => [[qr/^Message-ID: <[0-9a-f]{16}\@/m, 'Message-ID: <DRAWN@']],
    courier => [[qr/^Message-ID: <courier\.(?:ID|[0-9A-F]{16}\.[0-9A-F]{8})\@/m, 'Message-ID: <courier.DRAWN@'],
        [qr/=_mail-\d+-EPOCH-/, '=_mail-PID-EPOCH-']],
    # Received has only the first half of the id, which may be as short as two digits.
    dma => [[qr/^\tid [0-9a-f]+$/m, "\tid ID"], [qr/^Message-Id: <[0-9a-f]+\.[0-9a-f]+\.[0-9a-f]+\@/m, 'Message-Id: <DRAWN@']],
);

# The forms of one second, each with what is put in its place.
my %forms;
sub forms
{
    my ($second) = @_;
    return $forms{$second} //= do {
        my @t = gmtime $second;
        my @dates = map { my $date = POSIX::strftime($_, @t); ($date, $date =~ s/  / /r) } @dates;
        my %seen;
        my $minute = POSIX::strftime('%Y%m%d%H%M', @t);
        [(map { [qr/\Q$_\E/, 'DATE'] } grep { !$seen{$_}++ } @dates), [qr/(?<!\d)$second(?!\d)/, 'EPOCH'],
            [qr/<$minute\.ID/, '<MINUTE.ID']];
    };
}

sub moments
{
    my ($line, $first, $last) = @_;
    for my $form (map { @{forms($_)} } $first .. $last) {
        my ($pattern, $put) = @$form;
        $line =~ s/$pattern/$put/g;
    }
    return $line;
}

sub text
{
    my ($mta, $text, $result, @ids) = @_;
    $text =~ s/\Q$_\E/ID/g for sort { length $b <=> length $a } @ids;
    # All of these have the year in them, or the digits that the seconds since 1970 begin with: other lines are left alone.
    my %begins = map { (1900 + (gmtime $_)[5] => 1, substr($_, 0, 5) => 1) } $result->{begin} - 1, $result->{end} + 1;
    my $dated = join '|', sort keys %begins;
    $text =~ s/^(.*(?:$dated).*)/moments($1, $result->{begin} - 1, $result->{end} + 1)/gme;
    for my $made (@{$made{$mta} // []}) {
        my ($pattern, $put) = @$made;
        $text =~ s/$pattern/$put/g;
    }
    return $text;
}

# How many recipients an envelope has; undef if it is that of a report, from nobody.
sub recipients
{
    my ($mta, $envelope) = @_;
    return if $envelope =~ /^S $|^SMAILER-DAEMON$|^<>$|^sender: $|^s$/m;
    return $1 if $mta eq 'exim' && $envelope =~ /^(\d+)$/m;
    my $pattern = {
        postfix => qr/^[RD] /m, sendmail => qr/^R/m, opensmtpd => qr/^rcpt: /m, nullmailer => qr/(?<=\n)[^\n]*\n/,
        dma => qr/^Recipient: /m, courier => qr/^r/m,
    }->{$mta} // qr/^RCPT TO/m;
    return scalar(() = $envelope =~ /$pattern/g);
}

1;
