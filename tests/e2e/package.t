#!/bin/bash
# The Debian package and the mail servers that come, change and go beside it: what it puts in place by itself, what it leaves
# alone, and what the administrator has decided. What its own life does to mail: package-life-*.t.
# bed: package
# shellcheck disable=SC2016,SC2086,SC2154 # eval; paths without blanks; variables of package-lib.sh
. /t/e2e/lib.sh
. /t/e2e/package-lib.sh
. /t/e2e/docs-lib.sh

cd /var/www/web274/htdocs || bail "no web274"
state() { dpkg-query -W -f '${db:Status-Status}' sendmail-wrapper 2>/dev/null; }
accepts() { printf 'To: alice\nSubject: x\n\nx\n' | as web274 "${1:-$X}" -t -i >/tmp/err 2>&1; }
audit() { dpkg --audit; dpkg-query -W -f '${Package} ${db:Status-Status}\n' | grep -E ' (triggers-|half-|unpacked)'; }
# in_place DESC: so is each call, at each path
in_place()
{
    local path n
    is "$1: all is in place" "$(faults "$version")" ""
    for path in $X $L; do
        [ -e "$path" ] || continue
        n=$(record_count)
        accepts "$path"
        is "$1: a call of $path is recorded" "$(record_count)" $((n + 1))
    done
}

# --- without a mail server
before=$(machine_state)
ok "install without a mail server" package dpkg -i "$this"
like "it says so" "$(cat /tmp/apt)" "there is no mail server yet"
is "it is configured" "$(state)" installed
ok "nothing stands at /usr/sbin/sendmail" eval '! has_mta'
is "the wrapper is ready for PHP" "$(mode $W)" "2755 root:sendmail-wrapper"
is "so is the log" "$(mode "$SW_LOG")" "620 root:sendmail-wrapper"
is "dpkg -V is clean" "$(dpkg -V sendmail-wrapper)" ""
is "its version is the programs'" "$(mailorigin --version | grep -oF "$version"; sendmail-wrapper-divert --version | grep -oF "$version")" "$version
$version"
is "what an administrator edits is a conffile" "$(dpkg-query -W -f '${Conffiles}' sendmail-wrapper | awk '{print $1}' | xargs)" \
    "/etc/logrotate.d/sendmail-wrapper /etc/sendmail-wrapper.conf"
ok "purge" package dpkg --purge sendmail-wrapper
is "all is as it was" "$(diff <(echo "$before") <(machine_state))" ""

# --- a mail server that comes later
echo "postfix postfix/main_mailer_type select Local only" | debconf-set-selections
ok "install before the mail server" package dpkg -i "$this"
install_mta postfix
is "one trigger" "$(grep -c '^Processing triggers for sendmail-wrapper' /tmp/apt)" 1
in_place "Postfix comes"

# --- the administrator's configuration
echo 'header { path = "full" }' >>"$SW_CONFIG"
ok "reinstall" package dpkg -i "$this"
like "an edited configuration stays" "$(tail -n 1 "$SW_CONFIG")" full
sed -i '$d' "$SW_CONFIG"

# --- it changes
dpkg-deb -R /debs/postfix/postfix_*.deb /tmp/postfix
sed -i 's/^Version: .*/&.1/' /tmp/postfix/DEBIAN/control
printf x >>/tmp/postfix/usr/sbin/sendmail
sed -i "s|^.*  usr/sbin/sendmail$|$(md5sum </tmp/postfix/usr/sbin/sendmail | cut -d ' ' -f 1)  usr/sbin/sendmail|" /tmp/postfix/DEBIAN/md5sums
dpkg-deb -Znone -b /tmp/postfix /tmp/postfix.deb >/dev/null
ok "Postfix is upgraded" package dpkg -i /tmp/postfix.deb
in_place "upgraded"
same "the real one is the new one" /tmp/postfix/usr/sbin/sendmail $X.real
postfix set-permissions >/dev/null 2>&1
isnt "postfix set-permissions strips the wrapper" "$(mode $X)" "2755 root:sendmail-wrapper"
ok "Postfix is reinstalled" package dpkg -i /tmp/postfix.deb
in_place "the trigger puts it back"
is "nothing is pending" "$(audit)" ""

