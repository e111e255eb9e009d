/**
 * Declarations that are read rather than hashed whole: a Terraform plan, Kubernetes manifests, JSON, YAML, an
 * environment file. Each becomes salted leaves (src/declare); what is sensitive stands in the tree as a keyed
 * digest, so that not even an opened leaf shows it.
 */
import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { encodeCbor } from '../../bytes/cbor.ts';
import { refuse, Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '../../bytes/text.ts';
import { declareEnv } from '../../declare/env.ts';
import { declareJson } from '../../declare/json.ts';
import { declareKubernetes, IGNORED } from '../../declare/kubernetes.ts';
import type { Declarable, DeclaredLeaf, Exclusion } from '../../declare/leaf.ts';
import { unmarkedSecrets } from '../../declare/secret.ts';
import { declareTerraform } from '../../declare/terraform.ts';
import { declareYaml } from '../../declare/yaml.ts';
import { SALT_LENGTH, type SaltedLeaf } from '../../statement/saltedleaf.ts';
import { readNamedFile, readPiped } from '../files.ts';
import { shellWord } from '../shellword.ts';
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

/** A salted leaf and whether it may be shown. */
export interface SourceLeaf extends SaltedLeaf {
  readonly value: Uint8Array;
  readonly sensitive: boolean;
}

export interface ReadSource extends Omit<Declarable, 'leaves'> {
  readonly leaves: readonly SourceLeaf[];
  /** Those that look like secrets and nobody spoke for, and why. */
  readonly unmarked: readonly { readonly path: string; readonly why: string }[];
}

/** Largest source that is taken. */
const MAX_BYTES = 67_108_864;

/** The text that operands name; standard input when they name nothing, or `-`. Manifests may be several files. */
export async function readTexts(
  kind: Reading['kind'],
  operands: readonly string[],
  cwd: string,
  stdin: AsyncIterable<Uint8Array>,
): Promise<string> {
  if (operands.length > 1 && kind !== 'kubernetes')
    throw refuse('usage', `a declaration is one ${kind} source; commit each by itself`);
  const texts: string[] = [];
  for (const operand of operands.length === 0 ? [STDIN] : operands) {
    const piped = operand === STDIN;
    const bytes = await (piped
      ? readPiped(stdin, MAX_BYTES)
      : readNamedFile(resolve(cwd, operand), MAX_BYTES));
    if (bytes.length > MAX_BYTES)
      throw refuse('too-large', `${piped ? 'standard input' : operand} has more than ${MAX_BYTES} bytes`);
    texts.push(decodeUtf8(bytes));
  }
  return texts.join('\n---\n');
}

/** Reads a source into salted leaves. Refuses what it cannot read in one way only. */
export function readSource(text: string, reading: Reading): ReadSource {
  const { leaves, ...rest } = declare(text, reading);
  if (leaves.length === 0) throw refuse('malformed-payload', `this ${reading.kind} source declares nothing`);
  const unknown = [...reading.sensitive, ...reading.notSecret].find(
    (path) => !leaves.some((leaf) => isBelow(leaf.path, path)),
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

function declare(text: string, { kind, literal, ignore }: Reading): Declarable {
  try {
    if (kind === 'terraform') return declareTerraform(text);
    if (kind === 'kubernetes') return declareKubernetes(text, [...IGNORED, ...ignore]);
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
  const path = shellWord(first.path);
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more)`;
  throw refuse(
    'policy-rejected',
    `${first.path} looks like ${first.why}${more}: say --sensitive ${path} if it is a secret, ` +
      `--not-secret ${path} if it is none; --list shows them all`,
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
