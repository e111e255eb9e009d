/**
 * Manifests and indexes of container images, from their bytes (OCI image spec 1.1: "Image Manifest", "Image Index"; Docker's schema
 * 2 has the same members). A document that could be read as either is refused, since registries and runtimes differ in what they take
 * it for.
 */
import { parseJson, type JsonValue } from '../../bytes/json.ts';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';

export interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType: string;
  readonly annotations: ReadonlyMap<string, string>;
  /** `linux-arm64-v8`; undefined where the descriptor names none. */
  readonly platform?: string;
}

export interface Manifest {
  readonly kind: 'manifest';
  readonly artifactType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  /** The digest of what this manifest is attached to. */
  readonly subject?: string;
}

export interface Index {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

export const DIGEST = /^sha256:[0-9a-f]{64}$/;
const NESTING = { most: 32, advice: 'no manifest is nested so deep', values: 200_000 };
/** Most manifests of an index, and layers of a manifest. */
const MAX_ITEMS = 4_096;

/** Refuses `malformed-text`. `mediaType`: what names it says that it is; '' where nothing does. */
export function parseManifest(bytes: Uint8Array, mediaType = ''): Manifest | Index {
  const top = mapOf(parseJson(decodeUtf8(bytes), NESTING), 'the document');
  const own = textOf(top, 'mediaType');
  if (own !== '' && mediaType !== '' && own !== mediaType)
    throw wrong(
      `a document says that it is ${own}, and what names it says ${mediaType}; make the layout again`,
    );
  const manifests = top.get('manifests');
  if (manifests !== undefined && (top.has('layers') || top.has('config')))
    throw wrong('a document is an index and a manifest at once; what runs would depend on who reads it');
  if (manifests !== undefined)
    return { kind: 'index', manifests: listOf(manifests, 'manifests').map(descriptorOf) };
  if (!top.has('config') || !top.has('layers'))
    throw wrong(
      'a manifest has no config or no layers; manifests of schema 1 name no digest of a configuration: push the image again',
    );
  const subject = top.get('subject');
  return {
    kind: 'manifest',
    artifactType: textOf(top, 'artifactType'),
    config: descriptorOf(top.get('config') ?? null),
    layers: listOf(top.get('layers') ?? null, 'layers').map(descriptorOf),
    ...(subject !== undefined && { subject: descriptorOf(subject).digest }),
  };
}

function descriptorOf(value: JsonValue): Descriptor {
  const at = mapOf(value, 'a descriptor');
  const digest = textOf(at, 'digest');
  if (!DIGEST.test(digest)) throw wrong('a descriptor has no digest sha256:…; other algorithms are not read');
  const annotations = at.get('annotations');
  const named = annotations === undefined ? [] : [...mapOf(annotations, 'annotations')];
  const platform = platformOf(at.get('platform'));
  return {
    digest,
    mediaType: textOf(at, 'mediaType'),
    artifactType: textOf(at, 'artifactType'),
    annotations: new Map(
      named.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
    ),
    ...(platform !== undefined && { platform }),
  };
}

/** `os-architecture`, and variant and version of the system where they are said; undefined for none, and for `unknown`. */
export function platformOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const at = mapOf(value, 'a platform');
  const parts = ['os', 'architecture', 'variant', 'os.version']
    .map((name) => textOf(at, name))
    .filter((each) => each !== '');
  if (parts.length < 2 || parts[0] === 'unknown') return undefined;
  if (parts.some((each) => !/^[A-Za-z0-9._]{1,64}$/.test(each)))
    throw wrong('a platform has a name that no platform has');
  return parts.join('-');
}

/** What a configuration says that it is for. */
export function platformOfConfig(bytes: Uint8Array): string | undefined {
  return platformOf(parseJson(decodeUtf8(bytes), NESTING));
}

export function mapOf(value: JsonValue, what: string): ReadonlyMap<string, JsonValue> {
  if (value instanceof Map) return value;
  throw wrong(`${what} is no object`);
}

function listOf(value: JsonValue, what: string): readonly JsonValue[] {
  if (Array.isArray(value) && value.length <= MAX_ITEMS) return value;
  throw wrong(`${what} is no list of at most ${MAX_ITEMS}`);
}

function textOf(at: ReadonlyMap<string, JsonValue>, name: string): string {
  const value = at.get(name);
  return typeof value === 'string' ? value : '';
}

const wrong = (what: string): Refusal => refuse('malformed-text', what);
