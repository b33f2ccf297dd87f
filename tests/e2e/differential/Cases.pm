# Cases - the calls of the differential test. Each is a hash:
#   name    unique; what a failure is reported by
#   argv    the words after the program's name
#   input   a file of tests/corpus, or large-NK made from plain.eml (not with `session`)
#   session a file of tests/corpus/sessions: an SMTP client
#   stdin   how the input is handed over: see Caller.pm
#   path    the program, default /usr/sbin/sendmail; argv0 its name, default the path
#   setsid  in a session of its own, as mutt does
# What is expected of the wrapper, beyond being invisible, is worked out from what the MTA did without it.
package Cases;
use strict;
use warnings;

my $from = 'web274@example.test';
my @rcpts = ('alice@example.test', 'bob@example.org');

# The clients of shared hosting, as they were recorded. They send: plain (LF), php (CRLF header, LF body), crlf.
my @clients = (
    ['php-mail', [qw(-t -i)], 'php'],
    ['php-mail-f', [qw(-t -i), "-f$from"], 'php'],
    ['phpmailer-mail', [qw(-t -i), "-f$from"], 'crlf'],
    ['phpmailer-sendmail', [qw(-oi), "-f$from", '-t'], 'plain'],
    ['symfony-t', [qw(-oi -t)], 'no-final-newline'],
    ['symfony-pipe', ['-oi', "-f$from", '--', @rcpts], 'no-final-newline'],
    ['symfony-native', ['-i', "-f$from", '--', @rcpts], 'no-final-newline'],
    ['pear-sendmail', ['-i', "-f$from", '--', @rcpts], 'plain'],
    ['pear-mail', [qw(-t -i)], 'php'],
    ['nodemailer', ['-i', '-f', $from, @rcpts], 'mixed-crlf-header', argv0 => 'sendmail'],
    ['email-sender', ['-i', '-f', $from, '--', @rcpts], 'plain'],
    ['mime-lite', [qw(-t -oi -oem), "-f$from"], 'mime-alternative', path => '/usr/lib/sendmail'],
    ['bsd-mailx', [qw(-i -t)], 'plain'],
    ['s-nail', ['-i', '--', @rcpts], 'plain'],
    ['mailutils', ['-oi', '-f', 'web274@mail.example.test', '-t'], 'plain'],
    ['mutt', ['-oem', '-oi', '--', @rcpts], 'mime-attachment', setsid => 1],
    ['git-send-email', ['-i', @rcpts], 'plain'],
    ['ruby-mail', ['-i', '-f', $from, '--', @rcpts], 'plain'],
    ['cron', [qw(-FCronDaemon -i -B8BITMIME -oem web274)], 'no-date-no-id'],
    ['at', [qw(-i web274)], 'minimal'],
    ['sudo', ['-t'], 'plain'],
);

