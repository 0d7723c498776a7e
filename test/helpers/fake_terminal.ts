/** A terminal in memory: its display, its keyboard, and whether the process is in its foreground. */

import { EventEmitter } from 'node:events';

export class FakeDisplay extends EventEmitter {
  columns = 0;
  rows = 0;
  written = '';

  write(text: string): void {
    this.written += text;
  }
}

export class FakeKeyboard extends EventEmitter {
  isRaw = false;

  isRead = false;

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  pause(): void {
    this.isRead = false;
  }

  resume(): void {
    this.isRead = true;
  }
}

export class FakeJobControl {
  isInForeground = true;
  measured = 0;

  isForeground(): boolean {
    return this.isInForeground;
  }

  measure(): void {
    this.measured++;
  }
}
