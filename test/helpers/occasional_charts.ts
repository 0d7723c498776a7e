/**
 * Charts that are shown only on occasion: of connections, of new ones, of source NAT, of a minute of dumps, or of other
 * network namespaces.
 */
const OCCASIONAL: readonly string[] = [
  'largest_share',
  'snat_ports',
  'snat_endpoints',
  'nat_search',
  'stuck',
  'namespaces',
];

/** Whether a chart is shown whenever its module works; given its id, with or without the plugin's prefix. */
export function isAlwaysShown(id: string): boolean {
  return !OCCASIONAL.includes(id.replace(/^conntrack\./, ''));
}
