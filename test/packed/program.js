/**
 * What a user of the packed libraries writes: checks what is genuine, tries what is forged, and reports. Bundled and run by
 * test/system/packed.test.ts, which puts `vectors.js` (spec/vectors.json), `audited.js` (a bundle) and `recording.js` (record.ts) beside it. It
 * uses nothing that Node 20 lacks.
 */
import { Refusal as VerifyRefusal, parseTrustPolicy as parsePolicy } from '@tallystick/verify';
import { appraiseSubject } from '@tallystick/verify/appraisal';
import { verifyBundle } from '@tallystick/verify/audit';
import { openClient } from '@tallystick/verify/client';
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
import bundle from './audited.js';
import recording from './recording.js';
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

const zip = Uint8Array.from(atob(bundle.zip), (each) => each.charCodeAt(0));
const reader = {
  policy: parsePolicy(new TextEncoder().encode(bundle.policy)),
  everyAlgorithm: false,
  receiptKeys: [],
};
const verdictOn = async (bytes, options) => {
  const { result, checks, histories } = await verifyBundle(bytes, options);
  const { name } = checks.findLast(({ outcome }) => outcome === 'failed') ?? {};
  return [
    result,
    name ?? null,
    histories.flatMap(({ claims }) => claims.map(({ figures }) => figures.failed)),
  ];
};
report.push(['a bundle', await verdictOn(zip, { trust: reader })]);
report.push(['a bundle without a policy', await verdictOn(zip, {})]);
report.push([
  'a bent bundle',
  await verdictOn(
    zip.map((byte, at) => (at === 5000 ? byte ^ 1 : byte)),
    { trust: reader },
  ),
]);

/** The log as it was recorded; what was not asked then is not there. `bend`: changes the bytes of an answer. */
const served =
  (bend = (_, bytes) => bytes) =>
  async (input) => {
    const { pathname, search } = new URL(input);
    const answer = recording.answers[pathname + search];
    if (answer === undefined) return new Response('', { status: 404 });
    const bytes = Uint8Array.from(atob(answer.body), (each) => each.charCodeAt(0));
    const headers = { 'content-type': answer.type };
    return new Response(bend(pathname, bytes), { status: answer.status, headers });
  };

const trust = {
  policy: parsePolicy(new TextEncoder().encode(recording.policy)),
  everyAlgorithm: false,
  receiptKeys: [],
};
async function verdicts(fetch) {
  const client = openClient({ log: recording.log, trust, fetch, now: () => recording.now });
  const snapshot = await client.snapshot();
  const status = appraiseSubject(await snapshot.subject(recording.subject), snapshot.context);
  return status.claims.map(({ claim, verdict, evidence }) => [claim.id, verdict, evidence]);
}
/** One bit of the last byte: the end of an entry, or of a signature. */
const bent = (part) => served((path, bytes) => (path.includes(part) ? forged(bytes) : bytes));

for (const [what, fetch] of [
  ['verdicts', served()],
  ['verdicts of bent entries', bent('/tile/entries/')],
  ['verdicts of a bent checkpoint', bent('/checkpoint')],
]) {
  if (recording.log === undefined) break;
  const came = await verdicts(fetch).catch((error) =>
    error instanceof VerifyRefusal ? error.code : String(error.stack ?? error),
  );
  report.push([what, came]);
}
const text = JSON.stringify(report);
if (typeof document === 'undefined') console.log(text);
else await fetch('report', { method: 'POST', body: text });
