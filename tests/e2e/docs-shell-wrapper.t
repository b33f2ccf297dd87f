#!/bin/bash
# docs/from-the-shell-wrapper.md: a server with the shell script in place, in each way that it is put there. What the page
# says of the script is so, and its ways over lose no mail of callers that go on all the time.
# bed: packages
# shellcheck disable=SC2016 # the customers' shells expand
. /t/e2e/lib.sh
. /t/e2e/docs-lib.sh

X=/usr/sbin/sendmail
htdocs=/var/www/web274/htdocs
docs_open /src/docs/from-the-shell-wrapper.md

install_mta postfix
postconf -e inet_interfaces=loopback-only inet_protocols=ipv4 'mydestination=example.test, mail.example.test, localhost' \
    maillog_file=/var/log/mail.log
start_postfix

# The script as the document has it, at FILE, for the real program REAL. With "quoted" as people mend it.
script()
{
    sed -n '/^    #!\/bin\/sh$/,/sendmail-real/s/^    //p' /src/docs/from-the-shell-wrapper.md >"$1.new"
    [ "$(wc -l <"$1.new")" -eq 3 ] || bail "no script in the document"
    sed -i "s,/usr/lib/sendmail-real,$2," "$1.new"
    [ "${3:-}" != quoted ] || sed -i 's/\$(dirname \$PWD)/"$(dirname "$PWD")"/' "$1.new"
    chmod 755 "$1.new"
    mv "$1.new" "$1"
}
old_log() { tail -n 1 /tmp/mail.send; }
send() { as web274 sh -c "cd '$1' && printf 'To: alice\nSubject: $2\n\nx\n' | ${3:-} $X ${4:--t}"; }
newest() { wait_mail "$1" && mail_get -1 /tmp/mail && cat /tmp/mail; }

mv $X /usr/lib/sendmail-real
script $X /usr/lib/sendmail-real
(umask 0 && : >/tmp/mail.send)

note "what is wrong with it"
send $htdocs a 'env USER=web275'
like "who: the caller says" "$(old_log)" 'called web275 from /var/www/web274/htdocs$'
as web274 sh -c "mkdir -p /tmp/var/www/web275 && ln -s $htdocs /tmp/var/www/web275/htdocs"
send /tmp/var/www/web275/htdocs b
like "where: any path he likes" "$(old_log)" 'from /tmp/var/www/web275/htdocs$'
as web274 sh -c ': >/tmp/mail.send'
is "the log: he empties it" "$(wc -c </tmp/mail.send)" 0
OUT=$(printf 'EHLO a\r\nMAIL FROM:<web274>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: c\r\n\r\nx\r\n.\r\nQUIT\r\n' | as web274 $X -bs)
like "-bs: the server hangs up" "$OUT" $'^220 [^\n]*\n221 2.7.0 Error: I can break rules'
for name in mailq newaliases; do
    timeout 1 $name < <(sleep 3) >/tmp/out 2>&1
    is "$name waits for its input to end" $? 124
done
OUT=$(as web274 sh -c "printf 'From web274 Mon Jan  5 00:00:00 2026\nTo: alice\n\nx\n' | $X -t" 2>&1)
is "an mbox line: refused" $? 75
like "... since its header became text" "$OUT" 'No recipient addresses found in message header'
as web274 sh -c "mkdir -p '$htdocs/a * b/c'; cd '$htdocs/a * b/c' && printf 'To: alice\nSubject: d\n\nx\n' | $X -t"
unlike "a directory with blanks and *: not its name" "$(newest 3)" 'X-Additional-Header: /var/www/web274/htdocs/a \* b'
script $X /usr/lib/sendmail-real quoted
as web274 bash -c "mkdir -p $htdocs/\$'a\nX-Mine: yes'/c; cd $htdocs/\$'a\nX-Mine: yes'/c && printf 'To: alice\nSubject: e\n\nx\n' | $X -t"
like "... with quotes: header fields of his own" "$(newest 4)" $'\nX-Mine: yes\n'
script $X /usr/lib/sendmail-real
: >/var/mail/alice
strace -f -qq -e trace=execve,clone,fork,vfork,clone3 -o /tmp/trace $X alice </dev/null
is "a mail costs five processes" "$(awk '/postdrop/ {other[$1]} {all[$1]} END {for (pid in all) n += !(pid in other); print n}' /tmp/trace)" 5
# One that ends with an error in the middle of the message: a directory as stdin of cat reads EISDIR at once.
as web274 sh -c "$X alice" <$htdocs >/tmp/out 2>&1
is "a read error: sent all the same, exit status" $? 0
cp -a $X /tmp/script
DEBIAN_FRONTEND=noninteractive dpkg -i /debs/postfix/postfix_*.deb </dev/null >/tmp/apt 2>&1 || note "$(tail -n 3 /tmp/apt)"
nok "a new version of the mail server: the script is gone" cmp -s /tmp/script $X
nok "... it really is a program" grep -q 'X-Additional-Header' $X
wait_for 60 postfix_ready || start_postfix

