/**
 * Declarations that are read rather than hashed whole: a Terraform plan, Kubernetes manifests, JSON, YAML, an
 * environment file. Each becomes salted leaves (src/declare); what is sensitive stands in the tree as a keyed
 * digest, so that not even an opened leaf shows it.
 */
import { createHmac } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encodeCbor } from '../../bytes/cbor.ts';
import { printable } from '../../bytes/printable.ts';
import { refuse, Refusal } from '../../bytes/refusal.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { decodeSource } from '../encoding.ts';
import { declareEnv } from '../env.ts';
import { declareJson } from '../json.ts';
import { declareKubernetes, IGNORED } from '../kubernetes.ts';
import type { Declarable, DeclaredLeaf, Exclusion } from '../leaf.ts';
import { unmarkedSecrets, type Unmarked } from '../secret.ts';
import { declareTerraform } from '../terraform.ts';
import { declareYaml } from '../yaml.ts';
import { SALT_LENGTH } from '../../statement/saltedleaf.ts';
import type { SourceLeaf } from '../leafopening.ts';
import { readNamedFile, readPiped } from '../../platform/files.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { STDIN } from './files.ts';

/** Kinds of source, as the first operand of `commit` names them; `files` are a leaf each. */
export const SOURCES = ['files', 'terraform', 'kubernetes', 'json', 'yaml', 'env'] as const;
export type SourceKind = (typeof SOURCES)[number];

/** How a source is to be read. */
export interface Reading {
  readonly kind: Exclude<SourceKind, 'files'>;
  readonly literal: boolean;
  /** Kubernetes paths left out besides the usual ones, and why. */
  readonly ignore: readonly Exclusion[];
  /** Paths of leaves that are secrets, and of those that are none although they look like it. */
  readonly sensitive: ReadonlySet<string>;
  readonly notSecret: ReadonlySet<string>;
  /** Keys the salts and the digests of sensitive leaves. */
  readonly saltSecret: Uint8Array;
}

export interface ReadSource extends Omit<Declarable, 'leaves'> {
  readonly leaves: readonly SourceLeaf[];
  /** Those that look like secrets and nobody spoke for, and why. */
  readonly unmarked: readonly Unmarked[];
}

/** Largest source that is taken. */
const MAX_BYTES = 67_108_864;

/** What operands name, to be read as one source. */
export interface Operands {
  readonly kind: Reading['kind'];
  readonly named: readonly string[];
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Folders of manifests with all that is below them. */
  readonly recursive: boolean;
}

/**
 * The texts that operands name; standard input when they name nothing, or `-`. Manifests may be several files, and folders
 * of them as `kubectl -f` takes them.
 */
export async function readTexts(operands: Operands): Promise<readonly string[]> {
  const { kind, named, cwd, stdin, recursive } = operands;
  if (named.length > 1 && kind !== 'kubernetes')
    throw refuse('usage', `a declaration is one ${kind} source; commit each by itself`);
  const texts: string[] = [];
  for (const operand of named.length === 0 ? [STDIN] : named) {
    if (operand === STDIN) {
      texts.push(textOf(kind, 'standard input', await readPiped(stdin, MAX_BYTES)));
      continue;
    }
    const path = resolve(cwd, operand);
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder && kind !== 'kubernetes')
      throw refuse(
        'usage',
        `${printable(operand)} is a folder; name one file of it, or commit all of it with \`tallystick commit files ${shellWord(operand)}\``,
      );
    const files = isFolder ? manifestsIn(path, recursive).map((each) => join(operand, each)) : [operand];
    for (const file of files)
      texts.push(textOf(kind, file, await readNamedFile(resolve(cwd, file), MAX_BYTES)));
  }
  return texts;
}

/** Extensions of the files that `kubectl -f FOLDER` reads (k8s.io/cli-runtime, resource.FileExtensions). */
const MANIFEST = /\.(?:json|yaml|yml)$/;

