/*
 * check_php - the area "php": the settings of each PHP of Debian's layout, /etc/php/VERSION/SAPI,
 * and of each php-fpm pool. Input: their files, root's. What a site sets by itself (.user.ini,
 * ini_set()) is not looked at.
 */
#include "check/findings.h"
#include "ini.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ETC "/etc/php"
#define OUR_INI "/usr/share/sendmail-wrapper/php/sendmail-wrapper.ini"
#define OUR_PREPEND "/sendmail-wrapper/php/sendmail-wrapper.php"
#define VALUE_MAX 1024
#define POOLS_MAX 4096

enum setting { SENDMAIL_PATH, X_HEADER, MAIL_LOG, PREPEND, DISABLED, SETTINGS };

static const char *const setting_names[SETTINGS] = {
    "sendmail_path", "mail.add_x_header", "mail.log", "auto_prepend_file", "disable_functions"};

struct value {
    bool set;
    char text[VALUE_MAX];
    char file[PATH_MAX];
    unsigned line;
};

struct php {
    struct check *check;
    char version[32], sapi[32];
    struct value value[SETTINGS];
    const char *file; /* being read */
    /* SAPIs that lack a setting: as words, and as directories for a shell */
    struct {
        char names[512], dirs[2048];
        bool fpm, apache;
    } lacking[SETTINGS];
    /* pools */
    char pool[256]; /* being read */
    size_t pool_count;
    struct {
        char user[64], pool[64];
    } pools[POOLS_MAX];
};

static void keep(struct php *php, enum setting which, const struct ini_setting *setting)
{
    struct value *v = &php->value[which];

    v->set = true;
    v->line = setting->line;
    (void)snprintf(v->text, sizeof v->text, "%s", setting->value);
    (void)snprintf(v->file, sizeof v->file, "%s", php->file);
}

/* What takes effect after a change. */
static const char *reload(const struct php *php, char buf[96])
{
    if (strcmp(php->sapi, "fpm") == 0) {
        (void)snprintf(buf, 96, " && systemctl reload php%s-fpm", php->version);
    } else if (strcmp(php->sapi, "apache2") == 0) {
        (void)snprintf(buf, 96, " && systemctl reload apache2");
    } else {
        buf[0] = '\0';
    }
    return buf;
}

static void lacks(struct php *php, enum setting which)
{
    size_t n = strlen(php->lacking[which].names), m = strlen(php->lacking[which].dirs);

    (void)snprintf(php->lacking[which].names + n, sizeof php->lacking[which].names - n, "%s%s %s",
                   n > 0 ? ", " : "", php->version, php->sapi);
    (void)snprintf(php->lacking[which].dirs + m, sizeof php->lacking[which].dirs - m,
                   "%s" ETC "/%s/%s", m > 0 ? " " : "", php->version, php->sapi);
    php->lacking[which].fpm = php->lacking[which].fpm || strcmp(php->sapi, "fpm") == 0;
    php->lacking[which].apache = php->lacking[which].apache || strcmp(php->sapi, "apache2") == 0;
}

/* --- sendmail_path ----------------------------------------------------------------------- */

/* The program is the first word of what a shell gets. A name without a slash is looked for in PATH
 * by that shell. */
static bool goes_through_us(const char *command)
{
    static const char *const path[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                       "/usr/bin",        "/sbin",          "/bin"};
    char word[PATH_MAX], file[PATH_MAX + 32];

    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(command, " \t"), command);
    if (strchr(word, '/') != NULL) {
        return check_leads_to_us(word);
    }
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", path[i], word);
        if (check_there(file)) {
            return check_leads_to_us(file);
        }
    }
    return false;
}

