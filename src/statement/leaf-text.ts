/** A leaf of a salted tree as people read it. */
import { decodeCbor, isCborArray, isCborMap, type CborValue } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { Claim } from './claim.ts';
import type { Parameter } from './parameter.ts';
import { valueInLeaf, type Opening } from './saltedleaf.ts';

/** A leaf's value as people read it. */
export function showValue(whole: Opening['value']): string {
  const value = whole instanceof Uint8Array ? valueInLeaf(whole) : whole;
  if (!(value instanceof Uint8Array)) return `${value.size} bytes, SHA-256 ${formatHex(value.digest)}`;
  const content = decodeCbor(value);
  if (!isCborMap(content)) return JSON.stringify(content);
  const { type, mode, size, sha256 } = Object.fromEntries(content);
  if (typeof type === 'string' && typeof size === 'number' && sha256 instanceof Uint8Array) {
    const bits = typeof mode === 'number' ? ` ${mode.toString(8).padStart(4, '0')}` : '';
    return `${type}${bits}, ${size} bytes, SHA-256 ${formatHex(sha256)}`;
  }
  const [[name, inner = null] = []] = content;
  return typeof name === 'string' ? printable(showMarked(name, inner), 10_000) : '{}';
}

/** A parameter as people read it, each value in one text of its own: `5`, `"5"`, `a, b`, `["a", "b"]`. */
export function parameterText(value: Parameter): string {
  if (typeof value === 'object') return `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
  const isPlain = typeof value !== 'string' || !/^(?:true|false|-?\d+|["[].*)$/s.test(value);
  return isPlain ? String(value) : JSON.stringify(value);
}

/** A declared leaf, or list, that claims read. */
interface DeclaredValue {
  readonly path: string;
  /** As people read it. */
  readonly value: string;
  /** Who reads it, by parameter: `p.ciphers of sshd-offer, sshd-strict`. */
  readonly readers: readonly string[];
}

/** The declared leaves and lists that claims read in place of constants, each once, in the order of the claims. */
export function declaredValues(
  claims: readonly Pick<Claim, 'id' | 'params' | 'declared'>[],
): readonly DeclaredValue[] {
  const found = new Map<string, { readonly value: string; readonly ids: Map<string, string[]> }>();
  for (const { id, params, declared } of claims)
    for (const [name, path] of declared ?? []) {
      const known = found.get(path) ?? { value: parameterText(params?.get(name) ?? ''), ids: new Map() };
      known.ids.set(name, [...(known.ids.get(name) ?? []), id]);
      found.set(path, known);
    }
  return [...found].map(([path, { value, ids }]) => ({
    path,
    value,
    readers: [...ids].map(([name, each]) => `p.${name} of ${each.join(', ')}`),
  }));
}

/** The same of a leaf that anybody may have made: bytes that are no CBOR as hex. */
export function showAnyValue(value: Opening['value']): string {
  try {
    return showValue(value);
  } catch (error) {
    if (!(error instanceof Refusal) || !(value instanceof Uint8Array)) throw error;
    return `bytes ${formatHex(value).slice(0, 64)}`;
  }
}

/** A value that is no scalar: a map of one marked member (src/declare/leaf.ts). */
function showMarked(name: string, inner: CborValue): string {
  if (name === 'number' && typeof inner === 'string') return inner;
  if (name === 'sensitive') return '(sensitive: a keyed digest, never shown)';
  if (name === 'unknown') return '(known only after it is applied)';
  const words = isCborArray(inner) ? inner.filter((each) => typeof each === 'string') : [];
  if (typeof inner === 'string') return `(a text, taken apart: ${inner})`;
  if (name === 'names') return `(names that are no texts: ${words.join(', ')})`;
  if (typeof inner === 'number')
    return name === 'documents' ? `(${inner} documents)` : `(a list of ${inner})`;
  return `(a list: ${words.join(', ')})`;
}
