/**
 * The probe `oci@1` reads an image layout, and checks the Sigstore bundles that are attached to the image. The bundle that shows the
 * signature goes into the proof with the trusted root and the image's index, so that readers check it again.
 */
import { createHash } from 'node:crypto';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Observed } from '../../claim/observed.ts';
import { attachmentsOf } from '../../declare/node/oci/attached.ts';
import { ImageLayout } from '../../declare/node/oci/layout.ts';
import { platformsIn } from '../../declare/node/oci/read.ts';
import { digestsOf } from '../../declare/oci/image.ts';
import {
  checkSignatures,
  readTrustedRoot,
  signaturePinOf,
  signedValue,
} from '../../evidence/node/sigstore.ts';
import { encodeSignatures, MAX_ROOT_BYTES, SIGNATURES_TYPE } from '../../evidence/signature-record.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { assertForm } from '../target-form.ts';
import { OCI } from './describe.ts';

export const ociProbe: Probe = {
  ...OCI,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const pin = pinOf(task);
  const root = await rootOf(task, pin.root);
  const { digest, kind, digests, bundles, index } = await layoutAt(task.target, pin.image);
  const record = { root, bundles, ...(index !== undefined && { index }) };
  const found = bundles.length === 0 ? undefined : checkSignatures(record, pin);
  const value = { image: digest, kind, digests, bundles: bundles.length };
  const base = {
    contradictions: [],
    population: {
      source: 'bundles that are attached to the image',
      total: bundles.length,
      sampled: bundles.length,
      method: 'all',
    },
    bytes: root.length + bundles.reduce((sum, { bundle }) => sum + bundle.length, 0),
  };
  if (found?.kind !== 'signed') {
    // A signature that is not here may be elsewhere, so nothing shows that there is none.
    const reason =
      found === undefined
        ? 'no bundle is attached to the image in this layout; copy the image with what is attached to it'
        : `no bundle in this layout holds under what is pinned: ${found.why}`;
    return { ...base, value, grades: [], attachments: [], withheld: [{ path: '/signed', reason }] };
  }
  const data = encodeSignatures({ ...record, bundles: [found.bundle] });
  return {
    ...base,
    value: { ...value, signed: signedValue(found, pin) },
    grades: [{ path: '/signed', evidence: 'E4', attachments: [0] }],
    attachments: [{ mediaType: SIGNATURES_TYPE, data }],
  };
}

/** Refuses `config-invalid`. */
function pinOf({ params }: ProbeTask): ReturnType<typeof signaturePinOf> {
  const given = new ParsedParameters('oci@1', params);
  const says = 'is a digest, sha256: and 64 hexadecimal digits';
  for (const name of ['image', 'root']) given.text(name, /^sha256:[0-9a-f]{64}$/, says);
  given.texts('kinds', /^[\x21-\x7e]{1,200}$/, 'is a predicate type');
  return signaturePinOf(params);
}

/** Refuses `config-invalid` if the owner named no root, or another file. */
async function rootOf(task: ProbeTask, wanted: string): Promise<Uint8Array> {
  const text = await task.secret('trusted-root');
  // Secrets are read without the line's end, which counts for the digest of the file.
  const bytes = [encodeUtf8(text ?? ''), encodeUtf8(`${text ?? ''}\n`)].find(
    (each) => digestOf(each) === wanted,
  );
  if (text !== undefined && bytes === undefined)
    throw refuse(
      'config-invalid',
      'the secret "trusted-root" is another file than the one that the commitment names by its digest; give that one, or pin again',
    );
  if (bytes === undefined || bytes.length > MAX_ROOT_BYTES)
    throw refuse(
      'config-invalid',
      'oci@1 needs the file trusted_root.json whose digest the commitment names: name it as the secret "trusted-root" in targets.yaml',
    );
  try {
    readTrustedRoot(bytes);
  } catch (error) {
    if (error instanceof Refusal)
      throw refuse('config-invalid', `the secret "trusted-root": ${error.message}`, { cause: error });
    throw error;
  }
  return bytes;
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The image and what is attached to it. Refuses `config-invalid`, and `unavailable` for what cannot be read, without its text. */
async function layoutAt(target: string, image: string) {
  assertForm(OCI.name, OCI.target, target);
  try {
    const layout = await ImageLayout.at(target);
    const found = await platformsIn(layout, image);
    const digests = digestsOf(found);
    return { ...found, digests, ...(await attachmentsOf(layout, digests, found.index)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('unavailable', REASONS[error.code] ?? 'the image layout cannot be read', { cause: error });
  }
}

/** What a layout says stays with the agent. */
const REASONS: Readonly<Partial<Record<Refusal['code'], string>>> = {
  'not-found': 'there is no image layout at the target, or it does not have this image',
  'proof-failed': 'a blob of the layout has other bytes than its name says',
  'malformed-text': 'a document of the layout is malformed, or can be read in two ways',
  'too-large': 'a document of the layout is larger than any that is read',
};
