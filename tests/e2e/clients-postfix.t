#!/bin/bash
# The programs and libraries that people send mail with, on Postfix: none of them, and nobody who gets their mail, sees
# a difference but our header; the log says who sent what. Those that speak SMTP also see a message refused.
# bed: clients
. /t/e2e/lib.sh
. /t/e2e/clients-lib.sh

mta_start()
{
    # A message of sendmail without -bs would be accepted and bounced: its client learns nothing.
    echo '/^Subject: .*refused/ REJECT not this one' >/etc/postfix/header_checks
    postconf -e header_checks=regexp:/etc/postfix/header_checks
    start_postfix
}

clients_run
done_testing
