#!/bin/bash
# An SMTP session (-bs) in a sandbox where a system call fails with EPERM, each one that the filter makes in turn. The
# session is whole, its message with header and records; or it goes past us untouched and the record says so; or it is
# refused. What never happens: a client that waits for ever, or a 250 for a message that is damaged or not recorded.
# The null MTA stands under the same filter; where it cannot serve a session without us either, only the end is looked at.
# bed: base
. /t/e2e/attack-lib.sh

attack_setup
flavour setgid
config 'mta = "postfix"'
cat >"$W/script" <<'END'
<
hello
mail
rcpt
data
> Subject: x
> 
> body
dot
quit
eof
END
cd /var/www/web274/htdocs || bail "no htdocs"

# session PROGRAM [OPTION...]: what the client saw; what the MTA filed: MESSAGE; ACCEPTED: the message was; RECORDS.
session()
{
    local program=$1
    forget
    shift
    perl /t/e2e/smtp-client --timeout 10 "$W/script" -- /tools/callwith --timeout 8 --then-gid "$GID274" "$@" \
        --then-uid "$UID274" --err "$W/err" -- "$program" -bs >"$W/seen" 2>&1
    MESSAGE=$(cat "$F"/*.message.1 2>/dev/null | tr -d '\r')
    END=$(sed -n 's/^end //p' "$W/seen")
    ACCEPTED=$(grep -c '^S: 250 2\.0\.0 filed' "$W/seen")
    collect
    RECORDS=$(printf '%s\n' ${FILE_RECORDS[@]+"${FILE_RECORDS[@]}"} ${SYSLOG_RECORDS[@]+"${SYSLOG_RECORDS[@]}"})
}

session "$REAL"
PLAIN=$MESSAGE
is "without the wrapper there is a session" "$ACCEPTED $END $PLAIN" $'1 exit 0 Subject: x\n\nbody'
strace -qq -f -u web274 -e signal=none -o "$W/trace" /usr/sbin/sendmail -bs >"$W/out" \
    <<<$'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a>\r\nDATA\r\nSubject: x\r\n\r\nb\r\n.\r\nQUIT\r'
# Ours are the first process, and the MTA's until it becomes the MTA.
mapfile -t TRACED < <(awk 'NR == 1 {ours = $1} $1 != ours && mta {next} $1 != ours && /execve/ {mta = 1} {print}' \
    "$W/trace" | sed -nE 's/^[0-9]+ +(<\.\.\. )?([a-z_0-9]+)(\(| resumed).*/\2/p' \
    | sort -u | grep -vx execve) # without that one nothing at all starts
log_reset
ok "there are calls: ${#TRACED[@]}" test ${#TRACED[@]} -gt 30

# outcome: whole, past (untouched, and the record says so), refused (with a status and a line on stderr), unserved (no
# message was accepted, and the client knows), ended (the MTA alone does not serve either), or what is wrong.
outcome()
{
    local header=${MESSAGE%%$'\n'*}
    if [[ ! $END =~ ^(exit|signal) ]] || [ "$END" = "exit 124" ]; then
        echo "no end: $END"
    elif [ "$SERVES" = no ]; then
        echo ended
    elif [ "$ACCEPTED" = 0 ]; then
        if [ -n "$MESSAGE" ]; then echo "filed and not accepted"
        elif [ "$END" != "exit 0" ] && [[ $(<"$W/err") == sendmail-wrapper:* ]]; then echo refused
        else echo unserved; fi
    elif [[ $header == 'X-Additional-Header: '* ]] && [ "${MESSAGE#*$'\n'}" = "$PLAIN" ]; then
        # Whether the message is whole does not hang on the status.
        if [ "$END" != "exit 0" ]; then echo "whole, $END"
        elif [ "$(grep -c " id=${header##*; id=} mode=smtp .*action=deliver$" <<<"$RECORDS")" = 1 ]; then echo whole
        else echo "no record of the message"; fi
    elif [ "$MESSAGE" = "$PLAIN" ] && grep -q ' mode=smtp .* opaque=' <<<"$RECORDS"; then
        echo past
    else
        echo "accepted, but: $MESSAGE"
    fi
}

# denied CALLS WANT: WANT is an ERE of outcomes. Where the MTA alone does not serve the session, it says nothing.
denied()
{
    local got want=$2
    session "$REAL" --deny "$1=EPERM"
    SERVES=yes
    [ "$ACCEPTED $END $MESSAGE" = "1 exit 0 $PLAIN" ] || SERVES=no want=ended
    session /usr/sbin/sendmail --deny "$1=EPERM"
    got=$(outcome)
    [ "$END" != "exit 125" ] || got="callwith failed"
    [[ $got =~ ^($want)$ ]] && tap_line ok "$1: $got" && return
    tap_line 'not ok' "$1: $want"
    note "got: $got, end $END" "$(<"$W/seen")" "$(<"$W/err")" "$RECORDS"
}

declare -A WANT=(
    # Who the caller is, and that the right to the log is given up, must be known; the real sendmail must be looked at.
    [getuid]=refused [getgid]=refused [getegid]=refused [getresgid]=refused [setresgid]=refused
    [open]=refused [openat]='whole|refused' [stat]=refused [newfstatat]='whole|refused' [access]=refused
    # What the filter needs to stand between the two.
    [dup2]=refused [fcntl]=past [signalfd4]=past [pipe2]='whole|past' [vfork]='past|refused' [clone]='past|refused'
    [rt_sigprocmask]='whole|past' [wait4]='whole, exit 71' # what became of the MTA cannot be known
    # No set-id program starts with musl's start-up check.
    [poll]='unserved|whole'
)
for name in "${TRACED[@]}"; do
    denied "$name" "${WANT[$name]:-whole}"
done
denied splice,tee,close_range,pidfd_open,pidfd_send_signal,prctl,getrandom,prlimit64,fstatfs,readlinkat whole
done_testing
