#!/bin/bash
# mailorigin queue, hold, release, drop, undo on a real Postfix: whose the waiting mail is, and that an action does what it
# says to exactly the messages that were meant, though the queue changes meanwhile.
# bed: postfix
. /t/e2e/lib.sh

SPOOL=/var/spool/postfix
JOURNAL=/var/lib/sendmail-wrapper/actions.log

# --- a queue -----------------------------------------------------------------------------------------------

# as many as USER COUNT [DIR]: calls of sendmail as a script of his would make them
storm() { (cd "$3" && bench-storm -j 10 -n $(($2 / 10)) -t "$1@far.test" -U "$(id -u "$1")" /usr/sbin/sendmail -t -i >/dev/null); }

one() { printf 'From: a@example.test\nTo: x@far.test\nSubject: %s\n\nbody\n' "$1"; }

# smtp CLIENT LOGIN SUBJECT [HEADER]: by SMTP, as if from that address and with that login
smtp()
{
    local reply
    {
        read -r reply <&3
        printf 'EHLO a\r\nXCLIENT NAME=client.test ADDR=%s LOGIN=%s\r\n' "$1" "$2" >&3
        while read -r reply <&3 && [[ $reply != '220 '* ]]; do :; done
        printf 'EHLO b\r\nMAIL FROM:<%s@example.test>\r\nRCPT TO:<z@far.test>\r\nDATA\r\n' "${3// /-}" >&3
        while read -r reply <&3 && [[ $reply != '354 '* ]]; do :; done
        printf '%sSubject: %s\r\n\r\nhi\r\n.\r\nQUIT\r\n' "${4:+$4
}" "$3" >&3
        cat <&3 >/dev/null
    } 3<>/dev/tcp/127.0.0.1/25
}

waiting() { find "$SPOOL"/{incoming,active,deferred,hold} -type f -perm -u+x | wc -l; }
deferred() { find "$SPOOL/deferred" -type f | wc -l; }
held() { find "$SPOOL/hold" -type f | wc -l; }
deferred_is() { [ "$(deferred)" -eq "$1" ] && [ "$(waiting)" -eq "$2" ]; }
settle() { wait_for 60 deferred_is "$1" "${2:-$1}" || note "waiting: $(waiting), deferred: $(deferred)"; }

# json KEY JSON: a value of one object
json() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$2"; }
# the line of queue --json that holds TEXT
row() { mailorigin queue --json "${@:2}" | grep -F -- "$1"; }

divert_by_hand
postconf -e in_flow_delay=0 'default_transport=smtp:[127.0.0.1]:9' defer_transports=smtp smtpd_authorized_xclient_hosts=127.0.0.1 \
    'mynetworks=127.0.0.0/8 192.0.2.0/24'
start_postfix

nok "an empty queue: nothing" mailorigin queue
is "and that is status 1" "$(mailorigin queue >/dev/null; echo $?)" 1

storm web274 300 /var/www/web274/htdocs
mkdir -p /var/www/web275/htdocs/shop
chown -R web275: /var/www/web275
storm web275 50 /var/www/web275/htdocs
cd /var/www/web275/htdocs/shop || exit
one 'by the wrapper' | as web275 /usr/sbin/sendmail -t -i
{ printf 'X-Additional-Header: /var/www/web274; uid=4079; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ\n'; one past; } \
    | as web275 /usr/sbin/sendmail.real -t -i
{ printf 'X-Additional-Header: /var/www/web274; uid=4079; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ\n'; one forged; } \
    | as web275 /usr/sbin/sendmail -t -i
printf 'EHLO x\r\nMAIL FROM:<w@x.test>\r\nRCPT TO:<x@far.test>\r\nDATA\r\nSubject: dialogue\r\n\r\nhi\r\n.\r\nQUIT\r\n' \
    | as web275 /usr/sbin/sendmail -bs >/dev/null
smtp 192.0.2.5 bob@example.test by-login
smtp 192.0.2.6 '[UNAVAILABLE]' by-network 'X-Additional-Header: /var/www/web274; uid=4079; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ'
smtp 192.0.2.6 '[UNAVAILABLE]' by-network "$(printf 'Received: by mail.example.test (Postfix, from userid 4079)\r\n\tid ABCDEF; now\r\nX-Additional-Header: /var/www/web274; uid=4079; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ\r')"
one bounce | as web275 /usr/sbin/sendmail.real -i -f '' x@far.test
settle 358

