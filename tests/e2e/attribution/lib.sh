# shellcheck shell=bash
# attribution/lib.sh - customers, servers and visitors of the attribution test. attribution_run SETTINGS plays every line of
# attribution/scenarios and scores what mailorigin says of it. SETTINGS: recommended (the access-log formats that `mailorigin
# check` asks for, the help for PHP), or defaults (the distribution's).

here=/t/e2e/attribution
work=/tmp/attribution
truth=$work/truth
declare -A site_uid=([web274]=4079 [web275]=4080 [web012]=4012 [web101]=4101 [web333]=4333 [web500]=4500 [web777]=4777)

# shellcheck source=tests/e2e/attribution/cli.sh
. $here/cli.sh

# web777 is in a pool that is nobody's in particular; web500 deploys as many do: the document root is a link to the release.
site_doc()
{
    if [ "$1" = web500 ]; then echo /var/www/web500/current; else echo "/var/www/$1/htdocs"; fi
}

sites_make()
{
    local site doc
    for site in "${!site_uid[@]}"; do
        id "$site" >/dev/null 2>&1 || useradd --uid "${site_uid[$site]}" --home-dir "/var/www/$site" --shell /bin/bash "$site"
        install -d -o root -g root -m 755 "/var/www/$site"
        doc=/var/www/$site/htdocs
        [ "$site" != web500 ] || { doc=/var/www/web500/releases/7 && ln -s releases/7 /var/www/web500/current; }
        install -d "$doc/uploads" "/var/www/$site/cgi-bin"
        cp -r $here/htdocs/. "$doc"
        printf '#!/bin/sh\nexec /usr/bin/php-cgi8.2\n' >"/var/www/$site/cgi-bin/php"
        chown -R "$site:$site" "$doc" "/var/www/$site/cgi-bin"
        chmod 755 "/var/www/$site/cgi-bin/php"
        # OPcache does not keep a script that changed just now.
        find "$doc" -name '*.php' -exec touch -d '1 hour ago' {} +
    done
    # Where the web server may write, as many shops need it.
    chown www-data: /var/www/web275/htdocs/uploads
    install -d -o web275 -g web275 -m 1777 /var/www/web275/htdocs/tmp
}

# --- the servers -------------------------------------------------------------------------------------------------

