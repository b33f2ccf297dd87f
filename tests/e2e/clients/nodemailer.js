// nodemailer's sendmail transport. Argument: the call, see clients-lib.sh.
const call = process.argv[2];
require('nodemailer').createTransport({ sendmail: true }).sendMail({
    from: 'shop@example.test', to: 'alice@example.test', subject: `nodemailer ${call}`,
    text: require('fs').readFileSync('text', 'utf-8'),
    ...(call == 'many' && { bcc: 'web275@example.test', attachments: [{ path: 'invoice.bin' }] }),
}, (error, info) => console.log(error ? error.message : info.response, info?.envelope));
