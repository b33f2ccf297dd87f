#!/bin/bash
# kill -9 at every step of enable and disable where there is no dpkg, also after an upgrade has put the MTA's new sendmail
# over the wrapper: divert-kill-lib.sh.
# bed: postfix
. /t/e2e/lib.sh
. /t/e2e/nodpkg-lib.sh
. /t/e2e/divert-kill-lib.sh

upgraded()
{
    enabled
    upgrade x
    cp -p /usr/sbin/sendmail /tmp/original # the next one is another
    # that is what disable is to leave
    # shellcheck disable=SC2034 # divert-kill-lib.sh uses it
    originals=$(stat -c %i%A /usr/sbin/sendmail /usr/sbin/sendmail-wrapper)
    original="$(stat -c '%n %i %s %Y %A %U:%G' /usr/sbin/sendmail)
${original#*
}"
}

try enable fresh 15 ''
try enable upgraded 10 ''
try disable enabled 8 enable
take_back_all
done_testing
