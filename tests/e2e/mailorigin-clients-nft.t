#!/bin/bash
# mailorigin clients --format nftables: a real nft takes it, again and again, and the empty list, too.
# bed: host
. /t/e2e/lib.sh

for n in 1 2 3 4 5 6 7 8 9 10; do
    echo "Nov 21 16:20:1$((n - 1)) web1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[2001:db8::5]: 554 5.7.1 <a@b>: no"
    echo "Nov 21 16:20:1$((n - 1)) web1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[203.0.113.9]: 554 5.7.1 <a@b>: no"
done >/tmp/mail.log
rules() { nft list ruleset; }
mailorigin clients --mail-log=/tmp/mail.log --format nftables >/tmp/rules 2>/tmp/err
is "a list" "$?" 0
ok "nft takes it" nft -f /tmp/rules
like "IPv4" "$(rules)" 'set blocked4.*203\.0\.113\.9'
like "IPv6" "$(rules)" 'set blocked6.*2001:db8::5'
like "what comes from there is dropped" "$(rules)" 'ip saddr @blocked4 drop.*ip6 saddr @blocked6 drop'
ok "again" nft -f /tmp/rules
is "it stands there once" "$(rules | grep -c '^table')" 1
mailorigin clients --mail-log=/tmp/mail.log --at-least 100 --format nftables >/tmp/rules 2>/tmp/err
is "an empty list" "$?" 1
ok "nft takes that" nft -f /tmp/rules
unlike "nobody is blocked any more" "$(rules)" '203\.0\.113\.9'
done_testing
