# shellcheck shell=bash
# nodpkg-lib.sh - for divert-*nodpkg.t: turns the bed into a system without dpkg (RPM, apk, pacman …). Sourced after lib.sh.

rm -rf /usr/bin/dpkg* /usr/bin/update-alternatives /usr/sbin/dpkg* /var/lib/dpkg
hash -r
if [ -e /var/lib/dpkg ] || command -v dpkg-divert >/dev/null; then bail "dpkg is still here"; fi

# A package manager's upgrade: another file, renamed over the path. Its content is told by the letter; its time is another.
upgrade() # LETTER [PATH]
{
    cp -p /tmp/original "${2:-/usr/sbin/sendmail};new"
    printf %s "$1" >>"${2:-/usr/sbin/sendmail};new"
    mv -f -T "${2:-/usr/sbin/sendmail};new" "${2:-/usr/sbin/sendmail}"
}
cp -p /usr/sbin/sendmail /tmp/original
