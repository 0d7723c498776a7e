#!/usr/bin/dash
# The first process of a guest: runs the plugin while connection tracking is loaded, used and unloaded, and writes what it
# saw to the disk. A line in `marks` has a name, and the size of the plugin's output and of its log at that moment.
set -u
/bin/busybox mkdir -p /bb
/bin/busybox --install -s /bb
# What the kernel runs when it needs a module.
/bin/busybox ln -s /bin/busybox /sbin/modprobe
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/bb
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /run/netns /results /tmp
cd /results || poweroff -f
exec 2>errors

mark() {
  echo "$1 $(stat -c %s out) $(stat -c %s log)" >>marks
  echo "$(cut -d ' ' -f 1 /proc/uptime) $1" >/dev/console
}

# wait_for SECONDS COMMAND...: runs the command until it succeeds.
wait_for() {
  left=$1
  shift
  while ! "$@" && [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
  done
  [ "$left" -gt 0 ] && return
  echo "gave up: $*" | tee -a timeouts >/dev/console
}

# count CHART: updates of the chart that the plugin has written so far.
count() { grep -c "^BEGIN conntrack\.$1 " out; }

has() { [ "$(count "$1")" -ge "$2" ]; }

# updates CHART: waits for three more updates of the chart, the first of which may be of before.
updates() { wait_for 240 has "$1" $(($(count "$1") + 3)); }

# reported TEXT, logged TEXT: whether it is in the plugin's output or log since the last mark.
reported() { tail -c "+$(($(tail -n 1 marks | cut -d ' ' -f 2) + 1))" out | grep -q "$1"; }

logged() { tail -c "+$(($(tail -n 1 marks | cut -d ' ' -f 3) + 1))" log | grep -q "$1"; }

configure() {
  {
    echo 'namespaces: { enabled: no }'
    echo "modules: { sockets: { enabled: no }, conntrackd: { enabled: no }, flows: $1 }"
  } >conntrack.conf
  [ -z "${plugin:-}" ] || kill -HUP "$plugin"
}

# Connections stay until they are deleted, however long the script takes.
rules() {
  echo 600 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
  nft -f - <<'RULES'
table inet guest {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state new counter accept
  }
}
RULES
}

network() {
  for name in client server; do
    ip netns add "$name"
    ip link add "$name" type veth peer name eth0 netns "$name"
    ip -n "$name" link set lo up
    ip -n "$name" link set eth0 up
    ip link set "$name" up
  done
  ip addr add 10.88.1.1/24 dev client
  ip addr add 10.88.2.1/24 dev server
  ip -n client addr add 10.88.1.2/24 dev eth0
  ip -n server addr add 10.88.2.2/24 dev eth0
  ip -n client route add default via 10.88.1.1
  ip -n server route add default via 10.88.2.1
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

# flows COUNT PORT: datagrams of that many connections through this machine, to ports that never answer.
flows() { ip netns exec client node /traffic.mjs udp-spread 10.88.2.2 "$2" "$1" 200 240 >/dev/null; }

unload() {
  nft flush ruleset
  tries=60
  while grep -q '^nf_conntrack ' /proc/modules && [ $tries -gt 0 ]; do
    rmmod nft_ct nf_conntrack_netlink nf_conntrack nf_defrag_ipv6 nf_defrag_ipv4 2>/dev/null
    sleep 1
    tries=$((tries - 1))
  done
  grep -q '^nf_conntrack ' /proc/modules && echo 'nf_conntrack was not unloaded' >>timeouts
}

uname -r >release
uname -m >machine
grep -m 1 KernelPageSize /proc/self/smaps >page.size
ip link set lo up
network
touch out log
mark start
configure '{ enabled: no }'
/plugin/conntrack.plugin 1 --config /results/conntrack.conf </dev/null >>out 2>>log &
plugin=$!
wait_for 240 logged 'connection tracking is not loaded'
sleep 5
cut -d ' ' -f 1 /proc/modules >modules.before

mark load
modprobe nf_conntrack
rules
updates sockets
updates new_by_protocol

mark made
flows 300 20000
updates new_by_protocol
conntrack -C >made.entries 2>/dev/null

mark netlink_unloaded
rmmod nf_conntrack_netlink
flows 41 21000
wait_for 240 logged nf_conntrack_netlink
updates new_by_protocol
mark netlink_back
flows 77 22000
updates new_by_protocol

mark unload
unload
cut -d ' ' -f 1 /proc/modules >modules.unloaded
wait_for 240 logged 'connection tracking is not loaded'
sleep 2
mark gap
sleep 5
mark reload
modprobe nf_conntrack
rules
updates sockets
updates new_by_protocol
mark reloaded
flows 120 23000
updates new_by_protocol

mark offload
configure '{ update_every: 1, cpu_share: 100 }'
conntrack -F 2>/dev/null
nft -f - <<'RULES'
table inet shortcut {
  flowtable fast {
    hook ingress priority 0
    devices = { client, server }
  }
  chain forward {
    type filter hook forward priority 10; policy accept;
    meta l4proto tcp ct state established flow add @fast
  }
}
RULES
ip netns exec server node /traffic.mjs tcp-echo 7000 600 >/tmp/listening &
wait_for 240 test -s /tmp/listening
ip netns exec client node /traffic.mjs tcp-talk 10.88.2.2 7000 5 600 >/dev/null &
ip netns exec client node /traffic.mjs tcp-talk 10.88.2.2 7000 5 600 >/dev/null &
offloaded() { [ "$(conntrack -L 2>/dev/null | grep -c '\[OFFLOAD\]')" -ge 2 ]; }
wait_for 240 offloaded
mark offloaded
updates flows_by_offload
conntrack -L >offloaded.entries 2>/dev/null

mark full
echo 60 >/proc/sys/net/netfilter/nf_conntrack_max
flows 200 24000
wait_for 240 reported 'used = 100000'
updates errors
conntrack -S >full.statistics
mark end

kill "$plugin"
wait "$plugin"
echo "$?" >code
dmesg | grep -E 'BUG:|Oops:|WARNING:' >kernel.complaints
modprobe -a virtio_pci virtio_blk
wait_for 240 test -b /dev/vda
tar -cf /dev/vda -C /results .
sync
poweroff -f
