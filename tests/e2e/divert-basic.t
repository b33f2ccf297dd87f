#!/bin/bash
# sendmail-wrapper-divert on Postfix: what enable leaves, that it works, and that disable leaves nothing of it.
# bed: postfix
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
mode() { stat -c '%A %U:%G' "$1"; }
identity() { stat -c '%i %s %Y %A %U:%G' "$1"; }
run() { "$@" >/tmp/out 2>&1; echo $?; } # exit status; output in /tmp/out
output() { cat /tmp/out; }

# --- usage
is "--version" "$(run $divert --version)" 0
like "with the version" "$(output)" '^sendmail-wrapper-divert [0-9]+\.[0-9]+'
is "--help" "$(run $divert --help)" 0
like "lists the commands" "$(output)" 'enable.*disable.*status'
for bad in "" "frobnicate" "enable --force" "disable now" "status now"; do
    # shellcheck disable=SC2086 # words
    is "usage error: '$bad'" "$(run $divert $bad)" 64
done
is "enable needs root" "$(run as web274 $divert enable)" 1
like "and says so" "$(output)" 'must be root'
is "disable needs root" "$(run as web274 $divert disable)" 1

# --- before
before=$(identity /usr/sbin/sendmail)
list=$(dpkg-divert --list)
is "status before: not enabled" "$(run $divert status)" 1
like "says what to do" "$(output)" "not enabled.*To enable it: $divert enable"
is "disable with nothing to do succeeds" "$(run $divert disable)" 0
rm -rf /var/log/sendmail-wrapper # enable makes it

# --- enable
is "enable" "$(run $divert enable)" 0
enabled=$(output)
note "$enabled"
like "says what stands where" "$enabled" '/usr/sbin/sendmail of postfix, now /usr/sbin/sendmail\.real'
like "where the log is" "$enabled" '/var/log/sendmail-wrapper/calls\.log'
like "that it was checked" "$enabled" 'It works'
like "how to undo it" "$enabled" "To undo: $divert disable"
is "short" "$(test "$(wc -l </tmp/out)" -lt 12 && echo yes)" yes
is "the copy is set-gid" "$(mode /usr/sbin/sendmail)" "-rwxr-sr-x root:sendmail-wrapper"
same "the copy is the wrapper" /usr/sbin/sendmail /usr/sbin/sendmail-wrapper
is "a regular file of one name" "$(stat -c '%F %h' /usr/sbin/sendmail)" "regular file 1"
is "the original is itself" "$(identity /usr/sbin/sendmail.real)" "$before"
is "the installed one has no privilege" "$(mode /usr/sbin/sendmail-wrapper)" "-rwxr-xr-x root:root"
is "diverted for the package" "$(dpkg-divert --listpackage /usr/sbin/sendmail)" sendmail-wrapper
is "to .real" "$(dpkg-divert --truename /usr/sbin/sendmail)" /usr/sbin/sendmail.real
is "the log directory cannot be listed" "$(mode /var/log/sendmail-wrapper)" "drwx--x--x root:root"
is "the log cannot be read" "$(mode "$SW_LOG")" "-rw--w---- root:sendmail-wrapper"
is "the target is recorded" "$(cat /var/lib/sendmail-wrapper/target)" \
    "sendmail=/usr/sbin/sendmail.real mta=postfix $(stat -c 'dev=%d ino=%i mtime=%Y' /usr/sbin/sendmail.real)"
is "for everyone to read" "$(mode /var/lib/sendmail-wrapper/target)" "-rw-r--r-- root:root"
nok "a user cannot hold the tool's lock" as web274 flock -n /var/lib/sendmail-wrapper/lock true
is "dpkg finds Postfix unchanged" "$(dpkg -V postfix)" ""
is "nothing else is left in /usr/sbin" "$(find /usr/sbin -maxdepth 1 -name 'sendmail.*' | sort | paste -sd ' ')" \
    /usr/sbin/sendmail.real
