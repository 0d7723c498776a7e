import { describe, expect, it } from 'vitest';

import { Handles } from '../../collector/namespaces/handles.ts';
import { FakeProcfs } from '../helpers/fake_procfs.ts';
import { problemIn } from '../helpers/problems.ts';

const FILE = '/proc/1234/net/dev';

function scene(): { fs: FakeProcfs; handles: Handles; found: string[] } {
  const fs = FakeProcfs.withProcess(40);
  const found: string[] = [];
  const handles = new Handles(fs, '/proc/1234/net', (name) => {
    found.push(name);
    return fs.openSync(`/proc/1234/net/${name}`);
  });
  return { fs, handles, found };
}

describe('a handle', () => {
  it('is found once and leads to the same file, whatever its path leads to', () => {
    const { found, fs, handles } = scene();
    expect(fs.textOf(handles.open('dev'))).toBe('dev of 40');
    fs.put(60);
    expect(fs.textOf(handles.open('dev'))).toBe('dev of 40');
    expect(found).toEqual(['dev']);
  });

  it.each(['ENOENT', 'ENXIO'])('whose file is gone with %s is replaced by another', (code) => {
    const { found, fs, handles } = scene();
    fs.closeSync(handles.open('dev'));
    const [node] = [...fs.opened.values()].map((open) => open.node);
    if (node !== undefined) node.gone = code;
    fs.put(60);
    expect(fs.textOf(handles.open('dev'))).toBe('dev of 60');
    expect(found).toEqual(['dev', 'dev']);
    expect(fs.opened.size).toBe(2);
  });

  it('that cannot be opened for another reason is kept, and the error names the file', () => {
    const { found, fs, handles } = scene();
    fs.closeSync(handles.open('dev'));
    const [node] = [...fs.opened.values()].map((open) => open.node);
    if (node !== undefined) node.gone = 'EMFILE';
    expect(() => handles.open('dev')).toThrow(`open ${FILE}: EMFILE: refused`);
    if (node !== undefined) delete node.gone;
    expect(fs.textOf(handles.open('dev'))).toBe('dev of 40');
    expect(found).toEqual(['dev']);
  });

  it('that cannot be found is an error with the code, and one of a vanishing namespace a problem', () => {
    const { fs, handles } = scene();
    expect(() => handles.open('tcp6')).toThrow('open /proc/1234/net/tcp6: ENOENT: refused');
    fs.errors.set(FILE, 'ENXIO');
    expect(problemIn(() => handles.open('dev'))).toMatchObject({ code: 'namespace_gone', target: '/proc/1234/net' });
  });

  it('is closed with the others', () => {
    const { fs, handles } = scene();
    for (const name of ['dev', 'stat/nf_conntrack', 'dev']) fs.closeSync(handles.open(name));
    expect(fs.opened.size).toBe(2);
    handles.close();
    expect(fs.opened.size).toBe(0);
  });
});
