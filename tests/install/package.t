#!/bin/bash
# The Debian package: lintian finds nothing, and a second build, elsewhere, later, by somebody with other settings, is the same
# byte for byte. What it does on a server: tests/e2e/package*.t.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(dirname "$(dirname "$here")")
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

work=$(mktemp -d /tmp/sw-package.XXXXXX)
trap 'rm -rf "$work"' EXIT
first=${SW_BUILD:-$work}/deb # the beds' package
ok "the package is built" "$source/tests/package-build" "$first" || bail "no package"
deb=$(cd "$first" && echo sendmail-wrapper_*.deb)

said=$(lintian --allow-root --pedantic --display-info "$first"/*.changes 2>&1)
is "lintian" "$?" 0
is "says nothing" "$said" ""

mkdir -m 755 "$work/a-directory-with-a-longer-name"
tar -C "$source" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/a-directory-with-a-longer-name" -xf -
(
    cd "$work/a-directory-with-a-longer-name" || exit
    umask 077
    env -u SW_BUILD TZ=Asia/Kathmandu LC_ALL=C HOME=/nonexistent USER=somebody dpkg-buildpackage -us -uc -b -j1
) >"$work/log" 2>&1 </dev/null
is "a second build" "$?" 0 || note "$(tail -n 20 "$work/log")"
same "is the same" "$first/$deb" "$work/$deb"

dpkg-deb -x "$first/$deb" "$work/root"
dpkg-deb -e "$first/$deb" "$work/control"
wrapper=$work/root/usr/sbin/sendmail-wrapper
elf=$(readelf -lW "$wrapper")
unlike "the wrapper needs no libraries" "$elf" INTERP
like "it has no executable stack" "$elf" 'GNU_STACK[^R]*RW '
like "and relocations that are read-only" "$elf" GNU_RELRO
is "it is known for what it is after strip" "$(head -c 4096 "$wrapper" | grep -caF sendmail-wrapper:)" 1
elf=$(readelf -dlW "$work/root/usr/sbin/mailorigin")
like "mailorigin is bound at its start" "$elf" NOW
like "position-independent" "$elf" PIE
is "nothing is set-id, the scripts do that" "$(find "$work/root" -perm /6000)" ""
is "nothing is in /var" "$(find "$work/root/var" 2>/dev/null)" ""
is "no program names the place of its build" "$(grep -rlaF -e "$first" -e "$work" "$work/root")" ""
is "no file is left out of the checksums" "$(cd "$work/root" && find usr -type f -print0 | sort -z | xargs -0 md5sum)" \
    "$(sort -k 2 "$work/control/md5sums")"
note "$(stat -c '%n: %s bytes' "$first/$deb" | sed 's|.*/||')"
done_testing
