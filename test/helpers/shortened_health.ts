/**
 * The health file with shorter lookbacks, for agents in tests: an agent evaluates an alert only once it has data for the
 * whole lookback. Only times differ from the real file.
 */

/** The lookback of conntrack_full alone. */
export function shortenFull(health: string): string {
  return health.replace(' max -1m unaligned of used', ' max -5s unaligned of used').replace(/every: .*/, 'every: 1s');
}

/**
 * A twentieth of the lookback of conntrack_time_to_full, which is still in minutes, and a twelfth of that of
 * conntrack_full. Alerts on the table are evaluated every second.
 */
export function shortenTable(health: string): string {
  return withTemplates(health, /^conntrack_/, (template) =>
    everySecond(template)
      .replace(' max -1m unaligned of used', ' max -5s unaligned of used')
      .replace(' max -1m at -4m unaligned of connections', ' max -3s at -12s unaligned of connections')
      .replace(' min -1m unaligned of connections', ' min -3s unaligned of connections')
      .replace('$conntrack_connections_before) / 3\n', '$conntrack_connections_before) * 20 / 3\n'),
  );
}

/**
 * Five seconds instead of the lookbacks of the alerts on drops, failed insertions and full tables of namespaces, and of
 * those on drops and failed insertions of the host. They are evaluated every second.
 */
export function shortenNamespaces(health: string): string {
  return withTemplates(health, /^conntrack_(?:namespace_|drops|insert_failed)/, (template) =>
    everySecond(template).replace(/^( *lookup: \w+) -\d+m /m, '$1 -5s '),
  );
}

/**
 * A sixtieth of every time of sockets_close_wait_growing and of its inputs, and 20 seconds instead of the day of a leak
 * and of the six hours of the usual level. sockets_syn_recv_high looks back 15 seconds, and the usual level ends before
 * them.
 */
export function shortenSockets(health: string): string {
  const sixtieth = (times: string): string =>
    times
      .replaceAll('-1d', '-20s')
      .replaceAll(/(?<=\d)m/g, 's')
      .replaceAll(/(?<=\d)h/g, 'm');
  const leaks = withTemplates(health, /^sockets_close_wait_/, (template) =>
    template.replaceAll(/^ *(?:lookup|every|delay): .*$/gm, sixtieth),
  );
  return withTemplates(leaks, /^sockets_syn_recv_/, (template) =>
    everySecond(template)
      .replace(' average -6h at -10m unaligned of syn_recv', ' average -20s at -20s unaligned of syn_recv')
      .replace(' min -1m unaligned of syn_recv', ' min -15s unaligned of syn_recv'),
  );
}

/**
 * A 240th of the lookbacks of conntrackd, in whole seconds, and a tenth of that of conntrackd_down. All alerts of
 * conntrackd are evaluated every second.
 */
export function shortenConntrackd(health: string): string {
  const quarter = (number: string): string => String(Math.ceil(Number(number) / 4));
  return withTemplates(health, /^conntrackd_/, (template) =>
    everySecond(template)
      .replace(/^ *lookup: .*$/m, (line) => line.replaceAll(/\d+(?=m )/g, quarter).replaceAll(/(?<=\d)m /g, 's '))
      .replace(/^( *lookup: \S+) -30s /m, '$1 -3s '),
  );
}

/** The templates of a health file by name; the text before the first has the empty name. */
export function templatesOf(health: string): (readonly [name: string, text: string])[] {
  const texts = health.split(/^(?= *(?:template|alarm): )/m);
  return texts.map((text) => [/^ *(?:template|alarm): (\S+)/.exec(text)?.[1] ?? '', text]);
}

/** Changes the templates whose names match. */
function withTemplates(health: string, names: RegExp, change: (template: string) => string): string {
  return templatesOf(health)
    .map(([name, text]) => (names.test(name) ? change(text) : text))
    .join('');
}

function everySecond(template: string): string {
  return template.replace(/^( *every:) .*$/m, '$1 1s');
}
