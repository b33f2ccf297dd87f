# tap.awk - reads one test's TAP; -v status=: its exit status. Prints "PASSED FAILED SKIPPED - verdict".
# A test that ends without a plan, with another number of lines than planned, or badly without a failed line
# counts one failure more: silence is never success.
/^ok / {
    if (toupper($0) ~ /[^\\]# SKIP/) skipped++; else passed++
}
/^not ok / { failed++; first = first ? first : $0 }
/^1\.\.[0-9]+/ {
    plan = substr($1, 4) + 0
    planned++
    if (plan == 0 && toupper($0) ~ /# SKIP/) skipped++
}
/^Bail out!/ { trouble = $0 }
END {
    seen = passed + failed + skipped
    if (!trouble && planned != 1) trouble = "no plan"
    if (!trouble && plan != 0 && plan != seen) trouble = "planned " plan ", ran " seen
    if (!trouble && plan == 0 && seen == 0) trouble = "no tests"
    if (!trouble && status != "0" && !failed) trouble = "exit status " status
    if (trouble) failed++
    printf "%d %d %d - %s", passed, failed, skipped, (failed ? "FAILED" : "ok")
    if (trouble) printf " (%s)", trouble
    else if (!failed) printf " (%d)", passed
    printf "\n"
}
