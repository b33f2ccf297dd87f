#!/bin/bash
# Limits that a caller sets to get his mail out unseen, or to break the call. Whatever the limit: either the mail went
# out whole, with our line, and there is one record of it; or nothing went out and he got EX_OSERR.
# docs/threat-model.md, "When something fails".
# bed: base
. /t/e2e/attack-lib.sh
flavour=
attack_setup
own_user limited 2>/dev/null
LIMITED_CWD=/home/limited

large() { { printf 'To: alice\n\n'; head -c "$1" /dev/urandom; } >"$W/sent"; }
small() { sent 'To: alice\nSubject: x\n\nbody\n'; }

# A call with 200 kB in the log before it. GREW: bytes that came in.
call_with_grown_log()
{
    forget
    head -c 200000 /dev/zero | tr '\0' '\n' >"$SW_LOG"
    [ "$flavour" = setgid ] || chown limited: "$CALLS"
    callwith --cd "$LIMITED_CWD" --gid "$(id -g limited)" --uid "$(id -u limited)" --report "$W/report" --err "$W/err" \
        --stdin "file:$W/sent" "$@" -- /usr/sbin/sendmail -t -i
    load_report
    GREW=$(($(stat -c %s "$SW_LOG") - 200000))
    : >"$SW_LOG"
}

fsize()
{
    local desc=$1
    shift
    call_with_grown_log "$@"
    is "$flavour: $desc: no byte came into the log" "$GREW" 0
    row "$desc" "end=exit 0" mail=added log=syslog why=FSIZE
}

# A call by a user of this bed alone.
limited()
{
    [ "$flavour" = setgid ] || chown limited: "$CALLS"
    CALLER=limited CALL_CD=$LIMITED_CWD call "$@"
}

# Whether our program (--version is answered before anything is done) or the MTA cannot even be started under the options
# given: the kernel kills a program that it cannot load, and musl a set-gid one that may not have descriptors 0 to 2.
cannot_start()
{
    PROGRAM=$W/sendmail-wrapper limited "$@" -- --version
    [[ $END != signal* ]] || return 0
    PROGRAM=$REAL limited "$@" -- -t -i
    [[ $END == signal* ]]
}
ln -sf /usr/sbin/sendmail "$W/sendmail-wrapper"

