/* webconf: what the configuration of Apache, nginx and php-fpm says of sites and logs. */
#include "admin/context.h"
#include "admin/web/webconf_parts.h"
#include "admin/web/webformats.h"
#include "support.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef void reader(struct webconf *conf, char *text, size_t len);

static struct webconf *read_text(reader *read, const char *text)
{
    struct webconf *conf = webconf_new();
    char *copy = context_copy(text, strlen(text));

    read(conf, copy, strlen(text));
    free(copy);
    return conf;
}

/* "server|names|docroots|backends|user|log format, ..." of each site that has any of it, a line
 * each. */
static void describe_names(FILE *to, const struct webnames *names)
{
    for (size_t i = 0; i < names->count; i++) {
        fprintf(to, "%s%s", i > 0 ? " " : "", names->item[i]);
    }
    fputc('|', to);
}

static const char *describe(const struct webconf *conf)
{
    static char text[4096];
    FILE *to = fmemopen(text, sizeof text, "w");

    ck_assert_ptr_nonnull(to);
    for (size_t i = 0; i < conf->site_count; i++) {
        const struct webconf_site *site = &conf->site[i];

        if (site->names.count + site->docroots.count + site->log_count == 0) {
            continue;
        }
        fprintf(to, "%d|", site->server);
        describe_names(to, &site->names);
        describe_names(to, &site->docroots);
        describe_names(to, &site->backends);
        fprintf(to, "%s|", site->user != NULL ? site->user : "");
        for (size_t j = 0; j < site->log_count; j++) {
            const struct webconf_log *log = &conf->log[site->logs[j]];

            fprintf(to, "%s%s %s", j > 0 ? ", " : "", log->path,
                    log->format != NULL ? log->format : "?");
        }
        fputc('\n', to);
    }
    fclose(to);
    return text;
}

static const struct {
    const char *what;
    reader *read;
    const char *text, *want;
} texts[] = {
    {"a virtual host", webconf_apache_text,
     "# a comment\n"
     "LogFormat \"%h %t \\\"%r\\\" %P\" mine\n"
     "<VirtualHost *:80>\n"
     "  ServerName WWW.a.example:80\n"
     "  ServerAlias a.example \\\n   *.a.example\n"
     "  DocumentRoot \"/var/www/a b\"\n"
     "  SuexecUserGroup web1 web1\n"
     "  CustomLog /var/log/a.log mine\n"
     "</VirtualHost>\n",
     "1|www.a.example a.example *.a.example|/var/www/a b||web1|/var/log/a.log %h %t \"%r\" %P\n"},
    {"without a log of its own; the nickname comes later", webconf_apache_text,
     "CustomLog logs/all.log late\n<VirtualHost *>\nServerName a\n</VirtualHost>\n"
     "<VirtualHost *>\nServerName b\nTransferLog /b.log\n</VirtualHost>\nLogFormat \"%t\" late\n",
     "1||||"
     "|/etc/apache2/logs/all.log %t\n"
     "1|a||||/etc/apache2/logs/all.log %t\n"
     "1|b||||/b.log " WEBFORMAT_COMMON "\n"},
    {"variables, handlers, pipes", webconf_apache_text,
     "Define LOGS /var/log/x\n<VirtualHost *>\nServerName a\n"
     "CustomLog ${LOGS}/a-${UNKNOWN}.log \"%t %P\" env=!no\n"
     "CustomLog \"|/usr/bin/rotatelogs -l ${LOGS}/b.%Y%m%d 86400\" \"%t\"\n"
     "<FilesMatch \"\\.php$\">\nSetHandler "
     "\"proxy:unix:/run/a.sock|fcgi://localhost/\"\n</FilesMatch>\n"
     "ProxyPassMatch ^/(.*)$ fcgi://127.0.0.1:9000/w/$1\nAssignUserID web2 web2\n</VirtualHost>",
     "1|a||unix:/run/a.sock 127.0.0.1:9000|web2|/var/log/x/a-${UNKNOWN}.log %t %P, /var/log/x/b.* "
     "%t\n"},
    {"no log", webconf_apache_text,
     "<VirtualHost *>\nServerName a\nCustomLog /dev/null common\n</VirtualHost>\n<VirtualHost",
     "1|a||||\n"},
    {"a server", webconf_nginx_text,
     "http { log_format mine '$remote_addr ' # a comment\n \"$msec\";\n"
     "access_log /var/log/nginx/all.log mine;\n"
     "server { listen 80; server_name A.example *.a.example; root /w/a; access_log /a.log mine "
     "buffer=4k;\n"
     "  location ~ \\.php$ { fastcgi_pass unix:/run/a.sock; } }\n"
     "server { server_name b; location / { root '/w/b c'; fastcgi_pass php; } }\n"
     "upstream php { server 127.0.0.1:9000; server unix:/run/b.sock weight=2; }\n"
     "server { server_name c; access_log off; }\n"
     "server { server_name d; access_log /d/$host.log; }\n}",
     "2|a.example *.a.example|/w/a|unix:/run/a.sock||/a.log $remote_addr $msec\n"
     "2|b|/w/b c|php 127.0.0.1:9000 unix:/run/b.sock||/var/log/nginx/all.log $remote_addr $msec\n"
     "2|c||||\n"
     "2|d||||/d/*.log " WEBFORMAT_NGINX_COMBINED "\n"},
    {"the default log", webconf_nginx_text, "server{server_name a;root /w;}",
     "2|a|/w|||/var/log/nginx/access.log " WEBFORMAT_NGINX_COMBINED "\n"},
    {"JSON", webconf_nginx_text,
     "log_format j escape=json '{\"t\":\"$msec\"}'; server { server_name a; access_log /a j; }",
     "2|a||||/a escape=json {\"t\":\"$msec\"}\n"},
    {"${names} and broken quotes", webconf_nginx_text,
     "server { server_name a; set $x ${y}z; access_log /a-${host}.log; } server { server_name \"b",
     "2|a||||/a-*.log " WEBFORMAT_NGINX_COMBINED "\n"
     "2|||||/var/log/nginx/access.log " WEBFORMAT_NGINX_COMBINED "\n"},
    {"pools", webconf_fpm_text,
     "[global]\npid = /x\n; a comment\n[web1]\nuser = web1\nlisten = /run/php/$pool.sock\n"
     "access.log = /var/log/$pool.log ; here\naccess.format = \"%t \\\"%m\\\" %p\"\n"
     "[web2]\n user=web2\nlisten = 9000\n[web3]\nlisten = 10.0.0.1:9001\nuser = 4079\n",
     "3|web1||unix:/run/php/web1.sock|web1|/var/log/web1.log %t \"%m\" %p\n"
     "3|web2||127.0.0.1:9000|web2|\n"
     "3|web3||10.0.0.1:9001|4079|\n"},
};

