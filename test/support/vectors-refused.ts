/**
 * What a verifier must not accept, with the code that ours refuses it with: the second half of
 * spec/vectors.json. Each case is run here, so the file cannot promise what the code does not do.
 */
import { leafIndex, treeSize, type Digest } from '#src/bytes/brand.ts';
import {
  decodeCbor,
  encodeCbor,
  isCborArray,
  isCborMap,
  type CborKey,
  type CborValue,
} from '#src/bytes/cbor.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { Refusal, type RefusalCode } from '#src/bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64 } from '#src/bytes/text.ts';
import { decodeReceipt, encodeInclusionReceipt, verifyReceipt } from '#src/cose/receipt.ts';
import { encodeSign1, type Sign1 } from '#src/cose/sign1.ts';
import { verifyStatement } from '#src/cose/statement.ts';
import { openCheckpoint } from '#src/note/checkpoint.ts';
import { parseVkey } from '#src/note/key.ts';
import { parseTlogProof, verifyTlogProof } from '#src/note/tlogproof.ts';
import { policyOfLogs } from '#src/note/trust.ts';
import type { PublicKey } from '#src/sign/algorithm.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { parseTilePath } from '#src/tree/tile.ts';

/** A case: what is read as what, what is wrong with it, and the code. Text is given as text, bytes as hex. */
export interface RefusedVector {
  readonly what: 'statement' | 'receipt' | 'checkpoint' | 'tlog-proof' | 'tile-path';
  readonly why: string;
  readonly code: RefusalCode;
  readonly text?: string;
  readonly hex?: string;
}

/** The good things that the bad ones are made from. Receipt and proof are of entry 3. */
export interface Good {
  readonly entries: readonly Uint8Array[];
  readonly tree: { inclusion(index: number): Digest[] };
  readonly keys: { readonly statement: PublicKey; readonly receipt: PublicKey };
  readonly origin: string;
  readonly receipt: Uint8Array;
  /** One of another log, under the same key and root. */
  readonly foreign: Uint8Array;
  readonly protectedBytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly tlogProof: Uint8Array;
  readonly vkey: string;
}

const INDEX = 3;
const COMMITMENT = 1;

/** All cases, each having been refused. */
export function refusedVectors(good: Good): RefusedVector[] {
  return [
    ...statements(good),
    ...commitments(good),
    ...receipts(good),
    ...checkpoints(good),
    ...proofs(good),
    ...paths(),
  ];
}

