/**
 * Enrols a target: writes a rule into targets.yaml. What a person wrote there stays as it is, comments, order and
 * all: the rule is added at the end, and the text is read again before it takes the file's place.
 */
import { chown, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { isSeq, parseDocument, stringify, type Document } from 'yaml';
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/text.ts';
import { readSecretFile } from '../keys/file.ts';
import { createFile, makeFolder, readNamedFile, replaceFile } from '../platform/files.ts';
import type { ProbeDescription } from '../probe/description.ts';
import { assertForm } from '../probe/target-form.ts';
import { assertSubject } from '../statement/parse.ts';
import { agentFiles } from './database.ts';
import { ruleFor, type Rule } from './enrolment.ts';
import { isThere } from './home.ts';
import { NO_TARGETS, parseTargets, readTargets } from './targets.ts';
import { isPattern } from './watched.ts';

/** What an owner enrols. */
export interface Enrolment {
  /** Exact or a pattern. */
  readonly subject: string;
  readonly probe: ProbeDescription;
  /** Exact or a pattern. */
  readonly target: string;
  /** Files of secrets, by name. */
  readonly secrets: ReadonlyMap<string, string>;
}

export interface Enrolled {
  /** `kept`: a rule let the target in before, with these secrets. */
  readonly did: 'added' | 'changed' | 'kept';
  /** Number of the rule in the file, from 1. */
  readonly rule: number;
  readonly file: string;
}

/** How often the file is read again if somebody else wrote it meanwhile. */
const MAX_TRIES = 5;

/**
 * Makes directory and file if they are missing. Refuses `usage` for an enrolment that the probe does not take, `key-file` for a
 * secret that others can read, and `config-invalid` for a file that cannot be read, or whose earlier rule stands in the way.
 */
export async function enrol(dir: string, enrolment: Enrolment): Promise<Enrolled> {
  assertEnrolment(enrolment);
  for (const file of enrolment.secrets.values()) await readSecretFile(file);
  const { targets } = agentFiles(dir);
  await makeFolder(dir, 0o700, { remedy: { agentDir: true } });
  if (!isThere(targets)) await createFile(targets, NO_TARGETS, 0o600);
  const file = await realpath(targets);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await readNamedFile(file);
    const rules = await readTargets(targets);
    const { did, rule, text } = edit(
      decodeUtf8(before),
      rules,
      { ...enrolment, secrets: relativeTo(targets, enrolment) },
      targets,
    );
    const done = { did, rule: rule + 1, file: targets };
    if (text === undefined) return done;
    if (!equalBytes(await readNamedFile(file), before)) continue;
    await replaceKeeping(file, text);
    return done;
  }
  throw refuse('store-failed', `others keep writing ${targets}; try again`);
}

function assertEnrolment({ subject, probe, target, secrets }: Enrolment): void {
  assertSubject(subject, 'the subject');
  if (target === '' || printable(target) !== target)
    throw refuse('usage', 'a target is a text of characters that can be read');
  if (!isPattern(target)) assertForm(probe.name, probe.target, target);
  const known = Object.keys(probe.secrets ?? {});
  for (const name of secrets.keys()) {
    if (!known.includes(name))
      throw refuse(
        'usage',
        known.length === 0
          ? `${probe.name} takes no secret`
          : `${probe.name} has no secret ${printable(name)}; it has ${known.join(', ')}`,
      );
    if (isPattern(target) && probe.secrets?.[name]?.isSent === true)
      throw refuse(
        'usage',
        `the secret "${name}" of ${probe.name} is sent only to a target that is written in full`,
      );
  }
}

/** Paths of secrets as the file has them: told from its folder if they are in it. */
function relativeTo(targets: string, { secrets }: Enrolment): ReadonlyMap<string, string> {
  const folder = dirname(resolve(targets));
  return new Map(
    [...secrets].map(([name, file]) => {
      const path = relative(folder, resolve(file));
      const isInside = path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
      return [name, isInside ? path : resolve(file)];
    }),
  );
}

interface Edit {
  readonly did: Enrolled['did'];
  /** Index of the rule. */
  readonly rule: number;
  /** Undefined if nothing changes. */
  readonly text: string | undefined;
}

/** The text with the enrolment in it. `secrets` are paths as the file has them. Refuses `config-invalid`. */
function edit(text: string, rules: readonly Rule[], enrolment: Enrolment, file: string): Edit {
  const { subject, probe, target, secrets } = enrolment;
  const at = (name: string): string => resolve(dirname(file), secrets.get(name) ?? '');
  const hasAll = (rule: Rule): boolean =>
    [...secrets.keys()].every((name) => rule.secrets.get(name) === at(name));
  const isOwn = (rule: Rule): boolean =>
    rule.subject === subject &&
    rule.probe === probe.name &&
    rule.written.length === 1 &&
    rule.written[0] === target;
  const first = rules.findIndex(
    (rule) => isOwn(rule) || ruleFor([rule], subject, probe.name, target) !== undefined,
  );
  const rule = rules[first];
  if (rule === undefined) return { did: 'added', rule: rules.length, text: appended(text, enrolment, file) };
  if (hasAll(rule)) return { did: 'kept', rule: first, text: undefined };
  if (!isOwn(rule))
    throw refuse(
      'config-invalid',
      `rule ${first + 1} of ${file} lets this target in already, and the first rule that does counts: give it these secrets ` +
        `there (secrets: { ${[...secrets].map(([name, path]) => `${name}: ${path}`).join(', ')} })`,
    );
  const document = parseDocument(text);
  for (const [name, path] of secrets) document.setIn([first, 'secrets', name], path);
  return { did: 'changed', rule: first, text: document.toString(FORM) };
}

const FORM = { lineWidth: 0, flowCollectionPadding: true } as const;

/** The text with one more rule at its end. */
function appended(text: string, { subject, probe, target, secrets }: Enrolment, file: string): string {
  const rule = {
    subject,
    probe: probe.name,
    targets: [target],
    ...(secrets.size > 0 && { secrets: Object.fromEntries(secrets) }),
  };
  const document: Document = parseDocument(text);
  const count = isSeq(document.contents) ? document.contents.items.length : 0;
  const lines = stringify([rule], { ...FORM, version: '1.2' });
  const plain = `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${indented(lines, indentOf(text))}`;
  if (isRead(plain, count + 1, file)) return plain;
  // A list in brackets, or an end that is marked: the library writes the whole.
  if (isSeq(document.contents)) document.contents.add(document.createNode(rule));
  else document.contents = document.createNode([rule]);
  return document.toString(FORM);
}

function isRead(text: string, count: number, file: string): boolean {
  const document = parseDocument(text);
  return document.errors.length === 0 && parseTargets(text, file).length === count;
}

/** Blanks before the items of the list, as the first item has them. */
function indentOf(text: string): string {
  return /^( *)- /m.exec(text.replaceAll(/^\s*#.*$/gm, ''))?.[1] ?? '';
}

function indented(lines: string, by: string): string {
  return by === '' ? lines : lines.replaceAll(/^(?=.)/gm, by);
}

/** Replaces a file, which keeps its mode, and its owner where that is another. */
async function replaceKeeping(file: string, text: string): Promise<void> {
  const { mode, uid, gid } = await stat(file);
  await replaceFile(file, encodeUtf8(text), mode % 0o1000);
  const now = await stat(file);
  if (now.uid !== uid || now.gid !== gid) await chown(file, uid, gid);
}
