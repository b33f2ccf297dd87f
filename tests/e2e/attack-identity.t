#!/bin/bash
# A caller who wants to be someone else: forged environment, neighbours' scripts, process names, directory names,
# a forged /proc. What only the kernel can say stays true; what he arranged is recorded as such, and no byte of
# it breaks the header or the record.
# See docs/threat-model.md, "What holds".
# bed: base
. /t/e2e/attack-lib.sh
flavour=
attack_setup

PAGES=/var/www/web274/htdocs
NEIGHBOUR=/var/www/web275/htdocs
UID275=$(id -u web275)
install -o web275 -g web275 -m 600 /dev/null "$NEIGHBOUR/secret.php"
install -o web275 -g web275 -m 644 /dev/null "$NEIGHBOUR/open.php"
install -o web274 -g web274 -m 644 /dev/null "$PAGES/own.php"
chmod 755 /var/www/web275 "$NEIGHBOUR"

# Nothing that could act on a terminal, or end a line, may be in the log: ASCII control bytes, C1, bad UTF-8.
log_is_clean()
{
    local desc="$flavour: $1" seen
    seen=$(perl -0777 -ne '/\S/ or print "empty"; utf8::decode($_) or print "not UTF-8";
        print sprintf("U+%04X ", ord $1)
            while /([\x00-\x09\x0b-\x1f\x7f-\x9f\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}])/g' "$SW_LOG" 2>&1)
    is "$desc" "$seen" ""
}

ids=("uid=$UID274" user=web274 "gid=$GID274")

# Directories below the pages, whose name is given with escapes; the caller makes them.
in_dir() { call --mkdir-cd "$1" -- -t -i; }

