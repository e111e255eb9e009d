/** What is to be committed: a declaration with its claims, and what is said in so many words to be none. */
import { natureOf } from '../bytes/nature.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { LogView, ProvenEntry } from '../client/view.ts';
import { checkClaims } from '../declare/checkclaims.ts';
import type { ClaimsFile } from '../declare/claims.ts';
import type { Declared } from '../declare/node/declared.ts';
import type { ProbeDescription } from '../probe/description.ts';
import type { Policy } from '../statement/policy.ts';
import type { Tier } from '../statement/vocabulary.ts';

export interface CommitRequest extends Declared {
  /** Packs of the claims that come from one, by the claim's id. */
  readonly packed: ReadonlyMap<string, string>;
  /** Without it, a commitment that has claims, or asks for approvals, is not replaced by one that has none. */
  readonly none: { readonly claims: boolean; readonly approvals: boolean };
}

/** Something that a person should hear, and that ends nothing. */
export interface CommitRemark {
  /** `warning`: there is something to be done about it. */
  readonly level: 'note' | 'warning';
  /** One sentence. */
  readonly text: string;
}

/** What is known of the log when it is decided what to log. */
export interface Known {
  readonly view: LogView;
  /** The newest commitment statement of the subject. */
  readonly newest: ProvenEntry | undefined;
  readonly policy: Policy | undefined;
}

/** What counts for more than the claims file, and what it is checked by. */
export interface RequestOptions {
  readonly environment?: string | undefined;
  readonly tier?: Tier | undefined;
  readonly approvals?: number | undefined;
  /** Said in so many words: nothing is claimed any more. */
  readonly dropClaims?: boolean;
  /** Probes of the claims that `probes` lack, and some agent has. */
  readonly otherProbes?: readonly string[];
  /** Default: those of the registry (probe/registry.ts). */
  readonly probes?: readonly ProbeDescription[];
}

/**
 * Adds what a claims file says to what is declared. Refuses `malformed-payload` for a claim that no agent could look at as
 * it asks.
 */
export function requestOf(
  declared: Declared,
  file: ClaimsFile | undefined,
  options: RequestOptions = {},
): CommitRequest {
  const { packed, approvals: askedFor, ...claimed }: Partial<ClaimsFile> = file ?? {};
  const approvals = options.approvals ?? askedFor;
  const { environment, tier } = declared.declaration;
  const declaration = {
    ...declared.declaration,
    ...claimed,
    environment: options.environment ?? claimed.environment ?? environment,
    tier: options.tier ?? claimed.tier ?? tier,
    ...(approvals !== undefined && approvals > 0 && { approvals }),
  };
  checkClaims(declaration, options.otherProbes ?? [], options.probes);
  const none = { claims: options.dropClaims === true, approvals: approvals === 0 };
  return { ...declared, declaration, packed: packed ?? new Map<string, string>(), none };
}

/** Reads what its owner declares. What is malformed there is wrong usage, whoever finds it: nobody was asked yet. */
export async function asUsage<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Refusal) || natureOf(error.code) !== 'input' || error.code === 'not-found')
      throw error;
    throw refuse('usage', error.message, { cause: error });
  }
}
