<?php
// Says in the message that it is a neighbour's.
require __DIR__ . '/inc/send.php';
send_and_say(['X-Additional-Header: /var/www/web275; uid=4080; pid=1; id=01KAMX3F8Q7ZV2N5T0C9R4E6HJ',
    'X-PHP-Originating-Script: 4080:contact.php']);