# --- another one
install_mta exim4-daemon-light
in_place "exim takes its place"
same "at /usr/lib/sendmail, too" $W $L
install_mta sendmail-bin
in_place "sendmail takes its place"
ok "purge of the mail server" package dpkg --purge sendmail-bin
ok "no sendmail stands there without a mail server" eval '! has_mta'
is "no diversion" "$(dpkg-divert --list '*sendmail*')" ""
install_mta courier-mta
in_place "courier comes" # sets modes at /usr/sbin/sendmail, by dpkg-statoverride
is "the real one has its mode" "$(mode $X.real)" "2755 root:courier"
install_mta postfix
in_place "Postfix again"

# --- dpkg's other ways
# small NAME FIELD: a package with one file, /usr/share/sendmail-wrapper/other, and that field
small()
{
    mkdir -p "/tmp/$1/DEBIAN" "/tmp/$1/usr/share/sendmail-wrapper"
    printf '%s\n' "Package: $1" 'Version: 1' 'Architecture: all' 'Maintainer: x <x@example.test>' "$2" 'Description: x' >"/tmp/$1/DEBIAN/control"
    echo x >"/tmp/$1/usr/share/sendmail-wrapper/other"
    dpkg-deb --root-owner-group -Znone -b "/tmp/$1" "/tmp/$1.deb" >/dev/null
}
small breaks 'Breaks: sendmail-wrapper'
dpkg --auto-deconfigure -i /tmp/breaks.deb >/dev/null 2>&1 # installs that one, and cannot configure ours
is "a package that breaks it is there: deconfigured" "$(state)" half-configured
ok "calls go on" accepts
n=$(record_count)
ok "recorded" eval 'accepts && [ "$(record_count)" -gt "$n" ]'
ok "that one is removed" package dpkg --purge breaks
ok "it is configured" package dpkg --configure -a
in_place "configured again"
small other 'Section: misc'
ok "another package has a file" package dpkg -i /tmp/other.deb
dpkg-deb -R "$older" /tmp/conflict
echo x >/tmp/conflict/usr/share/sendmail-wrapper/other
dpkg-deb --root-owner-group -Znone -b /tmp/conflict /tmp/conflict.deb >/dev/null
nok "that a downgrade would overwrite: it fails" dpkg -i --force-downgrade /tmp/conflict.deb
in_place "the old one is back"
ok "that one is removed" package dpkg --purge other

# --- what the administrator has decided
ok "disable" sendmail-wrapper-divert disable
ok "the mail server has its own" bare
ok "downgrade" package dpkg -i --force-downgrade "$older"
ok "upgrade" package dpkg -i "$this"
ok "reinstall of the mail server" package dpkg -i /debs/postfix/postfix_*.deb
ok "nothing was enabled" bare
is "nor the mode" "$(mode $W)" "755 root:root"
ok "removal" package dpkg -r sendmail-wrapper
ok "install again" package dpkg -i "$this"
ok "it is remembered until purge" bare
ok "enable --no-divert" sendmail-wrapper-divert enable --no-divert
ok "upgrade" package dpkg -i --force-downgrade "$older"
ok "upgrade" package dpkg -i "$this"
ok "no diversion then" eval '! is_copy $X'
is "but the mode" "$(mode $W)" "2755 root:sendmail-wrapper"
ok "enable" sendmail-wrapper-divert enable
ok "downgrade" package dpkg -i --force-downgrade "$older"
ok "upgrade" package dpkg -i "$this"
in_place "enabled again"
ok "purge" package dpkg --purge sendmail-wrapper
ok "the mail server has its own" bare

