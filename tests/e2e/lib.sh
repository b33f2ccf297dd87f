# shellcheck shell=bash disable=SC2034 # tests use the variables
# lib.sh - what an end-to-end test is written with. A test begins so:
#
#   #!/bin/bash
#   # What is shown, in a line or two.
#   # bed: postfix                      the layer it runs in (tests/run reads this line)
#   . /t/e2e/lib.sh
#   ...
#   done_testing                        last line: prints the plan; without it the test counts as failed
#
# Assertions (description first; each prints one TAP line and, when it fails, what was seen):
#   ok DESC COMMAND...          the command succeeds           nok DESC COMMAND...    it fails
#                               (give it a file with <; in a pipeline the count would be lost)
#   is DESC GOT WANT            equal                          isnt DESC GOT OTHER    differ
#   like DESC TEXT ERE          matches (bash =~)              unlike DESC TEXT ERE   does not
#   same DESC FILE1 FILE2       the same bytes
#   pass DESC / fail DESC       already known                  skip DESC REASON       cannot be shown here
#   note TEXT                   a comment in the output        bail TEXT              nothing more makes sense
# Waiting: wait_for SECONDS COMMAND...  polls until the command succeeds; fails after the bound (never a fixed sleep).
# Callers: as USER COMMAND...           runs it as that user, his groups and a login's environment, cwd unchanged
#          own_user NAME                makes a user with a uid that no other bed has (limits are counted by uid)
#          in_unit UNIT COMMAND...      execs it in the cgroup of that systemd unit; have_units says if that can be
#          web_get URL                  body of an HTTP GET from loopback (http://127.0.0.1:PORT/PATH)
# Daemons: start_postfix start_fpm start_nginx start_apache start_rsyslog start_busybox_syslogd start_cron
#          each returns when the daemon is ready, and bails if it never is. stop_postfix waits for its end.
# Mail:    mail_count [USER]            messages in /var/mail/USER (alice)
#          wait_mail N [USER]           until there are N (60 s)
#          mail_get N FILE [USER]       message N (1 is the first, -1 the last) to FILE, as local(8) got it
#          mail_header FILE NAME        values of that field in the header section, one a line, unfolded
#          mail_clear [USER]
# Records: record_count; record_line [N]; record_get KEY [N] (value decoded; N as above, default -1)
#          record_has KEY [N]; record_clear. They read $SW_LOG. record_get_from LINE KEY reads a line you have.
# Install: divert_by_hand               what `sendmail-wrapper-divert enable` leaves behind, without that tool

set -u
SW_LOG=/var/log/sendmail-wrapper/calls.log
SW_CONFIG=/etc/sendmail-wrapper.conf
TAP_COUNT=0
TAP_FAILED=0
TAP_FINISHED=no

# --- TAP ---------------------------------------------------------------------------------------------------

note()
{
    local line
    while IFS= read -r line; do printf '# %s\n' "$line"; done <<<"$*"
}

tap_line()
{
    local result=$1 desc=$2
    TAP_COUNT=$((TAP_COUNT + 1))
    printf '%s %d - %s\n' "$result" "$TAP_COUNT" "${desc//#/\\#}"
    [ "$result" = ok ] && return 0
    TAP_FAILED=$((TAP_FAILED + 1))
    note "at ${BASH_SOURCE[2]##*/}:${BASH_LINENO[1]}"
    return 1
}

pass() { tap_line ok "$1"; }
fail() { tap_line 'not ok' "$1"; }

skip()
{
    TAP_COUNT=$((TAP_COUNT + 1))
    printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "${1//#/\\#}" "$2"
}

ok()
{
    local desc=$1 out status
    shift
    out=$("$@" 2>&1)
    status=$?
    [ "$status" -eq 0 ] && tap_line ok "$desc" && return
    tap_line 'not ok' "$desc"
    note "status $status from: $*" "${out:+
$out}"
    return 1
}

nok()
{
    local desc=$1 out
    shift
    out=$("$@" 2>&1) || { tap_line ok "$desc"; return; }
    tap_line 'not ok' "$desc"
    note "succeeded, should not: $*" "${out:+
$out}"
    return 1
}

is()
{
    [ "$2" = "$3" ] && tap_line ok "$1" && return
    tap_line 'not ok' "$1"
    note "got:  $2" "
want: $3"
    return 1
}

isnt()
{
    [ "$2" != "$3" ] && tap_line ok "$1" && return
    tap_line 'not ok' "$1"
    note "got:  $2, should be something else"
    return 1
}

like()
{
    [[ $2 =~ $3 ]] && tap_line ok "$1" && return
    tap_line 'not ok' "$1"
    note "got:  $2" "
want: $3"
    return 1
}

