#!/bin/bash
# The package's life with these mail servers, under continuous calls: see package-life-lib.sh. Argument: one of them.
# bed: package
. /t/e2e/lib.sh
. /t/e2e/package-life-lib.sh
countdown_prepare

while read -r package mta postinst prerm callers; do
    [ $# -eq 0 ] || [ "$1" = "$mta" ] || continue
    life "$package" "$mta" "$callers" "$postinst" "$prerm"
done <<'END'
exim4-daemon-light exim 5 4 a b
msmtp-mta msmtp 9 5 a b
END
done_testing
