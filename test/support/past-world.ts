/** A log in memory with two witnesses, whose notices keep old heads; and copies of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { openClient, type LogClient } from '#src/client/client.ts';
import type { ClientOptions } from '#src/client/ports.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { cosign, parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '#src/note/key.ts';
import { appendSignatures, parseNote } from '#src/note/note.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { bundlePath, tilePath, TILE_WIDTH, tileWidthAt } from '#src/tree/tile.ts';
import { BASE } from './served-log.ts';
import type { SeeWorld } from './see-world.ts';
import { seedSigner } from './seed-signer.ts';
import { logSigner, ORIGIN, people, vkeys } from './world.ts';

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

export interface Past {
  /** Logs a notice `witnessed` about the log as it is, or as it was at a size. */
  witness(size?: number, times?: readonly [number, number]): Promise<void>;
  /** A client of a reader who asks for both witnesses. */
  reader(options?: Partial<ClientOptions>): LogClient;
  /** `--policy` with that reader's policy. */
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

/** The world with a log that is cosigned whenever somebody asks for its checkpoint. */
export function withWitnesses<W extends SeeWorld>(w: W): W & Past {
  writeFileSync(join(w.dir, 'witnessed.policy'), POLICY);
  const before = w.log.meddle;
  const noteOf = async (size: number, times: readonly [number, number]): Promise<Uint8Array> =>
    cosigned(await logSigner.checkpoint(w.log.head(size)), times);
  w.log.meddle = async (path, method) =>
    path === '/checkpoint'
      ? new Response(Buffer.from(await noteOf(w.log.size, [w.now, w.now])))
      : before(path, method);
  const witness: Past['witness'] = async (size = w.log.entries.length, times = [w.now, w.now]) => {
    const payload = encodeNotice({ topic: 'witnessed', note: await noteOf(size, times) });
    await w.say('notice', payload, people.monitor, ORIGIN);
  };
  const reader: Past['reader'] = (options) =>
    openClient({
      log: BASE,
      trust: trustPolicy(encodeUtf8(POLICY)),
      fetch: w.fetch,
      now: () => w.now * 1000,
      ...options,
    });
  return Object.assign(w, { witness, reader, policy: ['--policy', 'witnessed.policy'] as const });
}

/** Writes a copy of the log, as a mirror's directory has it. */
export async function copyTo(w: SeeWorld, folder: string, size = w.log.entries.length): Promise<void> {
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
