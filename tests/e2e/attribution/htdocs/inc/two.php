<?php
require __DIR__ . "/send.php";
send_and_say();