# --- queue -------------------------------------------------------------------------------------------------

all=$(mailorigin queue --json)
is "every message is counted" "$(sed -n 's/.*"count":\([0-9]*\).*/\1/p' <<<"$all" | paste -sd+ | bc 2>/dev/null || echo "$all" \
    | awk -F'"count":' '{split($2, a, ","); n += a[1]} END {print n}')" 358
first=$(head -n 1 <<<"$all")
is "the largest origin first: its directory" "$(json dir "$first")" /var/www/web274
is "its uid" "$(json uid "$first")" 4079
is "its messages" "$(json count "$first")" 300
is "all deferred" "$(json deferred "$first")" 300
is "known by our header" "$(json origin "$first")" header
like "with a reason" "$first" '"reason":"deferred transport"'
second=$(sed -n 2p <<<"$all")
is "then the neighbour" "$(json dir "$second")/$(json count "$second")" /var/www/web275/50
like "mail past the wrapper: its uid, and what it says is only said" "$(grep '"origin":"uid"' <<<"$all")" \
    '"count":2,.*"uid":4080,.*"says":"/var/www/web274; uid=4079'
is "a forged header below ours changes nothing" "$(row '"subject":"forged"' --by id | grep -c '"origin":"header"')" 1
is "of the neighbour nothing is named as web274's" "$(grep -c '"uid":4079' <<<"$all")" 1
is "mail of a dialogue (-bs) is known as well" "$(json uid "$(row '"subject":"dialogue"' --by id)")" 4080
is "a login" "$(json login "$(grep '"origin":"login"' <<<"$all")")" bob@example.test
network=$(grep '"origin":"network"' <<<"$all")
is "forged header and Received line by SMTP: the network's" "$(json client "$network")/$(json count "$network")" 192.0.2.6/2
is "without a uid" "$(json uid "$network")" ""
like "the table for people" "$(mailorigin queue)" '300 +83\.[0-9] % .* 300 deferred +4079 +web274 +/var/www/web274 '
is "--limit" "$(mailorigin queue --json --limit 1 | wc -l)" 1
is "--list has them all" "$(mailorigin queue --list --json | wc -l)" 358
is "--list --login" "$(json sender "$(mailorigin queue --list --json --login bob@example.test)")" by-login@example.test
is "--by user" "$(json count "$(row '"user":"web275"' --by user)")" 55
is "--by script says how the caller was known, or that it was not" "$(mailorigin queue --by script >/dev/null; echo $?)" 0
is "--by sender" "$(json count "$(row '"sender":"web274@example.test"' --by sender)")" 300
is "--client" "$(json count "$(mailorigin queue --json --client 192.0.2.6)")" 2
is "--dir is looked up in the log, where the header has only the parent" \
    "$(json count "$(mailorigin queue --json --dir /var/www/web275/htdocs/shop)")" 3
is "--dir of the parent has all below" \
    "$(mailorigin queue --list --json --dir /var/www/web275 | wc -l)" 53
is "--until: nothing so old" "$(mailorigin queue --until 1d >/dev/null; echo $?)" 1
is "a filter that fits none: status 1" "$(mailorigin queue --uid 4711 >/dev/null; echo $?)" 1
out=$(as alice mailorigin queue 2>&1)
is "not root: status 2" $? 2
like "and it says what to do" "$out" 'cannot read .*: Permission denied; run as root'
is "same numbers as postqueue" "$(mailorigin queue --list --json | sed 's/.*"queue_id":"\([^"]*\)".*/\1/' | sort | md5sum)" \
    "$(postqueue -j | sed 's/.*"queue_id": "\([^"]*\)".*/\1/' | sort | md5sum)"

# --- hold, undo --------------------------------------------------------------------------------------------

