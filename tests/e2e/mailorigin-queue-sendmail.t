#!/bin/bash
# mailorigin queue, hold, release, drop, undo on Sendmail's two real queues: who submitted is what Sendmail noted, SMTP mail
# with a forged header accuses nobody, and never is a message touched that was not meant.
# bed: packages
. /t/e2e/lib.sh

export DEBIAN_FRONTEND=noninteractive
R=/usr/libexec/sendmail/sendmail
X=/usr/sbin/sendmail
C=/var/spool/mqueue-client
Q=/var/spool/mqueue

apt-get install -q -y --allow-downgrades /debs/sendmail-bin/*.deb </dev/null >/tmp/apt 2>&1 || bail "$(tail -n 5 /tmp/apt)"

# --- the queues: one where the submission program leaves what it gets, and the server's, in several directories ------------

echo example.test >>/etc/mail/local-host-names
sed -i 's/^O DeliveryMode=.*/O DeliveryMode=queue/' /etc/mail/submit.cf
for file in /etc/mail/submit.cf /etc/mail/sendmail.cf; do # on a busy machine, too, it is to take mail and to run its queue
    sed -i '/^#\{0,1\}O \(QueueLA\|RefuseLA\|DelayLA\)=/d' $file
    printf '%s\n' 'O QueueLA=10000' 'O RefuseLA=10000' >>$file
done
sed -i 's,^O QueueDirectory=.*,O QueueDirectory=/var/spool/mqueue/q*,' /etc/mail/sendmail.cf
sed -i '/^O QueueDirectory/a\Qslow, Path=/var/spool/mqueue/slow, F=f, I=2m' /etc/mail/sendmail.cf
echo 'C{persistentMacros} {auth_authen} {client_addr}' >>/etc/mail/sendmail.cf
mkdir -p $Q/slow $Q/q1 $Q/q2/{qf,df,xf} && chown -R smmta:smmsp $Q && chmod -R u=rwX,g=rsX,o= $Q
ok "diverted" sendmail-wrapper-divert enable
$R -bd -L sm-mta -ODeliveryMode=deferred -q1h || bail "no server"

mo() { mailorigin "$@" >/tmp/out 2>/tmp/err; echo $?; }
listed() { mailorigin queue --list --json "$@" 2>/tmp/err; }
count() { listed "$@" | grep -c '"kind":"queued"'; }
files() { find $C $Q -type f -name "$1" | wc -l; }
# field KEY: its values in /tmp/out, each once
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" /tmp/out | sort -u | paste -sd' '; }
send() # USER COUNT [WORD...]
{
    local user=$1 n=$2 i
    shift 2
    for ((i = 0; i < n; i++)); do
        printf 'To: %s\nSubject: number %d\n\nText\n' "${RCPT:-a@example.net}" "$i" | as "$user" "${PROGRAM:-$X}" -t -i "$@"
    done
}
# The reply's last line.
reply()
{
    local line
    while IFS= read -r -t 30 line <&5 && [[ $line == ???-* ]]; do :; done
    printf '%s\n' "${line%$'\r'}"
}
# Commands and a message from stdin, to the server; prints the queue id.
smtp()
{
    local line data=no
    exec 5<>/dev/tcp/127.0.0.1/25
    reply >/dev/null
    while IFS= read -r line; do
        printf '%s\r\n' "$line" >&5
        if [ $data = no ]; then
            reply >/dev/null
            [ "$line" != DATA ] || data=yes
        fi
    done
    reply | sed -n 's/^250 2.0.0 \([^ ]*\) Message accepted.*/\1/p'
    exec 5>&-
}
# Locks a file as a delivery does, until unlock.
lock()
{
    perl -e 'open F, "<", $ARGV[0] and flock F, 2 or die; sleep 1000' "$1" &
    locker=$!
    wait_for 10 grep -q "FLOCK.*:$(stat -c %i "$1") " /proc/locks
}
unlock()
{
    kill "$locker"
    wait "$locker" 2>/dev/null
}

(cd /var/www/web274/htdocs && send web274 150) &
(cd /var/www/web275/htdocs && send web275 120)
wait $!
cd /root || bail
send root 2

# --- what is known -------------------------------------------------------------------------------------------------

is "all are listed" "$(count)" 272
is "of web274" "$(count --user web274)" 150
is "of web275" "$(count --uid 4080)" 120
is "of root" "$(count --uid 0)" 2
is "by the wrapper's directory" "$(count --dir /var/www/web275)" 120
listed --user web275 >/tmp/out
is "known by the header" "$(field origin)" header
is "their directory" "$(field dir)" /var/www/web275/htdocs
is "waiting for the first try" "$(field state)" incoming
ok "a recipient is shown" grep -q '"to":\["a@example.net"\]' /tmp/out
is "summed up" "$(mailorigin queue --by user --json | sed -n 's/.*"count":\([0-9]*\).*"user":"\([a-z0-9]*\)".*/\2=\1/p' | paste -sd' ')" \
    "web274=150 web275=120 root=2"

