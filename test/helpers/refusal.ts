import { parseConfig } from '../../collector/config/parse.ts';

/** The message of the error for this text of `conntrack.conf`; `accepted` if there is none. */
export function refusal(text: string): string {
  try {
    parseConfig('conntrack.conf', text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'accepted';
}
