#!/bin/bash
# mailorigin on bad input: files that are none, damaged, huge or change while they are read; lines of other versions, with wrong
# clocks, in other formats; text that wants to fool the terminal or the reader. The rest is read, what was not is named, once.
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/bad-lib.sh

export LC_ALL=C.UTF-8
mkdir /tmp/l
cd /tmp/l || bail "no directory"
now=$(date +%s)
records $((now - 3600)) 20 >good
id=$(id_of_line good 5)

# --- what is no file, or no log ------------------------------------------------------------------------------------
mkdir dir && mkfifo fifo && ln -s loop loop && ln -s nowhere missing && ln -s /dev/zero dev
: >empty
head -c 9000 /dev/urandom >binary
gzip -c good >good.gz
head -c 300 good.gz >cut.gz
printf '\037\213' >magic.gz
cp good plain.gz
{ cat good.gz && echo more; } >tail.gz

# each FILE: all commands that read a log, and what they say of FILE: "status: messages that name it", one word a command.
each()
{
    local file=$1 word
    set -- "top --log $file" "log --log $file" "show $id --log $file" "web $id --log $file" "clients --log $file" \
        "clients --mail-log=$file" "trace $id --log good --mail-log $file" "web $id --log good --access-log $file" \
        "clients --log good --access-log $file"
    for word; do
        # shellcheck disable=SC2086
        timeout 60 mailorigin $word >/tmp/out 2>/tmp/err </dev/null
        printf '%s:%s ' $? "$(grep -c "$file" /tmp/err)"
    done
}
for file in dir fifo loop missing dev; do
    is "$file: nothing to read is status 2, a part that is missing 3, said once" "$(each $file)" \
        "2:1 2:1 2:1 2:1 2:1 2:1 2:1 3:1 3:1 "
done
like "the reason is named" "$(mailorigin top --log missing 2>&1)" 'cannot read missing: No such file'
is "half of it: status 3, the rest counted" "$(mailorigin top --json --log dir --log good 2>/dev/null | total; echo "${PIPESTATUS[0]}")" $'20\n3'
is "empty: nothing" "$(each empty)" "1:0 1:0 1:0 1:0 1:0 1:0 1:0 1:0 0:0 "
is "binary: nothing, which who asks for records is told" "$(each binary)" "1:1 1:1 1:1 1:0 1:1 1:0 1:0 1:0 0:0 "
for file in cut.gz magic.gz; do
    is "$file: status 3, said once" "$(each $file)" "3:1 3:1 3:1 3:1 3:1 3:1 3:1 3:1 3:1 "
done
like "what was wrong with it" "$(mailorigin top --log cut.gz 2>&1)" 'cut.gz: the compressed data ends in the middle; what comes'
is "more behind a .gz: status 3, all before it counted" "$(mailorigin top --json --log tail.gz 2>/dev/null | total; echo "${PIPESTATUS[0]}")" $'20\n3'
is "a .gz that is not compressed" "$(mailorigin top --json --log plain.gz | total)" 20
head -c 300M /dev/zero | gzip -1 >bomb.gz
cat good.gz >>bomb.gz
is "300 MB of zeros in a .gz, in 100 MB of memory" "$(ulimit -v 100000; mailorigin top --json --log bomb.gz | total)" 19
{ cat good && echo 'x: y' && cat good; } | gzip >half.gz
printf XXXX | dd of=half.gz bs=1 seek=$(($(stat -c %s half.gz) - 8)) conv=notrunc 2>/dev/null
is "a wrong checksum: status 3, and what was there" "$(mailorigin top --json --log half.gz 2>/dev/null | total; echo "${PIPESTATUS[0]}")" $'40\n3'

# The wrapper's own log, of which a crash left zeros, and a .gz without its beginning: not passed over in silence.
mkdir -p "${SW_LOG%/*}"
cp good "$SW_LOG"
head -c 9000 /dev/zero >"$SW_LOG.1"
{ echo XX && gzip -c good | tail -c +4; } >"$SW_LOG.2.gz"
mailorigin show --json 01KAMX3F8Q7ZV2N5T0C9R4E6HJ >/tmp/out 2>/tmp/err
is "rotated logs that are destroyed: status 3, each is named" "$? $(grep -oE 'calls.log[.0-9gz]+' /tmp/err | sort | paste -sd' ')" \
    "3 calls.log.1 calls.log.2.gz"
