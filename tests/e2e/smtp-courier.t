#!/bin/bash
# SMTP on stdin (-bs) with Courier: each message gets its header and record, and a client sees what it sees without us.
# shellcheck disable=SC2034 # smtp-cases.sh reads them
# bed: packages
. /t/e2e/smtp-lib.sh
. /t/e2e/smtp-cases.sh

BLIND="forced: see docs/smtp.md"
EATS="forced: Courier loses what follows a dot in one write, with us in front it does not"
MANY=100
DEAF="forced: without us it cannot write its first reply and ends"

smtp_setup courier
cases_common
smtp_run
cases_counted 2
done_testing
