<?php
// Goes elsewhere before it sends.
require __DIR__ . '/inc/send.php';
chdir(field('to'));
send_and_say();
