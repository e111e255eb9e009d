/**
 * The spans of one claim: what is known of it from moment to moment (spec/audit.md, "Spans"). They follow from the states of a
 * replay, with one rule more: a claim that failed is failed until it is PROVEN again, be the agent silent or the commitment
 * another one meanwhile. Pure.
 */
import { formatHex } from '../../bytes/text.ts';
import type { EntryId } from '../../bytes/brand.ts';
import type { Verdict } from '../../statement/vocabulary.ts';
import type { ClaimStatus } from '../appraise.ts';
import type { Declared, History } from '../history.ts';
import { CLOCK_TOLERANCE, isFailure } from '../reports.ts';
import type { Look, Span, SpanKind, Uncovered } from './known-types.ts';
import { NOTHING, type Draft } from './drafts.ts';
import { isOpen, withPerhaps } from './perhaps.ts';
import type { ClaimState } from './sweep.ts';

/** A failure that no PROVEN ended yet. */
interface Failure {
  readonly entry: EntryId;
  readonly verdict: Verdict;
  readonly startedAfter: number | undefined;
}

/** A failure that begins. `perhapsFrom`: when it may have begun, if no source states a time and that was earlier. */
interface Beginning extends Pick<Failure, 'entry' | 'verdict'> {
  readonly startedAfter?: number | undefined;
  readonly perhapsFrom?: number | undefined;
}

/** What is known at a moment, and for which commitment. */
type Known = Omit<Draft, 'from' | 'to'>;

/** Takes the looks and the states of a claim in the order of their time, and cuts spans. */
export class SpanCutter {
  readonly #claim: string;
  readonly #done: Draft[] = [];
  readonly #late: Look[] = [];
  /** By agent. */
  readonly #failures = new Map<string, Failure>();
  /** By agent, the end of the newest window in which it says that it saw a failure. */
  readonly #failedUntil = new Map<string, number>();
  /** By agent, what it said last under the commitment in force. */
  readonly #said = new Map<string, Verdict>();
  /** Looks that were made at some moment that nobody can name, under the commitment in force. */
  readonly #somewhere = new Map<string, Look>();
  /** By commitment and agent, the newest look under a commitment that is not in force. */
  readonly #early = new Map<string, Look>();
  #open: { readonly from: number; readonly known: Known } | undefined;
  /** The worst failure that began and ended in the moment at which `#open` begins. */
  #brief: Known | undefined;
  /** A failure that begins in this moment, whether it is over at once or not. */
  #over: Beginning | undefined;
  /** Times in which the claim may have been uncovered already, in the order of their ends. */
  readonly #perhaps: Draft[] = [];
  #state: ClaimState | undefined;
  #provenAt: number | undefined;

  constructor(claim: string) {
    this.#claim = claim;
  }

  /** A look counts from `at` on. Called before the state of that moment. */
  look(look: Look): void {
    const { status, declared } = this.#state ?? {};
    if (look.isSomewhere) this.#somewhere.set(look.entry.id, look);
    if (declared?.entry.id !== look.commitment || declared.effective === undefined)
      return void this.#early.set(`${look.commitment} ${look.kid}`, look);
    if (isSilent(status) && look.oneWith === look.entry.index && whyNot(declared, look.at) === undefined)
      this.#late.push(look);
    this.#said.set(look.kid, look.verdict);
    if (isFailure(look.verdict)) this.#failAt(look, declared);
    else if (look.verdict === 'PROVEN' && look.isSomewhere) this.#endBy(look);
    if (look.verdict === 'PROVEN') {
      const proven = look.isSomewhere ? look.bounds.notBefore : look.seen;
      this.#provenAt = proven === undefined ? this.#provenAt : Math.max(this.#provenAt ?? 0, proven);
    }
  }