for build in setgid plain; do
    flavour $build

    call --env PWD=$NEIGHBOUR --env OLDPWD=/root --env USER=root --env LOGNAME=web275 --env HOME=/root \
        --env UID=0 --env SUDO_USER=root -- -t -i
    row "forged PWD, USER, LOGNAME, HOME" "end=exit 0" mail=added log=file "${ids[@]}" cwd=$PAGES \
        cwd_uid="$UID274" "header~^X-Additional-Header: /var/www/web274; uid=$UID274; pid=$PID; id=[0-9A-Z]{26}$" \
        pid="$PID" why=- admin=- stderr=-

    # The pid in header and record is the MTA's own.
    runs
    is "$flavour: the MTA's pid is the record's" "${RUNS[0]}" "$F/$PID.argv"

    # --- descriptors as evidence of the script
    call --fd 7=path:$NEIGHBOUR/secret.php -- -t -i
    row "an O_PATH descriptor on a neighbour's script proves nothing" "end=exit 0" log=file "${ids[@]}" script=-
    call --fd 7=ro:$NEIGHBOUR/open.php -- -t -i
    row "a neighbour's readable script is named with its owner" "end=exit 0" log=file "${ids[@]}" \
        script=$NEIGHBOUR/open.php script_by=fd script_uid="$UID275"
    call --fd 9=ro:$PAGES/own.php -- -t -i
    row "an inherited script" "end=exit 0" log=file script=$PAGES/own.php script_by=fd script_uid="$UID274"
    call --fd 9=wo:$PAGES/own.php -- -t -i
    row "a write-only descriptor is no script" "end=exit 0" log=file script=-
    call --fd 9=dir:$PAGES --fd 10=rw:/dev/null -- -t -i
    row "a directory or a device is no script" "end=exit 0" log=file script=-

    # --- the environment's claims
    call --env SCRIPT_FILENAME=$NEIGHBOUR/open.php --env REMOTE_ADDR=198.51.100.7 \
        --env HTTP_HOST=neighbour.example --env 'REQUEST_URI=/x?a=b c&d="e"' -- -t -i
    row "CGI variables are claims" "end=exit 0" log=file "${ids[@]}" script=$NEIGHBOUR/open.php script_by=env \
        remote=198.51.100.7 http_host=neighbour.example 'uri=/x?a=b c&d=\"e\"'
    call --env $'SCRIPT_FILENAME=/a\nid=0 uid=0' --env $'REMOTE_ADDR=\e[2J\a' --env $'HTTP_HOST=\xe2\x80\xae\xff' \
        --env "REQUEST_URI=$(head -c 20000 /dev/zero | tr '\0' u)" -- -t -i
    row "control bytes, bidi and length in them" "end=exit 0" mail=added log=file "${ids[@]}" \
        'script~/a\\nid=0 uid=0' 'remote~\\x1b'
    log_is_clean "the log stays clean"

    # --- names of processes
    call --title 'php-fpm: pool neighbour' --comm php-fpm8.2 -- -t -i
    row "a process that calls itself php-fpm: pool neighbour" "end=exit 0" log=file "${ids[@]}" \
        'caller=php-fpm: pool neighbour' 'chain~php-fpm8.2\[[0-9]+\]'
    call --title 'sh -c true' --comm sh -- -t -i
    row "a process that calls itself sh stays in the chain" "end=exit 0" log=file "${ids[@]}" 'chain~^sh\[[0-9]+\]'
    call --comm $'a]\n[1] x' --title $'evil\nid=0 \e[31m\xff sendmail-wrapper[1]: id=X' -- -t -i
    row "control bytes in process names" "end=exit 0" mail=added log=file "${ids[@]}" 'caller~evil\\nid=0'
    log_is_clean "the log stays clean"
    call --comm 'x) S 1 1 1' --title x -- -t -i
    row "a name that looks like the rest of /proc/PID/stat" "end=exit 0" log=file "${ids[@]}" \
        'caller_pid~^[0-9]+$' 'chain~^x[^ ]*\[[0-9]+\] attack'
    call --comm 'a[1] sshd[2]' -- -t -i
    row "a name that looks like more of the chain" "end=exit 0" mail=added log=file "${ids[@]}"
    is "$flavour: forges no ancestor" "$(grep -c 'a\[1\] sshd\[2\]' <<<"${RECORD[chain]}")" 0
    call --orphan -- -t -i
    row "a caller whose parent is gone: nobody is guessed" mail=added log=file "${ids[@]}" 'caller=(orphan)' ppid=1 caller_pid=-

    # --- names of directories
    in_dir 'a\nX-Evil: yes\n\nbody'
    row "newline in the directory's name" "end=exit 0" mail=added log=file "${ids[@]}" 'cwd~a\\nX-Evil: yes\\n\\nbody$' \
        "header~^X-Additional-Header: $PAGES; uid="
    call --mkdir-cd 'a\nX-Evil: yes\r\n\r\nbody/in' -- -t -i
    row "newline and CR in the header's path" "end=exit 0" mail=added log=file \
        'header~/a%0AX-Evil: yes%0D%0A%0D%0Abody; uid=' 'cwd~\\r\\n\\r\\nbody/in$'
    call --mkdir-cd 'a; uid=0; pid=1; id=X/in' -- -t -i
    row "; in the directory's name" "end=exit 0" mail=added log=file "header~/a%3B uid=0%3B pid=1%3B id=X; uid=$UID274;"
    call --mkdir-cd 'p%41"q\xc3\xa4\xff\x01\x7f/in' -- -t -i
    row "%, quote, 8-bit and control bytes" "end=exit 0" mail=added log=file \
        'header~/p%2541%22q%C3%A4%FF%01%7F; uid=' 'cwd~p%41\\"q'
    call --mkdir-cd ' sendmail-wrapper[1]: id=X action=deliver/in' -- -t -i
    row "a name that looks like a record" "end=exit 0" mail=added log=file "${ids[@]}"
    long=$(printf 'd%.0s' {1..250})
    call --mkdir-cd "$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/in" -- -t -i
    row "a path of 3800 characters" "end=exit 0" mail=added log=file "${ids[@]}" 'header~ddd%\.\.\.; uid=' 'cwd~ddd\\\.\.\.$'
    line=$HEADER
    ok "$flavour: the header is at most 988 bytes" test "${#line}" -le 988
    ok "$flavour: the record is at most 4096 bytes" test "$(wc -L <"$SW_LOG")" -lt 4096
    call --mkdir-cd "$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long/$long" -- -t -i
    row "a path longer than PATH_MAX" "end=exit 0" mail=added log=file "${ids[@]}" cwd=- \
        'header~^X-Additional-Header: \(unknown\); uid='
    call --mkdir-cd gone --rmdir -- -t -i
    row "a directory that is gone" "end=exit 0" mail=added log=file "${ids[@]}" 'cwd~/gone \(deleted\)$' \
        "header~: $PAGES.*\(deleted\); uid="
    mkdir -p /root/hidden/in
    chmod 700 /root/hidden
    CALLER=root call --cd /root/hidden/in --gid "$GID274" --uid "$UID274" -- -t -i
    row "a directory that the caller may not read" "end=exit 0" mail=added log=file "${ids[@]}" cwd=/root/hidden/in \
        'header~^X-Additional-Header: /root/hidden; uid='
    log_is_clean "the log stays clean"

    # --- the message's claims
    sent 'From: \033[2J"a\\" <b@c>\nSubject: =?x\033]0;t\007 \302\205\342\200\256 \377\nMessage-ID: <a b> uid=0\n'`
        `'X-PHP-Originating-Script: 0:x.php\001\nTo: a, b,\n c\n\nbody\n'
    call -- -t -i
    row "control bytes in the message's fields" "end=exit 0" mail=added log=file "${ids[@]}" rcpts=3
    log_is_clean "the log stays clean"
    sent 'To: alice\nSubject: x\n\nbody\n'
    call -- -t -i $'-Fa\nb' $'c\e[1m"\\' --
    row "control bytes in argv" "end=exit 0" mail=added log=file "${ids[@]}" 'args~-Fa\\nb'
    log_is_clean "the log stays clean"
    sent 'X-Additional-Header: /var/www/web275; uid=%s; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ\nTo: a\n\nb\n' "$UID275"
    call -- -t -i
    row "a forged header of our name stays below ours and is counted" "end=exit 0" mail=added log=file copies=1
    sent 'To: alice\nSubject: x\n\nbody\n'

    # --- the same in the other format
    if [ "$flavour" = setgid ]; then config 'log { format = "json" }'; else config "log { file = \"$CALLS\" format = \"json\" }"; fi
    sent 'From: \033[2J"a\\" <b@c>\nSubject: x\302\205\342\200\256 \377\001\nTo: a\n\nbody\n'
    call --mkdir-cd 'a"\n\\},{\x01\xff' --env $'SCRIPT_FILENAME=/"\n{' --title $'evil"\n\\' --comm $'"\n' -- -t -i $'-F"\n'
    log_is_clean "JSON stays clean"
    is "$flavour: JSON is one object in one line" "$(grep -c '^{.*}$' "$SW_LOG") $(wc -l <"$SW_LOG")" "1 1"
    config_more
    sent 'To: alice\nSubject: x\n\nbody\n'

    # --- time and zone are ours
    call --env TZ=:/etc/passwd --env LC_ALL=xx --env LOCPATH=/tmp -- -t -i
    row "TZ and locale are not read" "end=exit 0" log=file
    like "$flavour: the time is UTC" "$(head -c 40 "$SW_LOG")" '^20[0-9-]+T[0-9:]+\.[0-9]{6}\+00:00 '
