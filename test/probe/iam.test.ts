/** Least privilege by the calls that were made: AWS's chain of digests, the policy, and a verdict for each call. */
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { assembleProof } from '#src/claim/assemble.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { leavesOf } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { readTrailKey, readTrailKeys } from '#src/evidence/cloudtrail-key.ts';
import {
  DIGESTS_TYPE,
  encodeDigests,
  parseDigests,
  stringToSign,
  verifyDigest,
  verifyDigests,
} from '#src/evidence/cloudtrail.ts';
import { MAPPING } from '#src/probe/iam/actions.ts';
import { encodeProof, parsePayload } from '#src/statement/payload.ts';
import { verifyOpening } from '#src/statement/saltedleaf.ts';
import {
  ACCOUNT,
  aws,
  call,
  deliver,
  END,
  foreign,
  mallory,
  PARAMS,
  probe,
  publicKey,
  ROLE,
  sha256,
  type Delivered,
  type Event,
} from '../support/cloudtrail-world.ts';
import { hashOf, NOW } from '../support/statement-examples.ts';

const keys = [readTrailKey(publicKey(aws))];
const pack = packOf('iam-read-only', new Map(Object.entries(PARAMS)));

/** What every claim of the pack comes to. */
function verdicts(seen: Observed): Record<string, string> {
  return Object.fromEntries(
    pack.map((claim) => {
      const { verdict, evidence } = judgeClaim(claim, seen);
      return [claim.id.slice('iam-'.length), `${verdict} ${evidence}`];
    }),
  );
}

const CLEAN = {
  'trail-signed': 'PROVEN E4',
  'trail-whole': 'PROVEN E1',
  'least-privilege': 'PROVEN E1',
  'no-writes': 'PROVEN E1',
  'all-judged': 'PROVEN E1',
  'grants-unused': 'PROVEN E1',
};

/** Three hours: two log files in the first, none in the second, one in the third. */
const quiet = (more: readonly Event[] = []): readonly (readonly (readonly Event[])[])[] => [
  [
    [call('GetObject'), foreign('PutObject')],
    [call('HeadObject'), call('ListObjects')],
  ],
  [],
  [[call('GetObject', { requestParameters: { bucketName: 'reports', key: 'a/b' } }), ...more]],
];

async function seenOf(t: Test, trail: Delivered, ...rest: Rest): Promise<Observed> {
  t.teardown(() => trail.remove());
  return probe(trail.dir, ...rest);
}
type Rest = Parameters<typeof probe> extends [string, ...infer R] ? R : never;

function faultsOf({ value }: Observed): string {
  const { chain } = value as { chain: { faults: readonly string[] } };
  return chain.faults.join('\n');
}

