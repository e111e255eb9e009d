/**
 * What witnessed heads cost: bytes of a notice and of a day, for a log that signs with Ed25519 and ML-DSA-44, with three
 * witnesses of one or both kinds. Bytes of the log, as every reader of all entries fetches them; a store needs some 490
 * bytes an entry more. Deterministic but for lengths of nothing: signatures have fixed lengths.
 *
 *     node bench/witnessed.ts
 */
import { entryIdOf, headKeys, ORIGIN, ownStatement, people } from '../test/support/world.ts';
import { treeSize } from '#src/bytes/brand.ts';
import { cosign, signCheckpoint } from '#src/note/checkpoint.ts';
import type { NoteSigner } from '#src/note/key.ts';
import { appendSignatures } from '#src/note/note.ts';
import { PERIODS } from '#src/notary/due.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { EMPTY_ROOT } from '#src/tree/hash.ts';
import { witnessOf } from '../test/support/notary-world.ts';

const DAY = 86_400;
const time = 1_800_000_000;
const head = { origin: ORIGIN, size: treeSize(1_000_000), root: EMPTY_ROOT, extensions: [] };
const names = ['witness-one', 'witness-two', 'witness-three'];
const rows: [string, readonly NoteSigner[]][] = [
  ['Ed25519', names.map((name) => witnessOf(name))],
  ['ML-DSA-44', names.map((name) => witnessOf(name, true))],
  ['both', names.flatMap((name) => [witnessOf(name), witnessOf(name, true)])],
];

const print = (line: string): void => void process.stdout.write(`${line}\n`);
print('three witnesses   bytes a notice   a day at 24   at 144   idle, 1   a year at 24');
for (const [what, witnesses] of rows) {
  const signed = await signCheckpoint(head, headKeys.checkpoint, time);
  const note = appendSignatures(signed, await Promise.all(witnesses.map((each) => cosign(head, each, time))));
  const entry = await ownStatement(
    'notice',
    ORIGIN,
    encodeNotice({ topic: 'witnessed', note }),
    people.monitor,
    { confirm: true },
  );
  if (entryIdOf(entry).length !== 64) throw new Error('no entry');
  const each = entry.length;
  const kb = (count: number): string => `${((count * each) / 1000).toFixed(0)} kB`;
  const [usual, short, idle] = [DAY / PERIODS.usual, DAY / PERIODS.short, DAY / PERIODS.idle];
  print(
    `${what.padEnd(17)} ${String(each).padStart(15)} ${kb(usual).padStart(13)} ${kb(short).padStart(8)} ${kb(idle).padStart(9)} ${`${((365 * usual * each) / 1e6).toFixed(0)} MB`.padStart(14)}`,
  );
}
