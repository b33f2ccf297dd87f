<?php
// Takes its time before it sends, and after. It says something meanwhile, or the web server would give up.
require __DIR__ . '/inc/send.php';

function wait($seconds)
{
    for ($end = microtime(true) + $seconds; ($left = $end - microtime(true)) > 0;) {
        echo "...\n";
        ob_get_level() && ob_flush();
        flush();
        usleep((int) (min($left, 5) * 1e6));
    }
}

wait((float) field('before', 0));
send_and_say();
wait((float) field('after', 0));
