<?php
/*
 * Hands the script, the client's address, the host and the request of each web request to sendmail-wrapper: as
 * environment variables of whatever the page starts, so that they stand in the record under FPM and mod_php too. Under
 * names of its own: a script that the page starts may take REMOTE_ADDR for "called by the web". An
 * auto_prepend_file: see php.md, "PHP: the request in each record". They are claims: any script can change them.
 *
 * It runs before every page of every site, so it defines nothing (no variable, function or class), prints nothing and
 * raises nothing, whatever is forbidden and whatever handler is in force; PHP 5.6 to 8. PHP takes the variables back at
 * the end of the request. Threads would share them, so a PHP with threads does nothing here. Hostile: the request.
 * Values end at a NUL or at 1024 bytes, which is more than a record keeps; one that is missing is unset.
 *
 * array_map, because OPcache resolves function_exists('putenv') and putenv() when it compiles, for all pools at once: in
 * one that forbids putenv the compiled call is a crash.
 */
if ((PHP_SAPI === 'fpm-fcgi' || PHP_SAPI === 'apache2handler' || PHP_SAPI === 'cgi-fcgi' || PHP_SAPI === 'litespeed')
    && !PHP_ZTS && isset($_SERVER['REMOTE_ADDR']) && array_map('function_exists', array('putenv')) === array(true)) {
    array_map('putenv', array(
        isset($_SERVER['SCRIPT_FILENAME']) && is_string($_SERVER['SCRIPT_FILENAME'])
            ? 'SENDMAIL_WRAPPER_SCRIPT_FILENAME=' . substr($_SERVER['SCRIPT_FILENAME'], 0, strcspn($_SERVER['SCRIPT_FILENAME'], "\0", 0, 1024))
            : 'SENDMAIL_WRAPPER_SCRIPT_FILENAME',
        is_string($_SERVER['REMOTE_ADDR'])
            ? 'SENDMAIL_WRAPPER_REMOTE_ADDR=' . substr($_SERVER['REMOTE_ADDR'], 0, strcspn($_SERVER['REMOTE_ADDR'], "\0", 0, 1024))
            : 'SENDMAIL_WRAPPER_REMOTE_ADDR',
        isset($_SERVER['HTTP_HOST']) && is_string($_SERVER['HTTP_HOST'])
            ? 'SENDMAIL_WRAPPER_HTTP_HOST=' . substr($_SERVER['HTTP_HOST'], 0, strcspn($_SERVER['HTTP_HOST'], "\0", 0, 1024))
            : 'SENDMAIL_WRAPPER_HTTP_HOST',
        isset($_SERVER['REQUEST_URI']) && is_string($_SERVER['REQUEST_URI'])
            ? 'SENDMAIL_WRAPPER_REQUEST_URI=' . substr($_SERVER['REQUEST_URI'], 0, strcspn($_SERVER['REQUEST_URI'], "\0", 0, 1024))
            : 'SENDMAIL_WRAPPER_REQUEST_URI',
    ));
}
