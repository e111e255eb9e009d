/**
 * Makes spec/vectors.json: one small log from fixed seeds, and everything a stranger needs to check an own
 * verifier against. All signatures are deterministic, so the file can be compared, never only read.
 *
 *     node test/support/vectors.ts > spec/vectors.json && npx prettier --write spec/vectors.json
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { entryId, leafIndex, treeSize } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { refuse } from '#src/bytes/refusal.ts';
import { decodeUtf8 } from '#src/bytes/text.ts';
import { encodeCoseKey, keyThumbprint } from '#src/cose/key.ts';
import { encodeConsistencyReceipt, encodeInclusionReceipt, receiptProtected } from '#src/cose/receipt.ts';
import { encodeSign1, sigStructure } from '#src/cose/sign1.ts';
import { attachReceipts } from '#src/cose/transparent.ts';
import { twinOf } from '#src/cose/twin.ts';
import { problemCbor, problemJson, problemOf } from '#src/web/problem.ts';
import { encodeOutcomes } from '#src/http/sequence.ts';
import {
  checkpointMessage,
  cosign,
  formatCheckpoint,
  originHash,
  signCheckpoint,
} from '#src/note/checkpoint.ts';
import { formatKeyId, signerId } from '#src/note/key.ts';
import { appendSignatures } from '#src/note/note.ts';
import { formatTlogProof } from '#src/note/tlogproof.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { bundlePath, rightEdge, tilePath } from '#src/tree/tile.ts';
import {
  ISSUER,
  logLines,
  makeEntries,
  ORIGIN,
  seedOf,
  signers,
  SmallTree,
  TIME,
  vkeyOf,
  witnessLine,
} from './vectors-log.ts';
import { declaredVectors } from './vectors-declared.ts';
import { noticeVectors } from './vectors-notices.ts';
import { refusedVectors } from './vectors-refused.ts';
import { encodeKeySet } from './key-set.ts';

const hex = (bytes: Uint8Array): string => bytes.toHex();

const file = (path: string, bytes: Uint8Array) => ({
  path,
  length: bytes.length,
  sha256: hex(sha256(bytes)),
});

/** Tiles beyond the first level, cheaply: 600 entries, each its index as four bytes big-endian. */
function largeTree() {
  const entries = Array.from({ length: 600 }, (_, i) => Uint8Array.of(0, 0, Math.floor(i / 256), i % 256));
  const tree = new SmallTree(entries.map(hashLeaf));
  const places = [
    { level: 0, index: 0, width: 256 },
    { level: 0, index: 1, width: 256 },
    ...rightEdge(entries.length),
  ];
  return {
    size: entries.length,
    root: hex(tree.root()),
    inclusion300: tree.inclusion(300).map(hex),
    consistency256: tree.consistency(256).map(hex),
    tiles: places.map(({ level, index, width }) =>
      file(tilePath(level, index, width), tree.tile(level, index, width)),
    ),
    bundles: [
      file(bundlePath(0, 256), encodeBundle(entries.slice(0, 256))),
      file(bundlePath(2, 88), encodeBundle(entries.slice(512))),
    ],
  };
}

