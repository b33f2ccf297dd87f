#!/bin/bash
# Every command of docs/operations.md, as it stands there, on a Postfix machine where web274 sends spam: what each block is
# there for happens. A block that was not run here is a failure too.
# bed: postfix
. /t/e2e/lib.sh

blocks=/tmp/blocks
mkdir -p $blocks /tmp/blocks.done
awk -v dir=$blocks '/^ *```sh$/ {on = 1; file = sprintf("%s/%02d", dir, ++n); next} /^ *```$/ {on = 0} on {print > file}' \
    /src/docs/operations.md
isnt "there are commands" "$(find $blocks -type f | wc -l)" 0

# block TEXT: runs the block that holds this text; its output is OUT. Ids in the document are examples: REAL_ID and the like
# stand in for them.
block()
{
    local file
    file=$(grep -lF -- "$1" "$blocks"/* | head -n 1)
    [ -n "$file" ] || bail "no block with: $1"
    sed -e "s/01KAMX3F8Q7ZV2N5T0C9R4E6HJ/${REAL_ID:-}/; s/4F1C2B3A5D/${REAL_QID:-}/; s/4711@example.test/${REAL_MSGID:-}/" \
        "$file" >/tmp/block
    OUT=$(cd / && bash -e /tmp/block 2>&1)
    STATUS=$?
    mv "$file" /tmp/blocks.done/
}
runs() { is "$1" "$STATUS" 0 || note "$OUT"; }

# Mail for other servers goes to one that is not there.
start_postfix
postconf -X default_transport relay_transport
postconf -e 'relayhost = [127.0.0.1]:2599'
postfix reload 2>/dev/null
block 'sendmail-wrapper-divert enable'
runs "enable"

site=/var/www/web274/htdocs/images
install -d -o web274 -g web274 "$site"
printf '<?php // just a name\n' >$site/x.php
chown web274: $site/x.php
cd $site || bail "no $site"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    # A sender who wants to be the neighbour, in grep at least.
    printf 'To: a@example.org, b@example.org, c@example.org\nSubject: " cwd=/var/www/web275/htdocs uid=4080 rcpts=9\n'`
        `'Message-ID: <%s@example.test>\n\nbuy\n' "$i" | as web274 sh -c 'exec 5<x.php; sendmail -t -i; :'
done
cd /home/alice || bail "no home"
for i in 1 2; do
    printf 'To: friend@example.org\nSubject: hello\n\n...\n' | as alice sendmail -t -i
done
full() { [ "$(postqueue -j | grep -c delay_reason)" -eq 14 ]; }
wait_for 60 full || bail "the queue did not fill"
queue() { postqueue -j | grep -c "\"queue_name\": \"$1\".*\"sender\": \"$2@" || :; }

note "first aid, step by step"
block 'defer_transports = smtp'
runs "1: nothing leaves"
is "... Postfix was told" "$(postconf -h defer_transports)" smtp
block 'for (who in calls)'
runs "2: who"
is "... him first: recipients, calls, user" "$(head -n 1 <<<"$OUT")" "36 12 uid=4079 user=web274"
is "... then the others" "$(sed 1d <<<"$OUT")" "2 2 uid=1001 user=alice"
who=$(sed -n '/^awk -v since/,/head$/p' /src/README.md)
is "... README.md has the same command" "$who" "$(cat /tmp/block)"
block 'cwd_uid=[0-9]+'
runs "3: from where"
is "... his directory and script, not the forged one" "$(head -n 1 <<<"$OUT" | tr -s ' ')" \
    " 12 $site cwd_uid=4079 script=$site/x.php"
is "... and three whole records" "$(grep -c '^20.* uid=4079 .*action=deliver$' <<<"$OUT")" 3
block 'authorized_submit_users = !web274'
runs "4: stop him"
nok "... he cannot send" as web274 sendmail -i alice </dev/null
ok "... others can" as alice sendmail -i alice </dev/null
block 'postsuper -h -'
runs "5: hold"
is "... his twelve, all of them, and nobody else's" "$(queue hold web274) $(queue deferred web274) $(queue hold alice)" "12 0 0"
block 'cat -v'
runs "6: look"
is "... three messages from him" "$(grep -c '(Postfix, from userid 4079)$' <<<"$OUT")" 3
block 'postqueue -f'
runs "7: let the others' go"
is "... the setting is gone" "$(postconf -n defer_transports)" ""
is "... his stay" "$(queue hold web274)" 12

note "from the mail to the record and back, while it is there"
REAL_QID=$(head -n 1 /root/spam.ids)
block 'postcat -hq 4F1C2B3A5D'
runs "the header of a queued message"
REAL_ID=${OUT##*id=}
like "... has an id" "$REAL_ID" '^[0-9A-Z]{26}$'
block 'zgrep -h'
runs "the record of an id"
is "... is one" "$(grep -c . <<<"$OUT")" 1
REAL_MSGID=$(record_get_from "$OUT" msgid | tr -d '<>')
block 'message-id=<'
runs "what became of it"
like "... deferred" "$OUT" "$REAL_QID: .*status=deferred"

block 'postsuper -d - hold'
runs "8: delete"
is "... his are gone, the others' are not" "$(queue hold web274) $(queue deferred alice)$(queue active alice)" "0 20"
block 'zcat -f'
runs "9: since when, and what files"
is "... the first record's time" "$(head -n 1 <<<"$OUT")" "$(record_line 1 | cut -d" " -f1)"
like "... a file that changed" "$OUT" "$site/x\.php"
block 'postconf -X authorized_submit_users'
runs "10: let him send again"
ok "... he can" as web274 sendmail -i alice </dev/null

note "day to day"
block 'sendmail-wrapper-divert status'
runs "status"
cd / || bail "no /"
block '--explain'
runs "explain as a customer"
like "... in his directory" "$OUT" 'header: +X-Additional-Header: /var/www/web274; uid=4079'
like "... as set-gid" "$OUT" 'privilege: +set-gid'
before=$(record_count)
block 'logrotate -f'
runs "rotation"
is "... a new empty file, the old one beside it" "$(record_count) $(cat /var/log/sendmail-wrapper/calls.log-* | wc -l)" "0 $before"
is "... with the same mode" "$(stat -c '%U:%G %a' "$SW_LOG")" "root:sendmail-wrapper 620"
block 'sendmail-wrapper-divert enable'
runs "enable after an upgrade"

note "in a chroot"
jail=/srv/web274
mkdir -p $jail/bin $jail/usr/sbin $jail/etc $jail/htdocs/images
cp /bin/busybox $jail/bin/sh
printf '#!/bin/sh\ncat >/tmp/mail\n' >$jail/usr/sbin/sendmail
chmod 755 $jail/usr/sbin/sendmail
install -d -m 1777 $jail/tmp
ln -s sh $jail/bin/cat
block 'mount --bind'
runs "the wrapper in a chroot"
chroot --userspec=4079:4079 $jail /bin/sh -c 'cd /htdocs/images && printf "To: a\n\nb\n" | /usr/sbin/sendmail -t -i'
like "... adds its header" "$(head -n 1 $jail/tmp/mail)" '^X-Additional-Header: /htdocs; uid=4079'
is "... and records in the one log" "$(record_get cwd) $(record_get mta)" "/htdocs/images msmtp"
umount $jail/var/log/sendmail-wrapper

note "sendmail_path, and undo"
block 'enable --no-divert'
runs "enable --no-divert, with the diversion in place"
block 'sendmail-wrapper-divert disable'
runs "disable"
is "... Postfix has its own file" "$(dpkg -V postfix | grep sendmail)" ""
block 'rm -f /usr/sbin/sendmail-wrapper'
runs "remove the rest"
block 'groupdel'
runs "and the log"
is "... nothing of it is left" \
    "$(find /usr /etc /var -xdev -name '*sendmail-wrapper*' 2>/dev/null; getent group sendmail-wrapper)" ""
ok "... and mail goes on" as web274 sendmail -i alice </dev/null

is "every block was run" "$(cat $blocks/* 2>/dev/null)" ""
done_testing
