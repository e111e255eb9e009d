/**
 * The thread that owns the log: its store, its guard and its keys. The HTTP thread can only ask it to log statements.
 * No key is ever in the memory of the thread that talks to clients.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Coalesce } from '../log/coalesce.ts';
import type { SealedHead } from '../log/ports.ts';
import { Sequencer } from '../log/sequencer.ts';
import { chooseHasher } from '../workers/kernels.ts';
import { answerOn, packed } from '../workers/rpc.ts';
import { faultOf } from '../platform/fault.ts';
import { assertOwnKeys, loadHeadKeys } from './headkeys.ts';
import { signWitnessed } from './witnessed.ts';
import { headSigner } from '../log/headsigner.ts';
import type { SequencerAnswer, SequencerEvent, SequencerOptions, SequencerQuestion } from './protocol.ts';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { refuse } from '../bytes/refusal.ts';
import { logGenesis } from '../log/genesis.ts';
import { SqliteGuard } from '../storage/guard.ts';
import { SqliteStore } from '../storage/sqlite.ts';

if (parentPort === null) throw new Error('this module is a thread of its own');
const options: SequencerOptions = workerData;

/** POSIX seconds. */
const now = (): number => Math.floor(Date.now() / 1000);

async function start(
  send: (event: SequencerEvent) => void,
): Promise<(question: SequencerQuestion) => Promise<SequencerAnswer>> {
  const keys = await loadHeadKeys(options);
  const { store, guard } = await openDrivers(options);
  const signer = headSigner(keys);
  const sequencer = await Sequencer.start({
    origin: options.origin,
    store,
    guard,
    signer,
    hasher: chooseHasher(),
    now,
    clockTolerance: options.clockTolerance,
    admitPolicy: (policy) => assertOwnKeys(policy, keys, 'policy-rejected'),
  });
  assertOwnKeys(await sequencer.policy(), keys, 'foreign-log');
  const signing = new Coalesce<SealedHead>({
    run: async (head) => send({ kind: 'signed', note: await signer.checkpoint(head), head }),
    onFailure: (error) => send({ kind: 'signing-failed', failure: packed(error) }),
    intervalMs: options.checkpointIntervalMs,
    ticks: () => performance.now(),
    setTimer: (run, ms) => void setTimeout(run, ms),
  });
  const head = await sequencer.head();
  send({
    kind: 'started',
    head,
    note: await signer.checkpoint(head),
    policyEntry: await sequencer.policyEntry(),
  });
  return async (question) => {
    if (question.kind === 'append') {
      const appended = await sequencer.append(question.batches);
      signing.offer(appended.head);
      return appended;
    }
    if (question.kind === 'witnessed') {
      const policy = await sequencer.policy();
      return { statement: await signWitnessed(options, policy, question.note) };
    }
    if (question.kind === 'probe') await sequencer.probe();
    else if (question.kind === 'flush') await signing.flush();
    else await Promise.all([store.close(), guard.close()]);
    return undefined;
  };
}

const port = parentPort;
let answer: Promise<(question: SequencerQuestion) => Promise<SequencerAnswer>> | undefined;
const send = answerOn<SequencerQuestion, SequencerAnswer, SequencerEvent>(
  port,
  async (question) => {
    if (answer === undefined) throw new Error('asked before the start');
    return (await answer)(question);
  },
  (value) =>
    value !== undefined && 'results' in value ? value.results.map(({ receipts }) => receipts.buffer) : [],
);
answer = start(send);
answer.catch((error: unknown) => {
  send({ kind: 'failed', failure: packed(faultOf(error) ?? error) });
  port.close();
});

/** Opens both, locked to this process; logs entry 0 into a log that has none. */
async function openDrivers({
  storePath,
  guardPath,
  genesisPath,
  origin,
}: SequencerOptions): Promise<{ store: SqliteStore; guard: SqliteGuard }> {
  const storeExists = existsSync(storePath);
  if (!existsSync(guardPath)) {
    throw refuse(
      'behind-signed-head',
      `the signed-head guard ${guardPath} is gone: put it back, or see spec/operations.md "A lost guard"`,
    );
  }
  const guard = SqliteGuard.open(guardPath, origin, false); // first: it is the lock
  const signed = await guard.read();
  if (!storeExists && signed !== undefined) {
    throw refuse(
      'behind-signed-head',
      `the store ${storePath} is gone, but a head of ${signed.size} was signed: restore a backup (spec/operations.md "A store behind its guard")`,
    );
  }
  const store = SqliteStore.openToWrite(storePath, origin, !storeExists);
  if ((await store.head()) === undefined && signed === undefined) {
    const genesis = new Uint8Array(await readFile(genesisPath));
    await logGenesis(genesis, origin, { store, hasher: chooseHasher(), now });
  }
  return { store, guard };
}
