# mbox.awk MBOX - one line a message, as storm.awk wants it: "ID - - COPIES HEADER -". ID is the Message-ID without its
# brackets, COPIES how many X-Additional-Header fields there are, HEADER the topmost one without blanks.

function flush()
{
    if (id != "")
        print id, "-", "-", copies, header == "" ? "-" : header, "-"
}

/^From / && (NR == 1 || last == "") {
    flush()
    head = 1
    copies = 0
    id = header = ""
}

$0 == "" {
    head = 0
}

head && /^Message-ID: </ {
    id = $2
    gsub(/[<>]/, "", id)
}

head && /^X-Additional-Header: / && copies++ == 0 {
    header = substr($0, 22)
    gsub(/ /, "", header)
}

{
    last = $0
}

END {
    flush()
}
