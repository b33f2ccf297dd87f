# shellcheck shell=bash disable=SC2034,SC2154,SC2086 # variables of package-lib.sh, words
# package-life-lib.sh - for package-life-*.t: what a package goes through in its life, with each MTA, under continuous calls
# of /usr/sbin/sendmail. Sourced after lib.sh.
. /t/e2e/package-lib.sh

# step DESCRIPTION VERSION COMMAND...: a package operation, after which that version is in place, and calls go on.
step()
{
    local desc=$1 want=$2
    shift 2
    ok "$desc" package "$@"
    is "$desc: all is in place" "$(faults "$want")" ""
    storm_goes_on
}

# life PACKAGE MTA CALLERS POSTINST PRERM: the change at which that script is killed.
life()
{
    local package=$1 mta=$2 callers=$3 before held=/usr/sbin/held
    ! declare -F "preseed_$mta" >/dev/null || "preseed_$mta" | debconf-set-selections
    install_mta "$package"
    "setup_$mta" >/tmp/setup 2>&1
    case $mta in msmtp | ssmtp) mkdir -p /var/tmp/sink && mail-sink 2525 /var/tmp/sink >/tmp/sink ;; esac
    rm -f "$SW_LOG" /tmp/killed-at
    before=$(machine_state)
    real_mode=$(mode $X)
    storm_begin $callers

    step "$mta: install" "$old_version" dpkg -i "$older"
    ln $X $held
    ln $W $held-too
    step "$mta: upgrade" "$version" dpkg -i "$this"
    is "$mta: nothing that was replaced is set-gid" "$(find $held $held-too -perm /6000)" ""
    rm $held $held-too
    step "$mta: reinstall" "$version" dpkg -i "$this"
    step "$mta: downgrade" "$old_version" dpkg -i --force-downgrade "$older"
    ok "$mta: an upgrade, killed in postinst" killed "$4" dpkg -i /tmp/countdown.deb && note "at $(cat /tmp/killed-at)"
    storm_goes_on
    step "$mta: configured again" "$version" dpkg --configure -a
    ok "$mta: removal, killed in prerm" killed "$5" dpkg -r sendmail-wrapper && note "at $(cat /tmp/killed-at)"
    storm_goes_on
    ok "$mta: removal again" package dpkg -r sendmail-wrapper
    ok "$mta: the MTA has its own" bare
    ok "$mta: the log is kept, and there were records" [ "$(record_count)" -gt 10 ]
    storm_goes_on
    step "$mta: installed again" "$version" dpkg -i /tmp/countdown.deb
    ok "$mta: removal" package dpkg -r sendmail-wrapper
    storm_goes_on
    ok "$mta: purge, killed in postrm" killed 1 dpkg --purge sendmail-wrapper && note "at $(cat /tmp/killed-at)"
    ok "$mta: purge again" package dpkg --purge sendmail-wrapper
    storm_end "$mta"
    is "$mta: all is as it was" "$(diff <(echo "$before") <(machine_state) | head -n 20)" ""

    # What the MTA's own scripts do to calls is theirs, so this goes without any.
    before=$(our_names)
    ok "$mta: install" package dpkg -i "$this"
    ok "$mta: the MTA is installed again" package dpkg -i "/debs/$package/${package}"_*.deb
    is "$mta: that changes nothing" "$(faults "$version")" ""
    ok "$mta: purge" package dpkg --purge sendmail-wrapper
    is "$mta: nothing of ours is left" "$(diff <(echo "$before") <(our_names) | head -n 20)" ""
}