# --- the ways over

# Calls without end while a way over is followed, one after the other during what changes something: switch BLOCK. Each must be
# found in the mailbox.
callers()
{
    [ -p /tmp/breath ] || mkfifo -m 666 /tmp/breath
    rm -f /tmp/stop /tmp/failed /tmp/calls.* /tmp/trace.slow
    mail_clear
    for number in 1 2; do
        as web274 bash -c 'n=0; exec 3<>/tmp/breath; while [ ! -e /tmp/stop ]; do n=$((n + 1))
            breath=0.2; [ ! -e /tmp/busy ] || breath=0.03
            read -r -t $breath -u 3
            printf "To: alice\nSubject: load $1.$n.\n\nx\n" | '$X' -t 2>>/tmp/said || echo "$1.$n" >>/tmp/failed
            done; echo $n >/tmp/calls.$1' - $number &
    done
    started() { [ "$(mail_count)" -ge 5 ]; }
    wait_for 60 started || bail "no calls under way"
    # One whose shell takes its time before it opens the script.
    printf 'To: alice\nSubject: load slow\n\nx\n' >/tmp/slow
    {
        strace -u web274 -f -qq -o /tmp/trace.slow -P $X -e trace=execve,openat -e inject=openat:delay_enter=1500000 \
            $X -t </tmp/slow 2>>/tmp/said || echo slow >>/tmp/failed
        echo 1 >/tmp/calls.slow
    } &
    begun() { grep -q execve /tmp/trace.slow; }
    wait_for 20 begun || bail "no slow call under way"
}
switch()
{
    : >/tmp/busy
    printf '\n\n' 1<>/tmp/breath # a breath ends
    block "$1"
    rm /tmp/busy
}
callers_end()
{
    local calls
    touch /tmp/stop
    wait
    calls=$(($(cat /tmp/calls.1) + $(cat /tmp/calls.2) + $(cat /tmp/calls.slow)))
    is "$1: no call failed, of $calls" "$(cat /tmp/failed 2>&1)" "cat: /tmp/failed: No such file or directory" || note "$(cat /tmp/said)"
    wait_mail "$calls"
    is "$1: each mail came once" "$(grep -c '^Subject: load' /var/mail/alice) $(grep '^Subject: load' /var/mail/alice | sort -u | wc -l)" \
        "$calls $calls"
}
sound()
{
    is "$1: status" "$(sendmail-wrapper-divert status >/tmp/out 2>&1; echo $?)" 0 || note "$(cat /tmp/out)"
    printf 'To: alice\nSubject: f\n\nx\n' | (cd $htdocs && as web274 $X -t)
    is "$1: calls are recorded" "$(record_get cwd) $(record_get action)" "$htdocs deliver"
    is "$1: nothing of the old is left" "$(find /usr/sbin /usr/lib -maxdepth 1 -name '*sendmail*' ! -type d -printf '%f ' | tr ' ' '\n' \
        | grep -vxE 'sendmail|sendmail.real|sendmail-wrapper|sendmail-wrapper-divert|')$(dpkg-divert --list $X | grep local)" ""
}
back()
{
    is "$1: disable" "$(sendmail-wrapper-divert disable >/tmp/out 2>&1; echo $?)" 0 || note "$(cat /tmp/out)"
    is "$1: Postfix has its own file" "$(dpkg -V postfix | grep -v ' c ')" ""
}

