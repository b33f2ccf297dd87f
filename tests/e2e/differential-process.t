#!/bin/bash
# What the MTA finds as a process, with and without the wrapper: arguments, environment, directory, limits, signals, descriptors, children;
# before it reads its stdin and after. For each dialect and kind of call. (What real MTAs make of messages: the other differential tests.)
# bed: base
. /t/e2e/attack-lib.sh
attack_setup
mta
flavour setgid

ARGS=() # of the call
submitted=yes

# What a run left, without what must differ: process numbers, and for a submission what stdin is.
process_report()
{
    local run=$1
    grep -v -e '^pid ' -e '^ppid ' -e '^bytes ' "$run.report" "$run.end" -h \
        | if [ "$submitted" = yes ]; then sed '/^fd 0 /d'; else cat; fi | sed "s/ ${run##*/}\$/ self/"
    tr '\0' '\n' <"$run.argv"
    tr '\0' '\n' <"$run.environ"
}

# differs DESC [CALLWITH OPTIONS]: one case. Without the wrapper the same file is run by its diverted name, so the name for ps is not
# compared; nor is what the kernel takes of a set-gid program (docs/forced-differences.md: stack limit, death signal and the like).
differs()
{
    local desc=$1 out run
    shift
    PROGRAM=$REAL call --argv0 /usr/sbin/sendmail "$@" -- "${ARGS[@]}"
    runs
    [ ${#RUNS[@]} -eq 1 ] || { fail "$desc"; note "without the wrapper: ${#RUNS[@]} runs, $END"; return; }
    process_report "${RUNS[0]%.argv}" >"$W/direct"
    DIRECT="$END, $(cat "$W/out" "$W/err")"
    call "$@" -- "${ARGS[@]}"
    runs
    [ ${#RUNS[@]} -eq 1 ] || { fail "$desc"; note "through the wrapper: ${#RUNS[@]} runs, $END"; return; }
    process_report "${RUNS[0]%.argv}" >"$W/wrapped"
    out=$(diff "$W/direct" "$W/wrapped" | cut -c 1-200)
    if [ -z "$out" ] && [ "$END, $(cat "$W/out" "$W/err")" = "$DIRECT" ] && [ "$ERR_EOF" != no ]; then
        pass "$desc"
        return
    fi
    fail "$desc"
    note "$out" "the caller saw: $END; without: $DIRECT"
}

conditions()
{
    local kind=$1
    shift
    differs "$kind"
    differs "$kind: an environment that a set-gid program loses" --env TMPDIR=/var/tmp --env LD_LIBRARY_PATH=/lib --env TZ=Asia/Tokyo \
        --env LOCALDOMAIN=x --env RES_OPTIONS=debug --env NLSPATH=/x --env HOSTALIASES=/x --env 'BASH_FUNC_x%%=() { :; }'
    differs "$kind: no environment" --clear-env
    differs "$kind: an odd environment" --env = --env NAME --env A=1 --env A=2 --env "$(printf 'X=\xff\n')"
    differs "$kind: limits" --limit NOFILE=64 --soft FSIZE=1000000 --soft CORE=0 --limit CPU=20 --soft NPROC=1000
    differs "$kind: umask, nice, session" --umask 077 --nice 5 --setsid
    differs "$kind: descriptors" --fd 3=ro:/etc/passwd --fd 9=app:/dev/null --fd 60=rw:/dev/null
    differs "$kind: signals ignored" --ignore PIPE,CHLD,HUP,INT,XFSZ,ALRM
    differs "$kind: signals blocked" --block PIPE,CHLD,HUP,INT,XFSZ,TERM
    differs "$kind: a pending signal, an alarm" --pend USR1 --alarm 50
    differs "$kind: no_new_privs" --no-new-privs
    differs "$kind: a directory that is gone" --mkdir-cd gone --rmdir
}

for dialect in postfix sendmail exim opensmtpd msmtp nullmailer dma ssmtp esmtp courier qmail; do
    sed -i "s/ mta=[a-z]*/ mta=$dialect/" /var/lib/sendmail-wrapper/target
    submitted=yes
    sent 'To: alice\nSubject: x\n\nbody\n'
    ARGS=(-t -i)
    conditions "$dialect, a message"
    case $dialect in postfix | sendmail | exim | ssmtp) ;; *) continue ;; esac
    { printf 'To: alice\nSubject: x\n\n'; head -c 700000 /dev/zero | tr '\0' 'x' | fold -w 70; } >"$W/sent"
    conditions "$dialect, a message that is copied"
    submitted=no
    sent ''
    ARGS=(-bp)
    conditions "$dialect, mailq"
done
mta 'read none' 'exit 75' 'say refused'
submitted=yes
ARGS=(-t -i)
differs "an MTA that reads nothing"
done_testing
