# shellcheck shell=bash disable=SC2154 # MTA comes from smtp-lib.sh
# smtp-cases.sh - the dialogues that every MTA with -bs is put through. What a client sees and what the MTA queues are
# compared with the same dialogue without the wrapper, so nothing here says what an MTA should answer.

cases_ordinary()
{
    play one <<'END'
<
hello
mail
rcpt
data
text one 1
dot
quit
END
    play three <<'END'
<
hello
mail
rcpt
data
text first 1
dot
mail
rcpt
rcpt web274
data
text second 2
dot
> RSET
<
mail
rcpt
data
text third 1
dot
quit
END
    play helo-and-lower-case <<'END'
<
> helo client
<
> mail from:<web274@example.test>
<
> rcpt to:<alice@example.test>
<
> data
<
text lower 1
dot
> quit
<
END
    play resets <<'END'
<
hello
mail
rcpt
> RSET
<
data
mail
rcpt web274
hello
mail
rcpt
data
text after 1
dot
> NOOP
<
mail
> RSET
<
quit
END
    play pipelined <<'END'
<
hello
= MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nRCPT TO:<web274@example.test>\r\nDATA\r\n
<
<
<
<
text pipelined 2
dot
= MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n
<
<
<
text again 1
dot
quit
END
    play blind ${BLIND:+--no-compare "$BLIND"} <<'END'
= EHLO client\r\nMAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n
text blind 1
= .\r\nMAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n
text blind2 1
= .\r\nQUIT\r\n
close in
END
    play blind-from-a-file --stdin "file:$S/blind.smtp" ${BLIND:+--no-compare "$BLIND"} <<'END'
eof
END
    printf '%s\r\n' 'EHLO client' 'MAIL FROM:<web274@example.test>' 'RCPT TO:<alice@example.test>' DATA 'Subject: file' \
        'X-Want: 1' '' body . QUIT >"$S/blind.smtp"
    chmod 644 "$S/blind.smtp"
    play slow <<'END'
each yes
<
hello
mail
rcpt
data
text slow 1
dot
mail
rcpt
data
text slow2 1
dot
quit
END
    play split-dot <<'END'
<
hello
mail
rcpt
data
text split1 1
drain
= .
drain
= \r
drain
= \n
<
mail
rcpt
data
= Subject: split2\r\nX-Want: 1\r\n\r\ntext
drain
= \r
drain
= \n
drain
= .
drain
= \r\n
<
mail
rcpt
data
= Subject: split3\r\nX-Want: 1\r\n\r\ntext\r\n.\r
drain
= \n
<
mail
rcpt
data
= Subject: split4\r\nX-Want: 1\r\n\r\ntext\r
drain
= \n.
drain
= \r\n
<
quit
END
    play dots <<'END'
<
hello
mail
rcpt
data
> Subject: dots
> X-Want: 1
>
> ..
> .x
> ...
> a.b
> .
<
quit
END
    play bare-lf <<'END'
<
eol lf
hello
mail
rcpt
data
text lf 1
dot
quit
END
    play lf-commands-only <<'END'
<
eol lf
hello
mail
rcpt
data
eol crlf
text lfc 1
dot
quit
END
}

# Where our header belongs.
cases_beginnings()
{
    local begin n=0
    for begin in 'From a@b Mon Jan  1 00:00:00 2024\r\n' '>From a\r\n' 'From a@b Mon Jan  1 00:00:00 2024\r\n>From b\r\n' ' blank\r\n' \
        '\tblank\r\n' 'no header\r\n' '\r\n' 'From a\r\n blank\r\n' 'X-Additional-Header: forged\r\n' '..\r\n'; do
        n=$((n + 1))
        play "begins-$n" <<END
<
hello
mail
rcpt
data
= ${begin}X-Want: 1\r\nSubject: begin $n\r\n\r\ntext\r\n.\r\n
<
quit
END
    done
    play empty <<'END'
<
hello
mail
rcpt
data
dot
mail
rcpt
data
>
dot
mail
rcpt
data
= x\r\n.\r\n
<
quit
END
}

