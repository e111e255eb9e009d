/** Columns of `monitor.db`. */
import { refuse } from '../bytes/refusal.ts';
import { columnReader } from '../platform/rows.ts';

export const { damaged, number, numberOrNull, text } = columnReader((column) =>
  refuse(
    'corrupt-store',
    `monitor.db holds what this program never wrote (${column}): move it away, and the monitor makes a new one`,
  ),
);
