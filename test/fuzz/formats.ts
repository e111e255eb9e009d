/** The formats that strangers write: CBOR, COSE, statements, the tree's files, signed notes, incidents. */
import fc from 'fast-check';
import { encodeCbor, decodeCbor } from '../../src/bytes/cbor.ts';
import * as strict from '../../src/bytes/text.ts';
import { decodeCoseKey, decodeKeySet } from '../../src/cose/key.ts';
import { decodeReceipt } from '../../src/cose/receipt.ts';
import { decodeHeaders, decodeSign1, encodeSign1 } from '../../src/cose/sign1.ts';
import { decodeStatement } from '../../src/cose/statement.ts';
import { attachReceipts, detachReceipts } from '../../src/cose/transparent.ts';
import { parseReceiptKeys, parseVkeys } from '../../src/client/trust.ts';
import { formatIncident, type Evidence } from '../../src/incident/incident.ts';
import { readOrNothing } from '../../src/incident/judge.ts';
import { parseIncident } from '../../src/incident/parse.ts';
import { parseJson, type JsonValue } from '../../src/bytes/json.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { formatCheckpoint, parseCheckpoint } from '../../src/note/checkpoint.ts';
import { decodeTimed, encodeTimed } from '../../src/note/cosignature.ts';
import { formatVkey, parseVkey } from '../../src/note/key.ts';
import { parseLogList } from '../../src/note/loglist.ts';
import { formatNote, formatSignatures, parseNote, parseSignatures } from '../../src/note/note.ts';
import { parseSignSubtree } from '../../src/note/signsubtree.ts';
import { formatTlogProof, parseTlogProof } from '../../src/note/tlogproof.ts';
import { openWitnessed } from '../../src/registration/notices.ts';
import { openTrusted, parseTrustPolicy } from '../../src/note/trust.ts';
import { readEntry } from '../../src/registration/replay.ts';
import { formatTime, parseTime } from '../../src/bytes/time.ts';
import { parseDate } from '../../src/registration/time.ts';
import { parseRetryAfter } from '../../src/client/patience.ts';
import { STATEMENT_KINDS } from '../../src/statement/kinds.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import * as payloads from '../../src/statement/payload.ts';
import { decodeBundle, encodeBundle } from '../../src/tree/bundle.ts';
import { bundlePath, parseTilePath, tilePath } from '../../src/tree/tile.ts';
import { chooseVerifier } from '../../src/workers/kernels.ts';
import { incidentOf } from '../support/incident-examples.ts';
import * as arbitrary from '../support/statement-arbitraries.ts';
import { mutate, mutateCbor, type Random } from './random.ts';
import { asText, hex, json, text, type Json, type Target } from './target.ts';
import { formatSignSubtree, parseSubtreeReply } from '../support/subtree.ts';

const vectors = json('spec/vectors.json');
const hexes = (path: (each: Json) => string, list: Json[]): Uint8Array[] =>
  list.flatMap((each) => (typeof path(each) === 'string' ? [hex(path(each))] : []));
const refused: Uint8Array[] = hexes((each) => each.hex, vectors.refused);
const entries = hexes((each) => each.entry, vectors.entries);
const some = <T>(of: fc.Arbitrary<T>, encode: (value: T) => Uint8Array): Uint8Array[] =>
  fc.sample(of, { seed: 10, numRuns: 12 }).map(encode);
/** Payloads of every kind: those of the vectors, and others in which each field is there at times. */
const payloadSeeds: Readonly<Record<string, Uint8Array[]>> = {
  policy: some(arbitrary.policies, payloads.encodePolicy),
  commitment: [
    ...some(arbitrary.declarations, payloads.encodeCommitment),
    ...some(arbitrary.withdrawals, payloads.encodeCommitment),
  ],
  approval: some(arbitrary.approvals, payloads.encodeApproval),
  proof: [
    ...some(arbitrary.proofs, payloads.encodeProof),
    ...some(arbitrary.heartbeats, payloads.encodeProof),
  ],
  notice: some(arbitrary.notices, payloads.encodeNotice),
  waiver: some(arbitrary.waivers, payloads.encodeWaiver),
  deployment: some(arbitrary.deployments, payloads.encodeDeployment),
  other: [text('anything')],
};
const receipts = [hex(vectors.receipt.receipt), hex(vectors.consistencyReceipt.receipt)];
const cose = [...entries, ...receipts, hex(vectors.transparentStatement), ...refused];