cases_refused()
{
    play refused <<END
<
hello
data
mail
data
> ${REFUSED:-RCPT TO:<bad}
<
> RCPT alice
<
data
rcpt
rcpt web274
data
text refused 2
dot
> MAIL FROM:<web274@@example.test
<
data
> RCPT TO:<alice@example.test>
<
> RSET
<
mail
rcpt
data
text refused2 1
dot
quit
END
    play refused-pipelined <<END
<
hello
= MAIL FROM:<web274@example.test>\r\nRCPT alice\r\nDATA\r\n
<
<
<
= MAIL nonsense\r\nRCPT nonsense\r\nDATA\r\nNOOP\r\nRSET\r\n
<
<
<
<
<
mail
rcpt
data
text good 1
dot
quit
END
    play unknown <<'END'
<
hello
> XYZZY
<
> HELP
<
> VRFY alice
<
mail
rcpt
data
text known 1
dot
quit
END
    play auth-refused <<'END'
<
hello
> AUTH LOGIN
<
> AUTH PLAIN AHdlYjI3NABzZWNyZXQ=
<
mail
rcpt
data
text auth 1
dot
quit
END
    # After a 220 nothing more makes sense in clear text: the client only says something and leaves.
    play starttls <<'END'
<
hello
> STARTTLS
<
> nonsense
close in
END
}

# The MTA's own end, and the client's.
cases_ends()
{
    local at n=0
    for at in '' '> NOOP' '= NOO' '= QUIT' 'mail'; do
        n=$((n + 1))
        play "eof-$n" <<END
<
hello
$at
close in
END
    done
    for at in '' '= Subject: half' '= Subject: half\r\n\r\ntext' '= Subject: half\r\n\r\ntext\r\n' '= Subject: half\r\n\r\ntext\r\n.' \
        '= Subject: half\r\n\r\ntext\r\n.\r' '= Subject: half\r\n\r\ntext\r\n.\r\n' '= From a b\r\n'; do
        n=$((n + 1))
        play "eof-$n" <<END
<
hello
mail
rcpt
data
$at
close in
END
    done
    for at in TERM INT HUP QUIT ALRM USR1; do
        play "signal-$at" <<END
<
hello
drain
pause 30
kill $at
eof
END
        play "signal-$at-in-data" <<END
<
hello
mail
rcpt
data
text half 1
drain
pause 30
kill $at
eof
END
        if [ "$MTA" = exim ] || { [ "$MTA" = sendmail ] && [ $at = USR1 ]; }; then # they go on
            sed -i 's/^eof$/pause 50\n> NOOP\n<\nclose in/' "$S/signal-$at/script"
            sed -i 's/^eof$/pause 50\ndot\nquit/' "$S/signal-$at-in-data/script"
        fi
    done
    play mta-killed <<'END'
<
hello
mail
killmta KILL
eof
END
    play mta-killed-in-data ${KILLED:+--no-compare "$KILLED"} <<'END'
<
hello
mail
rcpt
data
text half 1
drain
pause 50
killmta KILL
eof
END
    if [ "$MTA" != exim ] && [ "$MTA" != nullmailer ]; then # Exim is not the caller's to kill; nullmailer sends what it has
        play killed-in-data <<'END'
<
hello
mail
rcpt
data
text half 1
drain
pause 50
kill KILL
eof
END
    fi
    play stopped <<'END'
<
hello
mail
kill STOP
pause 100
> RCPT TO:<alice@example.test>
pause 100
kill CONT
<
data
text stopped 1
dot
quit
END
    play deaf-before-data <<'END'
<
hello
mail
rcpt
close out
> DATA
pause 100
text deaf 1
> .
pause 100
> NOOP
pause 50
> NOOP
close in
END
    play stdout-closed <<'END'
<
hello
mail
rcpt
data
close out
text deaf 1
> .
pause 300
> NOOP
pause 100
> NOOP
close in
END
}

# Whoever hides a message behind an end that only one of two sees: each that the MTA takes has a header and a record.
cases_hidden()
{
    local end first n=0
    for first in '\r\n' '\n'; do
        for end in '\n.\n' '\r\n.\n' '\n.\r\n' '\r.\r' '\r\n.\r\r\n' '\r\r\n.\r\n' '\r\n.\0\r\n' '\r\n. \r\n' '\0\n.\n' '\n.\r' '\r\n..\r\n'; do
            n=$((n + 1))
            play "hidden-$n" ${EATS:+--no-compare "$EATS"} <<END
<
hello
mail
rcpt
data
= Subject: cover$first${first}text${end}MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nSubject: hidden\r\n\r\nhidden\r\n.\r\n
pause 30
= .\r\n
close in
END
        done
    done
    for end in ' DATA' '\tDATA' '\x0bDATA' '\rDATA' 'DATA\0x' 'DATA x' 'DATA\r' 'DATA\t' '\0DATA' 'DA\0TA' '"DATA"' 'DATA:' 'NOOP\rDATA' 'EXDATA' \
        'NOOP \{x*2039}DATA' 'NOOP \{x*4090}DATA' 'NOOP \{x*16380}DATA' 'NOOP \{x*65530}DATA' "DATA\{ *5000}"; do
        n=$((n + 1))
        play "hidden-$n" <<END
<
hello
mail
rcpt
> $end
<
= X-Want: 1\r\nSubject: odd DATA\r\n\r\ntext\r\n
pause 20
= .\r\n
close in
END
    done
    play chunk <<'END'
<
hello
mail
rcpt
= BDAT 37 LAST\r\nX-Want: 1\r\nSubject: a chunk\r\n\r\ntext\r\n
<
quit
END
    play chunk-that-is-none <<'END'
<
hello
= BDAT 500 LAST\r\nMAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\n
pause 50
text unseen 1
= .\r\n
close in
END
    play endless-command <<'END'
<
hello
= \{x*400000}
close in
END
}

