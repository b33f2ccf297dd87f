#!/bin/bash
# No diversion: php.ini names the wrapper as sendmail_path, everything else on the machine stays as it is.
# bed: web
. /t/e2e/lib.sh

start_postfix
before=$(stat -c '%i %m %a %U' /usr/sbin/sendmail)
cat >/etc/php/8.2/cli/conf.d/99-wrapper.ini <<'INI'
sendmail_path = "/usr/sbin/sendmail-wrapper -t -i"
INI
cd /var/www/web274/htdocs || bail "no htdocs"
printf '<?php echo mail("alice", "Hello", "body") ? "sent" : "failed";\n' >contact.php

note "as installed, not set-gid, nobody made a log file: syslog has the record"
start_rsyslog
is "PHP sends" "$(as web274 php contact.php)" sent
wait_mail 1
mail_get 1 /tmp/m
like "the message carries the header" "$(mail_header /tmp/m X-Additional-Header)" '^/var/www/web274; uid=4079; '
id=$(mail_header /tmp/m X-Additional-Header | sed 's/.*id=//')
ok "the record is in syslog" wait_for 60 grep -q "id=$id .*uid=4079 .*action=deliver" /var/log/syslog
like "it says why" "$(grep "id=$id" /var/log/syslog)" ' why='

note "sendmail itself is untouched"
is "the same file" "$(stat -c '%i %m %a %U' /usr/sbin/sendmail)" "$before"
is "no diversion" "$(dpkg-divert --list | grep -c sendmail)" 0
printf 'To: alice\nSubject: direct\n\nbody\n' | as web274 /usr/sbin/sendmail -t
wait_mail 2
for n in 1 2; do mail_get $n "/tmp/m$n"; done
direct=$(grep -l '^Subject: direct' /tmp/m1 /tmp/m2)
is "others' mail has no header" "$(mail_header "$direct" X-Additional-Header)" ""
done_testing
