/** Notices for spec/vectors.json: a payload of each topic, and the hash of an inventory after each entry. */
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, entryId, type Digest } from '#src/bytes/brand.ts';
import { inventoryHash } from '#src/statement/inventory.ts';
import type { Notice } from '#src/statement/notice.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { ORIGIN, signers, TIME } from './vectors-log.ts';

/** `entries`: those of the log; `root`: of the tree over them; `note`: its cosigned checkpoint. */
export function noticeVectors(entries: readonly Uint8Array[], root: Digest, note: Uint8Array) {
  const subject = 'prod/web';
  const rows = entries.map((bytes) => ({ id: digest(sha256(bytes)), parsed: parseStatement(bytes) }));
  const ids = rows.filter(({ parsed }) => parsed.subject === subject).map(({ id }) => entryId(id.toHex()));
  const checkpoint = { origin: ORIGIN, size: entries.length, root };
  const [, commitment, , proof] = rows;
  if (commitment === undefined || proof === undefined) throw new Error('the log has five entries');
  const notices: Notice[] = [
    {
      topic: 'stale',
      since: TIME + 7260,
      checkpoint,
      about: commitment.id,
      claim: 'tls-min',
      due: TIME + 3660,
      reason: 'tls-min: no proof came in time',
      agent: digest(keyThumbprint(signers.agent.publicKey)),
      last: { seq: 0, id: proof.id },
    },
    { topic: 'witnessed', note },
    { topic: 'inventory', checkpoint, count: ids.length, hash: inventoryHash(ORIGIN, subject, ids) },
    {
      topic: 'retention',
      checkpoint,
      prune: [{ what: 'observations', age: 400 * 86_400 }],
      from: TIME + 30 * 86_400,
      reason: 'observations are kept for 400 days',
    },
  ];
  return {
    payloads: notices.map((notice) => ({
      topic: notice.topic,
      subject: notice.topic === 'witnessed' ? ORIGIN : subject,
      payload: encodeNotice(notice).toHex(),
    })),
    inventory: {
      subject,
      ids,
      hashes: Array.from({ length: ids.length + 1 }, (_, n) =>
        inventoryHash(ORIGIN, subject, ids.slice(0, n)).toHex(),
      ),
    },
  };
}
