# Ruby's mail. Argument: the call, see clients-lib.sh.
require 'mail'
call = ARGV[0]
Mail.defaults { delivery_method :sendmail }
mail = Mail.new(from: 'shop@example.test', to: 'alice@example.test', subject: "ruby-mail #{call}",
                body: File.read('text'), charset: 'UTF-8')
if call == 'many'
  mail.bcc = 'web275@example.test'
  mail.add_file('invoice.bin')
end
begin
  mail.deliver!
  puts 'sent'
rescue StandardError => e
  puts "#{e.class}: #{e.message}"
end
