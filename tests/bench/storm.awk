# storm.awk SENT DELIVERED LOG - was every call of bench-storm delivered once, unharmed, and logged once?
#
# SENT has the lines of bench-storm, DELIVERED those of bench-sink-mta ("ID PID UID COPIES HEADER HASH"; HASH may be "-",
# then it is not compared), LOG the wrapper's records in logfmt. Prints NAME=COUNT lines; an example of the
# first fault of a kind follows it. With -v partly=1 a message without our header is right too, and needs no record: the
# wrapper came and went during the storm; "with=COUNT" then says how many had it.

function fault(kind, example)
{
    if (faults[kind]++ == 0)
        first[kind] = example
}

# The value of a key in a record; values that interest here hold no blank and no quote.
function value(key,    at, rest)
{
    at = index($0, " " key "=")
    if (at == 0)
        return ""
    rest = substr($0, at + length(key) + 2)
    sub(/ .*/, "", rest)
    gsub(/"/, "", rest)
    return rest
}

FILENAME != file {
    file = FILENAME
    part++
}

part == 1 {
    sent++
    if ($2 != 0)
        fault("failed calls", $0)
    status[$1] = $2
    uid[$1] = $3
    pid[$1] = $4
    hash[$1] = $5
    next
}

part == 2 {
    if (!($1 in status)) {
        fault("unknown messages", $0)
        next
    }
    if (delivered[$1]++ > 0)
        fault("messages delivered twice", $0)
    if (partly && $4 == 0) {
        bare[$1] = 1
        next
    }
    with++
    split($5, field, ";")
    header_id[$1] = field[4]
    if ($4 != 1 || field[2] != "uid=" uid[$1] || field[3] != "pid=" pid[$1] || field[4] !~ /^id=/)
        fault("wrong headers", $0)
    if ($6 != "-" && $6 != hash[$1])
        fault("damaged messages", $0)
    next
}

part == 3 {
    whole = $0 ~ /^[0-9-]+T[0-9:.]+[+-][0-9:]+ [^ ]+ sendmail-wrapper\[[0-9]+\]: id=[0-9A-Z]+ .* action=deliver$/ &&
            gsub(/sendmail-wrapper\[/, "&") == 1
    if (!whole) {
        fault("torn records", $0)
        next
    }
    id = value("msgid")
    gsub(/[<>]/, "", id)
    if (!(id in status)) {
        fault("unknown records", $0)
        next
    }
    if (logged[id]++ > 0)
        fault("calls logged twice", $0)
    if (value("uid") != uid[id] || value("pid") != pid[id] || (header_id[id] != "" && header_id[id] != "id=" value("id")))
        fault("wrong records", $0)
}

END {
    for (id in status) {
        if (!(id in delivered) && status[id] == 0)
            fault("messages lost", id)
        if (!(id in logged) && !(id in bare))
            fault("calls not logged", id)
    }
    print "sent=" sent + 0
    if (partly)
        print "with=" with + 0
    count = split("failed calls,messages lost,messages delivered twice,damaged messages,unknown messages,wrong headers," \
                  "calls not logged,calls logged twice,torn records,unknown records,wrong records", kinds, ",")
    for (i = 1; i <= count; i++) {
        print kinds[i] "=" faults[kinds[i]] + 0
        if (faults[kinds[i]] > 0)
            print "example=" first[kinds[i]]
    }
}
