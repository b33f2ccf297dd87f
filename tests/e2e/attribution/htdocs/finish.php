<?php
// Lets the web server close the request first (and write its line), and sends then.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
echo 'pid=', getmypid(), " sent=later\n";
fastcgi_finish_request();
usleep(1500000);
send(field('via'), field('s'));
