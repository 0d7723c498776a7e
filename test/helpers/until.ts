/**
 * Waits until `condition` holds, checking ten times a second; a condition that throws does not hold yet.
 *
 * @throws when it does not hold after `seconds`; the cause is its last error.
 */
export async function until(what: string, seconds: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    // Checked once more after the deadline: a test that runs a command to its end checks nothing meanwhile.
    const isLast = performance.now() >= deadline;
    let cause: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    if (isLast) throw new Error(`not within ${seconds} seconds: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