# Port, kind, OPcache: nginx 80 81, mod_php 8081 8091, php-cgi 8082, Apache's proxy_fcgi 8083 8093 (the higher: without OPcache).
servers_make()
{
    local settings=$1 site
    mkdir -p /var/log/php-access
    : >/etc/php/8.2/fpm/pool.d/www.conf
    rm -f /etc/nginx/sites-enabled/* /etc/apache2/sites-enabled/*
    printf 'Listen 127.0.0.1:%s\n' 8081 8091 8082 8083 8093 >/etc/apache2/ports.conf
    printf '%s\n' 'StartServers 3' 'MinSpareServers 2' 'MaxSpareServers 4' 'MaxRequestWorkers 60' 'KeepAlive On' \
        'ServerName mail.example.test' >/etc/apache2/mods-available/mpm_prefork.conf
    "formats_$settings"
    for site in "${!site_uid[@]}"; do
        site_fpm "$site" on >>/etc/php/8.2/fpm/pool.d/www.conf
        site_fpm "$site" off >>/etc/php/8.2/fpm/pool.d/www.conf
        site_nginx "$site" >"/etc/nginx/sites-enabled/$site"
        site_apache "$site" >"/etc/apache2/sites-enabled/$site.conf"
    done
    # The distribution's rotation, but for the access logs of php-fpm, which it has none of.
    sed 's|^/var/log/php8.2-fpm.log|/var/log/php-access/*.log|; s|missingok|&\n\tsharedscripts|' /etc/logrotate.d/php8.2-fpm >/etc/logrotate.d/php-access
    # A bed has no init that invoke-rc.d could ask.
    sed -i 's|invoke-rc.d apache2 reload|apache2ctl graceful|; s|invoke-rc.d nginx rotate|nginx -s reopen|' /etc/logrotate.d/{apache2,nginx}
}

formats_defaults()
{
    apache_format=combined nginx_format=combined fpm_format=''
}

# What the code says that check recommends, so that this stays what is tested.
web_format()
{
    perl -0777 -ne 'BEGIN { $name = shift } s/\\\n//g; /#define\s+\Q$name\E\s+((?:\s*"(?:[^"\\]|\\.)*")+)/ or die "no $name\n";
        print join "", map { s/\\(.)/$1/gr } $1 =~ /"((?:[^"\\]|\\.)*)"/g;' "$1" /src/admin/web/webformats.h
}

formats_recommended()
{
    local format
    apache_format=mailorigin nginx_format=mailorigin
    fpm_format=$(web_format WEBFORMAT_FPM) || bail "no format for php-fpm"
    format=$(web_format WEBFORMAT_APACHE)
    echo "LogFormat \"${format//\"/\\\"}\" mailorigin" >/etc/apache2/conf-enabled/mailorigin.conf
    echo "log_format mailorigin '$(web_format WEBFORMAT_NGINX)';" >/etc/nginx/conf.d/mailorigin.conf
    sed -i 's|vhost_combined|mailorigin|' /etc/apache2/conf-available/other-vhosts-access-log.conf
    # docs/php.md, "PHP: the request in each record": the lines as they stand there.
    sed -n "/^for/,/^done/p" /src/docs/php.md >$work/help
    ok "the help for PHP is switched on" bash -e $work/help
    # Many hosters have it on; here it is one more claim.
    echo 'mail.add_x_header = On' | tee /etc/php/8.2/{fpm,apache2,cgi,cli}/conf.d/91-x-header.ini >/dev/null
}

site_fpm()
{
    local site=$1 pool=$1 user=$1
    [ "$2" = on ] || pool=$1-plain
    [ "$site" != web777 ] || user=www-data
    printf '%s\n' "[$pool]" "user = $user" "group = $user" "listen = /run/php/$pool.sock" 'listen.owner = www-data' \
        'pm = ondemand' 'pm.max_children = 5' 'pm.process_idle_timeout = 20s'
    [ "$2" = on ] || echo 'php_admin_value[opcache.enable] = 0'
    # shellcheck disable=SC2016 # php-fpm's variable
    [ -z "$fpm_format" ] || printf '%s\n' 'access.log = /var/log/php-access/$pool.log' "access.format = \"${fpm_format//\"/\\\"}\""
}

site_nginx()
{
    local site=$1 doc pool
    doc=$(site_doc "$site")
    for pool in "80 $site" "81 $site-plain"; do
        cat <<CONF
server {
    listen 127.0.0.1:${pool% *};
    server_name $site.example.test;
    root $doc;
    access_log /var/log/nginx/$site-access.log $nginx_format;
    location / { try_files \$uri /index.php?\$args; }
    location ~ \\.php\$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:/run/php/${pool#* }.sock;
    }
}
CONF
    done
}

site_apache()
{
    local site=$1 doc port
    doc=$(site_doc "$site")
    for port in 8081 8091 8082 8083 8093; do
        cat <<CONF
<VirtualHost 127.0.0.1:$port>
    ServerName $site.example.test
    DocumentRoot $doc
    CustomLog /var/log/apache2/$site-access.log $apache_format
    <Directory /var/www/$site>
        Require all granted
        Options +ExecCGI +FollowSymLinks
        FallbackResource /index.php
    </Directory>
CONF
        case $port in
        8091) echo '    php_admin_value opcache.enable 0' ;;
        8082)
            cat <<CONF
    SuexecUserGroup $site $site
    ScriptAlias /cgi-bin/ /var/www/$site/cgi-bin/
    <FilesMatch "\\.php\$">
        SetHandler site-cgi
    </FilesMatch>
    Action site-cgi /cgi-bin/php
CONF
            ;;
        8083) site_proxy "$site" ;;
        8093) site_proxy "$site-plain" ;;
        esac
        echo '</VirtualHost>'
    done
}

site_proxy()
{
    cat <<CONF
    <FilesMatch "\\.php\$">
        SetHandler "proxy:unix:/run/php/$1.sock|fcgi://localhost/"
    </FilesMatch>
CONF
}

servers_start()
{
    # Nobody reads the mail: what is tested has happened when it is queued.
    postconf -e local_transport=discard: mailbox_size_limit=0
    start_postfix
    mkdir -p /run/php
    (in_unit php8.2-fpm.service php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf)
    wait_for 60 test -S /run/php/web777-plain.sock || bail "php-fpm does not start"
    start_nginx
    start_apache
    start_cron
    (in_unit atd.service atd)
}

workers() { pgrep -P "$(pgrep -d , -o php-fpm8.2),$(pgrep -d , -o -x apache2)"; }
none_left() { ! workers | grep -qxFf "$1"; }
reopened() { grep -c 'access log file re-opened' /var/log/php8.2-fpm.log; }
reopened_again() { [ "$(reopened)" -gt "$1" ]; }

rotate()
{
    local name before
    before=$(reopened)
    for name in sendmail-wrapper apache2 nginx php-access; do
        ok "logrotate $name" logrotate -f "/etc/logrotate.d/$name"
    done
    # Who comes before it has may find his line in a file that the next rotation compresses under its writer.
    [ -z "$fpm_format" ] || ok "php-fpm has opened its new logs" wait_for 60 reopened_again "$before"
}

# --- playing -----------------------------------------------------------------------------------------------------

# visitors WHEN WORKERS
visitors()
{
    $here/plan.pl $here/scenarios "$1" >"$work/plan-$1"
    $here/traffic.pl "$work/plan-$1" "$2" $truth 2>>$work/trouble
}

# The scenarios without a web server, of that time.
callers()
{
    local name sapi site request fields at doc
    while IFS='|' read -r name sapi _ site request fields _ _ _ at; do
        read -r name sapi site request at <<<"$name $sapi $site $request $at"
        [ "$sapi $at" = "cli $1" ] || continue
        read -r fields <<<"$fields"
        doc=$(site_doc "$site")
        "$request" "$name" "$site" "$doc" "${fields//DOC/$doc}" >>$work/callers 2>&1 </dev/null
    done < <(grep -v '^#' $here/scenarios | grep .)
}

both()
{
    local programs
    callers "$1" &
    programs=$!
    visitors "$1" 6
    wait $programs
}

sent() { zcat -f "$SW_LOG"* | grep -q " subject=\"\?$1[\" ].* action=deliver$"; }

id_of() { zcat -f "$SW_LOG"* | sed -n "s/.*: id=\([0-9A-Z]*\) .* subject=\"\{0,1\}$1[\" ].* action=deliver\$/\1/p"; }

# Mail has been sent, but the request goes on for a minute, so it is in no log yet; what the worker did before is.
still_running()
{
    ok "$1 has sent, and runs on" wait_for 60 sent "$1"
    unlike "... no request is named as the one" "$(mailorigin web --json "$(id_of "$1")" 2>&1)" '"sure":"exact"'
}

now() { date -u +%Y-%m-%dT%H:%M:%S.%6NZ; }

# flood NAME COMMAND...: and remembers when.
flood()
{
    local begin
    begin=$(now)
    "${@:2}"
    printf '%s\t%s\t%s\n' "$1" "$begin" "$(now)" >>$work/floods
}

# One call with 500 recipients, and one recipient 500 times.
flood_calls()
{
    local many
    many=$(seq -f 'r%g@example.test' 500 | paste -sd ,)
    (echo "To: $many" && text flood-one-call) | inside web274 "$(site_doc web274)" /usr/sbin/sendmail -t -i
    inside web012 "$(site_doc web012)" php cli.php 's=flood-500-calls&via=mail&n=500' >>$work/callers
}

# early - rotation - main and floods - rotation, while the slow ones run from the first rotation to the end.
play()
{
    local rotating slow busy
    both early
    visitors rotate 50 &
    rotating=$!
    wait_for 30 sent innocent-mod-rotate
    workers >$work/workers
    rotate
    # A worker that has not heard of it yet may still take a request; the slow ones' lines would then come into files that the
    # next rotation compresses.
    ok "workers from before the rotation have ended" wait_for 60 none_left $work/workers
    callers background
    visitors background 80 &
    slow=$!
    still_running nginx-slow-after
    still_running mod-slow-after
    both main
    visitors left 4
    visitors busy 60 &
    busy=$!
    note "all but the slow ones: $SECONDS s"
    flood flood-nginx visitors flood-nginx 6
    flood flood-mod visitors flood-mod 6
    flood flood-calls flood_calls
    wait $busy
    wait $rotating
    rotate
    note "played, but for the slow ones: $SECONDS s"
    wait $slow
    wait_for 90 sent cli-cron
    crontab -u web274 -r
    note "played: $SECONDS s"
}

attribution_run()
{
    local name
    mkdir -p $work
    sites_make
    servers_make "$1"
    servers_start
    ok "enable" sendmail-wrapper-divert enable
    play
    is "every request was answered" "$(cat $work/trouble)" ""
    is "every program ran" "$(grep -v '^pid=[0-9]* sent=yes$\|^warning: commands will\|^job ' $work/callers)" ""
    while read -r name _; do
        ok "$name has sent" wait_for 20 sent "$name"
    done < <(grep -v '^#' $here/scenarios | grep .)
    if [ "$1" = recommended ]; then
        is "check has nothing to say of access logs and the help for PHP" "$(check_asks)" ""
    else
        like "check asks for access logs with the worker's pid, and for the help for PHP" "$(check_asks)" 'php\.prepend.*web\.apache-pid.*web\.fpm-log'
    fi
    score "$1"
}

# What check asks for is what makes the difference.
check_asks()
{
    mailorigin check --json | grep -o '"finding":"[^"]*"' | grep -Eo '(web\.|php\.prepend)[^"]*' | sort -u | paste -sd ' '
}

# score.pl's lines as TAP.
score()
{
    local verdict desc detail
    while IFS=$'\t' read -r verdict desc detail; do
        case $verdict in
        ok) pass "$desc" ;;
        'not ok') fail "$desc" || note "$detail" ;;
        *) note "$desc" ;;
        esac
    done < <($here/score.pl $here/scenarios $work "$1" || echo "not ok	score.pl ended well")
    note "scored: $SECONDS s"
}