unlike()
{
    [[ ! $2 =~ $3 ]] && tap_line ok "$1" && return
    tap_line 'not ok' "$1"
    note "got:       $2" "
unwanted:  $3"
    return 1
}

same()
{
    local out
    out=$(cmp -- "$2" "$3" 2>&1) && tap_line ok "$1" && return
    tap_line 'not ok' "$1"
    note "$out"
    return 1
}

bail()
{
    TAP_FINISHED=bail
    printf 'Bail out! %s\n' "$*"
    exit 1
}

done_testing()
{
    TAP_FINISHED=yes
    printf '1..%d\n' "$TAP_COUNT"
    [ "$TAP_FAILED" -eq 0 ]
    exit
}

trap '[ "$TAP_FINISHED" != no ] || echo "Bail out! ended before done_testing"' EXIT

# --- waiting, callers --------------------------------------------------------------------------------------

wait_for()
{
    local tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

as()
{
    local user=$1 home
    shift
    home=$(awk -F: -v u="$user" '$1 == u {print $6}' /etc/passwd)
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
        env -i PATH=/usr/bin:/bin:/usr/sbin:/tools HOME="$home" USER="$user" LOGNAME="$user" LC_ALL=C "$@"
}

own_user()
{
    useradd --uid $((100000 + SW_BED_NUMBER * 10 + ${OWN_USERS:-0})) --create-home --shell /bin/bash "$1"
    OWN_USERS=$((${OWN_USERS:-0} + 1))
}

have_units() { [ "$SW_BED_CGROUP" = yes ]; }

# In a subshell or in the background: this process moves and becomes the command.
in_unit()
{
    local group=/sys/fs/cgroup/system.slice/$1
    shift
    if have_units; then
        mkdir -p "$group" && echo "$BASHPID" >"$group/cgroup.procs"
    fi
    exec "$@"
}

web_get()
{
    local rest=${1#http://} host port path
    host=${rest%%/*} path=/${rest#*/}
    port=${host#*:}
    [ "$port" != "$host" ] || port=80
    (
        exec 3<>"/dev/tcp/${host%:*}/$port" || exit 1
        printf 'GET %s HTTP/1.0\r\nHost: web274.example.test\r\nUser-Agent: bed\r\n\r\n' "$path" >&3
        sed '1,/^\r*$/d' <&3
    )
}

# --- daemons -----------------------------------------------------------------------------------------------

postfix_ready() { postfix status && [ -S /var/spool/postfix/public/cleanup ]; }

# Installs a package of layer `packages`; Exim delivers locally only.
install_mta()
{
    [ "$1" != exim4-daemon-light ] || printf '%s\n' \
        'exim4-config exim4/dc_eximconfig_configtype select local delivery only; not on a network' \
        'exim4-config exim4/dc_other_hostnames string example.test' | debconf-set-selections
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -q -y --allow-downgrades "/debs/$1"/*.deb </dev/null >/tmp/apt 2>&1 \
        || bail "$1 cannot be installed: $(tail -n 5 /tmp/apt)"
}

# Sendmail with its submission program and its server, logging by rsyslog.
start_sendmail()
{
    local file
    echo example.test >>/etc/mail/local-host-names
    for file in /etc/mail/submit.cf /etc/mail/sendmail.cf; do # on a busy machine, too, it is to take mail
        sed -i '/^#\{0,1\}O \(QueueLA\|RefuseLA\|DelayLA\)=/d' "$file"
        printf '%s\n' 'O QueueLA=10000' 'O RefuseLA=10000' >>"$file"
    done
    start_rsyslog
    /etc/init.d/sendmail start >/tmp/start 2>&1
    wait_for 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25' || bail "sendmail does not start: $(cat /tmp/start)"
}

start_postfix()
{
    postfix start >/dev/null 2>&1
    wait_for 60 postfix_ready || bail "postfix does not start: $(tail -n 5 /var/log/mail.log 2>&1)"
}

stop_postfix()
{
    postfix stop >/dev/null 2>&1
    wait_for 60 eval '! postfix status' || bail "postfix does not stop"
}

start_fpm()
{
    mkdir -p /run/php
    (in_unit php8.2-fpm.service php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf)
    wait_for 60 test -S /run/php/web274.sock || bail "php-fpm does not start"
}

start_nginx()
{
    (in_unit nginx.service nginx) || bail "nginx does not start"
    wait_for 60 test -s /run/nginx.pid || bail "nginx does not start"
}

start_apache()
{
    (in_unit apache2.service apache2ctl start) >/dev/null 2>&1
    wait_for 60 test -s /run/apache2/apache2.pid || bail "apache does not start"
}

start_rsyslog()
{
    (in_unit rsyslog.service rsyslogd) || bail "rsyslog does not start"
    wait_for 60 test -S /dev/log || bail "rsyslog does not start"
}

start_busybox_syslogd()
{
    (in_unit busybox-syslogd.service busybox syslogd -O /var/log/messages)
    wait_for 60 test -S /dev/log || bail "busybox syslogd does not start"
}

start_cron()
{
    (in_unit cron.service cron) || bail "cron does not start"
    wait_for 60 test -s /run/crond.pid || bail "cron does not start"
}

# --- delivered mail ----------------------------------------------------------------------------------------

# Postfix local(8) writes an mbox: "From " line, message, empty line; ">" before "From " inside.
mail_count()
{
    local file=/var/mail/${1:-alice}
    [ -f "$file" ] || { echo 0; return; }
    perl -0777 -ne '$n = () = /(?:\A|\n\n)From \S+ +\w{3} \w{3} /g; print "$n\n"' "$file"
}

mail_reached() { [ "$(mail_count "$2")" -ge "$1" ]; }

wait_mail()
{
    wait_for 60 mail_reached "$1" "${2:-alice}" && return
    note "only $(mail_count "${2:-alice}") of $1 messages came"
    tail -n 5 /var/log/mail.log 2>/dev/null | sed 's/^/# /'
    return 1
}

mail_get()
{
    perl -e '
        my ($n, $out, $mbox) = @ARGV;
        local $/;
        open my $in, "<:raw", $mbox or die "$mbox: $!\n";
        my @mail = split /(?:\A|(?<=\n)\n)(?=From \S+ +\w{3} \w{3} )/, <$in>;
        shift @mail if @mail && $mail[0] eq "";
        my $mail = $mail[$n > 0 ? $n - 1 : $n] // die "no message $n\n";
        $mail =~ s/\AFrom .*\n//;
        $mail =~ s/\n\n\z/\n/ if $n == -1 || $n == @mail;
        $mail =~ s/^>From /From /mg;
        open my $to, ">:raw", $out or die "$out: $!\n";
        print $to $mail;' -- "$1" "$2" "/var/mail/${3:-alice}"
}

mail_header()
{
    perl -0777 -ne '
        BEGIN { $name = shift }
        my ($head) = /\A(.*?)(?:\n\r?\n|\z)/s;
        $head =~ s/\r?\n(?=[ \t])//g;
        print "$1\n" while $head =~ /^\Q$name\E:[ \t]*(.*?)\r?$/mgi;' -- "$2" "$1"
}

mail_clear() { rm -f "/var/mail/${1:-alice}"; }

# --- records -----------------------------------------------------------------------------------------------

record_count()
{
    [ -f "$SW_LOG" ] || { echo 0; return; }
    grep -c . "$SW_LOG"
}

record_line()
{
    local n=${1:--1}
    if [ "$n" -lt 0 ]; then
        tail -n "${n#-}" "$SW_LOG" | head -n 1
    else
        sed -n "${n}p" "$SW_LOG"
    fi
}

# The keys of a logfmt line: key=value or key="value" with \" \\ \n \r \t \xHH. Prints the value; 1 if absent.
record_get_from()
{
    perl -e '
        my ($line, $want) = @ARGV;
        $line =~ s/^.*sendmail-wrapper\[\d+\]: // or exit 1;
        while ($line =~ /\G ?([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g) {
            my ($key, $value) = ($1, $2 // $3);
            next if $key ne $want;
            my %plain = (n => "\n", r => "\r", t => "\t");
            $value =~ s/\\(?:x([0-9A-Fa-f]{2})|(.))/defined $1 ? chr hex $1 : $plain{$2} \/\/ $2/ge;
            print "$value\n";
            exit 0;
        }
        exit 1;' -- "$1" "$2"
}

record_get() { record_get_from "$(record_line "${2:--1}")" "$1"; }
record_has() { record_get "$@" >/dev/null; }
record_clear() { : >"$SW_LOG"; }

# --- the wrapper in place, without the install tool -------------------------------------------------------------

divert_by_hand()
{
    local real=/usr/sbin/sendmail
    groupadd --system sendmail-wrapper 2>/dev/null
    install -d -o root -g root -m 711 /var/log/sendmail-wrapper
    install -d -o root -g root -m 755 /var/lib/sendmail-wrapper
    install -o root -g sendmail-wrapper -m 620 /dev/null "$SW_LOG"
    ln "$real" "$real.real"
    echo "sendmail=$real.real mta=${1:-postfix} $(stat -L -c 'dev=%d ino=%i mtime=%Y' "$real.real")" \
        >/var/lib/sendmail-wrapper/target
    install -o root -g sendmail-wrapper -m 2755 /usr/sbin/sendmail-wrapper "$real.new"
    mv "$real.new" "$real"
}
