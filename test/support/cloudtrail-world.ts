/** A trail as AWS would deliver it, with an RSA key of our own: log files, digests, signatures beside them. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Value } from '#src/claim/value.ts';
import type { Observed } from '#src/claim/observed.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import { iamProbe } from '#src/probe/iam/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { hashOf } from './statement-examples.ts';
import { runShaped } from './shaped.ts';

export const ACCOUNT = '111122223333';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/app/reports`;
/** When the last of the hours ends. */
export const END = Date.parse('2026-11-22T13:00:00Z');
const BUCKET = 'trail-bucket';
const HOUR = 3_600_000;

export const aws = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const mallory = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** As `aws cloudtrail list-public-keys` prints it. */
export function publicKey({ publicKey: key }: { readonly publicKey: KeyObject }): string {
  return key.export({ format: 'der', type: 'pkcs1' }).toString('base64');
}

export type Event = Readonly<Record<string, unknown>>;
let events = 0;

/** A call of the role; parts of it can be others. */
export function call(eventName: string, parts: Event = {}): Event {
  const id = `00000000-0000-4000-8000-${String(++events).padStart(12, '0')}`;
  return {
    eventVersion: '1.11',
    eventID: id,
    eventTime: '2026-11-22T10:30:00Z',
    eventSource: 's3.amazonaws.com',
    eventName,
    eventType: 'AwsApiCall',
    awsRegion: 'eu-central-1',
    sourceIPAddress: '203.0.113.9',
    readOnly: !/^(?:Put|Delete|Create|Copy|Invoke)/.test(eventName),
    recipientAccountId: ACCOUNT,
    requestParameters: { bucketName: 'reports', key: 'q1.csv' },
    tlsDetails: { tlsVersion: 'TLSv1.3' },
    userIdentity: {
      type: 'AssumedRole',
      principalId: 'AROAEXAMPLE:worker',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reports/worker`,
      accountId: ACCOUNT,
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: ROLE, accountId: ACCOUNT },
        attributes: { mfaAuthenticated: 'false' },
      },
    },
    ...parts,
  };
}

/** Of somebody else in the account. */
export function foreign(eventName: string): Event {
  return call(eventName, {
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${ACCOUNT}:user/bob`,
      accountId: ACCOUNT,
      userName: 'bob',
    },
  });
}

export interface Delivered {
  readonly dir: string;
  /** Paths of digests and of log files, below `dir`, oldest first. */
  readonly digests: string[];
  readonly logs: string[];
  remove(): void;
}

interface Options {
  readonly region?: string;
  readonly trail?: string;
  readonly signer?: { readonly privateKey: KeyObject };
  /** Whether every digest has its signature beside it; else only the newest. */
  readonly beside?: boolean;
  /** Changes a digest before it is signed. */
  readonly edit?: (digest: Record<string, unknown>, hour: number) => void;
  readonly into?: Delivered;
  /** Below the target: where the copy of the bucket starts. */
  readonly below?: string;
}

/** Delivers hours of log files, each a list of events; the last ends at `END`. */
export function deliver(hours: readonly (readonly (readonly Event[])[])[], options: Options = {}): Delivered {
  const { region = 'eu-central-1', trail = 'main', signer = aws, below = '' } = options;
  const dir = options.into?.dir ?? mkdtempSync(join(tmpdir(), 'tally-trail-'));
  const digests: string[] = [];
  const logs: string[] = [];
  let previous: Record<string, unknown> = {};
  for (const [i, files] of hours.entries()) {
    const end = END - (hours.length - 1 - i) * HOUR;
    const place = (kind: string, name: string): string =>
      `AWSLogs/${ACCOUNT}/${kind}/${region}/${iso(end).slice(0, 10).replaceAll('-', '/')}/${name}.json.gz`;
    const logFiles = files.map((records, n) => {
      const object = place(
        'CloudTrail',
        `${ACCOUNT}_CloudTrail_${region}_${stamp(end - 1)}_${trail}${i}${n}`,
      );
      const content = Buffer.from(JSON.stringify({ Records: records }));
      put(dir, below, object, gzipSync(content));
      logs.push(below + object);
      return { s3Bucket: BUCKET, s3Object: object, hashValue: sha256(content), hashAlgorithm: 'SHA-256' };
    });
    const object = place(
      'CloudTrail-Digest',
      `${ACCOUNT}_CloudTrail-Digest_${region}_${trail}_${region}_${stamp(end)}`,
    );
    const digest: Record<string, unknown> = {
      awsAccountId: ACCOUNT,
      digestStartTime: iso(end - HOUR),
      digestEndTime: iso(end),
      digestS3Bucket: BUCKET,
      digestS3Object: object,
      digestPublicKeyFingerprint: '31e8b5433410dfb61a9dc45cc65b22ff',
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: null,
      oldestEventTime: null,
      previousDigestS3Bucket: null,
      previousDigestS3Object: null,
      previousDigestHashValue: null,
      previousDigestHashAlgorithm: null,
      previousDigestSignature: null,
      ...previous,
      logFiles,
    };
    options.edit?.(digest, i);
    const content = Buffer.from(JSON.stringify(digest));
    const before = digest['previousDigestSignature'];
    const toSign = [
      String(digest['digestEndTime']),
      `${BUCKET}/${object}`,
      sha256(content),
      typeof before === 'string' ? before : 'null',
    ].join('\n');
    const signature = sign('sha256', Buffer.from(toSign), signer.privateKey).toString('hex');
    put(dir, below, object, gzipSync(content));
    if (options.beside === true || i === hours.length - 1)
      put(dir, below, `${object}.signature`, `${signature}\n`);
    digests.push(below + object);
    previous = {
      previousDigestS3Bucket: BUCKET,
      previousDigestS3Object: object,
      previousDigestHashValue: sha256(content),
      previousDigestHashAlgorithm: 'SHA-256',
      previousDigestSignature: signature,
    };
  }
  return { dir, digests, logs, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** The policy of a role that reads the bucket `reports`. */
export const READER = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Read',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:ListBucket', 's3:GetBucketTagging'],
      Resource: ['arn:aws:s3:::reports', 'arn:aws:s3:::reports/*'],
    },
  ],
};

export const PARAMS: Readonly<Record<string, Parameter>> = {
  principal: ROLE,
  policy: JSON.stringify(READER),
  publicKeys: [publicKey(aws)],
  hours: 3,
};

interface Rest {
  readonly declared?: ReadonlyMap<string, Value>;
  readonly keyFile?: string;
  readonly now?: number;
  readonly signal?: AbortSignal;
}

/** Runs the probe half an hour after the last hour. */
export function probe(
  dir: string,
  params: Readonly<Record<string, Parameter | undefined>> = {},
  { declared, keyFile, now = END + HOUR / 2, signal = new AbortController().signal }: Rest = {},
): Promise<Observed> {
  const all = Object.entries({ ...PARAMS, ...params }).flatMap(([name, value]): [string, Parameter][] =>
    value === undefined ? [] : [[name, value]],
  );
  return runShaped(iamProbe, {
    target: dir,
    params: parametersOf(iamProbe, new Map(all)),
    challenge: hashOf('a challenge'),
    ...(declared !== undefined && { declared }),
    secret: (name) => Promise.resolve(name === 'cloudtrail-keys' ? keyFile : undefined),
    spent: () => undefined,
    signal,
    now: () => now,
  });
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function put(dir: string, below: string, object: string, content: string | Uint8Array): void {
  const path = join(dir, below, object);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '');
}

function stamp(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
