/**
 * Makes add-checkpoint requests that are right or wrong in one way each, for a log that exists nowhere else
 * and can be forked.
 */
import { randomBytes } from 'node:crypto';
import { treeSize, type Digest } from '../../src/bytes/brand.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import { encodeUtf8 } from '../../src/bytes/text.ts';
import { formatAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { signCheckpoint } from '../../src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '../../src/note/key.ts';
import { emptyEdge, grow, type Growth } from '../../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';
import { proveConsistency } from '../../src/tree/prove.ts';
import { seedSigner } from '../support/seed-signer.ts';

export interface Wish {
  readonly old: number;
  readonly size: number;
  /** Instead of the right one. */
  readonly proof?: readonly Digest[];
  /** Whether the tree is another one from its first leaf. */
  readonly forked?: boolean;
  /** Who signs, instead of the log. */
  readonly signer?: NoteSigner;
  readonly origin?: string;
  readonly root?: Digest;
}

const newSigner = (name: string): NoteSigner => ({
  name,
  type: 1,
  signer: seedSigner('ed25519', randomBytes(32)),
});

export class RequestMaker {
  readonly origin: string;
  readonly vkey: string;
  readonly #signer: NoteSigner;

  constructor(origin: string) {
    this.#signer = newSigner(origin);
    this.origin = origin;
    this.vkey = formatVkey(origin, 1, this.#signer.signer.publicKey);
  }

  /** Somebody else, of the same name. */
  stranger(): NoteSigner {
    return newSigner(this.origin);
  }

  async checkpoint(wish: Wish): Promise<Uint8Array<ArrayBuffer>> {
    const tree = treeOf(wish.size, wish.forked);
    const { origin = this.origin, signer = this.#signer, root = tree.root } = wish;
    return signCheckpoint({ origin, size: tree.size, root, extensions: [] }, [signer], 0);
  }

  async request(wish: Wish): Promise<Uint8Array<ArrayBuffer>> {
    const { old, size } = wish;
    const right =
      old === 0 || old > size
        ? []
        : proveConsistency(treeOf(size, wish.forked).read, treeSize(old), treeSize(size));
    const checkpoint = await this.checkpoint(wish);
    return formatAddCheckpoint({ old: treeSize(old), proof: wish.proof ?? right, checkpoint });
  }
}

function treeOf(size: number, forked = false): Growth {
  const leaves = Array.from({ length: size }, (_, i) => hashLeaf(encodeUtf8(`${forked ? 'b' : 'a'}${i}`)));
  return grow(emptyEdge(), concatBytes(...leaves), nobleHasher);
}
