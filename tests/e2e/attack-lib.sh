# shellcheck shell=bash disable=SC2034,SC2154,SC2119,SC2120 # tests use the variables; some come from lib.sh
# attack-lib.sh - what the attack tests share: a null MTA behind the wrapper, a hostile caller in front, and
# one line of test for each row of the failure table: what the mail, the caller and the admin get.
#
#   attack_setup            null MTA as the real sendmail, the wrapper diverted in front, a /dev/log that is read
#   flavour setgid|plain    the binary as installed, called by web274; or without the set-gid bit, with a log
#                           file of web274's own. Sets $flavour, back to the shipped configuration.
#   mta LINES               /etc/null-mta.conf (see tests/tools/null-mta.c)
#   config LINES            the configuration, root's, 0644
#   sent FORMAT             the message: printf(1) format, to $W/sent
#   call [OPTIONS] -- ARGS  callwith OPTIONS, as web274, runs /usr/sbin/sendmail ARGS. Without --stdin: $W/sent
#                           through a pipe. CALLER=root|USER calls as another one, PROGRAM=... another program.
#   row DESC WANT...        one TAP line; it holds if each WANT does:
#     end=exit N|signal X     how the program ended, as its caller sees it
#     mail=added              the MTA ran once and got what was sent plus our line, at the beginning
#     mail=added@N[:crlf][:blank]   the same at byte N, ended by CRLF, followed by an empty line
#     mail=same|none|ran      it got what was sent and no line; it never ran; it ran (not compared)
#     log=file|syslog|both|none     where the record is: exactly one, nowhere else
#     why=ERE  why=-          the record's why, or that it has none
#     KEY=VALUE  KEY~ERE  KEY=-     a key of the record as written (escaped), or absent
#     admin~ERE               some line in syslog that is no record;  admin=-: there is none
#     stderr=-  stderr~ERE    what the caller reads there;  stdout=-: nothing
#     header~ERE              our line in the message
#     unread                  stdin was left as it was (only after `call_unread`)
#   same_as_direct DESC [OPTIONS] -- ARGS    what the MTA finds is what it would find without the wrapper

. /t/e2e/lib.sh

F=/var/tmp/null-mta    # what the null MTA files
W=/var/tmp/attack      # messages, reports
CALLS=/var/tmp/web274/calls.log
REAL=/usr/sbin/sendmail.real
UID274=$(id -u web274)
GID274=$(id -g web274)
declare -A RECORD
flavour=

