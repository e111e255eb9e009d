/** What a daemon tells of itself. */
import type { Refusal } from '../bytes/refusal.ts';
import type { Signed } from './spool.ts';
import type { WatchedEvent } from './watched.ts';

/** What happens, for the operator's log. */
export type AgentEvent =
  | WatchedEvent
  | { readonly kind: 'proven'; readonly proof: Signed }
  | { readonly kind: 'skipped'; readonly subject: string; readonly claims: readonly string[] }
  | { readonly kind: 'delivered'; readonly subject: string; readonly seq: number; readonly index: number }
  | { readonly kind: 'away'; readonly why: string; readonly retryMs: number; readonly waiting: number }
  /** The log goes on under rules that this program does not know: it waits until it is updated, and keeps its proofs. */
  | { readonly kind: 'outdated'; readonly why: string; readonly waiting: number }
  | { readonly kind: 'back' }
  /** Subjects, or entries that were not listed yet, that its patterns may have and that it does not look after; at most so many. */
  | { readonly kind: 'left-out'; readonly count: number }
  /** The clock is so many seconds behind what the log signed, and nothing is proven; 0: it is right again. */
  | { readonly kind: 'clock'; readonly behind: number }
  /** Nothing can be kept, so nothing is proven or sent. */
  | { readonly kind: 'stuck'; readonly why: string; readonly retryMs: number }
  | { readonly kind: 'barred'; readonly subject: string; readonly refusal: Refusal };