START_TEST(a_text)
{
    struct webconf *conf = read_text(texts[_i].read, texts[_i].text);

    ck_assert_msg(strcmp(describe(conf), texts[_i].want) == 0, "%s: got\n%swant\n%s",
                  texts[_i].what, describe(conf), texts[_i].want);
    webconf_free(conf);
}
END_TEST

static void make_file(const char *path, const char *text)
{
    char name[512];

    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(name, sizeof name, "%s%.*s", support_dir(), (int)(slash - path), path);
        mkdir(name, 0755);
    }
    (void)support_file(path + 1, text, 0644);
}

/* Files and what they include, below another root; a panel's logs that no configuration names. */
START_TEST(files)
{
    struct context ctx = {.command = "test"};
    struct webconf *conf;

    make_file("/etc/apache2/envvars", "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n# x\n");
    make_file("/etc/apache2/apache2.conf",
              "IncludeOptional sites-enabled/*.conf\nInclude apache2.conf\n");
    make_file("/etc/apache2/sites-enabled/a.conf",
              "<VirtualHost *:80>\nServerName a\nCustomLog ${APACHE_LOG_DIR}/a.log "
              "combined\n</VirtualHost>\n");
    make_file("/etc/nginx/nginx.conf", "http { include /etc/nginx/sites-enabled/*; }");
    make_file("/etc/nginx/sites-enabled/b", "server { server_name b; access_log /var/log/b.log; }");
    make_file("/etc/php/8.2/fpm/php-fpm.conf", "include=/etc/php/8.2/fpm/pool.d/*.conf\n");
    make_file("/etc/php/8.2/fpm/pool.d/www.conf", "[www]\nuser = www-data\nlisten = /run/x\n");
    make_file("/var/www/vhosts/c.example/logs/access_log", "x");
    make_file("/var/log/apache2/domains/d.example.log", "x");
    make_file("/var/log/apache2/domains/d.example.error.log", "x");
    conf = webconf_read(&ctx, support_dir());
    ck_assert_str_eq(
        describe(conf),
        "1|a||||/var/log/apache2/a.log " WEBFORMAT_COMBINED "\n"
        "2|b||||/var/log/b.log " WEBFORMAT_NGINX_COMBINED "\n"
        "3|www||unix:/run/x|www-data|\n"
        "1|c.example|/var/www/vhosts/c.example|||/var/www/vhosts/c.example/logs/access_log ?\n"
        "1|d.example||||/var/log/apache2/domains/d.example.log ?\n");
    ck_assert(!ctx.partial);
    ck_assert_str_eq(conf->site[1].where, "/etc/apache2/sites-enabled/a.conf:1");
    webconf_free(conf);
}
END_TEST

/* The other panels' layouts, each of its own kind: the site's name and directory out of the path.
 */
START_TEST(panels)
{
    struct context ctx = {.command = "test"};
    struct webconf *conf;

    make_file("/p/var/log/ispconfig/httpd/e.example/access.log", "x");
    make_file("/p/var/customers/logs/fred-access.log", "x");
    make_file("/p/var/customers/logs/fred-error.log", "x");
    make_file("/p/home/gina/logs/access.log", "x");
    make_file("/p/home/gina/logs/nginx_access.log", "x");
    make_file("/p/usr/local/apache/domlogs/h.example", "x");
    make_file("/p/usr/local/apache/domlogs/h.example-bytes_log", "x");
    conf = webconf_read(&ctx, support_path("p"));
    ck_assert_str_eq(
        describe(conf),
        "0|e.example|/var/www/e.example|||/var/log/ispconfig/httpd/e.example/access.log ?\n"
        "0|fred|/var/customers/webs/fred|||/var/customers/logs/fred-access.log ?\n"
        "0|gina|/home/gina|||/home/gina/logs/access.log ?\n"
        "2|gina|/home/gina|||/home/gina/logs/nginx_access.log ?\n"
        "1|h.example||||/usr/local/apache/domlogs/h.example ?\n");
    ck_assert(!ctx.partial);
    webconf_free(conf);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("webconf");
    TCase *tcase = tcase_create("webconf");

    tcase_add_unchecked_fixture(tcase, support_begin, support_end);
    tcase_add_loop_test(tcase, a_text, 0, sizeof texts / sizeof texts[0]);
    tcase_add_test(tcase, files);
    tcase_add_test(tcase, panels);
    suite_add_tcase(suite, tcase);
    return support_run(suite);
}
