/**
 * The consent of a target's owner to be probed from elsewhere: a signed note (C2SP) that the owner makes with a key of their own
 * (`tallystick agent consent`), and that `targets.yaml` names together with that key. So both ends enrol a pair: who runs the
 * agent writes the rule, and who owns the target signs the consent. The format:
 *
 *     tallystick-consent net@1
 *     target db.example:5432
 *     subject prod/payments/**
 *     pairs-a-minute 6
 *     until 2027-01-31T00:00:00Z
 *
 *     — db-team.example Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
 *
 * The lines stand in this order; there are 1 to 64 targets, written in full, and one subject, which may be a pattern.
 */
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { formatTime, parseTime } from '../bytes/time.ts';
import { noteVerifier, signerId, type NoteVerifier } from '../note/key.ts';
import { formatNote, openNote } from '../note/note.ts';
import type { Signer } from '../sign/signer.ts';
import { subjectTest } from './watched.ts';

/** What the owner of targets allows. */
export interface ConsentTerms {
  /** `net@1`. */
  readonly probe: string;
  /** Exact, each `host:port`. */
  readonly targets: readonly string[];
  /** A subject, or a pattern of subjects. */
  readonly subject: string;
  readonly pairsPerMinute: number;
  /** POSIX seconds. */
  readonly until: number;
}

/** Consent whose signature was checked. */
export interface Consent extends ConsentTerms {
  /** Name of the key that signed it. */
  readonly by: string;
}

const FIRST = 'tallystick-consent ';
const MAX_TARGETS = 64;
const MAX_PAIRS = 60;
/** `host:port`, which is read in only one way. */
const TARGET = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[1-9][0-9]{0,4}$/;
const SUBJECT = /^[!-~]{1,256}$/;
const PROBE = /^[a-z][a-z0-9-]*@[1-9][0-9]*$/;

/** The signed note. Refuses `config-invalid` for terms that no consent may have, `malformed-key` for a name that is none. */
export async function signConsent(terms: ConsentTerms, name: string, signer: Signer): Promise<Uint8Array> {
  const { probe, targets, subject, pairsPerMinute, until } = terms;
  const text = [
    `${FIRST}${probe}`,
    ...targets.map((target) => `target ${target}`),
    `subject ${subject}`,
    `pairs-a-minute ${pairsPerMinute}`,
    `until ${formatTime(until)}`,
    '',
  ].join('\n');
  parseConsentTerms(text, 'the consent');
  noteVerifier(name, 1, signer.publicKey);
  const id = signerId({ name, type: 1, signer });
  return formatNote(text, [{ name, id, blob: await signer.sign(encodeUtf8(text)) }]);
}

/** Reads a consent. Refuses `config-invalid` unless `verifier` signed it. `where`: the name of the file, for messages. */
export function openConsent(note: Uint8Array, verifier: NoteVerifier, where: string): Consent {
  let text: string;
  try {
    ({ text } = openNote(note, [verifier]));
  } catch (cause) {
    throw refuse(
      'config-invalid',
      `${where} is not a consent that ${printable(verifier.name, 128)} signed: ask the owner of the targets for another`,
      { cause },
    );
  }
  return { ...parseConsentTerms(text, where), by: verifier.name };
}

/** Reads the text of a consent. Refuses `config-invalid` for any other. */
export function parseConsentTerms(text: string, where: string): ConsentTerms {
  const lines = text.split('\n').slice(0, -1);
  const targets = lines.slice(1, -3).map((each) => valueOf(each, 'target', TARGET, where));
  const [head = '', subject = '', pairs = '', until = ''] = [lines[0], ...lines.slice(-3)];
  const probe = head.startsWith(FIRST) ? head.slice(FIRST.length) : '';
  if (lines.length < 5 || !PROBE.test(probe)) throw invalid(where, `the first line is "${FIRST}PROBE"`);
  if (targets.length > MAX_TARGETS || new Set(targets).size < targets.length)
    throw invalid(where, `there are 1 to ${MAX_TARGETS} targets, each once`);
  const pairsPerMinute = Number(valueOf(pairs, 'pairs-a-minute', /^[1-9][0-9]?$/, where));
  if (pairsPerMinute > MAX_PAIRS) throw invalid(where, `pairs-a-minute is ${MAX_PAIRS} at most`);
  const end = parseTime(valueOf(until, 'until', /^[0-9TZ:-]{20}$/, where));
  if (end === undefined) throw invalid(where, 'until is a time such as 2027-01-31T00:00:00Z');
  return {
    probe,
    targets,
    subject: valueOf(subject, 'subject', SUBJECT, where),
    pairsPerMinute,
    until: end,
  };
}

function valueOf(line: string, name: string, pattern: RegExp, where: string): string {
  const value = line.startsWith(`${name} `) ? line.slice(name.length + 1) : '';
  if (pattern.test(value)) return value;
  throw invalid(where, `expected a line "${name} …", and found "${printable(line, 100)}"`);
}

function invalid(where: string, what: string): Refusal {
  return refuse('config-invalid', `${where}: ${what}`);
}

/** What a run asks for: `now` in POSIX seconds. */
export interface ConsentAsked {
  readonly probe: string;
  readonly target: string;
  readonly subject: string;
  readonly now: number;
}

/** The consent of these that allows the most pairs a minute; undefined if none covers what is asked, or all have ended. */
export function consentFor(consents: readonly Consent[], asked: ConsentAsked): Consent | undefined {
  return consents
    .filter(
      ({ probe, targets, subject, until }) =>
        probe === asked.probe &&
        targets.includes(asked.target) &&
        subjectTest([subject])(asked.subject) &&
        asked.now < until,
    )
    .toSorted((a, b) => b.pairsPerMinute - a.pairsPerMinute)[0];
}

/** Refuses `config-invalid` if the agent's own key is to have signed a consent: then one end enrolled both. */
export function assertBothEnds(
  rules: readonly { readonly consentFiles: readonly { readonly verifier: NoteVerifier }[] }[],
  { publicKey }: Pick<Signer, 'publicKey'>,
): void {
  const own = rules
    .flatMap(({ consentFiles }) => consentFiles)
    .find(
      ({ verifier: { key } }) =>
        key.algorithm === publicKey.algorithm && equalBytes(key.bytes, publicKey.bytes),
    );
  if (own !== undefined)
    throw refuse(
      'config-invalid',
      `the key ${printable(own.verifier.name, 128)} under consents is this agent's own: the owner of the targets signs with another`,
    );
}