# Past the wrapper, with the header of another: the uid is Sendmail's, the header counts for nothing.
printf 'X-Additional-Header: /var/www/web274; uid=4079; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ\nTo: a@example.net\nSubject: past\n\nx\n' \
    | as web275 $R -t -i
listed --uid 4080 | grep '"subject":"past"' >/tmp/out
is "past the wrapper: known by the uid" "$(field origin)" uid
is "past the wrapper: no directory" "$(field dir)" ""
is "past the wrapper: not web274's" "$(count --uid 4079)" 150

# By SMTP: a header made up, one copied from a real message with another subject, and the submission program's own.
copied=$(sed -n 's/^H??X-Additional-Header: //p' "$(grep -rl 'Subject: number 7$' $C | head -n 1)" | head -n 1)
for header in '/var/www/web275; uid=4080; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ' "$copied"; do
    printf '%s\n' 'EHLO x' 'MAIL FROM:<evil@example.test>' 'RCPT TO:<x@example.com>' DATA \
        'Received: (from web275@localhost)' "X-Additional-Header: $header" 'Subject: forged' '' x . | smtp >>/tmp/forged
done
is "two came by SMTP" "$(grep -c . /tmp/forged)" 2
listed --client 127.0.0.1 >/tmp/out
is "both are the network's" "$(grep -c '"subject":"forged"' /tmp/out)" 2
is "nobody is named" "$(field uid)$(field user)$(field dir)" ""
is "web275 has no more" "$(count --uid 4080)" 121

cd /var/www/web274/htdocs || bail
RCPT=alice@example.test send web274 3
cd / || bail
mapfile -t went < <(grep -rl alice@example.test $C)
for file in "${went[@]}"; do
    $R -Ac -qI"$(basename "$file" | cut -c3-)" >/dev/null 2>&1
done
went_on() { [ "$(find $Q -type f -name 'qf*' | wc -l)" -eq 5 ] && ! grep -rlq alice@example.test $C; }
ok "three went on to the server's queue" wait_for 60 went_on
listed --uid 4079 --client 127.0.0.1 >/tmp/out
is "they are web274's, by the log" "$(field origin)" log
is "all three" "$(grep -c . /tmp/out)" 3

# What Sendmail writes for a client that authenticated (no SASL mechanism is in this layer): a file of its, changed.
file=$(find $Q -name "qf$(head -n 1 /tmp/forged)")
# shellcheck disable=SC2016 # Sendmail's macros
sed -i 's/^\$rESMTP/$rESMTPA\n${auth_authen}joe@example.test/' "$file"
is "a login is known" "$(count --login joe@example.test)" 1

