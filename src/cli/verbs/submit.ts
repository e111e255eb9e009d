/** `tallystick submit`: posts signed statements and verifies their receipts. */
import { join, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { within } from '../../bytes/within.ts';
import { EXIT, exitOf } from '../exit.ts';
import { splitSequence } from '../../client/batch.ts';
import { transparentStatement, type Submission } from '../../client/receipts.ts';
import { replaceFile, tryFolder } from '../../platform/files.ts';
import { clientOf } from '../frame/client.ts';
import type { Context } from '../frame/context.ts';
import { readOperand } from '../frame/operand.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb } from '../frame/verb.ts';
import { WAIT_OPTION, waiting } from '../frame/wait.ts';

export const submitVerb = defineVerb({
  name: 'submit',
  summary: 'log statements that are signed already',
  details:
    'A file holds one COSE_Sign1 statement, or several one after another (CBOR sequence). If the log refuses one, the ' +
    'others are still posted. Posting a statement again changes nothing. Receipts are verified with the key that the ' +
    'registration policy names.',
  operands: [['<files...>', 'statements; - for standard input']],
  settings: READER_SETTINGS,
  options: [
    { flags: '--out <dir>', help: 'write each statement with its receipt, as <entry id>.cose' },
    WAIT_OPTION,
  ],
  json: true,
  examples: ['tallystick submit statement.cose', 'tallystick submit week.cborseq --out receipts --json'],
  run: async (context, operands, flags) => {
    const { output, world } = context;
    const statements = await readStatements(context, operands);
    const client = await clientOf(context, waiting(context, flags));
    const out = flags.text('out');
    if (out !== undefined) await tryFolder(resolve(world.cwd, out));
    const progress = output.progress('statements', statements.length);
    const submissions = await client.submitAll(statements, (done) => progress.at(done));
    progress.end();
    for (const submission of submissions) {
      if (out !== undefined && submission.kind === 'logged') {
        const { statement, acknowledged } = submission;
        const file = join(resolve(world.cwd, out), `${acknowledged.id}.cose`);
        await replaceFile(file, transparentStatement(statement, acknowledged));
      }
      output.print(lineOf(submission, output));
    }
    const logged = submissions.filter(({ kind }) => kind === 'logged').length;
    output.result('submit', { submitted: submissions.length, logged, results: submissions.map(asJson) });
    const refused = submissions.find((each) => each.kind === 'refused');
    return refused === undefined ? EXIT.ok : exitOf(refused.refusal);
  },
});

async function readStatements(context: Context, operands: readonly string[]): Promise<readonly Uint8Array[]> {
  const statements: Uint8Array[] = [];
  for (const name of operands) {
    const bytes = await readOperand(context, name);
    const what = `${name} holds no statements`;
    statements.push(...within('malformed-statement', what, () => splitSequence(bytes)));
  }
  if (statements.length === 0) throw refuse('usage', 'the files are empty; there is nothing to submit');
  return statements;
}

function lineOf(submission: Submission, output: Output): string {
  if (submission.kind === 'refused') {
    const { code, message } = submission.refusal;
    return `${output.paint('red', 'refused')} ${code}: ${message}`;
  }
  const { id, index } = submission.acknowledged;
  return `${output.paint('green', 'logged ')} ${id} ${index}`;
}

function asJson(submission: Submission): JsonValue {
  if (submission.kind === 'refused') {
    const { code, message } = submission.refusal;
    return { error: { code, message } };
  }
  const { id, index } = submission.acknowledged;
  return { entry: id, index };
}
