/**
 * Reading incident files. Strict: every field there and of its type, none unknown, everything bounded. What
 * is read is well-formed and nothing more: what it proves is `verifyIncident`'s to say.
 */
import { parseJson, type JsonValue } from '../bytes/json.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, HALF_A_PAIR, parseBase64 } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import { MAX_TEXT_BYTES } from '../note/fields.ts';
import { MAX_ENTRY_LENGTH } from '../tree/bundle.ts';
import { MAX_PROOF_LENGTH } from '../tree/verify.ts';
import { INCIDENT_SCHEMA, MAX_WHAT, type Evidence, type Incident, type LoggedEvidence } from './incident.ts';

/** Largest incident file, bytes: two notes or three proofs of the longest kind, and what goes with them. */
export const MAX_INCIDENT_BYTES = 4_000_000;
/** An object in an object in an object, and a list in it. */
const NESTING = { most: 4, advice: 'no incident is' };
/** A subject has at most 1024 bytes, an issuer 8192 characters; `about` may name both. */
const MAX_LINE = 16_384;
const MAX_ITEMS = 256;
/** Base64 of what was served, which watchers shorten (bytes). */
const MAX_SERVED = 1_000_000;

/** Reads an incident file. Refuses `malformed-incident`, naming the field, and `too-large`. */
export function parseIncident(file: Uint8Array | string): Incident {
  if (file.length > MAX_INCIDENT_BYTES) {
    throw refuse('too-large', `an incident file has at most ${MAX_INCIDENT_BYTES} bytes`);
  }
  const incident = new Fields(treeOf(file), 'the file');
  if (incident.line('schema') !== INCIDENT_SCHEMA) {
    throw wrong('schema', `expected "${INCIDENT_SCHEMA}"; a newer file needs a newer program`);
  }
  const parsed: Incident = {
    schema: INCIDENT_SCHEMA,
    id: incident.matching('id', /^[0-9a-f]{64}$/, '64 lower-case hex digits'),
    origin: incident.line('origin'),
    detected: incident.time('detected'),
    detector: incident.line('detector'),
    what: incident.line('what', MAX_WHAT),
    about: incident.text('about', MAX_LINE),
    vkeys: incident.list('vkeys', MAX_ITEMS, MAX_LINE),
    evidence: readEvidence(incident.object('evidence')),
  };
  incident.end();
  return parsed;
}

function treeOf(file: Uint8Array | string): JsonValue {
  try {
    return parseJson(typeof file === 'string' ? file : decodeUtf8(file), NESTING);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('malformed-incident', `the file is not JSON: ${printable(error.message, 300)}`, {
      cause: error,
    });
  }
}

function readEvidence(fields: Fields): Evidence {
  const evidence = readKind(fields);
  fields.end();
  return evidence;
}

// oxlint-disable-next-line max-lines-per-function -- a list: one case for each kind of evidence
function readKind(fields: Fields): Evidence {
  const kind = fields.line('kind');
  switch (kind) {
    case 'split-view':
      return {
        kind,
        heads: fields.heads(),
        ...fields.optional('prefix', () => readPrefix(fields.object('prefix'))),
      };
    case 'rollback':
      return { kind, heads: fields.heads() };
    case 'stale-head': {
      const newer = fields.optional('newer', () => fields.note('newer'));
      const [ageSeconds, limitSeconds] = [fields.whole('ageSeconds'), fields.whole('limitSeconds')];
      return { kind, head: fields.note('head'), ...newer, ageSeconds, limitSeconds };
    }
    case 'quorum-lost':
      return { kind, head: fields.note('head'), policy: fields.words('policy') };
    case 'forged-cosignature':
      return { kind, head: fields.note('head'), vkey: fields.line('vkey') };
    case 'tampered-data': {
      const served = fields.base64('served', MAX_SERVED);
      return { kind, head: fields.note('head'), path: fields.line('path'), served };
    }
    case 'entry-rejected':
    case 'chain-broken':
      return {
        kind,
        entry: readLogged(fields.object('entry')),
        code: fields.matching('code', /^[a-z][a-z-]{0,63}$/, 'the code of a refusal'),
        ...fields.optional('policy', () => readLogged(fields.object('policy'))),
        ...fields.optional('before', () => readLogged(fields.object('before'))),
      };
    case 'unexpected-issuer': {
      const [subject, issuer] = [fields.line('subject'), fields.line('issuer')];
      const expected = fields.list('expected', MAX_ITEMS, MAX_LINE);
      return { kind, entry: readLogged(fields.object('entry')), subject, issuer, expected };
    }
    case 'missed-proof': {
      const [due, subject] = [fields.time('due'), fields.line('subject')];
      return {
        kind,
        head: fields.note('head'),
        last: readLogged(fields.object('last')),
        due,
        subject,
        ...fields.optional('claim', () => fields.line('claim')),
        ...fields.optional('commitment', () => readLogged(fields.object('commitment'))),
      };
    }
    default:
      throw wrong('evidence.kind', `"${printable(kind, 40)}" is no kind of incident that this program knows`);
  }
}

