<?php
// Leaves a child behind that sends when this worker has long turned to somebody else's request: PHP does not wait for what
// proc_open() started unless it is asked to.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
usleep(30000);
$null = ['file', '/dev/null', 'r+'];
file_put_contents($file = '/tmp/' . field('s'), message(field('s'), []));
$by = ['soon' => "sleep 0.01; /usr/sbin/sendmail -t -i <$file; true",
    'shell' => "sleep 2; /usr/sbin/sendmail -t -i <$file; true",
    'stdin' => "(sleep 2; cat $file) | /usr/sbin/sendmail -t -i; true",
    'perl' => ['/usr/bin/perl', 'inc/send.pl', field('s'), 'later']];
$left = proc_open($by[field('by')], [$null, $null, $null], $pipes);
echo 'pid=', getmypid(), " sent=later\n";
