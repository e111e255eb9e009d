/** Proves each subject once: reads what is new, runs the probes, and delivers what was signed. */
import { clockFault, secondsBehind } from '../appraisal/clock.ts';
import type { Declared, EntryOf, History } from '../appraisal/history.ts';
import { inForceOf } from '../appraisal/versions.ts';
import { isAway } from '../bytes/nature.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Policy } from '../statement/policy.ts';
import { checkChain, deliver, type Delivery } from './deliver.ts';
import { nearestSubject } from '../client/nearest-subject.ts';
import { recall } from './history.ts';
import type { Head } from './agent-store.ts';
import type { OpenedAgent } from './open.ts';
import { prove } from './prove.ts';
import { nextDueOf } from './schedule.ts';
import type { Signed } from './spool.ts';
import { enrolledOf, unenrolledOf, type Unenrolled } from './unenrolled.ts';
import { eachSubject, knownSubjects, learnSubjects, someOf, type Failed, type Found } from './subjects.ts';

/** What the user asks for. */
export interface OnceOptions {
  /** Names and patterns of subjects. */
  readonly wanted: readonly string[];
  /** Ids of claims; if empty, all claims. */
  readonly claims: readonly string[];
  /** An auditor's challenge, 16 to 64 bytes. */
  readonly nonce: Uint8Array | undefined;
  /** If true, continues the chain after a proof in the log that this directory did not make. */
  readonly adopt: boolean;
}

/** One subject as far as it is known. */
export interface Known {
  readonly subject: string;
  readonly declared: Declared;
  readonly deployments: History['deployments'];
  readonly waivers: ReadonlyMap<string, EntryOf<'waiver'>>;
  readonly claims: readonly Claim[];
}

/** The log as read now, or as stored when it was last read. */
interface Sight {
  readonly head: Head;
  readonly policy: Policy | undefined;
  readonly found: Found;
  /** Why the log could not be reached; undefined if it could. */
  readonly away: Refusal | undefined;
}

/** A proof that was made and stored. */
export interface Proven {
  readonly known: Known;
  readonly proof: Signed;
}

/** The result: proofs, subjects without one, and the delivery of all proofs that waited. */
export interface Once {
  readonly proven: readonly Proven[];
  readonly failed: readonly Failed[];
  /** What was left out because the owner of its target enrolled it for nobody. */
  readonly unenrolled: readonly Unenrolled[];
  readonly delivery: Delivery;
}

/** Proves each subject once, stores the proofs, and delivers what waits. Refuses errors that concern all subjects. */
export async function proveOnce(opened: OpenedAgent, options: OnceOptions): Promise<Once> {
  const { wanted, claims, nonce } = options;
  const { agent, log } = opened;
  const sight = await look(opened, wanted);
  const found = someOf(sight.found, wanted);
  const proven: Proven[] = [];
  const unenrolled: Unenrolled[] = [];
  const proveIt = async (subject: string): Promise<void> => {
    const all = await knownOrNearest(opened, sight, subject, claims);
    const left = unenrolledOf(subject, all.claims, all.declared.declaration, agent.probeDeps.rules);
    unenrolled.push(...left);
    const known = { ...all, claims: enrolledOf(all.claims, left) };
    if (left.length > 0 && known.claims.length === 0) return;
    if (sight.away === undefined) {
      opened.assertMayProve(sight.policy, subject);
      await checkChain(log, agent.spool, { kid: agent.signing.kid, subject }, options.adopt);
    }
    proven.push({ known, proof: await proveOne(opened, sight, known, nonce) });
  };
  const failed = await eachSubject(found.subjects, proveIt, found.failed);
  return { proven, failed, unenrolled, delivery: await deliver(log, agent.spool, agent.signing) };
}

