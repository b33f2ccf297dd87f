<?php
// Starts a program that leaves its session and parent behind, and sends when the request is long over.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
usleep(30000);
$title = field('title');
shell_exec('/usr/bin/perl inc/send.pl ' . escapeshellarg(field('s')) . ' daemon ' . escapeshellarg($title)
    . ' </dev/null >/dev/null 2>&1 &');
echo 'pid=', getmypid(), " sent=later\n";
