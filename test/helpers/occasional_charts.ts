/** Charts that are drawn only on occasion: of source NAT, of new connections, or of a minute of dumps. */
const OCCASIONAL: readonly string[] = ['snat_ports', 'snat_endpoints', 'nat_search', 'stuck'];

/** Whether a chart is drawn whenever its module works; given its id, with or without the plugin's prefix. */
export function isAlwaysDrawn(id: string): boolean {
  return !OCCASIONAL.includes(id.replace(/^conntrack\./, ''));
}
