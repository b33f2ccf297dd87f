# Spool - what each MTA keeps, read back: every message as {key, ids, envelope, prefix, text}.
#   ids       strings that name this message or are drawn for it, and so differ between any two runs
#   envelope  sender, recipients and what else the MTA decided of it, one a line
#   text      the whole message as it is stored; header lines may stand behind a note of how they are stored,
#             which the pattern `prefix` matches
# new_messages(mta, seen) waits until what was accepted is in its place, and returns what is not in the hash `seen` yet;
# it removes what it returns, so that each call finds an empty queue (OpenSMTPD's stays, its callers may not list it).
package Spool;
use strict;
use warnings;

sub slurp
{
    my ($path) = @_;
    open my $f, '<:raw', $path or return undef;
    local $/;
    return scalar(<$f>) // '';
}

sub names
{
    my ($dir) = @_;
    opendir(my $d, $dir) or return ();
    return sort grep { !/^\./ } readdir $d;
}

sub lines { return join '', map {"$_\n"} @_ }

# --- Postfix: queue files are records: a type, a length in base 128, the bytes (global/rec_type.h) -------------

my $postfix = '/var/spool/postfix';

sub postfix_list
{
    # pickup, cleanup and qmgr hand a message on; at rest it is in deferred.
    for (1 .. 12000) {
        last if !map { names("$postfix/$_") } qw(maildrop incoming active);
        select undef, undef, undef, 0.005;
    }
    return map {"$postfix/deferred/$_"} names("$postfix/deferred");
}

sub postfix_read
{
    my ($path) = @_;
    my $bytes = slurp($path) // return undef;
    my (@envelope, $text, $at);
    ($text, $at) = ('', 0);
    while ($at < length $bytes) {
        my $type = substr $bytes, $at++, 1;
        my ($len, $shift) = (0, 0);
        while ($at < length $bytes) {
            my $c = ord substr $bytes, $at++, 1;
            $len |= ($c & 127) << $shift;
            $shift += 7;
            last if $c < 128;
        }
        my $data = substr $bytes, $at, $len;
        $at += $len;
        if ($type eq 'N') { $text .= "$data\n" }
        elsif ($type eq 'L') { $text .= $data }
        elsif ($type =~ /[SORDFI]/) { push @envelope, "$type $data" }
        elsif ($type eq 'A' && $data !~ /^create_time=/) { push @envelope, "A $data" }
        last if $type eq 'E';
    }
    return {ids => [$path =~ m{([^/]+)$}], envelope => lines(@envelope), prefix => '', text => $text};
}

# --- Sendmail: the submission queue's qf (header) and df (body) ----------------------------------------------

my $mqueue = '/var/spool/mqueue-client';

sub sendmail_list { return map {"$mqueue/$_"} grep { /^qf/ } names($mqueue) }

