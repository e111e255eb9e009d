/** The worked example of the shared vectors: five statements, one tree, receipts. Test-only keys. */
import { createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { digest, type Digest } from '#src/bytes/brand.ts';
import { encodeCbor, type CborKey, type CborValue } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { encodeSign1 } from '#src/cose/sign1.ts';
import type { VerifySignature } from '#src/sign/algorithm.ts';
import type { Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { seedSigner } from './seed-signer.ts';

export const hex = (digits: string): Uint8Array => Uint8Array.fromHex(digits.replaceAll(' ', ''));
export const empty = new Uint8Array(0);
export const cborMap = (...rows: readonly (readonly [CborKey, CborValue])[]): Map<CborKey, CborValue> =>
  new Map(rows);

export const issuer = seedSigner(
  'ed25519',
  hex('3e5ad513a0ea9008e2e1a3b0f78c027808ad1a373184dc1062fcf24761b03d35'),
);
export const log = seedSigner(
  'ed25519',
  hex('d61b278871536f927d7d1ce100efa4054afc7306d9d83b41305bd2f88c5bc39b'),
);

/** SHA-256("artifact i"), the payload of statement i. */
export const payload = (i: number): Uint8Array => sha256(encodeUtf8(`artifact ${i}`));
export const headers = (i: number): { issuer: string; subject: string; hashEnvelope: object } => ({
  issuer: 'https://issuer.example',
  subject: `urn:example:config:${i}`,
  hashEnvelope: { preimageContentType: 'application/json' },
});

/** Statement 3, as logged. */
export const entry = hex(
  'd284586ea50132045820ea8dd05cfa2f22510a774b30bdf360c9bc603774c1a38f2478a62312416f1ccd0fa20176' +
    '68747470733a2f2f6973737565722e6578616d706c65027475726e3a6578616d706c653a636f6e6669673a331901' +
    '022f190103706170706c69636174696f6e2f6a736f6ea058203a8c8a9a51a19a6cf7566628936a686a3ef514c68f' +
    '28684a329b64acb1c20c5a584009668f42a8a86523baaf188b0944ecd42ad50cd4fb47dbc0277d6ef49484ea1db7' +
    '6165bf761dad88e6d9e6660dd0c1bbd8f7531a1f6276e1ee90033cc1a7660f',
);
/** Its receipt in the tree of 5. */
export const receipt = hex(
  'd284585da40132045820323283bb743965194168e2d68ce5f4417f26c8616a1632f8127021935542ae3a0fa30173' +
    '68747470733a2f2f6c6f672e6578616d706c65027475726e3a6578616d706c653a636f6e6669673a33061a692173' +
    'c019018b01a119018ca12081586a830503835820cec2c0180e03c8031209b9b262925cf6a3101eee3c8e81314152' +
    '0269f914eac35820657c3f92c7b98c6c3d8a83fd2e21418404be9f2d4d1958c6fe155718b6727c5d58208107fbf8' +
    'bff0249c444afdab85e3263bd1ba6e71e29e49d3eb90052a1839c0b5f65840d9428e3fad3ab71fca5dbc70d0f9ee' +
    '3cac60c0fa92c6a41522c692f2c2d17d11c4bd784b120fc5e1dd28ace4fea61cc256ac5614a7f758b12927223808' +
    '2eae0f',
);
export const root3 = digest(hex('4a1670bd26b5752ab72558a33a215c03116c8e5ac4fe92e63a4aaa163f67fd4c'));
export const root5 = digest(hex('103f8f84e8843cbc8a5c771b92b76dd7bb6d53c4cf016bb7080bf87559aaa866'));
const [leaf2, node01, leaf4, leaf3] = [
  'cec2c0180e03c8031209b9b262925cf6a3101eee3c8e813141520269f914eac3',
  '657c3f92c7b98c6c3d8a83fd2e21418404be9f2d4d1958c6fe155718b6727c5d',
  '8107fbf8bff0249c444afdab85e3263bd1ba6e71e29e49d3eb90052a1839c0b5',
  'f367355810842d3365f255bfafc5c970a6f11434088f1a730e2ca277a1f80f6c',
].map((digits) => digest(hex(digits))) as [Digest, Digest, Digest, Digest];
export const inclusion: readonly Digest[] = [leaf2, node01, leaf4];
export const consistency: readonly Digest[] = [leaf2, leaf3, node01, leaf4];

/** The parts of vectors.json that concern COSE, or undefined where tests run without it. */
export interface Vectors {
  readonly cose_keys: Readonly<Record<string, string>>;
  readonly statement3: Readonly<Record<string, string>>;
  readonly receipt: Readonly<Record<string, string>>;
}
export function vectors(t: Test): Vectors | undefined {
  const folder = process.env['TALLYSTICK_VECTORS'];
  if (folder !== undefined) return JSON.parse(readFileSync(`${folder}/vectors.json`, 'utf8'));
  t.comment('TALLYSTICK_VECTORS is not set: only the answers known here are checked');
  return undefined;
}

/** OpenSSL, for the many signatures of attacks; noble takes a millisecond each. */
export const openssl: VerifySignature = (key, message, signature) => {
  const x = key.bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
  return verifySignature(
    null,
    message,
    createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } }),
    signature,
  );
};

/** A message with any protected header, unsigned. */
export function message(
  protectedHeader: Map<CborKey, CborValue>,
  body: Uint8Array | null,
  unprotected = cborMap(),
): Uint8Array {
  return encodeSign1({
    protectedBytes: encodeCbor(protectedHeader),
    unprotected,
    payload: body,
    signature: new Uint8Array(64),
  });
}

/** Every value of `bytes` with one bit flipped, and where: the attack each signed format must survive. */
export function* flips(bytes: Uint8Array): Generator<[flipped: Uint8Array, at: number, bit: number]> {
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = new Uint8Array(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      yield [flipped, at, bit];
    }
  }
}

/** The code a function refuses with, or what it returns; any other error passes through. */
export function codeOf<T>(run: () => T): string | T {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
