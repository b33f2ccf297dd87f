<?php
// Holds a neighbour's page open, in the neighbour's directory, and hands it on to sendmail.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
usleep(30000);
chdir('/var/www/web275/htdocs');
$process = proc_open(['/usr/sbin/sendmail', '-t', '-i'], [['pipe', 'r'], 3 => ['file', '/var/www/web275/htdocs/contact.php', 'r']],
    $pipes);
fwrite($pipes[0], message(field('s'), []));
fclose($pipes[0]);
echo 'pid=', getmypid(), ' sent=', proc_close($process) == 0 ? 'yes' : 'no', "\n";
