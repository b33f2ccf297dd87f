#!/bin/bash
# SMTP on stdin (-bs) with Postfix: each message gets its header and record, and a client sees what it sees without us.
# shellcheck disable=SC2034 # smtp-cases.sh reads them
# bed: postfix
. /t/e2e/smtp-lib.sh
. /t/e2e/smtp-cases.sh

MANY=1000

smtp_setup postfix
postconf -e smtpd_error_sleep_time=0
cases_common
cases_chunks
smtp_run
cases_counted 2
done_testing
