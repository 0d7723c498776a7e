/** The real clock, for end-to-end tests. */

export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, count) * 1000));
}

/** Waits some seconds and returns the time in whole seconds since the epoch. */
export async function wallSeconds(ahead: number): Promise<number> {
  await seconds(ahead);
  return Math.floor(Date.now() / 1000);
}