# More ways to say it, some wrong: what the MTA makes of them is to stay as it is.
my @options = (
    ['operand only', [$rcpts[0]]],
    ['three operands', [@rcpts, 'root']],
    ['-ti', ['-ti']],
    ['-it', ['-it']],
    ['-tif', ['-tif', $from]],
    ['-t with operands', ['-t', '-i', $rcpts[1]]],
    ['-t twice', [qw(-t -t -i)]],
    ['-F name', ['-F', 'Web Shop', '-i', $rcpts[0]]],
    ['-FName', ['-FWebShop', '-i', $rcpts[0]]],
    ['-F -bp', ['-F', '-bp', '-i', $rcpts[0]]],
    ['-F -t', ['-F', '-t', '-i', $rcpts[0]]],
    ['-r sender', ['-i', '-r', $from, $rcpts[0]]],
    ['-f empty', ['-i', '-f', '', $rcpts[0]]],
    ['-f null', ['-i', '-f', '<>', $rcpts[0]]],
    ['-f strange', ['-i', '-f', 'not an address', $rcpts[0]]],
    ['-f alone', ['-i', '-f']],
    ['-f twice', ['-i', '-fa@example.test', '-fb@example.test', $rcpts[0]]],
    ['-bm', ['-bm', '-i', $rcpts[0]]],
    ['-bm -t', ['-bm', '-t', '-i']],
    ['-N -R -V', ['-N', 'delay,failure', '-R', 'hdrs', '-V', 'env1', '-i', $rcpts[0]]],
    ['-N never', ['-N', 'never', '-i', $rcpts[0]]],
    ['-B 8BITMIME', ['-B', '8BITMIME', '-i', $rcpts[0]]],
    ['-B8BITMIME', ['-B8BITMIME', '-i', $rcpts[0]]],
    ['-B7BIT', ['-B7BIT', '-i', $rcpts[0]]],
    ['-odb', ['-odb', '-i', $rcpts[0]]],
    ['-odq', ['-odq', '-i', $rcpts[0]]],
    ['-oem', ['-oem', '-i', $rcpts[0]]],
    ['-oep', ['-oep', '-i', $rcpts[0]]],
    ['-oee', ['-oee', '-i', $rcpts[0]]],
    ['-om -oi', ['-om', '-oi', $rcpts[0]]],
    ['-O option', ['-O', 'DeliveryMode=queue', '-i', $rcpts[0]]],
    ['-U', ['-U', '-i', $rcpts[0]]],
    ['-G', ['-G', '-i', $rcpts[0]]],
    ['-n', ['-n', '-i', $rcpts[0]]],
    ['-m', ['-m', '-i', $rcpts[0]]],
    ['-L tag', ['-L', 'tag', '-i', $rcpts[0]]],
    ['-h 5', ['-h', '5', '-i', $rcpts[0]]],
    ['-p SMTP:host', ['-p', 'SMTP:host', '-i', $rcpts[0]]],
    ['-X /dev/null', ['-X', '/dev/null', '-i', $rcpts[0]]],
    ['options last', [$rcpts[0], '-i', '-f', $from]],
    ['-t last', [$rcpts[0], '-t']],
    ['-- then an option', ['-i', '--', '-t', $rcpts[0]]],
    ['lone dash', ['-i', '-', $rcpts[0]]],
    ['empty operand', ['-i', '', $rcpts[0]]],
    ['40 operands', ['-i', map {"user$_\@example.org"} 1 .. 40]],
    ['operand list', ['-i', "$rcpts[0],$rcpts[1]"]],
    ['operand with name', ['-i', 'Alice <alice@example.test>']],
    ['operand unqualified', [qw(-i alice root)]],
    ['operand with quotes', ['-i', '"odd local"@example.test']],
    ['operand UTF-8', ['-i', "j\xc3\xbcrgen\@example.test"]],
    ['operand invalid', ['-i', '@@', 'a b']],
    ['no words at all', []],
    ['-i only', ['-i']],
    ['-Z', ['-Z', '-i', $rcpts[0]]],
    ['-iZ', ['-iZ', $rcpts[0]]],
    ['--nothing', ['--nothing', '-i', $rcpts[0]]],
    ['-v', ['-v', '-i', $rcpts[0]]],
    ['-bz', ['-bz', '-i', $rcpts[0]]],
    ['-b', ['-b']],
    ['-A c', ['-A', 'c', '-i', $rcpts[0]]],
    ['-Ac', ['-Ac', '-i', $rcpts[0]]],
    ['-C missing', ['-C', '/nonexistent/config', '-i', $rcpts[0]]],
);

# Nothing is submitted, in most MTAs. Not here: what starts a daemon or runs the queue.
my @modes = (
    ['mailq by name', [], argv0 => 'mailq'],
    ['/usr/bin/mailq', [], path => '/usr/bin/mailq'],
    ['newaliases by name', [], argv0 => 'newaliases'],
    ['/usr/bin/newaliases', [], path => '/usr/bin/newaliases'],
    ['rmail by name', ['alice@example.test'], argv0 => 'rmail'],
    ['smtpctl by name', ['show', 'queue'], argv0 => 'smtpctl'],
    ['hoststat by name', [], argv0 => 'hoststat'],
    ['a name of nothing', ['-i', 'alice@example.test'], argv0 => '/opt/x/mail-program'],
    ['-bp', ['-bp']],
    ['-bp -v', ['-bp', '-v']],
    ['-bi', ['-bi']],
    ['-I', ['-I']],
    ['-bv', ['-bv', 'alice@example.test']],
    ['-bv two', ['-bv', 'alice@example.test', 'nobody@example.test']],
    ['-bt', ['-bt'], input => 'rcpt-unqualified.eml'],
    ['-bV', ['-bV']],
    ['-be', ['-be', '$primary_hostname']],
    ['-bP', ['-bP', 'queue_only', 'primary_hostname']],
    ['-bpc', ['-bpc']],
    ['-bh', ['-bh']],
    ['-bH', ['-bH']],
    ['-bq', ['-bq', '-i', 'alice@example.test']],
    ['-bs as a cluster', ['-ibs'], session => 'one-message', blind => 1],
    ['-V', ['-V']],
    ['-d0.1', ['-d0.1', '-bv', 'alice@example.test']],
    ['--version', ['--version']],
    ['--help', ['--help']],
    ['-Q', ['-Q']],
    ['-qX', ['-qX']],
    ['-M unknown', ['-M', '1xUryW-0000D9-0W']],
    ['-oMr', ['-oMr', 'local-script', '-i', 'alice@example.test']],
);

my @hold = qw(postfix sendmail dma);    # a lone dot ends the call, though stdin stays open
my %smtp = map { $_ => 1 } qw(postfix sendmail exim nullmailer courier);

sub basename_list
{
    my ($dir) = @_;
    opendir(my $d, $dir) or die "$dir: $!\n";
    return sort grep { !/^\./ && -f "$dir/$_" } readdir $d;
}