/** The manifests in a folder, in the order of their paths. Refuses `not-found` where there are none. */
function manifestsIn(folder: string, recursive: boolean): readonly string[] {
  const names = readdirSync(folder, { recursive, encoding: 'utf8' })
    .filter((name) => MANIFEST.test(name) && statSync(join(folder, name)).isFile())
    .toSorted();
  if (names.length > 0) return names;
  throw refuse(
    'not-found',
    `there is no manifest in ${printable(folder)}: files that end in .json, .yaml or .yml` +
      (recursive ? '' : '; say --recursive for those in the folders below it'),
  );
}

/** One file's text. Refuses `too-large`, and `malformed-text` with the name of the file. */
function textOf(kind: Reading['kind'], name: string, bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES)
    throw refuse('too-large', `${printable(name)} has more than ${MAX_BYTES} bytes`);
  try {
    return decodeSource(bytes, kind === 'env');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse(error.code, `${printable(name)}: ${error.message}`, { cause: error });
  }
}

/** Reads a source into salted leaves. Refuses what it cannot read in one way only. */
export function readSource(texts: readonly string[], reading: Reading): ReadSource {
  const { leaves, ...rest } = declare(texts, reading);
  if (leaves.length === 0) throw refuse('malformed-payload', `this ${reading.kind} source declares nothing`);
  const unknown = [...reading.sensitive, ...reading.notSecret].find(
    (path) => path === '' || !leaves.some((leaf) => isBelow(leaf.path, path)),
  );
  if (unknown !== undefined) throw refuse('usage', `there is no leaf ${unknown} in this source; see --list`);
  const marked = leaves.map((leaf) => ({
    ...leaf,
    sensitive: leaf.sensitive || [...reading.sensitive].some((path) => isBelow(leaf.path, path)),
  }));
  return {
    ...rest,
    leaves: marked.map((leaf) => salted(leaf, reading.saltSecret)),
    unmarked: unmarkedSecrets(marked, reading.notSecret),
  };
}

function declare(texts: readonly string[], { kind, literal, ignore }: Reading): Declarable {
  const [text = ''] = texts;
  try {
    if (kind === 'kubernetes') return declareKubernetes(texts, [...IGNORED, ...ignore]);
    if (kind === 'terraform') return declareTerraform(text);
    if (kind === 'json') return declareJson(text);
    return kind === 'yaml' ? declareYaml(text) : declareEnv(text, literal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse(error.code, `this ${kind} source cannot be committed to: ${error.message}`, {
      cause: error,
    });
  }
}

/** Refuses `policy-rejected` for secrets nobody spoke for. */
export function refuseSecrets({ unmarked: found }: ReadSource): void {
  const [first] = found;
  if (first === undefined) return;
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more)`;
  throw refuse('policy-rejected', `${toldOf(first)}${more}; --list shows them all`);
}

/** What looks like a secret, and both ways out. */
function toldOf({ path, why, inName }: Unmarked): string {
  const asFlag = shellWord(path === '' ? 'PATH' : path);
  if (inName !== true)
    return `${printable(path)} looks like ${printable(why)}: say --sensitive ${asFlag} if it is a secret, --not-secret ${asFlag} if it is none`;
  return (
    `the name of a member of ${path === '' ? 'the source' : printable(path)} looks like ${printable(why)}, and names are shown whatever is marked: ` +
    `take it out of the name if it is a secret, say --not-secret ${asFlag} if it is none`
  );
}

function salted({ path, value, sensitive }: DeclaredLeaf, secret: Uint8Array): SourceLeaf {
  const shown = sensitive
    ? encodeCbor(new Map([['sensitive', mac(secret, 'sensitive', path, value)]]))
    : value;
  return { path, value: shown, sensitive, salt: mac(secret, 'salt', path, shown).subarray(0, SALT_LENGTH) };
}

/** HMAC-SHA-256 over purpose and path, each ended by a zero byte that neither has, and the value. */
export function mac(secret: Uint8Array, purpose: string, path: string, value: Uint8Array): Uint8Array {
  const hash = createHmac('sha256', secret)
    .update(encodeUtf8(`${purpose}\0${path}\0`))
    .update(value);
  return new Uint8Array(hash.digest());
}

function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}
