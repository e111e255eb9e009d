/**
 * What a page asks of its verifier, and what that answers. Both run in one browser, in threads of their own: everything here is
 * plain data. Hashes and ids are lower-case hex, times POSIX seconds.
 *
 *     page                                   verifier
 *     { id: 1, ask: { kind: 'subject' … } } →
 *                                          ← { id: 1, say: 'part', part: { kind: 'head' … } }     any number
 *                                          ← { id: 1, say: 'done', result }   or   { id: 1, say: 'failed', fault }
 *     { id: 1, stop: true }                →                                  then 'failed' with code 'stopped'
 *     { id: 2, ping: true }                → { id: 2, say: 'here' }
 */
import type { HistoryJson } from '../../../appraisal/past/json.ts';
import type { ClaimJson, SubjectJson } from '../../../appraisal/json.ts';
import type { Nature, RefusalCode } from '../../../bytes/refusal.ts';
import type { Seen } from '../../../client/examine-head.ts';
import type { StatementKind } from '../../../statement/kinds.ts';
import type { WhyRow } from '../../../words/why.ts';

/** Whose keys the verifier goes by. `server`: those that the server names, which prove nothing against it. */
export interface TrustText {
  readonly whose: 'reader' | 'server';
  /** A tlog-policy, or verifier keys, one a line. */
  readonly text: string;
}

/** A row of a listing, as the server says it. */
export interface ToldRow {
  readonly index: number;
  readonly id: string;
  readonly subject: string;
  readonly time: number;
}

export interface Period {
  readonly since: number;
  readonly until: number;
}

/** What can be asked. The first is `open`; after another `open` everything before is forgotten but the heads seen. */
export type Ask =
  /**
   * `log`: base URL of the log, absolute. `origin`: of which log its pages say that they are: keys of other logs do not count.
   * `served`: the policy that the server goes by when it computes, as text.
   */
  | {
      readonly kind: 'open';
      readonly log: string;
      readonly origin: string;
      readonly trust: TrustText;
      readonly served?: string;
    }
  /** Reads a trust policy without using it. */
  | { readonly kind: 'trust'; readonly text: string }
  | { readonly kind: 'head' }
  /** `name`: index, or id. */
  | { readonly kind: 'entry'; readonly name: string }
  /** The leaves of a commitment against those of the one before it, as far as files open them. */
  | {
      readonly kind: 'leaves';
      readonly name: string;
      readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
    }
  | SubjectAsk
  /** The verdicts of several subjects, in this order; `told` is what the server says of them. */
  | { readonly kind: 'subjects'; readonly subjects: readonly ToldSubject[] }
  | { readonly kind: 'why'; readonly subject: string; readonly claim: string; readonly at?: string }
  | SearchAsk
  /** Rows of a listing, in this order. */
  | { readonly kind: 'rows'; readonly rows: readonly ToldRow[]; readonly of?: StatementKind };

/** The past of a subject, and its verdicts. */
export interface SubjectAsk {
  readonly kind: 'subject';
  readonly subject: string;
  readonly period: Period;
  /** The part of the period that is on the screen: it is verified first. */
  readonly visible: Period;
  /** A moment as `--at` takes it; absent: now. */
  readonly at?: string;
  /** Asks the server for its word, too: it is told, says what to verify first, and is compared. */
  readonly told?: true;
  /** Reads every entry of the log, so that nothing can be left out. */
  readonly whole?: boolean;
}

/** Entries that match, newest first. An absent member matches everything. */
export interface SearchAsk {
  readonly kind: 'search';
  readonly subject?: string;
  readonly of?: StatementKind;
  /** Thumbprint of the signer's key. */
  readonly kid?: string;
  /** Logged in `[since, until)`, on the log's word. */
  readonly since?: number;
  readonly until?: number;
  /** Only entries below this index: the page after one that ended there. */
  readonly before?: number;
  /** Most rows. */
  readonly limit: number;
  /** Reads every entry of the log, so that nothing can be left out. */
  readonly whole?: boolean;
}

export interface ToldSubject {
  readonly subject: string;
  /** Absent: the server said nothing of it. */
  readonly claims?: readonly Pick<ClaimJson, 'claim' | 'verdict' | 'hidden'>[];
}

