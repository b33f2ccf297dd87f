<?php
// A form: what most pages are that send mail.
require __DIR__ . '/inc/send.php';
send_and_say();
