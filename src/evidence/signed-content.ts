/**
 * A target's signature taken out of its transcript, with the commands by which OpenSSL and OpenSSH check it:
 * who does not trust this program needs no other line of it.
 */
import { concatBytes } from '../bytes/compare.ts';
import { encodeUtf8, formatBase64 } from '../bytes/text.ts';

/** A signature, what it is over, and the key (PEM). `hash` null: Ed25519 or Ed448. */
export interface SignedContent {
  readonly content: Uint8Array;
  /** As TLS has it; of SSH and ECDSA r ‖ s. */
  readonly signature: Uint8Array;
  readonly publicKey: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly pss: boolean;
}

/** Files by name, and the commands that check them in their folder; each exits with 0 when all is well. */
export interface ByHand {
  readonly files: ReadonlyMap<string, Uint8Array>;
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
  const files = new Map([
    ['signed.bin', proof.content],
    ['signature.bin', ecdsa ? derSignature(proof.signature) : proof.signature],
  ]);
  const check = commandOf(proof);
  if (ssh) {
    files.set('key.pem', encodeUtf8(proof.publicKey));
    files.set('host.pub', encodeUtf8(`${verified.keyType} ${formatBase64(verified.hostKey)}\n`));
    return { files, commands: ['ssh-keygen -l -f host.pub', check] };
  }
  files.set('certificate.der', verified.chain[0] ?? new Uint8Array());
  const key = 'openssl x509 -inform DER -in certificate.der -pubkey -noout -out key.pem';
  return { files, commands: [key, check] };
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
  const body = concatBytes(derInteger(rs.subarray(0, half)), derInteger(rs.subarray(half)));
  const length = body.length < 128 ? [body.length] : [0x81, body.length];
  return concatBytes(Uint8Array.of(0x30, ...length), body);
}

function derInteger(magnitude: Uint8Array): Uint8Array {
  const start = Math.max(
    0,
    magnitude.findIndex((byte) => byte !== 0),
  );
  const short = magnitude.subarray(start);
  const sign = (short[0] ?? 0) >= 0x80 ? [0] : [];
  return concatBytes(Uint8Array.of(2, sign.length + short.length, ...sign), short);
}
