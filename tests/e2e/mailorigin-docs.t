#!/bin/bash
# mailorigin: what it offers is what mailorigin(8), docs/json.md and the completion know, and nothing else.
# bed: base
# shellcheck disable=SC2013,SC2016 # words without blanks are read; backquotes of the text that is searched
. /t/e2e/lib.sh

page=/usr/share/man/man8/mailorigin.8
json=/src/docs/json.md

ok "the man page is installed" test -s $page
same "json.md is installed" $json /usr/share/doc/sendmail-wrapper/json.md

commands=$(mailorigin --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
is "fourteen commands" "$(wc -w <<<"$commands")" 14
documented=$(sed -n '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.It Cm \([a-z]*\).*/\1/p' $page)
is "mailorigin(8): every command, in the same order" "$documented" "$commands"

missing=
for command in $commands; do
    mailorigin "$command" --help >/tmp/help || fail "mailorigin $command --help"
    for option in $(sed -nE 's/^  .{4}--([a-z-]+).*/\1/p' /tmp/help); do
        grep -qE "^\.It .*Fl Fl $option( |\$)" $page || missing="$missing $command:--$option"
    done
done
is "mailorigin(8): every option" "$missing" ""
stale=
for option in $(sed -nE 's/^\.It .*/&/p' $page | grep -oE 'Fl Fl [a-z-]+' | awk '{print $3}' | sort -u); do
    [ "$option" = version ] && continue
    grep -qE -- "--$option\b" <(for command in $commands; do mailorigin "$command" --help; done) || stale="$stale --$option"
done
is "... and none that there is not" "$stale" ""

# --- JSON: kinds and members
code() { grep -rhE --include='*.c' 'out_begin\(' /src/admin | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u; }
isnt "kinds are found in the code" "$(code | wc -l)" 0
missing=
for kind in $(code); do
    grep -qE "^## \`$kind\`" $json || missing="$missing $kind"
done
is "json.md: every kind" "$missing" ""
stale=
for kind in $(sed -nE 's/^## `([a-z_]+)`.*/\1/p' $json); do
    code | grep -qx "$kind" || stale="$stale $kind"
done
is "... and none that there is not" "$stale" ""
# The key is the first argument behind the output; NULL there: text only.
members()
{
    find /src/admin -name '*.c' -exec cat {} + | tr '\n' ' ' \
        | grep -oE '\b(out_(bytes|string|escaped|number|real|bool|time|span|bars|list_begin|array_begin|object_begin)|field|list_items|'`
            `'print_[a-z]+)\([^;",()]*, *"[a-z_]+"' \
        | sed 's/.*"\(.*\)"/\1/' | sort -u
}
isnt "members are found in the code" "$(members | wc -l)" 0
missing=
for member in $(members); do
    grep -qE "\`$member\`" $json || missing="$missing $member"
done
is "json.md: every member" "$missing" ""

# --- completion
complete_words()
{
    COMP_WORDS=("$@")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _mailorigin
    echo "${COMPREPLY[*]}"
}
. /usr/share/bash-completion/completions/mailorigin
is "completion of a command" "$(complete_words mailorigin to)" "top"
is "completion of nothing yet: all commands" "$(complete_words mailorigin '' | wc -w)" 15
like "completion of an option" "$(complete_words mailorigin top --si)" '^--since$'
is "completion of a value" "$(complete_words mailorigin top --by s)" "script sender"
is "the same behind --by=, which bash parts" "$(complete_words mailorigin top --by = s) $(complete_words mailorigin queue --state =)" \
    "script sender incoming active deferred held"
is "the same behind a letter" "$(complete_words mailorigin top -b s)" "script sender"
is "completion of what is no command" "$(complete_words mailorigin --)" "--help --version"
is "completion of an operand: nothing of ours" "$(complete_words mailorigin show x)" ""

# --- mistakes at the keyboard
for try in "" "nonsense" "top --by nonsense" "top extra" "show a b" "log --since soon" "queue --state x" "top -n x" "web" "trace a b" "direct --rules --watch"; do
    # shellcheck disable=SC2086
    mailorigin $try >/tmp/said 2>&1
    is "mailorigin $try: exit status" $? 2
    like "... names the way out" "$(cat /tmp/said)" '--help|none of|is no (time|number)|missing|one or the other'
done
is "help COMMAND is COMMAND --help" "$(mailorigin help top)" "$(mailorigin top --help)"
like "... of what is none" "$(mailorigin help nonsense 2>&1)" 'nonsense is no command'
ok "--version" mailorigin --version
done_testing
