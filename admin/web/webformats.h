/*
 * webformats - the access-log formats that make the join with a call exact: what "check" recommends
 * and the tests configure.
 *
 * Apache: combined, then when the request began (microseconds), how long it ran, the worker's pid,
 * the virtual host and the file. php-fpm: the worker's pid and the script, the address and the
 * request as the web server passed them on. nginx has no pid of PHP's worker to log; the exact end
 * and the duration narrow its window.
 */
#ifndef MO_WEBFORMATS_H
#define MO_WEBFORMATS_H

/* For: LogFormat "..." NAME. As the format is; the configuration wants \" for each ". */
#define WEBFORMAT_APACHE \
    "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %{begin:usec}t %D %P %v \"%f\""

/* For: access.format = ... (with access.log set). %R is no address where the socket is a unix one,
 * %r the script and not what was asked: so both come from the environment. The name that the site
 * has stands last: no client chooses it. */
#define WEBFORMAT_FPM \
    "%{REMOTE_ADDR}e - %u %t \"%m %{REQUEST_URI}e\" %s %f %{micro}d %p %n %{SERVER_NAME}e"

/* For: log_format NAME '...'; */
#define WEBFORMAT_NGINX                                                                \
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent " \
    "\"$http_referer\" \"$http_user_agent\" $msec $request_time $host"

/* What the servers log by themselves, in the notation of Apache. Debian's Apache has %O, others %b.
 */
#define WEBFORMAT_COMMON "%h %l %u %t \"%r\" %>s %b"
#define WEBFORMAT_COMBINED WEBFORMAT_COMMON " \"%{Referer}i\" \"%{User-Agent}i\""
#define WEBFORMAT_VHOST_COMBINED "%v:%p " WEBFORMAT_COMBINED
#define WEBFORMAT_VHOST_COMMON "%v " WEBFORMAT_COMMON
#define WEBFORMAT_NGINX_COMBINED                                                       \
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent " \
    "\"$http_referer\" \"$http_user_agent\""
#define WEBFORMAT_FPM_DEFAULT "%R - %u %t \"%m %r\" %s"

#endif