t.test('a whole trail of allowed calls', async (t) => {
  const trail = deliver(quiet());
  const seen = await seenOf(t, trail);
  t.strictSame(verdicts(seen), CLEAN);
  t.match(seen.value, {
    chain: {
      complete: true,
      whole: true,
      unbroken: true,
      from: END / 1000 - 3 * 3600,
      to: END / 1000,
      digests: 3,
      logFiles: 3,
      regions: ['eu-central-1'],
      keys: [keys[0]?.sha256],
      faults: [],
    },
    evaluator: { mapping: MAPPING },
    counts: { allowed: 4, violating: 0, unknown: 0, records: 5, calls: 4, writes: 0 },
    used: { 's3:GetObject': 3, 's3:ListBucket': 1 },
    unused: ['s3:GetBucketTagging'],
  });
  t.match(JSON.stringify(seen.value['calls']), /allowed s3:GetObject arn:aws:s3:::reports\/a\/b/);
  t.notMatch(JSON.stringify(seen.value), /bob/, 'nothing of other people');
  t.strictSame(
    seen.population.files?.map(({ digest, count }) => [digest.toHex(), count]),
    trail.logs.map((path, i) => [sha256(gunzipSync(readFileSync(join(trail.dir, path)))), [1, 2, 1][i]]),
    'files and counts that anyone who has them can count again',
  );

  // The evidence stands alone: from the attached bytes and the key to the same facts.
  const chains = await verifyDigests(
    seen.attachments.map(({ data }) => data),
    keys,
  );
  t.match(chains, [{ start: END / 1000 - 3 * 3600, end: END / 1000, digests: { length: 3 } }]);
  t.ok(seen.attachments.every(({ mediaType }) => mediaType === DIGESTS_TYPE));
  t.strictSame(
    chains.flatMap(({ digests }) => digests.flatMap(({ files }) => files.map((file) => file.sha256))),
    seen.population.files?.map(({ digest }) => digest.toHex()),
    'what AWS signed is what was counted',
  );
  await t.rejects(
    () =>
      verifyDigests(
        seen.attachments.map(({ data }) => data),
        [readTrailKey(publicKey(mallory))],
      ),
    {
      code: 'proof-failed',
    },
  );

  await t.test('by hand, with openssl', async (t) => {
    const [signed] = parseDigests(seen.attachments[0]?.data ?? new Uint8Array());
    const verified = signed && (await verifyDigest(signed, keys));
    if (signed === undefined || verified === undefined) throw new Error('no digest');
    const at = (name: string): string => join(trail.dir, name);
    writeFileSync(at('message'), stringToSign(verified));
    writeFileSync(at('signature'), signed.signature);
    writeFileSync(at('key.pem'), aws.publicKey.export({ format: 'pem', type: 'spki' }));
    const args = ['dgst', '-sha256', '-verify', at('key.pem'), '-signature', at('signature'), at('message')];
    t.match(spawnSync('openssl', args, { encoding: 'utf8' }).stdout, /Verified OK/);
  });
});

