/** What the charts and their variables mean, for the documentation; the program does not use this. */

/** By context. Markdown. */
export const contextDescriptions: Readonly<Record<string, string>> = {
  'netfilter.conntrack_utilization':
    'How full the table is. At 100 %, packets that would open a connection are dropped.',
  'netfilter.conntrack_sockets': 'Entries in the table, all protocols. Despite the name, these are not sockets.',
  'netfilter.conntrack_buckets': 'Entries per bucket of the hash table. Lookups get slower as it rises.',
  'netfilter.conntrack_new':
    '`new`: new connections, from module `events` since Linux 4.9. `invalid`: packets that cannot be tracked. `ignore`: packets already tracked or exempt; old kernels only.',
  'netfilter.conntrack_new_by_protocol': 'New connections by protocol.',
  'netfilter.conntrack_changes':
    '`deleted`: destroyed connections, from module `events` since Linux 4.9, and only while [every end is reported](#destroyed-connections). `inserted`: on current kernels, only entries inserted from user space (`conntrack -I`, conntrackd). `delete_list`: entries put on the dying list; old kernels only.',
  'netfilter.conntrack_errors':
    '`drop`: packets dropped. `early_drop`: entries evicted from a full table. `insert_failed`: connections that could not be inserted. `icmp_error`: ICMP errors that could not be handled.',
  'netfilter.conntrack_clashes':
    '`resolved`: two packets raced to create the same connection; harmless. `chain_too_long`: connections refused because a hash chain was too long.',
  'netfilter.conntrack_search':
    '`restarted`: lookups restarted because an entry moved. `found`: on current kernels, NAT candidates that were already taken. `searched`: lookups; old kernels only.',
  'netfilter.conntrack_expect':
    'Expectations of helpers such as FTP and SIP. `created`: announced. `new`: arrived. `deleted`: removed.',
  'netfilter.conntrack_cpu_events': 'The same counters, one chart per CPU. Off by default (`modules.stat.per_cpu`).',
  'netfilter.conntrack_event_overruns':
    'How often the kernel dropped connection reports because they were not read in time. Rates of such an interval are left out.',
  'netfilter.conntrack_largest_share':
    'Share of the table held by the single largest source address, destination address, and service (protocol and destination port, as the client sees them). [Find out who that is](playbooks.md#the-table-is-filling-up).',
  'netfilter.conntrack_snat_ports':
    'Ports in use at the source NAT endpoint that has used most of its pool. Connections share the ports of a pool if they have the same protocol, translated source address, and destination address and port; see `modules.flows.snat_pools`. Shown once source NAT was in use.',
  'netfilter.conntrack_snat_endpoints':
    'How many source NAT endpoints have used more than half of their ports (`busy`), and more than 95 % (`exhausted`, also counted as busy). Shown once source NAT was in use.',
  'netfilter.conntrack_nat_search':
    'How hard the kernel searches for a free port: NAT candidates already taken, per new connection, over the last 10 s. It rises long before ports run out, but only if the kernel has to replace ports. Needs module `events`, and Linux 4.9; absent without new connections.',
  'netfilter.conntrack_stuck':
    'Connections that were never answered, yet have been refreshed for longer than a minute: a stale translation, or a dead backend. Senders that expect no answer (syslog, flow export) count, multicast does not.',
  'netfilter.conntrack_flows_by_protocol': 'Table entries by protocol.',
  'netfilter.conntrack_tcp_states':
    'TCP entries by state. `offloaded`: the kernel does not report the state of an offloaded connection.',
  'netfilter.conntrack_flows_by_reply':
    '`unreplied`: no answer yet. `replied`: answered. `assured`: answered, and safe from eviction when the table is full.',
  'netfilter.conntrack_flows_by_nat': 'Whether the source, the destination or both are translated.',
  'netfilter.conntrack_remaining_time':
    'Table entries by the time until they expire, unless a packet refreshes them. Offloaded connections have none, and are left out.',
  'netfilter.conntrack_flows_by_family': 'Table entries by address family.',
  'netfilter.conntrack_flows_by_offload':
    'Whether packets bypass the normal path through a flow table, in software or on the network card.',
  'netfilter.conntrack_dump':
    'Cost of dumping the table: `duration` from start to end, and the `cpu_time` that the plugin spent on it; both are 0 while a nearly empty table is not dumped again. `read`: percentage of the table that was read; below 100, the composition is an estimate from a random sample.',
  'netfilter.conntrack_namespaces':
    'The other [network namespaces](namespaces.md) of the host: `watched` ones have charts, `idle` ones have nothing to show, `left_out` ones are excluded or above the maximum, `unreadable` ones need more privilege. Shown once there was any.',
  'network_connections.tcp_states':
    "The host's own TCP sockets by state, one chart per address family. Growing `close_wait`: a program leaks connections. `syn_recv`: half-open connections.",
  'network_connections.udp_states': "The host's own UDP sockets, with and without a peer.",
  'conntrackd.state':
    'Whether the daemon answers; one dimension is 1. `unresponsive`: slower than `timeout`. A gap: the plugin has no permission to ask.',
  'conntrackd.sync':
    "`kernel`: connections in the kernel's table. `internal`: those that the daemon has cached. `external`: those that the other firewall has sent. See [conntrackd pairs](conntrackd.md).",
  'conntrackd.link_status': 'State of a dedicated link; one dimension is 1.',
  'conntrackd.link_role':
    'Which of several links is in use (`active`). A single link is always `active`, even when cut.',
  'conntrackd.link_traffic': 'Traffic to and from the other firewall.',
  'conntrackd.link_packets': 'Packets to and from the other firewall.',
  'conntrackd.link_errors': 'Messages that could not be sent or received.',
  'conntrackd.messages':
    '`lost`: messages from the other firewall that never arrived, known from gaps in the sequence; always 0 in ALARM mode. `out_of_order`: late messages. `malformed_received`, `malformed_sent`: invalid messages.',
  'conntrackd.malformed_messages': 'Why received messages were rejected.',
  'conntrackd.tcp_channel': 'Whether each direction of a TCP channel is connected. Only with a `TCP` channel.',
  'conntrackd.queue_fill': 'How full a queue is. `txqueue` has no limit, so it is not shown.',
  'conntrackd.queue_elements':
    'Messages in a queue. `txqueue`: to be sent. `rsqueue` (FTFW only): sent but not acknowledged. `errorq`: could not be sent.',
  'conntrackd.queue_refusals': 'Messages refused by a full queue.',
  'conntrackd.queue_nodes': 'Messages that the daemon holds in memory, all queues.',
  'conntrackd.cache_objects':
    '`active`: live entries of a cache. `total`: includes ended ones, which are kept for a while.',
  'conntrackd.cache_changes': 'Entries created, updated and destroyed in a cache.',
  'conntrackd.cache_failures':
    'Entries that a cache (or the kernel, where the external cache is off) failed to create, update or destroy.',
  'conntrackd.cache_failure_causes':
    '`no_space`: the cache is full. `no_memory`: the daemon is out of memory. `update_not_found`, `destroy_not_found`: no such entry.',
  'conntrackd.netlink_events': 'Kernel events that the daemon received, and those that its filter discarded.',
  'conntrackd.netlink_errors':
    '`overruns`: the kernel reported faster than the daemon read, so its cache missed some connections.',
  'conntrackd.netlink_buffer':
    'Receive buffer for these events. It doubles at each overrun, up to the configured maximum.',
  'conntrackd.kernel_table': "How often the daemon resynced its cache with the kernel's table, and flushed that table.",
  'conntrackd.processed_traffic': 'Bytes of ended connections, if the kernel accounts for them (`nf_conntrack_acct`).',
  'conntrackd.processed_packets': 'Packets of ended connections, under the same condition.',
  'conntrackd.children': 'Child processes of the daemon: `commit` after a failover, `flush`, or other.',
  'conntrackd.failures': 'Failed child processes and system calls of the daemon, and requests that it does not know.',
  'conntrackd.uptime': 'Time since the daemon started, with a resolution of a minute.',
};

/** By name. */
export const variableDescriptions: Readonly<Record<string, string>> = {
  max: 'Maximum number of table entries (`nf_conntrack_max`)',
  buckets: 'Buckets of the hash table (`nf_conntrack_buckets`)',
  expect_max: 'Maximum number of expectations (`nf_conntrack_expect_max`)',
  utilization: 'How full the table was when it was dumped, in %; unknown before Linux 4.18',
  standard_error:
    'Largest standard error of a share in a sampled table, in percentage points; 0 if the whole table was read',
  role_active: '1 for the link in use, 0 for the others',
  maximum: 'Messages that the queue can hold',
};
