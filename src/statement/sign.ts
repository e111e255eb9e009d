/** Signing statements of our own kinds, with the claims that the log asks of them (claims.ts). */
import type { CborKey, CborValue } from '../bytes/cbor.ts';
import { CLAIM } from '../cose/labels.ts';
import { signStatement } from '../cose/statement.ts';
import type { Signer } from '../sign/signer.ts';
import { isSaidAgain } from './claims.ts';
import { contentTypeOf, type StatementKind } from './kinds.ts';

/** What stands in the protected header. */
export interface OwnHeaders {
  readonly kind: Exclude<StatementKind, 'other'>;
  /** The log that it is for, by its origin (`aud`). */
  readonly log: string;
  readonly issuer: string;
  readonly subject: string;
  /** When it is issued (`iat`), POSIX seconds; for approvals, waivers and deployments only. */
  readonly issued?: number;
  /** Whether it carries its public key, so that it can be checked by itself. */
  readonly confirm?: boolean;
}

/** Signs a statement. A time that its kind does not have, or lacks, is a bug of the caller: RangeError. */
export function signOwn(
  { kind, log, issuer, subject, issued, confirm = false }: OwnHeaders,
  payload: Uint8Array,
  signer: Signer,
): Promise<Uint8Array<ArrayBuffer>> {
  if (isSaidAgain(kind) !== (issued !== undefined))
    throw new RangeError(`iat goes with approvals, waivers and deployments; this is a ${kind}`);
  const claims = new Map<CborKey, CborValue>([[CLAIM.aud, log]]);
  if (issued !== undefined) claims.set(CLAIM.iat, issued);
  return signStatement(
    { issuer, subject, contentType: contentTypeOf(kind), claims, confirm },
    payload,
    signer,
  );
}
