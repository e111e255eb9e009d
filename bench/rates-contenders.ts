/** What verifies what, in Node and in a page: as the product does it, and what it could be done by. */
import { knownHistory } from '#src/appraisal/past/known.ts';
import { encodeUtf8, parseBase64 } from '#src/bytes/text.ts';
import { openClient } from '#src/client/client.ts';
import { readPast } from '#src/client/past/read.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { verifyStatement } from '#src/cose/statement.ts';
import { readSpki } from '#src/evidence/public-key.ts';
import { checkSignature } from '#src/evidence/signature.ts';
import { verifyTranscript } from '#src/evidence/verify.ts';
import { openCheckpoint, openCosignatures } from '#src/note/checkpoint.ts';
import { parseVkey } from '#src/note/key.ts';
import { parseNote } from '#src/note/note.ts';
import { verifyWithNoble, type Algorithm, type VerifySignature } from '#src/sign/algorithm.ts';
import { answeredAhead, verifyOnWeb } from '#src/sign/web-ed25519.ts';
import { parseStatement } from '#src/statement/parse.ts';
import type { LineOrder, RateOrder, StatementOrder, TranscriptOrder } from './rates-order.ts';
import type { PastOrder } from './rates-past.ts';
import type { Contender } from './rates-run.ts';

/** Verifiers of this place by name. */
export type Verifiers = Readonly<Record<string, VerifySignature>>;

const SPOKEN = {
  ed25519: 'Ed25519',
  'ecdsa-p256': 'ES256',
  'ml-dsa-44': 'ML-DSA-44',
} as const satisfies Record<Algorithm, string>;

/** Everything of an order but its past. `verifiers`: of each algorithm. */
export function contendersOf(order: RateOrder, verifiers: (algorithm: Algorithm) => Verifiers): Contender[] {
  const { statements, lines, transcripts } = order;
  return [
    ...statements.flatMap((each) => ofStatement(each, verifiers(each.algorithm))),
    ...lines.flatMap((each) => ofLine(each, verifiers(parseVkey(each.vkey).key.algorithm))),
    ...transcripts.flatMap(ofTranscript),
  ];
}

function ofStatement({ algorithm, key, entry }: StatementOrder, verifiers: Verifiers): Contender[] {
  const { statement } = parseStatement(parseBase64(entry));
  const signer = { algorithm, bytes: parseBase64(key) };
  const what = `statement, ${SPOKEN[algorithm]}`;
  const check = (verify: VerifySignature): void => verifyStatement(statement, signer, verify);
  const own = Object.entries(verifiers).map(([by, verify]) => ({ what, by, run: () => check(verify) }));
  if (algorithm !== 'ed25519') return own;
  const ahead = (): Promise<void> => answeredAhead(check, verifyOnWeb, verifyWithNoble);
  return [...own, { what, by: 'WebCrypto, asked ahead', run: ahead }];
}

function ofLine({ what, note, vkey, isCosignature }: LineOrder, verifiers: Verifiers): Contender[] {
  const keys = [parseVkey(vkey)];
  const { text, lines } = parseNote(note);
  return Object.entries(verifiers).map(([by, verify]) => ({
    what,
    by,
    run: isCosignature
      ? () => openCosignatures(text, lines, keys, verify)
      : () => openCheckpoint(note, { logKeys: keys, verify }),
  }));
}

function ofTranscript(order: TranscriptOrder): Contender[] {
  const { name, scheme, signing } = order;
  const key = readSpki(parseBase64(order.spki));
  const [content, signature] = [parseBase64(order.content), parseBase64(order.signature)];
  const [transcript, challenge] = [parseBase64(order.transcript), parseBase64(order.challenge)];
  const check = async (): Promise<boolean> =>
    (await checkSignature(key, signing, content, signature)) === true;
  const what = `signature in ${name}, ${scheme}`;
  const isRsa = key.type === 'rsa' || key.type === 'rsa-pss';
  return [
    { what, by: 'checkSignature', run: check },
    ...(isRsa ? [] : [{ what, by: 'without WebCrypto', run: check, around: withoutWebCrypto }]),
    { what: `all of ${name}`, by: 'verifyTranscript', run: () => verifyTranscript(transcript, challenge) },
  ];
}

/** Hides WebCrypto, as on a page from plain http://, until what it returns is called. */
function withoutWebCrypto(): () => void {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'crypto');
  if (own === undefined) throw new Error('there is a crypto');
  const getRandomValues = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues }, configurable: true });
  return () => void Object.defineProperty(globalThis, 'crypto', own);
}

/**
 * Reads and replays the history of a subject, from nothing. `verify`: as the option of `openClient`. Returns how many looks it
 * has.
 */
export async function readHistory(
  { log, policy, subject, since, until }: PastOrder,
  own: typeof fetch,
  verify: VerifySignature | undefined,
): Promise<number> {
  const trust = trustPolicy(encodeUtf8(policy));
  const client = openClient({ log, trust, fetch: own, now: () => until * 1000, verify });
  const record = await readPast(await client.snapshot(), subject, { since, until });
  const { claims } = knownHistory(record, { since, until });
  return claims.reduce((sum, { looks }) => sum + looks.length, 0);
}