/** Everything in the file. */
export async function makeVectors() {
  const entries = await makeEntries();
  const tree = new SmallTree(entries.map(hashLeaf));
  const size = treeSize(entries.length);
  const index = leafIndex(3);
  const entry = entries[index] ?? new Uint8Array();
  const checkpoint = { origin: ORIGIN, size, root: tree.root(), extensions: [] };
  const note = await signCheckpoint(checkpoint, logLines, TIME);
  const protectedBytes = receiptProtected(signers.receipt.publicKey, ISSUER, ORIGIN, TIME);
  const toSign = sigStructure(protectedBytes, checkpoint.root);
  const signature = await signers.receipt.sign(toSign);
  const path = tree.inclusion(index);
  const receipt = encodeInclusionReceipt({ protectedBytes, signature }, size, index, path);
  const elsewhere = receiptProtected(signers.receipt.publicKey, ISSUER, 'log.example/other', TIME);
  const foreign = {
    protectedBytes: elsewhere,
    signature: await signers.receipt.sign(sigStructure(elsewhere, checkpoint.root)),
  };
  const tlogProof = formatTlogProof({ index, path, checkpoint: note });
  const cosigned = appendSignatures(note, [await cosign(checkpoint, witnessLine, TIME + 1)]);
  const refusal = refuse('chain-broken', 'the next proof has seq 0 and no prev; continue there');
  const submitted = encodeSign1({
    ...parseStatement(entry).statement.sign1,
    unprotected: new Map([['note', 'left behind']]),
  });
  const twin = twinOf(parseStatement(entries[4] ?? new Uint8Array()).statement.sign1);
  if (twin === undefined) throw new Error('entry 4 is signed with P-256');
  return {
    about:
      'Test vectors of spec/formats.md, made by test/support/vectors.ts. Bytes are hex. The keys guard nothing.',
    origin: ORIGIN,
    originHash: originHash(ORIGIN),
    issuer: ISSUER,
    time: TIME,
    keys: Object.entries(signers).map(([name, { publicKey }]) => ({
      name,
      algorithm: publicKey.algorithm,
      seed: hex(seedOf(name)),
      public: hex(publicKey.bytes),
      coseKey: hex(encodeCoseKey(publicKey)),
      thumbprint: hex(keyThumbprint(publicKey)),
    })),
    vkeys: [...logLines, witnessLine].map((line) => ({
      vkey: vkeyOf(line),
      type: line.type,
      id: formatKeyId(signerId(line)),
    })),
    keySet: hex(encodeKeySet([signers.receipt.publicKey])),
    entries: entries.map((bytes, i) => {
      const { kind, subject, statement: parsed } = parseStatement(bytes);
      const { sign1 } = parsed;
      return {
        index: i,
        kind,
        subject,
        protected: hex(sign1.protectedBytes),
        payload: hex(parsed.payload),
        sigStructure: hex(sigStructure(sign1.protectedBytes, parsed.payload)),
        signature: hex(sign1.signature),
        entry: hex(bytes),
        id: hex(sha256(bytes)),
        leaf: hex(hashLeaf(bytes)),
      };
    }),
    stripped: { submitted: hex(submitted), entry: hex(entry) },
    twin: { entry: hex(twin.entry), id: twin.id },
    tree: {
      size,
      roots: Array.from({ length: size + 1 }, (_, n) => hex(tree.root(n))),
      inclusion: entries.map((_, i) => tree.inclusion(i).map(hex)),
      consistency: Array.from({ length: size - 1 }, (_, i) => ({
        from: i + 1,
        proof: tree.consistency(i + 1).map(hex),
      })),
      tile: { ...file(tilePath(0, 0, size), tree.tile(0, 0, size)), hex: hex(tree.tile(0, 0, size)) },
      bundle: file(bundlePath(0, size), encodeBundle(entries)),
    },
    largeTree: largeTree(),
    checkpoint: {
      text: formatCheckpoint(checkpoint),
      mlDsa44Message: hex(checkpointMessage(checkpoint, ORIGIN, 6, TIME)),
      note: decodeUtf8(note),
    },
    cosigned: {
      time: TIME + 1,
      message: hex(checkpointMessage(checkpoint, witnessLine.name, 4, TIME + 1)),
      note: decodeUtf8(cosigned),
      trustPolicy: [
        ...logLines.map((line) => `log ${vkeyOf(line)} ${ISSUER}`),
        `witness W1 ${vkeyOf(witnessLine)}`,
        'quorum W1',
        '',
      ].join('\n'),
    },
    receipt: {
      index,
      size,
      protected: hex(protectedBytes),
      root: hex(checkpoint.root),
      sigStructure: hex(toSign),
      signature: hex(signature),
      receipt: hex(receipt),
      /** Other (size, index) that the same path, root and signature verify with: neither is signed. */
      alsoVerifies: [6, 7, 8].map((n) => ({
        size: n,
        index,
        receipt: hex(encodeInclusionReceipt({ protectedBytes, signature }, treeSize(n), index, path)),
      })),
    },
    consistencyReceipt: {
      from: 3,
      to: size,
      receipt: hex(
        encodeConsistencyReceipt({ protectedBytes, signature }, treeSize(3), size, tree.consistency(3)),
      ),
    },
    transparentStatement: hex(attachReceipts(entry, [receipt])),
    tlogProof: decodeUtf8(tlogProof),
    batch: {
      request: hex(concatBytes(entry, entries[4] ?? entry)),
      response: hex(
        encodeOutcomes([
          { kind: 'logged', id: entryId(hex(sha256(entry))), index, receipt, duplicate: false },
          { kind: 'refused', refusal },
        ]),
      ),
    },
    problem: {
      code: refusal.code,
      cbor: hex(problemCbor(problemOf(refusal))),
      json: problemJson(problemOf(refusal)),
    },
    tilePaths: [
      [0, 0, 256],
      [0, 273, 112],
      [1, 1_234_067, 256],
      [2, 1, 1],
    ].map(([level = 0, n = 0, width = 0]) => ({ level, index: n, width, path: tilePath(level, n, width) })),
    notices: noticeVectors(entries, tree.root(), cosigned),
    declared: declaredVectors(),
    refused: refusedVectors({
      entries,
      tree,
      keys: { statement: signers.agent.publicKey, receipt: signers.receipt.publicKey },
      origin: ORIGIN,
      receipt,
      foreign: encodeInclusionReceipt(foreign, size, index, path),
      protectedBytes,
      signature,
      tlogProof,
      vkey: vkeyOf(logLines[0]),
    }),
  };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await makeVectors(), null, 2)}\n`);