export type AskKind = Ask['kind'];
export type Question =
  | { readonly id: number; readonly ask: Ask }
  | { readonly id: number; readonly stop: true }
  /** Whether the verifier is there. */
  | { readonly id: number; readonly ping: true };

/** The result of each kind of question. */
export interface Results {
  readonly open: TrustShown;
  readonly trust: TrustShown;
  readonly head: HeadShown;
  readonly entry: EntryShown;
  readonly leaves: LeavesShown;
  readonly subject: SubjectShown;
  readonly subjects: { readonly verified: number; readonly of: number };
  readonly why: WhyShown;
  readonly rows: { readonly verified: number; readonly of: number };
  readonly search: SearchShown;
}

/** What comes before the result. */
export type Part =
  | { readonly kind: 'head'; readonly head: HeadShown }
  | ({ readonly kind: 'status'; readonly status: SubjectJson } & Read)
  | { readonly kind: 'count'; readonly done: number; readonly of: number; readonly what: string }
  /** Entries that are in the tree and signed by a key that the policy allows; and those that are not what they are said to be. */
  | {
      readonly kind: 'entries';
      readonly verified: readonly number[];
      readonly wrong: readonly { readonly index: number; readonly fault: Fault }[];
    }
  /** What the server says of the period, or of its last month. */
  | { readonly kind: 'told'; readonly past: HistoryJson }
  /** What it says cannot be used. */
  | { readonly kind: 'mistold'; readonly text: string }
  /** What a search names, before it is verified. */
  | { readonly kind: 'found'; readonly rows: readonly ToldRow[] }
  /** The past as computed here, for a part of the period. */
  | {
      readonly kind: 'past';
      readonly period: Period;
      readonly past: HistoryJson;
      readonly marks: readonly MarkShown[];
    }
  | SubjectPart
  | { readonly kind: 'remark'; readonly level: 'note' | 'warning'; readonly text: string };

/** `readFrom`: every entry of the log from this index on was read here, so that the server left none of them out. */
export interface Read {
  readonly readFrom: number;
}

/** The verdicts of one subject. `same`: whether the server said the same; undefined if it said nothing. */
export interface SubjectPart extends Read {
  readonly kind: 'subject';
  readonly subject: string;
  readonly status: SubjectJson | undefined;
  readonly fault: Fault | undefined;
  readonly same: boolean | undefined;
}

export type Reply = { readonly id: number } & (
  | { readonly say: 'part'; readonly part: Part }
  | { readonly say: 'done'; readonly result: Results[AskKind] }
  | { readonly say: 'failed'; readonly fault: Fault }
  | { readonly say: 'here' }
);

/**
 * Why there is no result. `lie`: something that was served or signed does not hold. `away`: nobody answered, which is no lie.
 * `stopped`: the page said so. `bug`: the verifier itself is at fault.
 */
export interface Fault {
  readonly code: RefusalCode | 'stopped' | 'bug';
  readonly nature: Nature | 'stopped' | 'bug';
  readonly text: string;
}

/** One check by the name that the command gives it. `skipped` is no pass. */
export interface CheckShown {
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly code: string | null;
}

export interface TrustShown {
  readonly whose: TrustText['whose'];
  /** In its one spelling. */
  readonly text: string;
  /** In groups of four, as `tallystick trust show` prints it. */
  readonly fingerprint: string;
  readonly logs: readonly string[];
  /** Thumbprints of keys for receipts that were given beside. */
  readonly receiptKeys: readonly string[];
  readonly witnesses: readonly { readonly name: string; readonly url: string | null }[];
  readonly quorum: string;
}

export interface HeadShown {
  readonly checks: readonly CheckShown[];
  readonly verified: boolean;
  readonly origin: string | null;
  readonly size: number | null;
  readonly root: string | null;
  /** When it was signed; null if nobody says so. */
  readonly time: number | null;
  /** The signed note. */
  readonly note: string | null;
  /** `witness`: as the policy calls it; `name`: as its key does. */
  readonly cosigned: readonly { readonly witness: string; readonly name: string; readonly time: number }[];
  readonly seen: Seen | null;
  readonly before: number | null;
  /** Whether this browser remembers it for the next visit. */
  readonly lasts: boolean;
  /** A file that shows others that the log broke its word. */
  readonly incident: { readonly name: string; readonly text: string } | null;
  readonly fault: Fault | null;
}