  /**
   * Failures that were seen before their commitment had its approvals, and at some moment that nobody can name, count from the
   * approvals on. Of a look whose moment is known the rule of one moment says whether it counts.
   */
  #approved({ declared }: ClaimState): void {
    if (declared?.effective === undefined) return;
    for (const [key, look] of this.#early) {
      if (look.commitment !== declared.entry.id) continue;
      this.#early.delete(key);
      if (look.isSomewhere && isFailure(look.verdict)) this.#failAt(look, declared);
    }
  }

  /** Ends the failure of an agent that says PROVEN of later than that, unless another agent said something else last. */
  #endBy({ kid, entry }: Look): void {
    const isLater = entry.parsed.proof.window.end >= (this.#failedUntil.get(kid) ?? 0);
    if (isLater && [...this.#said.values()].every((verdict) => verdict === 'PROVEN'))
      this.#failures.delete(kid);
  }

  #failAt(look: Look, declared: Declared): void {
    const { kid, entry } = look;
    this.#failedUntil.set(kid, Math.max(this.#failedUntil.get(kid) ?? 0, entry.parsed.proof.window.end));
    const failure = { entry: entry.id, verdict: look.verdict };
    this.#fail(kid, failure);
    if (mayHaveCounted(look, declared)) this.#over = { ...failure, perhapsFrom: perhapsBegun(look) };
  }

  /**
   * What is known from a moment on. Of several states of one moment the last one stays; a failure lasts a second at least.
   * `perhapsFrom`: the lower bound of the entry that brings the state, if nobody states its time. What is uncovered counts from there
   * on, for a second at least.
   */
  state(at: number, state: ClaimState, perhapsFrom?: number): void {
    if (this.#state?.declared?.entry.id !== state.declared?.entry.id) this.#said.clear();
    if (isOverAtOnce(this.#state?.declared, state.declared, at)) this.#over = worstOf(this.#failures);
    this.#state = state;
    this.#approved(state);
    const known = this.#knownIn(state, at);
    if (perhapsFrom !== undefined && isOpen(known))
      this.#perhaps.push({ ...known, why: 'somewhere', from: Math.min(perhapsFrom, at - 1), to: at });
    const over = this.#takeOver(state);
    const isSame = this.#open !== undefined && sameKnown(this.#open.known, known);
    if (isSame && badnessOf(over) <= badnessOf(known)) return;
    const before = this.#open;
    if (before?.from === at) this.#brief = worseOf(this.#brief, before.known);
    else this.#close(at);
    this.#brief = worseOf(this.#brief, over);
    this.#open = { from: at, known };
  }

  #takeOver({ declared, status }: ClaimState): Known | undefined {
    const over = this.#over;
    this.#over = undefined;
    if (over === undefined) return undefined;
    const { perhapsFrom = Infinity, ...failure } = over;
    const isBefore = perhapsFrom < (status?.waiver?.time ?? -Infinity);
    const waiver = isBefore ? undefined : status?.waiver;
    const kind = waiver === undefined ? 'failed' : 'waived';
    const hides = waiver === undefined ? undefined : 'failed';
    const commitment = declared?.entry.id;
    return { ...NOTHING, startedAfter: this.#provenAt, ...failure, kind, hides, commitment, waiver };
  }

  /** Every span up to `end`, and the looks that came when one was due already. */
  finish(end: number): { readonly drafts: readonly Draft[]; readonly late: readonly Look[] } {
    this.#close(end);
    return { drafts: withPerhaps(this.#done, this.#perhaps), late: this.#late };
  }

  #close(to: number): void {
    if (this.#open === undefined || this.#open.from >= to) return;
    const { from, known } = this.#open;
    const brief = worseOf(known, this.#brief);
    this.#brief = undefined;
    const begin = brief === known ? from : from + 1;
    if (brief !== undefined && begin > from) this.#done.push({ ...brief, from, to: begin });
    if (begin < to) this.#done.push({ ...known, from: begin, to });
  }

  #fail(kid: string, { entry, verdict }: Pick<Failure, 'entry' | 'verdict'>): void {
    // It is the same failure until the agent says PROVEN, but it may get worse.
    const before = this.#failures.get(kid);
    const isWorse = before?.verdict === 'VIOLATED' && verdict === 'CONTRADICTED';
    if (before === undefined || isWorse)
      this.#failures.set(kid, { entry, verdict, startedAfter: before?.startedAfter ?? this.#provenAt });
  }

  #knownIn({ declared, status, history }: ClaimState, at: number): Known {
    if (declared === undefined || status === undefined)
      return { ...NOTHING, kind: 'uncovered', why: unclaimed(history, this.#claim) };
    const verdict = status.hidden ?? status.verdict;
    const commitment = declared.entry.id;
    const why = whyNot(declared, at);
    const proof = status.proof;
    if (why === undefined && isFailure(verdict) && proof !== undefined)
      this.#fail(proof.parsed.kid, { entry: proof.id, verdict });
    if (verdict === 'PROVEN') {
      this.#failures.clear();
      return { ...NOTHING, kind: 'covered', verdict, evidence: status.evidence, commitment };
    }
    const failure = why === undefined ? worstOf(this.#failures) : undefined;
    const kind: 'failed' | 'uncovered' = failure === undefined ? 'uncovered' : 'failed';
    const { waiver } = status;
    const waived: { readonly kind: SpanKind; readonly hides: Draft['hides'] } =
      waiver === undefined ? { kind, hides: undefined } : { kind: 'waived', hides: kind };
    if (failure !== undefined) return { ...NOTHING, ...waived, ...failure, commitment, waiver };
    return {
      ...NOTHING,
      ...waived,
      verdict,
      why: why ?? this.#whyUnknown(status, verdict, at),
      commitment,
      waiver,
    };
  }

  /** Why a claim that counts is neither PROVEN nor failed. */
  #whyUnknown(status: ClaimStatus, verdict: Verdict, at: number): Uncovered | 'silent' {
    const { proof, doubted, claim } = status;
    if (verdict === 'REVOKED') return 'revoked';
    if (verdict === 'STALE') return 'silent';
    if (proof === undefined) return 'awaited';
    if (doubted) return 'disbelieved';
    const said = proof.parsed.proof.results.find((each) => each.claim === claim.id);
    if (said?.verdict === 'UNKNOWN') return 'unknown';
    const look = this.#somewhere.get(proof.id);
    return look !== undefined && look.due < at ? 'somewhere' : 'short';
  }
}

/** When a look that no source states a time for may have been made: a waiver that was logged later does not hide it. */
function perhapsBegun({ isSomewhere, loggedAt, at, entry }: Look): number | undefined {
  const { end } = entry.parsed.proof.window;
  return isSomewhere && loggedAt === undefined && end + CLOCK_TOLERANCE < at ? end : undefined;
}

/** Whether the commitment was valid when the look was made, as far as that is known. */
function mayHaveCounted({ at, isSomewhere, bounds }: Look, declared: Declared): boolean {
  const why = whyNot(declared, at);
  const { notAfter = Infinity } = declared.declaration.validity ?? {};
  return (
    why === undefined || (why === 'expired' && isSomewhere && (bounds.notBefore ?? -Infinity) < notAfter)
  );
}

/**
 * Whether a commitment is past its validity at the moment from which on it counts. Where nobody states when that was, it may have been
 * valid before, and failed as it did under the one before it.
 */
function isOverAtOnce(before: Declared | undefined, now: Declared | undefined, at: number): boolean {
  const wasInForce = before?.effective !== undefined && before.entry.id === now?.entry.id;
  return now !== undefined && !wasInForce && whyNot(now, at) === 'expired';
}

/** How bad a failure is: one that nothing hides is worse than one under a waiver; 0 for no failure. */
function badnessOf(known: Known | undefined): number {
  if (known === undefined || known.verdict === undefined || !isFailure(known.verdict)) return 0;
  return (known.kind === 'failed' ? 3 : 1) + (known.verdict === 'CONTRADICTED' ? 1 : 0);
}

/** The worse failure of two; the first if they are alike. */
function worseOf(a: Known | undefined, b: Known | undefined): Known | undefined {
  return badnessOf(b) > badnessOf(a) ? b : a;
}

/** Of several failures a CONTRADICTED one, else the first. */
function worstOf(byAgent: ReadonlyMap<string, Failure>): Failure | undefined {
  const failures = [...byAgent.values()];
  return failures.find(({ verdict }) => verdict === 'CONTRADICTED') ?? failures[0];
}

/** Why a commitment that claims something does not count at a moment; undefined if it does. */
export function whyNot(
  { effective, declaration: { validity } }: Declared,
  at: number,
): Uncovered | undefined {
  if (effective === undefined) return 'pending';
  if (at < (validity?.notBefore ?? 0)) return 'not-yet';
  return at >= (validity?.notAfter ?? Infinity) ? 'expired' : undefined;
}

/** Why no commitment claims it: the one that did was withdrawn, and none claimed it since; or none does. */
function unclaimed({ inForce, declared, withdrawals }: History, claim: string): Uncovered {
  if (inForce !== undefined) return 'unclaimed';
  const last = declared.findLast(
    ({ effective, declaration }) =>
      effective !== undefined && declaration.claims.some(({ id }) => id === claim),
  );
  const isGone = withdrawals.some(
    ({ effective, withdraws }) => effective !== undefined && withdraws === last?.entry.id,
  );
  return isGone ? 'withdrawn' : 'unclaimed';
}

/** Whether a proof is overdue. */
function isSilent(status: ClaimStatus | undefined): boolean {
  return (status?.hidden ?? status?.verdict) === 'STALE';
}

function sameKnown(a: Known, b: Known): boolean {
  return (
    a.kind === b.kind &&
    a.hides === b.hides &&
    a.why === b.why &&
    a.verdict === b.verdict &&
    a.evidence === b.evidence &&
    a.commitment === b.commitment &&
    a.entry === b.entry &&
    a.waiver?.id === b.waiver?.id
  );
}

/** The spans of a claim within a period; before the first of them nothing is claimed. */
export function clipped(spans: readonly Span[], since: number, until: number): readonly Span[] {
  const inside = spans.flatMap((span): readonly Span[] => {
    const [from, to] = [Math.max(since, span.from), Math.min(until, span.to)];
    return from < to ? [{ ...span, from, to }] : [];
  });
  const first = inside[0]?.from ?? until;
  if (first <= since) return inside;
  return [{ ...NOTHING, kind: 'uncovered', why: 'unclaimed', from: since, to: first }, ...inside];
}

/** The entry id of the commitment that a proof names. */
export function commitmentIn({ parsed: { proof } }: Look['entry']): string {
  return formatHex(proof.commitment);
}
