import type { Signs } from './signs.ts';

/** The filled part of a bar and the rest of it. */
export interface Bar {
  readonly filled: string;
  readonly rest: string;
}

/** A bar of `width` columns, filled to `share` from 0 to 1. What is not 0 is seen. */
export function bar(share: number, width: number, { parts, rest, whole }: Signs): Bar {
  const steps = parts.length + 1;
  const filled = Math.min(width * steps, Math.max(Math.round(share * width * steps), share > 0 ? 1 : 0));
  const text = whole.repeat(Math.floor(filled / steps)) + (parts[(filled % steps) - 1] ?? '');
  return { filled: text, rest: rest.repeat(width - text.length) };
}
