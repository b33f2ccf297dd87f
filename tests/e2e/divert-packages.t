#!/bin/bash
# sendmail-wrapper-divert and dpkg: reinstall, upgrade, purge and return of Postfix while it is diverted, and a switch to
# other MTAs and back. There is a working sendmail whenever an MTA is installed.
# bed: packages
. /t/e2e/lib.sh

divert=/usr/sbin/sendmail-wrapper-divert
X=/usr/sbin/sendmail
R=/usr/sbin/sendmail.real
W=/usr/sbin/sendmail-wrapper
export DEBIAN_FRONTEND=noninteractive
run() { "$@" >/tmp/out 2>&1; echo $?; }
output() { cat /tmp/out; }
mode() { stat -c '%a %U:%G' "$1"; }
# Offline, stdin closed to questions, ended when it hangs.
package() { timeout 120 "$@" </dev/null >/tmp/apt 2>&1 || { note "$(tail -n 5 /tmp/apt)"; return 1; }; }
install() { package apt-get install -q -y --allow-downgrades "/debs/$1"/*.deb; }
accepts() { printf 'Subject: x\n\nx\n' | as web274 "${1:-$X}" alice >/tmp/err 2>&1; }
enables()
{
    is "$1: enable" "$(run $divert enable)" 0 || note "$(output)"
    same "$1: the wrapper is in place" $W "${2:-$X}"
    is "$1: status" "$(run $divert status)" 0 || note "$(output)"
}

echo "postfix postfix/main_mailer_type select Local only" | debconf-set-selections
is "without an MTA there is nothing to divert" "$(run $divert enable)" 1
like "and it says so" "$(output)" "no sendmail here"

# --- Postfix
ok "install Postfix" install postfix
enables "Postfix"
ok "reinstall" package dpkg -i /debs/postfix/postfix_*.deb
same "the wrapper stays" $W $X
is "its mode too" "$(mode $X)" "2755 root:sendmail-wrapper"
ok "sendmail works" accepts
is "status notices" "$(run $divert status)" 2
like "that the MTA has changed" "$(output)" "MTA has changed"
enables "reinstalled"
is "dpkg -V is clean" "$(dpkg -V postfix)" ""

# An upgrade: the same package with another version and another sendmail.
mkdir /tmp/deb
dpkg-deb -R /debs/postfix/postfix_*.deb /tmp/deb
sed -i 's/^Version: .*/&.1/' /tmp/deb/DEBIAN/control
printf x >>/tmp/deb/usr/sbin/sendmail
sed -i "s|^.*  usr/sbin/sendmail$|$(md5sum </tmp/deb/usr/sbin/sendmail | cut -d ' ' -f 1)  usr/sbin/sendmail|" \
    /tmp/deb/DEBIAN/md5sums
dpkg-deb -Znone -b /tmp/deb /tmp/postfix-upgrade.deb >/dev/null
ok "upgrade" package dpkg -i /tmp/postfix-upgrade.deb
same "the wrapper stays" $W $X
same "the real one is the new one" /tmp/deb/usr/sbin/sendmail $R
ok "sendmail works" accepts
enables "upgraded"
is "disable" "$(run $divert disable)" 0
same "gives the new one back" /tmp/deb/usr/sbin/sendmail $X
is "dpkg -V is clean" "$(dpkg -V postfix)" ""

# Upgraded while enable was interrupted between its steps: the diversion alone, then with .real.
for state in diversion link; do
    ok "downgrade" package dpkg -i /debs/postfix/postfix_*.deb
    dpkg-divert --quiet --package sendmail-wrapper --no-rename --divert $R --add $X
    [ "$state" = diversion ] || ln $X $R
    ok "interrupted after the $state, then an upgrade" package dpkg -i /tmp/postfix-upgrade.deb
    ok "sendmail works" accepts
    enables "interrupted after the $state, upgraded"
    same "the real one is the new one" /tmp/deb/usr/sbin/sendmail $R
    rm -f $X.saved-*
    is "disable" "$(run $divert disable)" 0
    is "dpkg -V is clean" "$(dpkg -V postfix)" ""
done

# --- our own package: dpkg would take the set-gid bit of its file with each upgrade
mkdir -p /tmp/own/DEBIAN /tmp/own/usr/sbin
cp $W /tmp/own/usr/sbin/
printf '%s\n' 'Package: sendmail-wrapper' 'Version: 1' 'Architecture: amd64' 'Maintainer: x <x@example.test>' \
    'Description: x' >/tmp/own/DEBIAN/control
dpkg-deb --root-owner-group -Znone -b /tmp/own /tmp/own.deb >/dev/null
ok "install our package" package dpkg -i /tmp/own.deb
is "enable --no-divert" "$(run $divert enable --no-divert)" 0
is "registers owner and mode" "$(dpkg-statoverride --list $W)" "root sendmail-wrapper 2755 $W"
ok "reinstall our package" package dpkg -i /tmp/own.deb
is "the mode stays" "$(mode $W)" "2755 root:sendmail-wrapper"
is "status" "$(run $divert status)" 0
is "disable" "$(run $divert disable)" 0
is "the registration is gone" "$(dpkg-statoverride --list $W)" ""
is "and the mode" "$(mode $W)" "755 root:root"
enables "our own package is no obstacle to the diversion"
ok "reinstall our package" package dpkg -i /tmp/own.deb
is "status" "$(run $divert status)" 0
is "disable" "$(run $divert disable)" 0
cp $W /tmp/keep
dpkg --purge sendmail-wrapper >/dev/null 2>&1
cp /tmp/keep $W

# --- purge
enables "again"
ok "purge" package dpkg --purge postfix
nok "no real sendmail is left" test -e $R
nok "a mail fails" accepts
is "status says it" "$(run $divert status)" 2
like "in words" "$(output)" "no real sendmail: mail fails"
is "enable cannot help" "$(run $divert enable)" 1
ok "Postfix comes back" install postfix
ok "sendmail works" accepts
enables "returned"

# --- switch
ok "exim takes its place" install exim4-daemon-light
nok "Postfix is gone" test -e /usr/sbin/postqueue
same "the wrapper stays" $W $X
is "the real one is exim" "$(readlink $R)" exim4
ok "sendmail works" accepts
is "status notices" "$(run $divert status)" 2
like "the way past the wrapper" "$(output)" "/usr/lib/sendmail goes past the wrapper"
enables "exim"
same "/usr/lib/sendmail is diverted too" $W /usr/lib/sendmail
like "the dialect is exim's" "$(cat /var/lib/sendmail-wrapper/target)" "mta=exim "
n=$(record_count)
ok "a mail by /usr/lib/sendmail" accepts /usr/lib/sendmail
is "is recorded" "$(record_count)" $((n + 1))

ok "sendmail takes its place" install sendmail-bin
nok "exim is gone" test -e /usr/sbin/exim4
same "the wrapper stays" $W $X
ok "sendmail works" accepts
enables "sendmail"
is "the real one is the alternatives' link" "$(readlink $R)" /etc/alternatives/sendmail
is "/usr/lib/sendmail's too" "$(readlink /usr/lib/sendmail.real)" /etc/alternatives/lib.sendmail
like "the dialect is sendmail's" "$(cat /var/lib/sendmail-wrapper/target)" "mta=sendmail "
n=$(record_count)
for path in $X /usr/lib/sendmail; do
    ok "a mail by $path" accepts "$path"
    n=$((n + 1))
    is "is recorded" "$(record_count)" "$n"
done
pid() { pgrep -f '^sendmail: MTA'; } # whatever it is doing
/etc/init.d/sendmail start >/dev/null 2>&1
ok "its daemon starts" wait_for 20 pid
/etc/init.d/sendmail stop >/dev/null 2>&1
ok "and stops" wait_for 20 eval '! pid'
ok "reinstall" package dpkg -i /debs/sendmail-bin/sendmail-bin_*.deb
same "the wrapper stays" $W $X
same "at /usr/lib/sendmail too" $W /usr/lib/sendmail
is "disable" "$(run $divert disable)" 0
is "the alternatives' links are back" "$(readlink $X) $(readlink /usr/lib/sendmail)" \
    "/etc/alternatives/sendmail /etc/alternatives/lib.sendmail"
is "and nothing else" "$(find /usr/sbin /usr/lib -maxdepth 1 -name 'sendmail.*')" ""
ok "update-alternatives is content" update-alternatives --auto sendmail-msp
ok "sendmail works" accepts
enables "sendmail again"
ok "purge" package dpkg --purge sendmail-bin
is "status says it" "$(run $divert status)" 2
is "refresh without an MTA" "$(run $divert refresh)" 0 || note "$(output)"
is "leaves nothing" "$(find /usr/sbin /usr/lib -maxdepth 1 -name sendmail -o -maxdepth 1 -name 'sendmail.*')" ""
ok "sendmail comes back" install sendmail-bin
is "with its links" "$(readlink $X)" /etc/alternatives/sendmail
enables "sendmail, third"

ok "courier takes its place" install courier-mta
nok "sendmail is gone" test -e /usr/libexec/sendmail/sendmail
is "status notices" "$(run $divert status)" 2
enables "courier"
like "the dialect is courier's" "$(cat /var/lib/sendmail-wrapper/target)" "mta=courier "
is "the real one has its mode" "$(mode $R)" "2755 root:courier"
is "/usr/lib/sendmail is courier's link" "$(readlink /usr/lib/sendmail)" ../sbin/sendmail
is "disable" "$(run $divert disable)" 0
is "the original is back" "$(mode $X)" "2755 root:courier"
is "dpkg -V is clean" "$(dpkg -V courier-mta | grep -v ' c ')" ""
is "no diversion is left" "$(dpkg-divert --list '*sendmail*')" ""
enables "courier again"
ok "purge" package dpkg --purge courier-mta
is "disable without an MTA" "$(run $divert disable)" 0
nok "leaves no sendmail" test -e $X
is "and no diversion" "$(dpkg-divert --list '*sendmail*')" ""
is "status: not enabled" "$(run $divert status)" 1
done_testing
