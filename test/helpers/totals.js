/**
 * Totals of a test run, from what vitest's JSON reporter has written:
 *
 * - `node test/helpers/totals.js failed RESULTS` prints the files below test/e2e and test/kernels that failed, one a line;
 * - `node test/helpers/totals.js count STATUS RESULTS [AGAIN]…` prints how many tests passed, failed and were skipped, on
 *   one line. STATUS is the exit status of the run. AGAIN are results of files that were run once more: a test counts as
 *   failed only if it did not pass there either.
 *
 * A missing or cut RESULTS counts as one failed test; so does a run that failed without a failed test, as a file may not
 * load or a hook may fail. A missing AGAIN changes nothing.
 */

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Tests with real clocks, which a busy machine can disturb. */
const REAL_CLOCKS = /^test\/(?:e2e|kernels)\//;

/** The files of a run by path, each with the status of every test by name; nothing if the run was killed. */
function filesOf(results) {
  let text;
  try {
    text = JSON.parse(readFileSync(results, 'utf8'));
  } catch {
    return undefined;
  }
  const files = text.testResults.map(({ assertionResults, name, status }) => {
    const tests = new Map();
    for (const { fullName, status: result } of assertionResults) {
      let key = fullName;
      while (tests.has(key)) key += ' (same name)';
      tests.set(key, result);
    }
    const hasFailedTest = [...tests.values()].includes('failed');
    return [relative('.', name), { tests, failed: status === 'failed', broken: status === 'failed' && !hasFailedTest }];
  });
  return new Map(files);
}

/** The status of every test of a file that was run once more, or of one test in place of all if a hook failed. */
function merged(first, again) {
  const statuses = [...new Set([...first.tests.keys(), ...again.tests.keys()])].map((name) => {
    const [before = 'skipped', after = 'skipped'] = [first.tests.get(name), again.tests.get(name)];
    if (before === 'passed' || after === 'passed') return 'passed';
    return before === 'failed' ? before : after;
  });
  const broken = again.failed && (first.broken || again.broken) && !statuses.includes('failed');
  return broken ? [...statuses, 'failed'] : statuses;
}

function failedFiles(results) {
  const files = [...(filesOf(results) ?? [])];
  return files.filter(([path, { failed }]) => failed && REAL_CLOCKS.test(path)).map(([path]) => path);
}

function count(status, results, repeated) {
  const files = filesOf(results);
  if (files === undefined) return '0 1 0';
  const again = new Map(repeated.flatMap((path) => [...(filesOf(path) ?? [])]));
  const statuses = [...files].flatMap(([path, file]) => merged(file, again.get(path) ?? file));
  // An error outside of every test.
  if (status !== '0' && ![...files.values()].some(({ failed }) => failed)) statuses.push('failed');
  const passed = statuses.filter((each) => each === 'passed').length;
  const failed = statuses.filter((each) => each === 'failed').length;
  return `${passed} ${failed} ${statuses.length - passed - failed}`;
}

const [command, ...words] = process.argv.slice(2);
const [first, second, ...rest] = words;
if (command === 'failed' && words.length === 1) {
  process.stdout.write(
    failedFiles(first)
      .map((path) => `${path}\n`)
      .join(''),
  );
} else if (command === 'count' && words.length >= 2) {
  process.stdout.write(`${count(first, second, rest)}\n`);
} else {
  process.stderr.write('usage: node test/helpers/totals.js failed RESULTS | count STATUS RESULTS [AGAIN]…\n');
  process.exitCode = 1;
}