done

# --- /proc that is not what it seems: a namespace of its own for each, made by root as a container would
proc_case()
{
    local desc=$1 mounts=$2 f
    shift 2
    for f in setgid plain; do
        flavour $f
        forget
        unshare -m sh -c "$mounts; cd $PAGES; exec callwith --gid $GID274 --uid $UID274 --report $W/report --out $W/out \
            --err $W/err --stdin file:$W/sent -- /usr/sbin/sendmail -t -i" >"$W/callwith" 2>&1
        load_report
        row "$desc" "end=exit 0" mail=added log=file "${ids[@]}" cwd=$PAGES "$@"
    done
}
mkdir -p "$W/fake/self" "$W/fake/1"
echo 'php-fpm: pool neighbour' | tee "$W/fake/self/comm" "$W/fake/1/comm" "$W/fake/1/cmdline" >/dev/null
proc_case "no /proc" "umount -l /proc" chain=- caller=- unit=- loginuid=-
proc_case "a /proc that is no procfs is not believed" "mount --bind $W/fake /proc" chain=- caller=- unit=- loginuid=-
proc_case "hidepid=2" "mount -t proc -o hidepid=2 proc /proc"
for f in setgid plain; do
    flavour $f
    CALLER=root call --pid1 --gid "$GID274" --uid "$UID274" -- -t -i
    # This procfs counts other pids: PID 1 in it is the bed's, not our parent.
    row "the /proc of another pid namespace" "end=exit 0" mail=added log=file "${ids[@]}" pid=2 caller=- chain=-
done
done_testing
