/**
 * Where every entry of a log is, by subject and by kind, in compact columns: about 50 bytes an entry and no bodies, so that
 * millions fit in memory. Each row links to the one before it of the same subject, and of the same kind, so that a listing
 * costs what it lists.
 */
import { entryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { STATEMENT_KINDS, type StatementKind } from '../statement/kinds.ts';
import type { Found, Wanted } from './search.ts';

/** What an entry says of itself. `kid`: thumbprint of the signer's key, hex. */
export interface Labels {
  readonly subject: string;
  readonly kind: StatementKind;
  readonly kid: string;
}

export interface Row extends Found, Labels {}

/** Entries of one block of columns. */
const BLOCK = 65_536;
/** Most characters of the different subjects and keys together. */
const MOST_CHARACTERS = 67_108_864;
/** Kind of an entry that is no statement: the log should have refused it, and fsck reports it. */
const OPAQUE = STATEMENT_KINDS.length;
/** Number of a signer of no entry. */
const NOBODY = -1;

interface Block {
  readonly ids: Uint8Array;
  readonly kinds: Uint8Array;
  readonly subjects: Uint32Array;
  readonly kids: Uint32Array;
  /** One more than the index of the row before with the same subject, or kind; 0 if there is none. */
  readonly sameSubject: Uint32Array;
  readonly sameKind: Uint32Array;
}

export class EntryRows {
  readonly #blocks: Block[] = [];
  readonly #subjects = new Names();
  readonly #kids = new Names();
  /** One more than the index of the newest row, by the number of a subject and of a kind. */
  readonly #newestOf: number[] = [];
  readonly #newestOfKind = Array.from({ length: OPAQUE + 1 }, () => 0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds the next entry; without labels, one that is no statement. Refuses `too-large` for too many different names. */
  push(id: string, labels: Labels | undefined): void {
    const index = this.#size;
    const at = index % BLOCK;
    if (at === 0) this.#blocks.push(emptyBlock());
    const { ids, kinds, subjects, kids, sameSubject, sameKind } = this.#blockOf(index);
    const kind = labels === undefined ? OPAQUE : STATEMENT_KINDS.indexOf(labels.kind);
    ids.set(parseHex(id), 32 * at);
    kinds[at] = kind;
    sameKind[at] = this.#newestOfKind[kind] ?? 0;
    this.#newestOfKind[kind] = index + 1;
    if (labels !== undefined) {
      const subject = this.#subjects.numberOf(labels.subject);
      subjects[at] = subject;
      kids[at] = this.#kids.numberOf(labels.kid);
      sameSubject[at] = this.#newestOf[subject] ?? 0;
      this.#newestOf[subject] = index + 1;
    }
    this.#size = index + 1;
  }

  /** The row of an entry; undefined for one that is no statement, and for an index that is not here. */
  at(index: number): Row | undefined {
    if (index < 0 || index >= this.#size) return undefined;
    const { ids, kinds, subjects, kids } = this.#blockOf(index);
    const at = index % BLOCK;
    const kind = STATEMENT_KINDS[kinds[at] ?? OPAQUE];
    if (kind === undefined) return undefined;
    return {
      index,
      id: entryId(formatHex(ids.subarray(32 * at, 32 * at + 32))),
      kind,
      subject: this.#subjects.nameOf(subjects[at] ?? 0),
      kid: this.#kids.nameOf(kids[at] ?? 0),
    };
  }

  /** Rows that match, newest first. */
  *matching({ subject, kind, kid, before = Infinity, from = 0 }: Wanted): Generator<Row, void, undefined> {
    const signer = kid === undefined ? undefined : (this.#kids.known(kid) ?? NOBODY);
    for (
      let index = this.#newest(subject, kind);
      index >= from;
      index = this.#previous(index, subject, kind)
    ) {
      if (index >= before || !this.#isOf(index, kind, signer)) continue;
      const row = this.at(index);
      if (row !== undefined) yield row;
    }
  }

  /** Whether an entry is of a kind and of a signer; undefined matches everything. */
  #isOf(index: number, kind: StatementKind | undefined, signer: number | undefined): boolean {
    const { kinds, kids } = this.#blockOf(index);
    const at = index % BLOCK;
    return (
      (kind === undefined || kinds[at] === STATEMENT_KINDS.indexOf(kind)) &&
      (signer === undefined || kids[at] === signer)
    );
  }

  /** Index of the newest row of the chain that is followed; −1 if there is none. */
  #newest(subject: string | undefined, kind: StatementKind | undefined): number {
    if (subject !== undefined) return (this.#newestOf[this.#subjects.known(subject) ?? -1] ?? 0) - 1;
    if (kind !== undefined) return (this.#newestOfKind[STATEMENT_KINDS.indexOf(kind)] ?? 0) - 1;
    return this.#size - 1;
  }

  #previous(index: number, subject: string | undefined, kind: StatementKind | undefined): number {
    const { sameSubject, sameKind } = this.#blockOf(index);
    if (subject !== undefined) return (sameSubject[index % BLOCK] ?? 0) - 1;
    if (kind !== undefined) return (sameKind[index % BLOCK] ?? 0) - 1;
    return index - 1;
  }

  #blockOf(index: number): Block {
    const block = this.#blocks[Math.floor(index / BLOCK)];
    if (block === undefined) throw new RangeError(`there is no row ${index}`);
    return block;
  }
}

function emptyBlock(): Block {
  return {
    ids: new Uint8Array(32 * BLOCK),
    kinds: new Uint8Array(BLOCK),
    subjects: new Uint32Array(BLOCK),
    kids: new Uint32Array(BLOCK),
    sameSubject: new Uint32Array(BLOCK),
    sameKind: new Uint32Array(BLOCK),
  };
}

/** Texts by number, in the order in which they came. */
class Names {
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  #characters = 0;

  known(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#characters += name.length;
    if (this.#characters > MOST_CHARACTERS)
      throw refuse(
        'too-large',
        `the names of the log's subjects have more than ${MOST_CHARACTERS} characters; let a monitor copy it, and ask that`,
      );
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }

  nameOf(number: number): string {
    return this.#names[number] ?? '';
  }
}
