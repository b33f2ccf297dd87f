# Caller - makes one call of a program as web274 would, and says all that a caller sees of it.
# How stdin is handed over (`stdin` of a case):
#   file file-offset file-rdwr   a file; from its 7th byte on, after junk; opened for writing too
#   pipe socket                  all at once, then end of file
#   slow socket-slow             in three pieces with pauses: inside the header, inside the body
#   late                         the first byte after a pause
#   bytes                        one write for each of the first 300 bytes
#   null closed                  /dev/null; no descriptor 0
#   hold                         all at once, and kept open until the program ends
#   talk talk-socket             an SMTP client that waits for each reply
# Nothing here asserts a time; the one bound ends a program that hangs.
package Caller;
use strict;
use warnings;
use Fcntl;
use POSIX ();
use Socket;
use IO::Select;

use constant BOUND => 30;    # seconds for a whole call
use constant LINGER => 5;    # seconds that output may stay open after the program's end

my ($uid, $gid) = (4079, 4079);

sub pieces
{
    my ($kind, $text) = @_;
    my $header = index($text, "\n\n");
    $header = int(length($text) / 2) if $header < 0;
    return map { [$_, 0] } split(//, substr($text, 0, 300)), substr($text, length $text < 300 ? length $text : 300)
        if $kind eq 'bytes';
    return ['', 0.05], [$text, 0] if $kind eq 'late';
    return [substr($text, 0, int($header / 2)), 0.03],
        [substr($text, int($header / 2), $header + 2 - int($header / 2)), 0.06],
        [substr($text, $header + 2, 20), 0.03], [substr($text, $header + 22 < length $text ? $header + 22 : length $text), 0]
        if $kind =~ /slow/ && length $text > 40;
    return [$text, 0];
}

sub open_stdin
{
    my ($kind, $text, $dir) = @_;
    my ($theirs, $ours);
    if ($kind =~ /^file/) {
        my $junk = $kind eq 'file-offset' ? "junk!!\n" : '';
        open my $f, '>:raw', "$dir/input" or die "$dir/input: $!\n";
        print $f $junk, $text;
        close $f;
        chmod 0666, "$dir/input";
        sysopen $theirs, "$dir/input", $kind eq 'file-rdwr' ? O_RDWR : O_RDONLY or die "$dir/input: $!\n";
        sysseek $theirs, length $junk, 0;
    } elsif ($kind eq 'null') {
        open $theirs, '+<', '/dev/null' or die "null: $!\n";
    } elsif ($kind =~ /socket/) {
        socketpair($theirs, $ours, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!\n";
    } elsif ($kind ne 'closed') {
        pipe($theirs, $ours) or die "pipe: $!\n";
    }
    return ($theirs, $ours);
}

# Becomes the program. Never returns.
sub become
{
    my ($case, $theirs, $out, $err) = @_;
    POSIX::setsid() if $case->{setsid};
    if ($theirs) { POSIX::dup2(fileno $theirs, 0) } else { POSIX::close(0) }
    POSIX::dup2(fileno $out, 1);
    POSIX::dup2(fileno $err, 2);
    POSIX::close($_) for 3 .. 63;
    $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD INT TERM ALRM);
    $) = "$gid $gid";
    POSIX::setgid($gid);
    POSIX::setuid($uid);
    chdir '/var/www/web274/htdocs';
    umask 022;
    %ENV = (PATH => '/usr/bin:/bin:/usr/sbin', HOME => '/var/www/web274', USER => 'web274', LOGNAME => 'web274', LC_ALL => 'C');
    { no warnings; exec { $case->{path} } $case->{argv0} // $case->{path}, @{$case->{argv}}; }
    POSIX::_exit(127);
}

# What the client of a session sends next, taken off the front of what it has to say: a command, with the bytes of its chunk
# for BDAT.
sub next_command
{
    my ($side) = @_;
    $side->{script} =~ s/\A([^\n]*\n?)//;
    my $command = $1;
    $command .= substr $side->{script}, 0, $1, '' if $command =~ /^BDAT (\d+)/i;
    $side->{asked} = $command =~ /^DATA\r?\n/i;
    return $command;
}

# The message after a 354, with its dot.
sub next_message
{
    my ($side) = @_;
    return $1 if $side->{script} =~ s/\A((?:.*?\n)??\.\r?\n)//s;
    my $rest = $side->{script};
    $side->{script} = '';
    return $rest;
}

# Seconds since some moment, in steps of 10 ms.
sub now { return (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

sub nap { select undef, undef, undef, $_[0] }

# The sender's side: {kind, ours, queue, script, pending, pause, waiting, asked, seen}. Hands over what it can without waiting.
sub feed
{
    my ($side, $said) = @_;
    return if !$side->{ours};
    if ($side->{pending} eq '' && now() >= $side->{pause}) {
        if ($side->{waiting}) {
            # A reply is there with its last line.
            return if substr($$said, $side->{seen}) !~ /\A(?:\d{3}-[^\n]*\n)*(\d{3})(?: [^\n]*)?\n/;
            $side->{seen} += $+[0];
            $side->{waiting} = 0;
            if ($side->{asked} && $1 eq '354') {
                $side->{pending} = next_message($side);
                # A message that breaks off gets no reply.
                $side->{waiting} = $side->{pending} =~ /(?:\A|\n)\.\r?\n\z/;
            }
            $side->{asked} = 0;
        }
        if ($side->{pending} eq '' && @{$side->{queue}}) {
            my $piece = shift @{$side->{queue}};
            $side->{pending} = $piece->[0];
            $side->{pause} = now() + $piece->[1] if $piece->[1];
        } elsif ($side->{pending} eq '' && $side->{script} ne '') {
            $side->{pending} = next_command($side);
            $side->{waiting} = 1;
        } elsif ($side->{pending} eq '' && $side->{kind} ne 'hold') {
            if ($side->{kind} =~ /socket/) { shutdown $side->{ours}, 1 } else { close $side->{ours} }
            $side->{shut} = delete $side->{ours};
            return;
        }
    }
    while ($side->{pending} ne '') {
        my $n = syswrite $side->{ours}, $side->{pending};
        if (defined $n) {
            substr($side->{pending}, 0, $n, '');
        } elsif ($!{EAGAIN}) {
            return;
        } else {
            close delete $side->{ours};    # nobody reads any more
            return;
        }
    }
}

# Whether there is something to hand over now, so that no time is lost waiting.
sub eager
{
    my ($side) = @_;
    return $side->{ours} && $side->{pending} eq '' && !$side->{waiting} && $side->{kind} ne 'hold' && now() >= $side->{pause};
}

# Runs a case. $text: what is to be sent. $dir: for files. Returns a hash: status (as $?), out, err, pid, held (outputs open
# LINGER seconds after the end), hung (had to be killed), begin, end.
sub run
{
    my ($case, $text, $dir) = @_;
    my $kind = $case->{stdin};
    my ($theirs, $ours) = open_stdin($kind, $text, $dir);
    my %ret = (out => '', err => '', hung => 0, begin => time);
    pipe(my $out, my $out_w) or die "pipe: $!\n";
    pipe(my $err, my $err_w) or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    become($case, $theirs, $out_w, $err_w) if $pid == 0;
    close $_ for grep { defined } $theirs, $out_w, $err_w;
    $ret{pid} = $pid;
    $_->blocking(0) for grep { defined } $ours, $out, $err;
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{CHLD} = sub { };    # so that select returns

    my $talk = $kind =~ /^talk/;
    my %side = (kind => $kind, ours => $ours, pending => '', pause => 0, waiting => $talk, seen => 0,
        queue => [$talk ? () : pieces($kind, $text)], script => $talk ? $text : '', asked => 0);
    my %open = (out => $out, err => $err);
    my $deadline = now() + BOUND;

    while (!defined $ret{status} || %open) {
        if (now() > $deadline) {
            last if defined $ret{status};
            kill 'KILL', $pid;
            $ret{hung} = 1;
            $deadline = now() + 2;
        }
        if (!defined $ret{status} && waitpid($pid, POSIX::WNOHANG()) == $pid) {
            $ret{status} = $?;
            $deadline = now() + LINGER;
        }
        feed(\%side, \$ret{out});
        my $wait = eager(\%side) ? 0 : $side{ours} && ($side{pending} ne '' || $side{pause}) ? 0.005 : 0.02;
        nap(0.001), next if !%open;
        for my $ready (IO::Select->new(values %open)->can_read($wait)) {
            my ($name) = grep { $open{$_} && $open{$_} == $ready } keys %open;
            my $n = sysread $ready, $ret{$name}, 65536, length $ret{$name};
            delete $open{$name} if defined $n && $n == 0;
        }
        # A client whose server has gone does not wait for its reply.
        $side{waiting} = $side{asked} = 0 if !$open{out};
    }
    $ret{held} = join ' ', sort keys %open;
    $ret{end} = time;
    unlink "$dir/input";
    return \%ret;
}

1;
