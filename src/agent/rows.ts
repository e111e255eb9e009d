/** Columns of `agent.db`. */
import { refuse } from '../bytes/refusal.ts';
import { columnReader } from '../platform/rows.ts';

export const { number, numberOrNull, text, blob } = columnReader((column) =>
  refuse('corrupt-store', `column ${column} of agent.db holds what this program never wrote; restore it`),
);
