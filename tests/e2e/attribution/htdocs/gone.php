<?php
// Deletes itself before it sends.
require __DIR__ . '/inc/send.php';
if (field('via', 'none') == 'none') {
    send_and_say(); // an innocent visitor
    exit;
}
unlink(__FILE__);
send_and_say();