mta() { printf '%s\n' "dir $F" "$@" >/etc/null-mta.conf; }
config() { rm -rf "$SW_CONFIG"; printf '%s\n' "$@" >"$SW_CONFIG"; chmod 644 "$SW_CONFIG"; }
# shellcheck disable=SC2059 # it is a format
sent() { printf "$@" >"$W/sent"; }
runs() { RUNS=("$F"/*.argv); [ -e "${RUNS[0]}" ] || RUNS=(); }

attack_setup()
{
    mkdir -p "$F" "$W" /var/tmp/web274
    chmod 1777 "$F" "$W"
    chown web274: /var/tmp/web274
    [ -e /usr/sbin/sendmail ] || cp /tools/null-mta /usr/sbin/sendmail
    divert_by_hand postfix
    cp "$SW_CONFIG" "$W/shipped.conf"
    SHIPPED_LOG=$SW_LOG
    : >"$W/syslog"
    SINK=$(syslog-sink /dev/log "$W/syslog") || bail "no syslog sink"
    mta
    sent 'To: alice\nSubject: x\n\nbody\n'
}

log_reset()
{
    rm -rf "$SHIPPED_LOG" "$CALLS"
    install -o root -g sendmail-wrapper -m 620 /dev/null "$SHIPPED_LOG"
    install -o web274 -g web274 -m 600 /dev/null "$CALLS"
}

flavour()
{
    flavour=$1
    install -o root -g sendmail-wrapper -m 755 /usr/sbin/sendmail-wrapper /usr/sbin/sendmail.new
    cp "$W/shipped.conf" "$SW_CONFIG"
    SW_LOG=$SHIPPED_LOG
    if [ "$flavour" = setgid ]; then
        chmod 2755 /usr/sbin/sendmail.new
    else
        SW_LOG=$CALLS
        config "log { file = \"$CALLS\" }"
    fi
    mv /usr/sbin/sendmail.new /usr/sbin/sendmail
    log_reset
}

# Lines added to what the flavour needs.
config_more()
{
    if [ "$flavour" = setgid ]; then config "$@"; else config "log { file = \"$CALLS\" }" "$@"; fi
}

caller_ids()
{
    if [ "${CALLER:-web274}" = root ]; then
        IDS=()
    else
        IDS=(--gid "$(id -g "${CALLER:-web274}")" --uid "$(id -u "${CALLER:-web274}")")
    fi
}

forget()
{
    rm -f "$F"/* "$W/report" "$W/out" "$W/err"
    : >"$W/syslog"
    [ ! -f "$SW_LOG" ] || [ -L "$SW_LOG" ] || : >"$SW_LOG"
}

load_report()
{
    local key value
    END='not started' FED=0 FEED='' ERR_EOF='' STRANGERS='' STRANGERS_LEFT='' PID=''
    [ -s "$W/report" ] || return
    while read -r key value; do
        case $key in
        end) END=$value ;;
        pid) PID=$value ;;
        fed) FED=$value ;;
        feed) FEED=$value ;;
        err_eof) ERR_EOF=$value ;;
        strangers) STRANGERS=$value ;;
        strangers_left) STRANGERS_LEFT=$value ;;
        esac
    done <"$W/report"
}

call()
{
    local options=() stdin=(--stdin pipe --send-file "$W/sent")
    while [ "$1" != -- ]; do
        case $1 in
        --stdin | --send*) stdin=() ;;
        esac
        options+=("$1")
        shift
    done
    shift
    forget
    caller_ids
    (
        cd "${CALL_CD:-/var/www/web274/htdocs}" || exit
        program=${PROGRAM:-/usr/sbin/sendmail}
        unset PROGRAM CALLER CALL_CD # no part of the caller's environment
        callwith --timeout 20 "${IDS[@]}" --report "$W/report" --out "$W/out" --err "$W/err" "${stdin[@]}" "${options[@]}" \
            -- "$program" "$@"
    ) >"$W/callwith" 2>&1
    load_report
    [ "$END" != 'not started' ] || note "$(cat "$W/callwith")"
}

# Calls with a file as stdin and leaves in $W/rest what the program did not read of it.
call_unread()
{
    forget
    caller_ids
    # shellcheck disable=SC2094 # two descriptors, two purposes
    {
        callwith --timeout 20 "${IDS[@]}" --report "$W/report" --out "$W/out" --err "$W/err" "${@:1:$#-0}"
        cat >"$W/rest"
    } <"$W/sent" >"$W/callwith" 2>&1
    load_report
}

# --- what the admin got -----------------------------------------------------------------------------------

# A line that we sent has arrived: so has all that was sent before it.
sync_syslog()
{
    local mark="mark-$RANDOM$RANDOM" i line
    [ -n "${SINK:-}" ] || return 0
    logger -u /dev/log "$mark" || return 0
    for ((i = 0; i < 500; i++)); do
        [[ $(<"$W/syslog") != *"$mark"* ]] || return 0
        sleep 0.01
    done
    note "syslog-sink does not answer"
}

collect()
{
    local line
    FILE_RECORDS=() SYSLOG_RECORDS=() SYSLOG_OTHER=()
    [ ! -f "$SW_LOG" ] || mapfile -t FILE_RECORDS <"$SW_LOG"
    sync_syslog
    while IFS= read -r line; do
        if [[ $line =~ ^[^\"]*sendmail-wrapper\[[0-9]+\]:\ id= ]]; then
            SYSLOG_RECORDS+=("$line")
        elif [[ $line != *mark-* ]]; then
            SYSLOG_OTHER+=("$line")
        fi
    done <"$W/syslog"
    runs
}

# The keys of a record line into RECORD, values as written. False if it is no whole record.
parse_record()
{
    local rest=$1 key=''
    local pair='^([a-z_]+)=("(([^"\\]|\\.)*)"|([^" ]*))( |$)'
    RECORD=()
    rest=${rest#*'sendmail-wrapper['*']: '}
    while [[ $rest =~ $pair ]]; do
        key=${BASH_REMATCH[1]}
        RECORD[$key]=${BASH_REMATCH[3]}${BASH_REMATCH[5]}
        rest=${rest#"${BASH_REMATCH[0]}"}
    done
    [ -z "$rest" ] && [ "$key" = action ]
}

# --- rows -------------------------------------------------------------------------------------------------

check_mail()
{
    local want=$1 place line end
    runs
    case $want in
    none)
        [ ${#RUNS[@]} -eq 0 ] || BAD+=("the MTA ran ${#RUNS[@]} times, should not")
        return
        ;;
    esac
    [ ${#RUNS[@]} -eq 1 ] || { BAD+=("the MTA ran ${#RUNS[@]} times"); return; }
    [ "$want" != ran ] || return
    end=${RUNS[0]%.argv}.end
    [ -e "$end" ] || BAD+=("the MTA did not come to its end")
    line=$(msgcmp "$W/sent" "${RUNS[0]%.argv}.stdin") || true
    HEADER=${line#* line=}
    case $want in
    same) [ "$line" = same ] || BAD+=("$line") ;;
    added) [[ $line == 'added offset=0 '* ]] || BAD+=("$line") ;;
    added@*)
        place="added offset=$(sed 's/^added@//;s/:.*//' <<<"$want")"
        case $want in *:crlf*) place+=" eol=crlf" ;; *) place+=" eol=lf" ;; esac
        case $want in *:blank*) place+=" blank=yes" ;; *) place+=" blank=no" ;; esac
        [[ $line == "$place line="* ]] || BAD+=("want $place, got $line")
        ;;
    esac
}

