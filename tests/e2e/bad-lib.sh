# shellcheck shell=bash disable=SC2034 # tests use the variables
# bad-lib.sh - what the tests of bad input share: made-up records, and a judge for whatever mailorigin prints.

# records EPOCH N [KEYS]: N records of this host, a second apart. KEYS stand in front of action.
records()
{
    perl -MPOSIX=strftime -e '
        my ($host, $t, $n, $extra) = @ARGV;
        my @c = split //, "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        for my $i (0 .. $n - 1) {
            my ($id, $v) = ("", ($t + $i) * 1000 + 123);
            for (1 .. 10) { $id = $c[$v % 32] . $id; $v = int($v / 32) }
            $id .= sprintf "T0C9R4E6HJ%06d", $i;
            printf "%s.123456+00:00 %s sendmail-wrapper[%d]: id=%s mode=submit uid=4079 user=web274 gid=4079 pid=%d "
                . "cwd=/var/www/web274/htdocs cwd_uid=4079 chain=\"sh[12] php-fpm8.2[10]\" ppid=12 remote=192.0.2.7 "
                . "args=\"-t -i\" from=shop\@example.test rcpts=1 subject=Hello msgid=<%d\@x> mta=postfix %saction=deliver\n",
                strftime("%Y-%m-%dT%H:%M:%S", gmtime $t + $i), $host, 1000 + $i, $id, 1000 + $i, $i, $extra // "";
        }' -- "$(hostname)" "$@"
}

id_of_line() { sed -n "${2}{p;q}" "$1" | sed 's/^[^=]* id=\([0-9A-Z]*\) .*/\1/'; }
total() { perl -ne '$n += $1 if /"count":(\d+),"rcpts"/; END { print $n + 0, "\n" }' "$@"; }

cat >/tmp/judge.pl <<'PL'
# Says what in the files may not reach a terminal; exit status 1 if there is something.
my $bad = 0;
for my $file (@ARGV) {
    open my $in, "<:raw", $file or die "$file: $!\n";
    local $/;
    local $_ = <$in> // "";
    my $turn = qr/\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]/;
    while (/([\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|$turn)/g) {
        my ($what, $before) = (unpack("H*", $1), substr $_, 0, pos);
        $bad++ < 3 and print "byte $what in ", $before =~ /.*\n== ([^\n]*)/s ? $1 : $file, "\n";
    }
    s/\xc2[\x80-\xbf]|[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}//g;
    /([\x80-\xff])/ and $bad++ < 3 and print "$file: no UTF-8: ", unpack("H*", $1), "\n";
}
exit $bad > 0;
PL
cat >/tmp/json.pl <<'PL'
# Each line a JSON object (RFC 8259) with schema and kind; exit status 1 if one is not.
my ($bad, $value) = 0;
my $string = qr/"(?:[^"\\\x00-\x1f]|\\(?:["\\\/bfnrt]|u[0-9a-fA-F]{4}))*"/;
my $number = qr/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/;
my $list = qr/\[\s*(?:(??{$value})(?:\s*,\s*(??{$value}))*)?\s*\]/;
my $object = qr/\{\s*(?:$string\s*:\s*(??{$value})(?:\s*,\s*$string\s*:\s*(??{$value}))*)?\s*\}/;
$value = qr/(?:$string|$number|true|false|null|$list|$object)/;
while (<>) {
    chomp;
    /\A\{"schema":1,"kind":"[a-z_]+"/ && /\A$value\z/ or $bad++ < 3 and print "no JSON: $_\n";
}
exit $bad > 0;
PL

# judged ARGS...: runs the command, as text and as JSON, and keeps what it prints for is_clean. $status is the text's.
JUDGED=0
DIRTY=
judged()
{
    local command
    local LC_ALL=C # every other byte escaped
    printf -v command '%q ' "$@"
    LC_ALL=C.UTF-8
    printf '\n== %s\n' "$command" >>/tmp/j.text
    mailorigin "$@" >>/tmp/j.text 2>&1 </dev/null
    status=$?
    mailorigin "$@" --json 2>>/tmp/j.text >>/tmp/j.json </dev/null
    JUDGED=$((JUDGED + 1))
    [ "$status" -le 3 ] || DIRTY+="$command: exit status $status"$'\n'
}

# is_clean DESC: since the last time something was printed, and nothing of it is more than text and JSON.
is_clean()
{
    is "$1 ($JUDGED commands)" "$DIRTY$(perl /tmp/judge.pl /tmp/j.text /tmp/j.json; perl /tmp/json.pl /tmp/j.json)" ""
    ok "... and they printed something" test "$(grep -c . /tmp/j.text)" -gt "$JUDGED"
    : >/tmp/j.text
    : >/tmp/j.json
    DIRTY=
    JUDGED=0
}
: >/tmp/j.text
: >/tmp/j.json