# The rule of this file. Options as those of callwith.
all_or_nothing()
{
    local desc=$1 records seen why
    shift
    limited "$@" -- -t -i
    collect
    records=$((${#FILE_RECORDS[@]} + ${#SYSLOG_RECORDS[@]}))
    seen=$END
    case $END in
    'exit 0')
        parse_record "${FILE_RECORDS[0]:-${SYSLOG_RECORDS[0]:-}}"
        why=${RECORD[why]:-}
        # Where no pipe can be had the message goes as it is, and the record says so.
        if [[ $why == *'without the header'* ]]; then
            row "$desc: delivered whole, recorded without the header" mail=same 'id~^[0-9A-Z]{26}$'
        else
            row "$desc: delivered whole" mail=added 'id~^[0-9A-Z]{26}$'
        fi
        is "$flavour: $desc: one record" "$records" 1
        ;;
    'exit 71')
        row "$desc: refused, nothing sent" mail=none
        ;;
    *)
        runs
        if [ ${#RUNS[@]} -eq 0 ] && cannot_start "$@"; then
            pass "$flavour: $desc: cannot be started, nothing sent"
        else
            fail "$flavour: $desc: $seen"
            note "$records records, the MTA ran ${#RUNS[@]} times"
        fi
        ;;
    esac
    SUMMARY+="$flavour: $desc: $seen, $records records${why:+ ($why)}"$'\n'
}
SUMMARY=

for build in setgid plain; do
    flavour $build
    small

    # --- RLIMIT_FSIZE: the log is larger than the limit, or nearly
    fsize "RLIMIT_FSIZE below the log's size" --soft FSIZE=100000
    fsize "RLIMIT_FSIZE at the log's size" --soft FSIZE=200000
    fsize "RLIMIT_FSIZE in the middle of the record" --soft FSIZE=200100
    fsize "RLIMIT_FSIZE hard" --limit FSIZE=100000
    fsize "RLIMIT_FSIZE 0" --soft FSIZE=0
    fsize "RLIMIT_FSIZE with SIGXFSZ at its default and unblocked" --soft FSIZE=0 --pend USR1
    limited --soft FSIZE=100000 --ignore XFSZ -- -t -i
    row "RLIMIT_FSIZE with room enough" "end=exit 0" mail=added log=file

    # Without a syslogd the same caller gets nothing out.
    kill "$SINK"
    rm -f /dev/log
    SINK=
    call_with_grown_log --soft FSIZE=0
    row "RLIMIT_FSIZE and no syslogd: refused" "end=exit 71" mail=none 'stderr~.'
    SINK=$(syslog-sink /dev/log "$W/syslog")

    # --- RLIMIT_NOFILE
    for n in 0 1 2 3 4 5 6 8 16; do
        all_or_nothing "RLIMIT_NOFILE $n" --soft NOFILE=$n
        all_or_nothing "hard RLIMIT_NOFILE $n" --limit NOFILE=$n
    done
    large 300000
    for n in 3 4 5 6 8; do
        all_or_nothing "RLIMIT_NOFILE $n, 300 kB" --soft NOFILE=$n
    done

    # --- RLIMIT_NPROC: no fork for a feeder
    large 300000
    all_or_nothing "RLIMIT_NPROC 0, 300 kB through a pipe" --limit NPROC=0
    all_or_nothing "RLIMIT_NPROC 0, 300 kB from a file" --stdin "file:$W/sent" --limit NPROC=0
    small
    all_or_nothing "RLIMIT_NPROC 0, a small message" --limit NPROC=0

    # --- memory
    for kb in 512 1024 2048 3072 4096 8192 16384; do
        all_or_nothing "RLIMIT_AS $kb KiB" --limit AS=$((kb * 1024))
    done
    for kb in 8 64 128 256 1024; do
        all_or_nothing "RLIMIT_STACK $kb KiB" --limit STACK=$((kb * 1024))
    done
    all_or_nothing "RLIMIT_DATA 0" --limit DATA=0
    all_or_nothing "RLIMIT_DATA 64 KiB" --limit DATA=65536
    limited --limit CPU=1 --limit CORE=0 --limit MEMLOCK=0 --limit SIGPENDING=0 --limit MSGQUEUE=0 -- -t -i
    row "other limits" "end=exit 0" mail=added log=file
    same_as_direct "the MTA gets the limits as they were" --soft FSIZE=100000 --limit NOFILE=64 --soft NPROC=5 --limit CPU=9 \
        --soft STACK=4194304 --limit CORE=0 --limit MEMLOCK=4096 -- -t -i

    # --- pipes of one or two pages: pipe-user-pages-soft is used up
    for size in 100 3000 4096 8192 9000 65536 300000; do
        large $size
        limited --fill-pipes -- -t -i
        row "a pipe holds one or two pages, $size bytes" "end=exit 0" mail=added log=file
    done
    large 300000
    all_or_nothing "small pipes and no fork, 300 kB" --fill-pipes --limit NPROC=0
    large 20000
    all_or_nothing "small pipes and no fork, 20 kB" --fill-pipes --limit NPROC=0
    small

    # --- seccomp: a system call fails as the caller likes. He needs no_new_privs for it, so set-gid is not in effect
    for deny in open=EPERM socket=EPERM socket=ENOSYS connect=EPERM sendto=EPERM pipe2=EPERM clone=EPERM splice=EPERM \
        splice=ENOSYS writev=EPERM getcwd=EPERM getrandom=ENOSYS fstat=EPERM poll=EPERM; do
        all_or_nothing "seccomp, $deny" --no-new-privs --deny $deny
    done
    large 300000
    for deny in clone=EPERM splice=ENOSYS splice=EPERM splice=EINVAL poll=EPERM; do
        all_or_nothing "seccomp, $deny, 300 kB" --no-new-privs --deny $deny
    done
    small

    # --- argv
    log_reset
    call --more-args 8x131000 -- -t -i
    row "argv of 1 MiB" "end=exit 0" mail=added log=file "uid=$UID274"
    ok "$flavour: the record stays within 4 KiB" test "$(wc -L <"$SW_LOG")" -lt 4096
    same_as_direct "argv of 1 MiB reaches the MTA" --more-args 8x131000 -- -t -i
    call --more-args 4000x1 -- -t -i
    row "argv of 4000 words" "end=exit 0" mail=added log=file
    call --argc0 -- -t -i
    row "argc 0: a submission" "end=exit 0" mail=added log=file mode=submit
    call --argv0 '' -- -t -i
    row "an empty argv[0]" "end=exit 0" mail=added log=file
    call --env "BIG=$(head -c 120000 /dev/zero | tr '\0' e)" --env "BIG2=$(head -c 120000 /dev/zero | tr '\0' e)" -- -t -i
    row "a large environment" "end=exit 0" mail=added log=file
    same_as_direct "a large environment reaches the MTA" --env "BIG=$(head -c 120000 /dev/zero | tr '\0' e)" -- -t -i
done
note "$SUMMARY"
done_testing
