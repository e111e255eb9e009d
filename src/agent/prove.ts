/**
 * Makes one proof of one subject: runs the probes of everything that is due, evaluates the claims, signs the result and
 * stores it. deliver.ts sends it. A proof is made whether or not the log can be reached.
 */
import { digest, type Digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { parseHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import type { Run } from '../claim/assemble.ts';
import type { Declared } from '../appraisal/history.ts';
import type { Value } from '../claim/value.ts';
import { slotLength } from '../appraisal/slots.ts';
import { challengeOf } from '../evidence/challenge.ts';
import { drawSeed } from '../evidence/draw.ts';
import { aimOf } from '../evidence/identity.ts';
import { groupClaims } from '../probe/groups.ts';
import type { Claim } from '../statement/commitment.ts';
import type { Delegation } from '../statement/delegation.ts';
import type { Policy } from '../statement/policy.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import { boundToTarget } from './bound.ts';
import { assertLasts, neededDelegation } from './delegation.ts';
import { sign, type Draft, type SigningIdentity } from './draft.ts';
import type { Head, AgentStore } from './agent-store.ts';
import { runProbe, type ProbeDeps } from './runs.ts';
import type { Retention } from './retention.ts';
import type { Seeds } from './seeds.ts';
import type { Signed, Spool } from './spool.ts';

/** The parts of an agent. */
export interface Agent {
  readonly spool: Spool;
  readonly store: AgentStore;
  readonly retention: Retention;
  readonly probeDeps: ProbeDeps;
  readonly signing: SigningIdentity;
  /** The agent's description of itself in proofs. */
  readonly identity: RuntimeProof['agent'];
  /** Seeds of a subject. */
  readonly seedsOf: (subject: string, declared: Declared) => Seeds;
  /** The leaves of a declaration; undefined if the agent does not have them. */
  readonly openedOf: (declared: Declared) => Promise<ReadonlyMap<string, Value> | undefined>;
  /** What lets the key prove where no policy enrols it; undefined if it has no such file. */
  readonly delegation: () => Delegation | undefined;
  /** Random bytes. */
  readonly random: (length: number) => Uint8Array;
}

/** One proof to make: claims of a commitment, under a tree head. */
export interface ProofTask {
  readonly subject: string;
  readonly declared: Declared;
  readonly claims: readonly Claim[];
  /** For each claim that is due in a slot: the slot. */
  readonly slots: ReadonlyMap<string, Result['slot']>;
  readonly skipped: Draft['skipped'];
  readonly head: Head;
  readonly policy: Policy | undefined;
  /** An auditor's nonce; if undefined, a fresh one is made. */
  readonly nonce: Uint8Array | undefined;
  /** When the next proof will be there, given the begin and end of this proof's window; POSIX seconds. */
  readonly nextDue: (window: RuntimeProof['window']) => number;
}

const NONCE_LENGTH = 16;
/** Most bytes of an entry, in any log. */
const MAX_ENTRY = 65_535;
/** Seconds by which the clock may go back between two proofs. */
const CLOCK_TOLERANCE = 5;
/** Most tries to take a place in the chain while other processes take it, too. */
const MAX_RACES = 50;

/** Makes a proof; it is stored when this resolves. Refuses `clock-behind`, `own-commitment`, `store-failed`. */
export async function prove(agent: Agent, task: ProofTask): Promise<Signed> {
  const { subject, declared } = task;
  const { spool, probeDeps, signing } = agent;
  if (declared.entry.parsed.kid === signing.kid && task.policy?.document.selfProof !== true)
    throw refuse(
      'own-commitment',
      `this key signed the commitment to ${subject}; an agent has a key of its own`,
    );
  const delegation = neededDelegation(agent.delegation(), task.policy, signing.kid);
  const cpu = probeDeps.cpu();
  const started = performance.now();
  const start = seconds(probeDeps.now());
  checkClock(spool.link(signing.kid, subject)?.ended, start);
  assertLasts(delegation, start);
  const nonce = task.nonce ?? agent.random(NONCE_LENGTH);
  const commitment = digest(parseHex(declared.entry.id));
  const challenge = { origin: task.head.origin, size: task.head.size, root: task.head.root, nonce };
  const { runs, bytes } = await lookAll(agent, task, challengeOf(task.head.root, commitment, nonce));
  const end = Math.max(start, seconds(probeDeps.now()));
  assertLasts(delegation, end);
  const cost = {
    cpuUs: Math.max(0, Math.round(probeDeps.cpu() - cpu)),
    wallUs: Math.round((performance.now() - started) * 1000),
    bytes,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  const draft: Draft = {
    subject,
    frame: {
      commitment,
      agent: agent.identity,
      challenge,
      window: { start, end },
      cost,
      nextDue: Math.max(end, task.nextDue({ start, end })),
      sampling: agent.seedsOf(subject, declared).told(start),
      ...(delegation !== undefined && { delegation }),
    },
    runs,
    skipped: task.skipped,
    declared: {
      leaves: declared.declaration.tree.leaves,
      excluded: declared.declaration.canon.excluded?.length ?? 0,
    },
    limit: limitOf(task.policy, delegation?.kid ?? signing.kid),
  };
  return store(agent, draft);
}

async function lookAll(
  agent: Agent,
  { subject, declared, claims, slots }: ProofTask,
  challenge: Digest,
): Promise<{ runs: readonly Run[]; bytes: number }> {
  const runs: Run[] = [];
  let bytes = 0;
  const opened = claims.length === 0 ? undefined : await agent.openedOf(declared);
  for (const each of groupClaims(claims, declared.declaration)) {
    const draw = drawOf(each.claims, slots, agent.seedsOf(subject, declared));
    const about = { subject, challenge, declared: opened, draw };
    const { seen, cost } = await runProbe(each, about, agent.probeDeps);
    const [claim] = each.claims;
    const of = claim && {
      probe: claim.probe,
      aim: aimOf(claim, declared.declaration, subject),
      challenge,
    };
    const now = seconds(agent.probeDeps.now());
    const bound = of === undefined || 'code' in seen ? seen : await boundToTarget(seen, of, now);
    runs.push({ claims: each.claims, seen: bound, slots });
    bytes += cost.bytes;
  }
  return { runs, bytes };
}

/** What a run in a slot draws its sample by: of the first of its claims that is due in one. */
function drawOf(
  claims: readonly Claim[],
  slots: ProofTask['slots'],
  seeds: Pick<Seeds, 'seedAt'>,
): Uint8Array | undefined {
  for (const { id, cadence } of claims) {
    const { number, beacon } = slots.get(id) ?? {};
    if (number !== undefined && beacon !== undefined)
      return drawSeed(seeds.seedAt(number * slotLength(cadence)), number, beacon.root);
  }
  return undefined;
}

async function store({ spool, signing, random }: Agent, draft: Draft): Promise<Signed> {
  for (let races = 0; races < MAX_RACES; races++) {
    const last = spool.link(signing.kid, draft.subject);
    const signed = await sign(draft, last, signing, random(32));
    if (spool.append(signed, last)) return signed;
  }
  throw refuse('store-failed', `other processes keep adding to the chain of ${draft.subject}; try again`);
}

/**
 * Refuses `clock-behind` if the clock is before the end of the last proof: a chain that goes back in time would look
 * like a replay.
 */
function checkClock(ended: number | undefined, now: number): void {
  if (ended === undefined || ended <= now + CLOCK_TOLERANCE) return;
  throw refuse(
    'clock-behind',
    `the clock says ${formatTime(now)}, and the last proof was made at ` +
      `${formatTime(ended)}; set the clock`,
  );
}

function limitOf(policy: Policy | undefined, kid: string): number {
  const own = policy?.keys.get(kid)?.enrolled.maxBytes;
  return Math.min(MAX_ENTRY, policy?.document.limits.entryBytes ?? MAX_ENTRY, own ?? MAX_ENTRY);
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
