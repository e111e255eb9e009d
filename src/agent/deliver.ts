/**
 * Proofs on their way to the log, each chain in its order. A log that is away is asked again later; what it refuses
 * stays in the spool. A chain that does not continue the log's was continued by somebody else: that stops the agent.
 */
import { isOutage } from '../bytes/nature.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { twinOf } from '../cose/twin.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Listed, Page } from '../client/search.ts';
import type { LogPort, LoggedAs } from '../client/log-port.ts';
import type { SigningIdentity } from './draft.ts';
import { relink } from './relink.ts';
import type { Link, Spool, Waiting } from './spool.ts';

/** What became of a delivery. */
export interface Delivery {
  readonly delivered: readonly (Waiting & LoggedAs)[];
  /** Chains the log does not take: why, in its words. */
  readonly refused: readonly { readonly waiting: Waiting; readonly refusal: Refusal }[];
  /** Why the log could not be asked; undefined when it could. */
  readonly away: Refusal | undefined;
}

/** Sends what waits. `hand` signs again what continues from a proof that the log has by another id. Refuses `chain-broken` where the tree shows the other link, `inconsistent`, and what is damaged here. */
export async function deliver(log: LogPort, spool: Spool, signing: SigningIdentity): Promise<Delivery> {
  const delivered: (Waiting & LoggedAs)[] = [];
  const refused: { waiting: Waiting; refusal: Refusal }[] = [];
  const stuck = new Set<string>();
  for (const { n } of spool.waiting()) {
    const waiting = spool.waitingAt(n);
    if (waiting === undefined) continue;
    const chain = `${waiting.kid} ${waiting.subject}`;
    if (stuck.has(chain)) continue;
    try {
      const taken = await log.submit(waiting.statement);
      if (taken.id !== waiting.id)
        await relink(spool, signing, waiting, { id: taken.id, statement: taken.entry });
      spool.delivered(n, taken.index, taken.receipt);
      delivered.push({ ...waiting, ...taken });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code === 'chain-broken') {
        if (await hasRival(log, spool, waiting)) throw broken(waiting, error);
        return { delivered, refused, away: unshown(waiting, error) };
      }
      if (!FOR_NOW.has(error.code)) {
        if (isOutage(error)) return { delivered, refused, away: error };
        throw error;
      }
      spool.refused(n, `${error.code}: ${error.message}`);
      refused.push({ waiting, refusal: error });
      stuck.add(chain);
    }
  }
  return { delivered, refused, away: undefined };
}

/**
 * Whether the tree has a proof by this key of this subject that the spool did not make. Whoever says `chain-broken` signs
 * nothing; an entry that is read under a signed root does show it. Refuses what reading refuses.
 */
async function hasRival(log: LogPort, spool: Spool, { kid, subject }: Waiting): Promise<boolean> {
  return (await rivalOf(log, spool, { kid, subject })) !== undefined;
}

function unshown({ subject, seq }: Waiting, cause: Refusal): Refusal {
  return refuse(
    'unavailable',
    `the log refuses proof ${seq} of ${subject} and shows no other in its place (${cause.message}); it is kept, and sent again`,
    { cause },
  );
}

/** What a log refuses until its policy, or its commitments, are others. */
const FOR_NOW: ReadonlySet<string> = new Set([
  'unknown-key',
  'confirmation-missing',
  'wrong-role',
  'subject-not-allowed',
  'policy-rejected',
  'wrong-audience',
  'own-commitment',
  'unknown-commitment',
  'subject-mismatch',
  'limit-exceeded',
  'too-large',
  'malformed-payload',
  'unsupported-algorithm',
]);

/**
 * Holds the chain in the log against the one in the spool, before anything is signed. Refuses `chain-broken` when
 * the log's newest proof by this key is not ours, unless it is to be adopted.
 */
export async function checkChain(
  log: LogPort,
  spool: Spool,
  { kid, subject }: { readonly kid: string; readonly subject: string },
  adopt: boolean,
): Promise<void> {
  const link = await rivalOf(log, spool, { kid, subject });
  if (link === undefined) return;
  if (!adopt) throw foreign(subject, link);
  spool.adopt(kid, subject, link);
}

/** The log's newest proof of a chain, read in its tree, when the spool did not make it. Refuses `proof-failed` for another entry. */
async function rivalOf(
  log: LogPort,
  spool: Spool,
  { kid, subject }: { readonly kid: string; readonly subject: string },
): Promise<Link | undefined> {
  const newest = await newestOf(log.pages({ subject, kind: 'proof', kid }));
  const own = spool.link(kid, subject);
  if (newest === undefined || spool.has(newest.id) || own?.id === newest.id) return undefined;
  const parsed = parseStatement(await log.entry(newest));
  // Somebody posted our proof before us, in the other spelling of its signature: it is ours, and delivered as that.
  const twin = twinOf(parsed.statement.sign1);
  if (twin !== undefined && spool.has(twin.id)) return undefined;
  if (parsed.kind !== 'proof' || parsed.kid !== kid || parsed.subject !== subject)
    throw refuse(
      'proof-failed',
      `the log lists entry ${newest.index} as a proof by this key, and it is none`,
    );
  return { seq: parsed.proof.seq, id: newest.id, ended: parsed.proof.window.end };
}

function broken({ subject, seq }: Waiting, cause: Refusal): Refusal {
  return refuse(
    'chain-broken',
    `the log has another proof of ${subject} by this key where number ${seq} belongs: somebody else signs with it, or ` +
      'this directory was put back. Stop them, or revoke the key; if it was you, go on with `tallystick prove --adopt`',
    { cause },
  );
}

function foreign(subject: string, { seq, id }: Link): Refusal {
  return refuse(
    'chain-broken',
    `the log has proof ${seq} of ${subject} by this key (${id}), and this directory did not make it: somebody else ` +
      'signs with the key, or the directory is new or was put back. If it was you, go on with `tallystick prove --adopt`',
  );
}

async function newestOf(pages: AsyncIterable<Page>): Promise<Listed | undefined> {
  for await (const { rows } of pages) if (rows.length > 0) return rows[0];
  return undefined;
}
