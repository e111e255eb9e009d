/** What to commit: a declaration with its claims, and whether the user said explicitly that claims or approvals end. */
import type { Remedy } from '../bytes/remedy.ts';
import type { LogView, ProvenEntry } from '../client/view.ts';
import { checkAgainst } from './checkagainst.ts';
import { checkClaims } from '../declare/checkclaims.ts';
import type { ClaimsFile } from '../declare/claims.ts';
import type { Declared } from '../declare/node/declared.ts';
import type { ProbeDescription } from '../probe/description.ts';
import type { Policy } from '../statement/policy.ts';
import type { Tier } from '../statement/vocabulary.ts';

export interface CommitRequest extends Declared {
  /** Packs of the claims that come from one, by the claim's id. */
  readonly packed: ReadonlyMap<string, string>;
  /** Paths that packs look for, and nothing is declared at: no claim is about these settings. */
  readonly undeclared: readonly string[];
  /** What was explicitly said to end. Otherwise a commitment with claims or approvals is not replaced by one without. */
  readonly none: { readonly claims: boolean; readonly approvals: boolean };
}

/** A message for the user that does not stop the commit. */
export interface CommitRemark {
  /** `warning`: the user should do something about it. */
  readonly level: 'note' | 'warning';
  /** One sentence. */
  readonly text: string;
  readonly remedy?: Remedy;
}

/** What was read from the log before it is decided what to log. */
export interface Known {
  readonly view: LogView;
  /** The newest commitment statement of the subject. */
  readonly newest: ProvenEntry | undefined;
  readonly policy: Policy | undefined;
}

/** Settings that override the claims file, and the probes that it is checked against. */
export interface RequestOptions {
  readonly environment?: string | undefined;
  readonly tier?: Tier | undefined;
  readonly approvals?: number | undefined;
  /** Whether the user said explicitly that the claims end. */
  readonly dropClaims?: boolean;
  /** Names of probes that `probes` lack although some agent has them. */
  readonly otherProbes?: readonly string[];
  /** Default: those of the registry (probe/registry.ts). */
  readonly probes?: readonly ProbeDescription[];
}

/**
 * Adds the contents of a claims file to a declaration. Refuses `malformed-payload` for a claim that no agent could check as
 * it is written.
 */
export function requestOf(
  declared: Declared,
  file: ClaimsFile | undefined,
  options: RequestOptions = {},
): CommitRequest {
  const { packed, undeclared = [], approvals: askedFor, ...claimed }: Partial<ClaimsFile> = file ?? {};
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
  checkAgainst(declaration);
  const none = { claims: options.dropClaims === true, approvals: approvals === 0 };
  return { ...declared, declaration, packed: packed ?? new Map<string, string>(), undeclared, none };
}
