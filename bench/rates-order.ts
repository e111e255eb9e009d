/** What verifiers are timed on: statements, checkpoints, cosignatures, and transcripts of real servers, as JSON for a page. */
import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { treeSize } from '#src/bytes/brand.ts';
import { decodeUtf8 } from '#src/bytes/text.ts';
import type { Signing } from '#src/evidence/signature.ts';
import { cosign, formatCheckpoint, signCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey } from '#src/note/key.ts';
import { formatNote } from '#src/note/note.ts';
import { ALGORITHMS, type Algorithm } from '#src/sign/algorithm.ts';
import { encodeApproval } from '#src/statement/payload.ts';
import { EMPTY_ROOT } from '#src/tree/hash.ts';
import { witnessOf } from '../test/support/notary-world.ts';
import { seedSigner } from '../test/support/seed-signer.ts';
import { headKeys, ORIGIN, ownStatement } from '../test/support/world.ts';
import type { PastOrder } from './rates-past.ts';

export interface StatementOrder {
  readonly algorithm: Algorithm;
  /** Base64, as all bytes here. */
  readonly key: string;
  readonly entry: string;
}

/** One signature line under a checkpoint. */
export interface LineOrder {
  readonly what: string;
  readonly note: string;
  readonly vkey: string;
  readonly isCosignature: boolean;
}

export interface TranscriptOrder {
  readonly name: string;
  /** How the signature in it was made. */
  readonly scheme: string;
  readonly transcript: string;
  readonly challenge: string;
  readonly spki: string;
  readonly signing: Signing;
  readonly content: string;
  readonly signature: string;
}

export interface RateOrder {
  readonly statements: readonly StatementOrder[];
  readonly lines: readonly LineOrder[];
  readonly transcripts: readonly TranscriptOrder[];
  readonly past: PastOrder;
}

const base64 = (bytes: Uint8Array): string => bytes.toBase64();

/** One statement for each algorithm. */
export async function statementOrders(): Promise<readonly StatementOrder[]> {
  return Promise.all(
    ALGORITHMS.map(async (algorithm) => {
      const signer = seedSigner(algorithm, new Uint8Array(32).fill(7));
      const commitment = EMPTY_ROOT;
      const entry = await ownStatement('approval', 'web/shop', encodeApproval({ commitment }), signer);
      return { algorithm, key: base64(signer.publicKey.bytes), entry: base64(entry) };
    }),
  );
}

/** A line of the log and one of a witness, for each algorithm of them. */
export async function lineOrders(): Promise<readonly LineOrder[]> {
  const head = { origin: ORIGIN, size: treeSize(1_000_000), root: EMPTY_ROOT, extensions: [] };
  const time = 1_800_000_000;
  const named = ['Ed25519', 'ML-DSA-44'];
  const logs = headKeys.checkpoint.map(async (signer, i) => ({
    what: `checkpoint of a log, ${named[i] ?? ''}`,
    note: decodeUtf8(await signCheckpoint(head, [signer], time)),
    vkey: formatVkey(signer.name, signer.type, signer.signer.publicKey),
    isCosignature: false,
  }));
  const witnesses = [witnessOf('w'), witnessOf('w', true)].map(async (signer, i) => ({
    what: `cosignature, ${named[i] ?? ''}`,
    note: decodeUtf8(formatNote(formatCheckpoint(head), [await cosign(head, signer, time)])),
    vkey: formatVkey(signer.name, signer.type, signer.signer.publicKey),
    isCosignature: true,
  }));
  return Promise.all([...logs, ...witnesses]);
}

const DER = { hash: null, form: 'der' } as const;
/** Recorded transcripts (spec/transcripts.json) by name, and how their signatures were made. */
const RECORDED: Readonly<Record<string, readonly [scheme: string, signing: Signing]>> = {
  'ssh-ed25519': ['Ed25519', DER],
  'tls13-ed25519': ['Ed25519', DER],
  'tls13-p256': ['ECDSA P-256', { hash: 'sha256', form: 'der' }],
  'tls13-p384-retry': ['ECDSA P-384', { hash: 'sha384', form: 'der' }],
  'tls13-rsa-pss': ['RSA-PSS', { hash: 'sha256', salt: 32, form: 'der' }],
};

/** The recorded transcripts that are timed. */
export function transcriptOrders(): readonly TranscriptOrder[] {
  const file = resolve(import.meta.dirname, '../spec/transcripts.json');
  const { challenge, transcripts } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly challenge: { readonly challenge: string };
    readonly transcripts: readonly {
      readonly name: string;
      readonly transcript: string;
      readonly signed: { readonly content: string; readonly signature: string; readonly publicKey: string };
    }[];
  };
  return Object.entries(RECORDED).map(([name, [scheme, signing]]) => {
    const found = transcripts.find((each) => each.name === name);
    if (found === undefined) throw new Error(`spec/transcripts.json has no ${name}`);
    const { content, signature, publicKey } = found.signed;
    const spki = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
    return {
      name,
      scheme,
      transcript: found.transcript,
      challenge: base64(Uint8Array.fromHex(challenge.challenge)),
      spki: base64(spki),
      signing,
      content: base64(Uint8Array.fromHex(content)),
      signature: base64(Uint8Array.fromHex(signature)),
    };
  });
}
