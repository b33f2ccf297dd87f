#!/bin/bash
# The log's path is not what it should be, or cannot be written: the mail goes out, the record goes to syslog and says
# why; nothing is created, followed or torn. Then a syslogd that is stopped, and both sinks gone.
# docs/threat-model.md, "When something fails".
# bed: base
. /t/e2e/attack-lib.sh
flavour=
attack_setup

stop_sink()
{
    kill "$SINK"
    wait_for 10 eval "! kill -0 $SINK"
    rm -f /dev/log
    SINK=
}
start_sink() { SINK=$(syslog-sink /dev/log "$W/syslog"); }

# The log's owner in this flavour.
own_log() { if [ "$flavour" = setgid ]; then chown root:sendmail-wrapper "$1"; else chown web274: "$1"; fi; }

log_to()
{
    if [ "$flavour" = setgid ]; then
        config "log { to = \"$1\" }"
    else
        config "log { file = \"$CALLS\" to = \"$1\" }"
    fi
}

# One row: a command that spoils the path, what why says.
spoiled()
{
    local desc=$1 why=$2
    shift 2
    log_reset
    rm -f "$SW_LOG"
    "$@"
    call -- -t -i
    row "$desc" "end=exit 0" mail=added log=syslog "why=$why" stderr=-
}
nothing() { :; }
make_symlink() { : >"$W/elsewhere"; own_log "$W/elsewhere"; chmod 620 "$W/elsewhere"; ln -s "$W/elsewhere" "$SW_LOG"; }
make_dangling() { rm -f "$W/elsewhere"; ln -s "$W/elsewhere" "$SW_LOG"; }
make_fifo() { mkfifo -m 622 "$SW_LOG"; own_log "$SW_LOG"; }
make_hard_link()
{
    local other=${SW_LOG%/*}/other
    install -m 620 /dev/null "$other"
    own_log "$other"
    ln "$other" "$SW_LOG"
}
make_directory() { mkdir -m 777 "$SW_LOG"; }
make_others() { : >"$SW_LOG"; chown web275: "$SW_LOG"; chmod 666 "$SW_LOG"; }
make_world_writable() { : >"$SW_LOG"; own_log "$SW_LOG"; chmod 666 "$SW_LOG"; }
make_device() { mknod -m 622 "$SW_LOG" c 1 7; own_log "$SW_LOG"; }
make_readonly_mode() { : >"$SW_LOG"; own_log "$SW_LOG"; chmod 400 "$SW_LOG"; }
make_socket() { s=$(syslog-sink "$SW_LOG" /dev/null); kill "$s"; chmod 666 "$SW_LOG"; }

# A call in a mount namespace of its own.
call_in_mounts()
{
    local mounts=$1
    shift
    forget
    unshare -m sh -c "$mounts; exec callwith --cd /var/www/web274/htdocs --gid $GID274 --uid $UID274 --report $W/report \
        --err $W/err --stdin file:$W/sent $* -- /usr/sbin/sendmail -t -i" >"$W/callwith" 2>&1
    load_report
}

for build in setgid plain; do
    flavour $build
    dir=${SW_LOG%/*}

    spoiled "log file missing" 'No such file' nothing
    ok "$build: it was not created" test ! -e "$SW_LOG"
    spoiled "log file a symlink" 'symbolic link' make_symlink
    ok "$build: nothing came into what it points to" test ! -s "$W/elsewhere"
    spoiled "log file a dangling symlink" 'symbolic link|No such file' make_dangling
    ok "$build: nothing was created through it" test ! -e "$W/elsewhere"
    spoiled "log file a FIFO that nobody reads" 'not a regular file' make_fifo
    log_reset
    rm -f "$SW_LOG"
    make_fifo
    sleep 30 <>"$SW_LOG" &
    reader=$!
    call -- -t -i
    row "log file a FIFO with a reader" "end=exit 0" mail=added log=syslog 'why=not a regular file'
    kill $reader
    spoiled "log file with a second name" 'hard link' make_hard_link
    ok "$build: nothing came into it" test ! -s "$dir/other"
    rm -f "$dir/other"
    spoiled "log file a directory" 'not a regular file|directory' make_directory
    rmdir "$SW_LOG"
    spoiled "log file another user's" 'not owned' make_others
    ok "$build: nothing came into it" test ! -s "$SW_LOG"
    spoiled "log file writable by everybody" 'writable by everyone' make_world_writable
    spoiled "log file a device" 'not a regular file' make_device
    spoiled "log file a socket" '.' make_socket
    if [ $build = setgid ]; then
        spoiled "log file not writable for our group" 'Permission denied' make_readonly_mode
        log_reset
        chmod 700 "$dir"
        call -- -t -i
        row "log directory closed to us" "end=exit 0" mail=added log=syslog 'why=Permission denied'
        chmod 711 "$dir"
    fi
    log_reset

    # --- the file system's troubles
    call_in_mounts "mount --bind $dir $dir && mount -o remount,bind,ro $dir"
    row "the log's file system is read-only" "end=exit 0" mail=added log=syslog 'why=Read-only'
    mkdir -p "$W/full"
    mount -t tmpfs -o size=12k full "$W/full"
    cp -p "$SW_LOG" "$W/full/calls.log"
    head -c 12288 /dev/zero | tr '\0' '\n' >"$W/full/calls.log" 2>/dev/null
    call_in_mounts "mount --bind $W/full/calls.log $SW_LOG"
    row "the disk is full" "end=exit 0" mail=added log=syslog 'why=No space'
    # Room for half a record: it is torn, the next one is found all the same.
    head -c 12100 /dev/zero | tr '\0' '\n' >"$W/full/calls.log"
    call_in_mounts "mount --bind $W/full/calls.log $SW_LOG"
    row "the disk becomes full within the record" "end=exit 0" mail=added log=syslog 'why=No space'
    note "left in the file: $(tr -d '\n' <"$W/full/calls.log" | cut -c 1-200)"
    umount "$W/full"

    # --- rotation while the caller withholds his message
    log_reset
    forget
    rm -f "$W/go"
    callwith --cd /var/www/web274/htdocs --gid "$GID274" --uid "$UID274" --report "$W/report" --err "$W/err" --stdin pipe \
        --send 'To: alice' --touch "$W/stalled" --until "$W/go" --send '\nSubject: x\n\nbody\n' -- /usr/sbin/sendmail -t -i &
    has_log_open() { find /proc/[0-9]*/fd -lname "$SW_LOG" 2>/dev/null | grep -q .; }
    ok "$build: the stalled call holds the log open" wait_for 4 has_log_open
    mv "$SW_LOG" "$SW_LOG.1"
    install -m 620 /dev/null "$SW_LOG"
    own_log "$SW_LOG"
    touch "$W/go"
    wait $!
    load_report
    is "$build: rotated during a stalled call: one record, in the old file or the new" \
        "$(cat "$SW_LOG" "$SW_LOG.1" | grep -c action=deliver)" 1
    row "rotated during a stalled call: delivered" "end=exit 0" mail=added
    rm -f "$SW_LOG.1" "$W/go" "$W/stalled"
    forget
    callwith --cd /var/www/web274/htdocs --gid "$GID274" --uid "$UID274" --report "$W/report" --err "$W/err" --stdin pipe \
        --send 'To: alice' --until "$W/go" --send '\nSubject: x\n\nbody\n' -- /usr/sbin/sendmail -t -i &
    ok "$build: the stalled call holds the log open" wait_for 4 has_log_open
    rm -f "$SW_LOG"
    install -m 620 /dev/null "$SW_LOG"
    own_log "$SW_LOG"
    touch "$W/go"
    wait $!
    load_report
    row "rotated away and deleted during a stalled call" "end=exit 0" mail=added log=syslog 'why=rotated away'
    rm -f "$W/go"

    # logrotate renames first and creates a moment later.
    log_reset
    mv "$SW_LOG" "$SW_LOG.1"
    (sleep 0.005; install -m 620 /dev/null "$SW_LOG.new"; own_log "$SW_LOG.new"; mv "$SW_LOG.new" "$SW_LOG") &
    call -- -t -i
    wait $!
    row "between logrotate's rename and create" "end=exit 0" mail=added
    is "$build: one record somewhere" $((${#FILE_RECORDS[@]} + ${#SYSLOG_RECORDS[@]})) 1
    rm -f "$SW_LOG.1"
    log_reset
    truncate -s 5G "$SW_LOG"
    size=$(stat -c %s "$SW_LOG")
    callwith --cd /tmp --gid "$GID274" --uid "$UID274" --report "$W/report" --stdin "file:$W/sent" -- /usr/sbin/sendmail -t -i
    ok "$build: a log of 5 GiB grows on" test "$(stat -c %s "$SW_LOG")" -gt "$size"
    log_reset

    # --- syslogd
    kill -STOP "$SINK"
    i=0 # messages that its socket holds
    while timeout 1 logger -u /dev/log "fill $i" && [ $((i += 1)) -lt 600 ]; do :; done
    note "a stopped syslogd took $i messages"
    stopped=$SINK SINK=
    call --timeout 10 -- -t -i
    row "syslogd stopped, its socket full, the file is there" "end=exit 0" mail=added log=file
    rm -f "$SW_LOG"
    call --timeout 10 -- -t -i
    row "syslogd stopped, its socket full, the log file missing: delivered" "end=exit 0" mail=added
    log_reset
    log_to syslog
    call --timeout 10 -- -t -i
    row "syslogd stopped, its socket full, to = syslog: the file takes it" "end=exit 0" mail=added log=file 'why=.'
    kill -CONT "$stopped"
    SINK=$stopped
    wait_for 10 grep -q 'fill 0' "$W/syslog"

    call -- -t -i
    row "to = syslog" "end=exit 0" mail=added log=syslog why=-
    log_to both
    call -- -t -i
    row "to = both" "end=exit 0" mail=added log=both why=-
    log_to none
    call -- -t -i
    row "to = none" "end=exit 0" mail=added log=none
    stop_sink
    log_to syslog
    call -- -t -i
    row "no syslogd, to = syslog: the file takes it" "end=exit 0" mail=added log=file 'why=.'

    # --- both gone, for reasons of the server
    config_more
    rm -f "$SW_LOG"
    call -- -t -i
    row "no syslogd and no log file: delivered" "end=exit 0" mail=added log=none stderr=-
    config_more 'on_log_failure = "refuse"'
    call -- -t -i
    row "the same with on_log_failure = refuse" "end=exit 71" mail=none log=none 'stderr~.'
    call -- -bp
    note "on_log_failure = refuse, mailq: $END"
    log_reset
    call -- -t -i
    row "refuse, and the file is there" "end=exit 0" mail=added log=file
    start_sink
    rm -f "$SW_LOG"
    call -- -t -i
    row "refuse, and syslog is there" "end=exit 0" mail=added log=syslog
    config_more
    log_reset
done

# --- the real rsyslogd
stop_sink
for build in setgid plain; do
    flavour $build
    rm -f /var/log/mail.log /var/log/syslog "$SW_LOG"
    start_rsyslog
    call -- -t -i
    in_syslog() { grep -rqs "sendmail-wrapper\[$PID\]: id=.*why=.*action=deliver" /var/log/; }
    ok "$build: rsyslogd keeps the whole record, why included" wait_for 20 in_syslog
    kill "$(cat /run/rsyslogd.pid)"
    wait_for 20 test ! -e /run/rsyslogd.pid
    rm -f /dev/log
done
done_testing
