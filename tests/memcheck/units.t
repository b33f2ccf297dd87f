#!/bin/bash
# Unit tests under valgrind: those of the modules that read the caller's bytes and that run there in seconds. Left out are
# smtp (every chunking: many minutes), record, header and config (10 to 40 s each), feeder, caller and startup (they test
# /proc/self, the initial stack, RLIMIT_AS and splice(2), which valgrind has as its own), message and logfile (they look at a
# clock). All of them run under the address sanitizer, and program.t goes through the same code.
# SW_MEMCHECK_BUILD: a build of the preset memcheck, of these targets:
# programs: test_invocation test_codec test_summary test_journal test_privilege test_syslog test_target test_strbuf test_ulid
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

work=$(mktemp -d /tmp/sw-memcheck.XXXXXX)
trap 'rm -rf "$work"' EXIT

# examine MODULE FORK: FORK "no" where no test needs a process of its own, which costs valgrind a start each.
# shellcheck disable=SC2317 # called by name
examine()
{
    CK_FORK=$2 SW_TEST_SHORT=1 timeout 300 valgrind -q --leak-check=full --error-exitcode=99 --suppressions="$here/suppressions" \
        "${SW_MEMCHECK_BUILD:?}/tests/unit/test_$1" >"$work/$1" 2>&1
    echo "exit status $?" >>"$work/$1"
}
export -f examine
export here work

# The longest first.
modules=(invocation no codec no summary no journal no privilege yes syslog yes target yes strbuf no ulid no)
# shellcheck disable=SC2016 # the inner shell expands
printf '%s\n' "${modules[@]}" | xargs -P 2 -n 2 bash -c 'examine "$@"' -
for ((i = 0; i < ${#modules[@]}; i += 2)); do
    is "${modules[i]}" "$(tail -n 1 "$work/${modules[i]}")" "exit status 0" || note "$(cat "$work/${modules[i]}")"
done
done_testing