is "nor in /run" "$(find /run /tmp -maxdepth 1 -name '*sendmail-wrapper*')" ""

# --- it works
start_postfix
printf 'To: alice\nSubject: one\n\nx\n' | as web274 /usr/sbin/sendmail -t -i
wait_mail 1
is "a mail is delivered" "$(mail_count)" 1
ok "and recorded" test "$(record_count)" -ge 1
for path in /usr/lib/sendmail /usr/sbin/sendmail; do
    n=$(record_count)
    printf 'Subject: two\n\nx\n' | as web274 $path alice
    is "$path leads to the wrapper" "$(record_count)" $((n + 1))
done
like "mailq answers" "$(as web274 mailq)" 'Mail queue is empty|Queue ID'
ok "newaliases" newaliases
status=$(run $divert status)
is "status: it works" "$status" 0
like "and says so" "$(output)" 'in front of +/usr/sbin/sendmail.*It works'
is "for an unprivileged user too" "$(run as web274 $divert status)" 0

# --- again
after=$(identity /usr/sbin/sendmail)
is "enable again" "$(run $divert enable)" 0
is "changes nothing" "$(identity /usr/sbin/sendmail)" "$after"
is "nor the original" "$(identity /usr/sbin/sendmail.real)" "$before"

# --- disable
n=$(record_count)
is "disable" "$(run $divert disable)" 0
note "$(output)"
like "says what stays" "$(output)" "Kept: the log"
is "the original is back: inode, time, mode, owner" "$(identity /usr/sbin/sendmail)" "$before"
is "the diverted name is gone" "$(find /usr/sbin -maxdepth 1 -name 'sendmail.*')" ""
is "the list of diversions is as before" "$(dpkg-divert --list)" "$list"
is "dpkg -V is clean" "$(dpkg -V postfix)" ""
nok "the record of the target is gone" test -e /var/lib/sendmail-wrapper/target
printf 'Subject: three\n\nx\n' | as web274 /usr/sbin/sendmail alice
wait_mail 4
is "mail goes on" "$(mail_count)" 4
is "unrecorded" "$(record_count)" "$n"
is "disable again" "$(run $divert disable)" 0
is "status: not enabled" "$(run $divert status)" 1

# --- for PHP alone
is "enable --no-divert" "$(run $divert enable --no-divert)" 0
note "$(output)"
like "says the line for php.ini" "$(output)" 'sendmail_path = "/usr/sbin/sendmail-wrapper -t -i"'
is "the installed one is set-gid" "$(mode /usr/sbin/sendmail-wrapper)" "-rwxr-sr-x root:sendmail-wrapper"
is "sendmail is the original" "$(identity /usr/sbin/sendmail)" "$before"
is "nothing is diverted" "$(dpkg-divert --list)" "$list"
is "the target is sendmail itself" "$(cut -d ' ' -f 1,2 /var/lib/sendmail-wrapper/target)" \
    "sendmail=/usr/sbin/sendmail mta=postfix"
printf 'To: alice\nSubject: four\n\nx\n' | as web274 /usr/sbin/sendmail-wrapper -t -i
wait_mail 5
is "it delivers" "$(mail_count)" 5
is "and records" "$(record_count)" $((n + 1))
is "status: it works" "$(run $divert status)" 0
is "a diversion on top" "$(run $divert enable)" 0
like "the target is the diverted one" "$(cat /var/lib/sendmail-wrapper/target)" '^sendmail=/usr/sbin/sendmail\.real '
n=$(record_count)
printf 'To: alice\nSubject: five\n\nx\n' | as web274 /usr/sbin/sendmail-wrapper -t -i
is "still one record a mail" "$(record_count)" $((n + 1))
is "one disable takes both back" "$(run $divert disable)" 0
is "the original is back" "$(identity /usr/sbin/sendmail)" "$before"
is "the installed one has no privilege" "$(mode /usr/sbin/sendmail-wrapper)" "-rwxr-xr-x root:root"
is "status: not enabled" "$(run $divert status)" 1
done_testing
