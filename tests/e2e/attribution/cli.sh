# shellcheck shell=bash
# cli.sh - the scenarios without a web server: NAME SITE DIRECTORY FIELDS; the mail's Subject is NAME.

text() { printf 'From: shop@example.test\nTo: alice@example.test\nSubject: %s\n\nGood day.\n' "$1"; }

# inside SITE DIRECTORY COMMAND...: as the site's user, from there.
inside() { (cd "$2" && as "$1" "${@:3}"); }

cli_script() { inside "$2" "$3" php cli.php "s=$1&$4"; }
cli_script_opcache() { inside "$2" "$3" php -d opcache.enable_cli=1 cli.php "s=$1&$4"; }
cli_shell() { text "$1" | inside "$2" "$3" bash -c '/usr/sbin/sendmail -t; true'; }
cli_lib() { text "$1" | inside "$2" "$3" /usr/lib/sendmail -t -i; }
# The environment says another directory than the kernel.
cli_pwd() { text "$1" | inside "$2" "$3" env PWD=/var/www/web275/htdocs /usr/sbin/sendmail -t -i; }
cli_in_neighbour() { text "$1" | inside "$2" /var/www/web275/htdocs /usr/sbin/sendmail -t -i; }
cli_holds_neighbour() { text "$1" | (exec 7</var/www/web275/htdocs/contact.php; inside "$2" "$3" /usr/sbin/sendmail -t -i); }
# As if the web server of a neighbour had called.
cli_env()
{
    text "$1" | inside "$2" "$3" env SCRIPT_FILENAME=/var/www/web275/htdocs/contact.php REMOTE_ADDR=127.0.9.9 \
        HTTP_HOST=web275.example.test REQUEST_URI=/contact.php /usr/sbin/sendmail -t -i
}
cli_perl() { inside "$2" "$3" perl inc/send.pl "$1"; }
cli_daemon() { inside "$2" "$3" perl inc/send.pl "$1" daemon 'php-fpm: pool web275'; }
cli_su() { (cd "$3" && su -s /bin/bash "$2" -c "php cli.php 's=$1&$4'"); }
cli_at() { echo "php cli.php 's=$1&$4' >/dev/null" | inside "$2" "$3" at now; }
cli_cron() { echo "* * * * * cd $3 && php cli.php 's=$1&$4' >/dev/null" | crontab -u "$2" -; }
