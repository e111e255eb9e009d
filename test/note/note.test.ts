/** src/note: signed notes, keys, checkpoints, cosignatures, tlog-proof files, add-checkpoint bodies. */
import { deepStrictEqual } from 'node:assert/strict';
import { createPublicKey, hash, verify as verifyNatively } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { digest, leafIndex, treeSize } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64, formatHex, parseHex } from '#src/bytes/text.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from '#src/note/addcheckpoint.ts';
import { checkpointMessage, cosign, formatCheckpoint, openCheckpoint } from '#src/note/checkpoint.ts';
import { originHash, parseCheckpoint, signCheckpoint, type Checkpoint } from '#src/note/checkpoint.ts';
import { cosignatureMessage, cosignSubtree, subtreeMessage } from '#src/note/cosignature.ts';
import { asCosigner, formatKeyId, formatVkey, noteVerifier, parseVkey, signerId } from '#src/note/key.ts';
import { verifierOf, type NoteSigner, type NoteVerifier } from '#src/note/key.ts';
import { appendSignatures, formatNote, formatSignatures, openNote } from '#src/note/note.ts';
import { parseNote, parseSignatures, type SignatureLine } from '#src/note/note.ts';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from '#src/note/tlogproof.ts';
import { policyOfLogs } from '#src/note/trust.ts';
import type { Algorithm, VerifySignature } from '#src/sign/algorithm.ts';
import { hashLeaf, hashNode } from '#src/tree/hash.ts';
import { verifyConsistency } from '#src/tree/verify.ts';
import { verifySubtreeCosignature } from '../support/subtree.ts';
import { seedSigner } from '../support/seed-signer.ts';

/** The code with which a call refuses, or 'accepted'; anything but a Refusal is a failure of the test. */
function verdict(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'accepted';
}

const refused = (t: Test, code: string, call: () => unknown, name = code): void =>
  void t.equal(verdict(call), code, name);

/** Ed25519 by OpenSSL: a faster kernel than noble's, as a server would pass. */
const native: VerifySignature = ({ bytes }, message, signature) => {
  const x = bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verifyNatively(null, message, key, signature);
};

const sha256hex = (bytes: Uint8Array): string => hash('sha256', bytes);
const noteSigner = (name: string, type: 1 | 4 | 6, seed: string): NoteSigner => {
  const algorithm: Algorithm = type === 6 ? 'ml-dsa-44' : 'ed25519';
  return { name, type, signer: seedSigner(algorithm, parseHex(seed)) };
};

// The worked example of C2SP signed-note and the keys of golang.org/x/mod/sumdb/note.
const FOO = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const FOO_TEXT = 'This is an example message.\n';
const FOO_LINE =
  '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const ENOCH = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const CRYPTO_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_LINE =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const ENOCH_LINE =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';

// A log of five entries and its witness: the worked example of spec/.
const LOG = 'log.example/evidence+5830a2a0+ARHj6kNpwoT8Sg1j/tC+SQTiPabrqDfw6mF1wIKLCdid';
const LOG_SEED = '7930aa9ab146621686c92842fd01101d226b3e40e4c39ad0f5fc8ca40aeef90b';
const W1 = 'witness.example/w1+a9695dcd+BMvJTbr7UHWvzAws4MlmbPMcm1WdmzbpyQFgvtlc5I1H';
const W1_SEED = 'a3220ae22bde8e934768a965f2ec74e44eeaf9db8845b011b5d2a92bd4dad717';
const TIME = 1763800000;
const TEXT = 'log.example/evidence\n5\nED+PhOiEPLyKXHcbkrdt17ttU8TPAWu3CAv4dVmqqGY=\n';
const LOG_LINE =
  '— log.example/evidence WDCioF5K8j1UavRyN9iuur9djNeUvuKyfz7ZumsbjGXX34yZU/KEm0t/TYcyPqQAZqWUwALeKfMCP/iTHNnOd08OGgM=\n';
const W1_LINE =
  '— witness.example/w1 qWldzQAAAABpIXPAm2y0d8sfx70qLhg8e0ISLbE/gebZt6o9nnuQsxMo+vwSzMQAxMW+5YH35eGFQo3g9/zVXsO3DHNjiUOm889XBQ==\n';
const SIGNED = `${TEXT}\n${LOG_LINE}${W1_LINE}`;
const CHECKPOINT: Checkpoint = parseCheckpoint(TEXT);
const log = parseVkey(LOG);
const w1 = parseVkey(W1);

const folder = process.env['TALLYSTICK_VECTORS'];
const skip = folder === undefined && 'TALLYSTICK_VECTORS is not set: built-in known answers alone';

