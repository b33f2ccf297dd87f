#!/bin/bash
# Two sending hosts and a collector, by the examples that are installed (docs/central.md): real calls all the time, while the
# collector is killed and comes back, is away for long, the senders' daemons are killed (then, too), and the logs are rotated. Nothing is lost
# and nothing counted twice; what a customer of a sending host can do about it; and what mailorigin makes of the collector's log.
# bed: central
. /t/e2e/lib.sh

examples=/usr/share/doc/sendmail-wrapper/examples
logs=/var/log/sendmail-wrapper
central=$logs-central/calls.log

# --- three machines: namespaces of mounts, names and network, on one bridge -------------------------------------------

host()
{
    local name=$1
    shift
    nsenter -t "$(cat "/tmp/$name.pid")" -m -u -n -- "$@"
}
be_host()
{
    local dir
    mount --make-rprivate /
    for dir in /run /var/log /var/lib/sendmail-wrapper-forward; do mount -t tmpfs own "$dir"; done
    hostname "$1"
    ip link set lo up
    install -d -m 711 "$logs"
    [ "$1" != logs ] || install -d -o root -g adm -m 750 "$logs-central"
    [ "$1" = logs ] || install -o root -g sendmail-wrapper -m 620 /dev/null "$SW_LOG"
    : >"/tmp/$1.ready"
    exec sleep 600
}
make_host()
{
    unshare -m -u -n bash -c ". /t/e2e/lib.sh; logs=$logs; $(declare -f be_host); be_host $1" &
    echo $! >"/tmp/$1.pid"
    wait_for 20 test -e "/tmp/$1.ready" || bail "no namespaces for $1"
    ip link add "v$1" type veth peer name eth0 netns "$(cat "/tmp/$1.pid")" || bail "no network for $1"
    ip link set "v$1" master br0 up
    host "$1" ip addr add "$2/24" dev eth0
    host "$1" ip link set eth0 up
    echo "$2 $1" >>/etc/hosts
}

# An authority of one's own, and a certificate for each machine: as docs/central.md says.
make_certificates()
{
    local name
    mkdir /tmp/pki
    cd /tmp/pki || bail "no /tmp/pki"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=mail-logs -keyout ca-key.pem -out ca.pem
    for name in logs web1 web2; do
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$name-key.pem" -out "$name.csr"
        openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 \
            -extfile <(echo "subjectAltName=DNS:$name") -out "$name.pem"
    done
    cd /
}
# The example, with the names of these machines and their own certificates.
configure()
{
    local name=$1 from=$2 to=$3
    sed -e 's/"logs\.example\.com"/"logs"/; s/"web1\.example\.com", "web2\.example\.com"/"web1", "web2"/' \
        -e "s,/etc/sendmail-wrapper-[a-z]*/ca.pem,/tmp/pki/ca.pem,; s,/etc/sendmail-wrapper-[a-z]*/cert.pem,/tmp/pki/$name.pem," \
        -e "s,/etc/sendmail-wrapper-[a-z]*/key.pem,/tmp/pki/$name-key.pem,; s/resumeInterval=\"5\"/resumeInterval=\"1\"/" \
        "$examples/$from" >"$to"
}
start()
{
    [ "$1" = logs ] || host "$1" sh $examples/sendmail-wrapper-forward-rewind || event "no rewind"
    nsenter -t "$(cat "/tmp/$1.pid")" -m -u -n -- rsyslogd -n -iNONE -f "/etc/$1.conf" >>"/tmp/$1.out" 2>&1 </dev/null &
    disown
    echo $! >"/tmp/$1.daemon"
    [ "$1" != logs ] || wait_for 20 listening || bail "the collector does not listen: $(cat /tmp/logs.out)"
}
listening() { host logs ss -Hltn 'sport = :2514' | grep -q LISTEN; }
# As the service does it, and a crash: with SIGKILL.
event() { echo "$(date -u +%T.%6N) $*" >>/tmp/events; }
stop()
{
    event "stop $1"
    kill -KILL "$(cat "/tmp/$1.daemon")"
    wait_for 20 eval "! kill -0 $(cat "/tmp/$1.daemon")"
}

