# shellcheck shell=bash
# recipients-lib.sh - for recipients-*.t: try PACKAGE DIALECT installs that MTA, has it send the messages below, and shows
# that the record's rcpts= is the number of recipients that it put into its envelope. Where it is not, `differs` has both
# numbers, and docs/log-format.md tells it.
. /t/e2e/lib.sh

X=/usr/sbin/sendmail
export DEBIAN_FRONTEND=noninteractive

# --- the messages ------------------------------------------------------------------------------------------------

CASES=() # names
RUNNING=0
DIALECT=

# mail NAME HEADERS ARGS...: HEADERS with \n and \t for line ends and tabs. The sender tells the case, in the envelope and in
# the record's args. Some at a time: ssmtp sleeps a second in each call.
mail()
{
    local n=${#CASES[@]} headers=$2
    case $DIALECT/$1 in
    courier/operand-empty) return ;; # it waits for ever
    ssmtp/*comment*) return ;;       # it reads what it has freed
    esac
    CASES+=("$1")
    shift 2
    printf 'Subject: test\n%bFrom: case%d@example.org\n\nText\n' "$headers" "$n" \
        | timeout 60 $X -f "case$n@example.org" -i "$@" >/dev/null 2>&1 &
    RUNNING=$((RUNNING + 1))
    [ "$RUNNING" -le 8 ] || { wait -n; RUNNING=$((RUNNING - 1)); }
}

# list NUMBER PHRASE: that many addresses, one a line
list()
{
    seq -f "$2<r%.0f@example.net>,\\n " "$1" | tr -d '\n' | sed 's/,\\n $//'
}

messages()
{
    local d=example.net
    # an address list
    mail one "To: a@$d\n" -t
    mail several "To: a@$d, b@$d,c@$d\n" -t
    mail folded "To: a@$d,\n b@$d\n\t, c@$d,\n  Someone\n <d@$d>\n" -t
    mail starts-folded "To:\n a@$d,\n b@$d\n" -t
    mail quoted-comma "To: \"Doe, John\" <a@$d>, \"x \\\\\" , y\" <b@$d>\n" -t
    mail quoted-local "To: \"x,y\"@$d, b@$d\n" -t
    mail comments "To: a@$d (one, two), (three) b@$d, c (four) @$d\n" -t
    mail nested-comments "To: a@$d (one (two, (three)), four), b@$d\n" -t
    mail comment-parens "To: a@$d (one \\\\) , two), b@$d\n" -t
    mail undisclosed "To: undisclosed-recipients:;\nBcc: a@$d\n" -t
    mail group "To: Friends: a@$d, \"B, C\" <b@$d>, c@$d;\n" -t
    mail groups "To: x@$d, A: a@$d, b@$d;, B: c@$d;, y@$d\n" -t
    mail group-quoted "To: \"A, B: C\": a@$d, b@$d;\n" -t
    mail route "To: <@x.$d,@y.$d:a@$d>, b@$d\n" -t
    mail names "To: One Two <a@$d>, <b@$d>, c@$d (Three)\n" -t
    mail no-comma "To: a@$d b@$d\n" -t
    mail no-comma-angles "To: One <a@$d> Two <b@$d>\n" -t
    mail no-closing "To: One <a@$d, b@$d\n" -t
    mail stray-comma "To: a@$d,\n" -t
    mail commas "To: , a@$d,, ,b@$d,\n" -t
    mail semicolon "To: a@$d; b@$d\n" -t
    mail semicolon-angles "To: One <a@$d>; Two <b@$d>\n" -t
    mail eight-bit "To: J\xc3\xb6rg, X <a@$d>, J\xc3\xb6rg <b@$d>\n" -t
    mail encoded "To: =?utf-8?Q?J=C3=B6rg=2C_X?= <a@$d>, =?utf-8?B?Sm9lcmc=?= <b@$d>\n" -t
    mail dot-name "To: John Q. Public <a@$d>, A.B <b@$d>\n" -t
    mail apostrophe "To: O'Brien <a@$d>, 'b@$d'\n" -t
    mail literal "To: a@[192.0.2.1], b@$d\n" -t
    mail local "To: root, alice\n" -t
    mail local-name "To: Mr. Root <root>, alice (Alice, herself)\n" -t
    # the same address again
    mail twice "To: a@$d, a@$d, b@$d\n" -t
    mail twice-fields "To: a@$d\nCc: a@$d\n" -t
    mail twice-case "To: a@$d, A@EXAMPLE.NET\n" -t
    mail twice-name "To: One <a@$d>, Two <a@$d>\n" -t
    # fields
    mail to-cc-bcc "To: a@$d\nCc: b@$d, c@$d\nBcc: d@$d\n" -t
    mail only-bcc "Bcc: a@$d, b@$d\n" -t
    mail two-fields "To: a@$d\nTo: b@$d\nCc: c@$d\nCc: d@$d\n" -t
    mail two-bcc "To: a@$d\nBcc: b@$d\nBcc: c@$d\n" -t
    mail lower-names "to: a@$d\ncc: b@$d\nBCC: c@$d\n" -t
    mail blank-colon "To : a@$d\nCc: b@$d\n" -t
    mail empty-to "To:\nCc: a@$d\n" -t
    mail apparently "To: a@$d\nApparently-To: b@$d\n" -t
    mail other-fields "To: a@$d\nReply-To: b@$d\nX-To: c@$d\nDelivered-To: d@$d\nReturn-Receipt-To: e@$d\n" -t
    mail resent "Resent-From: f@$d\nResent-To: a@$d\nResent-Cc: b@$d\nResent-Bcc: c@$d\nTo: d@$d\nCc: e@$d\n" -t
    mail resent-below "To: d@$d, e@$d, f@$d\nResent-From: f@$d\nResent-To: a@$d\n" -t
    mail resent-two "Resent-From: f@$d\nResent-To: a@$d\nReceived: x\nResent-From: g@$d\nResent-To: b@$d, c@$d\nTo: d@$d\n" -t
    mail resent-no-to "Resent-Date: Sat, 21 Nov 2026 16:20:31 +0000\nResent-From: f@$d\nTo: a@$d, b@$d\n" -t
    mail resent-only-id "Resent-Message-ID: <1@$d>\nTo: a@$d, b@$d\n" -t
    # operands
    mail operand "To: x@$d, y@$d\n" a@$d
    mail operands "" a@$d b@$d c@$d
    mail operand-list "" "a@$d,b@$d" c@$d
    mail operand-list-blank "" "a@$d, b@$d"
    mail operand-blanks "" "a@$d b@$d"
    mail operand-name "" "One Two <a@$d>" b@$d
    mail operand-name-comma "" "\"Doe, John\" <a@$d>" b@$d
    mail operand-quoted "" "\"x,y\"@$d" b@$d
    mail operand-comment "" "a@$d (one, two)" b@$d
    mail operand-group "" "A: a@$d, b@$d;"
    mail operand-twice "" a@$d a@$d b@$d
    mail operand-empty "" "" a@$d
    mail operand-comma "" , a@$d
    mail operand-and-t "To: a@$d, b@$d\n" -t c@$d
    mail operand-and-t-same "To: a@$d, b@$d\n" -t a@$d
    mail operand-and-t-list "To: a@$d, b@$d\n" -t "c@$d,d@$d"
    mail t-dashes "To: a@$d, b@$d\n" -t -- c@$d
    mail dashes "To: x@$d\n" -- a@$d b@$d
    mail after-operand "To: a@$d\n" b@$d -t
    mail bare "To: a@$d, b@$d\n"
    # long header sections
    mail long-17k "To: $(list 800 "")\n" -t
    mail long-42k "To: $(list 1700 "")\n" -t
    mail many-fields "$(for i in $(seq 200); do printf 'Bcc: b%d@%s\\n' "$i" "$d"; done)" -t
    mail long-other "X-Long: $(head -c 20000 /dev/zero | tr '\0' x | fold -w 70 | sed 's/$/\\n /' | tr -d '\n')x\nTo: a@$d, b@$d\n" -t
    mail long-90k "To: $(list 1700 "One with a name of some length ")\n" -t
}

# --- the MTAs: set up so that nothing leaves, and what is in their envelopes ------------------------------------------

# Each envelope_* prints "S sender", then a line "R address" for each recipient.
sink()
{
    mkdir -p /tmp/sink
    mail-sink 2525 /tmp/sink >/tmp/sink.pid
}
sink_envelopes() { cat /tmp/sink/*.env | perl -ne 'print "$1 $2\n" if /^(MAIL|RCPT)[^<]*<(.*)>/' | sed 's/^MAIL/S/;s/^RCPT/R/'; }

setup_nullmailer() { :; }
envelopes_nullmailer()
{
    perl -ne 'BEGIN { $n = 0 } $head = 1 if $ARGV ne $old; $old = $ARGV; chomp;
        print $head == 1 ? "S $_\n" : "R $_\n" if $head && $_ ne ""; $head = $_ eq "" ? 0 : $head + ($head > 0)' \
        /var/spool/nullmailer/queue/*
}

setup_msmtp() { printf 'defaults\naccount default\nhost 127.0.0.1\nport 2525\nfrom web@example.org\n' >/etc/msmtprc; sink; }
envelopes_msmtp() { sink_envelopes; }

setup_ssmtp() { printf 'mailhub=127.0.0.1:2525\nhostname=mail.example.test\nFromLineOverride=YES\n' >/etc/ssmtp/ssmtp.conf; sink; }
envelopes_ssmtp() { sink_envelopes; }

setup_esmtp() { printf 'hostname=127.0.0.1:2525\nstarttls=disabled\n' >/etc/esmtprc; chmod 644 /etc/esmtprc; sink; }
envelopes_esmtp() { sink_envelopes; }

setup_dma() { echo DEFER >>/etc/dma/dma.conf; }
envelopes_dma()
{
    cat /var/spool/dma/Q* | perl -ne 'print "S $1\n" if /^Sender: (.*)/; print "R $1\n" if /^Recipient: (.*)/'
}

setup_exim() { sed -i '1i queue_only = true' /etc/exim4/exim4.conf.template; update-exim4.conf; }
envelopes_exim()
{
    find /var/spool/exim4/input -name '*-H' -exec cat {} + | perl -ne '
        chomp;
        if (/^\S+-H$/) { $line = 1; $left = -1; next }
        $line++;
        print "S $1\n" if $line == 3 && /^<(.*)>$/;
        if ($left > 0) { $left--; print "R $_\n" }
        $left = $_ if $left < 0 && $line > 4 && /^\d+$/'
}

setup_opensmtpd()
{
    mkdir -p /run/opensmtpd
    printf 'listen on socket\naction "out" relay host smtp://127.0.0.1:2525\nmatch from local for any action "out"\n' >/etc/smtpd.conf
    smtpd >/tmp/smtpd.out 2>&1
    wait_for 60 smtpctl pause mta || bail "smtpd does not start: $(cat /tmp/smtpd.out)"
}
envelopes_opensmtpd() { smtpctl show queue | awk -F '|' '{print "S " $5; print "R " $6}'; }

setup_postfix()
{
    postconf -e inet_interfaces=loopback-only maillog_file=/var/log/mail.log defer_transports=smtp,local mydestination=example.test \
        disable_dns_lookups=yes
    start_postfix
}
postfix_idle() { [ -z "$(find /var/spool/postfix/{maildrop,incoming,active} -type f)" ]; }
envelopes_postfix()
{
    wait_for 60 postfix_idle
    find /var/spool/postfix/deferred -type f -exec postcat -e {} + \
        | perl -ne 'print "S $1\n" if /^sender: (.*)/; print "R $1\n" if /^(?:done_)?recipient: (.*)/'
}

setup_courier()
{
    echo mail.example.test >/etc/courier/me
    echo example.test >/etc/courier/locals
    /etc/init.d/courier-authdaemon start >/dev/null 2>&1
}
envelopes_courier()
{
    find /var/lib/courier/tmp /var/lib/courier/msgs -name 'C*' -type f -exec cat {} + \
        | perl -ne 'print "S $1\n" if /^s(.*)/; print "R $1\n" if /^r(.*)/'
}

setup_sendmail()
{
    echo example.test >>/etc/mail/local-host-names
    sed -i 's/^O DeliveryMode=.*/O DeliveryMode=queue/' /etc/mail/submit.cf
}
envelopes_sendmail()
{
    cat /var/spool/mqueue-client/qf* | perl -ne 'print "S $1\n" if /^S<?([^>\n]*)/; print "R $1\n" if /^R[A-Z]*:(.*)/'
}