out=$(mailorigin hold --yes 2>&1)
is "hold without saying whose: status 2" $? 2
like "and what to say" "$out" 'say whose mail'
out=$(mailorigin hold --uid 4079)
is "a dry run is a success" $? 0
like "says how to act" "$out" 'Nothing has been done yet. To hold them: mailorigin hold --yes --uid 4079'
is "and holds nothing" "$(held)" 0
nok "nor leaves a journal" test -e "$JOURNAL"
out=$(as alice mailorigin hold --uid 4079 --yes 2>&1)
is "not root: refused" $? 2
out=$(mailorigin hold --uid 4079 --yes)
is "hold --yes" $? 0
like "says how many" "$out" 'held +300'
is "they are held" "$(held)" 300
is "no other is" "$(deferred)" 58
is "queue says so" "$(json held "$(row '"uid":4079')")" 300
is "the journal is root's alone" "$(stat -c %a:%u "$JOURNAL")" 600:0
is "with an intent and a result" "$(sed 's/.*"stage":"\([a-z]*\)".*/\1/' "$JOURNAL" | paste -sd' ')" 'intent done'
like "held twice: counted" "$(mailorigin hold --uid 4079 --yes)" 'were held already +300'
like "undo shows first" "$(mailorigin undo)" 'still held +300.*Nothing has been done yet'
is "and does nothing" "$(held)" 300
id=$(find "$SPOOL/hold" -type f -printf '%f\n' | head -n 1)
echo "$id" | postsuper -d - hold >/dev/null 2>&1
out=$(mailorigin undo --yes)
is "undo --yes" $? 0
like "releases what is there" "$out" 'released +299'
like "and counts what is not" "$out" 'left alone +1'
is "none is held" "$(held)" 0
is "nothing more to undo" "$(mailorigin undo --yes >/dev/null; echo $?)" 1
settle 357

# --- ids that are used again ---------------------------------------------------------------------------------

# A postsuper that first puts another message in the place of one that is meant, as if that one had been delivered
# meanwhile and a new one had got its id.
mkdir /seam
cp -a "$(postconf -h command_directory)"/. /seam/
seam()
{
    cat >/seam/postsuper <<END
#!/bin/bash
ids=\$(cat)
set -- "\$@"
if [ "\$3" = "$1" ]; then
    $2
fi
exec /usr/sbin/postsuper "\$@" <<<"\$ids"
END
    chmod 755 /seam/postsuper
}
postconf -e command_directory=/seam
victim=$(mailorigin queue --list --json --uid 4079 | sed -n '1s/.*"queue_id":"\([^"]*\)".*/\1/p')
other=$(mailorigin queue --list --json --login bob@example.test | sed 's/.*"queue_id":"\([^"]*\)".*/\1/')
victim_file=$(find "$SPOOL/deferred" -name "$victim") other_file=$(find "$SPOOL/deferred" -name "$other")
seam -h "cp -p '$victim_file' /victim; cat '$other_file' >'$victim_file'"
out=$(mailorigin hold --uid 4079 --yes 2>&1)
like "an id that another message has now: it is released again" "$out" 'other mail had its id, released again +1'
like "the rest is held" "$out" 'held +298'
is "it waits where it was" "$(find "$SPOOL"/{deferred,incoming,active} -name "$victim" | wc -l)" 1
is "and is in no journal as held" "$(tail -n 1 "$JOURNAL" | grep -c "\"$victim\"")" 0
mailorigin undo --yes >/dev/null
held_is() { [ "$(held)" -eq "$1" ]; }
wait_for 60 held_is 0

# The same under drop: the other must live.
seam -h "rm '$SPOOL'/deferred/*/$victim; cp -p '$other_file' '$SPOOL/deferred/${victim:0:1}/$victim'"
cp -p /victim "$(find "$SPOOL"/{deferred,incoming,active} -name "$victim")"
out=$(mailorigin drop --uid 4079 "$victim" --yes 2>&1)
like "drop: another message in its place is not deleted" "$out" 'dropped +0.*other mail had its id, released again +1'
is "it is there" "$(find "$SPOOL"/{deferred,incoming,active} -name "$victim" | wc -l)" 1
rm "$(find "$SPOOL"/{deferred,incoming,active} -name "$victim")"

# Gone before it could be held.
victim=$(mailorigin queue --list --json --uid 4079 | sed -n '1s/.*"queue_id":"\([^"]*\)".*/\1/p')
seam -h "rm '$SPOOL'/deferred/*/$victim"
like "left before it could be held: counted" "$(mailorigin hold --uid 4079 --yes 2>&1)" \
    'held +297.*left before they could be held +1'

