/**
 * `validity` of a claims file: from when on, and until when, a commitment counts. Before it nothing is proven or due; after it
 * every claim is STALE.
 *
 *     validity: { notBefore: "2026-12-01T00:00:00Z", notAfter: "2027-06-01T00:00:00Z" }
 */
import type { Declaration } from '../statement/commitment.ts';
import { fault, Fields } from './fields.ts';
import type { TreeMap } from './leaf.ts';

/** RFC 3339 in UTC, whole seconds; a day alone is its first second. */
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/;

/** Refuses `malformed-payload`. */
export function validityOf(map: TreeMap): NonNullable<Declaration['validity']> {
  const fields = new Fields(map, 'validity');
  const [notBefore, notAfter] = [timeOf(fields, 'notBefore'), timeOf(fields, 'notAfter')];
  fields.end();
  if (notBefore === undefined && notAfter === undefined)
    throw fault('validity', 'takes notBefore, notAfter or both');
  if ((notBefore ?? 0) >= (notAfter ?? Infinity))
    throw fault('validity.notAfter', 'must be later than notBefore');
  return { ...(notBefore !== undefined && { notBefore }), ...(notAfter !== undefined && { notAfter }) };
}

/** POSIX seconds; undefined when the field is absent. */
function timeOf(fields: Fields, name: 'notBefore' | 'notAfter'): number | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes the 31st of every month for the 1st or so of the next.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.replace('Z', '')))
    throw fault(
      `validity.${name}`,
      'takes a time such as "2026-12-01T00:00:00Z", in quotes, or a day such as "2026-12-01"',
    );
  return ms / 1000;
}
