#!/bin/bash
# SMTP on stdin (-bs) with Sendmail: each message gets its header and record, and a client sees what it sees without us.
# shellcheck disable=SC2034 # smtp-cases.sh reads them
# bed: packages
. /t/e2e/smtp-lib.sh
. /t/e2e/smtp-cases.sh

BLIND="forced: see docs/smtp.md"
SOCKETPAIR="forced: Sendmail looks up who is at a socket, we hand it pipes"

smtp_setup sendmail
cases_common
smtp_run
cases_counted 0
done_testing
