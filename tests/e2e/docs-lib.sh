# shellcheck shell=bash disable=SC2034 # tests use the variables
# docs-lib.sh - runs what the documents show, as it stands there. For a test that has sourced lib.sh.
#
#   docs_open FILE...        the blocks of commands of these documents; from now on all of them are to be run
#   block TEXT               runs the block that holds this text, in the directory /, and prints nothing: OUT and STATUS. Ids and
#                            the like in it are examples: docs_replace says what stands in for them
#   runs DESC                the last block ended with 0       shows DESC    ... and printed what the document shows for it,
#                            numbers, ids and times aside (all columns that it shows, in this order)
#   not_run TEXT REASON      the block that holds this text cannot be run here: why, and what shows it instead
#   block_again TEXT         a block that was run: it can be run once more (counted once)
#   docs_done                the last check: no block is left. Prints how many commands there were
#
# A block is run once: the same text in two documents is two blocks.

DOCS_DIR=/tmp/docs
declare -A DOCS_REPLACE=()
DOCS_RUN=0 DOCS_NOT_RUN=0

docs_open()
{
    rm -rf $DOCS_DIR
    mkdir -p $DOCS_DIR/done
    /t/e2e/docs-extract blocks $DOCS_DIR "$@" >$DOCS_DIR/where || bail "no documents"
    isnt "there are commands in ${*#/src/}" "$(wc -l <$DOCS_DIR/where)" 0
}

# docs_replace EXAMPLE REAL: from now on.
docs_replace() { DOCS_REPLACE[$1]=$2; }

# The commands of a file: a line, or as many lines as the shell needs to understand one.
docs_count()
{
    local line text='' n=0
    while IFS= read -r line; do
        text+=$line$'\n'
        [[ $text =~ ^[[:space:]]*(#[^$'\n']*)?$'\n'$ ]] && { text=; continue; }
        [ -z "$(bash -n <<<"$text" 2>&1)" ] || continue
        [[ $line != *\\ ]] || continue
        n=$((n + 1)) text=
    done <"$1"
    [ -z "$text" ] || n=$((n + 1))
    echo "$n"
}

# The first block with this text that has not been run yet.
docs_find()
{
    DOCS_BLOCK=$(grep -lF -- "$1" $DOCS_DIR/*.cmd 2>/dev/null | head -n 1)
    # grep takes several lines for several texts: all must be there.
    if [[ $1 == *$'\n'* ]]; then
        for DOCS_BLOCK in "$DOCS_DIR"/*.cmd ''; do
            [ -z "$DOCS_BLOCK" ] || [[ $(cat "$DOCS_BLOCK"; echo .) != *"$1"* ]] || break
        done
    fi
    [ -n "$DOCS_BLOCK" ] || bail "no block with: $1"
    DOCS_WHERE=$(sed -n "s/^$(basename "$DOCS_BLOCK" .cmd) \/src\///p" $DOCS_DIR/where)
}

# The block is done; it counts the first time.
docs_ran()
{
    local counted=$DOCS_DIR/done/${DOCS_BLOCK##*/}.counted
    [ -e "$counted" ] || DOCS_RUN=$((DOCS_RUN + $(docs_count "$DOCS_BLOCK")))
    : >"$counted"
    mv "$DOCS_BLOCK" $DOCS_DIR/done/
}

block()
{
    local text example
    docs_find "$1"
    text=$(cat "$DOCS_BLOCK")
    for example in "${!DOCS_REPLACE[@]}"; do
        text=${text//"$example"/"${DOCS_REPLACE[$example]}"}
    done
    printf '%s\n' "$text" >/tmp/block
    OUT=$(cd / && bash -e /tmp/block 2>&1)
    STATUS=$?
    docs_ran
    DOCS_SHOWN=${DOCS_BLOCK%.cmd}.out
}

runs() { is "$1" "$STATUS" 0 || note "$DOCS_WHERE:
$OUT"; }

shows()
{
    printf '%s\n' "$OUT" >/tmp/got
    [ -s "$DOCS_SHOWN" ] || { fail "$1: $DOCS_WHERE shows no output"; return; }
    is "$1" "$(/t/e2e/docs-extract shape "$DOCS_SHOWN" /tmp/got)" "" || note "$DOCS_WHERE; it printed:
$OUT"
}

# block_again TEXT: a block that was run is to be run again.
block_again()
{
    local file
    file=$(grep -lF -- "$1" "$DOCS_DIR"/done/*.cmd | head -n 1)
    [ -z "$file" ] || mv "$file" "$DOCS_DIR/"
}

not_run()
{
    local n
    docs_find "$1"
    n=$(docs_count "$DOCS_BLOCK")
    DOCS_NOT_RUN=$((DOCS_NOT_RUN + n))
    DOCS_SHOWN=${DOCS_BLOCK%.cmd}.out
    note "not run here: $DOCS_WHERE: $1: $2"
    mv "$DOCS_BLOCK" $DOCS_DIR/done/
}

docs_done()
{
    local left
    left=$(for file in "$DOCS_DIR"/*.cmd; do [ ! -e "$file" ] || grep -H . "$file"; done)
    is "every block was run, or is named" "$left" ""
    note "$((DOCS_RUN + DOCS_NOT_RUN)) commands in the documents, $DOCS_RUN run, $DOCS_NOT_RUN not run here"
}
