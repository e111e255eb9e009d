/**
 * A registration policy as a person edits it (spec/client.md §7): YAML, or the same as JSON. Keys are
 * COSE_Keys in base64 beside their thumbprint, dates are ISO 8601 in UTC; the definition of an entry, which
 * cannot change, is left out. `base` is the id of the policy entry it was made from, so that an edit that
 * comes too late is noticed.
 */
import { Document, isScalar, isSeq, Scalar, visit } from 'yaml';
import { entryId, isEntryId, type EntryId } from '../bytes/brand.ts';
import type { CborValue } from '../bytes/cbor.ts';
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatBase64, formatHex, parseHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { encodeCoseKey, kidOf } from '../cose/key.ts';
import { parsePublicKey } from '../keys/public.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import {
  ENTRY_DEFINITION,
  policyDocument,
  type EnrolledKey,
  type PolicyDocument,
} from '../statement/policy.ts';
import { encodePolicy } from '../statement/payload.ts';
import { wrong } from '../statement/schema.ts';
import { KID } from '../registration/edits.ts';
import { parseDate } from '../registration/time.ts';
import { readDocument } from '../yaml/documents.ts';
import type { Edit } from './change.ts';

type Plain = string | number | boolean | null | undefined | readonly Plain[] | Fields;
type Fields = { readonly [name: string]: Plain };

/** The document as plain values. Absent fields are left out. */
export function editable(document: PolicyDocument, base: EntryId): Fields {
  const { rules, origin, open, selfProof, approvals, requireAudience, limits, log, keys, revoked } = document;
  return present({
    base,
    rules,
    origin,
    open,
    selfProof,
    approvals,
    requireAudience,
    limits: present(limits),
    log: { vkeys: log.vkeys, receiptKeys: log.receiptKeys.map(keyText) },
    keys: keys.map(editableKey),
    revoked: revoked?.map(({ kid, since, reason }) => present({ kid: formatHex(kid), since, reason })),
  });
}

function editableKey({
  key,
  name,
  roles,
  subjects,
  issuer,
  maxBytes,
  maxSubjects,
  maxCommitments,
  maxStatements,
  notBefore,
  notAfter,
}: EnrolledKey): Fields {
  return present({
    name,
    kid: kidOf(key),
    key: keyText(key),
    roles,
    subjects,
    issuer,
    maxBytes,
    maxSubjects,
    maxCommitments,
    maxStatements,
    notBefore: notBefore === undefined ? undefined : formatTime(notBefore),
    notAfter: notAfter === undefined ? undefined : formatTime(notAfter),
  });
}

function keyText(key: PublicKey): string {
  return formatBase64(encodeCoseKey(key));
}

