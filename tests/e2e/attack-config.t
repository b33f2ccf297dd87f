#!/bin/bash
# A configuration that is wrong, hostile or not there: a fault never changes more than it must, each is a line in
# syslog with the file's name, and neither the caller's environment nor anybody else's file has a say.
# sendmail-wrapper.conf(5), "What a fault does"; docs/threat-model.md, "When something fails".
# bed: base
. /t/e2e/attack-lib.sh
attack_setup
ADDED="header~^X-Additional-Header: /var/www/web274; uid=$UID274; pid=[0-9]+; id=[0-9A-Z]{26}$"
sent 'From: me@example.org\nTo: alice\nSubject: secret\n\nbody\n'

# Delivered with the default header, recorded somewhere; the rest of the wishes follow.
faulty()
{
    local desc=$1
    shift
    call -- -t -i
    row "$desc" "end=exit 0" mail=added "$ADDED" stderr=- stdout=- "$@"
}

# In the plain flavour the log's place is configured too: first, so that it holds.
for build in setgid plain; do
    flavour $build

    config_more 'header { name = "X-Origin" path = "full" fields = {"id"} }'
    call -- -t -i
    runs
    like "$build: a sound configuration is read" "$(head -n 1 "${RUNS[0]%.argv}.stdin")" \
        '^X-Origin: /var/www/web274/htdocs; id=[0-9A-Z]{26}$'
    config_more 'header { enabled = false }'
    call -- -t -i
    row "no header wanted" "end=exit 0" mail=same log=file admin=-
    config_more 'log { subject = false addresses = false }'
    [ $build = setgid ] || config "log { file = \"$CALLS\" subject = false addresses = false }"
    call -- -t -i
    row "no subject and addresses wanted" "end=exit 0" mail=added log=file subject=- from=- admin=-
    [ $build = setgid ] || config "log { file = \"$CALLS\" }"

    # --- the environment has no say
    mkdir -p /var/tmp/home
    chmod 777 /var/tmp/home
    # shellcheck disable=SC2016 # libconfuse's, not ours
    config 'log { file = "${HOME}/calls.log" }'
    install -o web274 -m 600 /dev/null /var/tmp/home/calls.log
    call --env HOME=/var/tmp/home -- -t -i
    # shellcheck disable=SC2016
    row '${HOME} is not taken from the caller' "end=exit 0" mail=added log=syslog 'why=.'
    ok "$build: his file stays empty" test ! -s /var/tmp/home/calls.log
    # shellcheck disable=SC2016
    config_more 'sendmail = "${REAL:-/usr/sbin/sendmail.real}"'
    call --env REAL=/bin/false -- -t -i
    # shellcheck disable=SC2016
    row 'nor ${REAL}' "end=exit 0" mail=added
    echo 'header { enabled = false }' >/var/tmp/home/sendmail-wrapper.conf
    config_more
    call --env SENDMAIL_WRAPPER_CONF=/var/tmp/home/sendmail-wrapper.conf --env SYSCONFDIR=/var/tmp/home -- -t -i -C \
        /var/tmp/home/sendmail-wrapper.conf
    row "neither environment nor argv choose a configuration" "end=exit 0" mail=added log=file admin=-

    # --- faults: those of a key leave the rest as it is
    config_more 'colour = "blue"' 'header { path = "full" }'
    call -- -t -i
    row "an unknown key is told, the rest holds" "end=exit 0" mail=added log=file subject=secret \
        "header~: /var/www/web274/htdocs; uid" "admin~$SW_CONFIG:[12]: .*colour"
    config_more 'header { path = "full" colour = "blue" }'
    call -- -t -i
    row "an unknown key in a section" "end=exit 0" mail=added log=file subject=secret \
        "header~: /var/www/web274/htdocs; uid" "admin~$SW_CONFIG:[12]: .*colour"
    config_more 'header { path = "full" }' 'include("/var/tmp/home/sendmail-wrapper.conf")'
    call -- -t -i
    row "include() is no function of ours" "end=exit 0" mail=added log=file "admin~$SW_CONFIG:[23]: "

    # --- faults of syntax and type: what stands before holds, subject and addresses are off
    config_more 'header { path = "full" enabled = 7.5 }'
    call -- -t -i
    row "a wrong type: what stands before it holds" "end=exit 0" mail=added log=file subject=- from=- \
        "header~: /var/www/web274/htdocs; uid" "admin~$SW_CONFIG:[12]: "
    config_more 'header { path = "full" }' 'log { subject = "maybe" }'
    call -- -t -i
    row "no boolean" "end=exit 0" mail=added log=file subject=- from=- "header~: /var/www/web274/htdocs; uid" \
        "admin~$SW_CONFIG:[23]: "
    config_more 'header { path = "full" }' 'mta = "postfix'
    call -- -t -i
    row "a quote that is never closed" "end=exit 0" mail=added log=file subject=- from=- \
        "header~: /var/www/web274/htdocs; uid" "admin~$SW_CONFIG:[0-9]+: "
    config_more 'header { path = "full" }' '}}}} {{{{ = = ='
    call -- -t -i
    row "a syntax error" "end=exit 0" mail=added log=file subject=- from=- "header~: /var/www/web274/htdocs; uid" \
        "admin~$SW_CONFIG:[23]: "
    config_more 'header = "x"'
    faulty "a section used as an option" subject=- "admin~$SW_CONFIG:[12]: "
    config_more 'header { name = "X-A: b\nBcc: victim@example.org\nX-B" }'
    faulty "a header name with a newline" "admin~$SW_CONFIG:[12]: "
    config_more 'header { name = "Bcc" }'
    faulty "a header name that means something" "admin~$SW_CONFIG:[12]: "
    config_more 'header { fields = {"uid", "pid", "id", "uid", "pid", "id", "uid", "pid"} }'
    faulty "too many fields" "admin~$SW_CONFIG:[12]: "
    config_more 'header { path = "sideways" }'
    faulty "a word that is none of its words" "admin~$SW_CONFIG:[12]: "
    config_more 'mta = "notes"'
    faulty "an unknown MTA" "admin~$SW_CONFIG:[12]: "
    config_more 'sendmail = "sendmail.real"'
    faulty "a relative path" "admin~$SW_CONFIG:[12]: "
    config_more "header { name = \"X-$(head -c 30000 /dev/zero | tr '\0' n)\" }"
    faulty "a name of 30000 bytes" "admin~$SW_CONFIG:[12]: "

    # --- the file itself. In the plain flavour the default log file is root's: syslog takes the record
    if [ $build = setgid ]; then where="file"; else where="syslog"; fi
    rm -f "$SW_CONFIG"
    faulty "no configuration" log="$where" subject=- from=- "admin~$SW_CONFIG: No such file"
    : >"$SW_CONFIG"
    faulty "an empty one is complete" log="$where" subject=secret admin=-
    printf 'header { enabled = false }\n' >"$SW_CONFIG"
    chmod 666 "$SW_CONFIG"
    faulty "writable by everybody" log="$where" subject=- "admin~$SW_CONFIG: .*writable"
    chmod 664 "$SW_CONFIG"
    faulty "writable by its group" log="$where" subject=- "admin~$SW_CONFIG: .*writable"
    chmod 644 "$SW_CONFIG"
    chown web275 "$SW_CONFIG"
    faulty "another user's" log="$where" subject=- "admin~$SW_CONFIG: not owned"
    chown web274 "$SW_CONFIG"
    if [ $build = setgid ]; then
        faulty "the caller's own" log="$where" subject=- "admin~$SW_CONFIG: not owned"
    else
        call -- -t -i
        row "the caller's own: his binary, his configuration" "end=exit 0" mail=same
    fi
    chown root "$SW_CONFIG"
    chmod 600 "$SW_CONFIG"
    faulty "unreadable for the caller" log="$where" subject=- "admin~$SW_CONFIG: Permission denied"
    rm -f "$SW_CONFIG"
    mkdir "$SW_CONFIG"
    faulty "a directory" log="$where" subject=- "admin~$SW_CONFIG: "
    rmdir "$SW_CONFIG"
    mkfifo -m 644 "$SW_CONFIG"
    faulty "a FIFO: nobody waits" log="$where" subject=- "admin~$SW_CONFIG: "
    rm -f "$SW_CONFIG"
    ln -s /dev/zero "$SW_CONFIG"
    faulty "an endless device" log="$where" subject=- "admin~$SW_CONFIG: "
    rm -f "$SW_CONFIG"
    { printf 'header { enabled = false }\n'; yes '# comment' | head -c 20000000; } >"$SW_CONFIG"
    faulty "20 MB" log="$where" subject=- "admin~$SW_CONFIG: .*larger"
    head -c 60000 /dev/urandom >"$SW_CONFIG"
    faulty "random bytes" "admin~$SW_CONFIG:"
    head -c 60000 /dev/urandom | tr -d '\0' >"$SW_CONFIG"
    faulty "random bytes, no NUL" "admin~$SW_CONFIG:[0-9]+: "
    head -c 60000 /dev/zero >"$SW_CONFIG"
    faulty "NULs, as a crash leaves them" log="$where" "admin~$SW_CONFIG: "
    for c in '{' '(' '"' '=' '\134'; do
        head -c 60000 /dev/zero | tr '\0' "$c" >"$SW_CONFIG"
        faulty "60000 times $c" "admin~$SW_CONFIG:[0-9]+: "
    done
    # A line of the admin's log cannot be forged by what stands in the file.
    printf 'sendmail = "a\\nNov 21 00:00:00 mail sendmail-wrapper[1]: id=X \\e[31m"\n' >"$SW_CONFIG"
    call -- -t -i
    row "control bytes in a faulty value" "end=exit 0" mail=added "admin~$SW_CONFIG:1: "
    unlike "$build: are escaped in syslog" "$(<"$W/syslog")" '<0x'
done

# --- the limits of a caller do not get him another configuration
flavour setgid
config 'header { name = "X-Origin" }'
for limit in NOFILE=4 NOFILE=5 AS=4194304 DATA=262144; do
    call --limit $limit -- -t -i
    collect
    runs
    if [ ${#RUNS[@]} -eq 0 ]; then
        like "$limit: refused" "$END" '^exit 7|^signal'
    elif [[ ${FILE_RECORDS[0]:-}${SYSLOG_RECORDS[0]:-} == *'without the header'* ]]; then
        pass "$limit: no header, and the record says so"
    else
        like "$limit: the configured header" "$(head -n 1 "${RUNS[0]%.argv}.stdin")" '^X-Origin: '
    fi
done
done_testing
