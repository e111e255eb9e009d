/**
 * Makes a signed proof that fits into an entry from what was observed. Nothing here is stored or sent. If another
 * process takes the place in the chain first, the draft is dropped and made again.
 */
import { entryId } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { digest } from '../bytes/brand.ts';
import { assembleProof, type Declared, type Run } from '../claim/assemble.ts';
import { nameOf, underName } from '../claim/judge.ts';
import type { Attachment } from '../claim/observed.ts';
import { encodeValue, leavesOf } from '../claim/value.ts';
import type { Signer } from '../sign/signer.ts';
import { encodeProof } from '../statement/payload.ts';
import type { RuntimeProof } from '../statement/proof.ts';
import { signOwn } from '../statement/sign.ts';
import { sha256 } from './hash.ts';
import { encodeObserved } from './observed.ts';
import type { Link, Signed, Spelled } from './spool.ts';

/** The content of a proof except its place in the chain. */
export interface Draft {
  readonly subject: string;
  readonly frame: Omit<RuntimeProof, 'seq' | 'prev' | 'results'>;
  readonly runs: readonly Run[];
  /** Claims that were due and not observed, with the reason. */
  readonly skipped: readonly { readonly code: string; readonly message: string; readonly claim: string }[];
  readonly declared: Declared;
  /** Most bytes of the entry. */
  readonly limit: number;
}

/** The key that signs, and the identity that it signs as. */
export interface SigningIdentity {
  readonly signer: Signer;
  readonly kid: string;
  readonly issuer: string;
}

/** Most errors that one proof lists. */
const MAX_ERRORS = 64;
/** A leaf of at most this many bytes is in its tree by value (assemble.ts). */
const MAX_SHOWN = 1_024;

/**
 * Signs a draft as the link after `last`. `saltKey`: 32 secret bytes, used for this proof alone. If a run does not fit
 * into any proof, whatever its target or collector returned, its claims become UNKNOWN with the reason; other runs
 * stay.
 */
export async function sign(
  draft: Draft,
  last: Link | undefined,
  signing: SigningIdentity,
  saltKey: Uint8Array,
): Promise<Signed> {
  try {
    return await signFitting(draft, last, signing, saltKey);
  } catch (error) {
    if (!isMisfit(error)) throw error;
    return signFitting({ ...draft, runs: fittingRuns(draft, last, saltKey, error) }, last, signing, saltKey);
  }
}

function isMisfit(error: unknown): error is Refusal {
  return error instanceof Refusal && error.code === 'malformed-payload';
}

/**
 * Replaces each run that does not fit into a proof of its own by the reason. If the runs fit one by one but not
 * together, all are replaced.
 */
function fittingRuns(
  draft: Draft,
  last: Link | undefined,
  saltKey: Uint8Array,
  together: Refusal,
): readonly Run[] {
  const whyNot = (run: Run): Refusal | undefined => {
    try {
      encodeProof(assembleProof(chainedFrame(draft, last), [run], draft.declared, saltKey).proof);
      return undefined;
    } catch (error) {
      if (!isMisfit(error)) throw error;
      return error;
    }
  };
  const alone = draft.runs.map(whyNot);
  const all = alone.every((why) => why === undefined);
  return draft.runs.map((run, i) => {
    const why = all ? together : alone[i];
    if (why === undefined) return run;
    return {
      ...run,
      seen: { code: why.code, message: printable(`no proof can hold it: ${why.message}`, 500) },
    };
  });
}

