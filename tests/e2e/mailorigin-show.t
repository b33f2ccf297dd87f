#!/bin/bash
# mailorigin show, from whatever an admin has in hand, with a real Postfix: the delivered message, a bounce, a forward, a
# replayed header, queue ids, Message-IDs, an SMTP session. A neighbour is never named.
# bed: postfix
. /t/e2e/lib.sh

show() { mailorigin show "$@" 2>&1; }
# One key of the first JSON object.
key() { perl -ne 'next if $d++; print defined $1 ? $1 : $2, "\n" if /[{,] ?"'"$1"'": ?(?:"((?:[^"\\]|\\.)*)"|([^,}\]]+))/'; }

send() # USER DIR ARGS..., the message on stdin
{
    local user=$1 dir=$2
    shift 2
    (cd "$dir" && as "$user" /usr/sbin/sendmail "$@")
}

divert_by_hand
start_postfix
own=/var/www/web274/htdocs other=/var/www/web275/htdocs

# --- the message as it was delivered --------------------------------------------------------------------------
send web274 $own -t -i <<'MAIL'
From: Shop <shop@example.test>
To: alice@example.test
Subject: Gute
 Angebote für alle
Message-ID: <offer-1@example.test>

Buy!
MAIL
wait_mail 1
mail_get 1 /tmp/spam
id=$(record_get id)
like "the message itself: its header, Received and text agree" "$(show </tmp/spam)" \
    'verdict +matches.*From, Subject, Message-ID, time, uid, pid, directory'
show --json </tmp/spam >/tmp/out
is "exit status 0" $? 0
is "uid of the kernel" "$(key uid </tmp/out)" 4079
is "certain" "$(key certainty </tmp/out)" certain
is "the directory is his own" "$(key cwd </tmp/out) $(key cwd_certainty </tmp/out)" "$own own"
is "with - as operand" "$(show --json - </tmp/spam | key id)" "$id"
is "by the id alone, in lower case" "$(show --json "${id,,}" | key user)" web274
is "an id on standard input" "$(echo " $id" | show --json | key user)" web274
is "by Message-ID" "$(show --json '<offer-1@example.test>' | key id)" "$id"
is "by Message-ID without brackets" "$(show --json offer-1@example.test | key id)" "$id"
like "only the header line: known, not proved" "$(grep -i '^X-Additional' /tmp/spam | show)" 'no message to compare'
sed 's/$/\r/' /tmp/spam >/tmp/crlf
is "with CRLF" "$(show --json </tmp/crlf | key verdict)" matches
sed 's/^/> /' /tmp/spam >/tmp/quoted
is "quoted" "$(show --json </tmp/quoted | key verdict)" matches

# --- a bounce, from Postfix itself ----------------------------------------------------------------------------
send web274 $own -f web274@example.test -i nobody-here@example.test <<'MAIL'
From: Other <web274@example.test>
Subject: second

Buy more!
MAIL
wait_mail 1 web274
mail_get 1 /tmp/bounce web274
ok "it is a bounce" grep -q 'multipart/report' /tmp/bounce
second=$(record_get id)
show --json </tmp/bounce >/tmp/out
is "the bounce leads to its message" "$(key id </tmp/out) $(key verdict </tmp/out)" "$second matches"
{
    printf 'From: alice@example.test\nSubject: abuse\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n'
    printf -- '--b\nContent-Type: text/plain\n\nLook at this.\n--b\nContent-Type: message/rfc822\n'
    printf 'Content-Transfer-Encoding: base64\n\n'
    base64 /tmp/spam
    printf -- '--b--\n'
} >/tmp/forward
is "a forward, base64" "$(show --json </tmp/forward | key id)" "$id"

# --- forgeries --------------------------------------------------------------------------------------------------
header=$(grep -i '^X-Additional' /tmp/spam)
{
    echo "$header"
    printf 'From: Bank <bank@example.test>\nTo: alice@example.test\nSubject: Your account\n\nPay!\n'
} >/tmp/replayed
show --json </tmp/replayed >/tmp/out
is "a neighbour's header on another message" "$(key verdict </tmp/out) $(key certainty </tmp/out)" "replayed none"
show --json </tmp/replayed >/dev/null
is "exit status 1" $? 1
is "nobody is named where the sender would stand" "$(perl -pe 's/"copied_from":.*//' /tmp/out | key uid)" ""
unlike "not in the text either" "$(show </tmp/replayed)" 'who  '
mail_clear
send web275 $other -t -i </tmp/replayed
wait_mail 1
mail_get 1 /tmp/forged
show --json </tmp/forged >/tmp/out
is "sent from here by another: the topmost is his" "$(key uid </tmp/out) $(key verdict </tmp/out)" "4080 matches"
{
    sed '/^$/q' /tmp/forged | grep -vi '^X-Additional.*web275'
    echo
} >/tmp/stripped
is "his own header taken away: another uid handed it in" "$(show --json </tmp/stripped | key verdict)" replayed
mail_clear
{
    printf 'HELO x\r\nMAIL FROM:<shop@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n'
    sed '1,/^X-Add/{/^X-Add/!d};s/$/\r/' /tmp/spam
    printf '.\r\nQUIT\r\n'
} >/tmp/smtp
(exec 3<>/dev/tcp/127.0.0.1/25 && cat /tmp/smtp >&3 && cat <&3) >/dev/null
wait_mail 1
mail_get 1 /tmp/copy
show --json </tmp/copy >/tmp/out
is "the whole message copied and sent by SMTP: not certain" "$(key certainty </tmp/out)" likely
like "and it is said" "$(show </tmp/copy)" 'may have come by SMTP'
sed 's/uid=4079/uid=4080/' /tmp/spam | show --json >/tmp/out
is "an uid that was changed" "$(key verdict </tmp/out)" replayed
like "and it says what" "$(cat /tmp/out)" '"differs":\["uid"\]'

