/**
 * Signs a statement for the log of a snapshot: with the issuer under which the log's policy enrols the key, and only if
 * the log would admit the statement.
 */
import type { Committed, SubjectEntry } from '../appraisal/history.ts';
import type { EntryId } from '../bytes/brand.ts';
import { keyThumbprint } from '../cose/key.ts';
import { formatHex } from '../bytes/text.ts';
import { admit, NO_FACTS, type Facts } from '../registration/admit.ts';
import { issuerOf } from '../registration/issuer.ts';
import type { Signer } from '../sign/signer.ts';
import { isSaidAgain } from '../statement/claims.ts';
import { parseStatement } from '../statement/parse.ts';
import { signOwn, type OwnHeaders } from '../statement/sign.ts';
import type { Snapshot } from './snapshot.ts';

/** What is to be signed, by whom. */
export interface Unsigned {
  readonly kind: OwnHeaders['kind'];
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly signer: Signer;
  /**
   * Earlier statements about the subject. The new statement gets a later time than all of them by this key, so that it
   * may repeat one.
   */
  readonly said?: readonly Pick<SubjectEntry, 'parsed'>[];
  /** What the log knows of the entries that the statement refers to. Default: nothing. */
  readonly facts?: Facts;
}

/** The signed statement, with the public key in it. Refuses what `admit` would refuse. */
export async function signFor(
  { policies, view, now }: Pick<Snapshot, 'policies' | 'view' | 'now'>,
  { kind, subject, payload, signer, said = [], facts = NO_FACTS }: Unsigned,
): Promise<Uint8Array> {
  const headers: OwnHeaders = {
    kind,
    log: view.opened.checkpoint.origin,
    issuer: issuerOf(policies.inForce, signer.publicKey),
    subject,
    ...(isSaidAgain(kind) && { issued: timeOfIssue(signer, said, now) }),
    confirm: true,
  };
  const statement = await signOwn(headers, payload, signer);
  admit(policies.rules, parseStatement(statement), facts, now);
  return statement;
}

/**
 * The facts about a commitment to which a statement refers. `newest`: the subject's newest commitment statement, which
 * the next one follows; may be omitted if it is that commitment.
 */
export function factsAbout(
  { entry }: Pick<Committed, 'entry'>,
  newest: Committed['entry'] | undefined,
): Facts {
  const { kid, subject } = entry.parsed;
  const committed = { kind: 'commitment', kid, subject } as const;
  const last = newest ?? entry;
  return {
    commitments: { get: (id: EntryId) => ([entry.id, last.id].includes(id) ? committed : undefined) },
    chains: { get: () => ({ seq: 0, id: last.id }) },
  };
}

/** The present time, or a second after the newest statement of this key about the subject if that is later. */
function timeOfIssue({ publicKey }: Signer, said: NonNullable<Unsigned['said']>, now: number): number {
  const kid = formatHex(keyThumbprint(publicKey));
  const times = said.flatMap(({ parsed }) => (parsed.kid === kid ? [parsed.issued ?? 0] : []));
  return Math.max(now, ...times.map((time) => time + 1));
}
