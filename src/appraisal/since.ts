/**
 * Since when a claim has had the verdict that it has, as far as the entries that were read show. Nobody looked between two looks,
 * so a failure may have begun earlier than the first look that found it. Pure. Times: POSIX seconds.
 */
import { formatHex } from '../bytes/text.ts';
import { readsPrev } from '../claim/prev.ts';
import { countsFrom } from './due.ts';
import type { ClaimStatus } from './appraise.ts';
import type { Declared, EntryOf, History } from './history.ts';

export interface Since {
  readonly time: number;
  /** Whether it may have been so for longer: the run of looks goes on further back than was read. */
  readonly orLonger: boolean;
}

/** A run of looks whose begin was found before. */
export interface KnownRun extends Since {
  /** Id of the claim, entry id of the commitment, and index of the newest look of the run. */
  readonly claim: string;
  readonly commitment: string;
  readonly newest: number;
  readonly kid: string;
  readonly failed: boolean;
}

/**
 * Undefined for a claim that is PROVEN, and where the entries do not tell: of a key that was revoked, of a proof that is not
 * believed. `known`: a run that was found for the same claim when fewer entries were logged.
 */
export function sinceOf(
  status: ClaimStatus,
  declared: Declared,
  history: Pick<History, 'proofs'>,
  now: number,
  known?: KnownRun,
): { readonly since: Since; readonly run: KnownRun | undefined } | undefined {
  const { doubted, proof, due } = status;
  const verdict = status.hidden ?? status.verdict;
  const { notAfter = Infinity } = declared.declaration.validity ?? {};
  if (verdict === 'PROVEN' || verdict === 'REVOKED') return undefined;
  if (verdict === 'STALE') return exactly(Math.min(due, notAfter));
  if (proof === undefined) {
    const effective = declared.effective ?? declared.entry.time;
    const counts = countsFrom(effective, declared.declaration);
    // Before its validity begins, it has waited for that since it took effect.
    return exactly(counts > now ? effective : counts);
  }
  // What readers make of earlier looks is not in the entries of these.
  if (doubted || readsPrev(status.claim)) return undefined;
  const run = runOf(status, proof, declared.entry.id, history, known);
  return run && { since: { time: run.time, orLonger: run.orLonger }, run };
}

function exactly(time: number): { readonly since: Since; readonly run: undefined } {
  return { since: { time, orLonger: false }, run: undefined };
}

/** The looks of one agent in a row that end with this one: failures up to a PROVEN one, else looks that say UNKNOWN. */
function runOf(
  { claim }: ClaimStatus,
  newest: EntryOf<'proof'>,
  commitment: string,
  { proofs }: Pick<History, 'proofs'>,
  known: KnownRun | undefined,
): KnownRun | undefined {
  const { kid } = newest.parsed;
  const said = (entry: EntryOf<'proof'>) =>
    entry.parsed.proof.results.find((each) => each.claim === claim.id)?.verdict;
  const last = said(newest);
  if (last === undefined || last === 'PROVEN') return undefined; // Too low a class, or too few agents.
  const failed = isFailure(last);
  const isKnown =
    known?.kid === kid && known.commitment === commitment && known.failed === failed ? known : undefined;
  let time = newest.parsed.proof.window.start;
  let orLonger = true;
  for (const each of proofs.toReversed()) {
    const { proof } = each.parsed;
    if (each.parsed.kid !== kid || each.index > newest.index) continue;
    if (each.index === isKnown?.newest) return { ...isKnown, newest: newest.index };
    const verdict = formatHex(proof.commitment) === commitment ? said(each) : 'PROVEN';
    orLonger = false;
    if (verdict === 'PROVEN' || (!failed && verdict !== undefined && verdict !== 'UNKNOWN')) break;
    if (verdict !== undefined && isFailure(verdict) === failed) time = proof.window.start;
    orLonger = proof.seq > 0;
  }
  return { time, orLonger, claim: claim.id, commitment, newest: newest.index, kid, failed };
}

function isFailure(verdict: string): boolean {
  return verdict === 'VIOLATED' || verdict === 'CONTRADICTED';
}
