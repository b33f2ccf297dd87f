#!/bin/bash
# install/demo shows what it says, and leaves nothing behind.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(dirname "$(dirname "$here")")
# shellcheck source=tests/e2e/lib.sh
. "$here/../e2e/lib.sh"

before=$(find /tmp -maxdepth 1 -name 'sendmail-wrapper-demo.*' | sort)
out=$("$source/install/demo" 2>&1 </dev/null)
is "it ends well" "$?" 0
like "29 messages, 29 records" "$out" '29 messages arrived at the stand-in, 29 records in the log'
like "a message with the header on top" "$out" \
    $'\nX-Additional-Header: /[^;]*/var/www/web274/htdocs; uid=[0-9]+; pid=[0-9]+; id=[0-9A-Z]{26}\nTo: '
like "its record" "$out" 'sendmail-wrapper\[[0-9]+\]: id=[0-9A-Z]{26} mode=submit'
like "the one who sends most comes first" "$out" $'mailorigin top\ncount [^\n]*\n +25 [^\n]*web274/htdocs/images'
like "a mail leads to its call" "$out" $'mailorigin show <mail\ncall +[0-9A-Z]{26}\nverdict +matches'
like "nothing is degraded" "$out" 'degraded: nothing'
is "nothing is left behind" "$(find /tmp -maxdepth 1 -name 'sendmail-wrapper-demo.*' | sort)" "$before"
shown=$(mktemp -d)
"$here/../e2e/docs-extract" blocks "$shown" "$source/README.md" >"$shown/where"
printf "%s\n" "$out" >"$shown/got"
is "README.md shows what it prints" "$("$here/../e2e/docs-extract" shape "$shown/001.out" "$shown/got")" ""
rm -rf "$shown"
is "an unknown argument is refused" "$("$source/install/demo" --nonsense 2>&1 >/dev/null | head -c 6)" "usage:"
done_testing
