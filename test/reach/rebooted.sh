#!/bin/bash
# Runs when the Debian of systemd.sh boots again: everything has to work as before. Then upgrades, repairs and purges the
# package.
set -u
# shellcheck source=test/reach/functions.sh
. /root/functions.sh

say rebooted
wait_for 150 plugin
wait_for 100 has_chart sockets_netns_blue
wait_for 60 has_chart flows_by_protocol
repair rebooted
capabilities >rebooted.capabilities
sysctl net.netfilter.nf_conntrack_acct net.netfilter.nf_conntrack_events >settings.after
all_charts() { charts | comm -23 charts.before - | grep -c . | grep -qx 0; }
wait_for 60 all_charts
charts >charts.after

say upgrade
install install /root/plugin.deb
repair upgraded

# What only the package has.
rm -r /usr/lib/netdata/plugins.d/conntrack-koffi /usr/lib/netdata/conf.d/health.d/conntrack.conf
look damaged conntrack.plugin
install install --reinstall /root/plugin.deb
repair reinstalled
capabilities >reinstalled.capabilities
dpkg-query -W -f '${Version}\n' netdata-plugin-conntrack >version

say purge
apt-get -q -y purge netdata-plugin-conntrack
echo "$?" >>apt.codes
files | comm -13 files.before - >files.left
grep -c conntrack.plugin /etc/netdata/netdata.conf >edits.left
plugin_is_gone() { ! plugin; }
wait_for 60 plugin_is_gone
systemctl restart netdata
builtin_is_back() { api charts | grep -q '"netfilter.conntrack_sockets"'; }
wait_for 60 builtin_is_back
systemctl list-units --failed --plain --no-legend >failed
say end