function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** The YAML text of a policy, headed by `heading` as a comment. */
export function formatEditable(document: PolicyDocument, base: EntryId, heading: string): string {
  const yaml = new Document(editable(document, base), { version: '1.2' });
  yaml.commentBefore = heading.replaceAll(/^/gm, ' ');
  const kids = new Map(document.log.receiptKeys.map((key) => [keyText(key), kidOf(key)]));
  visit(yaml, {
    Pair: (_, { key, value }) => {
      const name = isScalar(key) ? key.value : undefined;
      if (isSeq(value) && (name === 'roles' || name === 'subjects')) value.flow = true;
    },
    Scalar: (where, scalar) => {
      if (where === 'key' || typeof scalar.value !== 'string') return;
      const kid = kids.get(scalar.value);
      if (kid !== undefined) scalar.comment = ` kid ${kid}`;
      if (UNSHOWABLE.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return yaml.toString({ lineWidth: 0 }).replaceAll(UNSHOWABLE_ALL, escaped);
}

/** What could move a cursor or reorder a line; in YAML's double quotes it can be escaped (YAML 1.2 §5.7). */
const UNSHOWABLE = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;
const UNSHOWABLE_ALL = new RegExp(UNSHOWABLE, 'gu');

function escaped(character: string): string {
  return String.raw`\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}

/** The contents of an edited file. */
export interface Edited {
  readonly document: PolicyDocument;
  readonly base: EntryId | undefined;
}

/** Reads an edited policy. Refuses `malformed-payload`, naming the field, and `malformed-text` for bad YAML. */
export function parseEditable(text: string, name: string): Edited {
  const yaml = readDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true }, ({ message }) =>
    refuse('malformed-text', `${name}: ${message}`),
  );
  const given = readTop(yaml);
  const { base, ...fields } = Object.fromEntries(given);
  if (base !== undefined && !(typeof base === 'string' && isEntryId(base)))
    throw wrong('base', 'expected the id of the policy entry that this was made from, or nothing');
  const value = new Map<string, CborValue>([['entry', ENTRY_DEFINITION], ...Object.entries(fields)]);
  return { document: policyDocument.parse(value, ''), base: base === undefined ? undefined : entryId(base) };
}

/** The edit that an edited file asks for. Refuses `policy-rejected` when another policy was logged since it was made. */
export function editTo({ document, base }: Edited): Edit {
  return (whole, { id, index }) => {
    const isSame = equalBytes(encodePolicy(document), encodePolicy(whole));
    if (isSame || base === undefined || base === id) return document;
    throw refuse(
      'policy-rejected',
      `policy entry ${index} was logged since that file was made; begin again from \`policy show\``,
    );
  };
}

function readTop(yaml: Document): ReadonlyMap<string, CborValue> {
  let plain: unknown;
  try {
    // Without aliases a file cannot unfold into more than it is.
    plain = yaml.toJS({ mapAsMap: true, maxAliasCount: 0 });
  } catch (error) {
    throw refuse('malformed-text', 'the file has YAML aliases; write each value out', { cause: error });
  }
  if (!(plain instanceof Map)) throw wrong('', 'expected "field: value" lines, as `policy show` prints them');
  return readMap(plain, '');
}

function readMap(given: ReadonlyMap<unknown, unknown>, at: string): Map<string, CborValue> {
  const read = new Map<string, CborValue>();
  for (const [name, value] of given) {
    if (typeof name !== 'string')
      throw wrong(at, `the field name ${printable(String(name), 40)} is not text`);
    read.set(name, readValue(value, at === '' ? name : `${at}.${name}`));
  }
  return /^keys\[\d+\]$/.test(at) ? withoutKid(read, at) : read;
}

function readValue(given: unknown, at: string): CborValue {
  if (given instanceof Map) return readMap(given, at);
  if (Array.isArray(given)) return given.map((each, i) => readValue(each, `${at}[${i}]`));
  if (typeof given === 'string') {
    const [, read] = FORMS.find(([place]) => place.test(at)) ?? [];
    return read === undefined ? given : read(given, at);
  }
  if (typeof given === 'number' || typeof given === 'boolean' || given === null) return given;
  throw wrong(at, 'expected text, a number, true or false, a list or fields');
}

/** Texts that stand for other values, by the place of their field. */
const FORMS: readonly (readonly [place: RegExp, read: (text: string, at: string) => CborValue])[] = [
  [/^keys\[\d+\]\.key$|^log\.receiptKeys\[\d+\]$/, (text, at) => encodeCoseKey(parsePublicKey(text, at))],
  [/^revoked\[\d+\]\.kid$/, readKid],
  [/^keys\[\d+\]\.not(?:Before|After)$/, (text, at) => parseDate(text, at)],
];

function readKid(text: string, at: string): Uint8Array {
  if (!KID.test(text)) throw wrong(at, 'expected a key thumbprint of 64 lower-case hex digits');
  return parseHex(text);
}

/** The thumbprint beside a key is for people; it must be that key's all the same. */
function withoutKid(key: Map<string, CborValue>, at: string): Map<string, CborValue> {
  const kid = key.get('kid');
  const bytes = key.get('key');
  key.delete('kid');
  if (kid === undefined || !(bytes instanceof Uint8Array)) return key;
  const actual = kidOf(parsePublicKey(formatHex(bytes), at));
  if (kid !== actual)
    throw wrong(`${at}.kid`, `the key beside it has the thumbprint ${actual}; correct one of them`);
  return key;
}
