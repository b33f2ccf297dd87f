#!/bin/bash
# SMTP on stdin (-bs) with Exim, and batched SMTP (-bS): each message gets its header and record, and a client sees
# what it sees without us.
# shellcheck disable=SC2034 # smtp-cases.sh reads them
# bed: packages
. /t/e2e/smtp-lib.sh
. /t/e2e/smtp-cases.sh

# Exim takes what lies beyond the 16385th byte of a line for the next command.
cases_cut()
{
    play cut-command <<'END'
<
hello
mail
rcpt
= NOOP \{x*16380}DATA\r\n
<
<
= Subject: unseen\r\n\r\ntext\r\n.\r\n
<
quit
END
}

# User web274, password secret, in base64.
cases_auth()
{
    play auth-login <<'END'
<
hello
> AUTH LOGIN
< 334
> d2ViMjc0
< 334
> c2VjcmV0
< 235
mail
rcpt
data
text login 1
dot
quit
END
    # Answers that look like commands, and a refusal; after it the dialogue goes on.
    play auth-fails <<'END'
<
hello
> AUTH LOGIN
< 334
> DATA
< 334
> QUIT
<
> AUTH PLAIN
< 334
> *
< 501
> AUTH PLAIN AHdlYjI3NABzZWNyZXQ=
< 235
mail
rcpt
data
text fails 1
dot
quit
END
    play auth-blind <<'END'
= EHLO client\r\nAUTH LOGIN\r\nd2ViMjc0\r\nc2VjcmV0\r\nMAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n
text blind-auth 1
= .\r\nQUIT\r\n
close in
END
}

batch()
{
    local name=$1
    play "$name" --argv -bS
}

cases_batch()
{
    local end n=0 envelope='MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\n'
    batch batch-two <<END
= EHLO client\r\n${envelope}DATA\r\n
text b1 1
= .\r\n${envelope}RCPT TO:<web274@example.test>\r\nDATA\r\n
text b2 2
= .\r\nQUIT\r\n
close in
END
    batch batch-lf <<END
eol lf
= HELO client\nMAIL FROM:<web274@example.test>\nRCPT TO:<alice@example.test>\nDATA\n
text blf 1
= .\nRSET\nNOOP\nMAIL FROM:<web274@example.test>\nRCPT TO:<alice@example.test>\ndata\n
text blf2 1
= .\n
close in
END
    batch batch-slow <<END
each yes
= ${envelope}DATA\r\n
text bslow 1
= .\r\n
close in
END
    batch batch-nothing <<'END'
close in
END
    batch batch-half <<END
= ${envelope}DATA\r\nSubject: half\r\n\r\ntext\r\n
close in
END
    batch batch-error <<END
= ${envelope}DATA\r\n
text be 1
= .\r\nXYZZY\r\n${envelope}DATA\r\n
text be2 1
= .\r\n
close in
END
    batch batch-no-recipient <<END
= MAIL FROM:<web274@example.test>\r\nDATA\r\n
text bn 1
= .\r\n
close in
END
    for end in ' DATA' 'DATA x' 'DATA\0x' 'BDAT 5' '\{x*16385}DATA' 'NOOP \{x*16380}DATA'; do
        n=$((n + 1))
        batch "batch-odd-$n" <<END
= $envelope$end\r\n
text odd 1
= .\r\n
close in
END
    done
    for end in '\n.\n' '\r\n.\n' '\n.\r\n' '\r\n.\r\r\n'; do
        n=$((n + 1))
        batch "batch-hidden-$n" <<END
= ${envelope}DATA\r\nSubject: cover\r\n\r\ntext${end}${envelope}DATA\r\nSubject: hidden\r\n\r\ntext\r\n.\r\n
close in
END
        batch "batch-hidden-lf-$n" <<END
= ${envelope}DATA\r\nSubject: cover\n\ntext${end}${envelope}DATA\r\nSubject: hidden\r\n\r\ntext\r\n.\r\n
close in
END
    done
}

REFUSED='RCPT TO:<refused@example.test>'

smtp_setup exim
cases_common
cases_chunks
cases_auth
cases_batch
cases_cut
smtp_run
cases_counted 1
is "two messages in a batch" "$(queued batch-two)" 2
is "and their records" "$(records batch-two | grep -c ' mode=batch-smtp .* session=.* action=deliver$')" 2
like "STARTTLS: from there on nothing is read" "$(records starttls | tail -n 1)" ' opaque=STARTTLS .*action=pass$'
is "a message that only Exim saw begin: queued" "$(queued cut-command)" 1
like "and said" "$(records cut-command | tail -n 1)" ' opaque="out of step: .*action=pass$'
done_testing
