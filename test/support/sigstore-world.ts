/**
 * A Sigstore of our own: a CA like Fulcio, a log of certificates, a transparency log like Rekor, and their trusted_root.json. Bundles
 * of it are what the real services make, and each part can be made wrong.
 */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { encodeDer, encodeDerBits, encodeDerInteger } from '#src/evidence/der.ts';

export const GITHUB = 'https://token.actions.githubusercontent.com';
export const RELEASE = 'https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v1.2.0';
/** POSIX seconds of every signature. */
export const SIGNED_AT = 1_790_000_000;

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  readonly id: Buffer;
}

export function keys(): Keys {
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = made.publicKey.export({ type: 'spki', format: 'der' });
  return { ...made, spki, id: sha256(spki) };
}

export const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();
const b64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const text = (tag: number, value: string): Uint8Array => encodeDer(tag, Buffer.from(value));
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => encodeDer(0x30, ...parts);
const numbers = (dotted: string): readonly number[] => dotted.split('.').map(Number);

function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = numbers(dotted);
  const bytes = rest.flatMap((each) => {
    const out = [each % 128];
    for (let left = Math.floor(each / 128); left > 0; left = Math.floor(left / 128))
      out.unshift(128 + (left % 128));
    return out;
  });
  return encodeDer(6, Uint8Array.of(first * 40 + second, ...bytes));
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const nameOf = (name: string): Uint8Array =>
  sequence(encodeDer(0x31, sequence(oid('2.5.4.3'), text(12, name))));
const timeOf = (seconds: number): Uint8Array =>
  text(24, new Date(seconds * 1_000).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, ''));
const extension = (id: string, value: Uint8Array, critical = false): Uint8Array =>
  sequence(oid(id), ...(critical ? [encodeDer(1, Uint8Array.of(255))] : []), encodeDer(4, value));

interface Certified {
  readonly subject: string;
  readonly issuer: string;
  readonly spki: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly extensions: readonly Uint8Array[];
}

function tbsOf({ subject, issuer, spki, from, to, extensions }: Certified): Uint8Array {
  return sequence(
    encodeDer(0xa0, encodeDerInteger(Uint8Array.of(2))),
    encodeDerInteger(Uint8Array.of(7)),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(timeOf(from), timeOf(to)),
    nameOf(subject),
    spki,
    encodeDer(0xa3, sequence(...extensions)),
  );
}

const certificateOf = (tbs: Uint8Array, by: KeyObject): Buffer =>
  Buffer.from(sequence(tbs, ECDSA_SHA256, encodeDerBits(sign('sha256', tbs, by))));

export interface MadeEntry {
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime: string;
  logIndex: string;
  inclusionPromise: { signedEntryTimestamp: string };
  inclusionProof: object;
  canonicalizedBody: string;
}

/** The JSON of a bundle, for tests to change. */
export interface MadeBundle {
  mediaType: string;
  verificationMaterial: {
    certificate?: { rawBytes: string };
    publicKey?: { hint: string };
    tlogEntries: MadeEntry[];
  };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid: string }[] };
}

/** What of a bundle is other than usual. */
export interface Wish {
  readonly identity?: string;
  readonly issuer?: string;
  readonly kind?: string;
  readonly statementType?: string;
  readonly predicate?: unknown;
  readonly payloadType?: string;
  /** POSIX seconds at which the log took it. */
  readonly at?: number;
  /** Signs the certificate timestamp in place of the log of certificates. */
  readonly timestamper?: Keys;
  readonly withoutTimestamp?: boolean;
  readonly unlogged?: boolean;
}

export class SigstoreWorld {
  readonly ca = keys();
  readonly ct = keys();
  readonly rekor = keys();
  readonly name: string;
  readonly #root: Buffer;
  readonly #until: number | undefined;

