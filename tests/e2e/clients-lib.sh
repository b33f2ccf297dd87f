# shellcheck shell=bash
# clients-lib.sh - what clients-postfix.t and clients-exim.t share: the programs and libraries that people send mail
# with (the scripts are in clients/) make the same calls without the wrapper and with it. What a client says and the
# messages that arrive must be the same; each message has our header, and the record says who sent what.
#
# A test defines mta_start, and pipe_refused=yes if its MTA refuses "refused" (below) by other ways than SMTP; then it
# calls clients_run.

htdocs=/var/www/web274/htdocs
work=/tmp/clients

# NAME | calls | the arguments that sendmail gets | the caller, as the kernel shows him (ERE)
#
# Calls: one      a text in UTF-8 with a lone dot in it, to alice
#        many     to alice and web275, with an attachment larger than a pipe if the client can attach
#        session  one SMTP session: a message as "one", one that is refused, one as "many"
#        refused  a message that the MTA refuses once it has read it
#        fail     an option that no MTA knows; only where the client passes one on, and where it does not matter to the
#                 client whether the MTA ends before or after the message is written
# Arguments: RCPTS is alice, or both; what is in brackets is there in "fail". Caller: CALL is the call.
clients_table()
{
    sed "$([ "${pipe_refused:-no}" = yes ] || echo '/-bs/!s/ refused//')" <<'END'
php-mail | one many fail refused | -t -i [-Zbogus] -fshop@example.test | ^php (-d .*)?php-mail\.php CALL$
phpmailer-mail | one many fail refused | -t -i [-Zbogus] -fshop@example.test | ^php (-d .*)?phpmailer\.php mail CALL$
phpmailer-sendmail | one many refused | -t -i -oi -fshop@example.test -t | ^php phpmailer\.php sendmail CALL$
symfony-smtp | one many session fail refused | [-Zbogus] -bs | ^php symfony\.php smtp CALL$
symfony-pipe | one many refused | -oi -fshop@example.test -- RCPTS | ^php symfony\.php pipe CALL$
symfony-native | one many refused | -i -fshop@example.test -- RCPTS | ^php symfony\.php native CALL$
pear-sendmail | one many refused | -i -fshop@example.test -- RCPTS | ^php pear\.php sendmail CALL$
pear-mail | one many fail refused | -t -i [-Zbogus] | ^php (-d .*)?pear\.php mail CALL$
nodemailer | one many refused | -i -f shop@example.test RCPTS | ^node nodemailer\.js CALL$
email-sender | one many refused | -i -f shop@example.test -- RCPTS | ^perl email-sender\.pl CALL$
mime-lite | one many refused | -t -oi -oem -fshop@example.test | ^perl mime-lite\.pl CALL$
ruby-mail | one many refused | -i -f shop@example.test -- RCPTS | ^ruby ruby-mail\.rb CALL$
bsd-mailx | one many refused | -i -t | ^bsd-mailx -s bsd-mailx CALL
s-nail | one many fail refused | -i [-Zbogus] -- RCPTS | ^s-nail .*-s s-nail CALL
mailutils | one many refused | -oi -f web274@mail.example.test -t | ^mail\.mailutils -s mailutils CALL
mutt | one many fail refused | -oem -oi [-Zbogus] -- RCPTS | ^mutt (-e .*)?-s mutt CALL
git-send-email | one many refused | -i RCPTS | git-send-email CALL\.patch
swaks | one many fail refused | [-Zbogus] -bs | /swaks --pipe .* --header Subject: swaks CALL 
cron | one | -FCronDaemon -i -B8BITMIME -oem alice | ^CRON$
at | one | -i web274 | ^atd$
END
}

# The messages that come of a call: USER SUBJECT a line, for each mailbox that one reaches.
client_messages()
{
    case $1.$2 in
    symfony-smtp.refused | swaks.refused) ;;         # the client is told
    *.refused) echo "web274 $1.refused" ;;           # the sender is told, with a copy
    at.one) echo web274 at.one ;;
    *.one) echo "alice $1.one" ;;
    *.many) printf '%s\n' "alice $1.many" "web275 $1.many" ;;
    *.session) printf '%s\n' "alice $1.session-one" "alice $1.session-many" "web275 $1.session-many" ;;
    esac
}

# --- the clients -------------------------------------------------------------------------------------------------

