#!/bin/bash
# Recipients are counted as the MTA counts them: mail servers. Arguments: packages; without: all of these, each in turn.
# bed: packages
. /t/e2e/recipients-lib.sh

while read -r package dialect; do
    [ $# -eq 0 ] || [[ " $* " == *" $package "* ]] || continue
    try "$package" "$dialect"
done <<'END'
exim4-daemon-light exim
opensmtpd opensmtpd
postfix postfix
sendmail-bin sendmail
END
done_testing
