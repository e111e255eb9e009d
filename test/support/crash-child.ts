/**
 * A log that kills itself. Arguments: data directory, the step to die at, how often to pass it first.
 * Reads statements from `statements.cborseq`, logs two per step, and writes to stdout, synchronously, one
 * line per signed head (`signed <size> <root>`), per acknowledged entry (`acked <id>`), and per step the lengths
 * of both write-ahead logs (`wal <step> <store> <guard>`).
 */
import { readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { scanCbor } from '../../src/bytes/cbor.ts';
import { openBatch, packBatch } from '../../src/log/batch.ts';
import { checkBatch } from '../../src/log/check.ts';
import { policyOf } from '../../src/log/recover.ts';
import { Sequencer } from '../../src/log/sequencer.ts';
import { SqliteGuard } from '../../src/storage/guard.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';
import { nobleHasher } from '../../src/tree/hash.ts';
import { logSigner, ORIGIN } from './world.ts';

const [dir = '', dieAt = '', passes = '0'] = process.argv.slice(2);
let left = Number(passes);

const say = (line: string): void => void writeSync(1, `${line}\n`);

const walLength = (file: string): number =>
  statSync(join(dir, `${file}-wal`), { throwIfNoEntry: false })?.size ?? 0;

function step(name: string): void {
  say(`wal ${name} ${walLength('log.db')} ${walLength('guard.db')}`);
  if (name !== dieAt || left-- > 0) return;
  process.kill(process.pid, 'SIGKILL');
}

/** The statements of the file, cut apart. */
function statements(): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(join(dir, 'statements.cborseq')));
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = scanCbor(bytes, at);
    out.push(bytes.subarray(at, end));
    at = end;
  }
  return out;
}

const store = SqliteStore.openToWrite(join(dir, 'log.db'), ORIGIN, false, step);
const guard = SqliteGuard.open(join(dir, 'guard.db'), ORIGIN, false);
const sequencer = await Sequencer.start({
  origin: ORIGIN,
  store,
  guard,
  hasher: nobleHasher,
  now: () => 1_800_000_000,
  clockTolerance: 60,
  step,
  signer: {
    ...logSigner,
    receipt: async (head) => {
      const seal = await logSigner.receipt(head);
      say(`signed ${head.size} ${head.root.toHex()}`);
      return seal;
    },
  },
});
const all = statements();
for (let at = 0; at < all.length; at += 2) {
  const { memory } = packBatch(all.slice(at, at + 2));
  const policy = policyOf(await sequencer.policyEntry());
  // Signatures were checked when the statements were made; here it is the steps after that count.
  const refused = checkBatch(memory, { policy, verify: () => true });
  const { results } = await sequencer.append([{ memory, refused }]);
  const { ids, count } = openBatch(memory);
  for (let i = 0; i < count; i++) {
    if ((results[0]?.indices[i] ?? -1) >= 0) say(`acked ${ids.slice(32 * i, 32 * (i + 1)).toHex()}`);
  }
  step('acked');
}
await store.close();
await guard.close();
