/** What the page of a subject knows: the server's word, and what this browser verified of it. Nothing of the one passes as the other. */
import type { SubjectJson } from '../../../../appraisal/json.ts';
import type { HistoryJson } from '../../../../appraisal/past/json.ts';
import type { LookJson, Standing } from '../../draw/clusters.ts';
import type { Differs, Fault, MarkShown, Part, SubjectShown } from '../../worker/protocol.ts';

export class Known {
  told: HistoryJson | undefined;
  /** Why the server's word cannot be used. */
  toldWrong: string | undefined;
  status: SubjectJson | undefined;
  /** Every entry from this index on was read here. */
  readFrom = Infinity;
  /** Computed here, for a part of the period, and for all of it. */
  early: HistoryJson | undefined;
  done: SubjectShown | undefined;
  marks: readonly MarkShown[] = [];
  readonly entries = new Set<number>();
  readonly wrong = new Map<number, Fault>();
  readonly remarks: string[] = [];
  fault: Fault | undefined;
  step = '';
  isRunning = true;

  /** What is drawn: computed here where it is, else the server's word. */
  get past(): HistoryJson | undefined {
    return this.done?.past ?? this.told ?? this.early;
  }

  /** How far a look at a claim is verified. */
  standingOf(claim: string, index: number): Standing {
    if (this.wrong.has(index)) return 'wrong';
    // Another claim's look in the same entry says nothing of this one.
    const own = this.#own(claim);
    if (this.done !== undefined || own?.has(index) === true) return 'filled';
    return this.entries.has(index) ? 'entry' : 'hollow';
  }

  /** The looks of a claim that is drawn, those computed here in place of the server's. */
  looksOf(claim: string): readonly LookJson[] {
    const looks = this.past?.claims.find((each) => each.claim === claim)?.looks ?? [];
    const own = this.#own(claim);
    return own === undefined || this.done !== undefined
      ? looks
      : looks.map((each) => own.get(each.index) ?? each);
  }

  /** Computed here of a part of the period, by the index of the entry. */
  #own(claim: string): ReadonlyMap<number, LookJson> | undefined {
    return this.#early.get(claim);
  }

  readonly #early = new Map<string, ReadonlyMap<number, LookJson>>();

  take(part: Part): void {
    switch (part.kind) {
      case 'status':
        this.status = part.status;
        this.readFrom = part.readFrom;
        break;
      case 'subject':
        this.status ??= part.status;
        this.readFrom = part.readFrom;
        break;
      case 'entries':
        for (const index of part.verified) this.entries.add(index);
        for (const { index, fault } of part.wrong) this.wrong.set(index, fault);
        break;
      case 'told':
        this.told = part.past;
        break;
      case 'mistold':
        this.toldWrong = part.text;
        break;
      case 'past':
        this.early = part.past;
        this.marks = part.marks;
        for (const { claim, looks } of part.past.claims)
          this.#early.set(claim, new Map(looks.map((each) => [each.index, each])));
        break;
      case 'count':
        if (part.what === 'entries') this.listed = part.of;
        this.step = `${part.done.toLocaleString('en')} of ${part.of.toLocaleString('en')} ${part.what}`;
        break;
      case 'remark':
        this.remarks.push(part.text);
        break;
      case 'head':
      case 'found':
        break;
    }
  }

  get counts(): { readonly verified: number; readonly wrong: number; readonly rows: number } {
    const { past, done, entries, wrong } = this;
    if (this.#counted !== past)
      this.#rows = new Set(past?.claims.flatMap(({ looks }) => looks.map(({ index }) => index))).size;
    this.#counted = past;
    // What the server lists and tells nothing of is verified, too.
    const rows = done === undefined ? Math.max(this.#rows, this.listed) : this.#rows;
    return { verified: done === undefined ? Math.min(entries.size, rows) : rows, wrong: wrong.size, rows };
  }

  /** What the server said otherwise than this browser computed. */
  get differs(): readonly Differs[] {
    return this.done?.differs ?? [];
  }

  /** Entries that the log's search names. */
  listed = 0;
  #counted: HistoryJson | undefined;
  #rows = 0;
}
