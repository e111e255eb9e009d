/**
 * The thread that computes the first screen of a log (GET /v1/overview), from the server's own store or files, as any client reads
 * a log. It works while somebody asks, and answers in between with what it has.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { encodeUtf8 } from '../../bytes/text.ts';
import { openClient } from '../../client/client.ts';
import { answerOn } from '../../workers/rpc.ts';
import { chooseHasher, chooseVerifier } from '../../workers/kernels.ts';
import { Computing } from './computing.ts';
import type { OverviewQuestion, OverviewSource } from './overviews.ts';
import { fetchOf } from './source.ts';

if (parentPort === null) throw new Error('this module is a thread of its own');
const source: OverviewSource = workerData;

let note = new Uint8Array();
const { fetch, url } = fetchOf(source, () => note);
const [verify, hasher] = [chooseVerifier(), chooseHasher()];
let computing: { readonly keys: string; readonly of: Computing } | undefined;

/** The verdicts under the keys that the server names; others after these changed. */
function under({ policy }: OverviewQuestion): Computing {
  const keys = [
    ...policy.logs.map(({ verifier }) => verifier),
    ...policy.witnesses.map(({ verifier }) => verifier),
  ]
    .map(({ name, type, key }) => `${name} ${type} ${key.bytes.toHex()}`)
    .join('\n');
  if (computing?.keys !== keys) {
    computing?.of.stop();
    const trust = { policy, everyAlgorithm: false, receiptKeys: [] };
    const client = openClient({ log: url, trust, fetch, now: Date.now, verify, hasher });
    computing = { keys, of: new Computing(client, source.role) };
  }
  return computing.of;
}

answerOn<OverviewQuestion, Uint8Array, never>(parentPort, async (question) => {
  note = new Uint8Array(question.note);
  return encodeUtf8(JSON.stringify(await under(question).answer(question.query, note)));
});
