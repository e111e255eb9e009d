/** The words and small fields that several payloads share (design.md, "Vocabulary"; spec/statements.md). */
import { digest, DIGEST_LENGTH, type Digest } from '../bytes/brand.ts';
import {
  bool,
  bytes,
  checked,
  describe,
  oneOf,
  plainSchema,
  record,
  text,
  uint,
  wrong,
  type Form,
  type Of,
  type Schema,
} from './schema.ts';

/** Only PROVEN is green; a missing verdict is never a pass. */
export const VERDICTS = [
  'PROVEN',
  'VIOLATED',
  'CONTRADICTED',
  'STALE',
  'UNKNOWN',
  'WAIVED',
  'SUPERSEDED',
  'REVOKED',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/**
 * Who would have to lie: E0 the API said so, E1 an agent saw it, E2 several independent agents, E3 the
 * target itself signed a fresh challenge, E4 an independent third party or hardware signed.
 */
export const EVIDENCE_CLASSES = ['E0', 'E1', 'E2', 'E3', 'E4'] as const;
export type EvidenceClass = (typeof EVIDENCE_CLASSES)[number];

export const TIERS = [
  'critical-path',
  'compliance-boundary',
  'trust-transition',
  'change',
  'background',
] as const;
export type Tier = (typeof TIERS)[number];

export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;
type Severity = (typeof SEVERITIES)[number];

/** The largest count, index or size: every number stays exact in every language. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

export const verdict: Schema<Verdict> = oneOf(VERDICTS);
export const evidenceClass: Schema<EvidenceClass> = oneOf(EVIDENCE_CLASSES);
export const tier: Schema<Tier> = oneOf(TIERS);
export const severity: Schema<Severity> = oneOf(SEVERITIES);
export const count: Schema<number> = uint(MAX_COUNT);

/** The end of the year 9999, POSIX seconds: every time up to it has a date that prints. */
export const MAX_TIME = 253_402_300_799;
export const time: Schema<number> = uint(MAX_TIME);

/** Seconds, up to 366 days. */
export const duration = (min: number): Schema<number> => uint(366 * 86_400, min);

/** SHA-256 value. */
export const sha256: Schema<Digest> = plainSchema((value, at) => {
  if (value instanceof Uint8Array && value.length === DIGEST_LENGTH) return digest(value);
  throw wrong(at, `expected a byte string of 32 bytes, got ${describe(value)}`);
});

const NAME: Form = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
  says: 'letters, digits, dots, underscores and hyphens, starting with a letter or digit',
};

/** A short identifier, 1 … 64 bytes. */
export const name: Schema<string> = text(1, 64, NAME);

/** `name@version` of a probe: `tls@1`. */
export const probe: Schema<string> = text(3, 96, {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.+_-]*$/,
  says: "a probe's name@version such as tls@1",
});

/**
 * Name of a log: what its checkpoints start with and what its vkeys are named, so the rules of key names
 * hold (C2SP signed-note: no white space, no plus; 255 bytes fit a subtree cosignature).
 */
export const origin: Schema<string> = text(1, 255, {
  pattern: /^[^\p{Cc}\p{White_Space}+]+$/u,
  says: "a log's origin: no white space, no plus sign",
});

/** A tree head someone looked at: origin, size and root as on the first three lines of a checkpoint. */
const HEAD = { origin, size: count, root: sha256 };
export const checkpoint = record(HEAD);

/** A recent checkpoint and a nonce: what is made with both was made after both (freshness). */
export const challenge = record({ ...HEAD, nonce: bytes(16, 64) });

/**
 * Evidence by value (the bytes) or by name (their SHA-256 and length). Bytes that are only named may be lost where
 * they are kept; bytes in the statement are as durable as the log.
 */
export const attachment = checked(
  record({ mediaType: text(3, 127) }, { data: bytes(1, 49_152), digest: sha256, size: count }),
  (value, at) => {
    const named = value.digest !== undefined && value.size !== undefined;
    const none = value.digest === undefined && value.size === undefined;
    if (value.data === undefined ? !named : !none) {
      throw wrong(at, 'expected either data, or digest and size');
    }
  },
);
export type Attachment = Of<typeof attachment>;

/** A value that a probe or a profile defines: text, a whole number, true or false. */
export type Scalar = string | number | boolean;

export const scalar: Schema<Scalar> = plainSchema((value, at) => {
  if (typeof value === 'string') return scalarText.parse(value, at);
  if (typeof value === 'boolean') return bool.parse(value, at);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw wrong(at, `expected text, a whole number, true or false, got ${describe(value)}`);
});
const scalarText = text(0, 1024);

/** Refuses a list in which something occurs twice; `key` gives what must differ. */
export function distinct<T>(items: readonly T[], key: (item: T) => string, at: string): void {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const each = key(item);
    if (seen.has(each)) throw wrong(`${at}[${i}]`, `${describe(each)} occurs twice`);
    seen.add(each);
  }
}

/** The place of a field inside a record at `at`. */
export function inside(at: string, field: string): string {
  return at === '' ? field : `${at}.${field}`;
}
