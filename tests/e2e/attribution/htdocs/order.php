<?php
// Another page of the same site, so that its directory alone does not tell.
require __DIR__ . '/inc/send.php';
send_and_say();
