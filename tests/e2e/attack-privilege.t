#!/bin/bash
# Set-gid is not in effect, by the caller's doing or the admin's: the mail goes out, the record goes to syslog and says
# why, and the process is not fooled about what it may do. And where it is in effect, the MTA gets none of it.
# docs/threat-model.md, "When something fails".
# bed: base
. /t/e2e/attack-lib.sh
flavour=
attack_setup
LOGGROUP=$(getent group sendmail-wrapper | cut -d: -f3)

no_privilege() { row "$1" "end=exit 0" mail=added log=syslog 'why=.' "uid=$UID274" "gid=$GID274" stderr=- "${@:2}"; }
mta_ids()
{
    runs
    is "$flavour: $1: the MTA's gids are the caller's" "$(grep -E '^(gids|groups)' "${RUNS[0]%.argv}.report" | tr '\n' ' ')" \
        "gids $GID274 $GID274 $GID274 groups "
}

flavour setgid
call -- -t -i
row "as installed" "end=exit 0" mail=added log=file why=-
mta_ids "as installed"
is "the log is not readable for customers" "$(as web274 cat "$SW_LOG" 2>&1 | head -c 5)" "cat: "
nok "nor can they write to it" as web274 sh -c "echo forged >>$SW_LOG"
nok "nor list its directory" as web274 ls /var/log/sendmail-wrapper

call --no-new-privs -- -t -i
no_privilege "no_new_privs"
mta_ids "no_new_privs"
call --no-new-privs --stdin "file:$W/sent" -- -bp
row "no_new_privs, mailq" "end=exit 0" mail=same log=syslog 'why=.' mode=pass
call --trace-me -- -t -i
no_privilege "traced by its parent"
call --trace-seize -- -t -i
no_privilege "seized by its parent"
head -c 300000 /dev/urandom >"$W/sent"
call --trace-me -- -t -i
no_privilege "traced, 300 kB"
call --no-new-privs -- -t -i
no_privilege "no_new_privs, 300 kB"
sent 'To: alice\nSubject: x\n\nbody\n'

chmod 755 /usr/sbin/sendmail
call -- -t -i
no_privilege "the set-gid bit is gone"
chmod 2755 /usr/sbin/sendmail
chgrp root /usr/sbin/sendmail
call -- -t -i
row "set-gid root: no better than none, and dropped" "end=exit 0" mail=added "uid=$UID274"
mta_ids "set-gid root"
chown root:sendmail-wrapper /usr/sbin/sendmail
chmod 2755 /usr/sbin/sendmail
chown web275 /usr/sbin/sendmail
chmod 6755 /usr/sbin/sendmail
call -- -t -i
row "set-uid by accident" "end=exit 0" mail=added "uid=$UID274"
runs
is "the MTA's uids are the caller's all the same" "$(grep '^uids' "${RUNS[0]%.argv}.report")" "uids $UID274 $UID274 $UID274"
mta_ids "set-uid by accident"
flavour setgid

forget
unshare -m sh -c "mount --bind /usr/sbin /usr/sbin && mount -o remount,bind,nosuid /usr/sbin && exec callwith --gid $GID274 \
    --uid $UID274 --report $W/report --err $W/err --stdin file:$W/sent -- /usr/sbin/sendmail -t -i"
load_report
no_privilege "a nosuid mount"

# A user namespace of the caller's own, where our group does not exist.
if as web274 unshare -U true 2>/dev/null; then
    forget
    (cd / && as web274 unshare -U callwith --report "$W/report" --err "$W/err" --stdin "file:$W/sent" -- /usr/sbin/sendmail -t -i)
    load_report
    row "in a user namespace" "end=exit 0" mail=added log=syslog 'why=.'
else
    skip "in a user namespace" "customers may make none here"
fi

# no_new_privs and no syslogd: this caller is unseen, unless the admin says refuse (docs/threat-model.md says so).
kill "$SINK"
rm -f /dev/log
SINK=
call --no-new-privs -- -t -i
row "no_new_privs, no syslogd" "end=exit 0" mail=added log=none
config 'on_log_failure = "refuse"'
call --no-new-privs -- -t -i
row "no_new_privs, no syslogd, refuse" "end=exit 71" mail=none log=none 'stderr~.'
flavour setgid
SINK=$(syslog-sink /dev/log "$W/syslog")

# Those who may write the log anyway.
CALLER=root call -- -t -i
row "root calls" "end=exit 0" mail=added log=file uid=0 user=root why=-
runs
is "root keeps his own ids" "$(grep -E '^(uids|gids)' "${RUNS[0]%.argv}.report" | tr '\n' ' ')" "uids 0 0 0 gids 0 0 0 "
forget
setpriv --reuid "$UID274" --regid "$GID274" --groups "$LOGGROUP" callwith --report "$W/report" --err "$W/err" \
    --stdin "file:$W/sent" -- /usr/sbin/sendmail -t -i
load_report
row "a caller who is in the log's group" "end=exit 0" mail=added log=file why=-
forget
setpriv --reuid "$UID274" --regid "$GID274" --groups "$LOGGROUP" callwith --report "$W/report" --err "$W/err" --no-new-privs \
    --stdin "file:$W/sent" -- /usr/sbin/sendmail -t -i
load_report
row "the same with no_new_privs" "end=exit 0" mail=added log=file

# What the privileged part of the call could be made to do: it reads nothing of the caller's with it.
forget
ln -sf "$SW_LOG" /var/tmp/web274/x.php
call --cd /var/tmp/web274 --env "SCRIPT_FILENAME=$SW_LOG" -- -t -i -C "$SW_LOG" -f "$SW_LOG"
row "paths to the log in argv and environment" "end=exit 0" mail=added log=file
is "one line, a record" "$(grep -c '' "$SW_LOG")" 1
rm -f /var/tmp/web274/x.php

# The plain binary with a log of the caller's own needs no privilege and finds no fault.
flavour plain
for how in --no-new-privs --trace-me --trace-seize; do
    call $how -- -t -i
    row "$how" "end=exit 0" mail=added log=file why=-
done
done_testing