like "no record, in what is left of the log" "$(cat /tmp/out)" '"verdict":"no_record".*"complete":false'
is "the rest is counted" "$(mailorigin top --json 2>/dev/null | total; echo "${PIPESTATUS[0]}")" $'20\n3'
rm "$SW_LOG"*

# --- shapes of a log --------------------------------------------------------------------------------------------------
counted() # DESC WANT FILE [STATUS]
{
    mailorigin top --json --log "$3" >/tmp/out 2>/tmp/err
    is "$1" "$? $(total /tmp/out)" "${4:-0} $2" || note "$(cat /tmp/err)"
}
sed 's/$/\r/' good >crlf
counted "CR LF" 20 crlf
is "found by its id" "$(mailorigin show "$id" --log crlf | grep -c 'who .*web274')" 1
{ printf '\357\273\277' && cat good; } >bom
counted "a byte order mark" 20 bom
head -c -1 good >nonl
counted "no newline at the end" 20 nonl
{ cat good && head -c 10000 /dev/zero && echo && cat good; } >nuls
counted "NULs" 40 nuls
{ cat good && head -c 200M /dev/zero | tr '\0' a && echo && cat good; } >long
counted "a line of 200 MB" 40 long
{ cat good && head -c 100M /dev/zero | tr '\0' a; } >longend
counted "... at the end" 20 longend
{ cat good && printf '\377\376\300\200\355\240\200\n' && sed 's/Hello/H\xff\xc3/' good; } >utf8
counted "lines that are not UTF-8 are no records" 20 utf8
like "said in one line" "$(cat /tmp/err)" '^mailorigin top: 20 lines are torn or forged, and left out$'
{ head -c 200 good && cat good && tail -n 1 good | head -c 200 && echo && cat good; } >torn
counted "torn records" 40 torn
{ printf '%s "a\302\2332J\033[2Jb\342\200\256' "$(head -n 1 good | cut -d' ' -f1-5)" && cat good; } >rubbish
mailorigin log --raw --log rubbish >/tmp/out 2>/tmp/err
is "--raw, rubbish in front of a record" "$(wc -l </tmp/out) $(perl /tmp/judge.pl /tmp/out)" "20 "
like "... is there, escaped" "$(head -n 1 /tmp/out)" 'a\\xc2\\x9b2J\\x1b\[2Jb\\xe2'
rm -f long longend bomb.gz

# A hole of gigabytes, as a writer leaves it behind whose file was emptied.
records $((now - 7200)) 1000 >hole
truncate -s 5G hole
{ echo && records $((now - 600)) 100; } >>hole
counted "a hole of 5 GB" 1100 hole
is "--since behind it" "$(mailorigin top --json --since 20m --log hole | total)" 100
is "show, before the hole" "$(mailorigin show "$(id_of_line hole 5)" --log hole | grep -c 'who .*web274')" 1
is "show, behind it" "$(mailorigin show "$(tail -n 1 hole | sed 's/.* id=\([0-9A-Z]*\) .*/\1/')" --log hole | grep -c 'who .*web274')" 1
rm -f hole

# --- it changes while it is read -----------------------------------------------------------------------------------------
# The reader is stopped by its pipe, which is full; then the log changes, then it goes on.
for _ in $(seq 400); do cat good; done >big
copy() { cp big moving; }
during() # DESC STATUS LINES CHANGE...
{
    local desc=$1 want=$2 lines=$3 pid
    shift 3
    copy
    mkfifo pipe
    mailorigin log --raw --log moving >pipe 2>/tmp/err &
    pid=$!
    exec 7<pipe
    read -r _ <&7
    "$@"
    cat <&7 >/tmp/out
    exec 7<&-
    rm pipe
    wait $pid
    is "$desc: status" "$?" "$want" || note "$(cat /tmp/err)"
    if [ "$lines" = all ]; then
        is "$desc: all of it" "$(($(wc -l </tmp/out) + 1))" "$(wc -l <big)"
    else
        ok "$desc: not all of it" [ "$(wc -l </tmp/out)" -lt "$(wc -l <big)" ]
    fi
}
emptied() { : >moving; }
shrunk() { truncate -s 300000 moving; }
renamed() { mv moving moving.1 && : >moving; }
grown() { cat good >>moving; }
during "emptied (copytruncate)" 3 less emptied
is "said once" "$(grep -c 'became shorter while it was read' /tmp/err)" 1
during "cut" 3 less shrunk
during "renamed" 0 all renamed
during "removed" 0 all rm moving
copy
during "written to" 0 more true
rm -f big moving moving.1

