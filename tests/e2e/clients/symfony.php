<?php
// Symfony Mailer: its default (SMTP on a pipe), with -t, by sendmail_path. Arguments: smtp, pipe or native; the call.
require 'Symfony/Component/Mailer/autoload.php';
[, $how, $call] = $argv;
$dsn = ['smtp' => 'sendmail://default', 'native' => 'native://default',
    'pipe' => 'sendmail://default?command=' . urlencode('/usr/sbin/sendmail -oi -t')][$how];
if ($call == 'fail')
    $dsn = 'sendmail://default?command=' . urlencode('/usr/sbin/sendmail -Zbogus -bs');
$mailer = new Symfony\Component\Mailer\Mailer(Symfony\Component\Mailer\Transport::fromDsn($dsn));
foreach ($call == 'session' ? ['session-one', 'session-refused', 'session-many'] : [$call] as $each) {
    $mail = (new Symfony\Component\Mime\Email())->from('shop@example.test')->to('alice@example.test')
        ->subject("symfony-$how $each")->text(file_get_contents('text'));
    if (str_ends_with($each, 'many'))
        $mail->cc('web275@example.test')->attachFromPath('invoice.bin');
    try {
        $mailer->send($mail);
        echo "sent\n";
    } catch (Exception $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
