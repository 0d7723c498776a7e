/** The status of an entry in the words of `conntrack`. */

import {
  IPS_ASSURED,
  IPS_CONFIRMED,
  IPS_DST_NAT,
  IPS_DYING,
  IPS_EXPECTED,
  IPS_FIXED_TIMEOUT,
  IPS_HELPER,
  IPS_HW_OFFLOAD,
  IPS_OFFLOAD,
  IPS_SEEN_REPLY,
  IPS_SRC_NAT,
} from '../netlink/flow.ts';

/** What an entry is without {@link IPS_SEEN_REPLY}. */
export const UNREPLIED = 'UNREPLIED';

/** Bits by name, in the order in which they are shown. */
export const FLAGS: Readonly<Record<string, number>> = {
  SEEN_REPLY: IPS_SEEN_REPLY,
  ASSURED: IPS_ASSURED,
  EXPECTED: IPS_EXPECTED,
  CONFIRMED: IPS_CONFIRMED,
  SRC_NAT: IPS_SRC_NAT,
  DST_NAT: IPS_DST_NAT,
  HELPER: IPS_HELPER,
  DYING: IPS_DYING,
  FIXED_TIMEOUT: IPS_FIXED_TIMEOUT,
  OFFLOAD: IPS_OFFLOAD,
  HW_OFFLOAD: IPS_HW_OFFLOAD,
};

/** Every entry of the table is confirmed; translations are in separate columns. */
const HIDDEN = IPS_CONFIRMED | IPS_SRC_NAT | IPS_DST_NAT;
const SHOWN = Object.entries(FLAGS).filter(([, bit]) => (bit & HIDDEN) === 0);

const texts = new Map<number, string>();

/** The flags of a status, such as `SEEN_REPLY,ASSURED`; `UNREPLIED` if no reply was seen. */
export function flagsText(status: number): string {
  let text = texts.get(status);
  if (text === undefined) {
    const names = SHOWN.filter(([, bit]) => (status & bit) !== 0).map(([name]) => name);
    if ((status & IPS_SEEN_REPLY) === 0) names.unshift(UNREPLIED);
    text = names.join(',');
    // There are few combinations; a broken kernel must not fill the memory.
    if (texts.size < 1024) texts.set(status, text);
  }
  return text;
}
