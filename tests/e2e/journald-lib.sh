# shellcheck shell=bash
# journald-lib.sh - a real systemd-journald in a bed, without a systemd that would start it. Source it after lib.sh.
#
#   start_journald [CONF LINE...]   takes /dev/log; each line goes to the section [Journal] of its configuration.
#                                   persistent (/var/log/journal), no limits of rate
#   stop_journald                   and waits for its end
#   journal_flush                   until all that was logged so far can be read

start_journald()
{
    local line
    [ -s /etc/machine-id ] || systemd-machine-id-setup >/dev/null 2>&1
    mkdir -p /run/systemd/journal /var/log/journal "/var/log/journal/$(cat /etc/machine-id)"
    touch /run/systemd/journal/flushed # or it stays in /run/log
    chgrp systemd-journal /var/log/journal "/var/log/journal/$(cat /etc/machine-id)"
    chmod 2755 /var/log/journal "/var/log/journal/$(cat /etc/machine-id)"
    {
        echo '[Journal]'
        printf '%s\n' Storage=persistent RateLimitBurst=0 ReadKMsg=no ForwardToSyslog=no Audit=no
        for line; do echo "$line"; done
    } >/etc/systemd/journald.conf
    (in_unit systemd-journald.service unshare -m bash -c "$(declare -f run_journald); run_journald") \
        >/var/log/journald.out 2>&1 </dev/null &
    JOURNALD=$!
    wait_for 60 test -S /run/systemd/journal/dev-log || bail "journald does not start"
    ln -sf /run/systemd/journal/dev-log /dev/log
    journal_flush || bail "journald takes nothing: $(cat /var/log/journald.out)"
}

# A bed with cgroups v1 has systemd's hierarchy at /sys/fs/cgroup itself; journald looks for it one level below.
run_journald()
{
    if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroupfs ]; then
        mkdir -p /run/cgroup
        mount --bind /sys/fs/cgroup /run/cgroup
        mount -t tmpfs tmpfs /sys/fs/cgroup
        mkdir /sys/fs/cgroup/systemd
        mount --bind /run/cgroup /sys/fs/cgroup/systemd
    fi
    exec /lib/systemd/systemd-journald
}

stop_journald()
{
    kill "$JOURNALD"
    wait "$JOURNALD" 2>/dev/null
    rm -f /dev/log
}

# Whatever was sent before this mark is in the journal when the mark is: one socket, taken in order.
journal_flush()
{
    local mark=flush-$RANDOM$RANDOM
    logger -u /run/systemd/journal/dev-log -t journal_flush "$mark"
    wait_for 20 journal_has "$mark"
}

journal_has() { journalctl -q --no-pager -o cat -t journal_flush -n 20 | grep -qx "$1"; }
