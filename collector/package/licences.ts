/**
 * The file `copyright`, in Debian's machine-readable form.
 * Source: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { license } from '../../package.json';

/** Debian's short names of licences, by those of SPDX. */
const SHORT_NAMES: Readonly<Record<string, string>> = { MIT: 'Expat', 'GPL-3.0-or-later': 'GPL-3+' };

/** The licence of the project, for a package that contains nothing else. Debian has the text in full. */
export const OWN_LICENCE = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: conntrack.plugin

${stanza(
  '*',
  '2026 The authors of conntrack.plugin',
  license,
  `This program is free software: you can redistribute it and/or modify it under
the terms of the GNU General Public License as published by the Free Software
Foundation, either version 3 of the License, or (at your option) any later
version.

This program is distributed in the hope that it will be useful, but WITHOUT ANY
WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS FOR A
PARTICULAR PURPOSE. See the GNU General Public License for more details.

On Debian systems, the full text of the GNU General Public License version 3 is
in /usr/share/common-licenses/GPL-3.`,
)}`;

/**
 * The text of `copyright` of the plugin's package: the licences of the project, of the bundled npm packages and of Node.js.
 *
 * @param dependencies the bundled npm packages.
 * @param modules the folder that they are installed in.
 * @throws if a package has no licence.
 */
export function licences(dependencies: readonly string[], modules: string): string {
  const node = `The licences of Node.js and of the libraries that it contains are in the file
nodejs-licences next to this one.`;
  return [
    OWN_LICENCE,
    ...dependencies.map((name) => bundled(name, join(modules, name))),
    stanza('Node.js', 'Node.js contributors, and the authors of the libraries that it contains', 'Node.js', node),
  ].join('\n');
}

/** The path of the licence in the folder of an npm package. */
export function licenceOf(folder: string): string {
  const found = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (found === undefined) throw new Error(`no licence in ${folder}`);
  return join(folder, found);
}

function bundled(name: string, folder: string): string {
  const text = readFileSync(licenceOf(folder), 'utf8').trim();
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const [, holder] = /^ *Copyright\b *(?:\([Cc]\))? *(.+)$/m.exec(text) ?? [];
  const author = typeof manifest.author === 'string' ? manifest.author : manifest.author.name;
  return stanza(`node_modules/${name}/*`, holder ?? author, manifest.license, text);
}

/** What an npm package says of itself. */
interface Manifest {
  readonly author: string | { readonly name: string };
  readonly license: string;
}

/** One paragraph; empty lines of the licence become dots. */
function stanza(files: string, holder: string, spdx: string, text: string): string {
  const indented = text.split('\n').map((line) => ` ${line.trimEnd() || '.'}\n`);
  return `Files: ${files}
Copyright: ${holder}
License: ${SHORT_NAMES[spdx] ?? spdx}
${indented.join('')}`;
}
