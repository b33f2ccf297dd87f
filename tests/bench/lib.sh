# shellcheck shell=bash
# lib.sh - what the parts of the benchmark share: measuring, taking numbers out, printing bars.
#
# A bar that is missed is printed as missed and is no error; something that did not work (a call that failed, a
# message lost or doubled, a torn record) is: `broken` says so, and `finish` then exits 1.

BENCH_BROKEN=0
BENCH_MET=0
BENCH_MISSED=0

title() { printf '\n%s\n' "$*"; }
note() { printf '           %s\n' "$*"; }

broken()
{
    printf '  BROKEN   %s\n' "$*"
    BENCH_BROKEN=$((BENCH_BROKEN + 1))
}

# bar WHAT VALUE le|ge LIMIT [DETAIL]
bar()
{
    local what=$1 value=$2 order=$3 limit=$4 detail=${5:-} sign='<=' met
    [[ $value =~ ^[0-9]+(\.[0-9]+)?$ ]] || { broken "$what: not measured"; return; }
    [ "$order" = le ] || sign='>='
    met=$(awk -v v="$value" -v l="$limit" -v o="$order" 'BEGIN {print ((o == "le" ? v <= l : v >= l) ? "met" : "missed")}')
    case $met in
    met) BENCH_MET=$((BENCH_MET + 1)) ;;
    *) BENCH_MISSED=$((BENCH_MISSED + 1)) ;;
    esac
    printf '  %-7s  %-52s %8s  (bar %s %s)%s\n' "$met" "$what" "$value" "$sign" "$limit" "${detail:+  $detail}"
}

# zero WHAT VALUE: a count that must be 0; anything else is an error.
zero()
{
    if [ "$2" = 0 ]; then
        bar "$1" "$2" le 0
    else
        broken "$1: $2"
    fi
}

# measure TABLE DRIVE-ARGUMENTS...: interleaved calls, see bench-drive. The first command is what the ratios are against.
measure()
{
    local table=$1
    shift
    bench-drive "$@" >"$table" && return
    broken "bench-drive failed"
    finish
}

# number TABLE LABEL COLUMN (median_us q1_us q3_us ratio ratio_low ratio_high added_us cpu_us)
number()
{
    awk -F '\t' -v label="$2" -v column="$3" '
        NR == 1 {sub(/^#/, ""); for (i = 1; i <= NF; i++) if ($i == column) c = i}
        $1 == label {print $c}' "$1"
}

interval() { printf '95%%: %s..%s' "$(number "$1" "$2" ratio_low)" "$(number "$1" "$2" ratio_high)"; }

# ratio_bar WHAT TABLE LABEL LIMIT: the ratio of LABEL to the table's first command. Where the table has that one twice
# ("... again"), its second ratio says how much of all this is noise.
ratio_bar()
{
    local low high
    bar "$1" "$(number "$2" "$3" ratio)" le "$4" "$(interval "$2" "$3")"
    low=$(number "$2" 'yardstick again' ratio_low) high=$(number "$2" 'yardstick again' ratio_high)
    awk -v low="${low:-1}" -v high="${high:-1}" -v limit="$4" 'BEGIN {exit !((high - low) / 2 < limit - 1)}' \
        || note "too noisy to decide: the yardstick against itself is $low..$high"
}

# The whole table, for people.
show()
{
    awk -F '\t' '
        NR == 1 {
            printf "           %-18s %10s %21s %8s %16s %10s %9s\n",
                "", "median us", "quartiles", "ratio", "95%", "added us", "cpu us"
        }
        NR > 1 {
            printf "           %-18s %10.1f %10.1f %10.1f %8.3f %8.3f..%-6.3f %10.1f %9.1f\n",
                $1, $2, $3, $4, $5, $6, $7, $8, $9
        }' "$1"
}

# storm_bars SENT DELIVERED LOG: prints what the check of a storm found, one bar a count.
storm_bars()
{
    local name value detail calls=
    while IFS='=' read -r name value detail; do
        case $name in
        sent)
            calls=$value
            note "$calls calls, each checked"
            ;;
        example) note "e.g. $value${detail:+=$detail}" ;;
        *) zero "$name" "$value" ;;
        esac
    done < <(awk -f /t/bench/storm.awk "$@")
    [ -n "$calls" ] || broken "the check of the storm failed"
    [ "$(tail -c 1 "$3" | od -An -tx1 | tr -d ' ')" = 0a ] || broken "the log does not end in a newline"
}

finish()
{
    printf '\n%d bars met, %d missed, %d errors\n' "$BENCH_MET" "$BENCH_MISSED" "$BENCH_BROKEN"
    [ "$BENCH_BROKEN" -eq 0 ]
    exit
}