function readPrefix(fields: Fields): { root: string; proof: readonly string[] } {
  const prefix = {
    root: fields.matching('root', /^[A-Za-z0-9+/]{43}=$/, 'base64 of 32 bytes'),
    proof: fields.list('proof', MAX_PROOF_LENGTH, 44),
  };
  fields.end();
  return prefix;
}

function readLogged(fields: Fields): LoggedEvidence {
  const logged = {
    index: fields.whole('index'),
    entry: fields.base64('entry', MAX_ENTRY_LENGTH),
    proof: fields.note('proof'),
  };
  fields.end();
  return logged;
}

/** The fields of one object, each read once; `end` refuses the ones nobody asked for. */
class Fields {
  readonly #left: Map<string, JsonValue>;
  readonly #at: string;

  constructor(value: JsonValue, at: string) {
    if (!(value instanceof Map)) throw wrong(at, 'expected an object');
    this.#left = new Map(value);
    this.#at = at;
  }

  #take(name: string): JsonValue {
    const value = this.#left.get(name);
    this.#left.delete(name);
    if (value === undefined) throw wrong(this.#in(name), 'the field is missing');
    return value;
  }

  #in(name: string): string {
    return this.#at === 'the file' ? name : `${this.#at}.${name}`;
  }

  end(): void {
    const [unknown] = this.#left.keys();
    if (unknown !== undefined) throw wrong(this.#in(printable(unknown, 40)), 'nobody knows this field');
  }

  optional<const N extends string, T>(name: N, read: () => T): { readonly [key in N]?: T };
  optional(name: string, read: () => unknown): { readonly [key: string]: unknown } {
    return this.#left.has(name) ? { [name]: read() } : {};
  }

  object(name: string): Fields {
    return new Fields(this.#take(name), this.#in(name));
  }

  /** Any text of 1 … `max` UTF-16 units. */
  text(name: string, max: number): string {
    return readText(this.#take(name), this.#in(name), max);
  }

  /** A text without control characters, for a terminal to show. */
  line(name: string, max = MAX_LINE): string {
    const text = this.text(name, max);
    if (/\p{Cc}/u.test(text)) throw wrong(this.#in(name), 'expected a text without control characters');
    return text;
  }

  matching(name: string, form: RegExp, says: string): string {
    const text = this.line(name);
    if (!form.test(text)) throw wrong(this.#in(name), `expected ${says}`);
    return text;
  }

  time(name: string): string {
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
    const text = this.matching(name, form, 'a time such as 2027-01-31T12:00:00Z');
    if (Number.isNaN(Date.parse(text))) throw wrong(this.#in(name), 'there is no such time');
    return text;
  }

  whole(name: string): number {
    const value = this.#take(name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw wrong(this.#in(name), 'expected a whole number up to 2^53-1');
  }

  note(name: string): string {
    return this.text(name, MAX_TEXT_BYTES);
  }

  /** A text that may be empty. */
  words(name: string): string {
    if (this.#left.get(name) !== '') return this.text(name, MAX_TEXT_BYTES);
    this.#take(name);
    return '';
  }

  heads(): [string, string] {
    const [first, second, ...rest] = this.list('heads', 2, MAX_TEXT_BYTES);
    if (first !== undefined && second !== undefined && rest.length === 0) return [first, second];
    throw wrong(this.#in('heads'), 'expected two signed heads');
  }

  /** Canonical base64 of at most `max` bytes; stays text. */
  base64(name: string, max: number): string {
    const value = this.#take(name);
    if (value === '') return value;
    const text = readText(value, this.#in(name), Math.ceil(max / 3) * 4);
    within('malformed-incident', this.#in(name), () => parseBase64(text));
    return text;
  }

  list(name: string, most: number, max: number): readonly string[] {
    const value = this.#take(name);
    if (!Array.isArray(value) || value.length > most)
      throw wrong(this.#in(name), `expected a list of at most ${most}`);
    return value.map((item, i) => readText(item, `${this.#in(name)}[${i}]`, max));
  }
}

function readText(value: unknown, at: string, max: number): string {
  if (typeof value !== 'string' || value === '' || value.length > max) {
    throw wrong(at, `expected a text of 1 to ${max} characters`);
  }
  if (!value.isWellFormed()) throw wrong(at, HALF_A_PAIR);
  return value;
}

function wrong(at: string, what: string): Refusal {
  return refuse('malformed-incident', `${at}: ${what}`);
}
