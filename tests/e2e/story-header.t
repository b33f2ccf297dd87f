#!/bin/bash
# The header as an admin may configure it, and a copy that the message already has.
# bed: postfix
. /t/e2e/lib.sh

start_postfix
ok "enable" sendmail-wrapper-divert enable
mkdir -p /var/www/web274/htdocs/images
cd /var/www/web274/htdocs/images || bail "no images"
ulid='[0-9A-HJKMNP-TV-Z]{26}'

sent=0
# send [HEADER LINES]: the delivered message is /tmp/m.
send()
{
    sent=$((sent + 1))
    { printf 'To: alice\nSubject: x\n'; [ $# -eq 0 ] || printf '%s\n' "$@"; printf '\nbody\n'; } \
        | as web274 /usr/sbin/sendmail -t -i
    wait_mail $sent && mail_get -1 /tmp/m
}
configure() { printf '%s\n' "$@" >"$SW_CONFIG"; }
value() { mail_header /tmp/m "${1:-X-Additional-Header}"; }

send
like "the commented default file" "$(value)" "^/var/www/web274/htdocs; uid=4079; pid=[0-9]+; id=$ulid\$"
: >"$SW_CONFIG"
send
like "an empty file" "$(value)" "^/var/www/web274/htdocs; uid=4079; pid=[0-9]+; id=$ulid\$"
configure 'header { path = "full" }'
send
like "path = full" "$(value)" "^/var/www/web274/htdocs/images; uid=4079; pid=[0-9]+; id=$ulid\$"
configure 'header { path = "none" }'
send
like "path = none" "$(value)" "^uid=4079; pid=[0-9]+; id=$ulid\$"
configure 'header { fields = {"id"} }'
send
like "fields = id" "$(value)" "^/var/www/web274/htdocs; id=$ulid\$"
configure 'header { fields = {"pid", "uid"} }'
send
like "fields in their order" "$(value)" "^/var/www/web274/htdocs; pid=[0-9]+; uid=4079\$"
configure 'header { name = "X-Origin" }'
send
like "another name" "$(value X-Origin)" "^/var/www/web274/htdocs; uid=4079; "
is "and only that" "$(value)" ""
configure 'header { enabled = false }'
send
is "no header" "$(value)" ""
is "but a record" "$(record_count)" "$sent"

: >"$SW_CONFIG"
send "X-Additional-Header: /var/www/web275; uid=4080; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ"
is "a copy stays, ours is the topmost" "$(value | cut -d' ' -f1-2 | paste -sd' ')" \
    "/var/www/web274/htdocs; uid=4079; /var/www/web275; uid=4080;"
is "the record counts it" "$(record_get copies)" 1
is "and ours is the record's" "id=$(record_get id)" "$(value | head -n 1 | sed 's/.*; //')"

note "odd names of the working directory"
for dir in 'a;b%c"d' $'new\nX-Evil: line' $'caf\xe9' 'with blank'; do
    mkdir -p "/var/www/web274/$dir/in"
    cd "/var/www/web274/$dir/in" || bail "no $dir"
    send
    like "$(printf %q "$dir"): one physical line" "$(value)" "^/var/www/web274/[!-~ ]+; uid=4079; pid=[0-9]+; id=$ulid\$"
    is "... and no other field" "$(mail_header /tmp/m X-Evil)" ""
    is "... the record has the whole path" "$(record_get cwd | od -c)" "$(printf '%s\n' "$PWD" | od -c)"
done
done_testing