static void look_at_sendmail_path(struct php *php)
{
    const struct value *v = &php->value[SENDMAIL_PATH];
    char command[96];

    if (!v->set || v->text[0] == '\0' || goes_through_us(v->text)) {
        return;
    }
    check_say(php->check, CHECK_PHP_PATH, "%s:%u: sendmail_path = %s goes past the wrapper",
              v->file, v->line, v->text);
    check_fix(php->check,
              "echo 'sendmail_path = \"/usr/sbin/sendmail -t -i\"' >" ETC
              "/%s/%s/conf.d/99-sendmail-path.ini%s",
              php->version, php->sapi, reload(php, command));
}

/* --- auto_prepend_file ------------------------------------------------------------------- */

static bool is_ours(const char *path)
{
    size_t n = strlen(path), m = strlen(OUR_PREPEND);

    return n >= m && strcmp(path + n - m, OUR_PREPEND) == 0;
}

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = list; (at = strstr(at, word)) != NULL; at++) {
        if ((at == list || strchr(", ", at[-1]) != NULL) &&
            (at[n] == '\0' || strchr(", ", at[n]) != NULL)) {
            return true;
        }
    }
    return false;
}

static void look_at_prepend(struct php *php)
{
    const struct value *v = &php->value[PREPEND], *disabled = &php->value[DISABLED];
    char command[96], word[CHECK_SHELL_MAX];

    if (v->set && v->text[0] == '/' && !check_there(v->text)) {
        check_say(php->check, CHECK_PHP_PREPEND_GONE,
                  "%s:%u: auto_prepend_file %s does not exist: PHP refuses all pages", v->file,
                  v->line, v->text);
        check_fix(php->check, "sed -i '%us/^/;/' %s%s", v->line, check_shell(v->file, word),
                  reload(php, command));
    } else if (v->set && v->text[0] != '\0' && strcmp(v->text, "none") != 0 && !is_ours(v->text)) {
        check_say(php->check, CHECK_PHP_PREPEND,
                  "%s:%u: auto_prepend_file = %s takes the place of the wrapper's", v->file,
                  v->line, v->text);
        check_fix(php->check, "at the top of %s: include '/usr/share" OUR_PREPEND "';", v->text);
    } else if (!v->set || !is_ours(v->text)) {
        lacks(php, PREPEND);
    } else if (disabled->set && has_word(disabled->text, "putenv")) {
        check_say(php->check, CHECK_PHP_PUTENV,
                  "%s:%u: disable_functions has putenv, so that the prepended file does nothing",
                  disabled->file, disabled->line);
        check_fix(php->check, "sed -i '%us/\\bputenv\\b,\\?//' %s%s", disabled->line,
                  check_shell(disabled->file, word), reload(php, command));
    }
}

static void tell_lacking(struct php *php, enum setting which, enum check_id id, const char *what,
                         const char *command)
{
    if (php->lacking[which].names[0] == '\0') {
        return;
    }
    check_say(php->check, id, "PHP %s: %s", php->lacking[which].names, what);
    check_fix(php->check, "for d in %s; do %s; done%s%s", php->lacking[which].dirs, command,
              php->lacking[which].fpm ? " && systemctl reload 'php*-fpm'" : "",
              php->lacking[which].apache ? " && systemctl reload apache2" : "");
}

static void look_at_logs(struct php *php)
{
    if (!php->value[X_HEADER].set || !ini_true(php->value[X_HEADER].text)) {
        lacks(php, X_HEADER);
    }
    if (!php->value[MAIL_LOG].set || php->value[MAIL_LOG].text[0] == '\0') {
        lacks(php, MAIL_LOG);
    }
}

/* --- pools ------------------------------------------------------------------------------- */

static void take_user(struct php *php, const char *user)
{
    char word[CHECK_SHELL_MAX];

    for (size_t i = 0; i < php->pool_count; i++) {
        if (strcmp(php->pools[i].user, user) == 0) {
            check_say(php->check, CHECK_PHP_SHARED,
                      "%s: pool %s runs as %s, like pool %s: their records have the same uid",
                      php->file, php->pool, user, php->pools[i].pool);
            check_fix(php->check, "in %s: user = (one of this pool's own)",
                      check_shell(php->file, word));
            return;
        }
    }
    if (php->pool_count < POOLS_MAX) {
        (void)snprintf(php->pools[php->pool_count].user, sizeof php->pools[0].user, "%s", user);
        (void)snprintf(php->pools[php->pool_count].pool, sizeof php->pools[0].pool, "%.63s",
                       php->pool);
        php->pool_count++;
    }
}

