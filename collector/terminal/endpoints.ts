/** Addresses and their ports as one column: a person reads `10.0.0.1:443`, a program two fields. */

import type { Answer, Cell } from '../functions/answer.ts';
import { endpointText } from '../functions/flow_cells.ts';

const PORT = '_port';

/** The answer with each column `X_port` joined to the column `X`. */
export function withEndpoints(answer: Answer): Answer {
  const ids = answer.columns.map(({ id }) => id);
  /** By the place of an address, the place of its port. */
  const ports = new Map(
    ids.flatMap((id, port) => {
      const address = id.endsWith(PORT) ? ids.indexOf(id.slice(0, -PORT.length)) : -1;
      return address < 0 ? [] : [[address, port]];
    }),
  );
  const joined = new Set(ports.values());
  const keep = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, at) => !joined.has(at));
  return {
    ...answer,
    columns: keep(answer.columns),
    rows: answer.rows.map(({ cells, ...row }) => ({
      ...row,
      cells: keep(cells.map((cell, at) => endpoint(cell, cells[ports.get(at) ?? -1] ?? null))),
    })),
  };
}

function endpoint(address: Cell, port: Cell): Cell {
  return typeof address === 'string' && typeof port === 'number' ? endpointText(address, port) : address;
}
