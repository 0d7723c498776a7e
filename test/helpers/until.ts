/**
 * Waits until `condition` holds, checking ten times a second; a condition that throws does not hold yet.
 *
 * @throws when it does not hold after `seconds`; the cause is its last error.
 */
export async function until(what: string, seconds: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  let cause: unknown;
  do {
    try {
      if (await condition()) return;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() < deadline);
  throw new Error(`not within ${seconds} seconds: ${what}`, { cause });
}