# It has said who it is, and catches the SIGHUP (the lowest bit) that at(1) wakes it with.
atd_ready() { grep -q '^SigCgt:.*[13579bdf]$' "/proc/$(cat /run/atd.pid)/status"; }

start_atd()
{
    (in_unit atd.service atd)
    wait_for 60 atd_ready || bail "atd does not start"
}

# client_send NAME CALL: as a customer would, in the directory of his scripts.
client_send()
{
    local name=$1 call=$2 many='' fail='' bad='/usr/sbin/sendmail -oem -oi -Zbogus'
    local php=(php) to=(alice@example.test) cc=() run=(as web274 LC_ALL=C.UTF-8 timeout --foreground 60)
    case $call in
    many) many=yes to+=(web275@example.test) cc=(-c web275@example.test) ;;
    fail) fail=yes php+=(-d 'sendmail_path=/usr/sbin/sendmail -t -i -Zbogus') ;;
    esac
    case $name in
    php-mail) "${run[@]}" "${php[@]}" php-mail.php "$call" ;;
    phpmailer-* | pear-*) "${run[@]}" "${php[@]}" "${name%-*}.php" "${name#*-}" "$call" ;;
    symfony-*) "${run[@]}" php symfony.php "${name#*-}" "$call" ;;
    nodemailer) "${run[@]}" node nodemailer.js "$call" ;;
    email-sender | mime-lite) "${run[@]}" perl "$name.pl" "$call" ;;
    ruby-mail) "${run[@]}" ruby ruby-mail.rb "$call" ;;
    bsd-mailx) "${run[@]}" bsd-mailx -s "bsd-mailx $call" "${cc[@]}" alice@example.test <text ;;
    s-nail)
        "${run[@]}" s-nail -:/ -S v15-compat ${fail:+-S mta-arguments=-Zbogus} -s "s-nail $call" \
            "${cc[@]}" ${many:+-a invoice.bin} alice@example.test <text
        ;;
    mailutils) "${run[@]}" mail.mailutils -s "mailutils $call" ${many:+-A invoice.bin} "${to[@]}" <text ;;
    mutt)
        "${run[@]}" mutt ${fail:+-e "set sendmail='$bad'"} -s "mutt $call" "${cc[@]}" ${many:+-a invoice.bin} \
            -- alice@example.test <text
        ;;
    git-send-email)
        cat - text >"$call.patch" <<END
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Shop <shop@example.test>
Date: Sat, 21 Nov 2026 12:00:00 +0000
Subject: git-send-email $call
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

END
        "${run[@]}" git -c user.name=Shop -c user.email=shop@example.test send-email "$call.patch" \
            --from=shop@example.test "${to[@]/#/--to=}" --suppress-cc=all --confirm=never
        ;;
    swaks)
        "${run[@]}" swaks --pipe "/usr/sbin/sendmail ${fail:+-Zbogus }-bs" --header "Subject: swaks $call" \
            --helo client.example.test --from shop@example.test --to "$(IFS=, && echo "${to[*]}")" \
            --body @text ${many:+--attach @invoice.bin --suppress-data}
        ;;
    cron)
        # The daemon itself calls sendmail. When it is started, @reboot jobs run: nobody waits for the next minute.
        printf 'MAILTO=alice\n@reboot cat htdocs/text\n' | "${run[@]}" crontab -
        [ ! -s /run/crond.pid ] || kill "$(cat /run/crond.pid)"
        rm -f /run/crond.pid /run/crond.reboot
        start_cron
        ;;
    at) "${run[@]}" at now <<<'cat text' ;;
    esac
}

# --- one round ---------------------------------------------------------------------------------------------------

# plain FILE...: to FILE.plain, without what differs between any two runs: queue ids, dates, Message-IDs, boundaries, at's job
# number. Of what arrived with the wrapper (with/mail) our header is taken out, too: the first there is.
plain()
{
    perl -0777 -e '
        for my $file (@ARGV) {
            open my $in, "<:raw", $file or die "$file: $!\n";
            local $_ = <$in> // "";
            s/^X-Additional-Header: .*\n//m if $file =~ m{/with/mail/};
            my $n = 0;
            my %boundary = map { $_ => "BOUNDARY" . ++$n }
                /^ ?Content-Type:[^;]*;(?:\s+[^;\n]*;)*\s*boundary="?([^"\s;]+)/gmi;
            for my $b (sort { length $b <=> length $a } keys %boundary) { s/\Q$b\E/$boundary{$b}/g }
            s/\b(id |id=|queued as )[0-9A-Za-z-]{5,}/$1ID/g;
            s/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [ \d]?\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}( \(UTC\))?/DATE/g;
            s/^((?: -> )?(?:Message-ID|Content-ID|References):\s+)<[^>@]*\@/$1<ID\@/gmi;
            s/^(Subject: Output from your job +)\d+/$1N/m;
            s/^job \d+ at .*/JOB/m;
            open my $out, ">:raw", "$file.plain" or die "$file.plain: $!\n";
            print $out $_;
            close $out or die "$file.plain: $!\n";
        }' -- "$@"
}

