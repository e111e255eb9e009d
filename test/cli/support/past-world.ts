/** A log in memory with two witnesses, whose notices keep old heads; and copies of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { cosign, parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '#src/note/key.ts';
import { appendSignatures, parseNote } from '#src/note/note.ts';
import { seedSigner } from '#src/sign/signer.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { bundlePath, tilePath, TILE_WIDTH, tileWidthAt } from '#src/tree/tile.ts';
import { SeeWorld } from './see-world.ts';
import { logSigner, ORIGIN, people, vkeys } from '../../support/world.ts';

const signerOf = (name: string): NoteSigner => ({
  name: `${name}.example`,
  type: 4,
  signer: seedSigner('ed25519', sha256(encodeUtf8(`tallystick test ${name}`))),
});

export const witnesses = [signerOf('w1'), signerOf('w2')] as const;

/** Of a reader who asks for both witnesses. */
export const POLICY = [
  ...vkeys.map((vkey) => `log ${vkey}`),
  ...witnesses.map(
    ({ name, type, signer }, i) => `witness w${i + 1} ${formatVkey(name, type, signer.publicKey)}`,
  ),
  'group both 2 w1 w2',
  'quorum both',
  '',
].join('\n');

export interface PastWorld extends SeeWorld {
  /** Logs a notice `witnessed` about the log as it is, or as it was at a size. */
  witness(size?: number, times?: readonly [number, number]): Promise<void>;
  /** `--policy` with the policy of a reader who asks for both witnesses. */
  readonly policy: readonly ['--policy', string];
}

/** Cosigned at these times, POSIX seconds. */
export async function cosigned(note: Uint8Array, times: readonly [number, number]): Promise<Uint8Array> {
  const checkpoint = parseCheckpoint(parseNote(note).text);
  return appendSignatures(
    note,
    await Promise.all(witnesses.map((each, i) => cosign(checkpoint, each, times[i] ?? 0))),
  );
}

/** A world whose log is cosigned whenever somebody asks for its checkpoint. */
export async function pastWorld(t: Test): Promise<PastWorld> {
  const w = await SeeWorld.start(t);
  writeFileSync(join(w.dir, 'witnessed.policy'), POLICY);
  const before = w.log.meddle;
  const noteOf = async (size: number, times: readonly [number, number]): Promise<Uint8Array> =>
    cosigned(await logSigner.checkpoint(w.log.head(size)), times);
  w.log.meddle = async (path, method) =>
    path === '/checkpoint'
      ? new Response(Buffer.from(await noteOf(w.log.size, [w.now, w.now])))
      : before(path, method);
  const witness: PastWorld['witness'] = async (size = w.log.entries.length, times = [w.now, w.now]) => {
    const payload = encodeNotice({ topic: 'witnessed', note: await noteOf(size, times) });
    await w.say('notice', payload, people.monitor, ORIGIN);
  };
  return Object.assign(w, { witness, policy: ['--policy', 'witnessed.policy'] as const });
}

/** Writes a copy of the log, as a mirror's directory has it. */
export async function copyTo(w: PastWorld, folder: string, size = w.log.entries.length): Promise<void> {
  const write = (path: string, bytes: Uint8Array): void => {
    const file = join(w.dir, folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  const note = await logSigner.checkpoint(w.log.head(size));
  write('checkpoint', await cosigned(note, [w.now, w.now]));
  for (let level = 0; TILE_WIDTH ** level <= size; level++)
    for (let index = 0; tileWidthAt(level, index, size) > 0; index++) {
      const width = tileWidthAt(level, index, size);
      write(tilePath(level, index, width), w.log.tile(level, index, width, size) ?? new Uint8Array());
      if (level === 0) write(bundlePath(index, width), w.log.bundle(index, width, size) ?? new Uint8Array());
    }
}
