/**
 * Which issuers and keys may speak about which subjects, in the monitor's owner's view: what the log's own
 * registration policy admits, its operator decides, and that may be wrong or stolen (spec/monitor.md §5).
 *
 *     - subject: prod/payments/**
 *       issuers: [https://ci.example.com]
 *       kids: [<64 hex digits>]            with issuers: both must fit
 *       kinds: [commitment]                all kinds when absent
 *       origin: log.example.com/2026       all logs when absent
 *
 * The first rule that fits origin, kind and subject decides. Read with YAML's failsafe schema, where every
 * value stays the text it was written as.
 */
import { isMap, isScalar, isSeq, LineCounter, type YAMLMap } from 'yaml';
import { refuse } from '../bytes/refusal.ts';
import { within } from '../bytes/within.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { STATEMENT_KINDS } from '../statement/kinds.ts';
import { matcher, pattern } from '../statement/pattern.ts';
import { readDocument } from '../yaml/documents.ts';
import type { Alarm, EntryWatch, SeenEntry } from './alarm.ts';

/** Most rules of one file, and most names in one rule. */
const MAX_RULES = 1_000;
const MAX_NAMES = 1_000;

const FIELDS = ['subject', 'issuers', 'kids', 'kinds', 'origin'] as const;

/** One rule, ready to decide. */
export interface Expectation {
  readonly subject: string;
  readonly matches: (subject: string) => boolean;
  readonly issuers: ReadonlySet<string> | undefined;
  readonly kids: ReadonlySet<string> | undefined;
  readonly kinds: ReadonlySet<string> | undefined;
  readonly origin: string | undefined;
}

/** Reads a file. Refuses `config-invalid` with the line: unknown fields, empty rules, what no rule can mean. */
export function parseExpectations(text: string, name: string): readonly Expectation[] {
  const lines = new LineCounter();
  const document = readDocument(
    text,
    { version: '1.2', schema: 'failsafe', uniqueKeys: true, lineCounter: lines },
    ({ message }) => refuse('config-invalid', `${name}: ${message}`),
  );
  const top: unknown = document.contents;
  if (!isSeq(top) || top.items.length === 0 || top.items.length > MAX_RULES)
    throw refuse(
      'config-invalid',
      `${name}: expected a list of 1 to ${MAX_RULES} rules, each with a subject`,
    );
  return top.items.map((item, i) => {
    const line = isMap(item) ? lines.linePos(item.range?.[0] ?? 0).line : 1;
    const place = `${name}:${line}: rule ${i + 1}`;
    if (!isMap(item)) throw refuse('config-invalid', `${place}: expected fields such as "subject: prod/**"`);
    return readRule(item, place);
  });
}

function readRule(rule: YAMLMap, place: string): Expectation {
  for (const { key } of rule.items) {
    const field = isScalar(key) ? String(key.value) : '?';
    if (!FIELDS.some((each) => each === field))
      throw refuse('config-invalid', `${place}: "${field}" is none of ${FIELDS.join(', ')}`);
  }
  const subject = one(rule, 'subject', place);
  if (subject === undefined) throw refuse('config-invalid', `${place}: the field subject is missing`);
  const issuers = names(rule, 'issuers', place);
  const kids = names(rule, 'kids', place);
  const kinds = names(rule, 'kinds', place);
  if (issuers === undefined && kids === undefined)
    throw refuse('config-invalid', `${place}: name issuers, kids or both: whom do you expect?`);
  for (const kid of kids ?? [])
    if (!/^[0-9a-f]{64}$/.test(kid))
      throw refuse('config-invalid', `${place}: a kid is 64 lower-case hex digits, a key's thumbprint`);
  for (const kind of kinds ?? [])
    if (!STATEMENT_KINDS.some((each) => each === kind))
      throw refuse(
        'config-invalid',
        `${place}: "${kind}" is no kind; they are ${STATEMENT_KINDS.join(', ')}`,
      );
  return {
    subject,
    matches: matcherOf(subject, place),
    issuers: issuers && new Set(issuers),
    kids: kids && new Set(kids),
    kinds: kinds && new Set(kinds),
    origin: one(rule, 'origin', place),
  };
}

function matcherOf(subject: string, place: string): (subject: string) => boolean {
  return within('config-invalid', place, () => matcher(pattern.parse(subject, 'subject')));
}

function one(rule: YAMLMap, field: string, place: string): string | undefined {
  const value: unknown = rule.get(field, true);
  if (value === undefined) return undefined;
  if (isScalar(value) && typeof value.value === 'string' && value.value !== '') return value.value;
  throw refuse('config-invalid', `${place}: ${field} takes one text`);
}

function names(rule: YAMLMap, field: string, place: string): readonly string[] | undefined {
  const value: unknown = rule.get(field, true);
  if (value === undefined) return undefined;
  const items = isSeq(value) ? value.items : [value];
  const texts = items.map((item) => (isScalar(item) ? item.value : undefined));
  const good = texts.filter((text) => typeof text === 'string' && text !== '').map(String);
  if (good.length === items.length && good.length > 0 && good.length <= MAX_NAMES) return good;
  throw refuse('config-invalid', `${place}: ${field} takes 1 to ${MAX_NAMES} texts`);
}

/** The rule that an entry breaks; undefined when it is as expected, or nobody said anything about it. */
export function unexpected(
  rules: readonly Expectation[],
  origin: string,
  { kind, subject, issuer, kid }: Pick<ParsedStatement, 'kind' | 'subject' | 'issuer' | 'kid'>,
): Expectation | undefined {
  const rule = rules.find(
    (each) =>
      (each.origin === undefined || each.origin === origin) &&
      (each.kinds === undefined || each.kinds.has(kind)) &&
      each.matches(subject),
  );
  if (rule === undefined) return undefined;
  const fine = (rule.issuers?.has(issuer) ?? true) && (rule.kids?.has(kid) ?? true);
  return fine ? undefined : rule;
}

/** Most names quoted as evidence of what was expected. */
const MAX_QUOTED = 64;

/** Watches the entries of one log. The same key as the same issuer about the same subject is one alarm. */
export function expectationWatch(rules: readonly Expectation[], origin: string): EntryWatch {
  return {
    entry(seen: SeenEntry): readonly Alarm[] {
      const { parsed } = seen;
      const rule = parsed && unexpected(rules, origin, parsed);
      if (parsed === undefined || rule === undefined) return [];
      const { kind, subject, issuer, kid } = parsed;
      const stranger = rule.issuers?.has(issuer) === false;
      const expected = [...((stranger ? rule.issuers : rule.kids) ?? [])].slice(0, MAX_QUOTED);
      const who = { subject, issuer: stranger ? issuer : kid, expected };
      const what = `${kind} at index ${seen.index} about ${subject} is by ${issuer} (key ${kid}), whom the rule for ${rule.subject} does not expect`;
      return [
        {
          evidence: { kind: 'unexpected-issuer', entry: seen.evidence(), ...who },
          about: `${kid}\n${issuer}\n${subject}`,
          what,
          source: kid,
        },
      ];
    },
  };
}
