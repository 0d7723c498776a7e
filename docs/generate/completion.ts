/** Completion of the command line in bash, from the usage in the help. */

import type { Help } from './help.ts';

/** Options that take a file, by what the usage calls their value. */
const FILE = 'FILE';

/**
 * A script for bash. It completes commands, and after a command the options that the usage names with it.
 *
 * Source: https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
 */
export function bashCompletion({ commands, usage }: Help): string {
  const names = commands.map(({ term }) => term);
  const calls = usage.map((line) => ({
    command: names.find((name) => line.split(' ')[1] === name),
    options: [...line.matchAll(/(--[a-z-]+)(?: ([A-Z]+))?/g)].map(([, name = '', value]) => ({ name, value })),
  }));
  const optionsOf = (wanted: string | undefined): string =>
    calls.flatMap(({ command, options }) => (command === wanted ? options.map(({ name }) => name) : [])).join(' ');
  const valued = new Map(calls.flatMap(({ options }) => options.map(({ name, value }) => [name, value] as const)));
  const withValue = [...valued].flatMap(([name, value]) => (value === undefined || value === FILE ? [] : [name]));
  const withFile = [...valued].flatMap(([name, value]) => (value === FILE ? [name] : []));
  return `# Completion of conntrack.plugin for bash
_conntrack_plugin() {
  local current=\${COMP_WORDS[COMP_CWORD]} word words='${[...names, optionsOf(undefined)].join(' ')}'
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD - 1]} in
    ${withFile.join(' | ')})
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    ${withValue.join(' | ')}) return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
${names.map((name) => `      ${name}) words='${optionsOf(name)}' ;;\n`).join('')}    esac
  done
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _conntrack_plugin conntrack.plugin
`;
}