# --- comparing ---------------------------------------------------------------------------------------------------

# CASE=RECORD/ENVELOPE where the two numbers differ and the MTA takes the message.
differs()
{
    case $1 in
    postfix | sendmail | dma | courier) # one that is named twice is in the envelope once
        echo twice=3/2 twice-fields=2/1 twice-name=2/1 operand-twice=3/2
        ;;
    esac
    case $1 in
    postfix) echo twice-case=2/1 operand-and-t-same=3/2 no-closing=1/2 ;;
    sendmail) echo operand-and-t-same=3/2 no-closing=1/2 semicolon-angles=2/1 ;;
    exim) echo operand-and-t-same=2/1 apostrophe=2/1 ;;
    opensmtpd) echo no-closing=1/2 ;;
    dma) echo operand-and-t-same=3/2 no-closing=1/2 route=2/3 ;;
    ssmtp)
        echo quoted-comma=2/3 group=3/2 groups=5/3 group-quoted=2/1 route=2/3 no-closing=1/2 semicolon=2/1 semicolon-angles=2/1
        echo local-name=2/3 operand-name-comma=2/3 operand-quoted=2/3 long-17k=800/799 long-42k=1700/1699
        ;;
    esmtp) echo semicolon=2/1 two-bcc=3/2 many-fields=200/5 ;;
    esac
}