/** Half the inputs keep to CBOR's form, so that they come as far as the fields. */
const either = (random: Random, seeds: readonly Uint8Array[]) =>
  random.below(2) === 0 ? mutate(random, seeds) : mutateCbor(random, seeds);

/** A payload printed again by its kind. */
function reprint(payload: payloads.Payload): Uint8Array | undefined {
  switch (payload.kind) {
    case 'commitment':
      return payloads.encodeCommitment(payload.commitment);
    case 'approval':
      return payloads.encodeApproval(payload.approval);
    case 'proof':
      return payloads.encodeProof(payload.proof);
    case 'notice':
      return payloads.encodeNotice(payload.notice);
    case 'waiver':
      return payloads.encodeWaiver(payload.waiver);
    case 'deployment':
      return payloads.encodeDeployment(payload.deployment);
    case 'policy':
    case 'other':
      break; // a policy is compiled, and other payloads are not read
  }
  return undefined;
}

const binary: Target[] = [
  { name: 'cbor', covers: ['decodeCbor'], seeds: cose, make: either, run: (b) => encodeCbor(decodeCbor(b)) },
  {
    name: 'sign1',
    covers: ['decodeSign1'],
    seeds: cose,
    make: either,
    run: (b) => encodeSign1(decodeSign1(b)),
  },
  {
    name: 'headers',
    covers: ['decodeHeaders'],
    seeds: hexes((each) => each.protected, vectors.entries),
    make: either,
    // Nothing is the empty map's own spelling (RFC 9052 §3).
    run: (b) =>
      b.length === 0 ? void decodeHeaders(b, 'statement') : encodeCbor(decodeHeaders(b, 'statement')),
  },
  {
    name: 'statement',
    covers: ['decodeStatement'],
    seeds: cose,
    make: either,
    run: (b) => encodeSign1(decodeStatement(b).sign1),
  },
  {
    name: 'entry',
    covers: ['parseStatement', 'parseHeaders', 'readEntry', 'readOrNothing'],
    seeds: cose,
    make: either,
    run: (b) => {
      readOrNothing(b);
      const parsed = parseStatement(b);
      const again = reprint(parsed);
      if (again !== undefined && !Buffer.from(again).equals(parsed.statement.payload))
        throw new Error('the payload does not print back');
      return readEntry(b).entry;
    },
  },
  ...STATEMENT_KINDS.map((kind): Target => ({
    name: `payload ${kind}`,
    covers: ['parsePayload'],
    seeds: payloadSeeds[kind] ?? [],
    make: either,
    run: (b) => reprint(payloads.parsePayload(kind, b)),
  })),
  {
    name: 'receipt',
    covers: ['decodeReceipt'],
    seeds: [...receipts, ...refused],
    make: either,
    run: (b) => encodeSign1(decodeReceipt(b).sign1),
  },
  {
    name: 'transparent',
    covers: [],
    seeds: [hex(vectors.transparentStatement), ...entries],
    make: either,
    run: (b) => {
      const { statement, receipts: all } = detachReceipts(b);
      detachReceipts(attachReceipts(statement, all));
    },
  },
  {
    name: 'cose key',
    covers: ['decodeCoseKey', 'readCoseKey'],
    seeds: hexes((each) => each.coseKey, vectors.keys),
    make: either,
    run: (b) => void decodeCoseKey(b),
  },
  {
    name: 'key set',
    covers: ['decodeKeySet'],
    seeds: [hex(vectors.keySet)],
    make: either,
    run: (b) => void decodeKeySet(b),
  },
  {
    name: 'receipt keys',
    covers: ['parseReceiptKeys'],
    seeds: [hex(vectors.keySet), ...hexes((each) => each.coseKey, vectors.keys)],
    make: either,
    run: (b) => void parseReceiptKeys(b),
  },
  {
    name: 'bundle',
    covers: ['decodeBundle'],
    seeds: [encodeBundle(entries), encodeBundle([new Uint8Array()]), encodeBundle(refused)],
    run: (b) => encodeBundle(decodeBundle(b)),
  },
  {
    name: 'timed',
    covers: ['decodeTimed'],
    seeds: [new Uint8Array(72), new Uint8Array(2428)],
    run: (b) => {
      const type = b.length > 1000 ? 6 : 4;
      const timed = decodeTimed(type, b);
      return timed && encodeTimed(timed.time, timed.signature);
    },
  },
];

