/**
 * The thread that computes the past of subjects (`GET /v1/subjects/{subject}/history`), so that no request waits for another's
 * history. It reads the log's own store as any client reads a log, under the published checkpoint.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { historyJson } from '../appraisal/past/json.ts';
import { knownHistory } from '../appraisal/past/known.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { openClient, type LogClient } from '../client/client.ts';
import { readPast } from '../client/past/read.ts';
import { storeFetch } from '../storage/store-fetch.ts';
import { chooseVerifier } from '../workers/kernels.ts';
import { answerOn } from '../workers/rpc.ts';
import type { HistoryQuestion, HistoryThreadOptions } from './history.ts';

if (parentPort === null) throw new Error('this module is a thread of its own');
const { storePath, mostProofs }: HistoryThreadOptions = workerData;

const URL_HERE = 'http://localhost';

let note = new Uint8Array();
const fetching = storeFetch({ path: storePath, note: () => note, url: URL_HERE, search: true });
const verify = chooseVerifier();
let client: { readonly keys: string; readonly client: LogClient } | undefined;

/** The client under the log's own keys; another one after they changed. */
function clientOf({ policy }: HistoryQuestion): LogClient {
  const keys = policy.logs
    .map(({ verifier: { name, type, key } }) => `${name} ${type} ${key.bytes.toHex()}`)
    .join('\n');
  if (client?.keys !== keys) {
    const trust = { policy, everyAlgorithm: false, receiptKeys: [] };
    client = { keys, client: openClient({ log: URL_HERE, trust, fetch: fetching, now: Date.now, verify }) };
  }
  return client.client;
}

answerOn<HistoryQuestion, Uint8Array, never>(parentPort, async (question) => {
  note = new Uint8Array(question.note);
  const { subject, claim, since, until } = question;
  const snapshot = await clientOf(question).snapshot();
  const period = { since, until: Math.min(until, snapshot.now) };
  const record = await readPast(snapshot, subject, period, { most: mostProofs });
  const past = knownHistory(record, period);
  const claims = past.claims.filter((each) => claim === undefined || each.claim === claim);
  if (claim !== undefined && claims.length === 0)
    throw refuse('not-found', `the subject had no claim of that name in the period`);
  const next = until < snapshot.now ? until : null;
  const json = { computed_by: 'log', ...historyJson({ ...past, claims }, record.policies), next };
  return encodeUtf8(JSON.stringify(json));
});
