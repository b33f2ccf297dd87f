#!/bin/bash
# The output of a real cron job: crond itself calls sendmail, as the job's user.
# bed: postfix
. /t/e2e/lib.sh

start_postfix
ok "enable" sendmail-wrapper-divert enable
# @reboot, so that nobody waits for the next minute.
printf 'MAILTO=alice\n@reboot echo the nightly job has something to say\n' >/tmp/crontab
ok "web274 has a crontab" as web274 crontab /tmp/crontab
start_cron
wait_mail 1
mail_get 1 /tmp/m
like "the message says where it comes from" "$(mail_header /tmp/m X-Additional-Header)" '^/var/www; uid=4079; pid=[0-9]+; id='
like "it is cron's" "$(mail_header /tmp/m Subject)" '^Cron <web274@'
ok "with the job's output" grep -q '^the nightly job has something to say$' /tmp/m
is "one record" "$(record_count)" 1
is "of the job's user" "$(record_get uid) $(record_get user)" "4079 web274"
is "in his home" "$(record_get cwd)" /var/www/web274
like "called by cron" "$(record_get caller) $(record_get chain)" 'cron'
like "with cron's arguments" "$(record_get args)" '^-FCronDaemon -i -B8BITMIME -oem alice$'
if [ "$(cat /proc/self/loginuid)" != "" ] && grep -q loginuid /etc/pam.d/cron; then
    is "the login uid is the one cron set" "$(record_get loginuid)" 4079
else
    skip "the login uid is the one cron set" "no loginuid on this kernel"
fi
if have_units; then
    is "the unit" "$(record_get unit)" cron.service
else
    skip "the unit" "no cgroup2 that we may write to"
fi
done_testing
