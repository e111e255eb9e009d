/** Worked examples of the notices besides `stale`, made from the fixed seeds of statement-examples.ts. */
import { treeSize } from '#src/bytes/brand.ts';
import { cosign, signCheckpoint } from '#src/note/checkpoint.ts';
import { appendSignatures } from '#src/note/note.ts';
import { inventoryHash } from '#src/statement/inventory.ts';
import type { InventoryNotice, RetentionNotice, WitnessedNotice } from '#src/statement/notice.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import {
  exampleLog,
  hashOf,
  NOW,
  ORIGIN,
  signAs,
  signers,
  SUBJECT,
  type Example,
} from './statement-examples.ts';
import { seedSigner } from './seed-signer.ts';

/** A witness of the example's log. */
export const exampleWitness = {
  name: 'witness.example/w1',
  type: 4,
  signer: seedSigner('ed25519', hashOf('tallystick example: witness')),
} as const;

/** A signed head of the example's log, cosigned a second later. */
export async function exampleNote(size: number): Promise<Uint8Array> {
  const head = { origin: ORIGIN, size: treeSize(size), root: hashOf(`root at ${size}`), extensions: [] };
  const note = await signCheckpoint(head, [{ name: ORIGIN, type: 1, signer: signers.log }], NOW + 200);
  return appendSignatures(note, [await cosign(head, exampleWitness, NOW + 201)]);
}

/** Notices that are entries 7, 8 and 9 of the example's log. */
export async function exampleNotices(): Promise<readonly [Example, Example, Example]> {
  const checkpoint = { origin: ORIGIN, size: 7, root: hashOf('root at 7') };
  const ids = (await exampleLog()).slice(1).map(({ id }) => id);
  const witnessed: WitnessedNotice = { topic: 'witnessed', note: await exampleNote(7) };
  const inventory: InventoryNotice = {
    topic: 'inventory',
    checkpoint,
    count: ids.length,
    hash: inventoryHash(ORIGIN, SUBJECT, ids),
  };
  const retention: RetentionNotice = {
    topic: 'retention',
    checkpoint,
    prune: [{ what: 'observations', age: 400 * 86_400 }],
    from: NOW + 30 * 86_400,
    reason: 'observations are kept for 400 days: the audit period and four weeks',
  };
  return [
    await signAs('monitor', 'notice', encodeNotice(witnessed), { subject: ORIGIN }),
    await signAs('monitor', 'notice', encodeNotice(inventory)),
    await signAs('agent', 'notice', encodeNotice(retention)),
  ];
}
