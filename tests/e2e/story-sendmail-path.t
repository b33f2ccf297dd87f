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

note "enable --no-divert: the log file has it"
ok "enable --no-divert" sendmail-wrapper-divert enable --no-divert
is "PHP sends" "$(as web274 php contact.php)" sent
wait_mail 2
mail_get -1 /tmp/m
is "the record is in the file" "$(record_count) id=$(record_get id)" \
    "1 $(mail_header /tmp/m X-Additional-Header | sed 's/.*; //')"
is "of the caller" "$(record_get uid) $(record_get cwd) $(record_get args)" "4079 /var/www/web274/htdocs -t -i"
nok "nothing was amiss" record_has why

note "for one pool of php-fpm"
rm /etc/php/8.2/cli/conf.d/99-wrapper.ini
echo 'php_admin_value[sendmail_path] = "/usr/sbin/sendmail-wrapper -t -i"' >>/etc/php/8.2/fpm/pool.d/www.conf
start_fpm
start_nginx
is "a page sends" "$(web_get http://127.0.0.1/contact.php)" sent
wait_mail 3
like "it is recorded" "$(record_count) $(record_get caller)" '^2 php-fpm: pool web274'

note "sendmail itself is untouched"
is "the same file" "$(stat -c '%i %m %a %U' /usr/sbin/sendmail)" "$before"
is "no diversion" "$(dpkg-divert --list | grep -c sendmail)" 0
mail_clear
printf 'To: alice\nSubject: direct\n\nbody\n' | as web274 /usr/sbin/sendmail -t
wait_mail 1
mail_get 1 /tmp/m
is "others' mail has no header" "$(mail_header /tmp/m X-Additional-Header)" ""
is "and no record" "$(record_count)" 2

note "with a diversion too, a call still goes through the wrapper once"
ok "enable" sendmail-wrapper-divert enable
mail_clear
is "a page sends" "$(web_get http://127.0.0.1/contact.php)" sent
wait_mail 1
mail_get 1 /tmp/m
is "one header" "$(mail_header /tmp/m X-Additional-Header | grep -c .)" 1
is "one record more" "$(record_count)" 3
done_testing
