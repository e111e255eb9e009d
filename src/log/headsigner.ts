/** Signs heads with the log's three keys, each for its own purpose (RFC 9943 §9.4; standards.md §7.5). */
import { receiptProtected } from '../cose/receipt.ts';
import { sigStructure } from '../cose/sign1.ts';
import { signCheckpoint } from '../note/checkpoint.ts';
import type { NoteSigner } from '../note/key.ts';
import type { Signer } from '../sign/signer.ts';
import type { HeadSigner } from './ports.ts';

export interface HeadKeys {
  readonly origin: string;
  /** `iss` of receipts: the service's URL. */
  readonly issuer: string;
  /** The checkpoint's lines in order: Ed25519 (type 01), ML-DSA-44 (type 06). */
  readonly checkpoint: readonly NoteSigner[];
  readonly receipt: Signer;
}

/**
 * Receipts name the log, not the statement, as their subject: the signature covers a root, so one fits every
 * entry under it (decision 2).
 */
export function headSigner({ origin, issuer, checkpoint, receipt }: HeadKeys): HeadSigner {
  return {
    async receipt({ root, time }) {
      const protectedBytes = receiptProtected(receipt.publicKey, issuer, origin, time);
      return { protectedBytes, signature: await receipt.sign(sigStructure(protectedBytes, root)) };
    },
    checkpoint: ({ size, root, time }) =>
      signCheckpoint({ origin, size, root, extensions: [] }, checkpoint, time),
  };
}
