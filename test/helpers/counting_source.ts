/** The source of the counts of sockets, on a host in memory. */

import { SocketSource } from '../../collector/modules/sockets/socket_source.ts';
import { Host } from '../../collector/procfs/host.ts';
import { RecordingLog } from './recording_log.ts';
import { counted, finish, SOCKETS, SocketHost, type SocketStates } from './socket_host.ts';

export type ReadFrom = 'auto' | 'netlink' | 'procfs';

/** Counts the sockets of a host. */
export class Counting {
  readonly log = new RecordingLog();
  readonly host: SocketHost;
  readonly source: SocketSource;
  /** The seconds of the counts that were second tries. */
  readonly secondTries: number[] = [];

  constructor(readFrom: ReadFrom, states: SocketStates = SOCKETS) {
    this.host = new SocketHost(states);
    const { connect, volume } = this.host;
    this.source = new SocketSource({ fs: volume, host: new Host(volume, ''), log: this.log, connect, readFrom });
  }

  count(second = 500): Record<string, Record<string, number>> {
    const { isSecondTry, tallies } = finish(this.source.count(second * 1e6));
    if (isSecondTry) this.secondTries.push(second);
    return counted(tallies);
  }
}