# Killed between holding and verifying: the intent is enough to undo.
mailorigin undo --yes >/dev/null
wait_for 60 held_is 0
cat >/seam/postsuper <<'END'
#!/bin/bash
/usr/sbin/postsuper "$@"
[ "$3" != -h ] || kill -9 $PPID
END
mailorigin hold --uid 4079 --yes >/dev/null 2>&1
is "killed after it held" $? 137
is "they are held" "$(held)" 297
postconf -X command_directory
like "undo knows" "$(mailorigin undo)" 'still held +297.*broken off before its end'
like "and releases them" "$(mailorigin undo --yes)" 'released +297'
printf '{"schema":1,"torn' >>"$JOURNAL"
mailorigin hold --uid 4079 --yes >/dev/null
out=$(mailorigin undo --yes 2>&1)
like "a torn line in the journal is said" "$out" 'damaged and passed over'
like "and hides no other" "$out" 'released +297'
mailorigin hold --uid 4079 --yes >/dev/null 2>&1
cat >/seam/postsuper <<'END'
#!/bin/bash
[ "$3" != -H ] || exit 1
exec /usr/sbin/postsuper "$@"
END
postconf -e command_directory=/seam
like "a release that fails is said" "$(mailorigin undo --yes 2>&1)" '297 could not be released'
postconf -X command_directory
like "and the hold can still be undone" "$(mailorigin undo --yes 2>&1)" 'released +297'
lines=$(wc -l <"$JOURNAL")
mailorigin undo 2>&- >/dev/null # which has the torn line to say
is "what goes to a closed standard error does not go into the journal" "$(wc -l <"$JOURNAL")" "$lines"

# --- two admins, a queue that changes ------------------------------------------------------------------------

mailorigin hold --uid 4079 --yes >/one 2>&1 &
first=$!
mailorigin hold --uid 4079 --yes >/two 2>&1
wait "$first"
is "two at once: each message is held by one of them" \
    "$(cat /one /two | awk '/^held/ {n += $2} END {print n}')" 297
while [ "$(held)" -gt 0 ]; do mailorigin undo --yes >/dev/null 2>&1 || break; done
is "and can be undone" "$(held)" 0

(cd /var/www/web274/htdocs && bench-storm -j 4 -n 50 -t new@far.test -U "$(id -u web274)" /usr/sbin/sendmail -t -i >/dev/null) &
storm=$!
bad=0
looks=0
while kill -0 "$storm" 2>/dev/null; do
    postqueue -f
    ids=$(mailorigin queue --list --json --until 10s 2>>/err | sed 's/.*"queue_id":"\([^"]*\)".*/\1/')
    [ -z "$(sort <<<"$ids" | uniq -d)" ] || bad=$((bad + 1))
    looks=$((looks + 1))
done
wait "$storm"
note "$looks looks at a queue in motion"
is "no message is listed twice while the queue moves" "$bad" 0
settle 555
out=$(mailorigin queue --json 2>&1 | awk -F'"count":' '{split($2, a, ","); n += a[1]} END {print n}')
is "none is missed while the queue is flushed" "$(postqueue -f; out2=$(mailorigin queue --list --json 2>>/err | wc -l); echo "$out2")" "$out"
is "nothing was said about it" "$(cat /err)" ""
settle 555

# --- thousands, by a directory that only the log knows -----------------------------------------------------------------

many=2000 flood=/var/www/web274/htdocs/flood
mkdir -m 777 $flood
storm web274 $many $flood
settle $((555 + many))
is "queue counts thousands" "$(json count "$(row '"user":"web274"' --by user)")" $((297 + 200 + many))
is "and those of one directory" "$(mailorigin queue --list --json --dir $flood | wc -l)" $many
like "hold, each verified" "$(mailorigin hold --dir $flood --yes)" "held +$many"
is "they are held, and no other" "$(held) $(deferred)" "$many 555"
is "each is in the journal" "$(tail -n 1 "$JOURNAL" | grep -o '\["[0-9A-F]*",' | sort -u | wc -l)" $many
like "drop" "$(mailorigin drop --dir $flood --yes)" "dropped +$many"
is "all the rest is there" "$(held) $(deferred)" "0 555"
is "and nothing is left to undo" "$(mailorigin undo >/dev/null; echo $?)" 1

