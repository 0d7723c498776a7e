/** Numbers as text for people. */

/** A whole number with thousands separators: `262,144`. */
export function inWhole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A rate: one decimal below 100, none above, and `<0.1` instead of `0.0` for a rate above 0. */
export function inRate(value: number): string {
  if (value >= 99.95) return inWhole(value);
  return value > 0 && value < 0.05 ? '<0.1' : value.toFixed(1);
}

/** `4.7 %`, from 4.7. */
export function inPercent(value: number): string {
  return `${inRate(value)} %`;
}