# --- other versions, wrong clocks ----------------------------------------------------------------------------------------
records $((now - 900)) 20 >v1
perl -ne 's/ chain="[^"]*"//; s/ (?:user|cwd_uid|ppid|remote|msgid|from)=\S+//g; print' v1 >old
counted "fewer keys" 20 old
perl -ne 's/ chain=/ colour=blue shape="a \\"b\\" c" chain=/; s/mode=submit/mode=telepathy/; s/mta=postfix/mta=qmail9/; print' v1 >new
counted "new keys, an unknown mode, an unknown MTA" 20 new
is "show, of such a record" "$(mailorigin show --json "$(id_of_line new 3)" --log new | grep -c '"uid":4079')" 1
{
    records $((now - 3600)) 100
    records $((now + 40000000)) 1
    records $((now - 3000)) 100
    records 86400 3
    records $((now - 2000)) 5
} >clock
counted "from the future, then back, then of 1970" 209 clock
is "--until: one of the future ends nothing" "$(mailorigin top --json --until 1m --log clock | total)" 208
is "--since: some of the past hide nothing" "$(mailorigin top --json --since 2h --log clock | total)" 206
future=$(id_of_line clock 101) past=$(id_of_line clock 202)
is "show, of the future" "$(mailorigin show "$future" --log clock | grep -c 'when .*web274\|who .*web274')" 1
is "show, of 1970" "$(mailorigin show "$past" --log clock | grep -c '1970-01-02')" 1
is "an id in lower case" "$(mailorigin show "${past,,}" --log clock | grep -c "call .*$past")" 1
touch -d '2026-01-01' clock
is "a file that seems older than the id" "$(mailorigin show "$future" --log clock | grep -c 'who .*web274')" 1
{ sed -n '1,2p' v1 && sed -n 3p v1 && sed -n '3s/mta=postfix action=deliver/mta=postfix error=gone action=refuse/p' v1 && sed -n '4,$p' v1; } >twice
counted "two records with one id: the later holds" 19 twice
like "... and is shown" "$(mailorigin show "$(id_of_line twice 3)" --log twice)" 'gone'
{
    sed -n '1s/mode=submit/mode=smtp/; 1s/action=deliver/action=pass/p' v1 && sed -n '2,$p' v1
    sed -n "1s/mode=submit/mode=smtp/; 1s/^[^ ]*/$(date -u -d @$((now - 20)) +%Y-%m-%dT%H:%M:%S).123456+00:00/; 1s/action=deliver/opaque=STARTTLS action=pass/p" v1
} >session
like "a session's second record comes a quarter of an hour later" "$(mailorigin show "$(id_of_line session 1)" --log session)" STARTTLS

