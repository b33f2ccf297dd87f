#!/bin/bash
# Messages of every shape: what the MTA gets is what was sent plus one line at the right place, byte for byte.
# Places and line ends are Postfix's (the diverted dialect).
# bed: base
. /t/e2e/attack-lib.sh
attack_setup
mta 'read eof'

long_line() { head -c "$1" /dev/zero | tr '\0' "${2:-a}"; }

# name; where our line belongs; printf format of the message
shape()
{
    local name=$1 want=$2
    sent "$3"
    for kind in pipe file; do
        if [ $kind = pipe ]; then call -- -t -i; else call --stdin "file:$W/sent" -- -t -i; fi
        row "$name ($kind)" "end=exit 0" "mail=added@$want" log=file stderr=- admin=-
    done
}

shapes()
{
    shape "LF" 0 'To: a\nSubject: x\n\nbody\n'
    shape "no final newline" 0 'To: a\nSubject: x\n\nbody'
    shape "header only, not ended" 0 'To: a'
    shape "CRLF" 0:crlf 'To: a\r\nSubject: x\r\n\r\nbody\r\n'
    shape "CRLF header, LF body" 0:crlf 'To: a\r\nSubject: x\r\n\r\nbody\nmore\n'
    shape "LF first, then CRLF" 0 'To: a\nSubject: x\r\n\r\nbody\r\n'
    shape "CRLF first, then LF" 0:crlf 'To: a\r\nSubject: x\n\nbody\n'
    shape "NUL in the header" 0 'To: a\nSubj\0ect: x\n\nbody\n'
    shape "NUL at the very start" 0 '\0To: a\n\nbody\n'
    shape "NUL in the body" 0 'To: a\n\nbo\0dy\0\0\n'
    shape "bare CR in the header" 0 'To: a\rSubject: x\n\nbody\n'
    shape "bare CR before the first LF" 0 'To: a\r\rb\n\nbody\n'
    shape "only CRs" 0 'To: a\r\rSubject: x\r\r'
    shape "bare CR in the body" 0 'To: a\n\nbo\rdy\r\n'
    shape "no header at all" 0 'hello\nworld\n'
    shape "leading blank line" 0 '\nTo: a\n\nbody\n'
    shape "leading blank line, CRLF" 0:crlf '\r\nbody\r\n'
    shape "only a newline" 0 '\n'
    shape "leading SP" 0:blank ' To: a\nSubject: x\n\nbody\n'
    shape "leading TAB" 0:blank '\tTo: a\n\nbody\n'
    shape "leading SP, CRLF" 0:crlf:blank ' To: a\r\n\r\nbody\r\n'
    shape "leading From_" 27 'From a Mon Jan  1 00:00:00\nTo: a\n\nbody\n'
    shape "leading From_, CRLF" 28:crlf 'From a Mon Jan  1 00:00:00\r\nTo: a\r\n\r\nbody\r\n'
    shape "several From_" 23 'From a b\n>From b\nFrom \nTo: a\n\nbody\n'
    shape "From_ then SP" 9:blank 'From a b\n To: a\n\nbody\n'
    shape "From: is no From_" 0 'From: a\nTo: a\n\nbody\n'
    shape "From without a blank" 0 'From\nTo: a\n\nbody\n'
    shape "8-bit, no UTF-8" 0 'To: a\nSubject: \377\376\n\n\200\201\n'
    shape "one byte" 0 'x'
    shape "empty" 0 ''
    shape "a lone dot inside (-i)" 0 'To: a\n\none\n.\ntwo\n'
    shape "begins with a dot (-i)" 0 '.\n'
    shape "our header's name, no line end" 0 'X-Additional-Header: '
}