check_log()
{
    local want_file=0 want_syslog=0
    case $1 in
    file) want_file=1 ;;
    syslog) want_syslog=1 ;;
    both) want_file=1 want_syslog=1 ;;
    esac
    [ ${#FILE_RECORDS[@]} -eq $want_file ] || BAD+=("${#FILE_RECORDS[@]} lines in the file, want $want_file")
    [ ${#SYSLOG_RECORDS[@]} -eq $want_syslog ] || BAD+=("${#SYSLOG_RECORDS[@]} records by syslog, want $want_syslog")
}

check_text()
{
    local what=$1 text=$2 ere=$3
    if [ "$ere" = - ]; then
        [ -z "$text" ] || BAD+=("$what: '$text', should be empty")
    else
        [[ $text =~ $ere ]] || BAD+=("$what: '$text' does not match '$ere'")
    fi
}

check_key()
{
    local key=$1 how=$2 want=$3
    [ "$want" != - ] || { [ -z "${RECORD[$key]+x}" ] || BAD+=("$key=${RECORD[$key]}, should be absent"); return; }
    [ -n "${RECORD[$key]+x}" ] || { BAD+=("no $key in the record"); return; }
    if [ "$how" = '=' ]; then
        [ "${RECORD[$key]}" = "$want" ] || BAD+=("$key: '${RECORD[$key]}', want '$want'")
    else
        [[ ${RECORD[$key]} =~ $want ]] || BAD+=("$key: '${RECORD[$key]}' does not match '$want'")
    fi
}

row()
{
    local desc="$flavour: $1" want record
    shift
    BAD=() HEADER='' RECORD=()
    collect
    record=${FILE_RECORDS[0]:-${SYSLOG_RECORDS[0]:-}}
    [ -z "$record" ] || parse_record "$record" || BAD+=("no whole record: $record")
    for want; do
        case $want in
        end=*) [ "$END" = "${want#end=}" ] || BAD+=("the caller saw '$END', want '${want#end=}'") ;;
        mail=*) check_mail "${want#mail=}" ;;
        log=*) check_log "${want#log=}" ;;
        why=-) check_key why = - ;;
        why=*) check_key why '~' "${want#why=}" ;;
        admin=-) check_text "other syslog lines" "${SYSLOG_OTHER[*]}" - ;;
        admin~*) check_text "syslog" "${SYSLOG_OTHER[*]}" "${want#admin~}" ;;
        stderr=-) check_text stderr "$(cat "$W/err" 2>/dev/null)" - ;;
        stderr~*) check_text stderr "$(cat "$W/err" 2>/dev/null)" "${want#stderr~}" ;;
        stdout=-) check_text stdout "$(head -c 500 "$W/out" 2>/dev/null | tr -d '\0')" - ;;
        header~*) check_text header "$HEADER" "${want#header~}" ;;
        unread) cmp -s "$W/sent" "$W/rest" || BAD+=("stdin was read") ;;
        feed=*) [ "$FEED" = "${want#feed=}" ] || BAD+=("feeding ended '$FEED', want ${want#feed=}") ;;
        *[a-z]~*) check_key "${want%%~*}" '~' "${want#*~}" ;;
        *=*) check_key "${want%%=*}" = "${want#*=}" ;;
        *) bail "unknown wish: $want" ;;
        esac
    done
    [ ${#BAD[@]} -eq 0 ] && tap_line ok "$desc" && return
    tap_line 'not ok' "$desc"
    note "$(printf '%s\n' "${BAD[@]}")"
    [ -z "$record" ] || note "record: ${record:0:1500}"
    [ ! -s "$W/err" ] || note "stderr: $(<"$W/err")"
    [ ${#SYSLOG_OTHER[@]} -eq 0 ] || note "syslog: ${SYSLOG_OTHER[*]:0:3}"
    return 1
}

# --- the same call without the wrapper --------------------------------------------------------------------

# What a run left, without what must differ: the numbers of processes, and what stdin is.
normalised()
{
    sed -e '/^pid /d' -e '/^ppid /d' -e '/^fd 0 /d' -e "s/ ${1##*/}\$/ self/" "$1.report" # sid and pgid, too
    tr '\0' '\n' <"$1.argv"
    tr '\0' '\n' <"$1.environ" | sed '/^_=/d'
}

same_as_direct()
{
    local desc="$flavour: $1" out
    shift
    PROGRAM=$REAL call --argv0 /usr/sbin/sendmail "$@"
    runs
    [ ${#RUNS[@]} -eq 1 ] || { tap_line 'not ok' "$desc"; note "no run without the wrapper: $END"; return; }
    normalised "${RUNS[0]%.argv}" >"$W/direct"
    DIRECT_END=$END
    call "$@"
    runs
    [ ${#RUNS[@]} -eq 1 ] || { tap_line 'not ok' "$desc"; note "no run through the wrapper: $END" \
        "$(<"$W/err")"; return; }
    normalised "${RUNS[0]%.argv}" >"$W/wrapped"
    out=$(diff "$W/direct" "$W/wrapped" | cut -c 1-300)
    [ "$END" = "$DIRECT_END" ] || out+=" end: $DIRECT_END, through the wrapper $END"
    [ -z "$out" ] && tap_line ok "$desc" && return
    tap_line 'not ok' "$desc"
    note "$out"
}
