/**
 * Lists of logs for witnesses (C2SP tlog-list, a draft): which logs to cosign, and how often.
 *
 *     logs/v0                       first line
 *
 *     vkey <vkey>                   begins a log
 *     origin <origin>               when it is not the key's name
 *     qpd <n>                       add-checkpoint requests a day
 *     contact <text>
 *
 * Blank lines and lines that start with # are skipped, also before the header; so is white space at both ends of a line.
 * Unknown words are refused: otherwise a misspelt limit would be no limit. A log with several keys has a block for each.
 */
import { groupBy } from '../bytes/group.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { encodeUtf8, parseDecimal } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import { MAX_COSIGNED_ORIGIN } from './cosignature.ts';
import { readLines, readText } from './fields.ts';
import { parseVkey, sameVerifier, type NoteVerifier } from './key.ts';

/** The first line of a list. */
const LOG_LIST_HEADER = 'logs/v0';

/** Most blocks in one list; the public witness network has some hundred. */
const MAX_LISTED_LOGS = 4096;

/** 2^31−1: the largest `qpd`. */
const MAX_QPD = 2_147_483_647;

/** One block of a list. */
interface ListedLog {
  readonly verifier: NoteVerifier;
  readonly origin: string;
  /** Requests a day; undefined when the list does not say. */
  readonly qpd: number | undefined;
  readonly contact: string | undefined;
}

type Draft = { verifier: NoteVerifier; origin?: string; qpd?: number; contact?: string };

/** Whether a text begins as a list does: a tlog-policy cannot. */
export function isLogList(text: string): boolean {
  const first = text.split('\n').find((line) => !isSkipped(line.replaceAll('\t', ' ')));
  return first?.replaceAll('\t', ' ').trimEnd() === LOG_LIST_HEADER;
}

/** Reads a list. Refuses `malformed-trust-policy`, naming the line, and `too-large`. */
export function parseLogList(file: Uint8Array | string): ListedLog[] {
  const code = 'malformed-trust-policy';
  // Tabs separate here and are control bytes in notes.
  const text = readText(typeof file === 'string' ? file.replaceAll('\t', ' ') : untabbed(file), code);
  const lines = readLines(text, code);
  const header = lines.findIndex((line) => !isSkipped(line));
  if (lines[header]?.trimEnd() !== LOG_LIST_HEADER)
    throw refuse(code, `line ${Math.max(header, 0) + 1}: expected ${LOG_LIST_HEADER}`);
  const drafts: Draft[] = [];
  for (const [i, raw] of lines.entries()) {
    if (i <= header || isSkipped(raw)) continue;
    const line = raw.replace(/^ +/, '').replace(/ +$/, '');
    within(code, `line ${i + 1}`, () => read(drafts, line));
  }
  return distinct(drafts.map(finish));
}

/** A blank line, or one that is a comment. */
function isSkipped(line: string): boolean {
  return /^ *(?:#|$)/.test(line);
}

function untabbed(file: Uint8Array): Uint8Array {
  return file.map((byte) => (byte === 0x09 ? 0x20 : byte));
}

function read(drafts: Draft[], line: string): void {
  const [, word = '', value = ''] = /^([^ ]+) +(.*)$/.exec(line) ?? [];
  if (word === '') throw bad(`"${line.slice(0, 40)}" is not "<word> <value>"`);
  if (word === 'vkey') return begin(drafts, value);
  const draft = drafts.at(-1);
  if (draft === undefined) throw bad('a block begins with its vkey');
  if (word !== 'origin' && word !== 'qpd' && word !== 'contact')
    throw bad(`"${word.slice(0, 40)}" is not one of vkey, origin, qpd, contact`);
  if (draft[word] !== undefined) throw bad(`a second ${word} for one log`);
  if (word === 'qpd') draft.qpd = readQpd(value);
  else draft[word] = value;
}

function begin(drafts: Draft[], vkey: string): void {
  const verifier = parseVkey(vkey);
  if (verifier.type === 4) throw bad('a log key has type 01 or 06; this one cosigns');
  if (drafts.length === MAX_LISTED_LOGS) throw bad(`more than ${MAX_LISTED_LOGS} logs`);
  drafts.push({ verifier });
}

function readQpd(text: string): number {
  const qpd = parseDecimal(text);
  if (qpd < 1 || qpd > MAX_QPD) throw bad(`a qpd is 1 to ${MAX_QPD}`);
  return qpd;
}

function finish({ verifier, origin = verifier.name, qpd, contact }: Draft): ListedLog {
  if (encodeUtf8(origin).length > MAX_COSIGNED_ORIGIN)
    throw bad(`an origin has at most ${MAX_COSIGNED_ORIGIN} bytes`);
  return { verifier, origin, qpd, contact };
}

/** Refuses a key that is listed twice for one origin: one of the two lines is a mistake. */
function distinct(logs: readonly ListedLog[]): ListedLog[] {
  const byOrigin = groupBy(logs, ({ origin }) => origin);
  for (const [origin, same] of byOrigin) {
    const twice = same.some((a, i) => same.slice(i + 1).some((b) => sameVerifier(a.verifier, b.verifier)));
    if (twice) throw bad(`a key of ${origin} is listed twice`);
  }
  return [...logs];
}

function bad(message: string): Refusal {
  return refuse('malformed-trust-policy', message);
}