static void take_pool_setting(const struct ini_setting *setting, void *arg)
{
    struct php *php = arg;
    char buf[128], word[CHECK_SHELL_MAX];
    const char *key = ini_pool_key(setting->key, buf, sizeof buf);

    (void)snprintf(php->pool, sizeof php->pool, "%s", setting->section);
    if (strcmp(setting->key, "user") == 0) {
        take_user(php, setting->value);
    }
    if (key == NULL) {
        return;
    }
    if (strcmp(key, "sendmail_path") == 0 && setting->value[0] != '\0' &&
        !goes_through_us(setting->value)) {
        check_say(php->check, CHECK_PHP_PATH,
                  "%s:%u: pool %s: sendmail_path = %s goes past the wrapper", php->file,
                  setting->line, php->pool, setting->value);
        check_fix(php->check,
                  "sed -i '%us|=.*|= /usr/sbin/sendmail -t -i|' %s && systemctl reload php%s-fpm",
                  setting->line, check_shell(php->file, word), php->version);
    } else if (strcmp(key, "auto_prepend_file") == 0 && is_ours(php->value[PREPEND].text) &&
               !is_ours(setting->value)) {
        check_say(php->check, CHECK_PHP_PREPEND,
                  "%s:%u: pool %s: auto_prepend_file = %s takes the place of the wrapper's",
                  php->file, setting->line, php->pool, setting->value);
        check_fix(php->check, "at the top of that file: include '/usr/share" OUR_PREPEND "';");
    }
}

/* --- one PHP ----------------------------------------------------------------------------- */

static void take_ini_setting(const struct ini_setting *setting, void *arg)
{
    struct php *php = arg;

    /* [PATH=...] and [HOST=...] hold for a site, php-cgi only. */
    if (strncmp(setting->section, "PATH=", 5) == 0 || strncmp(setting->section, "HOST=", 5) == 0) {
        return;
    }
    for (int i = 0; i < SETTINGS; i++) {
        if (strcmp(setting->key, setting_names[i]) == 0) {
            keep(php, (enum setting)i, setting);
        }
    }
}

static void read_ini(struct check *check, const char *path, void *arg)
{
    struct php *php = arg;
    char *text = check_read(check, path, NULL);

    php->file = path;
    ini_parse(text, take_ini_setting, php);
    free(text);
}

static void read_pool(struct check *check, const char *path, void *arg)
{
    struct php *php = arg;
    char *text = check_read(check, path, NULL);

    php->file = path;
    ini_parse(text, take_pool_setting, php);
    free(text);
}

/* "php_admin_value sendmail_path ..." in Apache's configuration, for mod_php. */
static void take_apache_line(char *text, unsigned number, void *arg)
{
    struct php *php = arg;
    char *line = ini_trim(text), *value;
    char word[CHECK_SHELL_MAX];
    size_t n = strcspn(line, " \t");

    if ((n != strlen("php_admin_value") || strncasecmp(line, "php_admin_value", n) != 0) &&
        (n != strlen("php_value") || strncasecmp(line, "php_value", n) != 0)) {
        return;
    }
    value = ini_trim(line + n);
    n = strlen("sendmail_path");
    if (strncmp(value, "sendmail_path", n) != 0 || (value[n] != ' ' && value[n] != '\t')) {
        return;
    }
    value = ini_trim(value + n);
    if (value[0] == '"') {
        value++;
        value[strcspn(value, "\"")] = '\0';
    }
    if (!goes_through_us(value)) {
        check_say(php->check, CHECK_PHP_PATH, "%s:%u: sendmail_path %s goes past the wrapper",
                  php->file, number, value);
        check_fix(php->check,
                  "sed -i --follow-symlinks '%us|sendmail_path.*|sendmail_path "
                  "\"/usr/sbin/sendmail -t -i\"|' %s && systemctl reload apache2",
                  number, check_shell(php->file, word));
    }
}

