/**
 * What verbs print, and on which stream. Control characters in any text are made harmless (bytes/printable.ts).
 *
 * Without --json: answers go to stdout; remarks, warnings, errors and progress go to stderr.
 * With --json: stdout carries one object, `{"schema": "tallystick.<verb>.v1", …, "exit_code": n}`. A verb that keeps
 * running prints one object for each event before it, one per line. Warnings, errors and progress are objects on stderr,
 * one per line. Later versions may add fields: readers ignore the fields that they do not know.
 */
import { randomUUID } from 'node:crypto';
import { styleText } from 'node:util';
import { printableJson, printableLines } from '../../bytes/printable.ts';
import type { Refusal } from '../../bytes/refusal.ts';
import { TITLES } from '../../web/status.ts';
import { exitOf } from '../exit.ts';
import { messageOf } from './remedy.ts';

/**
 * A list whose items are texts of JSON already, for one that is too long to be in memory. It may stand as a member of `result`, and
 * is written item by item.
 */
export class JsonTexts {
  readonly items: Iterable<string>;

  constructor(items: Iterable<string>) {
    this.items = items;
  }
}

/** A value of JSON. Bytes are written as hex or base64; numbers go up to 2^53−1. */
export type JsonValue =
  string | number | boolean | null | undefined | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The part of a stream that is used here; `process.stdout` is one. */
export interface Sink {
  readonly isTTY?: boolean;
  write(chunk: string | Uint8Array): unknown;
}

/** The progress of long work. `end` removes the bar. */
export interface Progress {
  /** How much is done, in the label's unit. */
  at(done: number): void;
  end(): void;
}

/** The output of a verb. */
export interface Output {
  readonly json: boolean;
  /** The answer, one or more lines, on stdout; silent with --json. */
  print(text: string): void;
  /** The answer as an object. With --json it is printed when the verb is done; otherwise not at all. */
  result(schema: string, fields: { readonly [key: string]: JsonValue | JsonTexts }): void;
  /** An event of a verb that keeps running. With --json it is printed at once, on a line; otherwise not at all. */
  event(schema: string, fields: { readonly [key: string]: JsonValue }): void;
  /** The answer as bytes on stdout, whatever the mode. */
  write(bytes: Uint8Array | string): void;
  /** A remark on stderr; silent with --json and with --quiet. */
  note(text: string): void;
  /** Something the user should change, on stderr; never silent. */
  warn(text: string): void;
  /** After a second: a bar on a terminal, or JSON lines with --json. Elsewhere, and with --quiet, nothing. */
  progress(label: string, total: number): Progress;
  /** The text in a colour or style, if colours are wanted and stdout is a terminal. */
  paint(style: (typeof STYLES)[number], text: string): string;
}

/** Streams and modes of an output. `now`: milliseconds. */
export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly now: () => number;
  /** Rewrites the commands in remarks and refusals as the user must type them (called.ts). Default: no change. */
  readonly commands?: (text: string) => string;
}

/** An output as main.ts holds it: `finish` prints the object of --json, `fail` prints a refusal. */
export interface OwnedOutput extends Output {
  finish(exitCode: number): void;
  fail(refusal: Refusal): void;
}

/** Makes the output of one run. */
export function makeOutput(options: OutputOptions): OwnedOutput {
  const { stdout, stderr, json, quiet, commands = (text) => text } = options;
  // Marks the places to colour until the text is printed. It is random, so that no text of others contains it.
  const painter = `\0${randomUUID()}\0`;
  const painted = new RegExp(`${painter}(\\w+)\0([^\0]*)${painter}`, 'g');
  const shown = (text: string): string => {
    let out = '';
    let from = 0;
    for (const match of text.matchAll(painted)) {
      const [whole, style = '', inner = ''] = match;
      out += printableLines(text.slice(from, match.index)) + coloured(style, printableLines(inner));
      from = match.index + whole.length;
    }
    return out + printableLines(text.slice(from));
  };
  let answer: { readonly [key: string]: JsonValue | JsonTexts } | undefined;
  return {
    json,
    print: (text) => void (json || stdout.write(`${shown(text)}\n`)),
    result: (schema, fields) => {
      answer = { schema: `tallystick.${schema}.v1`, ...fields };
    },
    event: (schema, fields) => {
      if (json) stdout.write(line({ schema: `tallystick.${schema}.v1`, ...fields }));
    },
    write: (bytes) => void stdout.write(bytes),
    note: (text) => void (json || quiet || stderr.write(`${shown(commands(text))}\n`)),
    warn: (text) =>
      void stderr.write(json ? line({ warning: text }) : `warning: ${indented(shown(commands(text)))}\n`),
    progress: (label, total) => makeProgress(label, total, options),
    paint: (style, text) =>
      options.colour && stdout.isTTY === true ? `${painter}${style}\0${text}${painter}` : text,
    finish: (exitCode) => {
      if (json && answer !== undefined)
        for (const piece of pieces({ ...answer, exit_code: exitCode })) stdout.write(piece);
    },
    fail: (refusal) => {
      const { code } = refusal;
      const message = messageOf(refusal);
      const error = { code, title: TITLES[code], message };
      stderr.write(
        json
          ? line({ error, exit_code: exitOf(refusal) })
          : `error: ${code}: ${indented(shown(commands(message)))}\n`,
      );
    },
  };
}

