/**
 * Parts of an observation that a probe cut, dropped or did not ask for. Such a part counts neither as present nor as
 * absent: a claim that reads it is UNKNOWN, with the reason. Every probe marks such parts, and this rule handles them
 * for all probes.
 */
import { childrenOf, escaped, type Value } from './value.ts';

/** One part of an observation that the probe knows to be incomplete. */
export interface Withheld {
  /** JSON Pointer in the probe's value (not below the probe's name). */
  readonly path: string;
  /** Text for people and for the proof's `explain`: `a header longer than 1024 characters was cut`. */
  readonly reason: string;
  /**
   * Absent: nothing is known at or below `path`, whether or not the value has something there. `members`: what the
   * value has below `path` is right, but there may be further members or items.
   */
  readonly only?: 'members';
}

/** How an expression used a part of an observation. */
export interface Read {
  readonly path: string;
  /**
   * `value`: the value, or that there is one. `absent`: that there is none. `members`: the set of members or items.
   * `least`: a lower bound of their number. `whole`: everything below.
   */
  readonly kind: 'value' | 'absent' | 'members' | 'least' | 'whole';
  /** True if it is a map whose members were listed or counted, or that was read whole. */
  readonly map?: boolean;
}

/** Why a read part of `value` is not known; undefined if it is. */
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
  // A member whose value was cut still counts as one member; a member that was left out may not exist.
  return read.kind === 'members' && parentOf(path) === read.path && !isThere(value, path);
}

/** Whether a read rests on the set of members of a collection that is not known completely. */
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
