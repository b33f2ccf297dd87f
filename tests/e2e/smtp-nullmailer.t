#!/bin/bash
# SMTP on stdin (-bs) with nullmailer: each message gets its header and record, and a client sees what it sees without us.
# shellcheck disable=SC2034 # smtp-cases.sh reads them
# bed: packages
. /t/e2e/smtp-lib.sh
. /t/e2e/smtp-cases.sh

REFUSED="RCPT alice" # it takes nearly anything
DEAF="forced: without us it cannot write its first reply and ends"

smtp_setup nullmailer
cases_common
smtp_run
cases_counted 2
done_testing
