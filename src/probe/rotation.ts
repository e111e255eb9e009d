/** The claim that a key is replaced in time, over earlier looks (spec/claims.md, "Keys that rotate"). */
import type { Parameter } from '../statement/commitment.ts';
import { HOUR, type Draft, type Pack } from './pack.ts';

const DAYS = 'p.days * 86400';

/**
 * The claim of a pack. `key`: where a look shows the key. No key that is in use was seen more than `p.days` ago, and no key that old was
 * seen once the key in use had been there for `p.settle` days. What the looks do not cover for `p.days` is UNKNOWN.
 */
function rotates(id: string, title: string, key: string): Draft {
  const inUse = (each: string): string => `${each}.${key} == o.${key}`;
  return {
    id,
    title,
    expr: [
      `o.${key} != ''`,
      `prev.covered >= ${DAYS}`,
      `!prev.seen.exists(k, ${inUse('k.o')} && k.first > ${DAYS})`,
      `!prev.seen.exists(k, k.first > ${DAYS} && prev.seen.exists(c, ${inUse('c.o')} && k.last < c.first - p.settle * 86400))`,
    ].join(' && '),
    minEvidence: 'E3',
    severity: 'high',
  };
}

/** Most days: ten years. */
const MOST_DAYS = 3_660;

/** Of no days nothing is old, and where keys settle as long as they live, an old one may come back at any time. */
function fault(params: ReadonlyMap<string, Parameter>): string | undefined {
  const [days, settle] = [params.get('days'), params.get('settle')];
  if (typeof days !== 'number' || days < 1 || days > MOST_DAYS)
    return `days is a whole number from 1 to ${MOST_DAYS}`;
  if (typeof settle === 'number' && settle >= 0 && settle < days) return undefined;
  return 'settle, the days in which all servers get the new key, is a whole number from 0, less than days';
}

/** The pack of a probe. `what`: the key, for people. */
export function rotationPack(id: string, what: string, key: string): Pack {
  return {
    summary: `${what} is replaced within params.days days, and the old one does not come back (over time, class E3)`,
    needs: ['days'],
    // Servers of one name may take a week to get the new key.
    defaults: { settle: 7 },
    fault,
    fastest: 24 * HOUR,
    claims: [rotates(id, `${what} was seen for at most p.days days, and no older one since`, key)],
  };
}
