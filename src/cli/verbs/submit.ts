/** `tallystick submit`: posts statements that are signed already, and verifies the receipts. */
import { join, resolve } from 'node:path';
import { equalBytes } from '../../bytes/compare.ts';
import { EXIT, Refusal, refuse } from '../../bytes/refusal.ts';
import { splitSequence, stepsOf, submitBatch, type BatchResult } from '../../client/batch.ts';
import { submitStatement } from '../../client/scrapi.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { decodeReceipt, verifyReceipt, type ReceiptSigner } from '../../cose/receipt.ts';
import { decodeSign1, encodeSign1 } from '../../cose/sign1.ts';
import { attachReceipts, TRANSPARENT_LIMITS } from '../../cose/transparent.ts';
import type { Context } from '../context.ts';
import { readNamedFile, replaceFile, tryFolder } from '../../platform/files.ts';
import type { JsonValue, Output } from '../output.ts';
import type { LogClient } from '../../client/client.ts';
import { clientOf } from '../client.ts';
import type { Flags, Verb } from '../verb.ts';
import { sayingWait, WAIT_OPTION, waiting } from '../wait.ts';

export const submitVerb: Verb = {
  name: 'submit',
  summary: 'log statements that are signed already',
  details:
    'A file holds one COSE_Sign1 statement, or several one after another (CBOR sequence). Each stands for itself: one ' +
    'that is refused does not stop the others. Posting a statement again is harmless. Receipts are verified with the ' +
    'key that the registration policy names.',
  operands: [['<files...>', 'statements; - for standard input']],
  settings: ['log', 'url', 'host', 'port', 'vkey', 'logOrigin', 'policy', 'dataDir', 'stateDir', 'peer'],
  options: [
    { flags: '--out <dir>', help: 'write each statement with its receipt, as <entry id>.cose' },
    WAIT_OPTION,
  ],
  json: true,
  examples: ['tallystick submit statement.cose', 'tallystick submit week.cborseq --out receipts --json'],
  run: submit,
};

/** What became of one statement, receipts verified. */
type Result =
  | { readonly kind: 'logged'; readonly id: string; readonly index: number; readonly transparent: Uint8Array }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

async function submit(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const { output, world } = context;
  const statements = await readStatements(operands, world.cwd);
  const session = await clientOf(context, waiting(context, flags));
  const out = flags.text('out');
  if (out !== undefined) await tryFolder(resolve(world.cwd, out));
  const progress = output.progress('statements', statements.length);
  const results: Result[] = [];
  for (const step of stepsOf(statements)) {
    const answers = await sayingWait(context, session, post(session, step));
    const signers = await receiptSigners(session);
    for (const [i, answer] of answers.entries())
      results.push(check(answer, step[i] ?? new Uint8Array(), signers));
    progress.at(results.length);
  }
  progress.end();
  for (const result of results) {
    if (out !== undefined && result.kind === 'logged') {
      await replaceFile(join(resolve(world.cwd, out), `${result.id}.cose`), result.transparent);
    }
    output.print(lineOf(result, output));
  }
  const logged = results.filter(({ kind }) => kind === 'logged').length;
  output.result('submit', { submitted: results.length, logged, results: results.map(asJson) });
  const refused = results.find((result) => result.kind === 'refused');
  return refused?.refusal.exit ?? EXIT.ok;
}

async function readStatements(operands: readonly string[], cwd: string): Promise<readonly Uint8Array[]> {
  const statements: Uint8Array[] = [];
  for (const name of operands) {
    const bytes = name === '-' ? await readAll(process.stdin) : await readNamedFile(resolve(cwd, name));
    try {
      statements.push(...splitSequence(bytes));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw refuse('malformed-statement', `${name} holds no statements: ${error.message}`, { cause: error });
    }
  }
  if (statements.length === 0) throw refuse('usage', 'the files are empty; there is nothing to submit');
  return statements;
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(stream));
}

/** One statement goes the way that any SCITT log knows; several go together. */
async function post(session: LogClient, step: readonly Uint8Array[]): Promise<readonly BatchResult[]> {
  const { transport, log } = session;
  const [only] = step;
  if (only === undefined || step.length > 1) return submitBatch(transport, log, step);
  try {
    return [{ kind: 'logged', registration: await submitStatement(transport, log, only) }];
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'unavailable') throw error;
    return [{ kind: 'refused', refusal: error }];
  }
}

/** The keys that the newest policy names; asked for after the answer, which may be signed with a new one. */
async function receiptSigners(session: LogClient): Promise<readonly ReceiptSigner[]> {
  const view = await session.view();
  const policy = await session.policy(view);
  const keys = [...session.trust.receiptKeys, ...(policy?.document.log.receiptKeys ?? [])];
  return keys.map((key) => ({ log: view.opened.checkpoint.origin, key }));
}

/** A receipt that does not verify is as good as none. */
function check(answer: BatchResult, statement: Uint8Array, signers: readonly ReceiptSigner[]): Result {
  if (answer.kind === 'refused') return answer;
  const { id, entry, receipt: bytes } = answer.registration;
  try {
    const receipt = decodeReceipt(bytes);
    const signer = signers.find(({ key }) => equalBytes(keyThumbprint(key), receipt.kid));
    if (signer === undefined)
      throw refuse('unknown-signer', 'the receipt is signed with a key that the policy does not name');
    const { index } = verifyReceipt(receipt, entry, signer);
    return { kind: 'logged', id, index, transparent: attachReceipts(spelledAs(statement, entry), [bytes]) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', refusal: error };
    throw error;
  }
}

/** The statement, with what else it carries, in the spelling that was logged: its receipts are over that one. */
function spelledAs(statement: Uint8Array, entry: Uint8Array): Uint8Array {
  const { signature } = decodeSign1(entry);
  return encodeSign1({ ...decodeSign1(statement, TRANSPARENT_LIMITS), signature });
}

function lineOf(result: Result, output: Output): string {
  if (result.kind === 'logged') return `${output.paint('green', 'logged ')} ${result.id} ${result.index}`;
  return `${output.paint('red', 'refused')} ${result.refusal.code}: ${result.refusal.message}`;
}

function asJson(result: Result): JsonValue {
  if (result.kind === 'logged') return { entry: result.id, index: result.index };
  return { error: { code: result.refusal.code, message: result.refusal.message } };
}
