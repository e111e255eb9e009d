/** The events that the daemon reports. */
import type { Refusal } from '../bytes/refusal.ts';
import type { Signed } from './spool.ts';
import type { Unenrolled } from './unenrolled.ts';
import type { WatchedEvent } from './watched.ts';

/** An event, for the operator's log. */
export type AgentEvent =
  | WatchedEvent
  | { readonly kind: 'proven'; readonly proof: Signed }
  | { readonly kind: 'skipped'; readonly subject: string; readonly claims: readonly string[] }
  /**
   * So many slots of so many subjects ended without a proof while the agent ran, since it said so last: it has more to
   * do than it can, or was stopped in between.
   */
  | { readonly kind: 'missed'; readonly slots: number; readonly subjects: number }
  | { readonly kind: 'delivered'; readonly subject: string; readonly seq: number; readonly index: number }
  | { readonly kind: 'away'; readonly why: string; readonly retryMs: number; readonly waiting: number }
  /**
   * The log continues under rules that this program does not know. The agent keeps its proofs and waits until it is
   * updated.
   */
  | { readonly kind: 'outdated'; readonly why: string; readonly waiting: number }
  /** The delegation of the agent's key ends at `notAfter`, POSIX seconds: it must be renewed. */
  | { readonly kind: 'ending'; readonly node: string; readonly notAfter: number }
  /** Observations were destroyed by rules of retention. */
  | { readonly kind: 'pruned'; readonly count: number }
  /** Claims that are left out, since the owner of their target has not enrolled it. Said once of each commitment. */
  | { readonly kind: 'unenrolled'; readonly left: readonly Unenrolled[] }
  /**
   * The targets file changed, and was read: what is proven now. `beyond`: paths of it that the confinement of this process does not
   * let it read; another start does.
   */
  | { readonly kind: 'reread'; readonly subjects: readonly string[]; readonly beyond: readonly string[] }
  /** The targets file changed and cannot be read: the rules stay as they were. */
  | { readonly kind: 'kept-rules'; readonly error: unknown }
  | { readonly kind: 'back' }
  /**
   * Subjects that match its patterns and are not proven because there are too many, and entries that were not listed
   * yet; `count`: at most this many.
   */
  | { readonly kind: 'left-out'; readonly count: number }
  /**
   * The clock is `behind` seconds behind the time that the log signed, so nothing is proven. 0: the clock is right
   * again.
   */
  | { readonly kind: 'clock'; readonly behind: number }
  /** The disk takes no writes, so nothing is proven or sent. */
  | { readonly kind: 'stuck'; readonly why: string; readonly retryMs: number }
  | { readonly kind: 'barred'; readonly subject: string; readonly refusal: Refusal };
