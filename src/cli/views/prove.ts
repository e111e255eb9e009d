/** What `prove` prints: the result of each proof, or with --explain what each probe would do and its evidence. */
import type { Known, Once } from '../../agent/once.ts';
import type { OpenedAgent } from '../../agent/open.ts';
import type { Signed } from '../../agent/spool.ts';
import type { Failed } from '../../agent/subjects.ts';
import type { Refusal } from '../../bytes/refusal.ts';
import type { LoggedAs } from '../../client/log-port.ts';
import { E3_LIMITS } from '../../evidence/limits.ts';
import { groupClaims } from '../../probe/groups.ts';
import { findProbe } from '../../probe/runners.ts';
import type { Result } from '../../statement/proof.ts';
import { EXIT } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import type { JsonValue } from '../frame/output.ts';
import { failedAsJson, warnOf, worstOf } from '../verbs/agent/failed.ts';
import { claimLines } from '../../words/results.ts';
import { proofIn } from './proof.ts';
import { messageOf } from '../frame/remedy.ts';
import { enrolLine, unenrolledAdvice } from './unenrolled.ts';

const LIMITS = ['', 'What E3 does not prove:', ...E3_LIMITS.map((limit) => `- ${limit}`)].join('\n');

/** Prints the result of each proof. Returns the exit code. */
export function reportProven(context: Context, { agent }: OpenedAgent, once: Once): number {
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
    for (const line of claimLines((style, text) => output.paint(style, text), proof.results, waivers))
      output.print(`  ${line}`);
    if (proof.results.length === 0) output.print('  nothing was claimed: a heartbeat');
    if (taken === undefined) codes.push(EXIT.quorum);
    if (refusal !== undefined)
      output.warn(`${proof.subject}: the log refuses it (${refusal.code}: ${messageOf(refusal)})`);
    codes.push(...proof.results.map((result) => codeOf(result, waivers.has(result.claim))));
    subjects.push(asJson(proof, taken, refusal, new Set(waivers.keys())));
  }
  warnOf(output, failed, 'proof');
  for (const each of once.unenrolled) output.warn(unenrolledAdvice(context, each));
  if (once.unenrolled.length > 0) codes.push(EXIT.quorum);
  if (delivery.away !== undefined)
    output.warn(
      `${messageOf(delivery.away)}; the proofs are stored, and logged when \`prove\` or \`agent\` runs again`,
    );
  if (proven.some(({ proof: { results } }) => results.some(({ evidence }) => evidence === 'E3')))
    output.note(LIMITS);
  output.result('prove', {
    subjects,
    failed: failedAsJson(failed),
    unenrolled: once.unenrolled.map((each) => ({
      subject: each.subject,
      probe: each.probe,
      target: each.target,
      claims: each.claims.map(({ id }) => id),
      enrol: enrolLine(context, each) ?? null,
    })),
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
    refused: refusal === undefined ? null : { code: refusal.code, message: messageOf(refusal) },
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

/** Prints what each probe would do; no probe runs. */
export async function explainProbes(
  { output }: Context,
  { known, failed }: { readonly known: readonly Known[]; readonly failed: readonly Failed[] },
): Promise<number> {
  warnOf(output, failed, 'plan');
  const looks: JsonValue[] = [];
  for (const { subject, declared, claims } of known) {
    for (const each of groupClaims(claims, declared.declaration)) {
      const probe = await findProbe(each.probe);
      const ids = each.claims.map(({ id }) => id);
      output.print(
        [
          `${output.paint('bold', subject)}  ${ids.join(', ')}`,
          `  probe     ${each.probe}: ${probe?.summary ?? 'not in this program'}`,
          `  target    ${each.target ?? 'not named'}`,
          ...(probe === undefined
            ? []
            : [`  does      ${probe.blastRadius}`, `  evidence  ${probe.evidence}`]),
        ].join('\n'),
      );
      looks.push({
        subject,
        claims: ids,
        probe: each.probe,
        target: each.target ?? null,
        blast_radius: probe?.blastRadius ?? null,
        evidence: probe?.evidence ?? null,
        timeout_ms: probe?.timeoutMs ?? null,
      });
    }
  }
  output.note(LIMITS);
  output.result('prove-explain', { looks, limits: [...E3_LIMITS] });
  return worstOf([], failed);
}
