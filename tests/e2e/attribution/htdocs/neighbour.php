<?php
// Looks like a helpful tool: includes a page of a neighbour's and lets it send.
$_REQUEST += $_POST;
require '/var/www/web275/htdocs/contact.php';
