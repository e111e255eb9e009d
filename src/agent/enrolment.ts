/**
 * The targets that an agent may contact: only those that their owner enrolled, for a probe and a subject, and not more
 * often than the owner allowed. Without this, whoever may log commitments could direct probes at any target.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { parseVkey, type NoteVerifier } from '../note/key.ts';
import type { Parameter } from '../statement/commitment.ts';
import type { Consent } from './consent.ts';
import { subjectTest } from './watched.ts';
import { isUrl } from '../evidence/address.ts';
import { matcher } from '../statement/pattern.ts';

/** One rule of `targets.yaml`. */
export interface Rule {
  /** The subject pattern as written, for messages. */
  readonly subject: string;
  readonly allowsSubject: (subject: string) => boolean;
  /** `tls@1`, `tls` (any version), or `*`. */
  readonly probe: string;
  readonly allowsTarget: (target: string) => boolean;
  /** Targets as written. */
  readonly written: readonly string[];
  /** Most runs against one target in an hour; undefined: as many as the claims need. */
  readonly maxPerHour: number | undefined;
  /** Files of secrets by name. Relative paths start at the folder of the targets file. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Parameters of the probe that only the owner may set. */
  readonly options: ReadonlyMap<string, Parameter>;
  /** Files of consents (consent.ts), and the key that must have signed each. */
  readonly consentFiles: readonly { readonly file: string; readonly verifier: NoteVerifier }[];
  /** What these files say, once they were read. */
  readonly consents: readonly Consent[];
}

const FIELDS = ['subject', 'probe', 'targets', 'maxPerHour', 'secrets', 'options', 'consents'];

/**
 * Reads a list of rules from a parsed YAML or JSON file. `where`: name of the file, for messages. Refuses
 * `config-invalid`, naming the rule and the field.
 */
export function readRules(value: unknown, where: string): readonly Rule[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(where, 'expected a list of rules');
  return value.map((rule: unknown, i) => readRule(rule, `${where}, rule ${i + 1}`));
}

/** The subjects and patterns of subjects that rules name, each once. */
export function subjectsOf(rules: readonly Rule[]): readonly string[] {
  return [...new Set(rules.map(({ subject }) => subject))];
}

/** The rule of a target that the operator enrols for one run. */
export function operatorRule(targets: readonly string[]): Rule {
  return {
    subject: '**',
    allowsSubject: () => true,
    probe: '*',
    allowsTarget: anyOf(targets),
    written: targets,
    maxPerHour: undefined,
    secrets: new Map(),
    options: new Map(),
    consentFiles: [],
    consents: [],
  };
}

/** The first rule that allows a probe to contact a target for a subject; undefined if none does. */
export function ruleFor(
  rules: readonly Rule[],
  subject: string,
  probe: string,
  target: string,
): Rule | undefined {
  return rules.find(
    (rule) =>
      [probe, probe.split('@', 1)[0], '*'].includes(rule.probe) &&
      rule.allowsSubject(subject) &&
      rule.allowsTarget(target),
  );
}

function readRule(value: unknown, where: string): Rule {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(where, `expected a map of ${FIELDS.join(', ')}`);
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined)
    throw invalid(where, `there is no field ${unknown}; there are ${FIELDS.join(', ')}`);
  const field = (name: string): unknown => Reflect.get(value, name);
  const [subject, probe, targets] = [field('subject'), field('probe'), field('targets')];
  if (typeof subject !== 'string') throw invalid(where, 'subject: expected a pattern such as prod/**');
  if (typeof probe !== 'string' || probe === '')
    throw invalid(where, 'probe: expected a name such as tls, tls@1, or *');
  if (!isTexts(targets) || targets.length === 0)
    throw invalid(where, 'targets: expected a list of targets such as db.example:5432');
  return {
    subject,
    allowsSubject: subjectTest([subject]),
    probe,
    allowsTarget: anyOf(targets),
    written: targets,
    maxPerHour: readLimit(field('maxPerHour'), where),
    secrets: readSecrets(field('secrets'), where),
    options: readOptions(field('options'), where),
    consentFiles: readConsents(field('consents'), where),
    consents: [],
  };
}