# All cases of one MTA, in the order in which they are run.
sub list
{
    my ($mta, $corpus) = @_;
    my @cases;
    my $add = sub {
        my ($name, $argv, %more) = @_;
        push @cases, {name => $name, argv => $argv, path => '/usr/sbin/sendmail', stdin => 'pipe', %more};
    };

    my @path = ('/usr/sbin/sendmail', '/usr/lib/sendmail');
    my $n = 0;
    $add->("mode: $_->[0]", $_->[1], input => 'plain.eml', @$_[2 .. $#$_]) for @modes;
    for my $message (grep { /\.eml$/ } basename_list($corpus)) {
        my $short = $message =~ s/\.eml$//r;
        # Each is handed over both ways, and the two ways alternate between file and pipe.
        my @kind = $n++ % 2 ? ('file', 'pipe') : ('pipe', 'file');
        $add->("corpus: $short -t -i", ['-t', '-i'], input => $message, stdin => $kind[0]);
        $add->("corpus: $short -i -f", ['-i', "-f$from", '--', 'alice@example.test'], input => $message, stdin => $kind[1]);
        next unless $short =~ /dot/;
        $add->("corpus: $short without -i", ["-f$from", 'alice@example.test'], input => $message, stdin => $kind[0]);
        $add->("corpus: $short -t", ['-t'], input => $message, stdin => $kind[1]);
    }
    for my $client (@clients) {
        my ($name, $argv, $own, @more) = @$client;
        $own .= '.eml' unless $own eq 'php' || $own eq 'crlf';
        $own = {php => 'php-mail.eml', crlf => 'phpmailer-html.eml'}->{$own} // $own;
        $add->("client: $name", $argv, input => $own, @more);
        for my $other (grep { $_ ne $own } 'crlf.eml', '8bit-utf8.eml', 'cc-bcc.eml') {
            $add->("client: $name, $other", $argv, input => $other, stdin => 'file', @more);
        }
    }
    for my $option (@options) {
        # Courier never ends with it, ours or not.
        next if $mta eq 'courier' && $option->[0] eq 'empty operand';
        $add->("option: $option->[0]", $option->[1], input => 'plain.eml');
    }
    for my $size (70, 300, 1100) {
        for my $kind ($mta eq 'ssmtp' ? 'pipe' : ('file', 'pipe', 'socket')) {
            $add->("large: ${size}k $kind -t", ['-t', '-i'], input => "large-${size}k", stdin => $kind);
            $add->("large: ${size}k $kind -f", ['-i', "-f$from", '--', @rcpts], input => "large-${size}k", stdin => $kind);
        }
    }
    for my $kind (qw(file file-offset file-rdwr pipe slow late bytes socket socket-slow null closed)) {
        for my $message ('plain.eml', 'crlf.eml', 'from-line.eml') {
            next if $mta eq 'ssmtp' && $kind =~ /slow|bytes|late/ && $message ne 'plain.eml';
            $add->("stdin: $kind $message -t", ['-t', '-i'], input => $message, stdin => $kind);
            next if $kind =~ /slow|bytes|late/ && $message ne 'plain.eml';
            # ssmtp takes its connection for the message, and waits for ever; nullmailer says this or that.
            next if $mta =~ /^(?:ssmtp|nullmailer)$/ && $kind eq 'closed';
            $add->("stdin: $kind $message -f", ['-i', "-f$from", '--', @rcpts], input => $message, stdin => $kind);
        }
    }
    if (grep { $_ eq $mta } @hold) {
        $add->("stdin: hold -t", ['-t'], input => 'dot-last.eml', stdin => 'hold');
        $add->("stdin: hold -f", ["-f$from", @rcpts], input => 'dot-last.eml', stdin => 'hold');
        $add->("stdin: hold, usage error", ['-b'], input => 'plain.eml', stdin => 'hold');
    }
    for my $session (grep { /\.smtp$/ } basename_list("$corpus/sessions")) {
        my $short = $session =~ s/\.smtp$//r;
        if ($smtp{$mta}) {
            $add->("smtp: $short, talking", ['-bs'], session => $session, stdin => 'talk');
            $add->("smtp: $short, talking, on a socket", ['-bs'], session => $session, stdin => 'talk-socket')
                if $short =~ /^(?:one|two|bdat-one|large)/;
        }
        next unless $smtp{$mta} || $short =~ /^(?:one|two|nothing)/;
        $add->("smtp: $short, blind", ['-bs'], session => $session, stdin => 'pipe');
        $add->("smtp: $short, blind, from a file", ['-bs'], session => $session, stdin => 'file')
            if $short =~ /^(?:one|two|bdat-one|large)/;
        $add->("smtp: $short, batched", ['-bS'], session => $session, stdin => 'pipe')
            if $mta eq 'exim' || $short =~ /^one/;
        $add->("smtp: $short, rsmtp", [], session => $session, stdin => 'file', argv0 => 'rsmtp')
            if $mta eq 'exim' && $short =~ /^(?:one|two)/;
    }
    $_->{session} =~ s/(?:\.smtp)?$/.smtp/ for grep { $_->{session} } @cases;
    return @cases;
}

# Whether the MTA of a session's case speaks SMTP, so that each message of it is one of ours.
sub is_smtp
{
    my ($case) = @_;
    return $case->{session};
}

1;