t.test('what is wrong with a trail is found and named, and proves nothing', async (t) => {
  const broken: readonly (readonly [string, (trail: Delivered) => void, RegExp, Record<string, string>])[] = [
    [
      'a log file removed',
      ({ dir, logs }) => rmSync(join(dir, logs[1] ?? '')),
      /^log file is missing: AWSLogs.*main01\.json\.gz$/,
      { 'trail-signed': 'PROVEN E4' },
    ],
    [
      'a log file altered',
      ({ dir, logs }) => edit(join(dir, logs[0] ?? ''), (text) => text.replace('q1.csv', 'q2.csv')),
      /^log file was altered: AWSLogs.*main00/,
      { 'trail-signed': 'PROVEN E4' },
    ],
    [
      'a log file that is no gzip',
      ({ dir, logs }) => writeFileSync(join(dir, logs[0] ?? ''), 'plain'),
      /^log file cannot be read \(not-gzip\)/,
      { 'trail-signed': 'PROVEN E4' },
    ],
    [
      'a digest removed',
      ({ dir, digests }) => rmSync(join(dir, digests[1] ?? '')),
      /digest is missing: AWSLogs.*20261122T120000Z/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
    [
      'the newest digest altered',
      ({ dir, digests }) =>
        edit(join(dir, digests[2] ?? ''), (text) =>
          text.replace('"oldestEventTime":null', '"oldestEventTime":""'),
        ),
      /digest was altered, or signed by another key.*T130000Z/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
    [
      'a digest altered',
      ({ dir, digests }) =>
        edit(join(dir, digests[1] ?? ''), (text) => text.replace('"logFiles":[]', '"logFiles":[ ]')),
      /digest was altered, or signed by another key.*T120000Z/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
    [
      'two digests swapped',
      ({ dir, digests: [a = '', b = ''] }) => {
        renameSync(join(dir, a), join(dir, 'x'));
        renameSync(join(dir, b), join(dir, a));
        renameSync(join(dir, 'x'), join(dir, b));
      },
      /digest was (?:altered|moved)/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
    [
      'a digest moved to another day',
      ({ dir, digests: [, b = ''] }) => {
        const to = join(dir, b.replace('/11/22/', '/11/23/'));
        mkdirSync(join(to, '..'), { recursive: true });
        renameSync(join(dir, b), to);
      },
      /digest was moved from AWSLogs/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
    [
      'hours missing at the front',
      ({ dir, digests }) => rmSync(join(dir, digests[0] ?? '')),
      /digest is missing: AWSLogs.*20261122T110000Z/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
    [
      'a link instead of a file',
      ({ dir, logs }) => {
        renameSync(join(dir, logs[0] ?? ''), join(dir, 'elsewhere'));
        symlinkSync(join(dir, 'elsewhere'), join(dir, logs[0] ?? ''));
      },
      /log file is missing/,
      {},
    ],
    [
      'a backfill digest that is not read',
      ({ dir, digests: [a = ''] }) =>
        writeFileSync(join(dir, a.replace('.json.gz', '_backfill.json.gz')), ''),
      /backfill digest is not read/,
      { 'trail-signed': 'VIOLATED E1' },
    ],
  ];
  for (const [name, damage, fault, wanted] of broken) {
    const trail = deliver(quiet(), { beside: name !== 'a digest altered' });
    damage(trail);
    const seen = await seenOf(t, trail);
    const got = verdicts(seen);
    t.match(faultsOf(seen), fault, name);
    t.match(
      got,
      { 'trail-whole': 'VIOLATED E1', 'no-writes': 'UNKNOWN E0', 'all-judged': 'UNKNOWN E0', ...wanted },
      name,
    );
    t.equal(got['least-privilege'], 'UNKNOWN E0', `${name}: nothing seen is nothing shown`);
    const [why] = pack.map((claim) => judgeClaim(claim, seen).explain).filter((each) => each !== undefined);
    t.match(why, /^the trail is not whole: \S/, 'and it says why');
  }

  const wrongKey = await seenOf(t, deliver(quiet(), { signer: mallory, beside: true }));
  t.match(faultsOf(wrongKey), /signed by another key[^]*no digest verifies of trail main/);
  t.match(
    wrongKey.value,
    { chain: { complete: false, digests: 0 }, counts: { records: 0 } },
    'and none of it is believed',
  );
  t.match(verdicts(wrongKey), { 'trail-signed': 'VIOLATED E1', 'least-privilege': 'UNKNOWN E0' });

  const stopped = deliver(quiet(), {
    beside: true,
    edit: (digest, hour) => {
      if (hour !== 1) return;
      for (const name of Object.keys(digest)) if (name.startsWith('previousDigest')) digest[name] = null;
    },
  });
  t.match(
    faultsOf(await seenOf(t, stopped)),
    /begins a chain: nothing was recorded before it/,
    'logging was off',
  );
  const gap = deliver(quiet(), {
    beside: true,
    edit: (digest, hour) => {
      if (hour === 2) digest['digestStartTime'] = '2026-11-22T12:20:00Z';
    },
  });
  t.match(faultsOf(await seenOf(t, gap)), /nothing is said of the time between/, 'AWS left a gap');

  const old = await seenOf(t, deliver(quiet()), {}, { now: END + 4 * 3_600_000 });
  t.match(faultsOf(old), /^the trail ends at 2026-11-22T13:00:00Z, more than 10800 s before now/);
  t.match(verdicts(old), {
    'trail-signed': 'PROVEN E4',
    'trail-whole': 'VIOLATED E1',
    'least-privilege': 'UNKNOWN E0',
  });

  const short = await seenOf(t, deliver(quiet()), { hours: 4 });
  t.match(faultsOf(short), /begins later than the claim asks for/);
  const regions = await seenOf(t, deliver(quiet()), { regions: ['eu-central-1', 'us-east-1'] });
  t.match(faultsOf(regions), /^there is no digest of account 111122223333 in us-east-1/);
  t.match(verdicts(regions), { 'trail-signed': 'VIOLATED E1' });
});

t.test('signatures and keys', async (t) => {
  const unsigned = deliver([...quiet(), []]);
  for (const path of unsigned.digests) rmSync(join(unsigned.dir, `${path}.signature`), { force: true });
  const seen = await seenOf(t, unsigned);
  t.match(
    seen.value,
    { chain: { complete: true, to: END / 1000 - 3600 } },
    'the newest digest is not yet signed for',
  );
  t.match(verdicts(seen), CLEAN);

  const file = aws.publicKey.export({ format: 'pem', type: 'spki' });
  const pinned = keys.map((each) => each.sha256);
  const trail = deliver(quiet());
  const given = await seenOf(t, trail, { publicKeys: undefined }, { keyFile: file });
  t.match(
    verdicts(given),
    { 'trail-signed': 'UNKNOWN E1', 'trail-whole': 'PROVEN E1' },
    'a key that nobody committed to',
  );
  const both = await probe(trail.dir, { publicKeys: undefined, keySha256: pinned }, { keyFile: file });
  t.match(verdicts(both), CLEAN, 'a file, and a commitment to what it holds');
  const other = { publicKeys: undefined, keySha256: ['0'.repeat(64)] };
  await t.rejects(probe(trail.dir, other, { keyFile: file }), { code: 'config-invalid' });
  await t.rejects(probe(trail.dir, { publicKeys: undefined }), { code: 'config-invalid' });
  await t.rejects(probe(trail.dir, { publicKeys: ['A'.repeat(200)] }), { code: 'malformed-key' });

  const pkcs1 = aws.publicKey.export({ format: 'pem', type: 'pkcs1' });
  const json = JSON.stringify({ PublicKeyList: [{ Value: publicKey(aws), Fingerprint: 'x' }] });
  for (const text of [file, pkcs1, `${pkcs1}\n${file}`, json, `${publicKey(aws)}\n`])
    t.strictSame([...new Set(readTrailKeys(text).map((each) => each.sha256))], pinned);
  const weak = 'MCgCIQC5lMWmPSzfV9yWzW5cm3lxMIyTN0NAzlIqgXvvqYXqjwIDAQAB';
  t.throws(() => readTrailKey(weak), { code: 'malformed-key' });
  t.ok(createPublicKey(file));
});

const hashesOf = async (encoded: Uint8Array): Promise<string> =>
  (await verifyDigests([encoded], keys)).flatMap(({ digests }) => digests.map((each) => each.sha256)).join();

t.test('an attachment of digests is checked as a stranger would', async (t) => {
  const trail = deliver(quiet(), { beside: true });
  const other = deliver(quiet(), { beside: true, trail: 'other', into: trail });
  t.teardown(() => trail.remove());
  const signed = (path: string): Parameters<typeof verifyDigest>[0] => ({
    file: readFileSync(join(trail.dir, path)),
    signature: Uint8Array.fromHex(readFileSync(join(trail.dir, `${path}.signature`), 'utf8').trim()),
  });
  const [a, b, c] = trail.digests.map(signed);
  const [d] = other.digests.map(signed);
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('no digests');
  const chain = encodeDigests([a, b, c]);
  t.match(await verifyDigests([chain], keys), [{ digests: { length: 3 } }]);
  t.equal((await verifyDigests([encodeDigests([c]), encodeDigests([a, b])], keys)).length, 1, 'in parts');
  t.equal((await verifyDigests([encodeDigests([a, d])], keys)).length, 2, 'of two trails');
  for (const bad of [
    [a, c],
    [a, a],
    [a, { ...b, signature: c.signature }],
  ])
    await t.rejects(() => verifyDigests([encodeDigests(bad)], keys), { code: 'proof-failed' });
  for (const length of [0, 1, 300, chain.length - 1])
    await t.rejects(() => verifyDigests([chain.subarray(0, length)], keys), { code: 'malformed-proof' });
  const bomb = gzipSync(Buffer.alloc(8 * 1024 ** 2));
  await t.rejects(() => verifyDigest({ ...a, file: bomb }, keys), { code: 'malformed-proof' }, 'a bomb');
  for (const text of ['', '[]', '{}', '{"digestEndTime":"x"}', '"x"'])
    await t.rejects(
      () => verifyDigest({ ...a, file: gzipSync(text) }, keys),
      { code: 'malformed-proof' },
      text,
    );
  const whole = await hashesOf(chain);
  await fc.assert(
    fc.asyncProperty(fc.nat(chain.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = new Uint8Array(chain);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      try {
        // A gzip header says nothing of its content; all that is signed is as it was.
        return (await hashesOf(bytes)) === whole;
      } catch (error) {
        return (
          error instanceof Error && 'code' in error && /^(?:proof-failed|malformed-)/.test(String(error.code))
        );
      }
    }),
    { numRuns: 150 },
  );
});

t.test('a call outside the policy is a violation, and is shown; the rest is not', async (t) => {
  const put = call('PutObject', { requestParameters: { bucketName: 'reports', key: 'stolen.csv' } });
  const seen = await seenOf(t, deliver(quiet([put, call('GetObject', other('payroll'))])));
  t.match(verdicts(seen), {
    ...CLEAN,
    'least-privilege': 'VIOLATED E1',
    'no-writes': 'VIOLATED E1',
  });
  t.match(seen.value, {
    counts: { allowed: 4, violating: 2, writes: 1 },
    violations: [
      {
        event: put['eventID'],
        action: 's3:PutObject',
        resource: 'arn:aws:s3:::reports/stolen.csv',
        why: 'no statement allows it',
      },
      { action: 's3:GetObject', resource: 'arn:aws:s3:::payroll/q1.csv' },
    ],
  });
  const { proof, tree, kept } = proofOf(seen);
  t.strictSame(reread(proof), proof, 'every rule of the schema holds');
  const { disclosed = [], observations } = proof;
  if (observations === undefined) throw new Error('no observations');
  for (const each of disclosed) verifyOpening(each, observations);
  const paths = disclosed.map(({ path }) => path.replace('/iam-trail-signed/iam', ''));
  t.ok(
    paths.every((path) => /^\/(?:violations|writes)\//.test(path)),
    'violations and writes, and nothing else',
  );
  t.ok(paths.includes('/violations/0/resource') && paths.includes('/violations/1/why'));
  t.ok(
    tree.leaves.some(({ path }) => path.includes('/iam/calls/0/0')),
    'every call has a leaf',
  );
  t.equal(proof.population?.total, 6);
  t.equal(
    proof.population?.files?.reduce((sum, { count }) => sum + count, 0),
    6,
  );
  t.strictSame(kept, [], 'the digests are in the proof');
  t.match(proof.results[0], { claim: 'iam-trail-signed', evidence: 'E4', attachments: [0, 1] });
  t.match(proof.attachments, [{ mediaType: DIGESTS_TYPE }, { mediaType: DIGESTS_TYPE }]);
});

const other = (bucketName: string): Event => ({ requestParameters: { bucketName, key: 'q1.csv' } });

function proofOf(seen: Observed): ReturnType<typeof assembleProof> {
  const frame = {
    commitment: hashOf('commitment'),
    agent: { name: 'agent', version: '1' },
    seq: 0,
    challenge: { origin: 'log.example', size: 3, root: hashOf('root'), nonce: new Uint8Array(16) },
    window: { start: NOW, end: NOW + 1 },
    cost: { cpuUs: 1, wallUs: 2, bytes: 3 },
    nextDue: NOW + 3600,
  };
  return assembleProof(frame, [{ claims: pack, seen }], { leaves: 9, excluded: 0 }, hashOf('salt'));
}

function reread(proof: ReturnType<typeof assembleProof>['proof']): unknown {
  const payload = parsePayload('proof', encodeProof(proof));
  return payload.kind === 'proof' ? payload.proof : undefined;
}

t.test('what cannot be judged is unknown, and never allowed', async (t) => {
  const everything = JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } });
  const strange = [
    call('MakeCoffee'),
    call('GetObject', { eventSource: 'new-service.amazonaws.com' }),
    call('ExecuteStatement', { eventSource: 'dynamodb.amazonaws.com' }),
    call('Decrypt', { eventSource: 'kms.amazonaws.com', eventType: 'AwsServiceEvent' }),
  ];
  const seen = await seenOf(t, deliver(quiet(strange)), { policy: everything });
  t.match(seen.value, {
    counts: { allowed: 4, unknown: 4, violating: 0 },
    unknown: {
      's3.amazonaws.com MakeCoffee': { calls: 1, why: /not known here/ },
      'new-service.amazonaws.com GetObject': { calls: 1 },
    },
  });
  t.match(verdicts(seen), { 'all-judged': 'VIOLATED E1', 'least-privilege': 'PROVEN E1' });
  const { proof } = proofOf(seen);
  t.ok(
    proof.disclosed?.some(({ path }) => path.includes('MakeCoffee')),
    'and is listed',
  );

  const nameless = call('GetObject', { userIdentity: { type: 'AWSAccount', accountId: ACCOUNT } });
  const elsewhere = call('GetObject', { userIdentity: { type: 'AWSAccount', accountId: '999900001111' } });
  const service = call('GetObject', { userIdentity: { type: 'AWSService', invokedBy: 'x.amazonaws.com' } });
  const dark = await seenOf(t, deliver(quiet([nameless, elsewhere, service, { eventName: 1 }])));
  t.match(dark.value, { counts: { unattributed: 2, calls: 4 } }, 'nobody knows whose these two are');
  t.match(verdicts(dark), { 'all-judged': 'UNKNOWN E0', 'least-privilege': 'UNKNOWN E0' });
  const unsaid = await seenOf(t, deliver(quiet([call('GetObject', { readOnly: undefined })])));
  t.match(verdicts(unsaid), { 'no-writes': 'UNKNOWN E0', 'least-privilege': 'PROVEN E1' });
});

t.test('calls that failed', async (t) => {
  const failed = [
    call('PutObject', { errorCode: 'AccessDenied' }),
    call('DeleteObject', { errorCode: 'Client.UnauthorizedOperation' }),
    call('GetObject', { errorCode: 'NoSuchKey' }),
    call('PutObject', { errorCode: 'ThrottlingException' }),
    call('GetCallerIdentity', { eventSource: 'sts.amazonaws.com' }),
  ];
  const seen = await seenOf(t, deliver(quiet(failed)));
  t.match(seen.value, {
    counts: {
      allowed: 4,
      deniedByCloud: 2,
      deniedWrites: 2,
      failed: 2,
      failedWrites: 1,
      unknown: 0,
      violating: 0,
      writes: 0,
      permissionless: 1,
    },
    unknown: {},
  });
  t.match(verdicts(seen), { 'least-privilege': 'PROVEN E1', 'no-writes': 'PROVEN E1' });
});

t.test('whose calls they are', async (t) => {
  const user = `arn:aws:iam::${ACCOUNT}:user/bob`;
  const trail = deliver(quiet());
  const seen = await seenOf(t, trail, { principal: user });
  t.match(seen.value, { counts: { calls: 1, violating: 1 }, violations: [{ action: 's3:PutObject' }] });
  const bare = call('GetObject', {
    userIdentity: {
      type: 'AssumedRole',
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reports/x`,
      accountId: ACCOUNT,
    },
  });
  const session = `arn:aws:sts::${ACCOUNT}:assumed-role/reports/worker`;
  for (const [principal, calls] of [
    [ROLE, 5],
    [ROLE.replace('/app', ''), 5],
    [session, 4],
    [`${ROLE}s`, 0],
  ] as const) {
    const of = await seenOf(t, deliver(quiet([bare])), { principal });
    t.match(of.value, { counts: { calls } }, principal);
  }
  const two = await probe(trail.dir, { principals: [user] });
  t.match(two.value, { counts: { calls: 5 } });
  await t.rejects(probe(trail.dir, { principal: 'bob' }), { code: 'config-invalid' });
  await t.rejects(probe(trail.dir, { principal: ROLE.replace(ACCOUNT, '9'.repeat(12)) }), {
    code: 'unavailable',
  });
});

t.test('folders, trails and bounds', async (t) => {
  const part = deliver(quiet(), { below: 'backup/' });
  t.match(
    verdicts(await seenOf(t, part)),
    { 'trail-signed': 'VIOLATED E1' },
    'a folder that the bucket does not have',
  );
  t.match(verdicts(await probe(join(part.dir, 'backup'))), CLEAN, 'the bucket');
  t.match(verdicts(await probe(join(part.dir, 'backup/AWSLogs', ACCOUNT))), CLEAN, 'or a part of it');

  const two = deliver(quiet(), { trail: 'second', into: deliver(quiet()) });
  await t.rejects(seenOf(t, two), { code: 'config-invalid' }, 'which trail?');
  t.match(verdicts(await probe(two.dir, { trail: 'second' })), CLEAN);
  const regions = deliver(quiet(), { region: 'us-east-1', into: deliver(quiet()) });
  const both = await seenOf(t, regions, { regions: ['eu-central-1', 'us-east-1'] });
  t.match(verdicts(both), CLEAN);
  t.match(both.value, { chain: { digests: 6 }, counts: { calls: 8 } });
  const { proof } = proofOf(both);
  t.equal(proof.population?.files?.length, 6);

  await t.rejects(probe('relative'), { code: 'config-invalid' });
  await t.rejects(probe(join(two.dir, 'nothing')), { code: 'unavailable' });
  const stop = new AbortController();
  stop.abort(new Error('stopped'));
  await t.rejects(probe(two.dir, {}, { signal: stop.signal }), { message: 'stopped' });
  for (const bad of [
    { hours: 0 },
    { hours: 1.5 },
    { lag: 1 },
    { regions: ['x/y'] },
    { policyAt: ['/x'] },
    { trail: '../' },
  ])
    await t.rejects(probe(two.dir, bad), { code: 'config-invalid' }, JSON.stringify(bad));

  const bomb = deliver(quiet());
  writeFileSync(join(bomb.dir, bomb.logs[0] ?? ''), gzipSync(Buffer.alloc(130 * 1024 ** 2), { level: 1 }));
  t.match(faultsOf(await seenOf(t, bomb)), /^log file cannot be read \(too-large\)/);
  for (const content of ['[]', '{"Records":{}}', '{', '\xff', '['.repeat(100_000)]) {
    // Signed nonsense: AWS would not, and nothing breaks if it did.
    const odd = deliver([[[]]], { edit: (digest) => swap(digest, sha256(Buffer.from(content, 'latin1'))) });
    writeFileSync(join(odd.dir, odd.logs[0] ?? ''), gzipSync(Buffer.from(content, 'latin1')));
    t.match(faultsOf(await seenOf(t, odd, { hours: 1 })), /^log file holds no records/, content.slice(0, 10));
  }
});

function swap(digest: Record<string, unknown>, hashValue: string): void {
  const files = digest['logFiles'] as Record<string, unknown>[];
  for (const file of files) file['hashValue'] = hashValue;
}

t.test('a window with more calls than leaves', async (t) => {
  const many = Array.from({ length: 16_500 }, () => call('GetObject'));
  const seen = await seenOf(t, deliver([[many, [call('PutObject')]]]), { hours: 1 });
  t.match(seen.value, { counts: { calls: 16_501, violating: 1 }, violations: [{ action: 's3:PutObject' }] });
  t.notOk('calls' in seen.value);
  const { files } = seen.value as { files: Record<string, string> };
  t.match(files['0'], /^sha256 [0-9a-f]{64} records 16500 calls 16500 root [0-9a-f]{64} AWSLogs/);
  t.ok(leavesOf(seen.value).length < 1_000);
  const { proof } = proofOf(seen);
  t.match(
    proof.population,
    { total: 2, sampled: 2, files: [{ count: 1 }, { count: 1 }] },
    'log files are counted',
  );
  t.strictSame(reread(proof), proof);
});

t.test('more log files than a proof names: by digest', async (t) => {
  const files = Array.from({ length: 300 }, () => [call('GetObject')]);
  const seen = await seenOf(t, deliver([files, files]), { hours: 2 });
  t.strictSame(
    seen.population.files?.map(({ count }) => count),
    [300, 300],
  );
  t.strictSame(reread(proofOf(seen).proof), proofOf(seen).proof);
});

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, gzipSync(change(gunzipSync(readFileSync(path)).toString())));
}
