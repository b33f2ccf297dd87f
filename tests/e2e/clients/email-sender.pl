# Email::Sender, which only transports: the message is ours. Argument: the call, see clients-lib.sh.
use Email::Sender::Simple qw(try_to_sendmail);
use Email::Sender::Transport::Sendmail;
my $to = $ARGV[0] eq 'many' ? ['alice@example.test', 'web275@example.test'] : ['alice@example.test'];
open my $text, '<:raw', 'text' or die;
my $mail = join '', "From: shop\@example.test\nTo: @{[join ', ', @$to]}\nSubject: email-sender $ARGV[0]\n",
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", <$text>;
print try_to_sendmail($mail, { from => 'shop@example.test', to => $to,
    transport => Email::Sender::Transport::Sendmail->new }) ? "sent\n" : "failed\n";