cases_size()
{
    {
        printf 'Subject: large\r\nX-Want: 1\r\n\r\n'
        # Lines that no MTA breaks or refuses, with dots where they are not at the start.
        perl -e 'for my $i (1 .. 16384) { printf "line %6d . %s\r\n", $i, "x." x 23 }'
    } >"$S/large"
    play one-mib --timeout 60 <<END
<
hello
mail
rcpt
data
file $S/large
dot
quit
END
    play long-header <<'END'
<
hello
mail
rcpt
data
= Subject: long header\r\nX-Want: 1\r\n\{X-Line: 0123456789012345678901234567890123456789\r\n*2300}\r\ntext\r\n.\r\n
<
quit
END
    play many-recipients --timeout 90 <<END
<
hello
mail
= \\{RCPT TO:<alice@example.test>\\r\\n*2000}
= DATA\\r\\n
until 354
text many ${MANY:-2000}
dot
quit
END
}

# Kinds of stdin and stdout.
cases_descriptors()
{
    play socketpair --stdin unix ${SOCKETPAIR:+--no-compare "$SOCKETPAIR"} <<'END'
<
hello
mail
rcpt
data
text socketpair 1
dot
quit
shut
END
    play internet-socket --stdin inet <<'END'
<
hello
quit
shut
END
    play closed-at-start --stdin closed <<'END'
eof
END
    play deaf-at-start --stdout closed ${DEAF:+--no-compare "$DEAF"} <<'END'
hello
mail
rcpt
> DATA
pause 200
text deaf 1
= .\r\nQUIT\r\n
close in
END
}

# So that an empty queue is not taken for the same queue.
cases_counted()
{
    is "one: queued" "$(queued one)" 1
    is "three: queued" "$(queued three)" 3
    is "split-dot: queued" "$(queued split-dot)" 4
    is "hidden-1: queued" "$(queued hidden-1)" "$1"
    like "one: the record of the session" "$(records one | head -n 1)" ' mode=smtp .* args=-bs .* action=pass$'
    is "three: records" "$(records three | grep -c .)" 4
    is "every end that was tried is known: no session is opaque" "$(cat "$S"/hidden-{1..22}/log | grep -c " opaque=")" 0
    like "an internet socket: nothing is touched" "$(records internet-socket)" ' opaque="stdin is an internet socket" .*action=pass$'
}

# What every MTA is asked.
cases_common()
{
    cases_ordinary
    cases_beginnings
    cases_refused
    cases_ends
    cases_hidden
    cases_size
    cases_descriptors
}

