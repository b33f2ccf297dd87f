# report-data.pl KIND LOG ACCESS-LOG: what `mailorigin report` is looked at with: a night's records, and the access log to
# them. KIND: night (a flood, a contact form, a call from elsewhere); hostile (every text is one); tame (as many, of the
# same form, and harmless).
use strict;
use warnings;
use POSIX qw(strftime);

my ($kind, $log, $access) = @ARGV;
my $start = 1795312800;    # 2026-11-22 02:00:00 UTC
my $docs = "/var/www/web274/htdocs";
my ($pid, @records, @requests) = (20000);
srand 7;

sub value { my $s = shift; $s =~ s/([\\"])/\\$1/g; $s =~ s/([\x00-\x1f\x7f])/sprintf "\\x%02x", ord $1/ge; $s =~ s/\\x0a/\\n/g; "\"$s\"" }

sub ulid
{
    my ($ms, $id, @digits) = (int(1000 * shift), "", split //, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    for (1 .. 10) { $id = $digits[$ms % 32] . $id; $ms = int($ms / 32) }
    join "", $id, map { $digits[rand 32] } 1 .. 16;
}

# A call of web274's at $t, by the worker of that process ID.
sub call
{
    my ($t, $worker, %k) = @_;
    my $stamp = strftime("%Y-%m-%dT%H:%M:%S", gmtime $t) . sprintf ".%06d+00:00", 1e6 * ($t - int $t);
    $pid++;
    push @records, [$t, join " ", $stamp, "mail.example.test", "sendmail-wrapper[$pid]:", "id=" . ulid($t), "mode=submit", "uid=4079",
        "user=web274", "gid=4079", "pid=$pid", "ppid=$worker", "mta=postfix", "cwd=" . value($k{cwd}), "cwd_uid=" . ($k{cwd_uid} // 4079),
        $k{script} ? ("script=" . value($k{script}), "script_by=fd", "script_uid=4079") : (), "caller=" . value($k{caller}),
        "caller_pid=$worker", "chain=\"apache2[$worker] apache2[880]\"", "ages=\"1 1 360000\"", "unit=apache2.service", "args=\"-t -i\"",
        "from=" . value($k{from}), "rcpts=$k{rcpts}", "subject=" . value($k{subject}),
        "msgid=" . value($k{msgid} // sprintf "<%x.%d\@mail.example.test>", 1000 * $t, $pid), "action=deliver"];
}

# The request that it came from, in the format that `check` recommends for Apache.
sub request
{
    my ($t, $client, $request, $worker, $script, $agent) = @_;
    my $time = strftime "%d/%b/%Y:%H:%M:%S +0000", gmtime $t;
    push @requests, [$t, qq($client - - [$time] "$request" 200 1234 "-" "$agent" ) . int(1e6 * $t) . qq( 400000 $worker web274.example.test "$script")];
}

sub night
{
    my $upload = "$docs/wp-content/uploads/2026";
    my @subjects = ("You have won a prize", "Invoice 2026-1174 is overdue", "=?UTF-8?Q?Ihr_Paket_konnte_nicht_zugestellt_werden?=",
        "Re: your account will be closed", "Last chance \xe2\x80\x93 today only");
    for my $i (0 .. 311) {
        my $t = $start + 1200 + 2400 * (1 - (1 - $i / 311) ** 2) + 3 * rand;
        call($t, 12001 + $i % 8, cwd => $upload, ($i % 5 ? () : (script => "$upload/x.php")), caller => "/usr/sbin/apache2 -k start",
            from => "no-reply\@" . ("shop-example.test", "web274.example.test")[$i % 2], rcpts => 3 + $i % 2, subject => $subjects[$i % @subjects]);
        request($t - 0.2, $i % 13 ? "203.0.113.77" : "2001:db8:7::1f", "POST /wp-content/uploads/2026/x.php HTTP/1.1", 12001 + $i % 8,
            "$upload/x.php", "python-requests/2.31.0") if $i % 40 != 39;
    }
    for my $i (0 .. 6) {
        my $t = $start + 400 * $i + 17;
        call($t, 12010, cwd => $docs, script => "$docs/contact.php", caller => "/usr/sbin/apache2 -k start", from => "info\@web274.example.test",
            rcpts => 1, subject => "Contact form: question about opening hours");
        request($t - 0.1, "198.51.100." . (9 + $i), "POST /contact.php HTTP/2.0", 12010, "$docs/contact.php",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    }
    call($start + 3000, 12003, cwd => "/var/www/web275/htdocs", cwd_uid => 4080, caller => "/usr/sbin/apache2 -k start",
        from => "x\@example.test", rcpts => 1, subject => "from elsewhere");
}

my @bad = (q(<script>document.title="owned"</script><img src=x onerror="document.title='owned'">), q("'><svg/onload=document.title='owned'>),
    "</style></title></textarea><b>bold</b>", "<!--", "]]><plaintext>", "a\xe2\x80\xaeevil\xe2\x80\xac \xe2\x80\x8bzero\xef\xbb\xbf",
    "\x01\x1b[31mred\x7f\xff\xfe", "&lt;b&gt; &amp; &#60;i&#62;", "Z\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88algo",
    "W" x 500, q({{7*7}} ${x} javascript:document.title='owned' data:text/html,<b>), "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\">");

sub texts
{
    my $tame = shift;
    for my $i (0 .. 2 * @bad - 1) { # each in a short and in a long directory
        my ($t, $text) = ($start + 60 * $i, $tame ? "text " . $i % @bad : $bad[$i % @bad]);
        my $dir = "/var/www/web274/" . ($i >= @bad ? "x" x 500 : $tame ? "short" : "<b>\"'&\n</b><script>document.title='owned'</script>");
        (my $logged = $text) =~ s/(["\\])/\\$1/g;
        $logged =~ s/([\x00-\x1f\x7f-\xff])/sprintf "\\x%02x", ord $1/ge;
        call($t, 12001, cwd => $dir, script => "$dir/$text.php", caller => $text, from => $text, rcpts => 1, subject => $text, msgid => "<$text>");
        request($t - 0.2, "203.0.113.7", "GET /$logged HTTP/1.1", 12001, "$docs/$logged.php", $logged);
    }
}

$kind eq "night" ? night() : texts($kind eq "tame");
for ([$log, \@records], [$access, \@requests]) {
    open my $file, ">:raw", $_->[0] or die "$_->[0]: $!\n";
    print $file map { "$_->[1]\n" } sort { $a->[0] <=> $b->[0] } @{$_->[1]};
    close $file or die;
}