t.test('vectors', { skip }, async (t) => {
  const { keys, tree, checkpoint, subtree, add_checkpoint, tlog_proof } = JSON.parse(
    readFileSync(`${folder}/vectors.json`, 'utf8'),
  );
  const logPlain = noteSigner('log.example/evidence', 1, keys.log_ed25519_seed);
  const logPq = noteSigner('log.example/evidence', 6, keys.log_mldsa_seed);
  const signer1 = noteSigner('witness.example/w1', 4, keys.w1_seed);
  const signer2 = noteSigner('witness.example/w2', 6, keys.w2_seed);
  const w2 = verifierOf(signer2);

  t.equal(formatVkey('log.example/evidence', 1, logPlain.signer.publicKey), keys.log_vkey);
  t.equal(formatVkey('witness.example/w1', 4, signer1.signer.publicKey), keys.w1_vkey);
  t.equal(formatHex(parseVkey(keys.log_vkey).key.bytes), keys.log_ed25519_pub);
  t.equal(formatHex(parseVkey(keys.w1_vkey).key.bytes), keys.w1_pub);
  t.equal(formatKeyId(w2.id), keys.w2_keyid);
  t.equal(sha256hex(w2.key.bytes), keys.w2_pub_sha256);
  t.equal(formatKeyId(signerId(logPq)), keys.log_mldsa_keyid);
  t.equal(sha256hex(logPq.signer.publicKey.bytes), keys.log_mldsa_pub_sha256);
  t.same(parseVkey(formatVkey(w2.name, 6, w2.key)), w2);

  t.equal(formatCheckpoint(CHECKPOINT), checkpoint.text);
  const byLog = await signCheckpoint(CHECKPOINT, [logPlain], TIME);
  const line1 = await cosign(CHECKPOINT, signer1, TIME);
  t.equal(decodeUtf8(appendSignatures(byLog, [line1])), checkpoint.signed);
  t.equal(decodeUtf8(cosignatureMessage(TEXT, TIME)), checkpoint.cosig_v1_message);
  t.equal(formatHex(checkpointMessage(CHECKPOINT, w2.name, 6, TIME)), checkpoint.w2_cosigned_message_hex);
  t.equal(checkpointMessage(CHECKPOINT, w2.name, 6, TIME).length, checkpoint.w2_cosigned_message_len);
  t.equal(formatHex(checkpointMessage(CHECKPOINT, log.name, 6, TIME)), checkpoint.log_mldsa_msg_hex);
  const line2 = await cosign(CHECKPOINT, signer2, TIME);
  t.equal(formatSignatures([line2]).length, checkpoint.w2_line_len);
  t.equal(sha256hex(line2.blob.subarray(8)), checkpoint.w2_sig_sha256);
  t.equal(sha256hex(concatBytes(parseHex(keys.w2_keyid), line2.blob)), checkpoint.w2_blob_sha256);

  const pq = readFileSync(`${folder}/checkpoint-pq.txt`);
  t.equal(decodeUtf8(appendSignatures(byLog, [line1, line2])), decodeUtf8(pq), 'signed alike');
  const opened = openCheckpoint(pq, { logKeys: [log], witnessKeys: [w1, w2] });
  t.same(
    opened.cosignatures.map(({ verifier, time }) => [verifier.name, time]),
    [
      ['witness.example/w1', TIME],
      ['witness.example/w2', TIME],
    ],
  );
  const own = await signCheckpoint(CHECKPOINT, [logPlain, logPq], TIME);
  const both = openCheckpoint(own, { logKeys: [log, verifierOf(logPq)] }).logSignatures;
  t.same(
    both.map(({ verifier, time }) => [verifier.type, time]),
    [
      [1, undefined],
      [6, TIME],
    ],
  );

  const [start, end] = subtree.range.split(' ').map(Number);
  const range = { origin: log.name, start, end, hash: digest(Uint8Array.fromBase64(subtree.hash)) };
  t.equal(formatHex(subtreeMessage(w2.name, 0, range)), subtree.msg_hex);
  const line = await cosignSubtree(range, signer2);
  t.equal(sha256hex(line.blob.subarray(8)), subtree.sig_sha256);
  t.equal(verifySubtreeCosignature(range, line, w2), 0);
  t.same(openCheckpoint(SIGNED, { logKeys: [log], witnessKeys: [w2] }).cosignatures, []);

  const asked = parseAddCheckpoint(add_checkpoint.request);
  t.equal(decodeUtf8(formatAddCheckpoint(asked)), add_checkpoint.request);
  t.equal(asked.old, 3);
  const root3 = digest(parseHex(tree.root3));
  verifyConsistency(asked.old, CHECKPOINT.size, asked.proof, root3, CHECKPOINT.root);
  const reply = parseSignatures(add_checkpoint.response);
  t.same(reply, [line1]);
  t.equal(decodeUtf8(appendSignatures(asked.checkpoint, reply)), checkpoint.signed);
  t.equal(originHash(log.name), add_checkpoint.origin_hash);

  const proof = parseTlogProof(tlog_proof);
  t.equal(decodeUtf8(formatTlogProof(proof)), tlog_proof);
  const leaf = digest(parseHex(tree.leaf_hashes[3]));
  const { logSignatures } = verifyTlogProof(proof, leaf, policyOfLogs([log]));
  t.equal(logSignatures.length, 1);
  const other = digest(parseHex(tree.leaf_hashes[2]));
  refused(t, 'proof-failed', () => verifyTlogProof(proof, other, policyOfLogs([log])));
  refused(t, 'proof-failed', () =>
    verifyTlogProof({ ...proof, index: leafIndex(2) }, leaf, policyOfLogs([log])),
  );
});

