/**
 * What AWS signed of a proof of `iam@1` (class E4): its signatures over the digests in the proof, by keys that the
 * commitment names. What cannot be checked counts as the agent's statement, E1.
 */
import { Refusal } from '../bytes/refusal.ts';
import { formatTime } from '../bytes/time.ts';
import type { ValueMap } from '../claim/value.ts';
import type { Claim, Parameter } from '../statement/commitment.ts';
import type { Result, RuntimeProof } from '../statement/proof.ts';
import { readTrailKey } from './cloudtrail-key.ts';
import { isUnread } from './tls-fields.ts';
import { DIGESTS_TYPE, verifyDigests, type VerifiedTrail } from './cloudtrail.ts';

/** Hours that are looked at, and seconds that the newest digest may be old, where the claim does not say. */
export const DEFAULT_HOURS = 24;
export const DEFAULT_LAG = 10_800;

/** A result, and the proof that it is in. */
export interface AttestedResult {
  readonly proof: Pick<RuntimeProof, 'attachments' | 'window'>;
  readonly result: Pick<Result, 'attachments'>;
}

/** The facts that a third party (`who`) signed, from which the claim is judged again; or why there are none. */
export type Attested =
  /** `told`: one line for people for each signature that holds. */
  | {
      readonly kind: 'signed';
      readonly who: string;
      readonly value: ValueMap;
      readonly told: readonly string[];
    }
  /** It cannot be checked: nothing shows that it is wrong or right. */
  | { readonly kind: 'unseen'; readonly why: string }
  | { readonly kind: 'wrong'; readonly who: string; readonly why: string };

const AWS = 'AWS';

/** What AWS signed of a result of class E4. */
export async function examineTrail({ proof, result }: AttestedResult, { params }: Claim): Promise<Attested> {
  const keys = textsOf(params?.get('publicKeys'));
  if (keys.length === 0)
    return { kind: 'unseen', why: 'the commitment does not hold the keys themselves (publicKeys)' };
  const attached = (result.attachments ?? []).map((index) => proof.attachments?.[index]);
  const shown = attached.flatMap((each) =>
    each?.data !== undefined && each.mediaType === DIGESTS_TYPE ? [each.data] : [],
  );
  if (shown.length === 0 || shown.length < attached.length)
    return { kind: 'unseen', why: 'not all of the digests that AWS signed are in the log' };
  try {
    const trails = await verifyDigests(shown, keys.map(readTrailKey));
    const why = lackIn(trails, params, proof.window.end);
    return why === undefined
      ? {
          kind: 'signed',
          who: AWS,
          value: valueOf(trails, secondsOf(params)),
          told: trails.map(describeTrail),
        }
      : { kind: 'wrong', who: AWS, why };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (isUnread(error)) return { kind: 'unseen', why: error.message };
    return { kind: 'wrong', who: AWS, why: error.message };
  }
}

/** Why these trails are not those that the claim asks for at the time of the proof; undefined if they are. */
function lackIn(trails: readonly VerifiedTrail[], params: Claim['params'], at: number): string | undefined {
  const names = trails.map(({ digests }) => digests[0]?.trail);
  const accounts = new Set(
    [...textsOf(params?.get('principal')), ...textsOf(params?.get('principals'))].map(accountOf),
  );
  const regions = textsOf(params?.get('regions'));
  const wanted = params?.get('trail');
  for (const account of accounts)
    for (const region of regions.length === 0 ? [undefined] : regions)
      if (!names.some((each) => each?.account === account && (region ?? each.region) === each.region))
        return `there is no digest of account ${account}${region === undefined ? '' : ` in ${region}`}`;
  if (accounts.size === 0 || names.some((each) => each === undefined || !accounts.has(each.account)))
    return 'a digest is of another account than the principal';
  if (new Set(names.map((each) => each?.trail)).size > 1 || (wanted ?? names[0]?.trail) !== names[0]?.trail)
    return 'a digest is of another trail';
  const seconds = secondsOf(params);
  const lag = numberOf(params?.get('lag'), DEFAULT_LAG);
  for (const { start, end } of trails) {
    if (end - start < seconds) return `the digests reach back ${end - start} s only`;
    if (at - end > lag) return `the newest digest is ${at - end} s older than the proof`;
  }
  return undefined;
}

/** The part of `o.iam.chain` that follows from the digests. */
function valueOf(trails: readonly VerifiedTrail[], seconds: number): ValueMap {
  const digests = trails.flatMap((each) => each.digests);
  return {
    iam: {
      chain: {
        unbroken: true,
        from: trails.reduce((latest, { end }) => Math.max(latest, end - seconds), 0),
        to: trails.reduce((earliest, { end }) => Math.min(earliest, end), Infinity),
        digests: digests.length,
        logFiles: digests.reduce((sum, { files }) => sum + files.length, 0),
      },
    },
  };
}

/** One line for people: what AWS signed. */
function describeTrail({ digests, start, end }: VerifiedTrail): string {
  const [first] = digests;
  const name =
    first === undefined ? '' : `${first.trail.trail} of ${first.trail.account}, ${first.trail.region}`;
  const [from, to] = [start, end].map(formatTime);
  return `AWS signed ${digests.length} digests of the trail ${name}, from ${from} to ${to}`;
}

/** The account in an ARN. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

/** How far back the claim asks. */
function secondsOf(params: Claim['params']): number {
  return numberOf(params?.get('hours'), DEFAULT_HOURS) * 3_600;
}

function textsOf(value: Parameter | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

function numberOf(value: Parameter | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}
