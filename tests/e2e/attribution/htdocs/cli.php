<?php
// The same from a command line: cli.php 's=NAME&via=mail&title=...'
require __DIR__ . '/inc/send.php';
parse_str($argv[1], $_REQUEST);
if (field('title') != '')
    cli_set_process_title(field('title'));
if (field('to') != '')
    chdir(field('to'));
send_and_say();