sub sendmail_read
{
    my ($path) = @_;
    my ($id) = $path =~ m{/qf([^/]+)$};
    my $control = slurp($path) // return undef;
    $control =~ s/\n\.\n\z/\n/;
    my (@envelope, $text);
    # A line that begins with a blank goes on with the one before it.
    for my $record (split /\n(?![ \t])/, $control) {
        # V version, T K times, N tries, P priority (by size), M status of the last try, I inode of the df
        next if $record =~ /^[VTKNPMI]/;
        if ($record =~ /^H\?\??(.*)/s) { $text .= "$record\n" }
        else { push @envelope, $record }
    }
    return {ids => [$id], envelope => lines(@envelope), prefix => 'H\?[^?]*\?',
        text => ($text // '') . "\n" . (slurp("$mqueue/df$id") // '(no df)'), files => ["$mqueue/df$id"]};
}

# --- Exim: ID-H (envelope, header lines with their length and kind), ID-D -----------------------------------

my $exim = '/var/spool/exim4/input';

sub exim_list { return map {"$exim/$_"} grep { /-H$/ } names($exim) }

sub exim_read
{
    my ($path) = @_;
    my ($id) = $path =~ m{/([^/]+)-H$};
    my $control = slurp($path) // return undef;
    my ($envelope, $headers) = $control =~ /\A[^\n]*\n(.*?)\n\n(.*)\z/s or return undef;
    my $text = '';
    while ($headers =~ s/\A(\d{3,}) ?(.) //s || $headers =~ s/\A(\d{3,})(.) //s) {
        my ($len, $kind) = ($1, $2);
        $text .= "$kind " . substr $headers, 0, $len, '';
    }
    # Second line: login and ids. Times differ; the longest line is that of Received, where the id's date stands.
    $envelope = join '', map {"$_\n"} grep { !/^\d+ \d+$|^-received_time|^-max_received_linelength|^-body_/ } split /\n/, $envelope;
    my $body = slurp("$exim/$id-D") // '(no -D)';
    $body =~ s/\A[^\n]*\n//;
    return {ids => [$id], envelope => $envelope, prefix => '. ', text => "$text\n$body", files => ["$exim/$id-D"]};
}

# --- OpenSMTPD: queue/XX/MSGID/message and one file for each recipient -----------------------------------------

my $smtpd = '/var/spool/smtpd/queue';

sub opensmtpd_list
{
    return map { my $d = $_; map {"$smtpd/$d/$_"} names("$smtpd/$d") } names($smtpd);
}

sub opensmtpd_read
{
    my ($path) = @_;
    my ($id) = $path =~ m{([^/]+)$};
    my $text = slurp("$path/message") // return undef;
    my @recipients = sort map { join '', grep { !/^(?:ctime|last-try|last-bounce|expire|ttl)/ } map {"$_\n"} split /\n/, slurp("$path/$_") }
        grep { $_ ne 'message' } names($path);
    return {ids => [$id], envelope => join("--\n", @recipients), prefix => '', text => $text};
}

# --- msmtp, ssmtp, esmtp: what the sink got -----------------------------------------------------------------

sub sink_list { my ($dir) = @_; return map {"$dir/$_"} grep { /\.(?:msg|part)$/ } names($dir) }

sub sink_read
{
    my ($path) = @_;
    my $text = slurp($path) // return undef;
    my $envelope = slurp($path =~ s/\.[a-z]+$/.env/r) // '';
    $envelope .= "(broken off)\n" if $path =~ /part$/;
    return {ids => [], envelope => $envelope, prefix => '', text => $text};
}

# --- nullmailer: envelope, empty line, message ----------------------------------------------------------------

my $nullmailer = '/var/spool/nullmailer/queue';

sub nullmailer_list { return map {"$nullmailer/$_"} names($nullmailer) }

sub nullmailer_read
{
    my ($path) = @_;
    my ($envelope, $text) = (slurp($path) // return undef) =~ /\A(.*?\n)\n(.*)\z/s;
    return {ids => [], envelope => $envelope // '(none)', prefix => '', text => $text // ''};
}

# --- dma: for each recipient Mid (message) and Qid (envelope) --------------------------------------------------

my $dma = '/var/spool/dma';

sub dma_list { return map {"$dma/$_"} grep { /^M/ } names($dma) }

sub dma_read
{
    my ($path) = @_;
    my ($id) = $path =~ m{/M([^/]+)$};
    my $text = slurp($path) // return undef;
    my $envelope = slurp("$dma/Q$id") // "(no Q)\n";
    return {ids => [$id], envelope => $envelope, prefix => '', text => $text, files => ["$dma/Q$id"]};
}

# --- Courier: tmp/N/Cn (envelope), Dn (message) -----------------------------------------------------------------

my $courier = '/var/lib/courier';

sub courier_list
{
    my @directories = map { my $queue = $_; map {"$courier/$queue/$_"} names("$courier/$queue") } qw(tmp msgs);
    return map { my $d = $_; map {"$d/$_"} grep { /^C/ } names($d) } @directories;
}

sub courier_read
{
    my ($path) = @_;
    my $envelope = slurp($path) // return undef;
    my @ids = $envelope =~ /^M((?:[0-9A-F]+\.)(.*))$/m;
    $envelope = join '', grep { !/^[EpWM]/ } map {"$_\n"} split /\n/, $envelope;
    my $data = $path =~ s{/C([^/]+)$}{/D$1}r;
    return {ids => \@ids, envelope => $envelope, prefix => '', text => slurp($data) // '(no D)', files => [$data]};
}

# ---------------------------------------------------------------------------------------------------------------

my %mtas = (
    postfix => [\&postfix_list, \&postfix_read],
    sendmail => [\&sendmail_list, \&sendmail_read],
    exim => [\&exim_list, \&exim_read],
    opensmtpd => [\&opensmtpd_list, \&opensmtpd_read],
    nullmailer => [\&nullmailer_list, \&nullmailer_read],
    dma => [\&dma_list, \&dma_read],
    courier => [\&courier_list, \&courier_read],
    (map { $_ => [sub { sink_list($ENV{SINK} // '/var/tmp/sink') }, \&sink_read] } qw(msmtp ssmtp esmtp)),
);

sub new_messages
{
    my ($mta, $seen) = @_;
    my ($list, $read) = @{$mtas{$mta}};
    my @found;
    for my $key ($list->()) {
        next if $seen->{$key}++;
        my $message = $read->($key) // next;
        $message->{key} = $key;
        push @found, $message;
    }
    unlink map { $_->{key}, @{$_->{files} // []} } grep { !-d $_->{key} } @found;
    return sort { $a->{envelope} cmp $b->{envelope} } @found;
}

1;
