/** The characters that bars and lines are drawn with; each is one column wide. */

export interface Signs {
  /** Of rising height; the first is 0. */
  readonly levels: readonly string[];
  /** Equal parts of a whole column, the smallest first; none where only whole ones can be drawn. */
  readonly parts: readonly string[];
  readonly whole: string;
  /** What is left of a bar. */
  readonly rest: string;
  /** Behind a title. */
  readonly rule: string;
  /** Where a text was cut. */
  readonly cut: string;
}

export const UNICODE: Signs = {
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  parts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉'],
  whole: '█',
  rest: '░',
  rule: '─',
  cut: '…',
};

export const ASCII: Signs = {
  levels: ['_', '.', ',', '-', '=', '+', '*', '#'],
  parts: [],
  whole: '#',
  rest: '.',
  rule: '-',
  cut: '~',
};