/** Indents the lines after the first, so that none of them can be taken for another message. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

const STYLES = ['green', 'red', 'yellow', 'bold', 'dim'] as const;

function coloured(style: string, text: string): string {
  const known = STYLES.find((each) => each === style);
  return known === undefined ? text : styleText(known, text, { validateStream: false });
}

/** A verb that takes less than this shows no bar (milliseconds). */
const PATIENCE_MS = 1000;
/** Shortest time between two lines of progress (milliseconds). */
const REFRESH_MS = 100;
const BAR_WIDTH = 30;

function makeProgress(label: string, total: number, options: OutputOptions): Progress {
  const { stderr, json, quiet, now } = options;
  const terminal = stderr.isTTY === true;
  if (quiet || (!terminal && !json)) return { at: () => undefined, end: () => undefined };
  const start = now();
  let shown = 0;
  return {
    at: (done) => {
      const time = now();
      if (time - start < PATIENCE_MS || time - shown < REFRESH_MS) return;
      shown = time;
      const pace = paceOf(done, total, time - start);
      stderr.write(
        json
          ? line({ progress: { label, done, total, per_second: pace.perSecond, seconds_left: pace.left } })
          : `\r${bar(label, done, total, pace)}\u001b[K`,
      );
    },
    end: () => void (json || shown === 0 || stderr.write('\r\u001b[K')),
  };
}

/** How much of the label's unit is done a second since the work began, and the seconds that the rest takes at that rate. */
interface Pace {
  readonly perSecond: number;
  /** Null while nothing is done. */
  readonly left: number | null;
}

function paceOf(done: number, total: number, ms: number): Pace {
  const rate = (done * 1000) / ms;
  const perSecond = Math.round(rate * 10) / 10;
  return { perSecond, left: done > 0 ? Math.ceil(Math.max(0, total - done) / rate) : null };
}

function bar(label: string, done: number, total: number, { perSecond, left }: Pace): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const full = Math.round(share * BAR_WIDTH);
  const drawn = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const rate = perSecond < 10 ? perSecond : Math.round(perSecond);
  const rest = left === null || left === 0 ? '' : `, ${rate}/s, ${durationOf(left)} left`;
  return `${label} ${drawn} ${Math.floor(share * 100)}% (${done} of ${total}${rest})`;
}

/** The line of an object, in pieces where it has a list of texts. */
function* pieces(value: { readonly [key: string]: JsonValue | JsonTexts }): Generator<string> {
  let before: { [key: string]: JsonValue } = {};
  let opening = '{';
  for (const [key, member] of Object.entries(value)) {
    if (!(member instanceof JsonTexts)) {
      before = { ...before, [key]: member };
      continue;
    }
    const members = membersOf(before);
    yield `${opening}${members}${members === '' ? '' : ','}${JSON.stringify(key)}:[`;
    let comma = '';
    for (const item of member.items) {
      yield `${comma}${printableJson(item)}`;
      comma = ',';
    }
    yield ']';
    [before, opening] = [{}, ','];
  }
  const members = membersOf(before);
  yield `${members === '' && opening === ',' ? '' : opening}${members}}\n`;
}

/** The members of an object as in JSON, without the braces. */
function membersOf(value: { readonly [key: string]: JsonValue }): string {
  return printableJson(JSON.stringify(value)).slice(1, -1);
}

function durationOf(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

function line(value: JsonValue): string {
  return `${printableJson(JSON.stringify(value))}\n`;
}