/** The code of the refusal; anything but a refusal is a fault of the case. */
function codeOf(why: string, run: () => unknown): RefusalCode {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  throw new Error(`not refused: ${why}`);
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((b, i) => (i === at ? b ^ 1 : b));
const mapOf = (value: CborValue): Map<CborKey, CborValue> => {
  if (!isCborMap(value)) throw new Error('not a map');
  return new Map(value);
};

function statements({ entries, keys }: Good): RefusedVector[] {
  const entry = entries[INDEX] ?? new Uint8Array();
  const { sign1 } = parseStatement(entry).statement;
  const remade = (change: Partial<Sign1>): Uint8Array => encodeSign1({ ...sign1, ...change });
  const header = (label: number, value: CborValue): Uint8Array =>
    remade({ protectedBytes: encodeCbor(mapOf(decodeCbor(sign1.protectedBytes)).set(label, value)) });
  // a4 01 32 …: the key 1 and its value move behind all others, which stay in order.
  const body = sign1.protectedBytes;
  const unsorted = concatBytes(body.subarray(0, 1), body.subarray(3), body.subarray(1, 3));
  const payload = sign1.payload ?? new Uint8Array();
  const cases: readonly (readonly [why: string, bytes: Uint8Array])[] = [
    ['no tag 18', entry.subarray(1)],
    [
      'an array of indefinite length',
      concatBytes(Uint8Array.of(0xd2, 0x9f), entry.subarray(2), Uint8Array.of(0xff)),
    ],
    ['a length not in its shortest form', concatBytes(Uint8Array.of(0xd2, 0x98, 4), entry.subarray(2))],
    ['protected header out of bytewise order', remade({ protectedBytes: unsorted })],
    ['a byte after the item', concatBytes(entry, Uint8Array.of(0))],
    ['the payload detached', remade({ payload: null })],
    ['label 1 in both headers', remade({ unprotected: new Map([[1, -19]]) })],
    ['alg ES384 (-35)', header(1, -35)],
    ['alg ESP256 (-9) with an Ed25519 key', header(1, -9)],
    ['kid not a SHA-256 thumbprint', header(4, encodeUtf8('key 1'))],
    [
      'a content type under our prefix that is unknown',
      header(3, 'application/vnd.tallystick.proof.v9+cbor'),
    ],
    ['crit names a label that is not understood', header(2, ['x'])],
    ['one bit of the signature', remade({ signature: flipped(sign1.signature, 40) })],
    ['one bit of the payload', remade({ payload: flipped(payload, payload.length - 1) })],
  ];
  return cases.map(([why, bytes]) => ({
    what: 'statement',
    why,
    code: codeOf(why, () => verifyStatement(parseStatement(bytes).statement, keys.statement)),
    hex: bytes.toHex(),
  }));
}

/** Payloads of entry 1, of which a claim names a declared leaf, signed or not: the payload is read first. */
function commitments({ entries }: Good): RefusedVector[] {
  const { sign1 } = parseStatement(entries[COMMITMENT] ?? new Uint8Array()).statement;
  const payload = (): Map<CborKey, CborValue> => mapOf(decodeCbor(sign1.payload ?? new Uint8Array()));
  const opened = (): Map<CborKey, CborValue> => {
    const shown = payload().get('openings') ?? [];
    if (!isCborArray(shown) || shown[0] === undefined) throw new Error('nothing is opened');
    return mapOf(shown[0]);
  };
  const withOpenings = (...shown: readonly Map<CborKey, CborValue>[]): Uint8Array =>
    encodeSign1({ ...sign1, payload: encodeCbor(payload().set('openings', shown)) });
  const without = payload();
  without.delete('openings');
  const cases: readonly (readonly [why: string, bytes: Uint8Array])[] = [
    ['a declared leaf that is not opened', encodeSign1({ ...sign1, payload: encodeCbor(without) })],
    [
      'an opening with another value than the leaf has',
      withOpenings(opened().set('value', encodeCbor('TLSv1.2'))),
    ],
    ['an opening with the path of another leaf', withOpenings(opened().set('path', 'server_tokens'))],
    ['an opening at the index of another leaf', withOpenings(opened().set('index', 0))],
    ['an opening with another salt', withOpenings(opened().set('salt', new Uint8Array(16)))],
    ['an opening without its proof', withOpenings(opened().set('proof', []))],
    ['an opening that is there twice', withOpenings(opened(), opened())],
  ];
  return cases.map(([why, bytes]) => ({
    what: 'statement',
    why,
    code: codeOf(why, () => parseStatement(bytes)),
    hex: bytes.toHex(),
  }));
}

function receipts({
  entries,
  tree,
  keys,
  origin,
  receipt,
  foreign,
  protectedBytes,
  signature,
}: Good): RefusedVector[] {
  const entry = entries[INDEX] ?? new Uint8Array();
  const path = tree.inclusion(INDEX);
  const size = treeSize(entries.length);
  const withPath = (hashes: readonly Digest[], index = INDEX, among = Number(size)): Uint8Array =>
    encodeInclusionReceipt({ protectedBytes, signature }, treeSize(among), leafIndex(index), hashes);
  const withProof = (proof: CborValue): Uint8Array =>
    encodeSign1({
      protectedBytes,
      signature,
      payload: null,
      unprotected: new Map([[396, new Map([[-1, [encodeCbor(proof)]]])]]),
    });
  const header = (label: number, value: CborValue): Uint8Array => {
    const { sign1 } = decodeReceipt(receipt);
    return encodeSign1({
      ...sign1,
      protectedBytes: encodeCbor(mapOf(decodeCbor(protectedBytes)).set(label, value)),
    });
  };
  const cases: readonly (readonly [why: string, bytes: Uint8Array, entry: Uint8Array])[] = [
    ['of another entry', receipt, entries[2] ?? entry],
    [
      'two hashes of the path exchanged',
      withPath([path[1], path[0], path[2]].filter((h) => h !== undefined)),
      entry,
    ],
    ['the path one hash too short', withPath(path.slice(0, -1)), entry],
    ['the path one hash too long', withPath([...path, ...path.slice(0, 1)]), entry],
    ['another index', withPath(path, 2), entry],
    ['index not below size', withProof([3, 3, path]), entry],
    ['the path flattened into the proof', withProof([size, INDEX, ...path]), entry],
    ['a verifiable data structure other than 1', header(395, 2), entry],
    ['one bit of the signature', flipped(receipt, receipt.length - 3), entry],
    ['the root attached as payload', attached(receipt), entry],
    ['signed with the same key for another log', foreign, entry],
  ];
  return cases.map(([why, bytes, about]) => ({
    what: 'receipt',
    why,
    code: codeOf(why, () => verifyReceipt(decodeReceipt(bytes), about, { log: origin, key: keys.receipt })),
    hex: bytes.toHex(),
  }));
}

const attached = (receipt: Uint8Array): Uint8Array =>
  encodeSign1({ ...decodeReceipt(receipt).sign1, payload: new Uint8Array(32) });

function checkpoints({ tlogProof, vkey }: Good): RefusedVector[] {
  const logKeys = [parseVkey(vkey)];
  // Without the ML-DSA-44 line, which would make every case three thousand characters longer.
  const note = decodeUtf8(parseTlogProof(tlogProof).checkpoint).split('\n').slice(0, 5).join('\n') + '\n';
  const lines = note.split('\n');
  const swap = (i: number, line: string): string => lines.with(i, line).join('\n');
  const cases: readonly (readonly [why: string, text: string])[] = [
    ['another size', swap(1, '6')],
    ['a leading zero in the size', swap(1, '05')],
    ['another root', swap(2, formatBase64(new Uint8Array(32)))],
    ['a root in base64url', swap(2, `${'-'.repeat(43)}=`)],
    ['another origin', swap(0, 'log.example/other')],
    ['an extension line added', lines.toSpliced(3, 0, 'extension').join('\n')],
    [
      'signed under another key id',
      swap(
        4,
        (lines[4] ?? '').replace(/ (\S+)$/, (_, blob: string) => ` AAAA${blob.slice(4)}`),
      ),
    ],
    ['no newline at the end', note.slice(0, -1)],
    ['a carriage return', swap(1, '5\r')],
  ];
  return cases.map(([why, text]) => ({
    what: 'checkpoint',
    why,
    code: codeOf(why, () => openCheckpoint(text, { logKeys })),
    text,
  }));
}

const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

function proofs({ entries, tlogProof, vkey }: Good): RefusedVector[] {
  const policy = policyOfLogs([parseVkey(vkey)]);
  const leaf = hashLeaf(entries[INDEX] ?? new Uint8Array());
  // Up to the Ed25519 line, as above: version, index, three hashes, blank, the note's first five lines.
  const lines = decodeUtf8(tlogProof).split('\n').slice(0, 11);
  const cases: readonly (readonly [why: string, text: string])[] = [
    ['another index', text(lines.with(1, 'index 2'))],
    ['a leading zero in the index', text(lines.with(1, 'index 03'))],
    ['a hash missing', text(lines.toSpliced(2, 1))],
    ['the first line of another version', text(lines.with(0, 'c2sp.org/tlog-proof@v2'))],
    ['no blank line before the checkpoint', text(lines.toSpliced(5, 1))],
  ];
  return cases.map(([why, changed]) => ({
    what: 'tlog-proof',
    why,
    code: codeOf(why, () => verifyTlogProof(parseTlogProof(changed), leaf, policy)),
    text: changed,
  }));
}

function paths(): RefusedVector[] {
  const cases: readonly (readonly [why: string, path: string])[] = [
    ['a group of fewer than three digits', 'tile/0/1'],
    ['a leading zero in the level', 'tile/00/000'],
    ['a leading group of zeros', 'tile/0/x000/001'],
    ['a full tile named as a partial one', 'tile/0/000.p/256'],
    ['an empty tile', 'tile/0/000.p/0'],
    ['a level above 63', 'tile/64/000'],
    ['bundles have no level', 'tile/entries/0/000'],
  ];
  return cases.map(([why, text]) => ({
    what: 'tile-path',
    why,
    code: codeOf(why, () => parseTilePath(text)),
    text,
  }));
}
