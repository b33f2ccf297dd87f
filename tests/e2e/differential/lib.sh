# shellcheck shell=bash
# lib.sh - the differential test of one MTA: the same calls without the wrapper and with it; compared is all that the caller sees and
# all that the MTA keeps. Calls that differ are made once more without it: what differs then, too, is said to. DIFFERENTIAL=all: all
# of them are. A test is: . /t/e2e/differential/lib.sh; differential NAME
. /t/e2e/lib.sh
. /t/e2e/differential/setup.sh

# Whether each message of a -bs session is to have its own header and record (yes), or sessions pass untouched (no).
export SMTP_FILTER=${SMTP_FILTER:-yes}
# Whether the number of recipients in a record must be the envelope's; otherwise the cases are only listed.
export COUNT_RCPTS=${COUNT_RCPTS:-no}

declare -A PACKAGE=([postfix]=postfix [sendmail]=sendmail-bin [exim]=exim4-daemon-light [opensmtpd]=opensmtpd [msmtp]=msmtp-mta
    [nullmailer]=nullmailer [dma]=dma [ssmtp]=ssmtp [esmtp]=esmtp-run [courier]=courier-mta)

install_mta()
{
    local mta=$1
    export DEBIAN_FRONTEND=noninteractive
    ! declare -F "preseed_$mta" >/dev/null || "preseed_$mta" | debconf-set-selections
    apt-get install -q -y "/debs/${PACKAGE[$mta]}"/*.deb >/tmp/apt 2>&1 </dev/null \
        || bail "cannot install ${PACKAGE[$mta]}: $(tail -n 5 /tmp/apt)"
    useradd --create-home bob
    "setup_$mta"
}

# All calls, filed in /var/tmp/$2.
pass_of()
{
    local mta=$1 dir=/var/tmp/$2 k workers=1
    mkdir -p "$dir"
    empty_queue "$mta"
    # They sleep, ssmtp a second for each message. So: several machines' loopbacks, each with a sink.
    case $mta in
    ssmtp) workers=24 ;;
    msmtp) workers=4 ;;
    *)
        /t/e2e/differential/run pass "$mta" "$dir" || bail "the calls broke off"
        return
        ;;
    esac
    for ((k = 0; k < workers; k++)); do
        # shellcheck disable=SC2016 # the inner shell expands
        SINK=/var/tmp/sink-$k unshare -n bash -c '
            ip link set lo up
            mkdir -p "$SINK"
            pid=$(mail-sink 2525 "$SINK")
            /t/e2e/differential/run pass "$1" "$2" "$3"
            kill "$pid"' - "$mta" "$dir" "$k/$workers" &
    done
    wait
}

# Both passes without the wrapper.
without_wrapper()
{
    install_mta "$1"
    pass_of "$1" without
    pass_of "$1" again
}

enable_wrapper() { sendmail-wrapper-divert enable >/tmp/out 2>&1 || bail "cannot enable: $(cat /tmp/out)"; }

differential()
{
    local mta=$1 lines failed numbers
    install_mta "$mta"
    pass_of "$mta" without
    [ "${DIFFERENTIAL:-}" != all ] || pass_of "$mta" again
    enable_wrapper
    pass_of "$mta" with
    ok "$mta: no process of the wrapper is left" wait_for 20 no_wrapper_process
    compare "$mta"
    read -r _ failed _ _ _ numbers </tmp/counts || bail "the comparison broke off"
    if [ "$failed" -gt 0 ] && [ ! -e /var/tmp/again ]; then
        sendmail-wrapper-divert disable >/tmp/out 2>&1 || bail "cannot disable: $(cat /tmp/out)"
        NUMBERS=$numbers pass_of "$mta" again
        compare "$mta"
    fi
    cat /tmp/compared
    read -r lines failed _ </tmp/counts || bail "the comparison broke off"
    TAP_COUNT=$((TAP_COUNT + lines)) TAP_FAILED=$((TAP_FAILED + failed))
    done_testing
}

compare()
{
    rm -f /tmp/counts
    /t/e2e/differential/run compare "$1" /var/tmp/{without,again,with} $((TAP_COUNT + 1)) /tmp/counts >/tmp/compared
}

no_wrapper_process()
{
    local exe
    for exe in /proc/[0-9]*/exe; do
        [ ! "$exe" -ef /usr/sbin/sendmail ] || return 1
    done
}
