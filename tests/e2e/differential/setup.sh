# shellcheck shell=bash
# setup.sh - each MTA as the differential test needs it: what it accepts stays where it can be read, whole, and
# nothing leaves by itself. setup_NAME configures, start_NAME starts what it cannot accept mail without.

preseed_postfix()
{
    echo "postfix postfix/main_mailer_type select Local only"
    echo "postfix postfix/mailname string example.test"
}

setup_postfix()
{
    # Kept in the deferred queue, and not hashed, so that one directory lists it.
    postconf -e default_transport=smtp inet_interfaces=loopback-only inet_protocols=ipv4 "mydestination=example.test, localhost" \
        maillog_file=/var/log/mail.log defer_transports=local,smtp hash_queue_names=hold minimal_backoff_time=1d \
        maximal_backoff_time=1d message_size_limit=10240000
    start_postfix
}

setup_sendmail()
{
    # Without a daemon the submission queue keeps all.
    echo example.test >>/etc/mail/local-host-names
    sed -i 's/^127.0.1.1 .*/127.0.1.1 mail.example.test mail example.test/' /etc/hosts # the MSP looks the domain up
}

# Otherwise its postinst makes one, which takes some random seconds, for TLS.
preseed_courier()
{
    mkdir -p /etc/courier
    : >/etc/courier/dhparams.pem
}

preseed_exim()
{
    echo "exim4-config exim4/dc_eximconfig_configtype select local delivery only; not on a network"
    echo "exim4-config exim4/dc_other_hostnames string example.test"
    echo "exim4-config exim4/mailname string example.test"
}

setup_exim()
{
    # A caller's -odb would deliver behind his back, sooner or later than the queue is looked at.
    sed -i '1i queue_only = true\nqueue_only_override = false' /etc/exim4/exim4.conf.template
    update-exim4.conf
}

setup_opensmtpd()
{
    cat >/etc/smtpd.conf <<'CONF'
listen on socket
action "local" mbox
action "relay" relay
match from local for domain "example.test" action "local"
match from local for any action "relay"
CONF
    smtpd || bail "smtpd does not start"
    wait_for 60 test -S /run/smtpd.sock || bail "smtpd does not start"
    smtpctl pause mda >/dev/null
    smtpctl pause mta >/dev/null
}

# The sinks of the first two are pass_of's.
setup_msmtp()
{
    printf '%s\n' 'host 127.0.0.1' 'port 2525' 'from web274@example.test' 'domain example.test' >/etc/msmtprc
}

setup_ssmtp()
{
    printf 'root=postmaster\nmailhub=127.0.0.1:2525\nhostname=mail.example.test\nFromLineOverride=YES\n' >/etc/ssmtp/ssmtp.conf
    chmod 644 /etc/ssmtp/ssmtp.conf
}

setup_esmtp()
{
    mkdir -p /var/tmp/sink
    mail-sink 2525 /var/tmp/sink >/dev/null
    printf 'hostname=127.0.0.1:2525\nstarttls=disabled\n' >/etc/esmtprc
    chmod 644 /etc/esmtprc
}

setup_nullmailer()
{
    # Without nullmailer-send the queue keeps all; nullmailer-queue wakes it through this pipe.
    echo "127.0.0.1 smtp port=2525" >/etc/nullmailer/remotes
    rm -f /var/spool/nullmailer/trigger
    mkfifo -m 622 /var/spool/nullmailer/trigger
    chown mail:mail /var/spool/nullmailer/trigger
}

setup_dma() { echo DEFER >>/etc/dma/dma.conf; }

setup_courier()
{
    echo mail.example.test >/etc/courier/me
    printf 'localhost\nexample.test\n' >/etc/courier/locals
    /etc/init.d/courier-authdaemon start >/dev/null 2>&1
    wait_for 60 test -S /run/courier/authdaemon/socket || bail "authdaemon does not start"
}

# What earlier passes left goes, so that each begins alike.
empty_queue()
{
    case $1 in
    postfix) postsuper -d ALL >/dev/null 2>&1 ;;
    sendmail) rm -f /var/spool/mqueue-client/* ;;
    exim) rm -f /var/spool/exim4/input/* /var/spool/exim4/msglog/* ;;
    opensmtpd) smtpctl remove all >/dev/null 2>&1 ;;
    nullmailer) rm -f /var/spool/nullmailer/queue/* ;;
    dma) rm -f /var/spool/dma/[MQ]* ;;
    courier) find /var/lib/courier/tmp /var/lib/courier/msgs -type f -delete ;;
    esac
}