  /** `until`: when the root says that its CA ended, POSIX seconds. */
  constructor(name = 'test', until?: number) {
    this.name = name;
    this.#until = until;
    const tbs = tbsOf({
      subject: name,
      issuer: name,
      spki: this.ca.spki,
      from: SIGNED_AT - 1_000_000,
      to: SIGNED_AT + 1_000_000_000,
      extensions: [
        extension('2.5.29.19', sequence(encodeDer(1, Uint8Array.of(255))), true),
        extension('2.5.29.15', encodeDer(3, Uint8Array.of(1, 6)), true),
        extension('2.5.29.14', encodeDer(4, this.ca.id.subarray(0, 20))),
      ],
    });
    this.#root = certificateOf(tbs, this.ca.privateKey);
  }

  /** trusted_root.json. */
  trustedRoot(): Buffer {
    const start = new Date((SIGNED_AT - 500_000) * 1_000).toISOString();
    const validFor = {
      start,
      ...(this.#until !== undefined && { end: new Date(this.#until * 1_000).toISOString() }),
    };
    const log = (name: string, { spki, id }: Keys): object => ({
      baseUrl: `https://${name}.${this.name}`,
      hashAlgorithm: 'SHA2_256',
      publicKey: { rawBytes: b64(spki), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: { start } },
      logId: { keyId: b64(id) },
    });
    return Buffer.from(
      JSON.stringify({
        mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
        tlogs: [log('rekor', this.rekor)],
        certificateAuthorities: [
          {
            subject: { organization: this.name, commonName: this.name },
            uri: `https://fulcio.${this.name}`,
            certChain: { certificates: [{ rawBytes: b64(this.#root) }] },
            validFor,
          },
        ],
        ctlogs: [log('ct', this.ct)],
        timestampAuthorities: [],
      }),
    );
  }

  #certificate(leaf: Keys, wish: Wish): Buffer {
    const { identity = RELEASE, issuer = GITHUB, at = SIGNED_AT, timestamper = this.ct } = wish;
    const own = [
      extension('2.5.29.15', encodeDer(3, Uint8Array.of(7, 0x80)), true),
      extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))),
      extension('2.5.29.14', encodeDer(4, leaf.id.subarray(0, 20))),
      extension('2.5.29.35', sequence(encodeDer(0x80, this.ca.id.subarray(0, 20)))),
      extension('2.5.29.17', sequence(text(identity.includes('://') ? 0x86 : 0x81, identity)), true),
      extension('1.3.6.1.4.1.57264.1.8', text(12, issuer)),
    ];
    const plan = {
      subject: '',
      issuer: this.name,
      spki: leaf.spki,
      from: SIGNED_AT - 60,
      to: SIGNED_AT + 540,
    };
    if (wish.withoutTimestamp === true)
      return certificateOf(tbsOf({ ...plan, extensions: own }), this.ca.privateKey);
    const tbs = tbsOf({ ...plan, extensions: own });
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(at) * 1_000n);
    const size = Buffer.from([tbs.length >> 16, (tbs.length >> 8) & 255, tbs.length & 255]);
    const signed = Buffer.concat([
      Buffer.from([0, 0]),
      time,
      Buffer.from([0, 1]),
      this.ca.id,
      size,
      tbs,
      Buffer.from([0, 0]),
    ]);
    const signature = sign('sha256', signed, timestamper.privateKey);
    const sct = Buffer.concat([
      Buffer.from([0]),
      this.ct.id,
      time,
      Buffer.from([0, 0, 4, 3, signature.length >> 8, signature.length & 255]),
      signature,
    ]);
    const list = Buffer.concat([u16(sct.length + 2), u16(sct.length), sct]);
    const extensions = [...own, extension('1.3.6.1.4.1.11129.2.4.2', encodeDer(4, list))];
    return certificateOf(tbsOf({ ...plan, extensions }), this.ca.privateKey);
  }