# Cases in which the MTA takes no message although recipients are named.
refuses()
{
    case $1 in
    nullmailer) echo route no-closing commas semicolon semicolon-angles literal blank-colon operand-comma ;;
    ssmtp) echo operand-and-t operand-and-t-same operand-and-t-list t-dashes after-operand bare ;;
    esmtp) echo starts-folded comment-parens undisclosed eight-bit local local-name operand-empty operand-comma bare ;;
    dma) echo eight-bit operand-empty operand-comma bare ;;
    exim) echo no-comma no-comma-angles no-closing semicolon semicolon-angles operand-blanks operand-group operand-comma bare ;;
    opensmtpd)
        echo folded quoted-local comment-parens route no-comma no-comma-angles eight-bit apostrophe operand-list-blank operand-blanks
        echo operand-name operand-name-comma operand-quoted operand-comment operand-group operand-empty operand-comma long-42k long-90k
        ;;
    sendmail) echo semicolon long-42k long-90k ;; # its header sections end at 32 KiB
    esac
}

# Prints for each case: its number, the record's rcpts, the recipients in the envelope.
count_both()
{
    "envelopes_$1" >/tmp/envelopes
    perl -e '
        my ($envelopes, $log, $cases) = @ARGV;
        my (%count, $case, %rcpts);
        open my $in, "<", $envelopes or die;
        while (<$in>) {
            if (/^S (.*)/) { $case = $1 =~ /case(\d+)@/ ? $1 : "none" } else { $count{$case}++ }
        }
        open my $records, "<", $log or die;
        while (<$records>) { my ($n) = / args="-f case(\d+)@/; $rcpts{$n} = $1 if / rcpts=(\S+)/ }
        print "$_ ", $rcpts{$_} // "none", " ", $count{$_} // 0, "\n" for 0 .. $cases - 1;' /tmp/envelopes "$SW_LOG" ${#CASES[@]}
}

try()
{
    local package=$1 n rcpts count name differs refuses want
    DIALECT=$2 CASES=()
    if [ "$DIALECT" = courier ]; then # otherwise the package makes one, which takes some random seconds
        mkdir -p /etc/courier
        : >/etc/courier/dhparams.pem
    fi
    ok "$package: install" timeout 300 apt-get install -q -y --allow-downgrades "/debs/$package"/*.deb </dev/null || return
    ok "$package: enable" sendmail-wrapper-divert enable || return
    "setup_$DIALECT"
    record_clear
    RUNNING=0
    messages
    wait
    is "$package: a record for each call" "$(record_count)" ${#CASES[@]}
    differs=" $(differs "$DIALECT" | xargs) "
    refuses=" $(refuses "$DIALECT" | xargs) "
    while read -r n rcpts count; do
        name=${CASES[n]}
        if [[ $refuses == *" $name "* ]]; then
            is "$package: $name: refused" "$count" 0
            continue
        fi
        want=$count/$count
        [[ $differs != *" $name="* ]] || { want=${differs#* "$name"=}; want=${want%% *}; }
        if [ "$name" = long-90k ]; then # longer than what is read before the MTA runs
            like "$package: $name: at least" "$rcpts" '^[0-9]+\+$'
            ok "$package: $name: not more than" test "${rcpts%+}" -le "$count"
        else
            is "$package: $name: $want" "$rcpts/$count" "$want"
        fi
    done < <(count_both "$DIALECT")
    "stop_$DIALECT" 2>/dev/null
    ok "$package: disable" sendmail-wrapper-divert disable
}

stop_msmtp() { kill "$(cat /tmp/sink.pid)"; rm -r /tmp/sink; }
stop_ssmtp() { stop_msmtp; }
stop_esmtp() { stop_msmtp; }
