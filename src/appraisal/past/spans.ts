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
import type { Look, Span, SpanKind, Uncovered } from './known-types.ts';
import type { ClaimState } from './sweep.ts';

/** A failure that no PROVEN ended yet. */
interface Failure {
  readonly entry: EntryId;
  readonly verdict: Verdict;
  readonly startedAfter: number | undefined;
}

/** A span whose reason is not final. `silent`: a proof was due and did not come; silence.ts finds out why. */
export type Draft = Omit<Span, 'why'> & { readonly why: Uncovered | 'silent' | undefined };

/** What is known at a moment, and for which commitment. */
type Known = Omit<Draft, 'from' | 'to'>;

const NOTHING = {
  hides: undefined,
  why: undefined,
  verdict: undefined,
  evidence: undefined,
  commitment: undefined,
  entry: undefined,
  startedAfter: undefined,
  waiver: undefined,
} as const;

/** Takes the looks and the states of a claim in the order of their time, and cuts spans. */
export class SpanCutter {
  readonly #claim: string;
  readonly #done: Draft[] = [];
  readonly #late: Look[] = [];
  /** By agent. */
  readonly #failures = new Map<string, Failure>();
  #open: { readonly from: number; readonly known: Known } | undefined;
  #state: ClaimState | undefined;
  #provenAt: number | undefined;

  constructor(claim: string) {
    this.#claim = claim;
  }

  /** A look counts from `at` on. Called before the state of that moment. */
  look(look: Look): void {
    const { status, declared } = this.#state ?? {};
    if (declared?.entry.id !== look.commitment || declared.effective === undefined) return;
    if (isSilent(status) && look.oneWith === look.entry.index && whyNot(declared, look.at) === undefined)
      this.#late.push(look);
    if (isFailure(look.verdict)) this.#fail(look.kid, { ...look, entry: look.entry.id });
    else if (look.verdict === 'PROVEN' && look.isSomewhere) this.#failures.delete(look.kid);
    if (look.verdict === 'PROVEN') {
      const proven = look.isSomewhere ? (look.bounds.notBefore ?? 0) : look.seen;
      this.#provenAt = Math.max(this.#provenAt ?? 0, proven);
    }
  }

  state(at: number, state: ClaimState): void {
    this.#state = state;
    const known = this.#knownIn(state, at);
    if (this.#open !== undefined && sameKnown(this.#open.known, known)) return;
    this.#close(at);
    this.#open = { from: at, known };
  }

  /** Every span up to `end`, and the looks that came when one was due already. */
  finish(end: number): { readonly drafts: readonly Draft[]; readonly late: readonly Look[] } {
    this.#close(end);
    return { drafts: this.#done, late: this.#late };
  }

  #close(to: number): void {
    if (this.#open === undefined || this.#open.from >= to) return;
    this.#done.push({ ...this.#open.known, from: this.#open.from, to });
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
    const failure = why === undefined ? worstOf([...this.#failures.values()]) : undefined;
    const kind: 'failed' | 'uncovered' = failure === undefined ? 'uncovered' : 'failed';
    const { waiver } = status;
    const waived: { readonly kind: SpanKind; readonly hides: Draft['hides'] } =
      waiver === undefined ? { kind, hides: undefined } : { kind: 'waived', hides: kind };
    if (failure !== undefined) return { ...NOTHING, ...waived, ...failure, commitment, waiver };
    return { ...NOTHING, ...waived, verdict, why: why ?? whyUnknown(status, verdict), commitment, waiver };
  }
}

/** Of several failures a CONTRADICTED one, else the first. */
function worstOf(failures: readonly Failure[]): Failure | undefined {
  return failures.find(({ verdict }) => verdict === 'CONTRADICTED') ?? failures[0];
}

function isFailure(verdict: Verdict): boolean {
  return verdict === 'VIOLATED' || verdict === 'CONTRADICTED';
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

/** Why a claim that counts is neither PROVEN nor failed. */
function whyUnknown(status: ClaimStatus, verdict: Verdict): Uncovered | 'silent' {
  const { proof, doubted, claim } = status;
  if (verdict === 'REVOKED') return 'revoked';
  if (verdict === 'STALE') return 'silent';
  if (proof === undefined) return 'awaited';
  if (doubted) return 'disbelieved';
  const said = proof.parsed.proof.results.find((each) => each.claim === claim.id);
  return said?.verdict === 'UNKNOWN' ? 'unknown' : 'short';
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
