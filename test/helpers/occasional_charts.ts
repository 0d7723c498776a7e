/** Charts that are shown only on occasion: of connections, of new ones, of source NAT, or of a minute of dumps. */
const OCCASIONAL: readonly string[] = ['largest_share', 'snat_ports', 'snat_endpoints', 'nat_search', 'stuck'];

/** Whether a chart is shown whenever its module works; given its id, with or without the plugin's prefix. */
export function isAlwaysShown(id: string): boolean {
  return !OCCASIONAL.includes(id.replace(/^conntrack\./, ''));
}
