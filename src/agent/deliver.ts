/**
 * Sends proofs to the log, each chain in its order. If the log cannot be reached, they are sent later. If the log
 * refuses a proof, it stays in the spool. If somebody else continued the chain with this key, the agent stops.
 */
import { isOutage } from '../bytes/nature.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { twinOf } from '../cose/twin.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Listed, Page } from '../client/search.ts';
import type { LogPort, LoggedAs } from '../client/log-port.ts';
import { signProof, type SigningIdentity } from './draft.ts';
import type { Link, Spelled, Spool, Waiting } from './spool.ts';
import { digest } from '../bytes/brand.ts';
import { parseHex } from '../bytes/text.ts';

/** The result of a delivery. */
export interface Delivery {
  readonly delivered: readonly (Waiting & LoggedAs)[];
  /** Proofs that the log refused, each with the log's reason. Later proofs of the same chain were not sent. */
  readonly refused: readonly { readonly waiting: Waiting; readonly refusal: Refusal }[];
  /** Why the log could not be reached; undefined if it could. */
  readonly away: Refusal | undefined;
}

/**
 * Sends the proofs that wait. If the log has a proof in the other spelling of its signature, `hand` signs the proofs
 * that follow it again. Refuses `chain-broken` if the tree holds another proof in the place, `inconsistent`, and faults
 * of the local database.
 */
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
 * Whether the tree has a proof by this key about this subject that the spool did not make. The answer `chain-broken` is
 * not signed and proves nothing; an entry that is read under a signed root does. Refuses what reading refuses.
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

/** Codes of refusals that last until the policy or the commitments of the log change. */
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
 * Compares the chain in the log with the one in the spool, before anything is signed. Refuses `chain-broken` if the
 * log's newest proof by this key was not made here, unless `adopt` is set.
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

/**
 * The log's newest proof of a chain, read under a signed root, if the spool did not make it; else undefined. Refuses
 * `proof-failed` if another entry is there.
 */
async function rivalOf(
  log: LogPort,
  spool: Spool,
  { kid, subject }: { readonly kid: string; readonly subject: string },
): Promise<Link | undefined> {
  const newest = await newestOf(log.pages({ subject, kind: 'proof', kid }));
  const own = spool.link(kid, subject);
  if (newest === undefined || spool.has(newest.id) || own?.id === newest.id) return undefined;
  const parsed = parseStatement(await log.entry(newest));
  // Somebody submitted our proof first, with the other spelling of its signature. It is our proof, and counts as
  // delivered.
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
      'this directory was put back. Stop them, or revoke the key; if it was you, adopt what the log has',
    { cause, remedy: { adopt: true } },
  );
}

function foreign(subject: string, { seq, id }: Link): Refusal {
  return refuse(
    'chain-broken',
    `the log has proof ${seq} of ${subject} by this key (${id}), and this directory did not make it: somebody else ` +
      'signs with the key, or the directory is new or was put back. If it was you, adopt what the log has',
    { remedy: { adopt: true } },
  );
}

async function newestOf(pages: AsyncIterable<Page>): Promise<Listed | undefined> {
  for await (const { rows } of pages) if (rows.length > 0) return rows[0];
  return undefined;
}

/** Most tries while other processes add to the chain. */
const MAX_RACES = 50;

/**
 * Continues the chain from the logged spelling. Proofs behind it that were signed by a key which is no longer here can
 * never be logged; they are marked as dropped, and stay in the file.
 */
async function relink(
  spool: Spool,
  signing: SigningIdentity,
  waiting: Waiting,
  logged: Spelled,
): Promise<void> {
  for (let races = 0; races < MAX_RACES; races++) {
    const next: (Spelled & { n: number })[] = [];
    const following = behind(spool, waiting);
    if (following.length > 0 && waiting.kid !== signing.kid) {
      spool.adopt(waiting.kid, waiting.subject, { ...waiting, id: logged.id });
      return;
    }
    for (const each of following) {
      next.push({ n: each.n, ...(await continued(each, next.at(-1) ?? logged, signing)) });
    }
    if (spool.relink(waiting, logged, next)) return;
  }
  throw refuse('store-failed', `other processes keep adding to the chain of ${waiting.subject}; try again`);
}

/** The proofs of the same chain that wait behind a proof, oldest first. */
function behind(spool: Spool, { n, kid, subject }: Waiting): readonly Waiting[] {
  return spool.waiting().filter((each) => each.n > n && each.kid === kid && each.subject === subject);
}

/** The same proof, signed again as the link after another. */
async function continued(
  { statement, subject }: Waiting,
  before: Spelled,
  signing: SigningIdentity,
): Promise<Spelled> {
  const parsed = parseStatement(statement);
  if (parsed.kind !== 'proof') throw new Error('the spool holds a statement that is no proof');
  return signProof({ ...parsed.proof, prev: digest(parseHex(before.id)) }, subject, signing);
}
