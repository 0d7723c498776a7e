/** Users and groups of the host. Source: passwd(5) and group(5). */

import { type CheckFileSystem, readText } from './files.ts';

export interface Account {
  /** The uid, if the user has no name. */
  readonly user: string;
  readonly uid: number;
  /** The gid, if the group has no name. */
  readonly group: string;
  readonly gid: number;
  /** Supplementary groups of a running process; `undefined` if only the user is known. */
  readonly groups: readonly number[] | undefined;
}

export function accountNamed(fs: CheckFileSystem, name: string): Account | undefined {
  const [, , uid, gid] = entries(fs, '/etc/passwd').find(([user]) => user === name) ?? [];
  return uid === undefined || gid === undefined ? undefined : accountOf(fs, { uid: Number(uid), gid: Number(gid) });
}

export function accountOf(
  fs: CheckFileSystem,
  { gid, groups, uid }: Pick<Account, 'uid' | 'gid'> & Partial<Account>,
): Account {
  return { user: userName(fs, uid), uid, group: nameOf(fs, '/etc/group', gid), gid, groups };
}

export function userName(fs: CheckFileSystem, uid: number): string {
  return nameOf(fs, '/etc/passwd', uid);
}

function nameOf(fs: CheckFileSystem, file: string, id: number): string {
  const [name] = entries(fs, file).find(([, , number]) => number === String(id)) ?? [];
  return name ?? String(id);
}

function entries(fs: CheckFileSystem, file: string): string[][] {
  return (readText(fs, file) ?? '').split('\n').map((line) => line.split(':'));
}
