<?php
// Its child calls itself the worker of a neighbour's pool.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
usleep(30000);
$sent = executed(['/usr/bin/perl', 'inc/send.pl', field('s'), 'now', 'php-fpm: pool web275'], '');
echo 'pid=', getmypid(), ' sent=', $sent ? 'yes' : 'no', "\n";
