#!/bin/bash
# A sandbox in which a system call fails with EPERM (systemd's SystemCallFilter=, container engines): every call that the
# wrapper and its feeder make, one at a time, and the groups that such sandboxes forbid. The mail is whole with its
# header and recorded; or, without a call that nothing can be sent without, refused with a status and a line on stderr.
# The filter is root's, so set-gid stays in effect; once more with no_new_privs, as systemd sets it for units with User=.
# bed: base
. /t/e2e/attack-lib.sh

[ -x /tools/bare-mta ] || { skip "sandboxes" "no bare-mta for this machine"; done_testing; }
cp /tools/bare-mta /usr/sbin/sendmail
attack_setup
flavour=setgid
flavour setgid

sent 'To: alice\nSubject: x\n\nbody\n'
cp "$W/sent" "$W/small"
{ cat "$W/small" && head -c 400000 /dev/zero | tr '\0' x | fold; } >"$W/large"

# Which calls those are: two runs, of which the second needs the feeder and syslog.
cd /var/www/web274/htdocs || bail "no htdocs"
trace() { strace -qq -f -u web274 -e trace=all -e signal=none -o "$W/trace.$1" /usr/sbin/sendmail -t -i; }
trace small <"$W/small" >"$W/out" || bail "the plain call fails"
rm "$SW_LOG"
trace large < <(cat "$W/large") >"$W/out"
mapfile -t TRACED < <(sed -nE 's/^[0-9]+ +(<\.\.\. )?([a-z_0-9]+)(\(| resumed).*/\2/p' "$W/trace.small" "$W/trace.large" | sort -u)
log_reset
ok "there are calls: ${#TRACED[@]}" test ${#TRACED[@]} -gt 30

# What must be found after a call with message $1; what is not so goes to BAD.
delivered()
{
    local line
    [ "$END" = "exit 0" ] || BAD+=("$1: $END")
    line=$(msgcmp "$W/$1" "$W/out") || true
    [[ $line == 'added offset=0 '* ]] || BAD+=("$1: ${line:0:200}")
    [ ${#RECORDS[@]} -eq 1 ] || BAD+=("$1: ${#RECORDS[@]} records")
    [[ ${RECORDS[0]:-} == *' action=deliver' ]] || BAD+=("$1: ${RECORDS[*]:-}")
}
whole()
{
    delivered "$1"
    [[ ${RECORDS[0]:-} == *" uid=$UID274 "* ]] || BAD+=("$1: ${RECORDS[0]:-}")
}
refused()
{
    [[ $END =~ ^exit\ [1-9] ]] || BAD+=("$1: $END")
    [ ! -s "$W/out" ] || BAD+=("$1: the MTA got $(stat -c %s "$W/out") bytes")
    [[ $(<"$W/err") == 'sendmail-wrapper: '* ]] || BAD+=("$1: stderr: $(<"$W/err")")
    # A first record may say "deliver"; the one that corrects it is the later.
    [[ ${RECORDS[-1]:-} == *' action=refuse' ]] || BAD+=("$1: ${RECORDS[*]:-}")
}
# Whole, but for the header: the record says why.
headerless()
{
    [ "$END" = "exit 0" ] && cmp -s "$W/$1" "$W/out" || BAD+=("$1: $END, $(stat -c %s "$W/out") bytes")
    [ ${#RECORDS[@]} -eq 1 ] && [[ ${RECORDS[0]} == *' why="'*' action=deliver' ]] || BAD+=("$1: ${RECORDS[*]:-}")
}
fits() { if [ "$1" = small ]; then whole "$1"; else refused "$1"; fi; }
either() { if [ "$END" = "exit 0" ]; then whole "$1"; else refused "$1"; fi; }
nothing()
{
    [ "$END" != "exit 0" ] || BAD+=("$1: $END")
    [ ! -s "$W/out" ] || BAD+=("$1: the MTA got $(stat -c %s "$W/out") bytes")
}
if_it_starts() { if [ "$END" = "exit 0" ]; then whole "$1"; else nothing "$1"; fi; }
no_output() { [ "$END" = "exit 98" ] && [ ${#RECORDS[@]} -eq 1 ] || BAD+=("$1: $END ${RECORDS[*]:-}"); }

# denied CALLS OUTCOME [OPTION...]: a small message, and one that needs the feeder.
denied()
{
    local calls=$1 outcome=$2 size
    shift 2
    BAD=()
    for size in small large; do
        CALLER=root call --then-gid "$GID274" "$@" --deny "$calls=EPERM" --then-uid "$UID274" \
            --stdin pipe --send-file "$W/$size" -- -t -i
        collect
        RECORDS=(${FILE_RECORDS[@]+"${FILE_RECORDS[@]}"} ${SYSLOG_RECORDS[@]+"${SYSLOG_RECORDS[@]}"})
        "$outcome" $size
        [ "$END" != "exit 125" ] || [ "$calls" = execve ] || BAD+=("callwith failed: $(<"$W/err")")
    done
    [ ${#BAD[@]} -eq 0 ] && tap_line ok "$flavour: $calls: $outcome" && return
    tap_line 'not ok' "$flavour: $calls: $outcome"
    note "$(printf '%s\n' "${BAD[@]}")"
    note "stderr: $(<"$W/err")"
}

# Those whose loss is more than a detail; all others: the message is whole, with header and record.
declare -A OUTCOME=(
    # Who the caller is, and that the right to the log is given up, must be known.
    [getgid]=refused [getegid]=refused [getresgid]=refused [setresgid]=refused [getuid]=refused
    # Nothing can be read, or the real sendmail not be looked at, or not get the message.
    [read]=refused [open]=refused [dup2]=refused [stat]=either [access]=either [pread64]=either
    # No pipe that could be written without waiting.
    [fcntl]=headerless
    # A message that does not fit the pipe needs another process.
    [clone]=fits [wait4]=fits
    # The C library's own, without which no program starts (poll: musl's, in a set-id program; mprotect: glibc's), or none can be started.
    [arch_prctl]=nothing [execve]=nothing [poll]=if_it_starts [mprotect]=if_it_starts
    # The record goes by syslog, the message into the pipe; then the MTA cannot write it.
    [write]=no_output
)
# A C library that has only the newer names uses them for everything.
[[ " ${TRACED[*]} " == *' open '* ]] || OUTCOME[openat]=either
[[ " ${TRACED[*]} " == *' stat '* ]] || OUTCOME[newfstatat]=either
for name in "${TRACED[@]}"; do
    denied "$name" "${OUTCOME[$name]:-whole}"
done
# What sandboxes forbid together: not in an old list of "safe" calls; copying in the kernel; newer names of old calls.
for names in splice,tee,vmsplice,sendfile close_range,pidfd_open,pidfd_send_signal,statx,faccessat2,clone3,openat2,rseq \
    prctl,getrandom,prlimit64,getcwd,uname,chdir \
    splice,tee,vmsplice,pipe2,writev,close_range,pidfd_open,pidfd_send_signal,prctl,getrandom,prlimit64,fstatfs,readlinkat; do
    denied "$names" whole
done

# With no_new_privs set-gid is not in effect: the record goes to syslog, and there is nothing to give up.
flavour="no_new_privs"
OUTCOME[setresgid]=whole OUTCOME[getresgid]=whole OUTCOME[poll]=whole OUTCOME[getegid]=either OUTCOME[getgid]=either
# Nor is there a record without syslog; then nothing is sent.
for name in socket connect sendto; do OUTCOME[$name]=unrecorded; done
unrecorded() { nothing "$1"; [ ${#RECORDS[@]} -eq 0 ] && [ -s "$W/err" ] || BAD+=("$1: ${RECORDS[*]:-} $(<"$W/err")"); }
for name in "${TRACED[@]}"; do
    denied "$name" "${OUTCOME[$name]:-whole}" --no-new-privs
done
denied splice,tee,vmsplice,pipe2,writev,close_range,pidfd_open,pidfd_send_signal,prctl,getrandom,prlimit64,fstatfs,setresgid whole \
    --no-new-privs
done_testing
