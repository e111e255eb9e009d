/**
 * The content of one CloudTrail digest file (AWS CloudTrail User Guide, "CloudTrail digest file structure"), and what
 * the names of its objects say.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { parseTime } from '../bytes/time.ts';

/** Whose digests they are: one chain each. */
export interface TrailName {
  readonly account: string;
  readonly region: string;
  readonly trail: string;
  readonly home: string;
}

export interface TrailDigest {
  readonly trail: TrailName;
  readonly bucket: string;
  readonly object: string;
  /** POSIX seconds: what was delivered from `start` to `end` is named here. */
  readonly start: number;
  readonly end: number;
  /** `digestEndTime` as it is written, which is what is signed. */
  readonly endText: string;
  /** Name that AWS gives its key. */
  readonly fingerprint: string;
  /** Hex SHA-256 of the digest itself, uncompressed. */
  readonly sha256: string;
  /** Absent in the first digest of a chain. */
  readonly previous:
    | {
        readonly bucket: string;
        readonly object: string;
        readonly signature: string;
        readonly sha256: string | undefined;
      }
    | undefined;
  readonly files: readonly TrailFile[];
}

/** A log file: hex SHA-256 of its content, uncompressed. */
export interface TrailFile {
  readonly bucket: string;
  readonly object: string;
  readonly sha256: string;
}

const NAME =
  /^(\d{12})_CloudTrail-Digest_([a-z0-9-]+)_([A-Za-z0-9._-]+)_([a-z0-9-]+)_(\d{8}T\d{6}Z)(_backfill)?\.json\.gz$/;

/** What the name of a digest's object says. `stamp` sorts by time. */
export interface DigestName extends TrailName {
  readonly stamp: string;
  readonly backfill: boolean;
}

/** Undefined for the name of anything else. `path`: with or without folders. */
export function parseDigestName(path: string): DigestName | undefined {
  const found = NAME.exec(path.slice(path.lastIndexOf('/') + 1));
  if (found === null) return undefined;
  const [, account = '', region = '', trail = '', home = '', stamp = '', backfill] = found;
  return { account, region, trail, home, stamp, backfill: backfill !== undefined };
}

export function sameTrail(a: TrailName, b: TrailName): boolean {
  return a.account === b.account && a.region === b.region && a.trail === b.trail && a.home === b.home;
}

/** Refuses `malformed-proof` for a text that is no digest. `sha256`: of its bytes. */
export function parseTrailDigest(text: string, sha256: string): TrailDigest {
  const fields = new Fields(text);
  if (fields.text('digestSignatureAlgorithm', 'SHA256withRSA') !== 'SHA256withRSA')
    throw malformed('it is not signed by SHA256withRSA');
  const object = fields.text('digestS3Object');
  const endText = fields.text('digestEndTime');
  const name = parseDigestName(object);
  const end = secondsOf(endText);
  if (name === undefined || name.backfill || name.stamp !== endText.replaceAll(/[-:]/g, ''))
    throw malformed('its object is not named as digests are');
  if (fields.text('awsAccountId') !== name.account) throw malformed('it is of another account than its name');
  const start = secondsOf(fields.text('digestStartTime'));
  if (start >= end) throw malformed('it ends before it starts');
  const { account, region, trail, home } = name;
  return {
    trail: { account, region, trail, home },
    bucket: fields.text('digestS3Bucket'),
    object,
    start,
    end,
    endText,
    fingerprint: fields.text('digestPublicKeyFingerprint'),
    sha256,
    previous: previousOf(fields),
    files: fields.list('logFiles').map(fileOf),
  };
}

function previousOf(fields: Fields): TrailDigest['previous'] {
  if (fields.isNull('previousDigestSignature')) return undefined;
  return {
    bucket: fields.text('previousDigestS3Bucket'),
    object: fields.text('previousDigestS3Object'),
    signature: fields.text('previousDigestSignature'),
    sha256: fields.isNull('previousDigestHashValue') ? undefined : fields.text('previousDigestHashValue'),
  };
}

function fileOf(value: unknown): TrailFile {
  const fields = new Fields(value);
  const sha256 = fields.text('hashValue');
  if (fields.text('hashAlgorithm') !== 'SHA-256' || !/^[0-9a-f]{64}$/.test(sha256))
    throw malformed('a log file is not named by its SHA-256');
  return { bucket: fields.text('s3Bucket'), object: fields.text('s3Object'), sha256 };
}

/** Members of a JSON object, each of the type it must have. */
class Fields {
  readonly #members: ReadonlyMap<string, unknown>;

  constructor(from: unknown) {
    const value = typeof from === 'string' ? parsed(from) : from;
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw malformed('it is no object');
    this.#members = new Map(Object.entries(value));
  }

  text(name: string, fallback?: string): string {
    const value = this.#members.get(name) ?? fallback;
    if (typeof value !== 'string' || value === '' || value.length > 2_048 || /[\p{Cc}]/u.test(value))
      throw malformed(`it has no ${name}`);
    return value;
  }

  list(name: string): readonly unknown[] {
    const value = this.#members.get(name) ?? [];
    if (!Array.isArray(value)) throw malformed(`its ${name} are no list`);
    return value;
  }

  isNull(name: string): boolean {
    return (this.#members.get(name) ?? null) === null;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('it is no JSON');
  }
}

/** UTC, whole seconds. */
function secondsOf(text: string): number {
  const seconds = parseTime(text);
  if (seconds === undefined) throw malformed('a time in it is not written as 2026-11-22T10:00:00Z');
  return seconds;
}

function malformed(why: string): Refusal {
  return refuse('malformed-proof', `this is no digest of CloudTrail: ${why}`);
}
