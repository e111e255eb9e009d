/** Entries that a log under the policy of world.ts must never have taken, each with the refusal it should have met. */
import { digest } from '../../src/bytes/brand.ts';
import { parseHex } from '../../src/bytes/text.ts';
import {
  approvalStatement,
  commitmentStatement,
  entryIdOf,
  otherStatement,
  people,
  proofStatement,
} from './world.ts';

/** One or more entries to append, of which the last should have been refused with `code`. */
export interface Refused {
  readonly code: string;
  readonly entries: readonly Uint8Array[];
}

/** The last byte of a statement is the last of its signature. */
export async function badSignature(subject: string): Promise<Refused> {
  const entry = Uint8Array.from(await otherStatement(subject));
  const last = entry.length - 1;
  entry[last] = ((entry[last] ?? 0) + 1) % 256;
  return { code: 'bad-signature', entries: [entry] };
}

/** A commitment signed by an agent. */
export async function wrongRole(subject: string): Promise<Refused> {
  return { code: 'wrong-role', entries: [await commitmentStatement(subject, {}, people.agent)] };
}

/** Signed by a key that the policy does not enrol. */
export async function unknownKey(subject: string): Promise<Refused> {
  return { code: 'unknown-key', entries: [await otherStatement(subject, people.stranger)] };
}

/** The same bytes twice. */
export async function duplicate(subject: string): Promise<Refused> {
  const entry = await otherStatement(subject);
  return { code: 'duplicate', entries: [entry, entry] };
}

/** Bytes that are no statement. */
export function noStatement(): Refused {
  return { code: 'malformed-cbor', entries: [new TextEncoder().encode('what is this')] };
}

/** A chain of proofs that begins well and whose third link repeats the number of the second. */
export async function brokenChain(subject: string): Promise<Refused> {
  const commitment = await commitmentStatement(subject);
  const id = entryIdOf(commitment);
  const first = await proofStatement(subject, id, 0, undefined);
  const second = await proofStatement(subject, id, 1, entryIdOf(first));
  const again = await proofStatement(subject, id, 1, entryIdOf(second));
  return { code: 'chain-broken', entries: [commitment, first, second, again] };
}

/** A chain of proofs that leaves a link out. */
export async function gapInChain(subject: string): Promise<Refused> {
  const commitment = await commitmentStatement(subject);
  const id = entryIdOf(commitment);
  const first = await proofStatement(subject, id, 0, undefined);
  const third = await proofStatement(subject, id, 2, entryIdOf(first));
  return { code: 'chain-broken', entries: [commitment, first, third] };
}

/** A commitment that its own author approves. */
export async function ownApproval(subject: string): Promise<Refused> {
  const commitment = await commitmentStatement(subject, {}, people.approver);
  const approval = await approvalStatement(subject, entryIdOf(commitment), people.approver);
  return { code: 'own-commitment', entries: [commitment, approval] };
}

/** Two commitments that both say that they follow the first. */
export async function forkedOrder(subject: string): Promise<Refused> {
  const first = await commitmentStatement(subject);
  const supersedes = digest(parseHex(entryIdOf(first)));
  const second = await commitmentStatement(subject, { supersedes });
  const rival = await commitmentStatement(subject, { supersedes, environment: 'rival' });
  return { code: 'superseded-meanwhile', entries: [first, second, rival] };
}

/** A commitment that says it is the first of its subject, long after the first. */
export async function orderBegunAgain(subject: string): Promise<Refused> {
  const { entries } = await forkedOrder(subject);
  const again = await commitmentStatement(subject, { environment: 'again' });
  return { code: 'superseded-meanwhile', entries: [...entries.slice(0, 2), again] };
}

/** An approval of a commitment that another has followed. */
export async function lateApproval(subject: string): Promise<Refused> {
  const { entries } = await forkedOrder(subject);
  const [first] = entries;
  if (first === undefined) throw new Error('no commitment');
  return {
    code: 'superseded-meanwhile',
    entries: [...entries.slice(0, 2), await approvalStatement(subject, entryIdOf(first))],
  };
}
