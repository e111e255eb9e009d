/**
 * Judges the calls of a trail. Each call gets a verdict and a leaf in the salted tree. Violations, writes and calls that could
 * not be judged are also listed in the proof. A leaf is a line of text at `<number of the log file>/<number of the record>`, so
 * that whoever has the log file can check it. It begins with the event's id, which nobody else can guess.
 */
import { printable } from '../../bytes/printable.ts';
import { codeText } from '../harmless.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { cutLists } from '../members.ts';
import { emptyEdge, grow } from '../../tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../tree/hash.ts';
import { concatBytes } from '../../bytes/compare.ts';
import { decide, grantsOf, type Decision } from './evaluate.ts';
import type { Call } from './event.ts';
import type { Policy } from './policy.ts';
import { matchesAction, openText } from './wildcard.ts';

/** Most calls and log files that get a leaf each. If there are more, each log file gets one leaf with the root of its calls. */
export const MAX_LEAVES = 16_000;
/** Most violations, and most writes, that are listed. */
const MAX_SHOWN = 50;
/** Most actions that are listed as used, and as unknown. */
const MAX_ACTIONS = 300;
/** Stands for all unknown actions beyond that number. */
const OTHERS = 'others';

/**
 * `deniedByCloud`: AWS refused the call. `failed`: it ended with another error, so it did nothing and is neither allowed nor
 * violating. `permissionless`: it needs no permission.
 */
type Outcome = Decision['verdict'] | 'permissionless' | 'deniedByCloud' | 'failed';

/** One log file whose content has the digest that AWS signed. */
export interface Counted {
  readonly object: string;
  readonly sha256: string;
  /** Hex SHA-256 of the digest that names it. */
  readonly digest: string;
  readonly records: number;
  readonly calls: number;
}

/** Error codes by which AWS says that it refused a call. */
const DENIED = /AccessDenied|Unauthori[sz]ed|NotAuthori[sz]ed|Forbidden|AuthorizationError/i;

