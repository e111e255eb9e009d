/**
 * What a user of the packed library writes: checks what is genuine, tries what is forged, and reports. Bundled and run by
 * test/system/packed.test.ts, which puts `vectors.js` (spec/vectors.json) beside it. It uses nothing that Node 20 lacks.
 */
import {
  decodeCoseKey,
  decodeReceipt,
  decodeStatement,
  entryBytes,
  hashLeaf,
  parseStatement,
  parseTlogProof,
  parseTrustPolicy,
  Refusal,
  verifyReceipt,
  verifyStatement,
  verifyTlogProof,
} from 'tallystick';
import vectors from './vectors.js';

const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (two) => Number.parseInt(two, 16));
const keyOf = (wanted) =>
  decodeCoseKey(bytesOf(vectors.keys.find(({ name }) => name === wanted).coseKey)).key;
const entries = vectors.entries.map(({ entry }) => bytesOf(entry));

/** The bytes with one bit of their last byte turned: signatures are last. */
const forged = (bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));

const policy = parseTrustPolicy(vectors.cosigned.trustPolicy);
const proof = (text, entry) => verifyTlogProof(parseTlogProof(text), hashLeaf(entry), policy);
const receipt = (bytes, entry, log = vectors.origin) =>
  verifyReceipt(decodeReceipt(bytes), entry, { log, key: keyOf('receipt') });
const statement = (bytes, signer) => {
  const decoded = decodeStatement(bytes);
  verifyStatement(decoded, keyOf(signer));
  parseStatement(entryBytes(decoded.sign1));
};

/** The third signature line of the checkpoint is the witness's: without it the quorum is not met. */
const unwitnessed = vectors.cosigned.note
  .split('\n')
  .filter((line) => !line.includes('witness.'))
  .join('\n');
const header = vectors.tlogProof.slice(0, vectors.tlogProof.indexOf('\n\n') + 2);
const cosigned = header + vectors.cosigned.note;
const turn = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
const genuine = bytesOf(vectors.receipt.receipt);

const CASES = {
  'a cosigned proof': () => proof(cosigned, entries[3]),
  'a receipt (Ed25519)': () => receipt(genuine, entries[3]),
  'a statement (Ed25519)': () => statement(entries[1], 'author'),
  'a statement (P-256)': () => statement(entries[4], 'submitter'),
  'a proof of another entry': () => proof(cosigned, entries[2]),
  'a proof with a forged signature of the log': () =>
    proof(turn(cosigned, cosigned.indexOf('— log.example') + 80), entries[3]),
  'a proof without its witness': () => proof(header + unwitnessed, entries[3]),
  'a receipt with a forged signature': () => receipt(forged(genuine), entries[3]),
  'a receipt of another entry': () => receipt(genuine, entries[2]),
  'a receipt of another log': () => receipt(genuine, entries[3], 'log.example/other'),
  'a forged statement (Ed25519)': () => statement(forged(entries[1]), 'author'),
  'a forged statement (P-256)': () => statement(forged(entries[4]), 'submitter'),
};

const report = Object.entries(CASES).map(([what, check]) => {
  try {
    check();
    return [what, 'VERIFIED'];
  } catch (error) {
    return [what, error instanceof Refusal ? error.code : String(error)];
  }
});
const text = JSON.stringify(report);
if (typeof document === 'undefined') console.log(text);
else await fetch('report', { method: 'POST', body: text });
