/**
 * What a probe cut, dropped or did not ask for. Such a part of the value is neither there nor absent: a claim that reads
 * it is UNKNOWN, and says why. Every probe marks such parts; this one rule judges them for all.
 */
import { childrenOf, escaped, type Value } from './value.ts';

/** One part of an observation that the probe knows to be less than what is there. */
export interface Withheld {
  /** JSON Pointer in the probe's value (not below the probe's name). */
  readonly path: string;
  /** For people, and for the proof's `explain`: `a header longer than 1024 characters was cut`. */
  readonly reason: string;
  /**
   * Left out: nothing is known at or below `path`, be a value there or not. `members`: what the value has below `path`
   * is right, and there are or may be members or items that it does not have.
   */
  readonly only?: 'members';
}

/** How an expression used a part of an observation. */
export interface Read {
  readonly path: string;
  /**
   * `value`: what stands there, or that something does. `absent`: that nothing does. `members`: which members or items
   * there are. `least`: that there are no fewer. `whole`: everything below.
   */
  readonly kind: 'value' | 'absent' | 'members' | 'least' | 'whole';
  /** It is a map whose members were listed or counted, or that was read whole. */
  readonly map?: boolean;
}

/** Why what was read of `value` is not known; undefined when it is. */
export function withheldReason(
  value: Value,
  withheld: readonly Withheld[],
  reads: readonly Read[],
): string | undefined {
  return withheld.find((each) =>
    reads.some((read) => (each.only === undefined ? meets(each, read, value) : counts(each, read))),
  )?.reason;
}

/** Whether a read rests on a part of which nothing is known. */
function meets({ path }: Withheld, read: Read, value: Value): boolean {
  if (covers(path, read.path)) return true;
  if (read.kind === 'whole') return covers(read.path, path);
  // A member whose value was cut is still one member to whoever counts; one that is left out may be none.
  return read.kind === 'members' && parentOf(path) === read.path && !isThere(value, path);
}

/** Whether a read rests on which members a collection has, of which not all are known. */
function counts({ path }: Withheld, read: Read): boolean {
  if (read.kind === 'whole') return covers(read.path, path) || covers(path, read.path);
  if (read.kind === 'members') return read.path === path;
  return read.kind === 'absent' && parentOf(read.path) === path;
}

/** Whether a JSON Pointer is, or leads to, another. */
export function covers(path: string, other: string): boolean {
  return other === path || other.startsWith(`${path}/`) || path === '';
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function isThere(value: Value, path: string): boolean {
  let at: Value | undefined = value;
  for (const step of path.split('/').slice(1))
    at = at === undefined ? undefined : childrenOf(at).find(([name]) => escaped(name) === step)?.[1];
  return at !== undefined;
}