# --- no record --------------------------------------------------------------------------------------------------
show 01ARZ3NDEKTSV4RRFFQ69G5FAV >/tmp/out
is "an id that is not there: exit status 1" $? 1
like "older than the log" "$(cat /tmp/out)" 'no record.*older than the log'
like "and how far the log goes back" "$(cat /tmp/out)" 'goes back to +20'
like "an id of the future was made up" "$(show 7ZZZZZZZZZZZZZZZZZZZZZZZZZ)" 'made up'
echo 'Subject: nothing' | mailorigin show >/dev/null 2>&1
is "nothing to go by: exit status 2" $? 2

# --- queue ids --------------------------------------------------------------------------------------------------
postconf -e defer_transports=local
postfix reload >/dev/null 2>&1
mail_clear
send web274 $own -i alice@example.test <<<'Subject: waits

x'
waits=$(record_get id)
# One listing: in another queue it has another id.
queued() { qid=$(postqueue -j | grep '"deferred"' | key queue_id); [ -n "$qid" ]; }
wait_for 60 queued
show --json "$qid" >/tmp/out
is "what waits, by its queue id" "$(key id </tmp/out) $(key certainty </tmp/out)" "$waits certain"
postconf -e defer_transports=
postfix reload >/dev/null 2>&1
postqueue -f
wait_mail 1
show --json "$qid" >/tmp/out
is "the same when it is gone: by the mail log" "$(key id </tmp/out)" "$waits"
made=$(mail_get 1 /tmp/m && mail_header /tmp/m Message-ID)
is "a Message-ID that Postfix made" "$(show --json "$made" | key id)" "$waits"
show NOSUCHID1 >/tmp/out
is "a queue id that never was: exit status 1" $? 1

# --- an SMTP session --------------------------------------------------------------------------------------------
mail_clear
send web274 $own -bs >/dev/null <<'SMTP'
HELO x
MAIL FROM:<web274@example.test>
RCPT TO:<alice@example.test>
DATA
From: web274@example.test
Subject: by smtp

x
.
QUIT
SMTP
wait_mail 1
mail_get 1 /tmp/m
show --json </tmp/m >/tmp/out
is "a message of a session" "$(head -n 1 /tmp/out | key verdict) $(head -n 1 /tmp/out | key uid)" "matches 4079"
is "and the session's record" "$(sed -n 2p /tmp/out | key action)" pass
is "that it names" "$(sed -n 2p /tmp/out | key id)" "$(head -n 1 /tmp/out | key session)"

# --- without our header -------------------------------------------------------------------------------------------
echo 'header { enabled = false }' >"$SW_CONFIG"
mail_clear
send web274 $own -t -i <<'MAIL'
From: shop@example.test
To: alice@example.test
Subject: no header
Message-ID: <offer-2@example.test>

x
MAIL
id=$(record_get id)
wait_mail 1
mail_get 1 /tmp/m
show --json </tmp/m >/tmp/out
is "a message without our header: by its Message-ID" "$(grep -o '"verdict.*' /tmp/out | sed 's/^/{/' | key verdict)" matches
like "which is less" "$(cat /tmp/out)" "\"by\":\"msgid\",\"certainty\":\"likely\".*\"id\":\"$id\""
nothing_waits() { [ -z "$(postqueue -j)" ]; }
wait_for 60 nothing_waits
postconf -e defer_transports=local
postfix reload >/dev/null 2>&1
# So late that no other call of his can be meant.
perl -pi -e 's/^2\S+/2020-01-01T00:00:00.000000+00:00/' "$SW_LOG"
send web274 $own -i alice@example.test <<<'Subject: waits'
wait_for 60 queued
show --json "$qid" >/tmp/out
is "what waits without it: by uid and time" "$(key id </tmp/out) $(key by </tmp/out)" "$(record_get id) time"
(exec 3<>/dev/tcp/127.0.0.1/25 && sed 's/X-Add.*/Y: z\r/' /tmp/smtp >&3 && cat <&3) >/tmp/said
qid=$(sed -n 's/.*queued as \([0-9A-Z]*\).*/\1/p' /tmp/said)
show --json "$qid" >/tmp/out
is "what came by SMTP is no call" "$(key kind </tmp/out) $(key client </tmp/out)" "message 127.0.0.1"

done_testing
