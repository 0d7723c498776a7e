/** Entries of every kind for `conntrack -R`. */

/** Entries of every protocol, some of them translated, marked or in a zone. */
export function mixedEntries(count: number): string[] {
  const translations = ['', '', ' -n 203.0.113.7', ' -g 192.0.2.8', ' -n 203.0.113.7 -g 192.0.2.8'];
  const replies = ['', ' -u SEEN_REPLY', ' -u SEEN_REPLY,ASSURED'];
  return Array.from({ length: count }, (_, entry) => {
    const [protocol, options] = kindOf(entry);
    const isV6 = protocol === 'icmpv6' || (protocol === 'tcp' && entry % 4 === 0);
    const host = `${88 + (entry >> 16)}.${(entry >> 8) & 255}.${entry & 255}`;
    const addresses = isV6 ? `-s fd88::${entry.toString(16)} -d fd99::1` : `-s 10.${host} -d 10.99.0.1`;
    const canTranslate = !isV6 && (protocol === 'tcp' || protocol === 'udp');
    const translation = canTranslate ? (translations[Math.floor(entry / 100) % translations.length] ?? '') : '';
    const mark = entry % 11 === 0 ? ` -m ${entry % 1000}` : '';
    const zone = entry % 13 === 0 ? ` -w ${1 + (entry % 5)}` : '';
    const reply = replies[Math.floor(entry / 7) % replies.length] ?? '';
    return `-A -t 3600 ${addresses} -p ${protocol} ${options}${translation}${reply}${mark}${zone}`;
  });
}

/** Protocol of an entry, and options that it needs. */
function kindOf(entry: number): readonly [string, string] {
  const ports = `--sport ${1024 + (entry % 50_000)} --dport ${[443, 80, 22, 3306][entry % 4]}`;
  const number = entry % 60_000;
  switch (entry % 10) {
    case 0:
    case 1:
      return ['udp', ports];
    case 2:
      return ['icmp', `--icmp-type 8 --icmp-code 0 --icmp-id ${number}`];
    case 3:
      return ['icmpv6', `--icmpv6-type 128 --icmpv6-code 0 --icmpv6-id ${number}`];
    case 4:
      return ['sctp', `${ports} --state ESTABLISHED --orig-vtag 1 --reply-vtag 2`];
    case 5:
      return ['gre', `--srckey ${number} --dstkey 7`];
    case 6:
      return entry % 20 < 10 ? ['udplite', ports] : ['50', ''];
    default:
      return ['tcp', `${ports} --state ${['ESTABLISHED', 'TIME_WAIT', 'SYN_SENT', 'CLOSE'][entry % 4]}`];
  }
}