# --- the document
docs_open /src/docs/package.md
docs_replace '../sendmail-wrapper_*.deb' "$this"
not_run dpkg-buildpackage "tests/install/package.t builds it"
block "apt-get install -y"
runs "docs/package.md: install"
block status
shows "docs/package.md: status"
block "dpkg --configure"
runs "docs/package.md: nothing is left to configure"
block remove
runs "docs/package.md: remove"
ok "the mail server has its own" bare
block purge
runs "docs/package.md: purge"
block choice
runs "docs/package.md: switched off"
ok "install" package dpkg -i "$this"
ok "from the start" bare
ok "purge" package dpkg --purge sendmail-wrapper
not_run semanage "no SELinux here, as the document says"
docs_done

# --- installed without a package before
dpkg-deb -x "$this" /
ok "enable" sendmail-wrapper-divert enable
ok "install" package dpkg -i "$this"
in_place "it is a package now"
ok "purge" package dpkg --purge sendmail-wrapper
ok "the mail server has its own" bare

# --- another system than the running one
ok "install" package dpkg -i "$this"
mkdir -p /tmp/root/var/lib/dpkg/info /tmp/root/var/lib/dpkg/updates
: >/tmp/root/var/lib/dpkg/status
elsewhere() { dpkg --root=/tmp/root --force-script-chrootless --force-depends "$@" >/tmp/apt 2>&1; }
nok "it cannot be configured in another root" elsewhere -i "$this"
ok "but purged there" elsewhere --purge sendmail-wrapper
is "this one has all it had" "$(faults "$version")" ""

# --- in use again, without a package
ok "remove" package dpkg -r sendmail-wrapper
dpkg-deb -x "$this" /
ok "enable" sendmail-wrapper-divert enable
ok "purge" package dpkg --purge sendmail-wrapper
is "group and log stay" "$(mode $X) $(mode "$SW_LOG")" "2755 root:sendmail-wrapper 620 root:sendmail-wrapper"
ok "install" package dpkg -i "$this"
ok "purge" package dpkg --purge sendmail-wrapper
is "no group" "$(getent group sendmail-wrapper)" ""
is "no log" "$(ls -d /var/log/sendmail-wrapper /var/lib/sendmail-wrapper 2>/dev/null)" ""

# --- a shell's own failure is one
mkdir -p /var/lib/sendmail-wrapper/lock
nok "install: the tool cannot lock" package dpkg -i "$this"
rmdir /var/lib/sendmail-wrapper/lock
ok "configure" package dpkg --configure -a
is "all is in place" "$(faults "$version")" ""
ok "purge" package dpkg --purge sendmail-wrapper

# --- something of the administrator's in the way
mv $X /usr/sbin/sendmail-real
printf '#!/bin/sh\nexec /usr/sbin/sendmail-real "$@"\n' >$X
chmod 755 $X
sum=$(md5sum $X)
ok "install beside a wrapper made by hand" package dpkg -i "$this"
is "it is configured" "$(state)" installed
like "it says what is in the way" "$(cat /tmp/apt)" "$X is a script that no package installed"
is "and leaves it alone" "$(md5sum $X)" "$sum"
ok "purge" package dpkg --purge sendmail-wrapper
is "leaves it alone, too" "$(md5sum $X)" "$sum"
mv -f /usr/sbin/sendmail-real $X
ok "purge of the mail server" package dpkg --purge postfix

# --- both at once: the mail server makes its links after we are configured
ok "install with a mail server" package apt-get install -q -y --allow-downgrades "$this" /debs/sendmail-bin/*.deb
in_place "both at once"
ok "purge of both" package dpkg --purge sendmail-wrapper sendmail-bin
ok "nothing stands there" eval '! has_mta'
is "nothing is pending" "$(audit)" ""
is "no file of ours is left" "$(find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/lib/dpkg/info \) -prune -o -name '*sendmail-wrapper*' -print -o -name 'mailorigin*' -print)" ""
is "no group" "$(getent group sendmail-wrapper)" ""
done_testing