# BDAT. The lengths of these chunks: "Subject: c\r\n" is 12, "X-Want: 1\r\n" 11, "\r\ntext\r\n" 8.
cases_chunks()
{
    local odd n=0
    play chunk-one <<'END'
<
hello
mail
rcpt
= BDAT 31 LAST\r\nSubject: c\r\nX-Want: 1\r\n\r\ntext\r\n
<
mail
rcpt
rcpt web274
= BDAT 31 LAST\r\nSubject: d\r\nX-Want: 2\r\n\r\ntext\r\n
<
mail
rcpt
data
text after-chunks 1
dot
quit
END
    play chunks <<'END'
<
hello
mail
rcpt
= BDAT 23\r\nSubject: c\r\nX-Want: 1\r\n
<
> NOOP
<
= BDAT 8 LAST\r\n\r\ntext\r\n
<
mail
rcpt
= BDAT 31\r\nSubject: d\r\nX-Want: 1\r\n\r\ntext\r\n
<
= BDAT 0 LAST\r\n
<
mail
rcpt
= BDAT 1\r\nS
<
= BDAT 1\r\nu
<
= BDAT 29 LAST\r\nbject: e\r\nX-Want: 1\r\n\r\ntext\r\n
<
mail
rcpt
= BDAT 0 LAST\r\n
<
quit
END
    play chunks-pipelined <<'END'
<
hello
= MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nBDAT 23\r\nSubject: c\r\nX-Want: 1\r\nBDAT 8 LAST\r\n\r\ntext\r\nNOOP\r\n
<
<
<
<
<
= MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nbdat 31 last\r\nSubject: d\r\nX-Want: 1\r\n\r\ntext\r\nQUIT\r\n
<
<
<
<
END
    play chunks-slow <<'END'
each yes
<
hello
mail
rcpt
= BDAT 23\r\nSubject: c\r\nX-Want: 1\r\n
<
= BDAT 8 LAST\r\n\r\ntext\r\n
<
quit
END
    play chunk-begins <<'END'
<
hello
mail
rcpt
= BDAT 39 LAST\r\n blank\r\nSubject: c\r\nX-Want: 1\r\n\r\ntext\r\n
<
mail
rcpt
= BDAT 8 LAST\r\n\r\ntext\r\n
<
mail
rcpt
= BDAT 4 LAST\r\ntext
<
mail
rcpt
= BDAT 41 LAST\r\nFrom a b\r\nSubject: d\r\nX-Want: 1\r\n\r\ntext\r\n
<
mail
rcpt
= BDAT 40 LAST\r\n>From b\r\nSubject: e\r\nX-Want: 1\r\n\r\ntext\r\n
<
quit
END
    play chunk-helo <<'END'
<
> HELO client
<
mail
rcpt
= BDAT 31 LAST\r\nSubject: c\r\nX-Want: 1\r\n\r\ntext\r\n
pause 100
> NOOP
> QUIT
close in
END
    play chunk-unasked <<'END'
= MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nBDAT 31 LAST\r\nSubject: c\r\nX-Want: 1\r\n\r\ntext\r\nQUIT\r\n
close in
END
    play chunk-bare-lf <<'END'
<
hello
mail
rcpt
= BDAT 27 LAST\r\nSubject: c\nX-Want: 1\n\ntext\n
<
> RSET
<
mail
rcpt
eol lf
= BDAT 31 LAST\nSubject: d\r\nX-Want: 1\r\n\r\ntext\r\n
<
quit
END
    play chunk-refused <<'END'
<
hello
= BDAT 6 LAST\r\nA: b\r\n
<
= MAIL nonsense\r\nRCPT TO:<alice@example.test>\r\nBDAT 6\r\nA: b\r\nBDAT 6 LAST\r\nC: d\r\n
<
<
<
<
mail
rcpt
= BDAT 23\r\nSubject: c\r\nX-Want: 1\r\n
<
> RSET
<
= BDAT 8 LAST\r\n\r\ntext\r\n
<
mail
rcpt
= BDAT 31 LAST\r\nSubject: d\r\nX-Want: 1\r\n\r\ntext\r\n
<
quit
END
    play chunk-empty <<'END'
<
hello
mail
rcpt
= BDAT 0\r\n
<
= BDAT 31 LAST\r\nSubject: c\r\nX-Want: 1\r\n\r\ntext\r\n
<
> RSET
<
mail
rcpt
= BDAT 31 LAST\r\nSubject: d\r\nX-Want: 1\r\n\r\ntext\r\n
<
quit
END
    play chunk-and-data <<'END'
<
hello
mail
rcpt
= BDAT 23\r\nSubject: c\r\nX-Want: 1\r\n
<
> DATA
<
= BDAT 8 LAST\r\n\r\ntext\r\n
<
> RSET
<
mail
rcpt
data
text d 1
dot
quit
END
    for odd in 'BDAT' 'BDAT -5 LAST' 'BDAT +5 LAST' 'BDAT 0x5 LAST' 'BDAT 5x LAST' 'BDAT 4294967327 LAST' 'BDAT 31 LASTX' 'BDAT\t31\tLAST' ' BDAT 31 LAST' \
        'BDAT  31  LAST ' 'BDAT 031 LAST' 'BDAT 31 LAST\0x' 'BDAT 18446744073709551647 LAST'; do
        n=$((n + 1))
        play "chunk-odd-$n" <<END
<
hello
mail
rcpt
= $odd\r\nSubject: c\r\nX-Want: 1\r\n\r\ntext\r\n
pause 50
= MAIL FROM:<web274@example.test>\r\nRCPT TO:<alice@example.test>\r\nDATA\r\nSubject: hidden\r\n\r\ntext\r\n.\r\n
close in
END
    done
    for odd in 'BDAT 100' 'BDAT 100 LAST'; do
        n=$((n + 1))
        play "chunk-eof-$n" <<END
<
hello
mail
rcpt
= $odd\r\nSubject: half\r\n
close in
END
    done
}