const note = vectors.cosigned.note as string;
const lines = note.split('\n').slice(4).join('\n');
const proof = vectors.tlogProof as string;
const hash = vectors.tree.roots[1] as string;
const base64 = Buffer.from(hash, 'hex').toString('base64');
const vkeys: string[] = vectors.vkeys.map((each: Json) => each.vkey);
const policy = vectors.cosigned.trustPolicy as string;
const witness = parseVkey(vkeys[2] ?? '');
const trusted = parseTrustPolicy(policy);
const native = chooseVerifier();
const subtree = `subtree 0 4\n${base64}\n${base64}\n\n${note}`;

const textual: Target[] = [
  {
    name: 'note',
    covers: ['parseNote'],
    seeds: [text(note), text(vectors.checkpoint.note)],
    run: (b) => {
      const parsed = parseNote(b);
      return formatNote(parsed.text, parsed.lines);
    },
  },
  {
    name: 'signatures',
    covers: ['parseSignatures'],
    seeds: [text(lines)],
    run: (b) => formatSignatures(parseSignatures(b)),
  },
  {
    name: 'checkpoint',
    covers: ['parseCheckpoint'],
    seeds: [text(vectors.checkpoint.text), text(`${vectors.checkpoint.text}extension 1\n`)],
    run: (b) => formatCheckpoint(parseCheckpoint(strict.decodeUtf8(b))),
  },
  {
    name: 'vkey',
    covers: ['parseVkey'],
    seeds: vkeys.map(text),
    run: (b) => {
      const { name, type, key } = parseVkey(strict.decodeUtf8(b));
      return formatVkey(name, type, key);
    },
  },
  {
    name: 'vkeys',
    covers: ['parseVkeys'],
    seeds: [text(`# a comment\n${vkeys.join('\n')}\n`)],
    run: (b) => void parseVkeys(b, 'a file'),
  },
  {
    name: 'tlog-proof',
    covers: ['parseTlogProof'],
    seeds: [text(proof), text(proof.replace('\n', '\nextra AAAA\n'))],
    run: (b) => formatTlogProof(parseTlogProof(b)),
  },
  {
    name: 'add-checkpoint',
    covers: ['parseAddCheckpoint'],
    seeds: [text(`old 3\n${base64}\n${base64}\n\n${note}`), text(`old 0\n\n${note}`)],
    run: (b) => formatAddCheckpoint(parseAddCheckpoint(b)),
  },
  {
    name: 'sign-subtree',
    covers: ['parseSignSubtree'],
    seeds: [text(subtree)],
    run: (b) => formatSignSubtree(parseSignSubtree(b)),
  },
  {
    name: 'subtree reply',
    covers: [],
    seeds: [text(lines)],
    run: (b) => void parseSubtreeReply(b, witness),
  },
  {
    name: 'trust policy',
    covers: ['parseTrustPolicy'],
    seeds: [text(policy)],
    run: (b) => void parseTrustPolicy(b),
  },
  {
    name: 'log list',
    covers: ['parseLogList'],
    seeds: [
      text(
        `# a list\nlogs/v0\n\nvkey ${vkeys[0]}\nqpd 86400\ncontact https://log.example\norigin log.example/x\n`,
      ),
    ],
    run: (b) => void parseLogList(b),
  },
  {
    name: 'tile path',
    covers: ['parseTilePath'],
    seeds: [...vectors.tilePaths.map((each: Json) => text(each.path)), text('tile/entries/x001/234.p/5')],
    run: (b) => {
      const { kind, level, index, width } = parseTilePath(asText(b));
      return kind === 'tile' ? tilePath(level, index, width) : bundlePath(index, width);
    },
  },
  {
    name: 'trusted checkpoint',
    covers: ['openTrusted', 'openByLog', 'openCheckpoint', 'openNote', 'openWitnessed'],
    seeds: [text(note)],
    run: (b) => {
      const opened = openTrusted(b, trusted, native);
      if (trusted.quorum !== 'none') openWitnessed(Number.MAX_SAFE_INTEGER, { note: b }, trusted, native);
      if (opened.text !== vectors.checkpoint.text) throw new Error('a text that nobody signed');
    },
  },
  {
    name: 'utf-8',
    covers: ['decodeUtf8'],
    seeds: [text(note)],
    run: (b) => strict.encodeUtf8(strict.decodeUtf8(b)),
  },
  {
    name: 'hex',
    covers: ['parseHex'],
    seeds: [text(hash)],
    run: (b) => strict.formatHex(strict.parseHex(asText(b))),
  },
  {
    name: 'base64',
    covers: ['parseBase64'],
    seeds: [text(base64)],
    run: (b) => strict.formatBase64(strict.parseBase64(asText(b))),
  },
  {
    name: 'base64url',
    covers: ['parseBase64Url'],
    seeds: [text(hex(hash).toBase64({ alphabet: 'base64url', omitPadding: true }))],
    run: (b) => strict.formatBase64Url(strict.parseBase64Url(asText(b))),
  },
  {
    name: 'decimal',
    covers: ['parseDecimal'],
    seeds: [text('12345')],
    run: (b) => String(strict.parseDecimal(asText(b))),
  },
  {
    name: 'time',
    covers: ['parseTime', 'parseDate'],
    seeds: [text('2027-01-31T12:00:00Z')],
    run: (b) => {
      const given = asText(b);
      const seconds = parseDate(given, 'time');
      if (given.length !== 10 && parseTime(given) !== seconds) throw new Error('two readers of one time');
      return given.length === 10 ? undefined : formatTime(seconds);
    },
  },
  {
    name: 'retry-after',
    covers: ['parseRetryAfter'],
    seeds: [text('120'), text('Wed, 21 Oct 2015 07:28:00 GMT')],
    run: (b) => {
      const ms = parseRetryAfter(asText(b), 0);
      if (ms !== undefined && !(ms >= 0)) throw new Error('a wait into the past');
      return undefined;
    },
  },
  {
    name: 'strict JSON',
    covers: ['parseJson'],
    seeds: [text('{"a":[1,2.5,-0,true,null,"\\u00e9\\ud83d\\ude00"],"b":{"c":"d"}}')],
    run: (b) => {
      const given = asText(b);
      const value = plainOf(parseJson(given, { most: 16, advice: 'flatten it' }));
      if (JSON.stringify(value) !== JSON.stringify(JSON.parse(given)))
        throw new Error('another value than JSON.parse');
    },
  },
];