export interface EntryShown {
  readonly checks: readonly CheckShown[];
  readonly verified: boolean;
  readonly fault: Fault | null;
  readonly entry: EntryFacts | null;
}

export interface EntryFacts {
  readonly index: number;
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly issuer: string;
  readonly kid: string;
  /** As the policy before the entry names the key; null if it names no such key. */
  readonly signer: string | null;
  /** What it says, for people. */
  readonly rows: readonly (readonly [name: string, text: string])[];
  /** When it was logged, whose word that is, and whether its key was revoked later. */
  readonly logged: readonly (readonly [name: string, text: string])[];
  readonly bytes: Uint8Array;
  readonly receipt: Uint8Array | null;
  /** The `.tlog-proof`. */
  readonly proof: string;
  readonly place: PlaceShown | null;
  /** The difference to the declaration before; null for another kind, or where that is not at hand. */
  readonly changes: readonly ChangeShown[] | null;
  /** The same of its leaves, before any of them was opened. */
  readonly leaves: LeavesShown | null;
  /** Ids of entries that it names, with what they are to it. */
  readonly names: readonly { readonly what: string; readonly id: string }[];
}

export interface ChangeShown {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** How leaves differ from those of the declaration before. */
export interface LeavesShown {
  /** Of those that were opened, by path. */
  readonly changes: readonly ChangeShown[];
  /** How many differ, are the same, and are not known, in a sentence. */
  readonly text: string;
  /** Whether nothing is left that is not known. */
  readonly isWhole: boolean;
}

export interface PlaceShown {
  readonly log: string;
  readonly index: number;
  readonly size: number;
  readonly root: string;
  readonly leaf: string;
  /** From the leaf to the root. */
  readonly steps: readonly {
    readonly child: NodeShown;
    readonly sibling: NodeShown;
    readonly parent: NodeShown;
  }[];
}

/** A range of leaves and its hash. */
export interface NodeShown {
  readonly start: number;
  readonly end: number;
  readonly hash: string;
}

export interface SubjectShown {
  readonly head: HeadShown;
  readonly status: SubjectJson;
  readonly past: HistoryJson;
  readonly marks: readonly MarkShown[];
  readonly common: Common;
  /** What the server said otherwise. */
  readonly differs: readonly Differs[];
  readonly csv: string;
  /** How it was checked, in a line. */
  readonly checked: string;
}

/**
 * What of a server's word is compared with what this verifier computed, so that no server is accused that says otherwise in good faith.
 * `all`: both go by the same policy. `entries`: the server goes by another one, which sees other bounds of time, so only what entries say
 * themselves. `looks`: this verifier has other times of entries, so only the looks that both have.
 */
export type Common = 'all' | 'entries' | 'looks';

/** Something that the server said and this verifier computed otherwise. */
export interface Differs {
  readonly claim: string;
  readonly what: 'left out' | 'made up' | 'look' | 'span' | 'figures';
  /** Of the entry of a look. */
  readonly index: number | null;
  readonly text: string;
}

export interface SearchShown {
  /** Each verified, and what it is; those that do not hold are left out, and were told. */
  readonly found: readonly (ToldRow & { readonly kind: string; readonly signer: string })[];
  /** Entries below this index may match as well; null at the end. */
  readonly next: number | null;
  /** Up to where and how it was checked, in a line. */
  readonly checked: string;
}

export interface WhyShown {
  readonly status: ClaimJson;
  readonly rows: readonly WhyRow[];
  /** The entry of the proof that decides. */
  readonly proof: number | null;
  readonly commitment: number;
}

/** What somebody declared about the subject, as a mark above the line. */
export interface MarkShown {
  readonly kind: 'commitment' | 'withdrawal' | 'approval' | 'waiver' | 'deployment';
  readonly index: number;
  readonly id: string;
  readonly time: number;
  /** As the policy before the entry names the key. */
  readonly by: string;
  readonly text: string;
  /** Of a waiver: its end, and the claims that it waives. */
  readonly until: number | null;
  readonly claims: readonly string[];
  /** Of a deployment: until when each claim is to be proven. */
  readonly deadlines: readonly { readonly claim: string; readonly at: number }[];
}
