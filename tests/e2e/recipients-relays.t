#!/bin/bash
# Recipients are counted as the MTA counts them: Courier, and programs that only relay. Arguments: packages; without: all of these, each in turn.
# bed: packages
. /t/e2e/recipients-lib.sh

while read -r package dialect; do
    [ $# -eq 0 ] || [[ " $* " == *" $package "* ]] || continue
    try "$package" "$dialect"
done <<'END'
courier-mta courier
nullmailer nullmailer
msmtp-mta msmtp
ssmtp ssmtp
esmtp-run esmtp
dma dma
END
done_testing
