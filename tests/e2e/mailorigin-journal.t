#!/bin/bash
# mailorigin on a real systemd-journald: records, the mail server's log, forgeries that journald's _UID shows, log -f through
# the journal's own rotation, and what a user without the group gets.
# bed: journald
. /t/e2e/lib.sh
. /t/e2e/journald-lib.sh

ids() { grep -o '^id=[0-9A-Z]*' | sort; }
key() { perl -ne 'next if $d++; print defined $1 ? $1 : $2, "\n" if /[{,] ?"'"$1"'": ?(?:"((?:[^"\\]|\\.)*)"|([^,}\]]+))/'; }
calls()
{
    local i
    for ((i = 0; i < $1; i++)); do as "${2:-web274}" /usr/sbin/sendmail -bp >/dev/null; done
}

cd /var/www/web274/htdocs || bail "no directory"
mailorigin log --journal >/tmp/out 2>&1
is "no journal: exit status 2" $? 2
like "and it is said" "$(cat /tmp/out)" 'there is no journal'

start_journald
divert_by_hand
echo 'log { to = "syslog" }' >"$SW_CONFIG"
postconf -e maillog_file=
(in_unit postfix@-.service postfix start) >/dev/null 2>&1
wait_for 60 postfix_ready || bail "postfix does not start"

calls 3
calls 2 web275
as web275 logger -p mail.info -t sendmail-wrapper "id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ mode=submit uid=4079 gid=4079 pid=1 ppid=1 mta=postfix action=deliver"
as web274 /usr/sbin/sendmail -t -i <<'MAIL'
From: web274@example.test
To: alice@example.test
Subject: by journal

x
MAIL
wait_mail 1
journal_flush

mailorigin log --raw --journal >/tmp/out 2>/tmp/err
is "exit status" $? 0
is "all records, the forged one not" "$(ids </tmp/out | wc -l) $(grep -c 01KAMX3F8Q7 /tmp/out)" "6 0"
like "which is said" "$(cat /tmp/err)" 'no whole records: 1'
is "it is where the configuration says" "$(mailorigin log --raw 2>/dev/null | ids | wc -l)" 6
is "filtered" "$(mailorigin log --raw --uid 4080 2>/dev/null | ids | wc -l)" 2
is "the last" "$(mailorigin log --raw -n 1 2>/dev/null | ids)" "$(tail -n 1 /tmp/out | ids)"
is "none before it began" "$(mailorigin log --raw --until 1d 2>/dev/null | wc -l)" 0
mailorigin log --json --journal -n 1 >/tmp/one 2>/dev/null
is "its place, the server" "$(key log </tmp/one) $(key host </tmp/one)" "journal mail"
id=$(key id </tmp/one)
is "top counts them" "$(mailorigin top --by user --journal --json 2>/dev/null | key user)" web274
mailorigin show --json "$id" >/tmp/out 2>/dev/null
is "show by its id" "$(key uid </tmp/out)" 4079
mailorigin show --json 01KAMX3F8Q7ZV2N5T0C9R4E6HJ >/tmp/out 2>/dev/null
is "the forged one has no record" "$? $(key verdict </tmp/out)" "1 no_record"
mail_get 1 /tmp/mail
is "the message matches" "$(mailorigin show --json </tmp/mail 2>/dev/null | key verdict)" matches
qid=$(mail_header /tmp/mail Received | sed -n 's/.*[[:space:]]id \([0-9A-Z]*\);.*/\1/p')
mailorigin show --json "$qid" >/tmp/out 2>/tmp/err
is "by its queue id, in the journal's mail log: his only call then" "$(key id </tmp/out) $(key certainty </tmp/out)" "$id likely"

# --- who may ------------------------------------------------------------------------------------------------------
setpriv --reuid nobody --regid nogroup --clear-groups mailorigin log --raw --journal >/tmp/out 2>/tmp/err
is "nobody reads a part at most: exit status 3" $? 3
like "and the way out is named" "$(cat /tmp/err)" 'run as root or join group systemd-journal'
setpriv --reuid nobody --regid nogroup --groups systemd-journal mailorigin log --raw --journal >/tmp/out 2>/dev/null
is "with the group: everything" "$? $(ids </tmp/out | wc -l)" "0 6"

# --- follow -------------------------------------------------------------------------------------------------------
has_all() { [ "$(ids </tmp/follow | wc -l)" -ge "$1" ]; }
mailorigin log -f --raw -n 2 >/tmp/follow 2>/tmp/err &
pid=$!
wait_for 30 has_all 2
is "the last two first" "$(ids </tmp/follow | wc -l)" 2
like "what reads is nobody" "$(ps -o user= -p $pid)" nobody
as web275 logger -p mail.info -t sendmail-wrapper "id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ mode=submit uid=4079 gid=4079 pid=1 ppid=1 mta=postfix action=deliver"
calls 5
wait_for 30 has_all 7
kill -USR2 "$JOURNALD" # systemd-journald(8): rotate
rotated() { [ "$(find /var/log/journal /run/log/journal -name '*@*.journal' | wc -l)" -ge 1 ]; }
wait_for 30 rotated || note "not rotated"
calls 5
wait_for 30 has_all 12
is "through the journal's rotation: each once, no forged one" "$(ids </tmp/follow | uniq | wc -l) $(wc -l </tmp/follow)" "12 12"
kill "$pid"
wait "$pid"
is "ends with SIGTERM, exit status 0" $? 0

# --- files of another machine, and broken ones --------------------------------------------------------------------
stop_journald
cp -r /var/log/journal/* /tmp/saved 2>/dev/null || cp -r /run/log/journal/* /tmp/saved
is "--journal-dir" "$(mailorigin log --raw --journal-dir /tmp/saved 2>/dev/null | ids | wc -l)" 16
for file in /tmp/saved/*.journal; do
    dd if=/dev/urandom of="$file" bs=4096 seek=3 count=8 conv=notrunc 2>/dev/null
done
mailorigin log --raw --journal-dir /tmp/saved >/tmp/out 2>/tmp/err
status=$?
ok "a broken journal ends in order" test $status -le 3
mailorigin log --raw --journal-dir /nowhere >/tmp/out 2>&1
is "no such directory: exit status 2" $? 2
like "named" "$(cat /tmp/out)" '/nowhere: No such file'

done_testing
