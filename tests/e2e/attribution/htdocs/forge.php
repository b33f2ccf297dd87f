<?php
// Says in its environment that it is another page, a neighbour's if not told otherwise, by all the names that anybody looks at.
require __DIR__ . '/inc/send.php';
foreach (['', 'SENDMAIL_WRAPPER_'] as $prefix) {
    putenv("{$prefix}SCRIPT_FILENAME=" . field('as', '/var/www/web275/htdocs/contact.php'));
    putenv("{$prefix}REMOTE_ADDR=127.0.9.9");
    putenv("{$prefix}HTTP_HOST=web275.example.test");
    putenv("{$prefix}REQUEST_URI=/contact.php");
}
putenv('PWD=/var/www/web275/htdocs');
putenv('USER=web275');
putenv('LOGNAME=web275');
send_and_say();
