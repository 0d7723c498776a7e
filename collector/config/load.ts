/**
 * Finds and reads `conntrack.conf`: in Netdata's user configuration directory, then in the stock one.
 */

import { errorCode, reasonOf } from '../base/errors.ts';
import { ConfigError } from './error.ts';
import { type Config, defaultConfig } from './schema.ts';

/** The file's name in a configuration directory. */
export const CONFIG_FILE = 'conntrack.conf';

/** The first character of a setting. A text without any is empty, or has comments alone, as the stock file has. */
const SETTING = /^[ \t]*[^ \t\r\n#]/m;

/** The part of Node's `fs` that reading the configuration needs. */
export interface ConfigFileSystem {
  readFileSync(path: string, encoding: 'utf8'): string;
}

/** A configuration and its file; `undefined` without one. */
export interface LoadedConfig {
  readonly config: Config;
  readonly file: string | undefined;
}

/**
 * Loads the requested file, or else the first that exists in `directories`, or else the defaults.
 *
 * @throws {ConfigError} when the requested file is missing, or the file cannot be read or is invalid.
 */
export async function loadConfig(
  fs: ConfigFileSystem,
  requested: string | undefined,
  directories: readonly (string | undefined)[],
): Promise<LoadedConfig> {
  if (requested !== undefined) return { config: await parse(requested, readText(fs, requested)), file: requested };
  for (const directory of directories) {
    if (directory === undefined) continue;
    const file = `${directory}/${CONFIG_FILE}`;
    const text = readIfThere(fs, file);
    if (text !== undefined) return { config: await parse(file, text), file };
  }
  return { config: defaultConfig(), file: undefined };
}

/** Loads the parser only if there is something to parse: it takes a tenth of the program's start. */
async function parse(file: string, text: string): Promise<Config> {
  if (!SETTING.test(text)) return defaultConfig();
  const { parseConfig } = await import('./parse.ts');
  return parseConfig(file, text);
}

function readText(fs: ConfigFileSystem, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(file, [{ line: undefined, text: `cannot be read: ${reasonOf(error)}` }], { cause: error });
  }
}

function readIfThere(fs: ConfigFileSystem, file: string): string | undefined {
  try {
    return readText(fs, file);
  } catch (error) {
    const code = error instanceof Error ? errorCode(error.cause) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
