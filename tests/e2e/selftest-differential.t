#!/bin/bash
# The differential test can fail: wrappers that are wrong in one way each, and the differences that it must report. On nullmailer, a few cases.
# bed: packages
# shellcheck disable=SC2016 # the wrappers' lines expand when they run
. /t/e2e/differential/lib.sh

messages='^(corpus: (plain|crlf|from-line) |option: -Z$)'
all='^(corpus: (plain|crlf|from-line) |stdin: slow plain|mode: -bp$|smtp: one-message, talking$|option: -Z$)'
export CASES=$all
without_wrapper nullmailer
enable_wrapper
mv /usr/sbin/sendmail /usr/sbin/sendmail.right

# compare CASES LINES: with a wrapper of these shell lines. What is reported: $reported.
compare()
{
    export CASES=$1
    shift
    rm -rf /var/tmp/with
    printf '%s\n' '#!/bin/bash' "$@" >/usr/sbin/sendmail
    chmod 755 /usr/sbin/sendmail
    pass_of nullmailer with
    reported=$(/t/e2e/differential/run compare nullmailer /var/tmp/{without,again,with} 1 /tmp/counts | grep -v '^ok')
}

# wrong DESC PATTERN CASES LINES: and some line of what is reported matches the pattern.
wrong()
{
    local desc=$1 pattern=$2
    shift 2
    compare "$@"
    like "$desc" "$reported" "$pattern"
}

# "exec" keeps the process: then the record is found, too.
right='exec -a "$0" /usr/sbin/sendmail.right "$@"'
real='exec -a "$0" /usr/sbin/sendmail.real "$@"'
copied='(echo "X-Additional-Header: $(dirname "$PWD")"; cat)'

compare "$all" "$right"
like "a stand-in that changes nothing" "$reported" '^# nullmailer: [0-9]+ cases, 0 differences, 0 forced$'

wrong "no record" 'no record' "$messages" "$real"
wrong "no header" 'our header is missing' "$messages" "$real"
wrong "the shell script that everybody copies" 'the topmost of our headers is: X-Additional-Header: /var/www/web274' \
    "$messages" "$copied | $real"
wrong "the same: a message with a From_ line" 'differs at byte' 'corpus: from-line -t' "$copied | $real"
wrong "the same: mailq reads stdin" 'no record' 'mode: -bp$' "$copied | $real"
wrong "a last byte lost" 'text 1 differs at byte' "$messages" "head -c -1 | $right"
wrong "a byte more" 'text 1 differs at byte' "$messages" "(cat; echo) | $right"
wrong "line ends changed" 'text 1 differs at byte' "$messages" "tr -d '\\r' | $right"
wrong "another exit status" 'status differs at byte' "$messages" "($right)" 'exit 75'
wrong "a line on stderr" 'err differs at byte' "$messages" 'echo hello >&2' "$right"
wrong "a line on stdout" 'out differs at byte' "$messages" 'echo hello' "$right"
wrong "the message twice" 'messages differs at byte' "$messages" 'cat >/tmp/m$$' "($right) </tmp/m\$\$" "$right </tmp/m\$\$"
wrong "another sender" 'envelope 1 differs at byte' "$messages" 'set -- "${@/#-f*/-fother@example.test}"' "$right"
wrong "output held open" 'held differs at byte' 'corpus: plain -t' 'sleep 20 &' "$right"
wrong "a session that gets another reply" 'out differs at byte' 'smtp: one-message, talking' 'printf "220-hello\r\n"' "$right"
done_testing