/** The subjects that would be proven, as far as they are known. No probe runs. */
export async function knownOnce(
  opened: OpenedAgent,
  { wanted, claims }: Pick<OnceOptions, 'wanted' | 'claims'>,
): Promise<{ readonly known: readonly Known[]; readonly failed: readonly Failed[] }> {
  const sight = await look(opened, wanted);
  const found = someOf(sight.found, wanted);
  const known: Known[] = [];
  const take = async (subject: string): Promise<void> =>
    void known.push(await knownOrNearest(opened, sight, subject, claims));
  return { known, failed: await eachSubject(found.subjects, take, found.failed) };
}

/** Reads what is new. If the log cannot be reached but the commitments are known, the probes run all the same. */
async function look(opened: OpenedAgent, wanted: readonly string[]): Promise<Sight> {
  const { log } = opened;
  const { store } = opened.agent;
  try {
    const head = await log.head();
    const behind = secondsBehind(head.signed, Math.floor(opened.agent.probeDeps.now() / 1000));
    const fault = clockFault({ behind });
    if (fault !== undefined) throw refuse('clock-behind', `nothing is proven: ${fault}`);
    const policy = await log.policy();
    const found = await learnSubjects(opened, wanted, policy);
    store.setHead(head);
    return { head, policy, found, away: undefined };
  } catch (error) {
    const head = store.head();
    if (!(error instanceof Refusal) || !isAway(error) || head === undefined) throw error;
    const found = { subjects: knownSubjects(opened, wanted, undefined), failed: [] };
    return { head, policy: undefined, found, away: error };
  }
}

/** As `knownOf`. Of a subject that nothing is declared about, the refusal names the nearest that the log lists. */
async function knownOrNearest(
  opened: OpenedAgent,
  sight: Sight,
  subject: string,
  ids: readonly string[],
): Promise<Known> {
  try {
    return knownOf(opened, sight, subject, ids);
  } catch (error) {
    const isUnknown = error instanceof Refusal && error.code === 'not-found' && sight.away === undefined;
    if (!isUnknown || recall(opened.agent.store, subject, sight.policy).pending !== undefined) throw error;
    const hint = await nearestSubject((wanted) => opened.log.pages(wanted), subject);
    throw refuse('not-found', `${error.message}${hint}`);
  }
}

function knownOf(
  { agent: { store } }: OpenedAgent,
  { policy, away }: Sight,
  subject: string,
  ids: readonly string[],
): Known {
  const history = recall(store, subject, policy);
  if (history.inForce === undefined && away !== undefined) throw away;
  const declared = inForceOf(history, subject);
  const { claims } = declared.declaration;
  const unknown = ids.find((id) => !claims.some((claim) => claim.id === id));
  if (unknown !== undefined)
    throw refuse(
      'usage',
      `${subject} has no claim ${unknown}; it has ${claims.map(({ id }) => id).join(', ') || 'none'}`,
    );
  return {
    subject,
    declared,
    deployments: history.deployments,
    waivers: waiversOf(history, declared),
    claims: ids.length === 0 ? claims : claims.filter(({ id }) => ids.includes(id)),
  };
}

function waiversOf({ waivers }: History, { entry }: Declared): Known['waivers'] {
  return new Map(
    waivers
      .filter(({ parsed: { waiver } }) => waiver.commitment.toHex() === entry.id)
      .flatMap((each) =>
        each.parsed.waiver.claims.map((claim): [string, EntryOf<'waiver'>] => [claim, each]),
      ),
  );
}

function proveOne(
  { agent }: OpenedAgent,
  { head, policy }: Sight,
  { subject, declared, deployments, claims }: Known,
  nonce: Uint8Array | undefined,
): Promise<Signed> {
  const proven = agent.spool.proven(agent.signing.kid, declared.entry.id);
  const { declaration } = declared;
  const left = unenrolledOf(subject, declaration.claims, declaration, agent.probeDeps.rules);
  const enrolled = {
    ...declared,
    declaration: { ...declaration, claims: enrolledOf(declaration.claims, left) },
  };
  return prove(agent, {
    subject,
    declared,
    claims,
    slots: new Map(),
    skipped: [],
    head,
    policy,
    nonce,
    nextDue: nextDueOf({ declared: enrolled, deployments, proven }, claims, undefined),
  });
}
