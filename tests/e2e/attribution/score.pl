#!/usr/bin/perl
# score.pl - what mailorigin says of each culprit, against the truth: SCENARIOS DIRECTORY SETTINGS. DIRECTORY has truth (of
# traffic.pl) and floods. Prints "ok|not ok<TAB>what<TAB>detail" and "note<TAB>text" lines for attribution/lib.sh.
#
# A value counts as named only if mailorigin states it: a directory or script that is the caller's own, a request that is "exact",
# by the worker's pid. "unknown, says ..." and "one of these" count as unknown, as they should where nobody can know.
use strict;
use warnings;
use Cwd 'realpath';
use JSON::PP;

my ($scenarios, $dir, $settings) = @ARGV;
my $recommended = $settings eq 'recommended';
my %uid = (web274 => 4079, web275 => 4080, web012 => 4012, web101 => 4101, web333 => 4333, web500 => 4500, web777 => 4777);
my @items = qw(uid directory script request client);
my (%truth, %id, %window, %score);

sub lines
{
    my (@command) = @_;
    open my $in, '-|', @command or die "$command[0]: $!\n";
    my @lines = <$in>;
    close $in;
    chomp @lines;
    return @lines;
}

sub objects { return map { decode_json($_) } lines(@_) }

sub result
{
    my ($good, $what, $detail) = @_;
    $detail =~ s/[\t\n]/ /g;
    print $good ? 'ok' : 'not ok', "\t$what\t$detail\n";
}

# One spelling of a file: without links, double slashes, and the kernel's mark on one that is gone.
sub canonical
{
    my ($path) = @_;
    return $path if !defined $path || $path !~ m{^/};
    $path =~ s/ \(deleted\)\z//;
    return realpath($path) // $path;
}

sub parent { return defined $_[0] ? $_[0] =~ s{/[^/]*\z}{}r : undef }

