/**
 * Signatures as cosign attached them before it wrote bundles: parts in the annotations of a layer. They become a bundle of the first
 * version, which is the same data, so that one verifier reads both.
 */
import { parseJson, type JsonValue } from '../../bytes/json.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64, parseBase64, parseHex } from '../../bytes/text.ts';
import type { SignedBundle } from '../../evidence/signature-record.ts';
import { mapOf, type Descriptor } from './manifest.ts';

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const BUNDLE = 'dev.sigstore.cosign/bundle';
/** Media types of the two kinds of layers. */
export const SIMPLE_SIGNING_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const ENVELOPE_TYPE = 'application/vnd.dsse.envelope.v1+json';
const NESTING = { most: 32, advice: 'no signature is nested so deep', values: 10_000 };

/** The bundle of a layer and its bytes. Refuses `malformed-text` for a signature without certificate or log entry (a bare key). */
export function bundleOfLayer(
  { annotations, mediaType, digest }: Descriptor,
  content: Uint8Array,
): SignedBundle {
  const certificate = annotations.get(CERTIFICATE) ?? '';
  const logged = annotations.get(BUNDLE) ?? '';
  if (certificate === '' || logged === '')
    throw wrong(
      'a signature of cosign has no certificate or no entry of a log: signed with a bare key, it says nothing of an identity',
    );
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: derIn(certificate) }] },
      tlogEntries: [entryOf(logged)],
    },
  };
  if (mediaType === ENVELOPE_TYPE) {
    const text = decodeUtf8(content);
    mapOf(parseJson(text, NESTING), 'an envelope');
    return { bundle: encodeUtf8(`${JSON.stringify(bundle).slice(0, -1)},"dsseEnvelope":${text}}`) };
  }
  const messageSignature = {
    messageDigest: { algorithm: 'SHA2_256', digest: formatBase64(parseHex(digest.slice('sha256:'.length))) },
    signature: annotations.get(SIGNATURE) ?? '',
  };
  return { bundle: encodeUtf8(JSON.stringify({ ...bundle, messageSignature })), payload: content };
}

function derIn(pem: string): string {
  const [, body = ''] =
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem) ?? [];
  const text = body.replace(/\s/g, '');
  if (text === '') throw wrong('a signature of cosign has a certificate that is none');
  return text;
}

/** `{"SignedEntryTimestamp": …, "Payload": {"body": …, "integratedTime": …, "logIndex": …, "logID": hex}}` */
function entryOf(text: string): object {
  const top = mapOf(parseJson(text, NESTING), 'the log entry');
  const payload = mapOf(top.get('Payload') ?? null, 'the log entry');
  const [promise, body, id] = [top.get('SignedEntryTimestamp'), payload.get('body'), payload.get('logID')];
  const [time, index] = [payload.get('integratedTime'), payload.get('logIndex')];
  if (
    typeof promise !== 'string' ||
    typeof body !== 'string' ||
    typeof id !== 'string' ||
    !/^[0-9a-f]{64}$/.test(id)
  )
    throw wrong('the log entry of a signature of cosign is not whole');
  const kept = mapOf(parseJson(decodeUtf8(parseBase64(body)), NESTING), 'the log entry');
  return {
    logIndex: numberText(index),
    logId: { keyId: formatBase64(parseHex(id)) },
    kindVersion: { kind: kept.get('kind'), version: kept.get('apiVersion') },
    integratedTime: numberText(time),
    inclusionPromise: { signedEntryTimestamp: promise },
    canonicalizedBody: body,
  };
}

function numberText(value: JsonValue | undefined): string {
  if (typeof value === 'number') return String(value);
  throw wrong('the log entry of a signature of cosign has a number that is none');
}

const wrong = (what: string): Refusal => refuse('malformed-text', what);
