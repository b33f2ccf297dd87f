#!/bin/bash
# What outside scripts build on: a plain cmake build, installed below a prefix of its own without root, is a program that
# reads the configuration and writes the log below that prefix. With each way to link it. And install/demo, which builds so, shows
# what it says, and leaves nothing behind.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(dirname "$(dirname "$here")")
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

work=$(mktemp -d /tmp/sw-prefix.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# As root, everything below happens as an unprivileged user.
unprivileged=()
if [ "$(id -u)" = 0 ]; then
    chown 65534:65534 "$work"
    unprivileged=(setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$work")
fi
# The source where any user can read it, without a developer's builds. What two ways to link have in common is compiled once: the
# build directory (with a blank in its name) stays, its settings change.
mkdir "$work/source"
tar -C "$source" --exclude=./build --exclude=./.git -cf - . | tar -C "$work/source" -xf -
chmod -R a+rX "$work/source"

# shellcheck disable=SC2317 # called by name
install_below()
{
    local prefix=$1
    shift
    cmake -S "$work/source" -B "$work/the build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" \
        -DCMAKE_INSTALL_SYSCONFDIR="$prefix/etc" -DBUILD_TESTING=OFF "$@" \
        && cmake --build "$work/the build" && cmake --install "$work/the build"
}
export -f install_below
export work

examine()
{
    local way=$1 prefix="$work/$1 prefix" wrapper status
    shift
    [ "$way" = plain ] || prefix=$work/$way # one of them with a blank in its name
    ok "$way: builds and installs without root" "${unprivileged[@]}" bash -c 'install_below "$@"' - "$prefix" "$@"
    wrapper=$prefix/sbin/sendmail-wrapper
    ok "$way: the divert tool is there and runs" "$prefix/sbin/sendmail-wrapper-divert" --help
    like "$way: --version" "$("$wrapper" --version)" '^sendmail-wrapper [0-9]+\.[0-9]+\.[0-9]+$'
    like "$way: it reads its own configuration" "$("${unprivileged[@]}" "$wrapper" --explain -t -i)" \
        "config: $prefix/etc/sendmail-wrapper.conf"
    ok "$way: every line of the default configuration is a comment" \
        awk '!/^#/ && NF {exit 1}' "$prefix/etc/sendmail-wrapper.conf"

    # shellcheck disable=SC2016 # expanded by the stand-in
    printf '#!/bin/sh\ncat >"%s"\nexit 67\n' "$prefix/message" >"$prefix/mta"
    chmod 755 "$prefix/mta"
    "${unprivileged[@]}" tee "$prefix/etc/sendmail-wrapper.conf" >"$work/null" <<CONF
sendmail = "$prefix/mta"
mta = "postfix"
CONF
    printf 'To: alice\nSubject: hello\n\nText.\n' >"$work/mail"
    (cd "$work" && "${unprivileged[@]}" "$wrapper" -t -i <"$work/mail")
    status=$?
    is "$way: the exit status is the MTA's" "$status" 67
    like "$way: the header is the first line" "$(head -n 1 "$prefix/message")" \
        '^X-Additional-Header: /tmp; uid=[0-9]+; pid=[0-9]+; id=[0-9A-Z]{26}$'
    ok "$way: the rest is as it was" cmp <(tail -n +2 "$prefix/message") "$work/mail"
    like "$way: the record is in the log below the prefix" "$(tail -n 1 "$prefix/var/log/sendmail-wrapper/calls.log")" \
        "cwd=$work .* rcpts=1 subject=hello mta=postfix action=deliver\$"
    "${unprivileged[@]}" "$wrapper" -bp </dev/null >"$work/null" 2>&1
    like "$way: a call without a message too" "$(tail -n 1 "$prefix/var/log/sendmail-wrapper/calls.log")" \
        ' mode=pass .* args=-bp .* action=pass$'
    "${unprivileged[@]}" cmake --install "$work/the build" >"$work/null" 2>&1
    like "$way: installing again keeps the edited configuration" "$(cat "$prefix/etc/sendmail-wrapper.conf")" "$prefix/mta"
}

# The demo builds what differs for its prefix only. As root, if we are.
demo()
{
    local before out
    before=$(find /tmp -maxdepth 1 -name 'sendmail-wrapper-demo.*' | sort)
    out=$(SW_DEMO_BUILD="$work/the build" "$work/source/install/demo" 2>&1 </dev/null)
    is "demo: it ends well" "$?" 0
    like "demo: 29 messages, 29 records" "$out" '29 messages arrived at the stand-in, 29 records in the log'
    like "demo: a message with the header on top" "$out" \
        $'\nX-Additional-Header: /[^;]*/var/www/web274/htdocs; uid=[0-9]+; pid=[0-9]+; id=[0-9A-Z]{26}\nTo: '
    like "demo: its record" "$out" 'sendmail-wrapper\[[0-9]+\]: id=[0-9A-Z]{26} mode=submit'
    like "demo: the one who sends most comes first" "$out" $'mailorigin top\ncount [^\n]*\n +25 [^\n]*web274/htdocs/images'
    like "demo: a mail leads to its call" "$out" $'mailorigin show <mail\ncall +[0-9A-Z]{26}\nverdict +matches'
    like "demo: nothing is degraded" "$out" 'degraded: nothing'
    is "demo: nothing is left behind" "$(find /tmp -maxdepth 1 -name 'sendmail-wrapper-demo.*' | sort)" "$before"
    mkdir "$work/shown"
    "$here/../e2e/docs-extract" blocks "$work/shown" "$source/README.md" >"$work/where"
    printf "%s\n" "$out" >"$work/got"
    is "demo: README.md shows what it prints" "$("$here/../e2e/docs-extract" shape "$work/shown/001.out" "$work/got")" ""
    is "demo: an unknown argument is refused" "$("$source/install/demo" --nonsense 2>&1 >/dev/null | head -c 6)" "usage:"
    [ ${#unprivileged[@]} -eq 0 ] || chown -R 65534:65534 "$work/the build"
}

examine plain
demo
examine glibc -DSW_LIBC=default
examine dynamic -DSW_STATIC=OFF
nok "plain: it needs no library, so it runs in a chroot" ldd "$work/plain prefix/sbin/sendmail-wrapper"
ok "dynamic: that one does" ldd "$work/dynamic/sbin/sendmail-wrapper"
done_testing
