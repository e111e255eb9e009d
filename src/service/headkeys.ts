/** Loads the log's own keys from their files, and compares them with the registration policy that names them. */
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { keyThumbprint } from '../cose/key.ts';
import { loadKeyFile } from '../keys/load.ts';
import type { HeadKeys } from '../log/headsigner.ts';
import { formatVkey, type NoteSigner } from '../note/key.ts';
import type { Algorithm } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';
import type { Policy } from '../statement/policy.ts';
import type { SequencerOptions } from './protocol.ts';

/** Loads the three keys. Refuses `key-file` for one that is missing, readable by others, or wrong. */
export async function loadHeadKeys(options: SequencerOptions): Promise<HeadKeys> {
  const { origin, issuer } = options;
  return {
    origin,
    issuer,
    checkpoint: [
      { name: origin, type: 1, signer: await load(options.ed25519Path, 'ed25519') },
      { name: origin, type: 6, signer: await load(options.mldsa44Path, 'ml-dsa-44') },
    ],
    receipt: await load(options.receiptPath, 'ed25519'),
  };
}

async function load(path: string, algorithm: Algorithm): Promise<Signer> {
  const signer = await loadKeyFile(path);
  if (signer.publicKey.algorithm !== algorithm) {
    throw refuse(
      'key-file',
      `${path} holds a key for ${signer.publicKey.algorithm}, this one must be ${algorithm}`,
    );
  }
  return signer;
}

/** The verifier key of one line of the checkpoint. */
export function signerVkey({ name, type, signer }: NoteSigner): string {
  return formatVkey(name, type, signer.publicKey);
}

/**
 * Refuses, with the given code, unless the policy names every key with which this log signs, because auditors learn the
 * keys from it. To rotate a key, log a policy with both keys first, then start with the new one (spec/operations.md).
 */
export function assertOwnKeys(
  { document }: Policy,
  keys: HeadKeys,
  code: 'foreign-log' | 'policy-rejected',
): void {
  for (const line of keys.checkpoint) {
    const vkey = signerVkey(line);
    if (!document.log.vkeys.includes(vkey)) throw missing(code, `checkpoint key ${vkey.slice(0, 80)}`);
  }
  const kid = formatHex(keyThumbprint(keys.receipt.publicKey));
  if (!document.log.receiptKeys.some((key) => formatHex(keyThumbprint(key)) === kid))
    throw missing(code, `receipt key ${kid}`);
}

function missing(code: 'foreign-log' | 'policy-rejected', what: string): Error {
  return refuse(
    code,
    `the registration policy does not name the ${what}: use the keys of this log, or log a policy that names all keys in use first`,
  );
}
