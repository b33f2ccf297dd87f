#!/bin/bash
# kill -9 at every step of disable, before enable (before disable itself: divert-kill-enable.t), and of the use without a
# diversion: divert-kill-lib.sh.
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/divert-kill-lib.sh

try disable enabled 8 enable
try "enable --no-divert" fresh 10 ''
try disable php 3
done_testing
