#!/bin/bash
# What the documents say is what the code does: man pages, keys and their bounds, configuration, usage, links.
# bed: base
# shellcheck disable=SC2016 # backquotes and dollars of the texts that are searched
. /t/e2e/lib.sh

docs=/src/docs
man=/usr/share/man

for page in man8/sendmail-wrapper.8 man5/sendmail-wrapper.conf.5 man8/sendmail-wrapper-divert.8; do
    ok "${page#*/} is installed" test -s "$man/$page"
done
installed=/usr/share/doc/sendmail-wrapper
for file in operations php sandbox log-format threat-model forced-differences benchmarks smtp from-the-shell-wrapper mta/postfix; do
    same "$file.md is installed" "$docs/$file.md" "$installed/$file.md"
done

# "name bound number|text", one key a line, in the order of a record.
code_keys()
{
    sed -nE 's/^ *ROW\(RECORD_[A-Z_]+, "([a-z_]+)", ([0-9]+), (true|false)\).*/\1 \2 \3/p' /src/wrapper/record_table.h \
        | sed 's/true$/number/; s/false$/text/'
}
documented_keys()
{
    sed -n '/^## Keys$/,/^## /p' $docs/log-format.md \
        | sed -nE 's/^\| `([a-z_]+)` \| ([0-9]+)(, number)? \|.*/\1 \2 \3/p' | sed 's/, number$/number/; s/ $/ text/'
}
isnt "the table of keys is found in the code" "$(code_keys | wc -l)" 0
is "log-format.md: every key, its bound and kind, in order" "$(documented_keys)" "$(code_keys)"
for text in 'log file: ' 'syslog: not reachable' 'no /proc' '/proc is not procfs' 'caller hidden' 'no pipe to be had' \
    'in a user namespace: ids are as seen in there' 'the real sendmail is not the recorded one' ; do
    ok "log-format.md: why = $text is in the code" grep -rqF "\"$text" /src/wrapper
    ok "... and in the document" grep -qF "$text" <(tr '\n' ' ' <$docs/log-format.md)
done

# --- configuration
code_options() { sed -nE 's/^ *CFG_(BOOL|STR|STR_LIST)\("([a-z_]+)".*/\2/p' /src/wrapper/config.c | sort; }
documented_options() { sed -nE 's/^\.It Ic ([a-z_]+) No =.*/\1/p' $man/man5/sendmail-wrapper.conf.5 | sort; }
sample_options() { sed -nE 's/^# {1,5}([a-z_]+) *= .*/\1/p' "$SW_CONFIG" | sort; }
isnt "the options are found in the code" "$(code_options | wc -l)" 0
is "sendmail-wrapper.conf(5): every option" "$(documented_options)" "$(code_options)"
is "the commented configuration: every option" "$(sample_options)" "$(code_options)"
words()
{
    sed -nE '/_words\[\] = \{/,/\};/{s/\/\*.*//;p}' /src/wrapper/config.c | grep -oE '"[a-z]+"'
    sed -nE 's/.*\{"([a-z]+[07]?)", +LOG_.*/"\1"/p' /src/wrapper/config.c
    sed -nE '/"auto, postfix/,/qmail"/p' /src/wrapper/config.c | grep -oE '\b[a-z]+\b' | grep -v '^or$' | sed 's/.*/"&"/'
}
isnt "the values are found in the code" "$(words | wc -l)" 0
missing=
for word in $(words | tr -d '"' | sort -u); do
    grep -qE "^\.Cm (.* )?$word( |\$)" $man/man5/sendmail-wrapper.conf.5 || missing="$missing $word"
done
is "sendmail-wrapper.conf(5): every value that is allowed" "$missing" ""

# --- the commands
for word in $(sendmail-wrapper-divert --help | grep -oE '^  (enable|disable|status)|--[a-z-]+' | tr -d ' ' | sort -u); do
    ok "sendmail-wrapper-divert(8): $word" \
        grep -qE "(Cm|Fl Fl)( enable Fl Fl)? ${word#--}\b|Fl Fl .*\b${word#--}\b" $man/man8/sendmail-wrapper-divert.8
done
for word in $(sendmail-wrapper --help | grep -oE -- '--[a-z]+' | sort -u); do
    ok "sendmail-wrapper(8): $word" grep -qE "Fl Fl .*\b${word#--}\b" $man/man8/sendmail-wrapper.8
done

# What operations.md says that status says, status can say.
sed -n '/^## When status complains/,/^## /s/^| \([^|]*\) |.*/\1/p' $docs/operations.md | grep -vE '^(what it says|-+)$' >/tmp/says
isnt "the table of complaints is found" "$(wc -l </tmp/says)" 0
while IFS= read -r line; do
    missing=
    while IFS= read -r part; do
        part=$(sed 's/^ *//; s/ *$//' <<<"$part")
        [ -z "$part" ] || grep -rqF -- "$part" /usr/sbin/sendmail-wrapper-divert /src/wrapper || missing="$missing [$part]"
    done < <(sed 's/…/\n/g; s/says: /says:\n/; s/root:sendmail-wrapper/root:$group/; s|/etc/sendmail-wrapper.conf:12: |\n|; s/^it //' \
        <<<"$line")
    is "status can say: $line" "$missing" ""
done </tmp/says

# --- links, to files and to headings
anchors() { sed -nE 's/^#+ (.*)/\1/p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'; }
broken=
for file in /src/*.md "$docs"/*.md "$docs"/*/*.md "$installed"/*.md "$installed"/*/*.md; do
    while IFS= read -r link; do
        path=${link%%#*}
        target=$file
        [ -z "$path" ] || target=${file%/*}/$path
        [ -e "$target" ] || broken="$broken $file:$link"
        case $link in
        *#*) anchors "$target" | grep -qxF -- "${link#*#}" || broken="$broken $file:$link" ;;
        esac
    done < <(grep -oE '\]\([^)]+\)' "$file" | sed 's/^](//; s/)$//')
done
is "no broken link, here and among what is installed" "$broken" ""
# --- every document is named where one looks for it
unnamed=
for file in "$docs"/*.md; do
    name=${file##*/}
    [ "$name" = README.md ] || grep -qF "($name" $docs/README.md || unnamed="$unnamed $name"
done
for file in "$docs"/mta/*.md; do
    name=${file##*/}
    [ "$name" = README.md ] || grep -qF "($name)" $docs/mta/README.md || unnamed="$unnamed mta/$name"
done
is "docs/README.md and docs/mta/README.md name every document" "$unnamed" ""
unnamed=
for file in /src/wrapper/*.c /src/admin/*/; do
    name=$(basename "$file" .c)
    grep -qE "\`$name\`|\b$name\.c" /src/CONTRIBUTING.md || unnamed="$unnamed $file"
done
is "CONTRIBUTING.md: the map has every file of the wrapper, every folder of mailorigin" "$unnamed" ""
done_testing
