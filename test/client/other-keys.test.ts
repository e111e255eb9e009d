/** Two logs of one name under one memory of heads: neither is accused of what the other signed. */
import t from 'tap';
import { treeSize } from '#src/bytes/brand.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { split } from '#src/client/compare.ts';
import { checkRemembered, HeadsInMemory } from '#src/client/memory.ts';
import type { LogView } from '#src/client/view.ts';
import { signCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey } from '#src/note/key.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { seedSigner } from '../support/seed-signer.ts';

const origin = 'log.example/1';
const logOf = (seed: number) => {
  const signer = seedSigner('ed25519', new Uint8Array(32).fill(seed));
  const policy = parseTrustPolicy(`log ${formatVkey(origin, 1, signer.publicKey)}\nquorum none\n`);
  const sign = async (text: string) => {
    const head = { size: treeSize(5), root: hashLeaf(encodeUtf8(text)) };
    const checkpoint = { origin, ...head, extensions: [] };
    return { note: await signCheckpoint(checkpoint, [{ type: 1, name: origin, signer }], 1), head };
  };
  return { policy, sign };
};

t.test('a head that other keys signed accuses nobody, and is not passed over', async (t) => {
  const [one, other] = [logOf(1), logOf(2)];
  const seen = await one.sign('one');
  for (const [by, code] of [
    [one, 'inconsistent'],
    [other, 'config-invalid'],
  ] as const) {
    const memory = new HeadsInMemory();
    await memory.remember(origin, seen.note);
    const served = await by.sign('another');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of a view as is asked
    const view = {
      opened: { checkpoint: { origin } },
      compareWith: async () => split(seen, served, {}),
    } as unknown as LogView;
    const holding = { memory, policy: by.policy, now: () => 1, remark: () => undefined };
    await t.rejects(checkRemembered(holding, view), { code });
    t.equal(memory.incidents.size, code === 'inconsistent' ? 1 : 0);
  }
});
