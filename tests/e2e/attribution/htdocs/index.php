<?php
// A front controller: every page of the site is this script; the path or a query says which.
$route = $_GET['route'] ?? trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');
$pages = ['news' => 'news', 'shop/order/7' => 'contact', 'contact' => 'contact'];
if (($pages[$route] ?? 'news') == 'contact')
    require __DIR__ . '/inc/two.php';
else
    echo 'pid=', getmypid(), " news\n";
