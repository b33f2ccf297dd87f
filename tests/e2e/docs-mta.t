#!/bin/bash
# docs/mta/*.md: the table of each page is so on that mail server, and its commands do what the page says. Arguments: pages'
# names; without: those of the servers whose queue mailorigin reads (docs-mta-others.t has the others).
# bed: packages
. /t/e2e/lib.sh
. /t/e2e/docs-lib.sh

pages=${*:-postfix exim sendmail}
htdocs=/var/www/web274/htdocs

# row PAGE NAME: that row's cell; cell_paths: the paths in it
row() { sed -n "s/^| $2 | \(.*\) |\$/\1/p" "/src/docs/mta/$1.md"; }
cell_paths() { row "$1" "$2" | grep -oE "\`/[^\`]+" | tr -d "\`" | sort | paste -sd' '; }
# Names that sendmail is known by, and where they lead.
names()
{
    local rmail=rmail
    [ "$page" != postfix ] || rmail=sendmail # runs /usr/lib/sendmail
    find /usr/sbin /usr/bin /usr/lib -maxdepth 1 ! -type d \
        \( -name sendmail -o -name mailq -o -name newaliases -o -name $rmail -o -name runq -o -name rsmtp \)
}
ours() { cmp -s "$1" /usr/sbin/sendmail-wrapper; }
leads()
{
    local name
    for name in $(names); do
        [[ " $(cell_paths "$page" diverted) " != *" $name "* ]] || continue
        if ours "$name"; then [ "$1" = here ] && echo "$name"; else [ "$1" = past ] && echo "$name"; fi
    done | sort | paste -sd' '
}
send() { printf 'To: %s\nSubject: %s\n\nx\n' "$1" "$2" | (cd $htdocs && as web274 /usr/sbin/sendmail -t -i); }
# What stands in front of our header in a mail that was delivered.
above() { mail_get -1 /tmp/mail && sed -n '/^X-Additional-Header: \/var\/www\/web274; uid=4079/q; s/^\([A-Za-z-]*\):.*/\1/p' /tmp/mail | paste -sd' '; }

examine()
{
    local dialect package waits
    note "$page"
    read -r package dialect < <(row "$page" 'package, dialect' | sed 's/ (.*)//; s/`//g; s/,//')
    install_mta "$package"
    ok "$page: enable" sendmail-wrapper-divert enable
    like "$page: its dialect" "$(cat /var/lib/sendmail-wrapper/target)" " mta=$dialect "
    is "$page: what is diverted" "$(dpkg-divert --list | sed -n 's/^diversion of \(.*\) to .* by sendmail-wrapper$/\1/p' | sort | paste -sd' ')" \
        "$(cell_paths "$page" diverted)"
    is "$page: what leads to it" "$(leads here)" "$(cell_paths "$page" 'leads to it')"
    is "$page: what goes past it" "$(leads past)" "$(cell_paths "$page" 'goes past it')"
    ! declare -F "begin_$page" >/tmp/null || "begin_$page"
    mailorigin queue >/tmp/out 2>&1
    waits=$?
    case $(row "$page" mailorigin) in
    'all commands') like "$page: mailorigin reads its queue" "$waits" '^[01]$' ;;
    *) is "$page: mailorigin has no queue of it" "$waits $(cat /tmp/out)" \
        "2 mailorigin queue: no queue of Postfix, Sendmail or Exim on this machine" ;;
    esac
}

begin_postfix()
{
    postconf -e inet_interfaces=loopback-only inet_protocols=ipv4 'mydestination=example.test, mail.example.test, localhost' \
        maillog_file=/var/log/mail.log
    start_postfix
}
commands_postfix()
{
    block 'INFO trace'
    runs "header_checks"
    block 'enable_long_queue_ids'
    runs "long queue ids"
    send alice hello
    ok "delivered" wait_mail 1
    is "the header's place" "$(above)" "Return-Path X-Original-To Delivered-To Received"
    mailorigin trace "$(record_get id)" >/tmp/out
    like "trace is exact" "$(cat /tmp/out)" "$(grep -oE "sure: the[^\`]*" /src/docs/mta/postfix.md)"
    like "... of a long queue id" "$(cat /tmp/out)" "mail +[0-9A-Za-z]{12,}"
    stop_postfix
}
held() { mailorigin queue --uid 4079 --state held; }
# Two of web274's that cannot be delivered, one of alice's.
waiting()
{
    send a@example.net one
    send a@example.net two
    printf 'To: a@example.net\nSubject: three\n\nx\n' | (cd /home/alice && as alice /usr/sbin/sendmail -t -i)
}
night() # FROZEN: the block that lists what is held
{
    block 'mailorigin queue
'
    like "$page: queue and hold" "$OUT" 'web274.*held +2'
    like "$page: the server's own list has them" "$OUT" "$1"
    runs "$page: hold, list, undo"
    nok "$page: undone" held
}
by_process() { mailorigin trace "$1" 2>/tmp/null | grep -q "sure: handed in by the process of the call"; }
traced() { wait_for 30 by_process "$1"; }
commands_exim()
{
    exim4 -bd || bail "exim does not start"
    send alice hello
    ok "delivered" wait_mail 1
    is "the header's place" "$(above)" "Return-path Envelope-to Delivery-date Received"
    block "sed -i '1i queue_only = true'"
    runs "new mail waits"
    waiting
    is "... all of it" "$(exim4 -bpc)" 3
    night 'frozen'
    block "sed -i '1{/"
    runs "and back"
    send alice hello
    ok "... mail is delivered again" wait_mail 2
    like "Debian removes what is frozen for long" "$(exim4 -bP timeout_frozen_after)" '= (7d|1w)$'
    ok "trace needs no setting" traced "$(record_get id)"
    pkill -x exim4
}
commands_sendmail()
{
    local qf
    sed -i "s/^O DeliveryMode=.*/O DeliveryMode=queue/" /etc/mail/submit.cf
    start_rsyslog
    waiting
    qf=$(find /var/spool/mqueue-client -name "qf*" | head -n 1)
    is "the header's place" "$(sed -n "/X-Additional-Header/q; s/^H[^ ]*?\([A-Za-z-]*\):.*/\1/p" "$qf" | paste -sd" ")" \
        "Return-Path Received Date From Message-Id"
    # shellcheck disable=SC2317 # called by name
    logged() { grep -q "from=web274" /var/log/syslog; }
    ok "it is logged" wait_for 60 logged
    ok "trace needs no setting" traced "$(mailorigin log --uid 4079 --json -n 1 | sed "s/.*\"id\":\"\([^\"]*\).*/\1/")"
    night "QUARANTINE: "
}

documents=()
for page in $pages; do documents+=("/src/docs/mta/$page.md"); done
[ $# -gt 0 ] || documents=(/src/docs/mta/*.md)
commands=$(grep -c '^```sh' "${documents[@]}" | grep -cv ':0$')
[ "$commands" = 0 ] || docs_open "${documents[@]}"
for page in $pages; do
    ok "mta/README.md has $page" grep -q "($page.md)" /src/docs/mta/README.md
    examine
    ! declare -F "commands_$page" >/tmp/null || "commands_$page"
    ok "$page: disable" sendmail-wrapper-divert disable
    rm -f /var/log/mail.log /var/mail/alice # the next one's are its own
done
[ "$commands" = 0 ] || docs_done
done_testing