sized()
{
    local size
    # Around one page, the pipe's size, the reader's buffer, with and without the room of our line.
    for size in 4095 4096 4097 8192 65000 65380 65535 65536 65537 131071 131072 131073 1048576; do
        { printf 'To: a\n\n'; head -c $((size - 7)) /dev/urandom; } >"$W/sent"
        call -- -t -i
        row "$size bytes" "end=exit 0" mail=added@0 log=file
    done
    { printf 'To: a\n\n'; long_line 1048576; printf '\nend\n'; } >"$W/sent"
    call -- -t -i
    row "a line of 1 MiB in the body" "end=exit 0" mail=added@0 log=file
    { printf 'Subject: '; long_line 1048576; printf '\nTo: a\n\nbody\n'; } >"$W/sent"
    call -- -t -i
    row "a line of 1 MiB in the header" "end=exit 0" mail=added@0 log=file
    { printf 'Subject: '; long_line 1048576; printf '\r\nTo: a\r\n\r\nbody\r\n'; } >"$W/sent"
    call -- -t -i
    row "the first line is 1 MiB and ends in CRLF" "end=exit 0" mail=added log=file
    note "its line end was: $(msgcmp "$W/sent" "${RUNS[0]%.argv}.stdin" | grep -o 'eol=[a-z]*')"
    { long_line 1048576; } >"$W/sent"
    call -- -t -i
    row "1 MiB without any line end" "end=exit 0" mail=added@0 log=file
    { printf 'From '; long_line 70000; printf '\nTo: a\n\nbody\n'; } >"$W/sent"
    call -- -t -i
    row "a From_ line of 70000 bytes (Postfix takes none that long)" "end=exit 0" mail=added@0 log=file
    { printf 'From '; long_line 3000; printf '\nTo: a\n\nbody\n'; } >"$W/sent"
    call -- -t -i
    row "a From_ line of 3000 bytes (Postfix: below 2048)" "end=exit 0" mail=added@0 log=file
    { for i in {1..4000}; do printf 'From a %s\n' "$i"; done; printf 'To: a\n\nbody\n'; } >"$W/sent"
    call -- -t -i
    row "4000 From_ lines" "end=exit 0" mail=added@"$(grep -abo '^To:' "$W/sent" | cut -d: -f1)" log=file
    { for i in {1..20000}; do printf 'X-%s: a\n' "$i"; done; printf '\nbody\n'; } >"$W/sent"
    call -- -t -i
    row "20000 header fields" "end=exit 0" mail=added@0 log=file
    { printf 'To: '; for i in {1..20000}; do printf 'user%s@example.org, ' "$i"; done; printf 'z\n\nbody\n'; } >"$W/sent"
    call -- -t -i
    row "20001 recipients" "end=exit 0" mail=added@0 log=file 'rcpts~^[0-9]+\+$|^20001$'
}

pieces()
{
    sent 'From a b\r\nTo: a\r\nSubject: x\r\n\r\nbody\r\n'
    call --send 'From a b' --pause 30 --send '\r' --pause 30 --send '\nTo: a\r' --pause 30 --send '\nSubject: x\r\n\r' \
        --pause 30 --send '\nbody\r\n' --stdin pipe -- -t -i
    row "in pieces that part every line end" "end=exit 0" mail=added@10:crlf log=file
    sent 'To: a\nSubject: x\n\nbody\n'
    call --stdin pipe --send T --pause 40 --send 'o: a\nSubject: x' --pause 40 --send '\n' --pause 40 --send '\n' --pause 60 \
        --send 'body\n' -- -t -i
    row "a pause right after the header section" "end=exit 0" mail=added@0 log=file
}

for build in setgid plain; do
    flavour $build
    shapes
    sized
    pieces
    yes 'a line of a large message, 64 bytes long with its newline ....' 2>/dev/null | head -c 104857600 >"$W/sent"
    call -- -t -i
    row "100 MiB through a pipe, byte for byte" "end=exit 0" mail=added@0 log=file
    call --stdin "file:$W/sent" -- -t -i
    row "100 MiB from a file, byte for byte" "end=exit 0" mail=added@0 log=file
done
done_testing
