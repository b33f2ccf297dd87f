<?php
// PEAR Mail with Mail_mime. Arguments: the driver, sendmail or mail; the call, see clients-lib.sh.
error_reporting(E_ALL & ~E_DEPRECATED);
require 'Mail.php';
require 'Mail/mime.php';
[, $how, $call] = $argv;
$mime = new Mail_mime(['eol' => $how == 'mail' ? "\r\n" : "\n", 'text_charset' => 'utf-8', 'text_encoding' => '8bit']);
$mime->setTXTBody(file_get_contents('text'));
if ($call == 'many')
    $mime->addAttachment('invoice.bin', 'application/octet-stream');
$body = $mime->get();
$to = $call == 'many' ? 'alice@example.test, web275@example.test' : 'alice@example.test';
$headers = $mime->headers(['From' => 'shop@example.test', 'To' => $to, 'Subject' => "pear-$how $call"]);
$mail = Mail::factory($how);
$result = $mail->send($to, $headers, $body);
var_dump($result === true ?: $result->getMessage());