note "renamed by hand"
mv $X /usr/lib/sendmail-real
script $X /usr/lib/sendmail-real
is "enable finds a script, exit status" "$(sendmail-wrapper-divert enable >/tmp/out 2>&1; echo $?)" 1
like "... says so" "$(cat /tmp/out)" "$X is a script"
ok "... and changes nothing" cmp /tmp/script $X
callers
switch 'real=/usr/lib/sendmail-real'
runs "renamed by hand"
shows "... the output in the document"
callers_end "renamed by hand"
block 'rm /usr/lib/sendmail-real'
runs "the old name goes"
sound "renamed by hand"
back "renamed by hand"

note "diverted by hand"
for name in /usr/lib/sendmail-real $X.real; do
    dpkg-divert --quiet --local --rename --divert "$name" --add $X
    script $X "$name"
    callers
    block_again "dpkg-divert --local"
    switch 'dpkg-divert --local --no-rename --remove'
    runs "diverted to $name"
    callers_end "diverted to $name"
    [ "$name" = $X.real ] || rm "$name"
    sound "diverted to $name"
    back "diverted to $name"
done

note "sendmail_path"
script /usr/local/bin/mailer $X
mkdir -p /etc/php/8.2/cli /etc/apache2 /etc/nginx
echo 'sendmail_path = "/usr/local/bin/mailer -t -i"' >/etc/php/8.2/cli/php.ini
block 'grep -rns sendmail_path'
like "sendmail_path: in place" "$OUT" "It works"
like "... and where it is set" "$OUT" 'php.ini:1:sendmail_path = "/usr/local/bin/mailer'
mail_clear
printf 'To: alice\nSubject: g\n\nx\n' | (cd $htdocs && as web274 /usr/local/bin/mailer -t -i)
newest 1 >/tmp/null
is "... in between: two headers, the topmost is ours" "$(mail_header /tmp/mail X-Additional-Header | sed 's/;.*;/;/; s/id=.*/id/')" \
    $'/var/www/web274; id\n/var/www/web274'
is "... the record has the user and his directory" "$(record_get user) $(record_get cwd) $(record_get copies)" "web274 $htdocs 1"

note "other wrappers, commands, the header"
printf '#!/usr/bin/perl\nopen my $to, "|-", "/usr/sbin/sendmail -t -i"; print $to <STDIN>; close $to;\n' >/usr/local/bin/other.pl
chmod 755 /usr/local/bin/other.pl
printf 'To: alice\nSubject: order\nX-PHP-Originating-Script: 4079:x.php\n\nx\n' | (cd $htdocs && as web274 /usr/local/bin/other.pl)
is "behind another wrapper: user and directory are right, script is its own" \
    "$(record_get user) $(record_get cwd) $(record_get script) $(record_get xphp)" "web274 $htdocs /usr/local/bin/other.pl 4079:x.php"
for text in 'mailorigin log -n 10' 'mailorigin log --dir /var/www/web274' 'mailorigin top' 'mailorigin top --since 1h --by user'; do
    ok "the page has $text" grep -qF "\`$text\`" /src/docs/from-the-shell-wrapper.md
    like "... it finds him" "$($text)" 'web274'
done
newest 2 >/bounce.eml
like "mailorigin show <bounce.eml" "$(mailorigin show </bounce.eml)" 'verdict +matches'
[[ $(mail_header /tmp/mail X-Additional-Header) =~ ^/var/www/web274\; ]]
is "the old filter goes on" $? 0
sed -n 's/^    \(header { .*\)/\1/p' /src/docs/from-the-shell-wrapper.md >"$SW_CONFIG"
send $htdocs h
is "fields = {}: the header as it was" "$(newest 3 >/tmp/null; mail_header /tmp/mail X-Additional-Header)" /var/www/web274
mailorigin show <<<'X-Additional-Header: /var/www/web274' >/tmp/out 2>&1
like "a header of before: show says that it has no id" "$(cat /tmp/out)" 'no id|without an id'
back "at last"
docs_done
done_testing
