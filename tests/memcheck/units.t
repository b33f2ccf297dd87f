#!/bin/bash
# Unit tests under valgrind: those of the modules that read the caller's bytes and that run there in seconds. Left out are
# smtp (every chunking: many minutes), record, header and config (10 to 40 s each), feeder, caller and startup (they test
# /proc/self, the initial stack, RLIMIT_AS and splice(2), which valgrind has as its own), message and logfile (they look at a
# clock). All of them run under the address sanitizer, and program.t goes through the same code.
# SW_MEMCHECK_BUILD: a build of the preset memcheck.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

# check MODULE FORK: FORK "no" where no test needs a process of its own, which costs valgrind a start each.
check()
{
    ok "$1" env CK_FORK="$2" timeout 300 valgrind -q --leak-check=full --error-exitcode=99 --suppressions="$here/suppressions" \
        "${SW_MEMCHECK_BUILD:?}/tests/unit/test_$1"
}

for module in codec strbuf ulid summary journal invocation; do
    check "$module" no
done
for module in privilege syslog target; do
    check "$module" yes
done
done_testing
