/** Which file system a path is on. Source: proc_pid_mountinfo(5). */

/**
 * Where the file system of a path is mounted, if it is mounted so that no file on it can have capabilities.
 *
 * @param mountinfo the text of `/proc/self/mountinfo`.
 * @param path absolute, without links.
 */
export function nosuidMount(mountinfo: string, path: string): string | undefined {
  let found = { point: '', isNosuid: false };
  for (const line of mountinfo.split('\n')) {
    const [, , , , escaped, options] = line.split(' ');
    if (escaped === undefined || options === undefined) continue;
    const point = escaped.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    const isAbove = point === '/' || path === point || path.startsWith(`${point}/`);
    // Of two at one place the later one hides the other.
    if (isAbove && point.length >= found.point.length)
      found = { point, isNosuid: options.split(',').includes('nosuid') };
  }
  return found.isNosuid ? found.point : undefined;
}
