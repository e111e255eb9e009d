/** `tallystick prove`: one proof of each subject, and what it came to. */
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { operatorRule } from '../../agent/enrolment.ts';
import { deliver, checkChain, type Delivery } from '../../agent/deliver.ts';
import { recall } from '../../agent/history.ts';
import { isAway } from '../../bytes/nature.ts';
import type { Head } from '../../agent/ledger.ts';
import type { LoggedAs } from '../../client/log-port.ts';
import { prove } from '../../agent/prove.ts';
import { nextDueOf } from '../../agent/schedule.ts';
import type { Signed } from '../../agent/spool.ts';
import { clockFault, secondsBehind } from '../../appraisal/clock.ts';
import type { Declared, EntryOf, History } from '../../appraisal/history.ts';
import { E3_LIMITS } from '../../evidence/limits.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { Policy } from '../../statement/policy.ts';
import type { Result } from '../../statement/proof.ts';
import type { Context } from '../context.ts';
import type { JsonValue } from '../output.ts';
import { explainProbes } from './explain.ts';
import { eachSubject, failedAsJson, warnOf, worstOf, type Failed } from './each.ts';
import { claimLines, proofIn } from './lines.ts';
import { nonceOf, openAgent, type OpenAgent } from './open.ts';
import { inForceOf, knownSubjects, learnSubjects, someOf, wantedOf, type Found } from './subjects.ts';
import { assertEnrolled, enrolCommand } from './enrolled.ts';

/** What the command line asks for. */
export interface ProveAsked {
  readonly subjects: readonly string[];
  readonly claims: readonly string[];
  readonly targets: readonly string[];
  readonly nonce: string | undefined;
  readonly vantage: string | undefined;
  readonly adopt: boolean;
  readonly explain: boolean;
}

/** One subject as far as it is known. */
interface Known {
  readonly subject: string;
  readonly declared: Declared;
  readonly deployments: History['deployments'];
  readonly waivers: ReadonlyMap<string, EntryOf<'waiver'>>;
  readonly claims: readonly Claim[];
}

/** The log as seen now, or as it was left. */
interface Sight {
  readonly head: Head;
  readonly policy: Policy | undefined;
  readonly found: Found;
  /** Why the log cannot be asked; undefined when it can. */
  readonly away: Refusal | undefined;
}

/** Milliseconds that a busy log is waited for. */
const PATIENCE_MS = 20_000;

/** Proves once; resolves with the exit code. */
export async function runProve(context: Context, asked: ProveAsked): Promise<number> {
  const { output } = context;
  const nonce = nonceOf(asked.nonce);
  const open = await openAgent(context, {
    rules: asked.targets.length === 0 ? [] : [operatorRule(asked.targets)],
    vantage: asked.vantage,
    onBug: (error) => output.warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    signal: new AbortController().signal,
    patienceMs: PATIENCE_MS,
  });
  try {
    const wanted = wantedOf(open, asked.subjects, 'prove');
    const sight = await look(open, wanted);
    const found = someOf(sight.found, wanted);
    if (asked.explain) {
      const known: Known[] = [];
      const take = (subject: string): void => void known.push(knownOf(open, sight, subject, asked.claims));
      const failed = await eachSubject(found.subjects, take, found.failed);
      warnOf(output, failed, 'plan');
      return worstOf([await explainProbes(context, known)], failed);
    }
    const proven: Proven[] = [];
    const proveIt = async (subject: string): Promise<void> => {
      const known = knownOf(open, sight, subject, asked.claims);
      if (sight.away === undefined) await settle(context, open, sight, known, asked.adopt);
      proven.push({ known, proof: await proveOne(open, sight, known, nonce) });
    };
    const failed = await eachSubject(found.subjects, proveIt, found.failed);
    const delivery = await deliver(open.log, open.agent.spool, open.agent.hand);
    return report(context, { open, proven, failed, delivery });
  } finally {
    open.close();
  }
}

/** Reads what is new; a log that is away is no reason not to look, once the commitments are known. */
async function look(open: OpenAgent, wanted: readonly string[]): Promise<Sight> {
  const { log } = open;
  const { ledger } = open.agent;
  try {
    const head = await log.head();
    const behind = secondsBehind(head.signed, Math.floor(open.agent.looking.now() / 1000));
    const fault = clockFault({ behind });
    if (fault !== undefined) throw refuse('clock-behind', `nothing is proven: ${fault}`);
    const policy = await log.policy();
    const found = await learnSubjects(open, wanted, policy);
    ledger.setHead(head);
    return { head, policy, found, away: undefined };
  } catch (error) {
    const head = ledger.head();
    if (!(error instanceof Refusal) || !isAway(error) || head === undefined) throw error;
    const found = { subjects: knownSubjects(open, wanted, undefined), failed: [] };
    return { head, policy: undefined, found, away: error };
  }
}

