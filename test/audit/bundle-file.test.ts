/** A bundle as a file: what is none is refused by its size and its last bytes, before it is read. */
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { bundleToVerify, readBundleFile } from '#src/audit/node/file.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { MOST_BYTES } from '#src/audit/zip/records.ts';
import { writeContainer } from '#src/audit/zip/write.ts';
import { Refusal } from '#src/bytes/refusal.ts';

async function sparse(path: string, size: number, end = new Uint8Array()): Promise<void> {
  await using file = await open(path, 'w');
  await file.truncate(size);
  await file.write(end, 0, end.length, size - end.length);
}

t.test('a sparse file of 2 GiB costs no memory', async (t) => {
  const path = join(t.testdir(), 'big.zip');
  const end = writeContainer(new Map());
  for (const last of [new Uint8Array(), end]) {
    await sparse(path, MOST_BYTES, last);
    const before = process.memoryUsage().arrayBuffers;
    await t.rejects(readBundleFile(path), { code: 'malformed-bundle' });
    t.ok(process.memoryUsage().arrayBuffers - before < 1e6, 'nothing of it is kept');
    const given = await bundleToVerify(path);
    t.ok(given instanceof Refusal, 'it was not read');
    const { result, checks } = await verifyBundle(given);
    t.not(result, 'verified');
    t.match(checks[0], { name: 'container' });
  }
  await sparse(path, MOST_BYTES + 1);
  await t.rejects(bundleToVerify(path), { code: 'too-large' });
});

t.test('a container is read whole; one that is too short is none', async (t) => {
  const path = join(t.testdir(), 'small.zip');
  const bytes = writeContainer(new Map([['a', new Uint8Array(100)]]));
  await writeFile(path, bytes);
  t.same(Uint8Array.from(await readBundleFile(path)), bytes);
  for (const length of [0, 1, 21]) {
    await writeFile(path, bytes.subarray(0, length));
    await t.rejects(readBundleFile(path), { code: 'malformed-bundle' }, `${length} bytes`);
  }
});