# Calls without end, each with a message of its own.
calls()
{
    # shellcheck disable=SC2016
    host "$1" setpriv --reuid "$2" --regid "$2" --clear-groups bash -c '
        cd /var/www/$2/htdocs
        for ((i = 1; ; i++)); do
            [ -e /tmp/enough ] && exit
            printf "To: alice\nSubject: %d \"quoted\" \\ \001 \377 ä\nMessage-ID: <%s.%d@example.test>\n\nx\n" $i $1 $i |
                /usr/sbin/sendmail -t -i || exit 1
        done' - "$1" "$2" &
    loads+=($!)
}
lines() { host "$1" sh -c "cat $SW_LOG $SW_LOG-*" 2>/dev/null; }
rotate()
{
    event "rotate $1"
    host "$1" logrotate -f -s /run/logrotate.state /etc/logrotate.d/sendmail-wrapper
    event rotated
}
# All that were logged are on the collector.
arrived()
{
    [ "$(host logs sh -c "cat $central*" | sort -u | wc -l)" -ge "$(cat <(lines web1) <(lines web2) | wc -l)" ]
}
top() { host logs mailorigin top --central --json "$@" 2>/dev/null; }
# Of all rows, the first number of that name: an origin's parts have counts, too.
sum() { sed -n "s/^\([^[]*\)\"$1\":\([0-9]*\).*/\2/p" | awk '{n += $1} END {print n + 0}'; }

# A mail server that takes everything.
install -m 755 /bin/true /usr/sbin/sendmail
divert_by_hand
mkdir -p /var/lib/sendmail-wrapper-forward
ip link add br0 type bridge || bail "no bridge"
ip link set br0 up
make_certificates >/tmp/pki.out 2>&1 || bail "no certificates: $(cat /tmp/pki.out)"
chmod 700 /tmp/pki
make_host logs 10.9.0.1
make_host web1 10.9.0.11
make_host web2 10.9.0.12
configure logs rsyslog-collector.conf /etc/logs.conf
configure web1 rsyslog-forward.conf /etc/web1.conf
configure web2 rsyslog-forward.conf /etc/web2.conf
for name in logs web1 web2; do
    like "rsyslogd takes the example of $name" "$(host $name rsyslogd -N1 -f /etc/$name.conf 2>&1)" 'End of config validation run'
done

# --- load, and what can happen -----------------------------------------------------------------------------------------

ok "logrotate takes the example" host logs logrotate -d "$examples/logrotate-central"
start logs
start web1
start web2
loads=()
calls web1 web274
calls web2 web275
outage() { stop logs; sleep "$1"; start logs; }
sleep 1
outage 0.3
sleep 1
rotate web1
outage 0.3
sleep 1
stop web2
start web2
sleep 0.5
stop logs
sleep 1.5
rotate web2
sleep 0.5
# Twice, as what the first of them sets back must not hide what was lost before.
stop web2
start web2
sleep 0.7
stop web2
start web2
stop web1
start web1
sleep 0.5
start logs
sleep 1.5
host logs mv $central $central-20261121-000000
kill -HUP "$(cat /tmp/logs.daemon)"
outage 0.3
sleep 1
outage 0.3
: >/tmp/enough
wait "${loads[@]}"
is "no call failed" "$?" 0
settle() { for ((i = 0; i < 60; i++)); do arrived && return; sleep 0.25; done; }
settle

