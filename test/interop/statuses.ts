/**
 * The same requests to every witness: the statuses of C2SP tlog-witness in order. Where a witness is known to
 * answer otherwise, the difference is written down and held to, so that a change in it is noticed.
 */
import { digest, type Digest } from '../../src/bytes/brand.ts';
import { equalBytes } from '../../src/bytes/compare.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/text.ts';
import { openCheckpoint } from '../../src/note/checkpoint.ts';
import { parseVkey, type NoteVerifier } from '../../src/note/key.ts';
import { appendSignatures, parseSignatures } from '../../src/note/note.ts';
import { RequestMaker, type Wish } from './requests.ts';
import type { Tap } from './tap.ts';

export interface Witness {
  /** Submission prefix. */
  readonly url: string;
  /** From `statusLogs`: known to the witness, and never cosigned. */
  readonly logs: readonly RequestMaker[];
  readonly keys: readonly NoteVerifier[];
  /** Statuses that this witness answers instead of the specified ones, by the name of the request. */
  readonly differs: Readonly<Record<string, number>>;
}

interface Case {
  readonly name: string;
  readonly status: number;
  readonly body: Uint8Array<ArrayBuffer>;
  /** What a 409 must say. */
  readonly stored: number;
  /** What a 200 must cosign. */
  readonly note: Uint8Array;
  readonly logKey: string;
}

const noise = (n: number): Digest[] =>
  Array.from({ length: n }, (_, i) => digest(new Uint8Array(32).fill(i)));

/** How many logs the requests are about: the first is followed, the others are seen once. */
const LOGS = 6;

/** Logs for `checkStatuses`; the witness must know them all. */
export function statusLogs(suffix: string): readonly RequestMaker[] {
  return Array.from({ length: LOGS }, (_, i) => new RequestMaker(`log.example/statuses-${suffix}/${i}`));
}

/** In this order: those about the first log build on each other. */
async function casesFor([log, ...others]: readonly RequestMaker[]): Promise<readonly Case[]> {
  const next = (): RequestMaker => {
    const other = others.shift();
    if (other === undefined) throw new RangeError(`${LOGS} logs are too few`);
    return other;
  };
  if (log === undefined) throw new RangeError('no log');
  const made = async (name: string, status: number, wish: Wish, by = log, stored = 0): Promise<Case> => ({
    name,
    status,
    stored,
    body: await by.request(wish),
    note: await by.checkpoint(wish),
    logKey: by.vkey,
  });
  const edited = async (name: string, status: number, edit: (body: string) => string): Promise<Case> => {
    const whole = await made(name, status, { old: 0, size: 5 }, next());
    return { ...whole, body: encodeUtf8(edit(decodeUtf8(whole.body))) };
  };
  const good = decodeUtf8(await log.request({ old: 0, size: 5 }));
  const raw = async (name: string, status: number, text: string): Promise<Case> => ({
    ...(await made(name, status, { old: 0, size: 5 })),
    body: encodeUtf8(text),
  });
  const otherSize = decodeUtf8(await log.request({ old: 0, size: 6 }));
  return [
    await raw('no old size', 400, good.replace('old 0\n', '')),
    await raw('a proof line that is not base64', 400, good.replace('\n', '\n!!!!\n')),
    await edited('an old size in hexadecimal', 400, (body) => body.replace('old 0', 'old 0x0')),
    await edited('64 proof lines', 400, (body) =>
      body.replace('\n', `\n${`${'A'.repeat(43)}=\n`.repeat(64)}`),
    ),
    await made('an unknown origin', 404, { old: 0, size: 5, origin: `${log.origin}/unknown` }),
    await made("a stranger's signature", 403, { old: 0, size: 5, signer: log.stranger() }),
    await raw('a signature that fails', 403, withSignatureOf(good, otherSize)),
    await made('a first size that is not 0', 409, { old: 3, size: 5 }, next()),
    await made(
      'size 0 with another root than the empty one',
      422,
      { old: 0, size: 0, root: digest(new Uint8Array(32)) },
      next(),
    ),
    await made('a proof from size 0', 422, { old: 0, size: 5, proof: noise(1) }, next()),
    await made('the first checkpoint', 200, { old: 0, size: 5 }),
    await made('a size that is not stored', 409, { old: 3, size: 8 }, log, 5),
    await made('an old size above the new one', 400, { old: 9, size: 8 }),
    await made('a wrong proof', 422, { old: 5, size: 8, proof: noise(3) }),
    await made('a proof of another tree', 422, { old: 5, size: 8, forked: true }),
    await made('another root of the same size', 422, { old: 5, size: 5, forked: true }),
    await made('a proof between equal sizes', 422, { old: 5, size: 5, proof: noise(1) }),
    await made('the same checkpoint again', 200, { old: 5, size: 5 }),
    await made('a later checkpoint', 200, { old: 5, size: 8 }),
    await made('an earlier checkpoint', 400, { old: 8, size: 5 }),
    await made('a later checkpoint, asked for again', 409, { old: 5, size: 8 }, log, 8),
  ];
}

/** The signature line of another note of the same log. */
function withSignatureOf(request: string, other: string): string {
  const end = (text: string): number => text.lastIndexOf('\n\n') + 2;
  return request.slice(0, end(request)) + other.slice(end(other));
}

export async function checkStatuses(tap: Tap, name: string, witness: Witness): Promise<void> {
  for (const each of await casesFor(witness.logs)) {
    const expected = witness.differs[each.name] ?? each.status;
    const differs = expected === each.status ? '' : `, where the text says ${each.status}`;
    await tap.check(`${name}: ${each.name}: ${expected}${differs}`, async () => {
      const reply = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body: each.body });
      const body = await reply.bytes();
      if (reply.status !== expected) throw new Error(`${reply.status} ${decodeUtf8(body)}`);
      if (reply.status === 409) checkConflict(reply, body, each.stored);
      if (reply.status === 200) checkCosigned(each, body, witness.keys);
    });
  }
}

function checkConflict(reply: Response, body: Uint8Array, stored: number): void {
  const type = reply.headers.get('content-type');
  if (type !== 'text/x.tlog.size') throw new Error(`409 with the content type ${type}`);
  if (!equalBytes(body, encodeUtf8(`${stored}\n`))) throw new Error(`409 says ${decodeUtf8(body)}`);
}

function checkCosigned({ note, logKey }: Case, body: Uint8Array, witnessKeys: readonly NoteVerifier[]): void {
  const cosigned = appendSignatures(note, parseSignatures(body));
  const { cosignatures } = openCheckpoint(cosigned, { logKeys: [parseVkey(logKey)], witnessKeys });
  if (cosignatures.length !== witnessKeys.length)
    throw new Error(`${cosignatures.length} cosignatures by ${witnessKeys.length} keys`);
  if (cosignatures.some(({ time }) => time === 0)) throw new Error('a timestamp of 0');
}
