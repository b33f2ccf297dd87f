#!/bin/bash
# The programs and libraries that people send mail with, on Exim: none of them, and nobody who gets their mail, sees a
# difference but our header; the log says who sent what. Here each of them also sees a message refused.
# bed: clients-exim
. /t/e2e/lib.sh
. /t/e2e/clients-lib.sh

# shellcheck disable=SC2034 # clients_table asks
pipe_refused=yes

# No daemon: each call delivers.
mta_start()
{
    cat >/etc/exim4/refuse.acl <<'END'
deny condition = ${if match{$h_subject:}{refused}}
     message = not this one
END
    (cat /etc/exim4/refuse.acl && echo accept) >/etc/exim4/not-smtp.acl
    cat >/etc/exim4/exim4.conf.localmacros <<'END'
CHECK_DATA_LOCAL_ACL_FILE = /etc/exim4/refuse.acl
acl_not_smtp = /etc/exim4/not-smtp.acl
END
    update-exim4.conf
    echo 'shop: web274' >>/etc/aliases
}

clients_run
done_testing
