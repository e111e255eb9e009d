/**
 * The probe `exec@1` runs a collector: any program that prints the documented JSON (README.md here). The command is what the
 * owner enrolled, word for word. A claim may give it data on standard input, never an argument.
 */
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex } from '../../bytes/text.ts';
import type { Observed } from '../../claim/observed.ts';
import { PLAIN_ENV, runProgram } from '../child.ts';
import { readCollected } from './collected.ts';
import { compareListing } from './listing.ts';
import { EXEC, MAX_SECONDS } from './describe.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { assertForm } from '../target-form.ts';
import { wordsOf } from './words.ts';

const MAX_BYTES = 1_048_576;

export const execProbe: Probe = {
  ...EXEC,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const given = new ParsedParameters('exec@1', task.params);
  const seconds = given.whole('seconds', 1, MAX_SECONDS) ?? 30;
  assertForm(EXEC.name, EXEC.target, task.target);
  const argv = wordsOf(task.target) ?? [];
  const input = {
    schema: 'tallystick.collect.v1',
    challenge: formatHex(task.challenge),
    input: given.texts('input', /^[^\0]{0,1024}$/, 'has no zero byte') ?? [],
  };
  const { code, output } = await runProgram({
    argv,
    cwd: '/',
    env: { ...PLAIN_ENV, ...environmentOf(await task.secret('env')) },
    input: encodeUtf8(`${JSON.stringify(input)}\n`),
    timeoutMs: seconds * 1_000,
    maxBytes: MAX_BYTES,
    signal: task.signal,
    spent: task.spent,
  });
  const name = printable(argv[0] ?? '', 200);
  if (code !== 0)
    throw refuse(
      'unavailable',
      `${name} ended with ${code ?? 'a signal'}; run it by hand to see why (what it says is not recorded)`,
    );
  const ignored = given.texts('ignore', /^\/[^\0]{0,1023}$/, 'is a path of a leaf') ?? [];
  const kind = given.text('listing', /^[a-z]{1,32}$/, 'is a kind of source');
  if (kind !== undefined) return compareListing({ kind, output, ignored, name }, task);
  try {
    return await readCollected(decodeUtf8(output), task.challenge, output.length);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'too-large') throw error;
    throw refuse('unavailable', `${name} does not print what a collector prints: ${whereOf(error)}`, {
      cause: error,
    });
  }
}

/** What is wrong with the output, without quoting it: faults of JSON are named by line and column. */
function whereOf({ code, message }: Refusal): string {
  if (code !== 'malformed-text') return message;
  const [place] = /^line [0-9]+, column [0-9]+/.exec(message) ?? [];
  return place === undefined
    ? 'it has text that is not UTF-8, or not the base64 that it should be'
    : `it is not the JSON that it should be, at ${place}`;
}

/** `NAME=value` lines that the target's owner gave. Refuses `config-invalid`, without showing a value. */
function environmentOf(secret: string | undefined): Readonly<Record<string, string>> {
  const lines = (secret ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=([^\0]*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw refuse('config-invalid', 'the secret "env" of exec@1 has lines NAME=value');
      return [name, value];
    }),
  );
}