lines web1 | sort >/tmp/sent1
lines web2 | sort >/tmp/sent2
sort -u /tmp/sent1 /tmp/sent2 >/tmp/sent
host logs sh -c "cat $central*" | sort >/tmp/got
n=$(wc -l </tmp/sent)
note "sent: $(wc -l </tmp/sent1) and $(wc -l </tmp/sent2); on the collector: $(wc -l </tmp/got), $(uniq -d /tmp/got | wc -l) twice"
ok "enough calls for it to mean something" test "$n" -ge 500
nok "what was on its way was read again at each start" grep -q 'no rewind' /tmp/events
comm -23 /tmp/sent <(uniq /tmp/got) >/tmp/lost
is "lost" "$(wc -l </tmp/lost)" 0 || note "$(cut -c 1-200 /tmp/lost | head -n 5)" "$(cat /tmp/events)"
is "not byte for byte what was sent" "$(comm -13 /tmp/sent <(uniq /tmp/got) | wc -l)" 0
is "counted" "$(top --by host | sum count)" "$n"
is "of web1" "$(top --host web1 | sum count)" "$(wc -l </tmp/sent1)"
is "of web2" "$(top --host web2 | sum count)" "$(wc -l </tmp/sent2)"

# --- what a customer, and the root, of a sending host can do about it --------------------------------------------------

record() { echo "$(date -u +%Y-%m-%dT%H:%M:%S.%6N+00:00) $1 sendmail-wrapper[$2]: id=$3 mode=submit uid=4079 gid=4079 pid=$2 ppid=1 ${4:-}mta=postfix action=${5:-deliver}"; }
forged=01KAMX3F8Q7ZV2N5T0C9R4E6HJ
frames() # a session of RELP with one forged record
{
    local text
    text="<22>$(record web2 1 $forged)"
    printf '1 open 30 relp_version=0\ncommands=syslog\n'
    sleep 0.3
    printf '2 syslog %d %s\n' "${#text}" "$text"
    sleep 0.3
}
customer() { host web1 setpriv --reuid web274 --regid web274 --clear-groups "$@"; }
nok "a customer cannot write to the log that is sent" customer sh -c "echo x >>$SW_LOG"
nok "nor read the key" customer cat /tmp/pki/web1-key.pem
host web1 rsyslogd -n -iNONE -f /etc/rsyslog.conf >/dev/null 2>&1 &
wait_for 20 test -S /dev/log
customer logger -t sendmail-wrapper "$(record web2 1 $forged)"
ok "what he logs is in the syslog of his own host" wait_for 20 host web1 grep -q $forged /var/log/syslog
frames >/tmp/frames
# shellcheck disable=SC2016
customer bash -c 'exec 3<>/dev/tcp/10.9.0.1/2514 && cat >&3' </tmp/frames
(cat /tmp/frames; sleep 0.5) | customer openssl s_client -quiet -connect 10.9.0.1:2514 >/dev/null 2>&1
# Root of a host can write what he likes, as that host.
{
    echo "no record"
    record web1 7 01KAMX3F8Q7ZV2N5T0C9R4E6HK
} | host web2 tee -a "$SW_LOG" >/dev/null
long=$(record web1 8 01KAMX3F8Q7ZV2N5T0C9R4E6HM)
{
    echo "${long/mta=/subject=\"$(head -c $((4095 - ${#long} - 11)) /dev/zero | tr '\0' x)\" mta=}"
    record web1 9 01KAMX3F8Q7ZV2N5T0C9R4E6HN
    record web1 9 01KAMX3F8Q7ZV2N5T0C9R4E6HN 'error="No such file" ' refuse
} >/tmp/written
host web1 sh -c "cat /tmp/written >>$SW_LOG"
head -n 1 /tmp/written >/tmp/long
has() { host logs grep -q "$1" $central; }
ok "what came last is there" wait_for 30 has 'pid=9 .*action=refuse'
ok "and what root of web2 wrote" wait_for 30 has 01KAMX3F8Q7ZV2N5T0C9R4E6HK
is "as web2's, whatever it says" "$(host logs grep 01KAMX3F8Q7ZV2N5T0C9R4E6HK $central | cut -d ' ' -f 2)" web2
nok "what is no record is not" has 'no record'
nok "nothing forged came, by syslog, without TLS, without a certificate" has $forged
is "a line of 4095 bytes is whole" "$(wc -c </tmp/long) $(host logs grep -cxF "$(cat /tmp/long)" $central)" "4096 1"

# --- what mailorigin makes of it ---------------------------------------------------------------------------------------

