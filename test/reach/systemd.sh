#!/bin/bash
# Runs once in a booted Debian, as a service: installs the plugin's package, breaks what `check` can repair, types what `check`
# prints, and writes what it saw to /root/results.
set -u
mkdir -p /root/results
cd /root/results || exit
exec >log 2>&1
conf=/etc/systemd/system/netdata.service.d

say() {
  echo "$(cut -d ' ' -f 1 /proc/uptime) $*" | tee -a steps >/dev/console
}

# wait_for SECONDS COMMAND...: runs the command until it succeeds.
wait_for() {
  local left=$1
  shift
  while ! "$@" >/dev/null && [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
  done
  [ "$left" -gt 0 ] && return
  echo "$*" >>timeouts
  say "gave up: $*"
}

api() { curl --silent "http://localhost:19999/api/v1/$1"; }

has_chart() { api charts | grep -q "\"conntrack\.$1\""; }

# data CHART: the last 90 seconds of a chart.
data() { api "data?chart=conntrack.$1&after=-90&format=json"; }

# Commands are the only lines of a report that begin after 12 blanks, or after 14 where one continues.
commands() { sed -n 's/^ \{12\}\(\(  \)\?[^ ]\)/\1/p' "$1"; }

is_well() { grep -qx 'ok: all enabled modules work' "$1"; }

# repair NAME: types what check prints until it has nothing more to say.
repair() {
  local round
  for round in 1 2 3 4 5 6 7 8; do
    conntrack.plugin check >"$1.$round.report"
    echo "$?" >"$1.$round.code"
    is_well "$1.$round.report" && break
    commands "$1.$round.report" >"$1.$round.commands"
    bash -e "$1.$round.commands" >"$1.$round.output" 2>&1
    echo "$?" >"$1.$round.exit"
    say "$1, round $round"
    # An agent that has just started may not have started the plugin yet.
    sleep 10
  done
}

plugin() { pgrep -f '^[^ ]*/conntrack.plugin [0-9]'; }

say "$(uname -r), $(systemctl is-system-running)"
systemctl cat netdata >unit.before
wait_for 120 api info
lsmod | cut -d ' ' -f 1 >modules.before

say install
dpkg -i /root/plugin.deb
echo "$?" >install.code
wait_for 150 plugin
repair fresh

# A rule that has connections tracked, and timeouts that no slow machine exceeds.
nft -f - <<'RULES'
table inet guest {
  chain input {
    type filter hook input priority 0; policy accept;
    ct state new counter accept
  }
}
RULES
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

say break
systemctl enable --now conntrackd
# As `systemctl edit` names it.
printf '[Service]\nNoNewPrivileges=yes\n' >"$conf/override.conf"
systemctl daemon-reload
systemctl restart netdata
setcap -r /usr/lib/netdata/plugins.d/conntrack.plugin
sysctl -q -w net.netfilter.nf_conntrack_events=0
wait_for 60 plugin
repair broken

wait_for 60 plugin
say results
systemctl cat netdata conntrackd >units
systemctl show netdata -p CapabilityBoundingSet -p NoNewPrivileges >netdata.properties
grep '^Cap' "/proc/$(plugin)/status" >plugin.capabilities
systemctl restart conntrackd
wait_for 20 test -S /run/conntrackd.sock
stat -c '%a %U %G' /run/conntrackd.sock >socket

# A router without a process. Only root can read the configuration that names it.
say namespaces
ip netns add blue
(umask 077 && echo 'namespaces: { include: [blue] }' >/etc/netdata/conntrack.conf)
repair namespaces
wait_for 60 has_chart sockets_netns_blue
grep '^Cap' "/proc/$(plugin)/status" >namespaces.capabilities

# Every user can run the program, and nothing runs it.
say exposed
chmod 0755 /usr/lib/netdata/plugins.d/conntrack.plugin
systemctl stop netdata
repair exposed
journalctl --unit netdata --output json --no-pager >journal
say end
systemctl poweroff
