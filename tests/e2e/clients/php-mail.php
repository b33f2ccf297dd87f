<?php
// PHP's own mail(). Argument: the call, see clients-lib.sh.
$to = $argv[1] == 'many' ? 'alice@example.test, web275@example.test' : 'alice@example.test';
var_dump(mail($to, "php-mail $argv[1]", file_get_contents('text'), [
    'From' => 'shop@example.test', 'Content-Type' => 'text/plain; charset=utf-8'], '-fshop@example.test'));
