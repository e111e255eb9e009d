/** Stories of keys over days: each look shows what a target signed, on a log with two witnesses and a simulated clock. */
import type { Weighed } from '#src/evidence/weigh.ts';
import type { PastRecord } from '#src/appraisal/past/types.ts';
import { appraiseSubject } from '#src/appraisal/subject.ts';
import type { ClaimStatus } from '#src/appraisal/appraise.ts';
import { revocationsOf, type SubjectEntry } from '#src/appraisal/history.ts';
import type { Digest } from '#src/bytes/brand.ts';
import { decodeUtf8, encodeUtf8 } from '#src/bytes/text.ts';
import type { Signer } from '#src/sign/signer.ts';
import { SSH_PACKS } from '#src/probe/ssh/pack.ts';
import { checkExpression } from '#src/claim/expression.ts';
import type { Claim } from '#src/statement/commitment.ts';
import type { Result } from '#src/statement/proof.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { DAY, hashOf, HOUR, ORIGIN, T, type PastStory, type ReadOptions } from './past-story.ts';

export const START = T('2026-03-01 00:00');
export const SSH_KEY = 'ssh-key-rotation';

/** The claim of the pack `ssh-key-rotation`, or another expression. */
export function overClaim(days: number, change: Partial<Claim> = {}): Claim {
  const [draft] = SSH_PACKS[SSH_KEY]?.claims ?? [];
  if (draft === undefined) throw new Error('the pack has a claim');
  const claim: Claim = {
    id: SSH_KEY,
    expr: draft.expr,
    probe: 'ssh@1',
    minEvidence: 'E3',
    cadence: DAY,
    grace: 1,
    severity: 'high',
    params: new Map<string, number>([
      ['days', days],
      ['settle', 2],
    ]),
    ...change,
  };
  const language = checkExpression(claim.expr);
  return { ...claim, ...(language > 1 && { language }) };
}

export interface LookOptions {
  readonly by?: Signer;
  readonly id?: string;
  readonly result?: Partial<Result>;
  readonly challengeSize?: number;
}

/** A look that shows a key: its attachment stands for the transcript. */
export async function look(
  story: PastStory,
  commitment: Digest,
  key: string,
  { by, id = SSH_KEY, result = {}, challengeSize }: LookOptions = {},
): Promise<Digest> {
  return story.prove(
    commitment,
    { [id]: { verdict: 'UNKNOWN', evidence: 'E3', leaves: [0], attachments: [0], ...result } },
    {
      ...(by !== undefined && { by }),
      ...(challengeSize !== undefined && { challengeSize }),
      change: {
        population: { source: 'ssh', total: 1, sampled: 1, method: 'all' },
        observations: { alg: SALTED_TREE, count: 1, root: hashOf(`leaf ${story.entries.length}`) },
        attachments: [{ mediaType: 'text/plain', data: encodeUtf8(key) }],
      },
    },
  );
}

/** What a reader knows, with what the targets signed. */
export function recordOf(story: PastStory, options: ReadOptions = {}): PastRecord {
  const record = story.record(options);
  const evidence = new Map<Result, Weighed>();
  for (const { parsed } of record.entries)
    if (parsed.kind === 'proof')
      for (const result of parsed.proof.results) {
        const data = parsed.proof.attachments?.[result.attachments?.[0] ?? 0]?.data;
        if (data !== undefined)
          evidence.set(result, {
            fault: undefined,
            unchecked: undefined,
            facts: { ssh: { hostKey: { fingerprint: decodeUtf8(data) } } },
          });
      }
  return { ...record, evidence };
}

/** Where a claim stands for a reader of a record. `isRead`: whether it has the earlier proofs. */
export function statusIn(record: PastRecord, at = 0, isRead = true): ClaimStatus {
  const { subject, policies, evidence, wasHead, now } = record;
  const entries = record.entries.map((each): SubjectEntry => ({ ...each, time: each.time ?? now }));
  const context = { now, origin: ORIGIN, revokedSince: revocationsOf(policies.asOf(record.size)) };
  const outgrownAt = record.loggedAt;
  const past = isRead ? record : undefined;
  const status = appraiseSubject({ subject, entries, evidence, wasHead, outgrownAt, past }, context).claims[
    at
  ];
  if (status === undefined) throw new Error('there is a claim');
  return status;
}

export function statusOf(story: PastStory, options: ReadOptions = {}): ClaimStatus {
  return statusIn(recordOf(story, options));
}

/** `day` 1 is the first one; looks are at noon, between witnessed heads. */
export const noon = (day: number): number => START + (day - 1) * DAY + 12 * HOUR;

/** One look a day, from a day to another, the latter included. `key`: what is seen; undefined for a day without a look. */
export async function daily(
  story: PastStory,
  commitment: Digest,
  [from, to]: readonly [number, number],
  key: (day: number) => string | undefined,
  options: LookOptions = {},
): Promise<void> {
  for (let day = from; day <= to; day++) {
    await story.at(noon(day) - HOUR).witness();
    const seen = key(day);
    if (seen !== undefined) await look(story.at(noon(day)), commitment, seen, options);
    await story.at(noon(day) + HOUR).witness();
  }
}