# A queue group, with the body in another directory: that directory's, and that one's again.
id=$(head -n 1 /tmp/forged)
there=$(find $Q -name "df$id" -printf '%h')
mv "$file" $Q/slow/
where=${there#"$Q"/}
sed -i "s,^F,d${where%/df}\nF," "$Q/slow/qf$id"
listed "$id" >/tmp/out
like "with the name of its directory it has" "$(field size)" '^[1-9]'
is "hold in the group" "$(mo hold --yes "$id")" 0
cp -p "$there/df$id" $Q/slow/
is "with a second body of that name it is not dropped" "$(mo drop --yes "$id")" 3
like "and why" "$(cat /tmp/err)" "$id is left alone: there are several bodies"
rm "$Q/slow/df$id"
is "drop it" "$(mo drop --yes "$id")" 0
is "both files are gone" "$(find $Q -name "?f$id" | wc -l)" 0

# --- ids that are part of others, mail in delivery, and mail that somebody else holds ----------------------------------------

mapfile -t ids < <(listed --uid 4079 --state incoming | grep number | sed -n 's/.*"queue_id":"\([^"]*\)".*/\1/p')
short=${ids[0]} busy=${ids[1]} theirs=${ids[2]}
cp -p "$C/qf$short" "$C/qf${short}9" # another's message, with an id that contains it
cp -p "$C/df$short" "$C/df${short}9"
sed -i 's/web274@localhost/web275@localhost/' "$C/qf${short}9"
chown web275 "$C/df${short}9"
chown smmsp:smmsp "$C/qf${short}9" && chmod 660 "$C/qf${short}9"
lock "$C/qf$busy"
$R -Ac -Q"by the admin" -qI"$theirs"
listed "$busy" >/tmp/out
is "the one in delivery" "$(field state)" active
listed "$theirs" >/tmp/out
is "the one that is held already" "$(field state)" held

is "hold, dry" "$(mo hold --user web274)" 0
is "nothing is held by that" "$(files 'hf*')" 1
is "hold" "$(mo hold --user web274 --yes --json)" 3
held=$(grep '"kind":"action"' /tmp/out)
like "all but three" "$held" '"held":150,"already_held":1,"left":0,"other":0,"refused":2,"in_delivery":1'
like "the short id is named" "$(cat /tmp/err)" "$short is left alone: .*${short}9"
is "so many files of quarantine" "$(files 'hf*')" 151
nok "the short one stays" test -e "$C/hf$short"
nok "the long one stays" test -e "$C/hf${short}9"
is "none of web275 is held" "$(count --uid 4080 --state held)" 0
like "Sendmail says the reason" "$(mailq -qQ -Ac)" 'QUARANTINE: held by mailorigin'
is "hold again" "$(mo hold --user web274 --yes --json)" 3

# --- undo: only ours --------------------------------------------------------------------------------------------------

unlock
is "undo" "$(mo undo --yes --json)" 0
like "150 are released" "$(cat /tmp/out)" '"released":150'
is "the admin's stays" "$(listed --state held | sed -n 's/.*"queue_id":"\([^"]*\)".*/\1/p')" "$theirs"
is "Sendmail sees the others" "$(find $C $Q -type f -name 'qf*' | wc -l)" 277

# --- drop ----------------------------------------------------------------------------------------------------------

is "drop needs a choice" "$(mo drop --yes)" 2
lock "$C/hf$theirs"
is "drop" "$(mo drop --user web274 --yes --json)" 3
like "all but the short id and the locked one" "$(grep '"kind":"action"' /tmp/out)" '"dropped":151,'
unlock
is "what is left of web274" "$(listed --user web274 | sed -n 's/.*"queue_id":"\([^"]*\)".*/\1/p' | sort | paste -sd' ')" \
    "$(printf '%s\n' "$short" "$theirs" | sort | paste -sd' ')"
is "no body is left alone" "$(find $C $Q -name 'df*' | wc -l)" "$(find $C $Q -name '[qh]f*' | wc -l)"
is "web275's is all there" "$(count --uid 4080)" 122
is "undo has nothing" "$(mo undo --yes)" 1

# --- thousands, through the wrapper --------------------------------------------------------------------------------------

many=2000 flood=/var/www/web275/htdocs/flood before=$(count)
mkdir -m 777 $flood
(cd $flood && bench-storm -j 10 -n $((many / 10)) -t a@example.net -U 4080 $X -t -i >/dev/null)
is "thousands are summed up" "$(mailorigin queue --by dir --dir $flood --json | sed -n 's/.*"count":\([0-9]*\).*flood.*/\1/p')" $many
is "they are listed" "$(count --dir $flood) $(count)" "$many $((before + many))"
is "hold" "$(mo hold --dir $flood --yes --json)" 0
like "each is verified" "$(grep '"kind":"action"' /tmp/out)" "\"held\":$many,.*\"left\":0,\"other\":0,\"refused\":0"
is "Sendmail agrees" "$(find $C $Q -type f -name 'hf*' | wc -l)" $((many + 1)) # and the admin's
is "undo" "$(mo undo --yes --json)" 0
like "all are released" "$(cat /tmp/out)" "\"released\":$many"
is "drop" "$(mo drop --dir $flood --yes --json)" 0
like "all are dropped" "$(grep '"kind":"action"' /tmp/out)" "\"dropped\":$many,"
is "the rest is there" "$(count --dir $flood) $(count)" "0 $before"

# --- the queue changes meanwhile ------------------------------------------------------------------------------------------

cd /var/www/web275/htdocs || bail
(while [ ! -e /tmp/stop ]; do send web275 3; done) &
(while [ ! -e /tmp/stop ]; do $R -Ac -q >/dev/null 2>&1; done) &
for round in 1 2 3; do
    is "listing while it changes, $round" "$(mo queue --list --json)" 0
    like "hold while it changes, $round" "$(mo hold --user web275 --yes --json)" '^[03]$'
    unlike "nothing is taken for another, $round" "$(cat /tmp/out)" '"other":[1-9]'
    like "undo while it changes, $round" "$(mo undo --yes --json)" '^[03]$'
done
touch /tmp/stop
wait
is "nothing of ours stays held" "$(count --user web275 --state held)" 0
is "each message has its body" "$(find $C -name 'df*' | wc -l)" "$(find $C -name '[qh]f*' | wc -l)"

# --- not understood, not allowed ----------------------------------------------------------------------------------------

printf 'V8\nT1\n' >"$C/qf0AAAAAAA000001"
is "half a file is a problem" "$(mo queue)" 3
like "that is named" "$(cat /tmp/err)" '1 message.* cannot be understood.*qf0AAAAAAA000001'
rm "$C/qf0AAAAAAA000001"
ln -s /etc/shadow "$C/qf0AAAAAAA000002"
is "a link is not followed" "$(mo queue)" 3
rm "$C/qf0AAAAAAA000002"
as web274 mailorigin queue >/tmp/out 2>/tmp/err
is "not as a customer" $? 2
like "and why" "$(cat /tmp/err)" 'run as root'

kill "$(head -n 1 /run/sendmail/mta/sendmail.pid)"
done_testing
