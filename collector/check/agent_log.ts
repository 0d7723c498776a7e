/** What the agent's log says of the plugin's end: 1.37 writes `error.log`, 2.x `daemon.log`, or the journal. */

import { exists } from '../procfs/file.ts';
import { type CheckFileSystem, readEnd } from './files.ts';

const FILES = ['daemon.log', 'error.log'];
const JOURNAL = 'journalctl --namespace netdata, or journalctl -u netdata';
/** The end of a log that is read, in bytes. */
const LONGEST = 1024 * 1024;

/**
 * A line of 2.x, with its time in UTC, or of 1.37, with its local time:
 *
 *     time=2026-11-21T17:57:48.937Z … msg="PLUGINSD: 'host:a', '/…/conntrack.plugin' (pid 7) exited abnormally. Disabling it."
 *     2026-11-21 17:57:48: netdata ERROR : … '/…/conntrack.plugin' (pid 7) exited with error code 1 …
 */
const EXIT =
  /^(?:time=)?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z?).*conntrack\.plugin' (\(pid \d+\) [^"\n]*(?:exited|killed|isabl)[^"\n]*)/gm;

/**
 * The log's last message on the plugin's end; `undefined` where there is none, or the log may not be read.
 *
 * @param after seconds since the epoch; earlier lines are ignored.
 */
export function lastExit(fs: CheckFileSystem, directory: string | undefined, after: number): string | undefined {
  const file = fileIn(fs, directory);
  const lines = (file === undefined ? undefined : readEnd(fs, file, LONGEST))?.matchAll(EXIT) ?? [];
  const [, date, time, zone, exit] = [...lines].at(-1) ?? [];
  return Date.parse(`${date}T${time}${zone}`) / 1000 >= after ? exit?.trim() : undefined;
}

/** Where a person finds the log. */
export function logName(fs: CheckFileSystem, directory: string | undefined): string {
  return fileIn(fs, directory) ?? JOURNAL;
}

function fileIn(fs: CheckFileSystem, directory: string | undefined): string | undefined {
  const paths = directory === undefined ? [] : FILES.map((name) => `${directory}/${name}`);
  return paths.find((path) => exists(fs, path));
}