# --- drop, release, long ids, Postfix stopped ------------------------------------------------------------------

before=$(deferred)
like "drop shows first" "$(mailorigin drop --login bob@example.test)" 'To delete them for good: mailorigin drop --yes'
is "and deletes nothing" "$(deferred)" "$before"
like "drop --yes" "$(mailorigin drop --login bob@example.test --yes)" 'dropped +1'
is "it is gone" "$(mailorigin queue --login bob@example.test >/dev/null; echo $?)" 1
is "and cannot be undone" "$(mailorigin undo --yes >/dev/null; echo $?)" 1
is "the rest is there" "$(waiting)" 554
id=$(mailorigin queue --list --json --uid 4080 | sed -n '1s/.*"queue_id":"\([^"]*\)".*/\1/p')
postsuper -h "$id" 2>/dev/null
like "release of what another held, by id" "$(mailorigin release "$id" --yes)" 'released +1'
out=$(mailorigin release NOSUCH1 "$id" 2>&1)
like "an id that is not held: said" "$out" 'no message NOSUCH1 that fits'
is "nothing to release: status 3, since an id was not found" "$(mailorigin release NOSUCH1 >/dev/null 2>&1; echo $?)" 3

# Without postlogd(8), which is stopped as well, postsuper may not write a log file of its own.
postconf -e enable_long_queue_ids=yes hash_queue_depth=2 'hash_queue_names=deferred, defer, hold' maillog_file=
stop_postfix
start_postfix
one 'long id' | as web275 /usr/sbin/sendmail -t -i
has_long() { [ -n "$(find "$SPOOL/deferred" -name '???????????*' -type f)" ]; }
wait_for 60 has_long
stop_postfix
id=$(find "$SPOOL/deferred" -name '???????????*' -type f -printf '%f\n')
like "Postfix stopped, deeper directories, a long id: hold" "$(mailorigin hold "$id" --yes)" 'held +1'
is "held" "$(find "$SPOOL/hold" -name "$id" | wc -l)" 1
like "undo" "$(mailorigin undo --yes)" '^released +1'
is "the depth is no matter for the sum" "$(mailorigin queue --list --json | wc -l)" 555
one 'not picked up' | as web275 /usr/sbin/sendmail -t -i
touch -d '-2 minutes' "$SPOOL"/maildrop/*
like "mail that nobody picks up is said" "$(mailorigin queue 2>&1)" '1 more lie in .*/maildrop'

# --- files that are none ------------------------------------------------------------------------------------------

echo rubbish >"$SPOOL/deferred/A/ABCDEF123"
chmod 700 "$SPOOL/deferred/A/ABCDEF123"
ln -s /etc/passwd "$SPOOL/deferred/A/ABCDEF124"
mkfifo -m 700 "$SPOOL/hold/ABCDEF125"
out=$(mailorigin queue 2>&1 >/dev/null)
is "a file that cannot be understood: status 3" "$(mailorigin queue >/dev/null 2>&1; echo $?)" 3
like "is said" "$out" '1 queue file could not be understood, the first is ABCDEF123'
is "the rest is read" "$(mailorigin queue --list --json 2>/dev/null | wc -l)" 555
printf 'From: a@example.test\nTo: x@far.test\nSubject: \033]0;owned\007\033[2J\n\nbody\n' | as web275 /usr/sbin/sendmail -t -i
rm "$SPOOL/deferred/A"/ABCDEF12? "$SPOOL/hold/ABCDEF125"
start_postfix
settle 557
is "no control byte reaches the terminal" "$(mailorigin queue --list 2>/dev/null | LC_ALL=C grep -c $'[\001-\010\013-\037\177]')" 0

# --- what a milter edits --------------------------------------------------------------------------------------

perl /t/e2e/milter.pl 8899 &
postconf -e non_smtpd_milters=inet:127.0.0.1:8899
postfix reload 2>/dev/null
edited() { one edited | as web275 /usr/sbin/sendmail -t -i && wait_for 2 row '"subject":"changed' --list; }
wait_for 60 edited || note "the milter edits nothing: $(postqueue -p | tail -n 5)"
line=$(row '"subject":"changed to something longer than it was before"' --list | head -n 1)
is "a message that a milter edited: its recipients" "$(json rcpts "$line")" 2
is "known by our header all the same" "$(json origin "$line")/$(json uid "$line")" header/4080

