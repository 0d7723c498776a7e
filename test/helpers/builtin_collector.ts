/** Lines of `netdata.conf` that enable or disable the agent's built-in collector of connection tracking. */

/** The other files that the collector `proc` reads. */
const PROC_OFF = [
  '/proc/pagetypeinfo',
  '/proc/stat',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/sys/kernel/random/entropy_avail',
  '/proc/pressure',
  '/proc/interrupts',
  '/proc/softirqs',
  '/proc/vmstat',
  '/proc/meminfo',
  '/sys/kernel/mm/ksm',
  '/sys/block/zram',
  '/sys/devices/system/edac/mc',
  '/sys/devices/system/node',
  '/proc/net/dev',
  '/proc/net/wireless',
  '/proc/net/sockstat',
  '/proc/net/sockstat6',
  '/proc/net/netstat',
  '/proc/net/snmp',
  '/proc/net/snmp6',
  '/proc/net/sctp/snmp',
  '/proc/net/softnet_stat',
  '/proc/net/ip_vs/stats',
  '/sys/class/infiniband',
  '/proc/net/stat/synproxy',
  '/proc/diskstats',
  '/proc/mdstat',
  '/proc/net/rpc/nfsd',
  '/proc/net/rpc/nfs',
  '/proc/spl/kstat/zfs/arcstats',
  '/sys/fs/btrfs',
  'ipc',
  '/sys/class/power_supply',
  '/proc/sys/fs/file-nr',
  '/run/reboot_required',
];

/** Lines that leave only connection tracking of the collector `proc` enabled, or disable all of it. */
export function builtinCollector(on: boolean): readonly string[] {
  if (!on) return ['[plugins]', '  proc = no'];
  return ['[plugins]', '  proc = yes', '[plugin:proc]', ...PROC_OFF.map((name) => `  ${name} = no`)];
}