/** As JSON.parse would give it. */
function plainOf(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, each]) => [name, plainOf(each)]));
  return typeof value === 'object' && value !== null && 'number' in value ? Number(value.number) : value;
}

const shown = { index: 3, entry: Buffer.from(entries[3] ?? []).toString('base64'), proof };
const EVIDENCE: readonly Evidence[] = [
  { kind: 'split-view', heads: [note, note], prefix: { root: base64, proof: [base64] } },
  { kind: 'rollback', heads: [note, note] },
  { kind: 'stale-head', head: note, newer: note, ageSeconds: 7200, limitSeconds: 600 },
  { kind: 'quorum-lost', head: note, policy },
  { kind: 'forged-cosignature', head: note, vkey: vkeys[2] ?? '' },
  { kind: 'tampered-data', head: note, path: 'tile/0/000.p/5', served: base64 },
  { kind: 'entry-rejected', entry: shown, code: 'wrong-role', policy: shown, before: shown },
  { kind: 'unexpected-issuer', entry: shown, subject: 'prod/web', issuer: 'a', expected: ['b'] },
  {
    kind: 'missed-proof',
    head: note,
    last: shown,
    due: '2027-01-31T12:00:00Z',
    subject: 'prod/web',
    claim: 'a',
    commitment: shown,
  },
];
const incidentSeeds = EVIDENCE.map((evidence) =>
  text(formatIncident(incidentOf({ origin: vectors.origin, vkeys }, evidence))),
);
const incidents: Target[] = [
  {
    name: 'incident',
    covers: ['parseIncident'],
    seeds: incidentSeeds,
    run: (b) => {
      const printed = formatIncident(parseIncident(b));
      if (formatIncident(parseIncident(printed)) !== printed)
        throw new Error('what is printed reads as another');
    },
  },
];

export const FORMATS: readonly Target[] = [...binary, ...textual, ...incidents];