/** Gives up attachments, then all that was seen, until the entry is short enough. Refuses `malformed-payload`. */
async function signFitting(
  draft: Draft,
  last: Link | undefined,
  signing: SigningIdentity,
  saltKey: Uint8Array,
): Promise<Signed> {
  const chained = chainedFrame(draft, last);
  const whole = assembleProof(chained, draft.runs, draft.declared, saltKey);
  const kept = new Map([...longLeaves(draft.runs), ...named(whole.kept)]);
  let proof = withSkipped(whole.proof, draft);
  for (;;) {
    const made = await signProof(proof, draft.subject, signing);
    if (made.statement.length <= draft.limit)
      return finish(draft, proof, made, {
        kept,
        observed: encodeObserved(saltKey, whole.tree),
        kid: signing.kid,
      });
    const smaller = withoutLargest(proof);
    if (smaller === undefined) break;
    proof = smaller.proof;
    kept.set(formatHex(sha256(smaller.taken.data)), smaller.taken);
  }
  return signFitting({ ...draft, runs: draft.runs.map(tooLarge) }, last, signing, saltKey);
}

function chainedFrame({ frame }: Draft, last: Link | undefined): RuntimeProof {
  return {
    ...frame,
    seq: last === undefined ? 0 : last.seq + 1,
    ...(last !== undefined && { prev: digest(parseHex(last.id)) }),
    results: [],
  };
}

/** Signs a proof without changing it. */
export async function signProof(
  proof: RuntimeProof,
  subject: string,
  { signer, issuer }: SigningIdentity,
): Promise<Spelled> {
  const headers = { kind: 'proof', log: proof.challenge.origin, issuer, subject, confirm: true } as const;
  const statement = await signOwn(headers, encodeProof(proof), signer);
  return { statement, id: entryId(formatHex(sha256(statement))) };
}

function finish(
  { subject }: Draft,
  proof: RuntimeProof,
  { statement, id }: Spelled,
  rest: Pick<Signed, 'kept' | 'observed' | 'kid'>,
): Signed {
  return {
    ...rest,
    subject,
    seq: proof.seq,
    id,
    commitment: formatHex(proof.commitment),
    statement,
    started: proof.window.start,
    ended: proof.window.end,
    nextDue: proof.nextDue,
    results: proof.results,
  };
}

function withSkipped(proof: RuntimeProof, { skipped }: Draft): RuntimeProof {
  const errors = [...(proof.errors ?? []), ...skipped].slice(0, MAX_ERRORS);
  return errors.length === 0 ? proof : { ...proof, errors };
}

/** The proof with its largest attachment named by digest; undefined if none is there by value. */
function withoutLargest(
  proof: RuntimeProof,
): { readonly proof: RuntimeProof; readonly taken: Attachment } | undefined {
  const sizes = (proof.attachments ?? []).map(({ data }) => data?.length ?? 0);
  const largest = Math.max(0, ...sizes);
  const at = sizes.indexOf(largest);
  const found = proof.attachments?.[at];
  if (largest === 0 || found?.data === undefined) return undefined;
  const { mediaType, data } = found;
  const attachments = (proof.attachments ?? []).map((each, i) =>
    i === at ? { mediaType, digest: sha256(data), size: data.length } : each,
  );
  return { proof: { ...proof, attachments }, taken: { mediaType, data } };
}

/** What cannot be told in one entry is not known to anybody else. */
function tooLarge(run: Run): Run {
  const message = 'what was seen does not fit into one entry; split the claims or narrow their parameters';
  if ('code' in run.seen && run.seen.code === 'too-large')
    throw refuse(
      'too-large',
      'the proof does not fit into an entry of this log; commit fewer claims at once',
    );
  return { ...run, seen: { code: 'too-large', message } };
}

/** Values of leaves whose tree has only their digest. */
function longLeaves(runs: readonly Run[]): readonly (readonly [string, Attachment])[] {
  return runs.flatMap(({ claims: [claim], seen }) => {
    if (claim === undefined || 'code' in seen) return [];
    const values = leavesOf(underName(nameOf(claim.probe), seen).value).map(({ value }) =>
      encodeValue(value),
    );
    return named(
      values
        .filter(({ length }) => length > MAX_SHOWN)
        .map((data) => ({ mediaType: 'application/cbor', data })),
    );
  });
}

function named(all: readonly Attachment[]): readonly (readonly [string, Attachment])[] {
  return all.map((each) => [formatHex(sha256(each.data)), each]);
}
