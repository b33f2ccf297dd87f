<?php
// Every way that a page sends mail by. Field "via" of the request names it; "s" becomes the Subject.
ignore_user_abort(true);
set_time_limit(0);

function field($name, $default = '')
{
    return $_REQUEST[$name] ?? $default;
}

function message($subject, $headers)
{
    return "From: shop@example.test\nTo: alice@example.test\nSubject: $subject\n" . implode('', array_map(fn($h) => "$h\n", $headers))
        . "\nGood day.\n";
}

function phpmailer($subject, $headers, $how)
{
    foreach (['Exception', 'PHPMailer'] as $class)
        require_once "libphp-phpmailer/src/$class.php";
    $mail = new PHPMailer\PHPMailer\PHPMailer();
    $how == 'isMail' ? $mail->isMail() : $mail->isSendmail();
    $mail->setFrom('shop@example.test', 'Shop');
    $mail->addAddress('alice@example.test');
    foreach ($headers as $header)
        $mail->addCustomHeader($header);
    $mail->Subject = $subject;
    $mail->Body = "Good day.\n";
    return $mail->send();
}

function symfony($subject, $headers)
{
    require_once 'Symfony/Component/Mailer/autoload.php';
    $mailer = new Symfony\Component\Mailer\Mailer(Symfony\Component\Mailer\Transport::fromDsn('sendmail://default'));
    $mail = (new Symfony\Component\Mime\Email())->from('shop@example.test')->to('alice@example.test')->subject($subject)
        ->text("Good day.\n");
    foreach ($headers as $header)
        $mail->getHeaders()->addTextHeader(...explode(': ', $header, 2));
    $mailer->send($mail);
    return true;
}

function piped($command, $input)
{
    $pipe = popen($command, 'w');
    fwrite($pipe, $input);
    return pclose($pipe) == 0;
}

function executed($argv, $input)
{
    $process = proc_open($argv, [['pipe', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);
    fwrite($pipes[0], $input);
    fclose($pipes[0]);
    return proc_close($process) == 0;
}

function send($via, $subject, $headers = [])
{
    switch ($via) {
    case 'none':
        return true;
    case 'mail':
        return mail('alice@example.test', $subject, "Good day.\n", implode("\r\n", ['From: shop@example.test', ...$headers]));
    case 'phpmailer-mail':
        return phpmailer($subject, $headers, 'isMail');
    case 'phpmailer-sendmail':
        return phpmailer($subject, $headers, 'isSendmail');
    case 'symfony':
        return symfony($subject, $headers);
    case 'popen':
        return piped('/usr/sbin/sendmail -t -i', message($subject, $headers));
    case 'lib':
        return executed(['/usr/lib/sendmail', '-t', '-i'], message($subject, $headers));
    case 'perl':
        return executed(['/usr/bin/perl', __DIR__ . '/send.pl', $subject], '');
    }
    return false;
}

// What the test learns besides: the worker, and that it was sent.
function send_and_say($headers = [])
{
    $n = (int) field('n', 1);
    if (field('via', 'none') != 'none')
        usleep(30000); // what a shop does before it sends mail takes a while
    for ($sent = true; $sent && $n > 0; $n--)
        $sent = send(field('via', 'none'), field('s', 'innocent'), $headers);
    echo 'pid=', getmypid(), ' sent=', $sent ? 'yes' : 'no', "\n";
}