# --- what is being delivered ----------------------------------------------------------------------------------------

# A server that takes connections and says nothing.
perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
    bind(S, sockaddr_in(2600, INADDR_LOOPBACK)) or die; listen(S, 9); push @c, $c while accept($c, S); sleep' &
postconf -e 'transport_maps=inline:{slow.test=slow:[127.0.0.1]:2600}'
postconf -M 'slow/unix=slow unix - - y - - smtp'
postfix reload 2>/dev/null
sed 's/far.test/slow.test/' <(one underway) | as web275 /usr/sbin/sendmail -t -i
is_active() { row '"state":"active"' --list; }
wait_for 60 is_active
id=$(json queue_id "$(row '"state":"active"' --list)")
like "what is being delivered may leave: said" "$(mailorigin hold --yes "$id")" 'held +1.*were being delivered, some may leave yet +1'

# --- what a content filter on this machine hands on by SMTP ---------------------------------------------------------

header=$(postcat -qh "$(mailorigin queue --list --json --uid 4079 --limit 1 | sed -n '1s/.*"queue_id":"\([^"]*\)".*/\1/p')" \
    | grep X-Additional-Header)
subject=$(record_get_from "$(grep -F "${header##*id=}" "$SW_LOG")" subject)
has_here() { [ "$(mailorigin queue --json --list 2>/dev/null | grep -c '"client":"127.0.0.1"')" -eq "$1" ]; }
smtp 127.0.0.1 '[UNAVAILABLE]' "$subject" "$header"$'\r'
wait_for 60 has_here 1
is "its record is found and fits: known by the log" "$(json uid "$(row '"client":"127.0.0.1"' --list)")" 4079
smtp 127.0.0.1 '[UNAVAILABLE]' 'something else' "$header"$'\r'
wait_for 60 has_here 2
is "the same header on other mail, more than its call had recipients: neither" \
    "$(row '"client":"127.0.0.1"' --list | grep -c '"origin":"log"')" 0
is "which is the client's" "$(json origin "$(row '"something else"' --list)")" network
# --- two instances of Postfix -----------------------------------------------------------------------------------
second=/var/spool/postfix-two
(postmulti -e init && postmulti -I postfix-two -e create && postmulti -i postfix-two -x postconf -e in_flow_delay=0 \
    'default_transport=smtp:[127.0.0.1]:9' defer_transports=smtp master_service_disable=inet authorized_submit_users=static:anyone \
    && postmulti -i postfix-two -e enable && postmulti -i postfix-two -p start) >/tmp/two 2>&1 || note "$(cat /tmp/two)"
one second | as web275 /usr/sbin/sendmail -C /etc/postfix-two -t -i
waits_there() { find $second/deferred -type f | grep -q .; }
ok "a second instance has mail" wait_for 60 waits_there
id=$(find $second/deferred -type f -printf '%f\n')
like "it is said that there is another" "$(mailorigin queue 2>&1)" 'other Postfix instances \(/etc/postfix-two\): --instance'
like "by its name" "$(mailorigin queue --json --list --instance postfix-two)" "\"queue_id\":\"$id\".*\"uid\":4080.*\"subject\":\"second\""
like "hold there" "$(mailorigin hold --instance postfix-two --uid 4080 --yes)" 'held +1'
is "held" "$(find $second/hold -type f -printf '%f\n')" "$id"
like "undo asks for the instance" "$(mailorigin undo --yes 2>&1)" 'in another Postfix instance: say --instance postfix-two'
like "and lets it go" "$(mailorigin undo --instance postfix-two --yes)" 'released +1'
is "an instance that is not there: status 2" "$(mailorigin queue --instance nowhere >/dev/null 2>&1; echo $?)" 2
postmulti -i postfix-two -p stop >/dev/null 2>&1

# --- without a log ----------------------------------------------------------------------------------------

rm "$SW_LOG"
out=$(mailorigin queue --json 2>/dev/null)
is "without a log: status 3" $? 3
like "the rest is there" "$out" '"uid":4079'
is "but what needs the log fails" "$(mailorigin queue --by script >/dev/null 2>&1; echo $?)" 2

done_testing
