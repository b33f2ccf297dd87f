#!/bin/bash
# In a chroot, as a php-fpm pool with chroot= has it: no libraries, no /proc, no /dev/log, and the wrapper works.
# bed: base
. /t/e2e/lib.sh

root=/srv/jail
mkdir -p $root/usr/sbin $root/etc $root/dev $root/bin $root/tmp $root/htdocs/blog $root/var/log/sendmail-wrapper
chmod 1777 $root/tmp
mknod -m 666 $root/dev/null c 1 3
groupadd -f --system sendmail-wrapper
install -o root -g sendmail-wrapper -m 2755 /usr/sbin/sendmail-wrapper $root/usr/sbin/sendmail-wrapper
chmod 711 $root/var/log/sendmail-wrapper
install -o root -g sendmail-wrapper -m 620 /dev/null "$root$SW_LOG"
cp "$(command -v busybox)" $root/bin/busybox
printf '#!/bin/busybox sh\n/bin/busybox cat >/tmp/message\nexit 67\n' >$root/usr/sbin/sendmail
chmod 755 $root/usr/sbin/sendmail
printf 'mta = "postfix"\n' >$root/etc/sendmail-wrapper.conf
printf 'To: alice\nSubject: from the jail\n\nhello\n' >/tmp/mail

inside() { chroot --userspec=4079:4079 $root /bin/busybox sh -c "cd /htdocs/blog && exec /usr/sbin/sendmail-wrapper $1"; }
inside "-t -i" </tmp/mail
is "the exit status is the MTA's" "$?" 67
like "the header is there" "$(head -n 1 $root/tmp/message)" '^X-Additional-Header: /htdocs; uid=4079; pid=[0-9]+; id='
ok "the rest is as it was" cmp <(tail -n +2 $root/tmp/message) /tmp/mail
record=$(cat "$root$SW_LOG")
is "one record, in the jail's log" "$(grep -c . "$root$SW_LOG")" 1
is "its uid" "$(record_get_from "$record" uid)" 4079
is "its directory, as the jail sees it" "$(record_get_from "$record" cwd)" /htdocs/blog
is "what is missing is said" "$(record_get_from "$record" why)" "no /proc"
unlike "and not invented" "$record" ' (caller|chain|unit|script|user)='

# A message that needs the copying process.
{ cat /tmp/mail && head -c 1000000 /dev/zero | tr '\0' 'x' | fold -w 70; } >/tmp/large
inside "-t -i" </tmp/large
is "a large one: the exit status" "$?" 67
ok "a large one arrives whole" cmp <(tail -n +2 $root/tmp/message) /tmp/large

# /proc in there is a directory of the customer's own.
mkdir -p $root/proc/self
printf '1 (root) S 1 1 1\n' >$root/proc/self/stat
inside "-t -i" </tmp/mail
is "a forged /proc is not believed" "$(record_get_from "$(tail -n 1 "$root$SW_LOG")" why)" "/proc is not procfs"
done_testing
