# MIME::Lite's default, which is /usr/lib/sendmail. Argument: the call, see clients-lib.sh.
use MIME::Lite;
open my $text, '<:raw', 'text' or die;
my %text = (Type => 'text/plain; charset=utf-8', Encoding => '8bit', Data => join '', <$text>);
my $many = $ARGV[0] eq 'many';
my $mail = MIME::Lite->new(From => 'shop@example.test', To => 'alice@example.test', Subject => "mime-lite $ARGV[0]",
    $many ? (Cc => 'web275@example.test', Type => 'multipart/mixed') : %text);
if ($many) {
    $mail->attach(%text);
    $mail->attach(Type => 'application/octet-stream', Path => 'invoice.bin');
}
print eval { $mail->send } ? "sent\n" : "failed: $@\n";