# split_mailbox USER DIRECTORY: each message to a file named by its subject, "php-mail one" being php-mail.one.
split_mailbox()
{
    mkdir -p "$2"
    [ ! -f "/var/mail/$1" ] || to=$2 perl -0777 -ne '
        for my $mail (split /(?:\A|(?<=\n)\n)(?=From \S+ +\w{3} \w{3} )/) {
            $mail =~ s/\AFrom .*\n// or next;
            my ($name) = $mail =~ /^Subject: (.*)/m;
            $name =~ s/^Cron .*/cron one/;
            $name =~ s/^Output from your job.*/at one/;
            $name = $1 if $name =~ /^Mail failure/ && $mail =~ /^Subject: (\S+ refused)/m;
            $name =~ tr{ /}{..};
            $name .= "+" while -e "$ENV{to}/$name";
            open my $file, ">:raw", "$ENV{to}/$name" or die "$name: $!\n";
            print $file $mail;
        }' "/var/mail/$1"
}

queue_empty() { ! mailq | grep -qv '^Mail queue is empty$'; }

# Every call of every client: what it said in $1/NAME.CALL.said, its records in .log, all mail in $1/mail/USER/SUBJECT.
clients_send()
{
    local name calls call rest before user users='alice web275 web274'
    mkdir -p "$1/mail"
    for user in $users; do mail_clear "$user"; done
    : >"$1/expected"
    while IFS='|' read -r name calls rest; do
        name=${name// /}
        for call in $calls; do
            before=$(record_count)
            {
                client_send "$name" "$call" 2>"$1/err" </dev/null
                echo "exit status $?"
                cat "$1/err"
            } >"$1/$name.$call.said"
            tail -n "+$((before + 1))" "$SW_LOG" >"$1/$name.$call.log" 2>/dev/null
            client_messages "$name" "$call" >>"$1/expected"
        done
    done < <(clients_table)
    for user in $users; do
        wait_mail "$(grep -c "^$user " "$1/expected")" "$user"
    done
    wait_for 60 queue_empty || note "$(mailq)"
    # cron's and at's come when they come.
    grep ' caller=CRON ' "$SW_LOG" >"$1/cron.one.log" 2>/dev/null
    grep ' caller=atd ' "$SW_LOG" >"$1/at.one.log" 2>/dev/null
    for user in $users; do split_mailbox "$user" "$1/mail/$user"; done
}

# --- what must be so ---------------------------------------------------------------------------------------------

# The values of a record's line by their keys, in "record"; escapes are left as they are. (record_get is a process for
# each key, and there are a thousand.)
declare -A record
record_read()
{
    local rest=${1#*sendmail-wrapper\[*\]: }
    record=()
    while [[ $rest =~ ^([a-z_]+)=(\"(([^\"\\]|\\.)*)\"|([^ ]*))\ ? ]]; do
        record[${BASH_REMATCH[1]}]=${BASH_REMATCH[3]:-${BASH_REMATCH[5]}}
        rest=${rest:${#BASH_REMATCH[0]}}
    done
}

# Reads the record with that subject among those of a call.
record_find()
{
    local line
    while IFS= read -r line; do
        record_read "$line"
        [ "${record[subject]:-}" != "$2" ] || return 0
    done <"$1"
    record=()
}

# check_record DESC KEY=VALUE...: what was read; "-" is the value of a key that is not there.
check_record()
{
    local desc=$1 pair got=()
    shift
    for pair; do got+=("${pair%%=*}=${record[${pair%%=*}]:--}"); done
    is "$desc" "${got[*]}" "$*"
}

# check_message USER MESSAGE PLACE: it arrived with the header that the record says, and is otherwise what arrived
# without us.
check_message()
{
    local desc="${2/./ }: $1's message" place=$3 header
    local new=$work/with/mail/$1/$2 old=$work/without/mail/$1/$2
    if [ ! -f "$new" ] || [ ! -f "$old" ]; then
        fail "$desc arrives"
        return
    fi
    case $2 in
    *.refused) header=$(sed -n 's/^X-Additional-Header: //p' "$new") ;; # in the copy
    *) header=$(sed -n '/^$/q;s/^X-Additional-Header: //p' "$new") ;;
    esac
    is "$desc has our header, once" "$header" "$place; uid=4079; pid=${record[pid]:--}; id=${record[id]:--}"
    is "$desc is otherwise the same" "$(diff "$old.plain" "$new.plain")" ""
}

# check_call NAME CALL ARGUMENTS CALLER
check_call()
{
    local name=$1 call=$2 args=$3 caller=${4//CALL/$2} desc="$1 $2" log=$work/with/$1.$2.log
    local mode=submit action=deliver rcpts=1 subject="$1 $2" place=/var/www/web274 cwd=$htdocs
    local messages=("$call") addresses=alice@example.test who session user message

    is "$desc: the client says the same" "$(<"$work/with/$1.$2.said.plain")" "$(<"$work/without/$1.$2.said.plain")"

    record_read "$(head -n 1 "$log")"
    case $name.$call in
    cron.*) cwd=/var/www/web274 place=/var/www subject='Cron <web274@mail> cat htdocs/text' ;;
    at.*) cwd=/ place=/ subject='Output from your job        2' ;;
    *.many) rcpts=2 addresses+=' web275@example.test' ;;
    *.session) messages=(session-one session-refused session-many) ;;
    *.fail) mode=pass action=pass rcpts=- subject=- ;;
    esac
    [ "$call" = fail ] || args=${args/\[-Zbogus\]/}
    args=${args//RCPTS/$addresses}
    args=${args/  / } args=${args# } args=${args% } args=${args//[][]/}
    who=("uid=4079" "user=web274" "cwd=$cwd" "args=$args" "why=-" "error=-")

    like "$desc: the caller" "${record[caller]:--}" "$caller"
    if [ "$args" = -bs ]; then
        is "$desc: records" "$(grep -c . "$log")" $((1 + ${#messages[@]}))
        check_record "$desc: the session's record" mode=smtp "${who[@]}" rcpts=- subject=- action=pass
        session=${record[id]:-}
        for message in "${messages[@]}"; do
            rcpts=1
            [[ $message != *many ]] || rcpts=2
            record_find "$log" "$name $message"
            check_record "$desc: the record of message $message" mode=smtp "${who[@]}" "rcpts=$rcpts" \
                "subject=$name $message" action=deliver "session=$session" sender=shop@example.test
        done
    else
        is "$desc: records" "$(grep -c . "$log")" 1
        check_record "$desc: the record" mode=$mode "${who[@]}" "rcpts=$rcpts" "subject=$subject" action=$action
    fi

    while read -r user message; do
        [ "$args" != -bs ] || record_find "$log" "${message/./ }"
        check_message "$user" "$message" "$place"
    done < <(client_messages "$name" "$call")
}

clients_run()
{
    local name calls args caller call round
    cd "$htdocs" || bail "no $htdocs"
    mkdir $work
    cp /t/e2e/clients/* .
    printf 'Grüße aus Köln, das kostet 5 €\n.\nFrom here on all is well.\n' >text
    perl -e 'print map { chr($_ * 7 % 256) } 1 .. 100_000' >invoice.bin
    chown web274:web274 ./*
    mta_start
    start_atd

    note "without the wrapper"
    clients_send $work/without
    note "with the wrapper"
    ok "enable" sendmail-wrapper-divert enable
    clients_send $work/with
    for round in without with; do
        is "$round the wrapper all mail arrives, and no other" \
            "$(cd $work/$round/mail && find . -type f | sed 's|^\./||' | sort)" \
            "$(tr ' ' / <$work/$round/expected | sort)"
    done

    plain $work/with*/*.said $work/with*/mail/*/* || bail "what came cannot be compared"
    while IFS='|' read -r name calls args caller; do
        name=${name// /} args=${args# } caller=${caller# }
        for call in $calls; do check_call "$name" "$call" "${args% }" "$caller"; done
    done < <(clients_table)
}
