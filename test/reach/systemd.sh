#!/bin/bash
# Runs in a booted Debian, as a service: installs the plugin's package, breaks what `check` can repair, types what `check`
# prints, and writes what it saw to /root/results. After a reboot, rebooted.sh runs instead.
set -u
[ -d /root/results ] && exec /root/rebooted.sh
# shellcheck source=test/reach/functions.sh
. /root/functions.sh
program=/usr/lib/netdata/plugins.d/conntrack.plugin

# data CHART: the last 90 seconds of a chart.
data() { api "data?chart=conntrack.$1&after=-90&format=json"; }

say "$(uname -r), $(systemctl is-system-running)"
systemctl cat netdata >unit.before
wait_for 120 api info
lsmod | cut -d ' ' -f 1 >modules.before
files >files.before

say install
install install /root/older.deb
repair fresh

# A rule that has connections tracked, and timeouts that no slow machine exceeds.
cat >/etc/nftables.conf <<'RULES'
table inet guest {
  chain input {
    type filter hook input priority 0; policy accept;
    ct state new counter accept
  }
}
RULES
systemctl enable --now nftables
sysctl -q -w net.netfilter.nf_conntrack_udp_timeout=300
wait_for 100 has_chart flows_by_protocol
wait_for 60 has_chart new_by_protocol
say traffic
for port in {20001..20150}; do echo flow >"/dev/udp/127.0.0.1/$port"; done
has_flows() { data flows_by_protocol | grep -q '[ ,]150[],. ]'; }
wait_for 60 has_flows
sleep 3
conntrack -C >entries.before
for chart in sockets utilization new new_by_protocol flows_by_protocol; do data "$chart" >"$chart.json"; done
conntrack -C >entries.after
conntrack -L -p udp >udp.entries

# Where the commands only look further.
limit PrivateNetwork=yes
look elsewhere conntrack.plugin
type_it elsewhere
setcap -r "$program"
limit AmbientCapabilities=CAP_NET_ADMIN
look ambient conntrack.plugin
type_it ambient
setcap cap_net_admin=p "$program"
limit ''
look person setpriv --reuid daemon --regid netdata --clear-groups conntrack.plugin
type_it person
ln "$program" /root/copy
look copy /root/copy
type_it copy
rm /root/copy

# As `systemctl edit` names it.
printf '[Service]\nNoNewPrivileges=yes\n' >"$conf/override.conf"
setcap -r "$program"
sysctl -q -w net.netfilter.nf_conntrack_events=0
systemctl enable conntrackd
echo 'modules: { conntrackd: { enabled: yes } }' >/etc/netdata/conntrack.conf
limit ''
repair broken
systemctl cat netdata conntrackd >units
systemctl show netdata -p CapabilityBoundingSet -p NoNewPrivileges >netdata.properties
capabilities >plugin.capabilities
systemctl restart conntrackd
wait_for 20 test -S /run/conntrackd.sock
stat -c '%a %U %G' /run/conntrackd.sock >socket

systemctl kill --signal STOP conntrackd
look stopped conntrack.plugin
type_it stopped
systemctl kill --signal CONT conntrackd

# The kernel may load no module by itself, and only root sees the processes of others.
systemctl stop netdata conntrackd
printf 'blacklist %s\n' nf_conntrack_netlink tcp_diag udp_diag inet_diag >/etc/modprobe.d/guest.conf
rmmod tcp_diag udp_diag inet_diag nf_conntrack_netlink
mount -o remount,hidepid=2 /proc
systemctl start netdata
repair hardened
rm /etc/modprobe.d/guest.conf
mount -o remount,hidepid=0 /proc

# Nothing to do: the agent does not start the plugin again.
echo '{ mode: basic, modules: { stat: { enabled: no } }, namespaces: { enabled: no } }' >/etc/netdata/conntrack.conf
systemctl restart netdata
is_idle() { journalctl --unit netdata --since -60s | grep -q 'every module is turned off'; }
wait_for 60 is_idle
echo 'mode: none' >/etc/netdata/conntrack.conf
look invalid conntrack.plugin
rm /etc/netdata/conntrack.conf
repair idle

# Not a command, but a line for the section and the file that the note names.
printf '[plugins]\n\tconntrack = no\n' >>/etc/netdata/netdata.conf
systemctl restart netdata
wait_for 60 api info
look off conntrack.plugin
note='section (\[[a-z]+\]) of ([^ ,]+), then restart the agent \(([^)]+)\)'
[[ $(tr -s '\n ' ' ' <off.report) =~ $note ]]
printf '%s\n%s\n' "${BASH_REMATCH[1]}" "$(cat off.commands)" >>"${BASH_REMATCH[2]}"
${BASH_REMATCH[3]}
repair on

# A router without a process. Only root can read the configuration that names it.
cat >/etc/systemd/system/blue.service <<'UNIT'
[Service]
Type=oneshot
ExecStart=ip netns add blue
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --now blue
(umask 077 && echo 'namespaces: { include: [blue] }' >/etc/netdata/conntrack.conf)
repair namespaces
wait_for 60 has_chart sockets_netns_blue
capabilities >namespaces.capabilities

# The agent's user cannot run the program; then every user can, and nothing runs it.
chmod 0700 "$program"
repair closed
chmod 0755 "$program"
systemctl stop netdata
repair exposed
wait_for 60 has_chart sockets_netns_blue
wait_for 60 has_chart flows_by_protocol
charts >charts.before
journalctl --unit netdata --output json --no-pager >journal

# What the notes say to do for the time after a reboot.
says() { cat broken.*.report | grep -q "$1"; }
says /etc/sysctl.d && cat broken.*.commands | sed -n 's/^sudo sysctl -w //p' >/etc/sysctl.d/guest.conf
says /etc/modules-load.d && echo nf_conntrack >/etc/modules-load.d/guest.conf
say end
