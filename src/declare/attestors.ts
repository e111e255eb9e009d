/**
 * `attestors` of a claims file: the agents that must agree (class E2), by their keys' `kid`s as
 * `policy show` prints them, and how many of them.
 *
 *     attestors: { threshold: 2, kids: [9f86d081…, 60303ae2…, fd61a03a…] }
 */
import { digest } from '../bytes/brand.ts';
import { parseHex } from '../bytes/text.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import { fault, Fields } from './fields.ts';
import type { TreeMap } from './leaf.ts';

/** Refuses `malformed-payload`. */
export function attestorsOf(map: TreeMap): NonNullable<Declaration['attestors']> {
  const fields = new Fields(map, 'attestors');
  const threshold = fields.needed('threshold', fields.whole('threshold'));
  const kids = fields.texts('kids').map((text, i) => {
    if (!/^[0-9a-f]{64}$/.test(text))
      throw fault(`attestors.kids[${i}]`, 'takes the thumbprint of a key: 64 hexadecimal digits');
    return digest(parseHex(text));
  });
  fields.end();
  if (threshold < 1 || threshold > kids.length)
    throw fault('attestors.threshold', `takes a number from 1 to ${kids.length}, the number of kids`);
  return { threshold, kids };
}

/** Refuses `malformed-payload` for a claim of class E2 if fewer than two agents must agree: no proof could reach E2. */
export function checkAttested(
  claims: readonly Pick<Claim, 'id' | 'minEvidence'>[],
  attestors: Declaration['attestors'],
): void {
  const claim = claims.find(({ minEvidence }) => minEvidence === 'E2');
  if (claim !== undefined && (attestors?.threshold ?? 0) < 2)
    throw fault(
      `claim ${claim.id}`,
      'asks for class E2, and no two agents are named: say attestors: { threshold: 2, kids: [KID, KID] } with kids as policy show prints them',
    );
}
