# ctest.awk - reads the output of `ctest -V`, prints "PASSED FAILED SKIPPED".
# A check(3) program's closing line "66%: Checks: 3, Failures: 1, Errors: 0" counts as that many tests; a program
# without one counts as one. One that fails although all its checks passed has crashed: one failure more.
match($0, /^[0-9]+: [0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/) {
    split(substr($0, RSTART, RLENGTH), part, /[^0-9]+/)
    checks[part[1]] += part[3]
    bad[part[1]] += part[4] + part[5]
    next
}
match($0, /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: /) {
    number = $0
    sub(/^[^#]*#/, "", number)
    number += 0
    programs++
    if ($0 ~ /\*\*\*Skipped/) { skipped++; next }
    good = $0 ~ / Passed +[0-9.]+ sec/
    if (number in checks) {
        passed += checks[number] - bad[number]
        failed += bad[number]
        if (!good && bad[number] == 0) failed++
    } else if (good) passed++
    else failed++
}
/^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+/ { total = $NF + 0 }
END {
    if (programs == 0 || programs != total) failed++
    print passed + 0, failed + 0, skipped + 0
}
