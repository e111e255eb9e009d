/** `tallystick prove`: one proof of each subject, and what it came to. */
import { operatorRule } from '../../../agent/enrolment.ts';
import { knownOnce, proveOnce, type Once } from '../../../agent/once.ts';
import type { OpenedAgent } from '../../../agent/open.ts';
import type { Signed } from '../../../agent/spool.ts';
import { wantedOf } from '../../../agent/subjects.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { EXIT } from '../../exit.ts';
import type { LoggedAs } from '../../../client/log-port.ts';
import { E3_LIMITS } from '../../../evidence/limits.ts';
import type { Result } from '../../../statement/proof.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue } from '../../frame/output.ts';
import { failedAsJson, warnOf, worstOf } from './each.ts';
import { assertEnrolled } from '../../../agent/enrolled.ts';
import { enrolCommand } from './enrolled.ts';
import { explainProbes } from '../../views/probes.ts';
import { claimLines, proofIn } from '../../views/proof.ts';
import { openAgentOf } from './setup.ts';

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

/** Milliseconds that a busy log is waited for. */
const PATIENCE_MS = 20_000;

/** Proves once; resolves with the exit code. */
export async function runProve(context: Context, asked: ProveAsked): Promise<number> {
  const { output } = context;
  const nonce = nonceOf(asked.nonce);
  const opened = await openAgentOf(context, {
    rules: asked.targets.length === 0 ? [] : [operatorRule(asked.targets)],
    vantage: asked.vantage,
    onBug: (error) => output.warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    signal: new AbortController().signal,
    patienceMs: PATIENCE_MS,
  });
  try {
    const { agent, home } = opened;
    const { claims, adopt } = asked;
    const wanted = wantedOf(opened, asked.subjects, 'prove');
    if (asked.explain) {
      const { known, failed } = await knownOnce(opened, { wanted, claims });
      warnOf(output, failed, 'plan');
      return worstOf([await explainProbes(context, known)], failed);
    }
    const once = await proveOnce(opened, {
      wanted,
      claims,
      nonce,
      adopt,
      assertMayProve: (policy, subject) =>
        assertEnrolled(policy, agent.signing.kid, subject, enrolCommand(context, home, subject)),
    });
    return report(context, opened, once);
  } finally {
    opened.close();
  }
}

/** A nonce as --nonce gives it. Refuses `usage`. */
export function nonceOf(hex: string | undefined): Uint8Array | undefined {
  if (hex === undefined) return undefined;
  if (!/^(?:[0-9a-fA-F]{2}){16,64}$/.test(hex))
    throw refuse('usage', '--nonce is 32 to 128 hex digits: 16 to 64 bytes nobody could foresee');
  return Uint8Array.fromHex(hex);
}

function report(context: Context, { agent }: OpenedAgent, once: Once): number {
  const { output, world } = context;
  const { proven, failed, delivery } = once;
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
    waiting: agent.spool.waitingCount(),
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
