/** `kms@1`: rotations of a key in CloudTrail, under digests that AWS signed; and what is none. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { kmsProbe } from '#src/probe/kms/probe.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import {
  ACCOUNT,
  aws,
  call,
  deliver,
  END,
  mallory,
  publicKey,
  type Delivered,
  type Event,
} from '../support/cloudtrail-world.ts';
import { hashOf } from '../support/statement-examples.ts';
import { runShaped } from '../support/shaped.ts';

const ARN = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const HOUR = 3_600_000;

/** As AWS writes it. */
function rotated(parts: Event = {}, arn = ARN): Event {
  return call('RotateKey', {
    eventSource: 'kms.amazonaws.com',
    eventType: 'AwsServiceEvent',
    userIdentity: { accountId: ACCOUNT, invokedBy: 'AWS Internal' },
    requestParameters: null,
    resources: [{ ARN: arn, accountId: ACCOUNT, type: 'AWS::KMS::Key' }],
    serviceEventDetails: { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab', rotationType: 'AUTOMATIC' },
    ...parts,
  });
}

const PARAMS: Readonly<Record<string, Parameter>> = { key: ARN, days: 1, publicKeys: [publicKey(aws)] };

async function look(
  dir: string,
  params: Readonly<Record<string, Parameter>> = {},
  now = END + HOUR / 2,
): Promise<Observed> {
  return runShaped(kmsProbe, {
    target: dir,
    params: parametersOf(kmsProbe, new Map(Object.entries({ ...PARAMS, ...params }))),
    challenge: hashOf('a challenge'),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => now,
  });
}

async function verdict(
  dir: string,
  params: Readonly<Record<string, Parameter>> = {},
  now?: number,
): Promise<string> {
  const [claim] = packOf('kms-rotation', new Map(Object.entries({ ...PARAMS, ...params })));
  if (claim === undefined) throw new Error('the pack has a claim');
  const { verdict: told, explain } = judgeClaim(claim, await look(dir, params, now));
  return told === 'UNKNOWN' ? `UNKNOWN ${explain}` : told;
}

/** Hours of a trail with one event in the hour that ends two hours before the end. */
function trail(
  t: Test,
  event: Event | undefined,
  hours = 25,
  options: Parameters<typeof deliver>[1] = {},
): Delivered {
  const delivered = deliver(
    Array.from({ length: hours }, (_, i) => [
      [call('GetObject'), ...(event !== undefined && i === hours - 3 ? [event] : [])],
    ]),
    options,
  );
  t.teardown(() => delivered.remove());
  return delivered;
}

t.test('a rotation within the days', async (t) => {
  t.equal(await verdict(trail(t, rotated()).dir), 'PROVEN');
  const onDemand = rotated({ serviceEventDetails: { keyId: ARN, rotationType: 'ON_DEMAND' } });
  t.equal(await verdict(trail(t, onDemand).dir), 'PROVEN');
  t.equal(await verdict(trail(t, rotated(), 4).dir), 'PROVEN', 'a trail that began yesterday');
  const seen = await look(trail(t, rotated()).dir);
  t.match(seen.value, { rotation: { seen: true, at: Date.parse('2026-11-22T10:30:00Z') / 1000, count: 1 } });
});

t.test('what is no rotation of this key in these days', async (t) => {
  const others: Readonly<Record<string, Event>> = {
    'another key': rotated({}, ARN.replace('1234abcd', '9999abcd')),
    'another key in the details': rotated({ serviceEventDetails: { keyId: 'other' } }),
    'two keys': rotated({ resources: [{ ARN }, { ARN: ARN.replace('1234abcd', '9999abcd') }] }),
    'no key': rotated({ resources: [] }),
    'another account': rotated({ recipientAccountId: '999999999999' }),
    'another region': rotated({ awsRegion: 'us-east-1' }),
    'another service': rotated({ eventSource: 'sts.amazonaws.com' }),
    failed: rotated({ errorCode: 'KMSInvalidStateException' }),
    'failed, by its message': rotated({ errorMessage: 'no' }),
    'a call of somebody': rotated({ eventType: 'AwsApiCall' }),
    'a call that asks': rotated({ eventName: 'RotateKeyOnDemand', eventType: 'AwsApiCall' }),
    'too old': rotated({ eventTime: '2026-11-20T10:30:00Z' }),
    'not yet': rotated({ eventTime: '2027-11-20T10:30:00Z' }),
    'no time': rotated({ eventTime: 'yesterday' }),
  };
  for (const [name, event] of Object.entries(others))
    t.equal(await verdict(trail(t, event).dir), 'VIOLATED', name);
  t.equal(await verdict(trail(t, undefined).dir), 'VIOLATED', 'none at all');
  t.match(await verdict(trail(t, undefined, 10).dir), /^UNKNOWN the trail begins at .* less than 1 days/);
});

t.test('the clock of the agent, and what the trail cannot hold yet', async (t) => {
  const at = (ms: number): Event => rotated({ eventTime: `${new Date(ms).toISOString().slice(0, 19)}Z` });
  const old = trail(t, at(END - 47 * HOUR));
  t.equal(await verdict(old.dir), 'VIOLATED');
  t.equal(
    await verdict(old.dir, {}, END - 30 * HOUR),
    'VIOLATED',
    'a clock that is behind makes it no younger',
  );
  const ending = trail(t, at(END - 23.9 * HOUR));
  t.equal(await verdict(ending.dir, {}, END), 'PROVEN');
  t.match(
    await verdict(ending.dir, {}, END + HOUR / 2),
    /^UNKNOWN the newest rotation became older than 1 days after the trail ends/,
    'AWS may have rotated it again since the last digest',
  );
});

t.test('a key of several Regions is rotated where its primary key is', async (t) => {
  const key = ARN.replace(/key\/.*/, 'key/mrk-1234abcd12ab34cd56ef1234567890ab');
  const here = rotated({ serviceEventDetails: { rotationType: 'AUTOMATIC' } }, key);
  t.equal(await verdict(trail(t, here).dir, { key }), 'PROVEN');
  t.match(await verdict(trail(t, undefined).dir, { key }), /^UNKNOWN a key of several Regions/);
});

t.test('a chain with a hole, and files that are not those that AWS signed', async (t) => {
  const without = (which: 'digests' | 'logs', index: number): string => {
    const delivered = trail(t, rotated());
    rmSync(join(delivered.dir, delivered[which].at(index) ?? ''));
    return delivered.dir;
  };
  t.match(await verdict(without('digests', 10)), /^UNKNOWN the trail is not whole: digest is missing/);
  t.match(await verdict(without('digests', -2)), /^UNKNOWN/);
  t.match(await verdict(without('logs', 3)), /^UNKNOWN the trail is not whole: log file is missing/);
  const forged = trail(t, undefined);
  const file = join(forged.dir, forged.logs[20] ?? '');
  const content = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { Records: Event[] };
  writeFileSync(file, gzipSync(JSON.stringify({ Records: [...content.Records, rotated()] })));
  t.match(await verdict(forged.dir), /^UNKNOWN the trail is not whole: log file was altered/);
  t.match(await verdict(trail(t, rotated(), 25, { signer: mallory }).dir), /^UNKNOWN/);
  t.match(
    await verdict(trail(t, rotated()).dir, {}, END + 30 * HOUR),
    /^UNKNOWN the trail is not whole: the trail ends at/,
  );
  const altered = trail(t, rotated(), 25, {
    edit: (digest, hour) => void (hour === 9 && (digest['previousDigestHashValue'] = '00'.repeat(32))),
  });
  t.match(await verdict(altered.dir), /^UNKNOWN/);
});

t.test('parameters, and folders without such a trail', async (t) => {
  const { dir } = trail(t, rotated(), 4);
  for (const params of [{ key: 'alias/payments' }, { key: `${ARN}x/y` }, { days: 0 }, { days: 401 }])
    await t.rejects(look(dir, params), { code: 'config-invalid' });
  await t.rejects(look(dir, { key: ARN.replace(ACCOUNT, '999999999999') }), {
    code: 'unavailable',
    message: /no digest of account/,
  });
  await t.rejects(look(dir, { key: ARN.replace('eu-central-1', 'us-east-1') }), { code: 'unavailable' });
  trail(t, rotated(), 4, { into: { dir, digests: [], logs: [], remove: () => undefined }, trail: 'second' });
  await t.rejects(look(dir), { code: 'config-invalid', message: /several trails/ });
});
