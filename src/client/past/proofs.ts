/** Reads the proofs of a period, and the links of each agent's chain next before and after it. */
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { SubjectEntry } from '../../appraisal/history.ts';
import type { Role } from '../../statement/policy.ts';
import type { Listed } from '../search.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Reach } from './reach.ts';

/** Most proofs of one period, and most bytes of them: they are all in memory at once. */
export const MOST_PROOFS = 100_000;
const MOST_BYTES = 268_435_456;
/** Proofs that are read before the sum of their bytes is checked again. */
const STEP = 1_000;
/** Most keys whose links next to the period are searched. Keys with a proof in the period come first. */
const MOST_KEYS = 256;
/** Entries after the period that the first search for a link covers; each further search covers four times as many. */
const FIRST_STEP = 4_096;

const AGENT: Role = 'agent';

/** Rows of every proof in reach of a period, and after it as far as it goes, oldest first. Refuses `too-large`. */
export async function proofsBetween(
  snapshot: Snapshot,
  subject: string,
  { from, further }: Reach,
  most: number,
): Promise<readonly Listed[]> {
  const rows: Listed[] = [];
  for await (const page of snapshot.pages({ subject, kind: 'proof', from, before: further })) {
    rows.push(...page.rows);
    if (rows.length > most) throw tooLarge(subject, `more than ${most} proofs`);
  }
  return rows.toReversed();
}

/** The proofs of these rows. Refuses `too-large`. */
export async function readProofs(
  snapshot: Snapshot,
  subject: string,
  rows: readonly Listed[],
): Promise<readonly SubjectEntry[]> {
  const proofs: SubjectEntry[] = [];
  let bytes = 0;
  for (let at = 0; at < rows.length; at += STEP) {
    const read = await snapshot.read(rows.slice(at, at + STEP), 'proof');
    for (const { parsed } of read) bytes += parsed.entry.length;
    if (bytes > MOST_BYTES) throw tooLarge(subject, `proofs of more than ${MOST_BYTES} bytes`);
    proofs.push(...read);
  }
  return proofs;
}

function tooLarge(subject: string, what: string): Error {
  return refuse('too-large', `"${printable(subject)}" has ${what} in the period: name a shorter one`);
}

/**
 * Of each agent key, its newest proof before the reach and the next one after it: a chain that goes on without a gap shows
 * that nothing in between was left out.
 */
export async function linksAround(
  snapshot: Snapshot,
  subject: string,
  { from, further }: Reach,
  proofs: readonly SubjectEntry[],
): Promise<{ readonly before: readonly SubjectEntry[]; readonly after: readonly SubjectEntry[] }> {
  const kids = [...new Set([...proofs.map(({ parsed }) => parsed.kid), ...agentsOf(snapshot, subject)])];
  const [before, after]: [Listed[], Listed[]] = [[], []];
  for (const kid of kids.slice(0, MOST_KEYS)) {
    before.push(...(await newestBefore(snapshot, subject, kid, from)));
    after.push(...(await firstFrom(snapshot, subject, kid, further)));
  }
  return { before: await snapshot.read(before, 'proof'), after: await snapshot.read(after, 'proof') };
}

/** Thumbprints of the agents' keys that any policy allows to prove something about the subject. */
function agentsOf({ policies }: Snapshot, subject: string): readonly string[] {
  return policies.steps.flatMap(({ policy }) =>
    [...policy.keys].flatMap(([kid, { enrolled, allows }]) =>
      enrolled.roles.includes(AGENT) && allows(subject) ? [kid] : [],
    ),
  );
}

async function newestBefore(
  snapshot: Snapshot,
  subject: string,
  kid: string,
  before: number,
): Promise<readonly Listed[]> {
  if (before === 0) return [];
  for await (const { rows } of snapshot.pages({ subject, kind: 'proof', kid, before }))
    if (rows.length > 0) return rows.slice(0, 1);
  return [];
}

async function firstFrom(
  snapshot: Snapshot,
  subject: string,
  kid: string,
  from: number,
): Promise<readonly Listed[]> {
  for (let [at, step] = [from, FIRST_STEP]; at < snapshot.size; [at, step] = [at + step, step * 4]) {
    const before = Math.min(at + step, snapshot.size);
    let first: Listed | undefined;
    for await (const { rows } of snapshot.pages({ subject, kind: 'proof', kid, from: at, before }))
      first = rows.at(-1) ?? first;
    if (first !== undefined) return [first];
  }
  return [];
}
