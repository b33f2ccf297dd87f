#!/bin/bash
# The sandboxes that an admin, systemd or a container puts a caller in: read-only root, hidden or missing /proc, user
# namespaces, no_new_privs. In each of them the mail is whole with its header, and the record is where
# docs/sandbox.md ("In a sandbox") says, with what it says.
# bed: base
. /t/e2e/attack-lib.sh

attack_setup
flavour=setgid
flavour setgid
PAGES=/var/www/web274/htdocs
# What stays writable in any of them: the reports of the caller and the MTA's files.
mount --bind /var/tmp /var/tmp

# sandboxed MOUNTS [OPTION...]: web274 calls in a mount namespace in which MOUNTS was done.
sandboxed()
{
    forget
    unshare -m bash -c "$1
        cd $PAGES && exec callwith --timeout 20 --gid $GID274 --uid $UID274 --report $W/report --out $W/out --err $W/err \
            --stdin pipe --send-file $W/sent \"\${@:2}\" -- /usr/sbin/sendmail -t -i" . "$@" >"$W/callwith" 2>&1
    load_report
    [ "$END" != 'not started' ] || note "$(<"$W/callwith")"
}
READONLY='mount --rbind / /mnt && mount -o remount,ro,bind /mnt && cd /mnt && pivot_root . mnt && cd /'
sent_small() { sent 'To: alice\nSubject: x\n\nbody\n'; }
sent_large() { { printf 'To: alice\nSubject: x\n\n' && head -c 400000 /dev/zero | tr '\0' x | fold; } >"$W/sent"; }

for size in small large; do
    flavour="setgid, $size"
    sent_$size

    # --- read-only root, as ProtectSystem=strict and container engines have it
    sandboxed "mount --bind ${SW_LOG%/*} ${SW_LOG%/*} && $READONLY"
    row "read-only root, the log a mount of its own" "end=exit 0" mail=added log=file why=- stderr=-
    sandboxed "$READONLY"
    row "read-only root, the log too" "end=exit 0" mail=added log=syslog 'why=^log file: Read-only file system$' stderr=-
    sandboxed "touch /tmp/is-writable && $READONLY && ! touch /tmp/is-writable 2>/dev/null || exit 99"
    row "... and the root really was read-only" "end=exit 0" log=syslog
    sandboxed "mount -t tmpfs none /var/log && $READONLY"
    row "read-only root, /var/log an empty mount" "end=exit 0" mail=added log=syslog 'why=^log file: No such file'

    # --- /proc
    sandboxed "mount -t proc -o hidepid=2 proc /proc"
    row "hidepid=2: ancestors of other users are hidden" "end=exit 0" mail=added log=file 'chain~^callwith\[[0-9]+\]$' \
        'caller~^callwith ' 'start~.' why=- "cwd=$PAGES"
    sandboxed "mount -t proc -o hidepid=2,subset=pid proc /proc"
    row "ProcSubset=pid" "end=exit 0" mail=added log=file 'chain~^callwith\[[0-9]+\]$' why=-
    sandboxed "umount -l /proc"
    row "no /proc" "end=exit 0" mail=added log=file caller=- chain=- script=- unit=- start=- 'why=^no /proc$|not procfs' \
        "cwd=$PAGES" "cwd_uid=$UID274"
    sandboxed "mount -t tmpfs none /proc && mkdir /proc/self && echo '1 (root) S 1 1 1' >/proc/self/stat"
    row "a /proc that is none" "end=exit 0" mail=added log=file caller=- chain=- script=- 'why=^/proc is not procfs$' "cwd=$PAGES"
    sandboxed "mount -t tmpfs none /proc" --env SCRIPT_FILENAME=$PAGES/x.php
    row "... the environment still says its script" "end=exit 0" log=file "script=$PAGES/x.php" script_by=env
    forget
    unshare -m -p -f bash -c "cd $PAGES && exec callwith --timeout 20 --gid $GID274 --uid $UID274 --report $W/report \
        --out $W/out --err $W/err --stdin pipe --send-file $W/sent -- /usr/sbin/sendmail -t -i" >"$W/callwith" 2>&1
    load_report
    row "the /proc of another pid namespace" "end=exit 0" mail=added log=file caller=- chain=- \
        'why=^/proc is of another pid namespace$'

    # --- no_new_privs
    call --no-new-privs -- -t -i
    row "no_new_privs" "end=exit 0" mail=added log=syslog 'why=^log file: Permission denied \(set-gid not in effect\)$' \
        "uid=$UID274" "cwd=$PAGES"
    sandboxed "mount -t tmpfs none /proc && $READONLY" --no-new-privs
    row "no_new_privs, read-only root, no /proc at once" "end=exit 0" mail=added log=syslog \
        'why=set-gid not in effect.*/proc is not procfs'

    # --- user namespaces of the caller's own
    for kind in "-U 65534 unmapped" "-r 0 mapped-to-root"; do
        read -r option uid what <<<"$kind"
        if ! as web274 unshare "$option" true 2>/dev/null; then
            skip "user namespace, $what" "customers may make none on this machine"
            continue
        fi
        forget
        (cd $PAGES && as web274 unshare "$option" callwith --timeout 20 --report "$W/report" --out "$W/out" --err "$W/err" \
            --stdin pipe --send-file "$W/sent" -- /usr/sbin/sendmail -t -i) >"$W/callwith" 2>&1
        load_report
        row "user namespace, $what: the record says what its ids are worth" "end=exit 0" mail=added log=syslog "uid=$uid" \
            'why=in a user namespace: ids are as seen in there' "cwd=$PAGES"
    done
done

# --- a container whose root installed us: its ids are 100000 and up outside, and all of it is a user namespace
sent_small
# shellcheck disable=SC2034 # attack-lib.sh prints it
flavour="setgid, container"
group=$(getent group sendmail-wrapper | cut -d: -f3)
chown 100000 /usr/sbin/sendmail.real /usr/sbin/sendmail "$SW_CONFIG" "$SW_LOG" "${SW_LOG%/*}" /var/lib/sendmail-wrapper{,/target}
chgrp $((100000 + group)) /usr/sbin/sendmail "$SW_LOG"
chmod 2755 /usr/sbin/sendmail
chmod 620 "$SW_LOG"
chown -R $((100000 + UID274)):$((100000 + GID274)) $PAGES
chmod 1777 "$W" "$F"
forget
unshare -U sleep 60 &
inside=$!
in_namespace() { [ "$(readlink /proc/$inside/ns/user)" != "$(readlink /proc/self/ns/user)" ]; }
if wait_for 10 in_namespace && echo "0 100000 65536" >"/proc/$inside/uid_map" && echo "0 100000 65536" >"/proc/$inside/gid_map"; then
    (cd $PAGES && nsenter -U -t "$inside" callwith --timeout 20 --gid "$GID274" --uid "$UID274" --report "$W/report" \
        --out "$W/out" --err "$W/err" --stdin pipe --send-file "$W/sent" -- /usr/sbin/sendmail -t -i) >"$W/callwith" 2>&1
    load_report
    [ "$END" != 'not started' ] || note "$(<"$W/callwith")"
    row "set-gid is in effect, the record in its file" "end=exit 0" mail=added log=file "uid=$UID274" "cwd=$PAGES" "cwd_uid=$UID274"
else
    skip "a container" "no user namespace can be mapped on this machine"
fi
kill "$inside"
done_testing