# A value as it was before it was escaped (docs/log-format.md, "Values").
sub plain
{
    my ($text) = @_;
    my %plain = (n => "\n", r => "\r", t => "\t");
    return $text =~ s{\\(?:x([0-9a-f]{2})|(.))}{defined $1 ? chr hex $1 : $plain{$2} // $2}ger;
}

# Whether a file is the site's: it is below its directory, or it has its owner.
sub of
{
    my ($site, $path) = @_;
    return $path =~ m{^/var/www/\Q$site\E(/|\z)} || ((lstat $path)[4] // -1) == $uid{$site};
}

# --- what mailorigin names ----------------------------------------------------------------------------------------

# Whether the object states its cwd or script.
sub states
{
    my ($object, $key) = @_;
    return ($object->{"${key}_certainty"} // '') eq 'own';
}

# Three things: the facts, what is only said, and how sure the first request is.
sub named
{
    my ($id) = @_;
    my ($show) = grep { ($_->{id} // '') eq $id } objects('mailorigin', 'show', '--json', $id);
    my @web = grep { defined $_->{sure} } objects('mailorigin', 'web', '--json', $id);
    my $first = $web[0] // {sure => 'none'};
    my (%fact, %said);
    $fact{uid} = $show->{uid};
    (states($show, 'cwd') ? \%fact : \%said)->{directory} = $show->{cwd};
    (states($show, 'script') ? \%fact : \%said)->{script} = $show->{script};
    my $into = $first->{sure} eq 'exact' ? \%fact : \%said;
    $into->{request} = plain($first->{request}) =~ s{ HTTP/[\d.]+\z}{}r if defined $first->{request};
    $into->{client} = $first->{client};
    # What the caller had open counts more than what the server says it ran; his own word counts less.
    my $open = defined $fact{script} && $show->{script_by} =~ /^(fd|cmdline)$/;
    $into->{script} = $first->{script} if defined $first->{script} && !$open;
    $_->{directory} //= parent($_->{script}) for \%fact, \%said;
    $_ = canonical($_) for @fact{qw(directory script)}, @said{qw(directory script)};
    return (\%fact, \%said, (grep { $_->{sure} eq 'exact' } @web) > 1 ? 'two exact ones' : $first->{sure});
}

# --- scoring ------------------------------------------------------------------------------------------------------

# right, unknown, wrong, or neighbour: somebody else blamed.
sub verdict
{
    my ($item, $site, $value, @true) = @_;
    return 'unknown' if !defined $value;
    return 'right' if grep { $value eq $_ } @true;
    return 'neighbour' if $item eq 'uid' || $item eq 'client';
    return 'neighbour' if $item ne 'request' && $value =~ m{^/var/www/} && !of($site, $value);
    return 'wrong';
}

sub scenario
{
    my ($name, $sapi, $site, $scripts, $dirs, $expected) = @_;
    my $doc = "/var/www/$site/" . ($site eq 'web500' ? 'current' : 'htdocs');
    my $web = $truth{$name};
    my %true = (
        uid => [$sapi eq 'mod' || $site eq 'web777' ? 33 : $uid{$site}],
        directory => [map { canonical($_ eq '.' ? $doc : "$doc/$_") } split /,/, $dirs],
        script => [map { canonical("$doc/$_") } grep { $_ ne '-' } split /,/, $scripts],
        request => [$web ? $web->{request} : ()],
        client => [$web ? $web->{client} : ()],
    );
    my %expected;
    @expected{@items} = ('R', split //, $expected);
    my ($fact, $said, $sure) = named($id{$name} // '-');
    for my $item (@items) {
        my @true = @{$true{$item}};
        my $verdict = verdict($item, $site, $fact->{$item}, @true);
        if ($verdict eq 'unknown' && verdict($item, $site, $said->{$item}, @true) eq 'right') {
            # php-fpm logs whole seconds, and the kernel says to the hundredth when the worker began what sent it. Where several
            # requests of that worker fit, they are not stated, but the first named must be it.
            $verdict = $sure eq 'worker' ? 'one of' : 'says';
        }
        my $unknown = $verdict =~ /^(unknown|says)$/;
        my $good = $verdict =~ /^(right|one of)$/ || $unknown && ($expected{$item} =~ /[h-]/ || !$recommended && $item ne 'uid')
            || $verdict eq 'wrong' && $expected{$item} eq 'F';
        $verdict = 'right' if $unknown && !@true;
        $score{$_}{$verdict}++ for $item, "$sapi $item", $item eq 'uid' ? () : $sapi;
        result($good && $sure ne 'two exact ones', "$name: $item" . (@true ? " is $verdict" : ', there is none'),
            join ', ', 'named: ' . ($fact->{$item} // 'nothing'), 'said: ' . ($said->{$item} // 'nothing'), 'true: ' . join(' or ', @true), $sure);
    }
}

# --- what an admin asks first -------------------------------------------------------------------------------------

sub top
{
    my ($flood, @options) = @_;
    return grep { defined $_->{share} } objects('mailorigin', 'top', '--json', @{$window{$flood}}, @options);
}

# The first row names it; or says it, where all customers' scripts run as one user.
sub first_is
{
    my ($what, $row, $key, $shared, $true) = @_;
    my $value = canonical($row->{$key}) // '';
    my $stated = $key eq 'uid' || states($row, $key);
    my $right = $value eq $true && $stated ne ($shared && $key ne 'uid');
    result($right || !$stated && !$recommended, $what, 'the first row: ' . encode_json($row // {}));
}

sub flood_of_pages
{
    my ($sapi, $site) = @_;
    my ($flood, $shared) = ("flood-$sapi", $sapi eq 'mod');
    my $uid = $shared ? 33 : $uid{$site};
    first_is("$flood: top --by user", (top($flood, '--by', 'user'))[0], 'uid', $shared, $uid);
    first_is("$flood: top", (top($flood))[0], 'cwd', $shared, "/var/www/$site/htdocs");
    first_is("$flood: top --by script", (top($flood, '--by', 'script'))[0], 'script', $shared, "/var/www/$site/htdocs/contact.php");
    my @clients = map { $_->{client} // () } objects('mailorigin', 'clients', '--json', '--uid', $uid, @{$window{$flood}});
    my $first = join ' ', grep { defined } @clients[0, 1];
    result($first eq '127.0.3.1 127.0.3.2' || !$recommended, "$flood: clients", "the first two: $first");
}

sub flood_of_calls
{
    my ($most) = top('flood-calls', '--by', 'user');
    my @rcpts = sort map { $_->{rcpts} >= 500 ? $_->{uid} : 'less' } (top('flood-calls', '--by', 'user', '--by-rcpts'))[0, 1];
    result($most->{uid} == 4012 && $most->{count} >= 500, 'top: 500 calls are the most', encode_json($most));
    result("@rcpts" eq '4012 4079', 'top --by-rcpts: they are as much as one call with 500 recipients', "@rcpts");
}

# Over everything that was sent: no row states what is somebody else's.
sub no_neighbour
{
    my ($by) = @_;
    my %site = reverse %uid;
    my @wrong;
    for my $row (objects('mailorigin', 'top', '--json', '--by', $by)) {
        for my $object ($row, @{$row->{scripts} // []}, @{$row->{directories} // []}) {
            push @wrong, grep { !defined $site{$row->{uid}} || !of($site{$row->{uid}}, $_) }
                map { states($object, $_) ? $object->{$_} : () } qw(cwd script);
        }
    }
    result(!@wrong, "top --by $by states nothing that is somebody else's", "@wrong");
}

# The same in words.
sub in_words
{
    my $text = join "\n", lines('mailorigin', 'show', $id{'nginx-chdir-neighbour'});
    result($text =~ m{unknown, says /var/www/web275/htdocs}, 'show calls the directory that he went to unknown', $text);
}

# --- all of it ----------------------------------------------------------------------------------------------------

sub table
{
    my @columns = ('right', 'one of', 'says', 'unknown', 'wrong', 'neighbour');
    my $row = "note\t%-10s" . '%10s' x @columns . "\n";
    print "note\tWith the ", $recommended ? 'recommended' : "distribution's", " settings, what mailorigin names first:\n";
    printf $row, '', 'right', 'one of(1)', 'says(2)', 'unknown', 'wrong', 'neighbour';
    printf $row, $_, map { $_ // 0 } @{$score{$_}}{@columns} for @items;
    print "note\tBy server, directory to client:\n";
    printf $row, $_, map { $_ // 0 } @{$score{$_}}{@columns} for qw(nginx fpm mod cgi cli);
    print "note\t(1) the worker's, but not the only one that fits the time: the first named is right (2) \"unknown, says ...\", and says right\n";
}

open my $in, '<', "$dir/truth" or die "$dir/truth: $!\n";
while (<$in>) {
    chomp;
    my ($name, $client, undef, $request) = split /\t/;
    $truth{$name} = {client => $client, request => $request} if $name !~ /^innocent/;
}
open $in, '<', "$dir/floods" or die "$dir/floods: $!\n";
while (<$in>) {
    chomp;
    my ($flood, $since, $until) = split /\t/;
    $window{$flood} = ['--since', $since, '--until', $until];
}
# An admin has the id from the message's header; here the log tells which message it was.
for (lines('sh', '-c', 'zcat -f /var/log/sendmail-wrapper/calls.log*')) {
    $id{$2} //= $1 if /: id=(\w+) .* subject="?([\w-]+)["\s].* action=deliver\z/;
}

open $in, '<', $scenarios or die "$scenarios: $!\n";
while (<$in>) {
    next if /^#|^\s*$/;
    chomp;
    my ($name, $sapi, undef, $site, undef, undef, $scripts, $dirs, $expected) = split / *\| */, $_, -1;
    scenario($name, $sapi, $site, $scripts, $dirs, $expected);
}
flood_of_pages('nginx', 'web333');
flood_of_pages('mod', 'web101');
flood_of_calls();
no_neighbour($_) for qw(dir script user caller);
in_words();
if ($recommended) {
    # The rest is "one of", above: how many depends on how much a worker does within the hundredth of a second that the kernel
    # tells of a start.
    for my $servers (['nginx', 'fpm'], ['mod', 'cgi']) {
        my ($right, $one_of) = (0, 0);
        for my $score (@score{map { "$_ request" } @$servers}) {
            $right += $score->{right} // 0;
            $one_of += $score->{'one of'} // 0;
        }
        result($right > 0, "requests are named exactly, by @$servers", "$right exactly, $one_of among others");
    }
}
table();
