/**
 * Extracts a target's signature from its transcript, with commands by which OpenSSL and OpenSSH check it. Somebody who
 * does not trust this program can check the signature with those alone.
 */
import { encodeUtf8, formatBase64 } from '../bytes/text.ts';
import { CHALLENGE_LENGTH } from './challenge.ts';
import { encodeDer, encodeDerInteger, TAG } from './der.ts';

/** The bytes that `content` ends with (or whose hash it ends with), and the place of the challenge in them. */
export interface Challenged {
  readonly bytes: Uint8Array;
  readonly at: number;
  /** Null: `content` is the bytes themselves. */
  readonly hash: 'sha256' | 'sha384' | null;
}

/** A signature, what it is over, and the key (PEM). `hash` null: Ed25519 or Ed448. */
export interface SignedContent {
  readonly content: Uint8Array;
  readonly challenged: Challenged;
  /** As TLS has it; of SSH and ECDSA r ‖ s. */
  readonly signature: Uint8Array;
  readonly publicKey: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly pss: boolean;
}

/** Files by name, and commands that check them in their folder. Each command exits with 0 if the check succeeds. */
export interface ByHand {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /**
   * Shell commands that show that `signed.bin` contains the challenge made of root.bin, commitment.bin and nonce.bin.
   */
  readonly ties: readonly string[];
  /** Commands that show that the key signed `signed.bin`. */
  readonly commands: readonly string[];
}

/** Files and commands for a transcript that was verified. Of SSH, `ssh-keygen` prints the fingerprint too. */
export function checkByHand(
  verified:
    | { readonly protocol: 'tls'; readonly proof: SignedContent; readonly chain: readonly Uint8Array[] }
    | {
        readonly protocol: 'ssh';
        readonly proof: SignedContent;
        readonly hostKey: Uint8Array;
        readonly keyType: string;
      },
): ByHand {
  const { proof } = verified;
  const ssh = verified.protocol === 'ssh';
  const ecdsa = ssh && verified.keyType.startsWith('ecdsa');
  const { bytes, at } = proof.challenged;
  const files = new Map([
    ['before.bin', bytes.subarray(0, at)],
    ['after.bin', bytes.subarray(at + (ssh ? 2 : 1) * CHALLENGE_LENGTH)],
    ['signed.bin', proof.content],
    ['signature.bin', ecdsa ? derSignature(proof.signature) : proof.signature],
  ]);
  const check = commandOf(proof);
  if (ssh) {
    files.set('key.pem', encodeUtf8(proof.publicKey));
    files.set('host.pub', encodeUtf8(`${verified.keyType} ${formatBase64(verified.hostKey)}\n`));
    return { files, ties: TIES.ssh, commands: ['ssh-keygen -l -f host.pub', check] };
  }
  const { hash } = proof.challenged;
  if (hash !== null) files.set('lead.bin', proof.content.subarray(0, -HASH_LENGTH[hash]));
  files.set('certificate.der', verified.chain[0] ?? new Uint8Array());
  const key = 'openssl x509 -inform DER -in certificate.der -pubkey -noout -out key.pem';
  return { files, ties: hash === null ? TIES.tls12 : tiesOf13(hash), commands: [key, check] };
}

const CHALLENGE = 'cat root.bin commitment.bin nonce.bin | openssl dgst -sha256';
const HASH_LENGTH = { sha256: 32, sha384: 48 } as const;

const TIES = {
  ssh: [
    `${CHALLENGE} -r | cut -c 1-64 | tr -d '\\n' > challenge.txt`,
    'cat before.bin challenge.txt after.bin | openssl dgst -sha256 -binary | cmp - signed.bin',
  ],
  tls12: [`${CHALLENGE} -binary > challenge.bin`, 'cat challenge.bin after.bin | cmp - signed.bin'],
} as const;

function tiesOf13(hash: 'sha256' | 'sha384'): readonly string[] {
  const hashed = `cat before.bin challenge.bin after.bin | openssl dgst -${hash} -binary`;
  return [TIES.tls12[0], `${hashed} | cat lead.bin - | cmp - signed.bin`];
}

function commandOf({ hash, pss }: SignedContent): string {
  if (hash === null)
    return 'openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed.bin -sigfile signature.bin';
  const options = pss ? ' -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest' : '';
  return `openssl dgst -${hash} -verify key.pem${options} -signature signature.bin signed.bin`;
}

/** r ‖ s as the DER that openssl reads: SEQUENCE of two INTEGERs. */
function derSignature(rs: Uint8Array): Uint8Array {
  const half = rs.length / 2;
  return encodeDer(TAG.sequence, encodeDerInteger(rs.subarray(0, half)), encodeDerInteger(rs.subarray(half)));
}