# JSON records, some of them broken.
perl -ne '
    /^(\S+) (\S+) sendmail-wrapper\[\d+\]: (.*)/ or next;
    my ($out, $rest) = (qq({"time":"$1","host":"$2"), $3);
    while ($rest =~ /(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g) {
        my ($k, $v) = ($1, $2);
        $v = qq("$v") unless $v =~ /^"/ || ($v =~ /^\d+$/ && $k ne "rcpts");
        $out .= qq(,"$k":$v);
    }
    print "$out}\n";' v1 >json
counted "JSON records" 20 json
sed '3s/"uid"/uid/; 5s/}$//; 7s/4079/[4079]/; 9s/:/:{/; 11s/"mode"/mode/; 13s/.*/{}/; 15s/.*/{"time":/; 17s/"deliver"/"\\ud800"/' json >brokenjson
mailorigin top --json --log brokenjson >/tmp/out 2>/tmp/err
is "broken ones: status" $? 0
is "... the others are counted, no broken one is" "$(total /tmp/out)" 12
like "... in one line" "$(cat /tmp/err)" '^mailorigin top: [0-9]+ lines are torn or forged, and left out$'

# --- syslog files: two formats in a set, a new year, summer time ------------------------------------------------------------
# syslog TZ FORMAT EPOCH N: as rsyslog writes it there.
syslog_lines()
{
    TZ=$1 perl -MPOSIX=strftime -e '
        my ($new, $t, $step) = @ARGV;
        while (<STDIN>) {
            s/^\S+ \S+ // or next;
            my @l = localtime $t;
            my $zone = strftime("%z", @l);
            $zone =~ s/(..)$/:$1/;
            print $new ? strftime("%Y-%m-%dT%H:%M:%S.654321", @l) . $zone : strftime("%b %e %H:%M:%S", @l), " web1 $_";
            $t += $step;
        }' -- "$2" "$3" "$4"
}
berlin=CET-1CEST,M3.5.0,M10.5.0/3
echo 'log { to = "syslog" }' >"$SW_CONFIG"
rm -f /var/log/mail.log* /var/log/syslog*
syslog_lines UTC 0 $((now - 5000)) 1 <good >/var/log/mail.log.1
syslog_lines UTC 1 $((now - 4000)) 1 <good >/var/log/mail.log
is "a set in two formats" "$(mailorigin top --json 2>/tmp/err | total) $(cat /tmp/err)" "40 "
like "... of the right times" "$(mailorigin top --json)" "\"first\":\"$(date -u -d @$((now - 5000)) +%Y-%m-%dT%H:%M:%S)"
rm /var/log/mail.log.1
eve=$(date -u -d '2026-12-31 23:59:50' +%s)
syslog_lines UTC 0 "$eve" 1 <good >/tmp/l/newyear
touch -d '2027-01-01 00:00:10 UTC' newyear
is "a year that begins in a log without years" "$(TZ=UTC mailorigin log --json --log newyear | grep -o '"time":"[0-9]*' | sort | uniq -c | tr -s ' \n' ' ')" \
    ' 10 "time":"2026 10 "time":"2027 '
for day in 2026-10-25 2026-03-29; do
    start=$(date -u -d "$day 00:30" +%s)
    syslog_lines $berlin 0 "$start" 300 <good >"dst-$day"
    syslog_lines $berlin 1 "$start" 300 <good >"dst-new-$day"
    touch -d "$day 12:00 UTC" "dst-$day"
    is "$day, times with their zone: each exact" "$(TZ=$berlin mailorigin log --json --log "dst-new-$day" | grep -o '"time":"[^"]*' | cut -c9-27)" \
        "$(for i in $(seq 0 19); do date -u -d @$((start + i * 300)) +%Y-%m-%dT%H:%M:%S; done)"
    TZ=$berlin mailorigin log --json --log "dst-$day" >/tmp/out
    is "$day, without: all there" "$(wc -l </tmp/out)" 20
    # Of the hour that comes twice nobody can tell which it was: an hour wrong at most.
    like "$day, the first" "$(head -n 1 /tmp/out)" "\"time\":\"$day""T0[01]:30:00"
    like "$day, the last" "$(tail -n 1 /tmp/out)" "\"time\":\"$day""T02:05:00"
done
is "--since in local time, where summer time ends" "$(TZ=$berlin mailorigin top --json --since '2026-10-25 03:00' --until '2026-10-25 04:00' --log dst-new-2026-10-25 | total)" 2
is "... and where it begins" "$(TZ=$berlin mailorigin top --json --since '2026-03-29 03:00' --until '2026-03-29 04:00' --log dst-new-2026-03-29 | total)" 12
for locale in C C.UTF-8 tr_TR.UTF-8 xx; do
    is "LC_ALL=$locale" "$(LC_ALL=$locale LC_TIME=$locale mailorigin top --json --log dst-2026-10-25 2>&1 | total)" 20
done
rm -f "$SW_CONFIG"

# --- text that wants to fool -------------------------------------------------------------------------------------------------
evil=$(printf '\033]52;c;aGFjaw==\007\033[31m\302\2332J\342\200\256\330\234\342\201\246\342\200\250\r\b\177\001\377')
# shellcheck disable=SC1003
escaped='\x1b]52;c;x\x07\xc2\x9b2J\xe2\x80\xaeq\xff\"\\'
records $((now - 600)) 3 "KEYS " >base
perl -pe 'BEGIN { $e = shift }
    s/KEYS /uri="$e" /; s/chain=/caller="$e" unit="$e" http_host="$e" xphp="$e" env_script="$e" script="$e" script_by=env chain=/;
    s/user=\S+/user="$e"/; s!cwd=\S+!cwd="/tmp/$e"!; s/from=\S+/from="$e"/; s/"-t -i"/"$e"/; s/remote=\S+/remote="$e"/;
    s/subject=Hello/subject="$e sendmail-wrapper\\x5b1]: id=X uid=0 action=deliver"/' -- "$escaped" base >hostile
perl -pe 'BEGIN { $e = shift } s/KEYS //; s/subject=Hello/subject="$e"/; s!cwd=\S+!cwd="/tmp/$e"!; s/^(\S+) \S+/$1 $e/' -- "$evil" base >raw
perl -pe 'BEGIN { $e = shift } s/KEYS //; s/subject=Hello/subject="x" uid=0 user=root action=deliver/' -- x base >forged
perl -pe 'BEGIN { $e = shift(@ARGV) x 400 } s/KEYS //; s/subject=Hello/subject="$e"/; s!cwd=\S+!cwd="/$e"!' -- 0123456789 base >huge
hid=$(id_of_line hostile 2)
stamp=$(date -u -d @$((now - 599)) '+%d/%b/%Y:%H:%M:%S +0000')
cat >access <<END
192.0.2.7 - $evil [$stamp] "GET /$evil HTTP/1.1" 200 5 "$evil" "$evil"
192.0.2.8 - - [$stamp] "GET /x HTTP/1.1" 200 5 "-" "\\x1b]0;$evil"
$evil - - [$stamp] "$evil" 200 5 "-" "-"
END
stamp=$(date -u -d @$((now - 599)) '+%Y-%m-%dT%H:%M:%S.123456+00:00')
cat >maillog <<END
$stamp mail postfix/pickup[1]: 4Abc1230xyz: uid=4079 from=<$evil>
$stamp mail postfix/cleanup[1]: 4Abc1230xyz: message-id=<1@x$evil>
$stamp mail postfix/qmgr[1]: 4Abc1230xyz: from=<$evil@x>, size=400, nrcpt=1 (queue active)
$stamp mail postfix/smtp[1]: 4Abc1230xyz: to=<$evil@y>, relay=${evil}[192.0.2.1]:25, delay=1, delays=0/0/0/0, dsn=5.0.0, status=bounced (host $evil said: $evil)
$stamp mail postfix/smtpd[1]: connect from unknown[192.0.2.9]
$stamp mail postfix/smtpd[1]: warning: unknown[192.0.2.9]: SASL LOGIN authentication failed: $evil, sasl_username=$evil
$stamp mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 554 5.7.1 <$evil>: $evil; from=<$evil> to=<$evil> proto=ESMTP helo=<$evil>
$stamp mail sm-mta[1]: 5AM0abcd000001: from=<$evil>, size=1, class=0, nrcpts=1, msgid=<$evil>, relay=$evil
$stamp mail sm-mta[1]: 5AM0abcd000001: to=<$evil>, delay=00:00:01, mailer=esmtp, relay=$evil, dsn=2.0.0, stat=Sent ($evil)
$(date -u -d @$((now - 599)) '+%Y-%m-%d %H:%M:%S') 1vMsaQ-0001AB-2C <= $evil@x H=$evil [192.0.2.10] P=esmtpa A=login:$evil S=400 id=$evil T="$evil" from <$evil> for $evil
END
cut -c17- maillog >exim-like
for log in hostile raw forged huge; do
    for by in dir script user caller unit host from sender; do judged top --by $by --log $log; done
    judged log --log $log
    judged show "$hid" --log $log
    judged web "$hid" --log $log --access-log access
    judged clients --log $log --access-log access
    judged trace "$hid" --log $log --mail-log maillog
done
for query in 4Abc1230xyz 5AM0abcd000001 1vMsaQ-0001AB-2C "<1@x$evil>"; do
    judged trace --log hostile --mail-log maillog -- "$query"
done
judged clients --mail-log=maillog
judged clients --mail-log=exim-like
is_clean "no byte that a terminal obeys, all JSON is JSON"
is "the hostile log was read" "$(mailorigin top --json --log hostile | total)" 3
is "what is forged within a value is no record" "$(mailorigin top --json --log raw --log forged 2>/dev/null | grep -c '"uid":0')" 0
for format in postfix nftables fail2ban; do
    mailorigin clients --include-uncertain --format $format --log hostile --access-log access >/tmp/out 2>/tmp/err
    mailorigin clients --at-least 1 --format $format --mail-log=maillog >>/tmp/out 2>>/tmp/err
    is "$format: nothing but addresses" "$(perl /tmp/judge.pl /tmp/out /tmp/err)$(grep -c '52;c' /tmp/out)" 0
    like "$format: the address is there" "$(cat /tmp/out)" '192\.0\.2\.9'
done
printf 'Received: from x (%s)\n\tby y (Postfix, from userid 4079) id 4Abc1230xyz; Sun, 22 Nov 2026 01:00:00 +0000\nX-Additional-Header: id=%s; %s\nX-Additional-Header: id=%s\nSubject: %s\nFrom: %s\nMessage-ID: <%s>\n\n%s\n' \
    "$evil" "$hid" "$evil" "$id" "$evil" "$evil" "$evil" "$evil" >pasted
for text in pasted raw maillog binary /dev/null; do
    mailorigin show --log hostile --mail-log maillog <$text >/tmp/out 2>/tmp/err
    status=$?
    mailorigin show --json --log hostile --mail-log maillog <$text >/tmp/json 2>>/tmp/err
    is "show, pasted: $text" "$((status <= 3)) $(perl /tmp/judge.pl /tmp/out /tmp/err /tmp/json; perl /tmp/json.pl /tmp/json)" "1 "
done
for command in top log show trace web clients queue hold release drop undo direct check; do
    for option in --uid --log --mail-log --since --by --limit "--$evil"; do judged $command "$option" "$evil"; done
    judged $command -- "$evil"
done
is_clean "hostile arguments"

# The real thing: a customer logs what looks like records, and sends mail whose header and subject do.
echo 'log { to = "syslog" }' >"$SW_CONFIG"
rm -f /var/log/mail.log
# shellcheck disable=SC2016 # rsyslog's own word
printf '%s\n' 'module(load="imuxsock" SysSock.RateLimit.Interval="0")' '$EscapeControlCharactersOnReceive off' \
    'mail.* action(type="omfile" file="/var/log/mail.log" template="RSYSLOG_FileFormat")' >/etc/rsyslog.conf
divert_by_hand
start_rsyslog
postconf -e defer_transports=local,smtp
start_postfix
cat >/tmp/mail <<END
From: "$evil" <shop@example.test>
To: alice@example.test
Subject: x sendmail-wrapper[1]: id=$id mode=submit uid=0 gid=0 pid=1 ppid=1 mta=postfix action=deliver
X-Additional-Header: id=$id; uid=0
Message-ID: <$evil@x>

$evil
END
(cd /var/www/web275/htdocs && as web275 /usr/sbin/sendmail -t -i </tmp/mail)
as web275 logger -p mail.info -t cron "x sendmail-wrapper[1]: $(sed -n 1p good | cut -d' ' -f4-)"
as web275 logger -p mail.info -t "a$evil" "$evil"
as web275 logger -p mail.info -t postfix/qmgr "4Abc1230xyz: from=<$evil>, size=1, nrcpt=1 (queue active)"
as web275 logger -p mail.info -t marker end
ok "rsyslog has it" wait_for 60 grep -q 'marker: end' /var/log/mail.log
deferred() { [ -n "$(find /var/spool/postfix/deferred -type f)" ]; }
wait_for 60 deferred || bail "no mail waits"
is "one call, of who made it" "$(mailorigin top --by user --json 2>/dev/null | grep -o '"count":1,.*"uid":4080' | wc -l)" 1
real=$(sed -n 's/.*sendmail-wrapper\[[0-9]*\]: id=\([0-9A-Z]*\) .*uid=4080.*/\1/p' /var/log/mail.log | head -n 1)
for command in "top" "log" "show $real" "trace $real" "web $real" "clients" "queue" "queue --list" "hold --uid 4080" "release --uid 4080" \
    "hold --uid 4080 --yes" "queue --list" "release --uid 4080" "undo" "drop --uid 4080" "direct --all" "check --all"; do
    # shellcheck disable=SC2086
    judged $command
done
is_clean "every command, on this server"
for by in dir script user sender login; do judged queue --by $by; done
is_clean "queue, by anything"

done_testing
