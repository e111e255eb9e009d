/** The digests in an image's index (OCI image spec, "Image Index"; Docker's manifest list), from its bytes. */
import { sha256 } from '@noble/hashes/sha2.js';
import { parseJson } from '../bytes/json.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, formatHex } from '../bytes/text.ts';

const NESTING = { most: 32, advice: 'no index is nested so deep', values: 100_000 };

/** The digest of the index, and those of the manifests that it names. Refuses `malformed-text` for what is no index. */
export function manifestsIn(bytes: Uint8Array): {
  readonly digest: string;
  readonly manifests: readonly string[];
} {
  const top = parseJson(decodeUtf8(bytes), NESTING);
  const list = top instanceof Map ? top.get('manifests') : undefined;
  if (!Array.isArray(list))
    throw refuse('malformed-text', 'this is no index of an image: it names no manifests');
  const manifests = list.flatMap((each: unknown) => {
    const digest: unknown = each instanceof Map ? each.get('digest') : undefined;
    return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) ? [digest] : [];
  });
  return { digest: `sha256:${formatHex(sha256(bytes))}`, manifests };
}
