#!/bin/bash
# kill -9 at every step of enable, on a machine that never had the wrapper, of the refresh after an upgrade of it, and of
# disable, which then completes: divert-kill-lib.sh.
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/divert-kill-lib.sh

try enable fresh 15
try refresh outdated 10 ''
take_back_all
done_testing