  #logged(kind: string, spec: object, at: number): MadeEntry {
    const body = JSON.stringify({ apiVersion: '0.0.1', kind, spec });
    const promised = `{"body":"${b64(body)}","integratedTime":${at},"logID":"${this.rekor.id.toString('hex')}","logIndex":0}`;
    const head = `rekor.${this.name}\n1\n${b64(sha256(Buffer.concat([Buffer.from([0]), Buffer.from(body)])))}\n`;
    const signature = Buffer.concat([
      this.rekor.id.subarray(0, 4),
      sign('sha256', Buffer.from(head), this.rekor.privateKey),
    ]);
    return {
      logIndex: '0',
      logId: { keyId: b64(this.rekor.id) },
      kindVersion: { kind, version: '0.0.1' },
      integratedTime: String(at),
      inclusionPromise: {
        signedEntryTimestamp: b64(sign('sha256', Buffer.from(promised), this.rekor.privateKey)),
      },
      inclusionProof: {
        logIndex: '0',
        rootHash: b64(sha256(Buffer.concat([Buffer.from([0]), Buffer.from(body)]))),
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${head}\n\u2014 rekor.${this.name} ${b64(signature)}\n` },
      },
      canonicalizedBody: b64(body),
    };
  }

  /** A bundle of version 0.3 that signs a statement about a digest `sha256:…`. */
  bundle(digest: string, wish: Wish = {}): MadeBundle {
    const leaf = keys();
    const certificate = this.#certificate(leaf, wish);
    const payloadType = wish.payloadType ?? 'application/vnd.in-toto+json';
    const payload = JSON.stringify({
      _type: wish.statementType ?? 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'shop', digest: { sha256: digest.replace('sha256:', '') } }],
      predicateType: wish.kind ?? 'https://sigstore.dev/cosign/sign/v1',
      predicate: wish.predicate ?? {},
    });
    const pae = `DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(payload)} ${payload}`;
    const sig = b64(sign('sha256', Buffer.from(pae), leaf.privateKey));
    const pem = `-----BEGIN CERTIFICATE-----\n${b64(certificate)}\n-----END CERTIFICATE-----\n`;
    const spec = {
      payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
      signatures: [{ signature: sig, verifier: b64(pem) }],
    };
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        certificate: { rawBytes: b64(certificate) },
        tlogEntries: wish.unlogged === true ? [] : [this.#logged('dsse', spec, wish.at ?? SIGNED_AT)],
      },
      dsseEnvelope: { payload: b64(payload), payloadType, signatures: [{ sig, keyid: '' }] },
    };
  }

  /** A layer of cosign's older signatures: its annotations and its content. */
  oldSignature(
    digest: string,
    wish: Wish = {},
  ): { readonly annotations: Record<string, string>; readonly content: Buffer } {
    const leaf = keys();
    const certificate = this.#certificate(leaf, wish);
    const content = Buffer.from(
      JSON.stringify({
        critical: {
          identity: { 'docker-reference': 'registry.example/shop' },
          image: { 'docker-manifest-digest': digest },
          type: 'cosign container image signature',
        },
        optional: null,
      }),
    );
    const signature = b64(sign('sha256', content, leaf.privateKey));
    const pem = `-----BEGIN CERTIFICATE-----\n${b64(certificate)}\n-----END CERTIFICATE-----\n`;
    const spec = {
      data: { hash: { algorithm: 'sha256', value: sha256(content).toString('hex') } },
      signature: { content: signature, publicKey: { content: b64(pem) } },
    };
    const entry = this.#logged('hashedrekord', spec, wish.at ?? SIGNED_AT);
    const logged = {
      SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp,
      Payload: {
        body: entry.canonicalizedBody,
        integratedTime: Number(entry.integratedTime),
        logIndex: 0,
        logID: this.rekor.id.toString('hex'),
      },
    };
    return {
      content,
      annotations: {
        'dev.cosignproject.cosign/signature': signature,
        'dev.sigstore.cosign/certificate': pem,
        'dev.sigstore.cosign/bundle': JSON.stringify(logged),
      },
    };
  }
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

export const encoded = (bundle: object): Buffer => Buffer.from(JSON.stringify(bundle));
