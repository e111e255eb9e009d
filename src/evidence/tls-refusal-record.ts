/**
 * The record of what a server was asked when it refused a version of TLS, as an attachment of a runtime proof
 * (spec/transcripts.md §7.2). Nobody signs it, so it is the agent's statement (E1). With the hellos at hand, a reader
 * applies the rule of tls-refusal.ts again and need not take the word "refused" from the agent.
 */
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { within } from '../bytes/within.ts';
import { array, bytes, oneOf, record, text, type Of } from '../statement/schema.ts';
import { parseClientHello } from './tls-hello.ts';
import { TLS_VERSIONS, type TlsVersion } from './tls-names.ts';
import { judgeRefusal, type Answer, type AnsweredHello } from './tls-refusal.ts';
import { REGISTRY_DATE } from './tls-registry.ts';

/** Media type of the record. */
export const REFUSAL_TYPE = 'application/vnd.tallystick.refusal.tls.v1+cbor';

/** Largest record, and most hellos in it: what is said about one version. */
const MAX_BYTES = 16_384;
const MAX_HELLOS = 8;

const VERSIONS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'] as const satisfies readonly TlsVersion[];

/** How the server answered a hello. */
const ANSWER = {
  pattern: /^(?:closed|older|alert (?:0|[1-9]\d{0,2}))$/,
  says: 'closed, older or alert NUMBER',
};

/**
 * `registry`: edition of the lists by which everything was offered. `alive`: the version that the server accepted in the
 * same look; left out when it accepted none. `answer`: `closed`, `older` (the server chose an older version), `alert 40`.
 */
const schema = record(
  {
    kind: oneOf(['tls-refusal']),
    version: oneOf(VERSIONS),
    registry: text(10, 10),
    asked: array(record({ hello: bytes(4, MAX_BYTES), answer: text(5, 9, ANSWER) }), MAX_HELLOS, 1),
  },
  { alive: oneOf(VERSIONS) },
);

/** A record, for whoever prints it. */
type RefusalRecord = Of<typeof schema>;

/** The one encoding. */
export function encodeRefusal(
  version: TlsVersion,
  asked: readonly AnsweredHello[],
  alive: TlsVersion | undefined,
): Uint8Array<ArrayBuffer> {
  const told = asked.map(({ hello, answer }) => ({ hello, answer: answerText(answer) }));
  return encodeCbor(
    schema.encode({
      kind: 'tls-refusal',
      version,
      registry: REGISTRY_DATE,
      asked: told,
      ...(alive !== undefined && { alive }),
    }),
  );
}

/**
 * Applies the rule to a record again. Refuses `malformed-proof` for bytes that are no record, or of another edition of
 * the registry, and `proof-failed` if its hellos have another challenge or do not show a refusal.
 */
export function verifyRefusal(encoded: Uint8Array, challenge: Uint8Array): RefusalRecord {
  const found = parse(encoded);
  const { version, registry, alive } = found;
  if (registry !== REGISTRY_DATE)
    throw refuse(
      'malformed-proof',
      `the refusal is by the lists of ${registry}, and these are of ${REGISTRY_DATE}`,
    );
  const asked = found.asked.map(({ hello, answer }) => ({ hello, answer: answerOf(answer) }));
  for (const { hello } of asked) {
    const { random, versions } = parseClientHello(hello);
    if (!equalBytes(random, challenge)) throw refuse('proof-failed', 'a hello is not of this challenge');
    if (Math.max(...versions) !== TLS_VERSIONS[version])
      throw refuse('proof-failed', `a hello is not of ${version}`);
  }
  const ruling = judgeRefusal(version, asked, alive !== undefined && alive !== version);
  if (!ruling.refused) throw refuse('proof-failed', `${version} was not refused: ${ruling.why}`);
  return found;
}

function parse(encoded: Uint8Array): RefusalRecord {
  return within('malformed-proof', 'not the record of a refusal', () =>
    schema.parse(decodeCbor(encoded, { maxBytes: MAX_BYTES, maxDepth: 4 }), ''),
  );
}

function answerText(answer: Answer): string {
  return typeof answer === 'object' ? `alert ${answer.alert}` : answer;
}

function answerOf(answer: string): Answer {
  return answer === 'closed' || answer === 'older'
    ? answer
    : { alert: Number(answer.slice('alert '.length)) };
}
