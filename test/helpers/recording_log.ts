/** A log in memory. */

import type { Fields, Level, Log } from '../../collector/base/log.ts';

export interface Entry {
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields | undefined;
}

export class RecordingLog implements Log {
  readonly entries: Entry[] = [];

  /** The level and the message of each line. */
  get lines(): string[] {
    return this.entries.map(({ level, message }) => `${level} ${message}`);
  }

  /** The messages alone, in order. */
  get messages(): string[] {
    return this.entries.map(({ message }) => message);
  }

  error(message: string, fields?: Fields): void {
    this.entries.push({ level: 'error', message, fields });
  }

  warning(message: string, fields?: Fields): void {
    this.entries.push({ level: 'warning', message, fields });
  }

  notice(message: string, fields?: Fields): void {
    this.entries.push({ level: 'notice', message, fields });
  }

  info(message: string, fields?: Fields): void {
    this.entries.push({ level: 'info', message, fields });
  }

  debug(message: string, fields?: Fields): void {
    this.entries.push({ level: 'debug', message, fields });
  }
}
