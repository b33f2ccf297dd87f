<?php
// PHPMailer by mail() and by its own sendmail. Arguments: mail or sendmail; the call, see clients-lib.sh.
foreach (['Exception', 'PHPMailer'] as $class)
    require "libphp-phpmailer/src/$class.php";
[, $how, $call] = $argv;
$mail = new PHPMailer\PHPMailer\PHPMailer();
$mail->CharSet = 'utf-8';
$mail->setFrom('shop@example.test', 'Shop');
$mail->addAddress('alice@example.test', 'Alice');
$mail->Subject = "phpmailer-$how $call";
$mail->Body = file_get_contents('text');
if ($call == 'many') {
    $mail->addBCC('web275@example.test');
    $mail->addAttachment('invoice.bin');
}
if ($how == 'sendmail')
    $mail->isSendmail();
var_dump($mail->send(), $mail->ErrorInfo);