function readConsents(value: unknown, where: string): Rule['consentFiles'] {
  if (value === undefined) return [];
  const all = Array.isArray(value) ? value : [];
  const what = 'expected a list of { file: FILE, vkey: VKEY }, the key that of the owner of the targets';
  if (all.length === 0) throw invalid(where, `consents: ${what}`);
  return all.map((each: unknown) => {
    const names = typeof each === 'object' && each !== null ? Object.keys(each).toSorted() : [];
    const part = (name: string): unknown => Reflect.get(Object(each), name);
    const [file, vkey] = [part('file'), part('vkey')];
    if (names.join() !== 'file,vkey' || typeof file !== 'string' || file === '' || typeof vkey !== 'string')
      throw invalid(where, `consents: ${what}`);
    try {
      const verifier = parseVkey(vkey);
      if (verifier.type === 1) return { file, verifier };
    } catch (cause) {
      throw cause instanceof Refusal ? invalid(where, `consents: ${cause.message}`) : cause;
    }
    throw invalid(where, 'consents: the key is of type 01, Ed25519');
  });
}

function readLimit(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw invalid(where, 'maxPerHour: expected a whole number, 1 or more');
}

function readSecrets(value: unknown, where: string): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries: readonly (readonly [string, unknown])[] = isMap ? Object.entries(value) : [];
  return new Map(
    entries.map(([name, path]) => {
      if (typeof path !== 'string' || path === '') throw invalid(where, `secrets.${name}: expected a file`);
      return [name, path];
    }),
  );
}

function readOptions(value: unknown, where: string): ReadonlyMap<string, Parameter> {
  if (value === undefined) return new Map();
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap) throw invalid(where, 'options: expected a map such as { verify: false }');
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return new Map(
    entries.map(([name, each]): [string, Parameter] => {
      if (typeof each === 'string' || typeof each === 'boolean' || isTexts(each)) return [name, each];
      if (typeof each === 'number' && Number.isSafeInteger(each)) return [name, each];
      throw invalid(
        where,
        `options.${name}: expected a text, a whole number, true, false, or a list of texts`,
      );
    }),
  );
}

function anyOf(texts: readonly string[]): (target: string) => boolean {
  const tests = texts.map(targetMatcher);
  return (target) => tests.some((test) => test(target));
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
}

function invalid(where: string, what: string): Refusal {
  return refuse('config-invalid', `${where}: ${what}`);
}

/** A text without a star matches itself only, whatever it contains, since the owner wrote it. */
function targetMatcher(written: string): (target: string) => boolean {
  if (!written.includes('*')) return (target) => target === written;
  if (written === '**') return isPlain;
  const [head = '', ...others] = wordsOf(written);
  const whole = matcher(head);
  const place = matcher(placeOf(head));
  const rest = others.map((word) => matcher(word));
  const open = others.at(-1) === '**';
  return (target) => {
    const [first = '', ...more] = wordsOf(target);
    if (!isPlain(target) || isUrl(first) !== isUrl(head)) return false;
    if (!whole(first) || !place(placeOf(first))) return false;
    if (open ? more.length < rest.length - 1 : more.length !== rest.length) return false;
    return rest.every((matches, i) => (open && i === rest.length - 1 ? true : matches(more[i] ?? '')));
  };
}

/** The words of a target: a program and its arguments, or one word. */
const wordsOf = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

/**
 * Scheme, host and port of a URL, so that no star reaches from the host into the path; for other words, the whole word.
 */
const placeOf = (word: string): string => (isUrl(word) ? (/^[^/]*\/\/[^/]*/.exec(word)?.[0] ?? '') : word);

const HOST_AND_PORT = /^[A-Za-z0-9._:[\]-]+$/;

/** Whether the first word of a target is `host:port`, a URL or an absolute path, and can be read in only one way. */
function isPlain(target: string): boolean {
  const [word = ''] = wordsOf(target);
  if (word.startsWith('/')) return isPlainPath(word);
  if (!isUrl(word)) return HOST_AND_PORT.test(target);
  const place = placeOf(word);
  const path = word.slice(place.length).split('?', 1)[0] ?? '';
  // Servers decode dots and slashes in `%`-code before they resolve a path.
  return (
    HOST_AND_PORT.test(place.slice(place.indexOf('//') + 2)) &&
    !/[#\\]|%(?:2e|2f|5c)/i.test(word.slice(place.length)) &&
    isPlainPath(path)
  );
}

/** Whether no segment is `..`, `.` or empty. A slash at the end is allowed. */
function isPlainPath(path: string): boolean {
  const segments = path.split('/').slice(1);
  return segments.every((each, i) =>
    each === '' ? i === segments.length - 1 : each !== '.' && each !== '..' && !each.includes('\0'),
  );
}
