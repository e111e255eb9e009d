/**
 * Makes the statement to post for a declaration. Each commitment supersedes the newest one of its subject, so a subject has
 * one line of history. Committing the same again posts the very same statement, which the log has already. Going back to
 * an older content is a new commitment, since it supersedes another one.
 */
import { digest } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { entryIdOf } from '../client/scrapi.ts';
import type { ProvenEntry } from '../client/view.ts';
import { keyThumbprint } from '../cose/key.ts';
import type { Signer } from '../sign/signer.ts';
import { parseStatement } from '../statement/parse.ts';
import type { Declaration } from '../statement/commitment.ts';
import { encodeCommitment } from '../statement/payload.ts';
import { signOwn } from '../statement/sign.ts';
import { asUsage } from '../bytes/within.ts';

/** Who signs, and as whom. */
export interface Author {
  readonly signer: Signer;
  readonly issuer: string;
}

/** A statement to post, and what it replaces. */
export interface Prepared {
  readonly statement: Uint8Array;
  /** Entry id, hex. */
  readonly supersedes: string | undefined;
  /** The newest commitment of the subject says the same already. */
  readonly repeats: boolean;
}

/**
 * The statement of a declaration for the log of the origin `log`, as successor of `newest`. If it is the same as `newest`,
 * nothing is signed; otherwise `mayReplace` is called before it is signed, and may refuse.
 */
export async function prepare(
  {
    subject,
    declaration,
    log,
  }: { readonly subject: string; readonly declaration: Declaration; readonly log: string },
  newest: ProvenEntry | undefined,
  { signer, issuer }: Author,
  mayReplace: (newest: ProvenEntry) => Promise<void>,
): Promise<Prepared> {
  const encode = (supersedes: Declaration['supersedes']): Promise<Uint8Array> =>
    asUsage(() => encodeCommitment({ ...declaration, ...(supersedes && { supersedes }) }));
  const kid = formatHex(keyThumbprint(signer.publicKey));
  const earlier = newest && earlierOf(newest, subject);
  if (earlier?.kid === kid && earlier.issuer === issuer) {
    const again = await encode(earlier.supersedes);
    // The logged bytes, since not every algorithm signs the same way twice.
    if (equalBytes(again, earlier.payload)) {
      const supersedes = earlier.supersedes && formatHex(earlier.supersedes);
      return { statement: earlier.entry, supersedes, repeats: true };
    }
  }
  if (newest !== undefined) await mayReplace(newest);
  const supersedes = earlier && digest(parseHex(entryIdOf(earlier.entry)));
  const payload = await encode(supersedes);
  const headers = { kind: 'commitment', log, issuer, subject, confirm: true } as const;
  const statement = await signOwn(headers, payload, signer);
  return { statement, supersedes: supersedes && formatHex(supersedes), repeats: false };
}

/** The commitment in an entry. Refuses `proof-failed` when the search that found it lied. */
function earlierOf(
  { bytes }: ProvenEntry,
  subject: string,
): {
  readonly entry: Uint8Array;
  readonly kid: string;
  readonly issuer: string;
  readonly payload: Uint8Array;
  readonly supersedes: Declaration['supersedes'];
} {
  const parsed = parseStatement(bytes);
  if (parsed.kind !== 'commitment' || parsed.subject !== subject) {
    throw refuse(
      'proof-failed',
      'the log named another entry as the newest commitment; do not rely on its search',
    );
  }
  const { entry, kid, issuer, commitment } = parsed;
  const supersedes = 'supersedes' in commitment ? commitment.supersedes : undefined;
  return { entry, kid, issuer, payload: parsed.statement.payload, supersedes };
}
