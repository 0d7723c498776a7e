import type { FileSystem } from '../procfs/file.ts';

/** The part of Node's `fs` that finds namespaces; memfs fits too. */
export interface NamespaceFileSystem extends FileSystem {
  readdirSync(path: string): readonly string[];
  statSync(path: string): { ino: number; mtimeMs: number };
  statSync(path: string, options: { bigint: true }): { ino: bigint; ctimeNs: bigint };
}

/** The inode of a file, such as `/proc/PID/net/dev`; `undefined` if this process cannot see the file. */
export function inodeOf(fs: Pick<FileSystem, 'statSync'>, path: string): number | undefined {
  try {
    return Number(fs.statSync(path).ino);
  } catch {
    return undefined;
  }
}
