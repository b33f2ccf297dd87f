#!/bin/bash
# During an SMTP session (-bs) the wrapper holds the log open: nobody but root gets at it, and the mail server does not have it.
# bed: postfix
. /t/e2e/lib.sh

start_postfix
divert_by_hand
cd /var/www/web274/htdocs || bail "no htdocs"
mkfifo -m 666 /tmp/client
as web274 /usr/sbin/sendmail -bs </tmp/client >/dev/null &
exec 7>/tmp/client
# The mail server runs, so the session has begun.
has_child() { wrapper=$(pgrep -x sendmail | head -n 1) && mta=$(pgrep -P "$wrapper"); }
ok "a session is open" wait_for 20 has_child
has_child
log_of() { find "/proc/$1/fd" -lname "$SW_LOG" | grep -c .; }
is "the wrapper holds the log" "$(log_of "$wrapper")" 1
is "the mail server does not" "$(log_of "$mta")" 0
nok "a customer cannot list the wrapper's descriptors" as web274 ls "/proc/$wrapper/fd"
nok "nor attach to it" as web274 timeout 5 strace -qq -p "$wrapper"
exec 7>&-
wait
done_testing