function knownOf(
  { agent: { ledger } }: OpenAgent,
  { policy, away }: Sight,
  subject: string,
  ids: readonly string[],
): Known {
  const history = recall(ledger, subject, policy);
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

/** What would be refused is refused before anything is signed: nothing that was signed is ever taken back. */
async function settle(
  context: Context,
  { agent: { spool, hand }, log, home }: OpenAgent,
  { policy }: Sight,
  { subject }: Known,
  adopt: boolean,
): Promise<void> {
  assertEnrolled(policy, hand.kid, subject, enrolCommand(context, home, subject));
  await checkChain(log, spool, { kid: hand.kid, subject }, adopt);
}

function proveOne(
  { agent }: OpenAgent,
  { head, policy }: Sight,
  { subject, declared, deployments, claims }: Known,
  nonce: Uint8Array | undefined,
): Promise<Signed> {
  const proven = agent.spool.proven(agent.hand.kid, declared.entry.id);
  return prove(agent, {
    subject,
    declared,
    claims,
    slots: new Map(),
    skipped: [],
    head,
    policy,
    nonce,
    nextDue: nextDueOf({ declared, deployments, proven }, claims, undefined),
  });
}

interface Proven {
  readonly known: Known;
  readonly proof: Signed;
}

/** What happened. */
interface Done {
  readonly open: OpenAgent;
  readonly proven: readonly Proven[];
  readonly failed: readonly Failed[];
  readonly delivery: Delivery;
}

function report(context: Context, done: Done): number {
  const { output, world } = context;
  const { proven, failed, delivery } = done;
  const now = Math.floor(world.now() / 1000);
  const codes: number[] = [];
  const subjects: JsonValue[] = [];
  for (const { known, proof } of proven) {
    const waivers = new Map([...known.waivers].filter(([, { parsed }]) => parsed.waiver.notAfter > now));
    const taken = delivery.delivered.find(
      ({ subject, seq }) => subject === proof.subject && seq === proof.seq,
    );
    const refusal = delivery.refused.find(({ waiting }) => waiting.subject === proof.subject)?.refusal;
    const where = taken === undefined ? 'not logged yet' : `entry ${taken.index}`;
    output.print(`${output.paint('bold', proof.subject)}  seq ${proof.seq}  ${where}`);
    for (const line of claimLines(output, proof.results, waivers)) output.print(`  ${line}`);
    if (proof.results.length === 0) output.print('  nothing was claimed: a heartbeat');
    if (taken === undefined) codes.push(EXIT.quorum);
    if (refusal !== undefined)
      output.warn(`${proof.subject}: the log refuses it (${refusal.code}: ${refusal.message})`);
    codes.push(...proof.results.map((result) => codeOf(result, waivers.has(result.claim))));
    subjects.push(asJson(proof, taken, refusal, new Set(waivers.keys())));
  }
  warnOf(output, failed, 'proof');
  if (delivery.away !== undefined)
    output.warn(
      `${delivery.away.message}; what was proven is kept, and logged when \`prove\` or \`agent\` runs again`,
    );
  if (proven.some(({ proof: { results } }) => results.some(({ evidence }) => evidence === 'E3')))
    output.note(['', 'What E3 does not say:', ...E3_LIMITS.map((limit) => `- ${limit}`)].join('\n'));
  output.result('prove', {
    subjects,
    failed: failedAsJson(failed),
    waiting: done.open.agent.spool.waitingCount(),
  });
  return worstOf(codes, failed);
}

function codeOf({ verdict }: Result, waived: boolean): number {
  if (verdict === 'PROVEN' || waived) return EXIT.ok;
  return verdict === 'VIOLATED' || verdict === 'CONTRADICTED' ? EXIT.verification : EXIT.quorum;
}

function asJson(
  { subject, seq, id, statement, results }: Signed,
  taken: LoggedAs | undefined,
  refusal: Refusal | undefined,
  waived: ReadonlySet<string>,
): JsonValue {
  const { commitment, challenge, window, nextDue, cost } = proofIn(statement);
  return {
    subject,
    seq,
    entry: taken?.id ?? id,
    index: taken?.index ?? null,
    logged: taken !== undefined,
    refused: refusal === undefined ? null : { code: refusal.code, message: refusal.message },
    commitment: commitment.toHex(),
    nonce: challenge.nonce.toHex(),
    window: { ...window },
    next_due: nextDue,
    cost: { cpu_us: cost.cpuUs, wall_us: cost.wallUs, bytes: cost.bytes },
    claims: results.map(({ claim, verdict, evidence, explain }) => ({
      claim,
      verdict,
      evidence,
      waived: waived.has(claim),
      explain: explain ?? null,
    })),
  };
}