static void read_apache_file(struct check *check, const char *path, void *arg)
{
    struct php *php = arg;

    php->file = path;
    check_file_lines(check, path, take_apache_line, php);
}

static void look_at_sapi(struct php *php)
{
    char path[512];

    memset(php->value, 0, sizeof php->value);
    (void)snprintf(path, sizeof path, ETC "/%s/%s/php.ini", php->version, php->sapi);
    read_ini(php->check, path, php);
    (void)snprintf(path, sizeof path, ETC "/%s/%s/conf.d", php->version, php->sapi);
    check_each_file(php->check, path, ".ini", read_ini, php);
    look_at_sendmail_path(php);
    look_at_logs(php);
    if (strcmp(php->sapi, "cli") != 0) {
        look_at_prepend(php);
    }
    if (strcmp(php->sapi, "fpm") == 0) {
        (void)snprintf(path, sizeof path, ETC "/%s/fpm/pool.d", php->version);
        php->pool_count = 0;
        check_each_file(php->check, path, ".conf", read_pool, php);
    } else if (strcmp(php->sapi, "apache2") == 0 &&
               !check_there("/etc/apache2/mods-enabled/php.load")) {
        (void)snprintf(path, sizeof path, "/etc/apache2/mods-enabled/php%s.load", php->version);
        if (check_there(path)) {
            check_say(php->check, CHECK_PHP_SHARED,
                      "mod_php runs the scripts of all sites as Apache's user: only evidence tells "
                      "them apart");
            check_fix(php->check,
                      "php-fpm with a pool and a user for each site; then: a2dismod php%s && "
                      "systemctl restart apache2",
                      php->version);
        }
    }
}

void check_php(struct check *check)
{
    static const char *const sapis[] = {"fpm", "apache2", "cgi", "cli"};
    struct php *php = context_alloc(sizeof *php);
    size_t before = check_worse(check), seen = 0;
    DIR *dir = opendir(ETC);
    const struct dirent *entry;

    memset(php, 0, sizeof *php);
    php->check = check;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        for (size_t i = 0; i < sizeof sapis / sizeof sapis[0]; i++) {
            char path[PATH_MAX];

            (void)snprintf(php->version, sizeof php->version, "%.31s", entry->d_name);
            (void)snprintf(php->sapi, sizeof php->sapi, "%s", sapis[i]);
            (void)snprintf(path, sizeof path, ETC "/%s/%s/php.ini", php->version, php->sapi);
            if (check_there(path)) {
                look_at_sapi(php);
                seen++;
            }
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    read_apache_file(check, "/etc/apache2/apache2.conf", php);
    check_each_file(check, "/etc/apache2/conf-enabled", "", read_apache_file, php);
    check_each_file(check, "/etc/apache2/sites-enabled", "", read_apache_file, php);
    tell_lacking(php, PREPEND, CHECK_PHP_PREPEND,
                 "with OPcache most records have no script, and no client's address",
                 "ln -sf " OUR_INI " $d/conf.d/90-sendmail-wrapper.ini");
    tell_lacking(php, X_HEADER, CHECK_PHP_HEADER,
                 "mail.add_x_header is off: mail() does not name its script in the message",
                 "echo 'mail.add_x_header = On' >$d/conf.d/90-mail-header.ini");
    tell_lacking(php, MAIL_LOG, CHECK_PHP_LOG,
                 "mail.log is not set: no log of mail() with script and line",
                 "echo 'mail.log = syslog' >$d/conf.d/90-mail-log.ini");
    if (seen > 0 && check_worse(check) == before) {
        check_say(check, CHECK_PHP_OK,
                  "PHP's mail goes through the wrapper (%zu installations looked at)", seen);
    }
    free(php);
}