n=$((n + 2)) # the long one and web2's; the third was refused
host logs sh -c "tail -n 300 $central >/tmp/again; cat /tmp/again >>$central"
is "lines that are sent again count once" "$(top --by host | sum count)" "$n"
note "$(host logs mailorigin top --central --by host)"
middle=$(awk '$1 > "2026" {print $1}' /tmp/sent | sort | sed -n "$((n / 2))p")
is "since the middle, though the lines are not in order" "$(top --since "$middle" --until 2099-01-01 | sum count)" \
    "$(($(awk -v t="$middle" '$1 >= t' /tmp/sent | wc -l) + 2))"
is "one host by a pattern" "$(top --host "web[1]" | sum count)" "$(($(wc -l </tmp/sent1) + 1))"
is "log, one host" "$(host logs mailorigin log --central --raw --host web2 | wc -l)" "$(($(wc -l </tmp/sent2) + 1))"
like "as JSON" "$(host logs mailorigin log --central --json --host web1 -n 1)" '^\{"schema":1,"kind":"call",.*"host":"web1",.*"action":"refuse"'
id=$(sed -n 's/.* id=\([0-9A-Z]*\) .*/\1/p;q' /tmp/sent2)
like "show" "$(host logs mailorigin show --central --json "$id")" "\"host\":\"web2\".*\"id\":\"$id\""
host logs mailorigin web --central "$id" >/tmp/out 2>&1
is "web: nothing" "$?" 1
like "and says where the web logs are" "$(cat /tmp/out)" 'on the server web2'
host logs sh -c ': >/var/log/mail.log'
like "trace, too" "$(host logs mailorigin trace --central "$id" 2>&1)" 'made on the server web2'
host logs mailorigin log -f --central --raw -n 2 >/tmp/follow 2>/dev/null &
follows() { [ "$(wc -l </tmp/follow)" -ge 2 ]; }
ok "log -f begins" wait_for 20 follows
host logs sh -c "tail -n 1 /tmp/again >>$central"
record web1 10 01KAMX3F8Q7ZV2N5T0C9R4E6HP | host web1 tee -a "$SW_LOG" >/dev/null
ok "goes on" wait_for 20 grep -q 01KAMX3F8Q7ZV2N5T0C9R4E6HP /tmp/follow
is "and shows nothing twice" "$(sort /tmp/follow | uniq -d | wc -l)" 0

# --- the journals of many servers, as systemd-journal-remote keeps them ------------------------------------------------

entry() # HOST ID, as systemd-journal-upload sends it
{
    printf '%s\n' "__REALTIME_TIMESTAMP=1795325731$3" "__MONOTONIC_TIMESTAMP=1000$3" \
        _BOOT_ID=6f0b4e2a8c1d4e5f9a0b1c2d3e4f5a6b "_HOSTNAME=$1" _UID=4079 SYSLOG_IDENTIFIER=sendmail-wrapper \
        "MESSAGE=id=$2 mode=submit uid=4079 gid=4079 pid=1 ppid=1 mta=postfix action=deliver" ''
}
remote() { /lib/systemd/systemd-journal-remote --output="/tmp/remote/remote-$1.journal" - >/dev/null 2>&1; }
mkdir /tmp/remote
for name in web1 web2; do
    { # the second is sent again
        entry $name "01KAMX3F8Q7ZV2N5T0C9R4E6A${name#web}" 000001
        entry $name "01KAMX3F8Q7ZV2N5T0C9R4E6B${name#web}" 000002
        entry $name "01KAMX3F8Q7ZV2N5T0C9R4E6B${name#web}" 000002
    } | remote $name
done
is "the journal has three of each" "$(journalctl -q --directory=/tmp/remote -o cat 2>/dev/null | wc -l)" 6
is "two of each count" "$(mailorigin top --journal-dir /tmp/remote --by host --json 2>/dev/null | sum count)" 4
is "by host" "$(mailorigin log --journal-dir /tmp/remote --host web2 --raw 2>/dev/null | wc -l)" 2
done_testing