export class Tally {
  readonly #policy: Policy;
  readonly #counts: Record<
    Outcome | 'writes' | 'deniedWrites' | 'failedWrites' | 'unclassified' | 'unattributed',
    number
  > = {
    allowed: 0,
    violating: 0,
    unknown: 0,
    permissionless: 0,
    deniedByCloud: 0,
    failed: 0,
    writes: 0,
    deniedWrites: 0,
    failedWrites: 0,
    unclassified: 0,
    unattributed: 0,
  };
  readonly #violations: ValueMap[] = [];
  readonly #writes: ValueMap[] = [];
  readonly #unknown = new Map<string, { calls: number; readonly why: string }>();
  readonly #used = new Map<string, number>();
  readonly #files: Counted[] = [];
  readonly #lines: Record<string, string>[] = [];
  #kept = 0;
  readonly #roots: string[] = [];
  records = 0;
  calls = 0;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** Adds one log file and the calls of the principals in it, by the number of their record. */
  file(file: Omit<Counted, 'calls'>, calls: ReadonlyMap<number, Call>): void {
    const lines: Record<string, string> = {};
    for (const [record, call] of calls) lines[String(record)] = this.#judge(call);
    this.#files.push({ ...file, calls: calls.size });
    this.records += file.records;
    this.calls += calls.size;
    this.#roots.push(rootOf(Object.values(lines)));
    this.#kept += calls.size + 1;
    if (this.#kept <= MAX_LEAVES) this.#lines.push(lines);
  }

  /** Counts an event of the account whose record does not say who made it. */
  unattributed(): void {
    this.#counts.unattributed += 1;
  }

  get files(): readonly Counted[] {
    return this.#files;
  }

  /** Whether there are too many calls for a leaf each. */
  get isLarge(): boolean {
    return this.#kept > MAX_LEAVES;
  }

  /** Lists of the value that may lack members, since they have reached their greatest length. */
  get cut(): readonly Withheld[] {
    return [
      ...cutLists({ violations: this.#violations, writes: this.#writes }, MAX_SHOWN),
      ...cutLists({ used: [...this.#used.keys()], unknown: [...this.#unknown.keys()] }, MAX_ACTIONS),
    ];
  }

  value(): ValueMap {
    const used = [...this.#used.keys()];
    const unused = grantsOf(this.#policy).filter((grant) => !used.some((each) => matchesAction(grant, each)));
    const counts = this.#counts;
    return {
      counts: { ...counts, calls: this.calls, records: this.records },
      ...(counts.unclassified === 0 && { classified: true }),
      ...(counts.unattributed === 0 && { attributed: true }),
      violations: this.#violations,
      writes: this.#writes,
      unknown: Object.fromEntries(this.#unknown),
      used: Object.fromEntries([...this.#used].slice(0, MAX_ACTIONS)),
      unused,
      files: Object.fromEntries(
        this.#files.map((file, i): [string, string] => [String(i), this.#told(file, i)]),
      ),
      ...(!this.isLarge && {
        calls: Object.fromEntries(this.#lines.map((lines, i): [string, Value] => [String(i), lines])),
      }),
    };
  }

  #told({ object, sha256, records, calls }: Counted, i: number): string {
    const root = this.isLarge ? ` root ${this.#roots[i] ?? ''}` : '';
    return `sha256 ${sha256} records ${records} calls ${calls}${root} ${printable(object, 400)}`;
  }

  /** Counts a call, and returns the line of its leaf. */
  #judge(call: Call): string {
    const { verdict, why } = verdictOf(this.#policy, call);
    this.#counts[verdict] += 1;
    const about = aboutOf(call);
    const shown = { event: codeText(call.id), time: codeText(call.time), ...about };
    if (verdict === 'violating') show(this.#violations, { ...shown, why });
    if (verdict === 'unknown') this.#note(about.action, why);
    if (verdict === 'allowed')
      for (const { action } of call.requests ?? []) this.#used.set(action, (this.#used.get(action) ?? 0) + 1);
    if (call.readOnly === undefined && call.error === undefined) this.#counts.unclassified += 1;
    if (call.readOnly === false && verdict === 'deniedByCloud') this.#counts.deniedWrites += 1;
    else if (call.readOnly === false && call.error !== undefined) this.#counts.failedWrites += 1;
    else if (call.readOnly === false) {
      this.#counts.writes += 1;
      show(this.#writes, shown);
    }
    const error = call.error === undefined ? '' : ` error ${codeText(call.error)}`;
    return `${shown.event} ${shown.time} ${verdict} ${about.action} ${about.resource}${error}`;
  }

  #note(action: string, why: string): void {
    const name = this.#unknown.has(action) || this.#unknown.size < MAX_ACTIONS ? action : OTHERS;
    const known = this.#unknown.get(name);
    if (known === undefined) this.#unknown.set(name, { calls: 1, why });
    else known.calls += 1;
  }
}

function verdictOf(
  policy: Policy,
  { requests, error }: Call,
): { readonly verdict: Outcome; readonly why: string } {
  if (error !== undefined && DENIED.test(error)) return { verdict: 'deniedByCloud', why: codeText(error) };
  if (error !== undefined) return { verdict: 'failed', why: codeText(error) };
  if (requests === undefined)
    return { verdict: 'unknown', why: 'it is not known here which action this event needs' };
  if (requests.length === 0) return { verdict: 'permissionless', why: 'it needs no permission' };
  const all = requests.map((each) => decide(policy, each));
  const worst =
    all.find((each) => each.verdict === 'violating') ??
    all.find((each) => each.verdict === 'unknown') ??
    all[0];
  if (worst === undefined) throw new Error('a call without requests');
  return worst;
}

function aboutOf({ event, requests }: Call): { readonly action: string; readonly resource: string } {
  const actions = (requests ?? []).map(({ action }) => action);
  const resources = new Set((requests ?? []).flatMap((each) => each.resources ?? []));
  return {
    action: codeText(actions.length === 0 ? event : actions.join('+'), 200),
    resource: resources.size === 0 ? '-' : printable([...resources].map(openText).join(' '), 500),
  };
}

function show(list: ValueMap[], what: ValueMap): void {
  if (list.length < MAX_SHOWN) list.push(what);
}

/** Hex root of an RFC 6962 tree over lines. */
function rootOf(lines: readonly string[]): string {
  const hashes = lines.map((line) => hashLeaf(encodeUtf8(line)));
  return grow(emptyEdge(), concatBytes(...hashes), nobleHasher).root.toHex();
}