t.test('keys', async (t) => {
  for (const vkey of [FOO, PETER, ENOCH, LOG, W1]) {
    const { name, type, key } = parseVkey(vkey);
    t.equal(formatVkey(name, type, key), vkey);
  }
  // x/mod's attack: every substring, and every character changed.
  const mangled: string[] = [];
  for (let i = 0; i < PETER.length; i++) {
    for (let j = i + 1; j <= PETER.length; j++) if (j - i < PETER.length) mangled.push(PETER.slice(i, j));
    const next = String.fromCharCode(PETER.charCodeAt(i) + 1);
    mangled.push(PETER.slice(0, i) + next + PETER.slice(i + 1));
  }
  t.same(
    mangled.filter((text) => verdict(() => parseVkey(text)) === 'accepted'),
    [],
  );
  const bad: readonly (readonly [text: string, code: string])[] = [
    ['PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==', 'malformed-key'],
    ['PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'unsupported-algorithm'],
    [PETER.replace('c74f20a3', 'C74F20A3'), 'malformed-key'],
    [PETER.replace('Peter', 'Peter '), 'malformed-key'],
    [PETER.replace('Peter', 'Peter\u00a0'), 'malformed-key'],
    [PETER.replace('Peter', 'Peter\u0001'), 'malformed-key'],
    [PETER.replace('Peter', 'Peter\ud800'), 'malformed-key'],
    [PETER.slice('PeterNeumann'.length), 'malformed-key'],
    [`${PETER}\n`, 'malformed-key'],
    [`${PETER}=`, 'malformed-key'],
    ['x+00000000+', 'malformed-key'],
    ['rekor.sigstore.dev+12345678+AwEB', 'malformed-key'],
  ];
  for (const [text, code] of bad) refused(t, code, () => parseVkey(text), text);
  const zero = { algorithm: 'ed25519', bytes: new Uint8Array(32) } as const;
  refused(t, 'weak-key', () => parseVkey(formatVkey('small.example', 1, zero)));

  // A key published as type 01 that cosigns: same key, other id.
  const published = formatVkey(w1.name, 1, w1.key);
  t.not(parseVkey(published).id, w1.id);
  t.same(asCosigner(parseVkey(published)), w1);
  t.equal(asCosigner(w1), w1);

  const pq = seedSigner('ml-dsa-44', new Uint8Array(32));
  t.equal(noteVerifier('n'.repeat(255), 6, pq.publicKey).name.length, 255);
  refused(t, 'malformed-key', () => noteVerifier('é'.repeat(128), 6, pq.publicKey), '256 bytes');
  refused(t, 'malformed-key', () => noteVerifier('n', 4, pq.publicKey));
  for (const name of ['', 'a b', 'a+b', 'a\n'])
    refused(t, 'malformed-key', () => formatVkey(name, 1, log.key));
  t.throws(() => signerId({ name: 'n', type: 1, signer: pq }), RangeError);
  await t.rejects(cosign(CHECKPOINT, { name: 'n', type: 1, signer: pq }, 0), RangeError);
});

t.test('notes: the published examples', async (t) => {
  const foo = openNote(`${FOO_TEXT}\n${FOO_LINE}`, [parseVkey(FOO)]);
  t.equal(foo.text, FOO_TEXT);
  t.equal(foo.signatures[0]?.verifier.name, 'example.com/foo');
  const peter = parseVkey(PETER);
  const enoch = parseVkey(ENOCH);
  const note = `${CRYPTO_TEXT}\n${PETER_LINE}${ENOCH_LINE}`;
  const names = (verifiers: NoteVerifier[]): string[][] => {
    const { signatures, unknown } = openNote(encodeUtf8(note), verifiers);
    return [signatures.map(({ verifier }) => verifier.name), unknown.map(({ name }) => name)];
  };
  t.same(names([peter]), [['PeterNeumann'], ['EnochRoot']]);
  t.same(names([enoch, peter, enoch]), [['PeterNeumann', 'EnochRoot'], []]);
  refused(t, 'unknown-signer', () => openNote(note, []));
  refused(t, 'unknown-signer', () => openNote(note, [parseVkey(FOO)]));
  // Known by one of name and id only: ignored, not failed.
  const misnamed = PETER_LINE.replace('PeterNeumann', 'CarmenSandiego') + PETER_LINE.replace('x08g', 'xxxx');
  t.equal(openNote(`${CRYPTO_TEXT}\n${misnamed}${PETER_LINE}`, [peter]).unknown.length, 2);
  refused(t, 'unknown-signer', () => openNote(`${CRYPTO_TEXT}\n${misnamed}`, [peter]));
  // A known key's failing line spoils the note, although another verifies; repeats are not looked at.
  const failing = PETER_LINE.replace('9kku', '9kkv').replace('ZJkuBS', 'ZJkvBS');
  t.not(failing, PETER_LINE);
  refused(t, 'unknown-signer', () => openNote(`${CRYPTO_TEXT}\n${ENOCH_LINE}${failing}`, [peter, enoch]));
  refused(t, 'unknown-signer', () => openNote(`${CRYPTO_TEXT}\n${failing}${PETER_LINE}`, [peter]));
  t.equal(openNote(`${CRYPTO_TEXT}\n${PETER_LINE}${failing}`, [peter]).signatures.length, 1);
  const longer = PETER_LINE.slice(0, 60) + 'ABCD' + PETER_LINE.slice(60);
  refused(t, 'unknown-signer', () => openNote(`${CRYPTO_TEXT}\n${longer}`, [peter]));
  const repeated = PETER_LINE.repeat(2) + ENOCH_LINE.repeat(2);
  t.same(openNote(`${CRYPTO_TEXT}\n${repeated}`, [peter]).unknown.length, 1);
  t.equal(openNote(`${CRYPTO_TEXT}\n${PETER_LINE.repeat(100)}`, [peter]).signatures.length, 1);
  // Two keys that share name and id: nobody can tell whose line it is.
  const twin = { ...peter, key: enoch.key };
  refused(t, 'malformed-key', () => openNote(note, [peter, twin]));
  t.throws(() => openNote(SIGNED, [w1]), RangeError, 'cosigners open checkpoints');
  t.equal(parseNote(`a\n\nb\n\n${PETER_LINE}`).text, 'a\n\nb\n', 'split at the last blank line');
  t.equal(parseNote(`\ufeffa\n\n${PETER_LINE}`).text, '\ufeffa\n', 'a BOM is text');
});

t.test('notes: what is malformed', async (t) => {
  const line = PETER_LINE;
  const base64 = line.slice('— PeterNeumann '.length, -1);
  const bad: Record<string, string | Uint8Array> = {
    empty: '',
    'text alone': CRYPTO_TEXT,
    'no signature': `${CRYPTO_TEXT}\n`,
    'no blank line': CRYPTO_TEXT + line,
    'no final newline': `${CRYPTO_TEXT}\n${line.slice(0, -1)}`,
    'control byte': `\u0001${CRYPTO_TEXT}\n${line}`,
    tab: `\t${CRYPTO_TEXT}\n${line}`,
    'carriage return': `${CRYPTO_TEXT}\n${line.replace('\n', '\r\n')}`,
    'bad UTF-8': concatBytes(Uint8Array.of(0xff), encodeUtf8(`${CRYPTO_TEXT}\n${line}`)),
    'overlong UTF-8': concatBytes(Uint8Array.of(0xc0, 0xaf), encodeUtf8(`${CRYPTO_TEXT}\n${line}`)),
    'UTF-8 of a surrogate': concatBytes(
      Uint8Array.of(0xed, 0xa0, 0x80),
      encodeUtf8(`${CRYPTO_TEXT}\n${line}`),
    ),
    'lone surrogate': `\ud800${CRYPTO_TEXT}\n${line}`,
    'another line after': `${CRYPTO_TEXT}\n${line}Unexpected line.\n`,
    'blank line after': `${CRYPTO_TEXT}\n${line}\n`,
    'hyphen for dash': `${CRYPTO_TEXT}\n${line.replace('—', '-')}`,
    'en dash': `${CRYPTO_TEXT}\n${line.replace('—', '–')}`,
    'two spaces': `${CRYPTO_TEXT}\n${line.replace(' x', '  x')}`,
    'trailing space': `${CRYPTO_TEXT}\n${line.replace('\n', ' \n')}`,
    'no name': `${CRYPTO_TEXT}\n— ${base64}\n`,
    'empty name': `${CRYPTO_TEXT}\n—  ${base64}\n`,
    'space in name': `${CRYPTO_TEXT}\n${line.replace('PeterN', 'Peter N')}`,
    'no-break space in name': `${CRYPTO_TEXT}\n${line.replace('PeterN', 'Peter\u00a0N')}`,
    'next line in name': `${CRYPTO_TEXT}\n${line.replace('PeterN', 'Peter\u0085N')}`,
    'plus in name': `${CRYPTO_TEXT}\n${line.replace('PeterN', 'Peter+N')}`,
    'no signature bytes': `${CRYPTO_TEXT}\n— PeterNeumann \n`,
    'key id alone': `${CRYPTO_TEXT}\n— PeterNeumann x08gow==\n`,
    'three bytes': `${CRYPTO_TEXT}\n— PeterNeumann x08g\n`,
    'base64 unpadded': `${CRYPTO_TEXT}\n${line.replace('=', '')}`,
    'base64 url-safe': `${CRYPTO_TEXT}\n${line.replaceAll('/', '_')}`,
    'base64 stray bits': `${CRYPTO_TEXT}\n${line.replace('AM=', 'AN=')}`,
    'base64 with a tab': `${CRYPTO_TEXT}\n${line.replace('x08', 'x0\t8')}`,
    '101 signatures': `${CRYPTO_TEXT}\n${line.repeat(101)}`,
    'malformed beside good': `${CRYPTO_TEXT}\n${line}— EnochRoot A===\n`,
  };
  for (const [name, note] of Object.entries(bad)) {
    refused(t, 'malformed-note', () => openNote(note, [parseVkey(PETER)]), name);
  }
  refused(t, 'too-large', () => parseNote(new Uint8Array(1_000_001)));
  refused(t, 'too-large', () => parseNote('x'.repeat(1_000_001)));

  const lines = parseSignatures(line);
  t.throws(() => formatNote('no newline', lines), RangeError);
  t.throws(() => formatNote('tab\t\n', lines), RangeError);
  t.throws(() => formatNote('text\n', []), RangeError);
  t.throws(() => formatNote('text\n', [{ name: 'a b', id: 1, blob: Uint8Array.of(1) }]), RangeError);
  t.throws(() => formatNote('text\n', [{ name: 'ab', id: 1, blob: new Uint8Array(0) }]), RangeError);
  refused(t, 'malformed-note', () => parseSignatures(''));
});

/** Signature lines of as many different keys. */
const many = (n: number): SignatureLine[] =>
  Array.from({ length: n }, (_, id) => ({ name: 'x', id, blob: Uint8Array.of(1) }));

t.test('appending signatures', async (t) => {
  const base = `${TEXT}\n${LOG_LINE}`;
  const reply = parseSignatures(W1_LINE);
  t.equal(decodeUtf8(appendSignatures(base, reply)), SIGNED);
  t.equal(decodeUtf8(appendSignatures(SIGNED, reply)), SIGNED, 'a repeat is left out');
  const usurper = [{ name: log.name, id: log.id, blob: Uint8Array.of(1) }];
  t.equal(decodeUtf8(appendSignatures(SIGNED, usurper)), SIGNED, "the log's own line stays");
  t.equal(parseNote(appendSignatures(SIGNED, many(98))).lines.length, 100);
  refused(t, 'malformed-note', () => appendSignatures(SIGNED, many(99)));
});

t.test('checkpoints: texts', async (t) => {
  const root = formatBase64(CHECKPOINT.root);
  const good: Record<string, string> = {
    plain: TEXT,
    'empty tree': `x\n0\n${root}\n`,
    'largest size': `x\n9007199254740991\n${root}\n`,
    'odd origin': `an origin + with spaces é\n5\n${root}\n`,
    extensions: `x\n5\n${root}\none\ntwo three\n`,
  };
  for (const [name, text] of Object.entries(good))
    t.equal(formatCheckpoint(parseCheckpoint(text)), text, name);
  t.same(parseCheckpoint(good['extensions'] ?? '').extensions, ['one', 'two three']);
  const bad: Record<string, string> = {
    empty: '',
    'a newline': '\n',
    'two lines': 'Head\n9944\n',
    'no final newline': `x\n5\n${root}`,
    'empty origin': `\n5\n${root}\n`,
    'empty size': `x\n\n${root}\n`,
    'empty root': 'x\n5\n\n',
    'empty extension': `x\n5\n${root}\n\n`,
    'size 05': `x\n05\n${root}\n`,
    'size +5': `x\n+5\n${root}\n`,
    'size -5': `x\n-5\n${root}\n`,
    'size 0x5': `x\n0x5\n${root}\n`,
    'size 5.0': `x\n5.0\n${root}\n`,
    'size 5e0': `x\n5e0\n${root}\n`,
    'size in other digits': `x\n٥\n${root}\n`,
    'size with space': `x\n5 \n${root}\n`,
    'size 2^53': `x\n9007199254740992\n${root}\n`,
    'size 2^64': `x\n18446744073709551616\n${root}\n`,
    'root of 31 bytes': `x\n5\n${formatBase64(new Uint8Array(31))}\n`,
    'root of 33 bytes': `x\n5\n${formatBase64(new Uint8Array(33))}\n`,
    'root in hex': `x\n5\n${formatHex(CHECKPOINT.root)}\n`,
    'root unpadded': `x\n5\n${root.slice(0, -1)}\n`,
    'root with stray bits': `x\n5\n${root.replace('qGY=', 'qGZ=')}\n`,
    'control byte': `x\u0007\n5\n${root}\n`,
  };
  for (const [name, text] of Object.entries(bad)) {
    refused(t, 'malformed-checkpoint', () => parseCheckpoint(text), name);
    const note = `${text}\n${LOG_LINE}`;
    t.match(
      verdict(() => openCheckpoint(note, { logKeys: [log] })),
      /^malformed-(note|checkpoint)$/,
      name,
    );
  }
  t.throws(() => formatCheckpoint({ ...CHECKPOINT, origin: '' }), RangeError);
  t.throws(() => formatCheckpoint({ ...CHECKPOINT, origin: 'a\nb' }), RangeError);
  t.throws(() => formatCheckpoint({ ...CHECKPOINT, extensions: [''] }), RangeError);
});

t.test('checkpoints: the worked example', async (t) => {
  const signer = noteSigner(log.name, 1, LOG_SEED);
  const witness = noteSigner(w1.name, 4, W1_SEED);
  const signed = await signCheckpoint(CHECKPOINT, [signer], TIME);
  t.equal(decodeUtf8(signed), `${TEXT}\n${LOG_LINE}`);
  t.equal(formatSignatures([await cosign(CHECKPOINT, witness, TIME)]), W1_LINE);
  await t.rejects(signCheckpoint({ ...CHECKPOINT, extensions: ['x'] }, [signer], TIME), RangeError);
  await t.rejects(cosign(CHECKPOINT, witness, 1.5), RangeError);
  await t.rejects(cosign(CHECKPOINT, witness, -1), RangeError);

  const opened = openCheckpoint(SIGNED, { logKeys: [log], witnessKeys: [w1] });
  t.same(opened.checkpoint, CHECKPOINT);
  t.equal(opened.text, TEXT);
  t.same(
    opened.logSignatures.map(({ verifier }) => verifier),
    [log],
  );
  t.same(
    opened.cosignatures.map(({ verifier, time }) => [verifier, time]),
    [[w1, TIME]],
  );
  t.same(opened.unknown, []);
  t.same(openCheckpoint(SIGNED, { logKeys: [log] }).unknown, parseSignatures(W1_LINE));

  const open = (keys: Parameters<typeof openCheckpoint>[1], note = SIGNED) =>
    verdict(() => openCheckpoint(note, keys));
  t.equal(open({ logKeys: [log], origin: log.name }), 'accepted');
  t.equal(open({ logKeys: [log], origin: 'other.example' }), 'unknown-signer');
  t.equal(open({ logKeys: [] }), 'unknown-signer');
  t.equal(open({ logKeys: [], witnessKeys: [w1] }), 'unknown-signer', 'a witness cannot speak for the log');
  t.equal(open({ logKeys: [w1] }), 'malformed-key');
  t.equal(open({ logKeys: [log], witnessKeys: [log] }), 'malformed-key');
  t.equal(
    open({ logKeys: [log], witnessKeys: [{ ...w1, key: log.key }] }),
    'unknown-signer',
    'known key fails',
  );
  // Another log's key signs for its own origin only, unless the caller says that it speaks for this one.
  const foreign = noteSigner('other.example/log', 1, W1_SEED);
  const byOther = decodeUtf8(await signCheckpoint(CHECKPOINT, [foreign], TIME));
  t.equal(open({ logKeys: [log, verifierOf(foreign)] }, byOther), 'unknown-signer');
  t.equal(open({ logKeys: [verifierOf(foreign)], origin: log.name }, byOther), 'accepted');

  // Timestamps: 2^53-1 is read, beyond is refused, whatever the signature.
  const late = await cosign(CHECKPOINT, witness, Number.MAX_SAFE_INTEGER);
  const lateNote = appendSignatures(`${TEXT}\n${LOG_LINE}`, [late]);
  t.equal(
    openCheckpoint(lateNote, { logKeys: [log], witnessKeys: [w1] }).cosignatures[0]?.time,
    Number.MAX_SAFE_INTEGER,
  );
  for (const prefix of ['0020000000000000', '7fffffffffffffff', 'ffffffffffffffff']) {
    const line = { ...late, blob: concatBytes(parseHex(prefix), late.blob.subarray(8)) };
    const note = decodeUtf8(appendSignatures(`${TEXT}\n${LOG_LINE}`, [line]));
    t.equal(open({ logKeys: [log], witnessKeys: [w1] }, note), 'unknown-signer', prefix);
  }
  const short = { ...late, blob: late.blob.subarray(0, 71) };
  const shortNote = decodeUtf8(appendSignatures(`${TEXT}\n${LOG_LINE}`, [short]));
  t.equal(open({ logKeys: [log], witnessKeys: [w1] }, shortNote), 'unknown-signer', 'short blob');

  // Extension lines of another log: covered by Ed25519 lines.
  const extended: Checkpoint = { ...CHECKPOINT, extensions: ['more'] };
  const lines = [await cosign(extended, signer, TIME), await cosign(extended, witness, TIME)];
  const note = decodeUtf8(formatNote(formatCheckpoint(extended), lines));
  t.equal(open({ logKeys: [log], witnessKeys: [w1] }, note), 'accepted');
  t.equal(open({ logKeys: [log] }, note.replace('more', 'mere')), 'unknown-signer');
  t.equal(open({ logKeys: [log] }, note.replace('more\n', '')), 'unknown-signer');
});

t.test('checkpoints: every bit flipped', async (t) => {
  const original = encodeUtf8(SIGNED);
  const keys = { logKeys: [log], witnessKeys: [w1], verify: native };
  const dropped = new Set<string>();
  for (let i = 0; i < original.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = original.slice();
      flipped[i] = (flipped[i] ?? 0) ^ (1 << bit);
      try {
        const { text, cosignatures, unknown } = openCheckpoint(flipped, keys);
        if (text !== TEXT || cosignatures.length !== 0 || unknown.length !== 1)
          t.fail(`byte ${i} bit ${bit}`);
        dropped.add('w1');
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
  }
  t.ok(dropped.has('w1'), 'at most, the witness became a stranger');
});

t.test('ML-DSA-44 cosignatures', async (t) => {
  const signer = noteSigner('witness.example/w2', 6, '02'.repeat(32));
  const w2 = verifierOf(signer);
  const logSigner = noteSigner(log.name, 1, LOG_SEED);
  const line = await cosign(CHECKPOINT, signer, TIME);
  t.equal(line.blob.length, 2428);
  const note = appendSignatures(SIGNED, [line]);
  const keys = { logKeys: [log], witnessKeys: [w2] };
  t.equal(openCheckpoint(note, keys).cosignatures[0]?.time, TIME);
  for (const at of [7, 8, 2427]) {
    const blob = line.blob.slice();
    blob[at] = (blob[at] ?? 0) ^ 1;
    const forged = appendSignatures(SIGNED, [{ ...line, blob }]);
    refused(t, 'unknown-signer', () => openCheckpoint(forged, keys), `byte ${at}`);
  }
  // The name is signed: the same key under another name says nothing.
  const renamed = noteVerifier('witness.example/w3', 6, w2.key);
  const moved = appendSignatures(SIGNED, [{ ...line, name: renamed.name, id: renamed.id }]);
  refused(t, 'unknown-signer', () => openCheckpoint(moved, { ...keys, witnessKeys: [renamed] }));
  // Extension lines are not covered, but the log's own Ed25519 line covers them.
  const extended: Checkpoint = { ...CHECKPOINT, extensions: ['more'] };
  const both = formatNote(formatCheckpoint(extended), [await cosign(extended, logSigner, 0), line]);
  t.equal(openCheckpoint(both, keys).cosignatures.length, 1);

  // An origin over 255 bytes has a checkpoint, and no ML-DSA-44 cosignature.
  const long: Checkpoint = { ...CHECKPOINT, origin: 'o'.repeat(256) };
  await t.rejects(cosign(long, signer, TIME), { code: 'malformed-checkpoint' });
  const longNote = formatNote(formatCheckpoint(long), [line]);
  refused(t, 'malformed-checkpoint', () => openCheckpoint(longNote, keys));

  const range = { origin: log.name, start: 2, end: 4, hash: CHECKPOINT.root };
  const part = await cosignSubtree(range, signer);
  t.equal(verifySubtreeCosignature(range, part, w2), 0);
  const whole = { origin: log.name, start: 0, end: 5, hash: CHECKPOINT.root };
  t.equal(verifySubtreeCosignature(whole, line, w2), TIME, "a checkpoint's cosignature is its tree's");
  const failures: Record<string, () => unknown> = {
    'other range': () => verifySubtreeCosignature({ ...range, end: 3 }, part, w2),
    'other origin': () => verifySubtreeCosignature({ ...range, origin: 'x' }, part, w2),
    'other hash': () => verifySubtreeCosignature({ ...range, hash: hashLeaf(parseHex('')) }, part, w2),
    'other name': () => verifySubtreeCosignature(range, { ...part, name: 'x' }, w2),
    'other key': () => verifySubtreeCosignature(range, { ...part, id: 1 }, w2),
    'other type': () => verifySubtreeCosignature(range, part, w1),
    'time with a start': () => verifySubtreeCosignature({ ...whole, start: 4 }, line, w2),
    'wrong length': () => verifySubtreeCosignature(range, { ...part, blob: part.blob.subarray(1) }, w2),
  };
  for (const [name, call] of Object.entries(failures)) refused(t, 'unknown-signer', call, name);
  await t.rejects(cosignSubtree(range, noteSigner('w', 4, W1_SEED)), RangeError);
  t.throws(() => subtreeMessage('w', 1, range), RangeError, 'start ≠ 0 has no time');
  t.throws(() => subtreeMessage('w', 0, { ...range, end: 1 }), RangeError);
});

const H = formatBase64(CHECKPOINT.root);

t.test('tlog-proof files', async (t) => {
  const leaf = hashLeaf(encodeUtf8('entry'));
  const sibling = hashLeaf(encodeUtf8('other'));
  const checkpoint: Checkpoint = { ...CHECKPOINT, size: treeSize(2), root: hashNode(sibling, leaf) };
  const signed = await signCheckpoint(checkpoint, [noteSigner(log.name, 1, LOG_SEED)], TIME);
  const proof = { index: leafIndex(1), path: [sibling], checkpoint: signed };
  const policy = policyOfLogs([log]);
  t.same(verifyTlogProof(parseTlogProof(formatTlogProof(proof)), leaf, policy).checkpoint, checkpoint);
  const single = { ...checkpoint, size: treeSize(1), root: leaf };
  const alone = await signCheckpoint(single, [noteSigner(log.name, 1, LOG_SEED)], TIME);
  verifyTlogProof(
    parseTlogProof(formatTlogProof({ index: leafIndex(0), path: [], checkpoint: alone })),
    leaf,
    policy,
  );
  const extra = { ...proof, extra: Uint8Array.of(1, 2, 3) };
  t.same(parseTlogProof(formatTlogProof(extra)), extra);
  t.same(parseTlogProof(formatTlogProof({ ...proof, extra: new Uint8Array(0) })), proof, 'nothing extra');
  const failures: Record<string, [string, () => unknown]> = {
    'other leaf': ['proof-failed', () => verifyTlogProof(proof, sibling, policy)],
    'other index': ['proof-failed', () => verifyTlogProof({ ...proof, index: leafIndex(0) }, leaf, policy)],
    'index beyond': ['proof-failed', () => verifyTlogProof({ ...proof, index: leafIndex(2) }, leaf, policy)],
    'path dropped': ['proof-failed', () => verifyTlogProof({ ...proof, path: [] }, leaf, policy)],
    'path doubled': [
      'proof-failed',
      () => verifyTlogProof({ ...proof, path: [sibling, sibling] }, leaf, policy),
    ],
    'other log': ['unknown-signer', () => verifyTlogProof(proof, leaf, policyOfLogs([parseVkey(FOO)]))],
    'no log': ['unknown-signer', () => verifyTlogProof(proof, leaf, policyOfLogs([]))],
  };
  for (const [name, [code, call]] of Object.entries(failures)) refused(t, code, call, name);

  const head = 'c2sp.org/tlog-proof@v1\n';
  const good = `${head}extra AQID\nindex 3\n${H}\n\n${SIGNED}`;
  t.equal(decodeUtf8(formatTlogProof(parseTlogProof(good))), good);
  const bad: Record<string, string> = {
    empty: '',
    'no header': good.slice(head.length),
    'other version': good.replace('@v1', '@v2'),
    'no index': `${head}\n${SIGNED}`,
    'no index but a hash': `${head}${H}\n\n${SIGNED}`,
    'index first': `${head}index 3\nextra AQID\n${H}\n\n${SIGNED}`,
    'two extras': `${head}extra AQID\nextra AQID\nindex 3\n${H}\n\n${SIGNED}`,
    'empty extra': `${head}extra \nindex 3\n${H}\n\n${SIGNED}`,
    'extra not base64': `${head}extra A-ID\nindex 3\n${H}\n\n${SIGNED}`,
    'index 03': `${head}index 03\n${H}\n\n${SIGNED}`,
    'index -3': `${head}index -3\n${H}\n\n${SIGNED}`,
    'index x': `${head}index x\n${H}\n\n${SIGNED}`,
    'index 2^53': `${head}index 9007199254740992\n${H}\n\n${SIGNED}`,
    'index with two spaces': `${head}index  3\n${H}\n\n${SIGNED}`,
    'hash of 64 bytes': `${head}index 3\n${formatBase64(new Uint8Array(64))}\n\n${SIGNED}`,
    'hash not base64': `${head}index 3\n!!notbase64!!\n\n${SIGNED}`,
    '64 hashes': `${head}index 3\n${`${H}\n`.repeat(64)}\n${SIGNED}`,
    'carriage return': good.replace('index 3\n', 'index 3\r\n'),
  };
  for (const [name, text] of Object.entries(bad))
    refused(t, 'malformed-proof', () => parseTlogProof(text), name);
  const longest = `${head}index 3\n${`${H}\n`.repeat(63)}\n${SIGNED}`;
  t.equal(parseTlogProof(longest).path.length, 63);
  refused(t, 'malformed-note', () => parseTlogProof(`${head}index 3\n${H}\n\n`), 'no checkpoint');
  refused(t, 'malformed-checkpoint', () => parseTlogProof(`${head}index 3\n\na\n\n${LOG_LINE}`));
  refused(t, 'malformed-note', () => parseTlogProof(`${head}index 3\n${H}\n\n${TEXT}`), 'unsigned');
  t.throws(() => formatTlogProof({ ...proof, path: Array.from({ length: 64 }, () => leaf) }), RangeError);
});

t.test('add-checkpoint bodies', async (t) => {
  const signed = `${TEXT}\n${LOG_LINE}`;
  const good = `old 3\n${H}\n${H}\n\n${signed}`;
  const asked = parseAddCheckpoint(encodeUtf8(good));
  t.same([asked.old, asked.proof.length, decodeUtf8(asked.checkpoint)], [3, 2, signed]);
  t.equal(decodeUtf8(formatAddCheckpoint(asked)), good);
  t.equal(parseAddCheckpoint(`old 0\n\n${signed}`).proof.length, 0);
  t.equal(
    parseAddCheckpoint(`old 6\n\n${signed}`).old,
    6,
    'larger than the checkpoint: for the witness to judge',
  );
  const bad: Record<string, string> = {
    empty: '',
    'no old': `${H}\n\n${signed}`,
    'no blank line': 'old 3\n',
    'old 03': `old 03\n\n${signed}`,
    'old +3': `old +3\n\n${signed}`,
    'old nothing': `old \n\n${signed}`,
    'Old 3': `Old 3\n\n${signed}`,
    'old 2^53': `old 9007199254740992\n\n${signed}`,
    '64 hashes': `old 3\n${`${H}\n`.repeat(64)}\n${signed}`,
    'short hash': `old 3\n${H.slice(4)}\n\n${signed}`,
    'blank first': `\n${good}`,
  };
  for (const [name, body] of Object.entries(bad))
    refused(t, 'bad-request', () => parseAddCheckpoint(body), name);
  refused(t, 'malformed-note', () => parseAddCheckpoint(`old 3\n\n${TEXT}`));
  refused(t, 'malformed-checkpoint', () => parseAddCheckpoint(`old 3\n\nx\ny\n${H}\n\n${LOG_LINE}`));
  refused(t, 'too-large', () => parseAddCheckpoint(new Uint8Array(1_000_001)));
});

t.test('properties', async (t) => {
  const readers: Record<string, (input: Uint8Array) => unknown> = {
    vkey: (input) => parseVkey(new TextDecoder().decode(input)),
    note: (input) => openNote(input, [parseVkey(FOO)]),
    checkpoint: (input) => openCheckpoint(input, { logKeys: [log], witnessKeys: [w1], verify: native }),
    proof: (input) => parseTlogProof(input),
    request: (input) => parseAddCheckpoint(input),
    signatures: (input) => parseSignatures(input),
  };
  const valid: Record<string, string> = {
    vkey: LOG,
    note: `${FOO_TEXT}\n${FOO_LINE}`,
    checkpoint: SIGNED,
    proof: `c2sp.org/tlog-proof@v1\nextra AQID\nindex 3\n${H}\n${H}\n\n${SIGNED}`,
    request: `old 3\n${H}\n\n${SIGNED}`,
    signatures: LOG_LINE + W1_LINE,
  };
  const position = fc.nat(1_000);
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc.constantFrom('\n', '\n\n', ' ', '—', '+', '=', '0', 'old ', 'index ', 'extra ').map(encodeUtf8),
  );
  for (const [name, read] of Object.entries(readers)) {
    const seed = encodeUtf8(valid[name] ?? '');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (input) => void verdict(() => read(input))));
    // Cut, paste and overwrite somewhere in a valid text.
    const mutated = fc.tuple(position, fc.nat(8), piece).map(([at, length, bytes]) => {
      const from = at % seed.length;
      return concatBytes(seed.subarray(0, from), bytes, seed.subarray(from + length));
    });
    fc.assert(
      fc.property(mutated, (input) => void verdict(() => read(input))),
      { numRuns: 300 },
    );
    t.pass(`${name}: only refusals`);
  }

  // What is accepted prints back to itself, byte by byte.
  const name = fc.stringMatching(/^[a-z./é]{1,12}$/);
  const lines = fc.array(
    fc.record(
      { name, id: fc.nat(0xffffffff), blob: fc.uint8Array({ minLength: 1, maxLength: 80 }) },
      { noNullPrototype: true },
    ),
    { minLength: 1, maxLength: 5 },
  );
  const printable = fc.stringMatching(/^[ -~é—]{1,30}$/);
  const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(digest);
  const checkpoint = fc.record(
    {
      origin: printable,
      size: fc.maxSafeNat().map(treeSize),
      root: hashes,
      extensions: fc.array(printable, { maxLength: 2 }),
    },
    { noNullPrototype: true },
  );
  const extra = fc.option(fc.uint8Array({ minLength: 1, maxLength: 9 }), { nil: undefined });
  fc.assert(
    fc.property(
      checkpoint,
      lines,
      fc.array(hashes, { maxLength: 4 }),
      fc.maxSafeNat(),
      extra,
      (c, l, path, n, x) => {
        const text = formatCheckpoint(c);
        deepStrictEqual(parseCheckpoint(text), c);
        const note = formatNote(text, l);
        const parsed = parseNote(note);
        deepStrictEqual([parsed.text, parsed.lines.length], [text, l.length]);
        deepStrictEqual(formatNote(parsed.text, parsed.lines), note);
        const proof = { index: leafIndex(n), path, checkpoint: note, ...(x && { extra: x }) };
        deepStrictEqual(parseTlogProof(formatTlogProof(proof)), proof);
        const asked = { old: treeSize(n), proof: path, checkpoint: note };
        deepStrictEqual(parseAddCheckpoint(formatAddCheckpoint(asked)), asked);
      },
    ),
    { numRuns: 50 },
  );
  t.pass('what is accepted prints back to itself');
});
