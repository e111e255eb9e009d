/** Calls are judged by the policy as AWS judges them: by what they name, by the service that they are of, and by who made them. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import fc from 'fast-check';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { ANY, matchesArn, matchesOpenArn, ONE } from '#src/probe/iam/wildcard.ts';
import { ACCOUNT, call, deliver, PARAMS, probe, type Event } from '../support/cloudtrail-world.ts';

const pack = packOf('iam-read-only', new Map(Object.entries(PARAMS)));

async function seen(
  events: readonly Event[],
  action: string,
  resource: string,
  principal?: string,
): Promise<Observed> {
  const trail = deliver([[events]]);
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: resource.replaceAll('ACCOUNT', ACCOUNT) }],
  };
  try {
    return await probe(trail.dir, {
      policy: JSON.stringify(policy),
      hours: 1,
      ...(principal !== undefined && { principal }),
    });
  } finally {
    trail.remove();
  }
}

function verdict(observed: Observed, id: string): string | undefined {
  const claim = pack.find((each) => each.id === id);
  return claim && judgeClaim(claim, observed).verdict;
}

function count(observed: Observed): string {
  const { counts } = observed.value as { counts: Record<string, number> };
  return ['allowed', 'violating', 'unknown'].filter((name) => (counts[name] ?? 0) > 0).join(' ');
}

const at = (service: string, rest: string): string => `arn:aws:${service}:eu-central-1:ACCOUNT:${rest}`;
const globally = (rest: string): string => `arn:aws:iam::ACCOUNT:${rest}`;

/** A call with its parameters and nothing else, a policy for one resource, and what comes of it. */
const NAMED: readonly (readonly [
  source: string,
  event: string,
  parameters: Event,
  resource: string,
  verdict: string,
])[] = [
  ['sts', 'AssumeRole', { roleArn: globally('role/reader') }, globally('role/reader'), 'allowed'],
  ['sts', 'AssumeRole', { roleArn: globally('role/admin') }, globally('role/reader'), 'violating'],
  [
    'sts',
    'AssumeRole',
    { roleArn: 'arn:aws:iam::999999999999:role/reader' },
    globally('role/*'),
    'violating',
  ],
  ['sts', 'AssumeRole', {}, globally('role/reader'), 'unknown'],
  [
    'secretsmanager',
    'GetSecretValue',
    { secretId: 'prod/db' },
    at('secretsmanager', 'secret:prod/db-??????'),
    'allowed',
  ],
  [
    'secretsmanager',
    'GetSecretValue',
    { secretId: 'prod/db' },
    at('secretsmanager', 'secret:prod/*'),
    'allowed',
  ],
  [
    'secretsmanager',
    'GetSecretValue',
    { secretId: 'prod/db' },
    at('secretsmanager', 'secret:prod/db-AbC123'),
    'unknown',
  ],
  [
    'secretsmanager',
    'GetSecretValue',
    { secretId: 'prod/root' },
    at('secretsmanager', 'secret:prod/db-??????'),
    'violating',
  ],
  ['dynamodb', 'GetItem', { tableName: 'orders' }, at('dynamodb', 'table/orders'), 'allowed'],
  ['dynamodb', 'GetItem', { tableName: 'cards' }, at('dynamodb', 'table/orders'), 'violating'],
  ['dynamodb', 'Query', { tableName: 'orders', indexName: 'i' }, at('dynamodb', 'table/orders'), 'violating'],
  [
    'lambda',
    'GetFunction20150331v2',
    { functionName: at('lambda', 'function:pay') },
    at('lambda', 'function:pay'),
    'allowed',
  ],
  ['lambda', 'Invoke', { functionName: 'admin' }, at('lambda', 'function:pay*'), 'violating'],
  ['kms', 'Decrypt', { keyId: '0123abcd-0123-0123-0123-0123456789ab' }, at('kms', 'key/other'), 'violating'],
  ['kms', 'Decrypt', { keyId: 'alias/db' }, at('kms', 'key/other'), 'unknown'],
  [
    'sqs',
    'ReceiveMessage',
    { queueUrl: `https://sqs.eu-central-1.amazonaws.com/ACCOUNT/jobs` },
    at('sqs', 'jobs'),
    'allowed',
  ],
  [
    'sqs',
    'PurgeQueue',
    { queueUrl: `https://sqs.eu-central-1.amazonaws.com/ACCOUNT/other` },
    at('sqs', 'jobs'),
    'violating',
  ],
  ['sns', 'Publish', { topicArn: at('sns', 'alerts') }, at('sns', 'alerts'), 'allowed'],
  ['iam', 'GetRole', { roleName: 'app' }, globally('role/*'), 'allowed'],
  ['iam', 'GetRole', { roleName: 'app' }, globally('role/team/app'), 'unknown'],
  ['iam', 'PutRolePolicy', { roleName: 'admin', policyName: 'p' }, globally('role/app'), 'violating'],
  ['ssm', 'GetParameters', { names: ['/a/x', '/a/y'] }, at('ssm', 'parameter/a/*'), 'allowed'],
  ['ssm', 'GetParameters', { names: ['/a/x', '/b/y'] }, at('ssm', 'parameter/a/*'), 'violating'],
  ['kinesis', 'GetRecords', { streamName: 's' }, at('kinesis', 'stream/t'), 'violating'],
];
const filled = (parts: Event): Event =>
  JSON.parse(JSON.stringify(parts).replaceAll('ACCOUNT', ACCOUNT)) as Event;

for (const [service, event, parameters, resource, expected] of NAMED)
  t.test(
    `${service} ${event} ${JSON.stringify(parameters)} of a policy for ${resource}: ${expected}`,
    async (t) => {
      const observed = await seen(
        [
          call(event, {
            eventSource: `${service}.amazonaws.com`,
            readOnly: true,
            requestParameters: filled(parameters),
          }),
        ],
        `${service}:*`,
        resource,
      );
      t.equal(count(observed), expected);
    },
  );

t.test('a pattern and an ARN with open parts', (t) => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', '*', '?', '/'), { maxLength: 6 })
    .map((all) => all.join(''));
  const open = fc
    .array(fc.constantFrom('a', 'b', '/', ANY, ONE), { maxLength: 5 })
    .map((all) => all.join(''));
  const text = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 3 }).map((all) => all.join(''));
  fc.assert(
    fc.property(letters, open, text, fc.constantFrom('a', 'b'), (pattern, arn, any, one) => {
      const whole = (rest: string): string => `arn:aws:iam::1:${rest}`;
      const says = matchesOpenArn(whole(pattern), whole(arn));
      const is = matchesArn(whole(pattern), whole(arn.replaceAll(ANY, any).replaceAll(ONE, one)));
      return (
        !(says === 'no' && is) && (says !== 'yes' || is || (arn.includes(ANY) && !pattern.includes('*')))
      );
    }),
    { numRuns: 5_000 },
  );
  t.end();
});

t.test('event sources that several services share', async (t) => {
  const told = (service?: string): Event =>
    service === undefined ? {} : { additionalEventData: { service } };
  const table: readonly (readonly [string, Event, string, string])[] = [
    ['PutScalingPolicy', { ...told('application-autoscaling') }, 'application-autoscaling:*', 'allowed'],
    ['PutScalingPolicy', { ...told('application-autoscaling') }, 'autoscaling:*', 'violating'],
    ['RegisterScalableTarget', {}, 'application-autoscaling:*', 'allowed'],
    ['UpdateAutoScalingGroup', {}, 'autoscaling:*', 'allowed'],
    ['CreateScalingPlan', {}, 'autoscaling-plans:*', 'allowed'],
    ['DeleteScheduledAction', {}, 's3:*', 'unknown'],
    [
      'DeleteScheduledAction',
      { requestParameters: { serviceNamespace: 'ecs' } },
      'application-autoscaling:*',
      'allowed',
    ],
    [
      'DeleteScheduledAction',
      { requestParameters: { autoScalingGroupName: 'g' } },
      'autoscaling:*',
      'allowed',
    ],
    ['UpdateAutoScalingGroup', told('application-autoscaling'), 's3:*', 'unknown'],
    ['NewOperation', {}, 's3:*', 'unknown'],
  ];
  for (const [event, parts, action, expected] of table) {
    const one = call(event, { eventSource: 'autoscaling.amazonaws.com', requestParameters: {}, ...parts });
    t.equal(count(await seen([one], action, '*')), expected, `${event} ${JSON.stringify(parts)} ${action}`);
  }
});

const USER = `arn:aws:iam::${ACCOUNT}:user/ops/bob`;
const IDENTITIES: readonly (readonly [
  what: string,
  parts: Event,
  principal: string | undefined,
  unattributed: number,
])[] = [
  ['SAML', { userIdentity: { type: 'SAMLUser', principalId: 'x:bob', userName: 'bob' } }, undefined, 0],
  ['web identity', { userIdentity: { type: 'WebIdentityUser', userName: 'repo:x' } }, undefined, 0],
  ['Identity Center', { userIdentity: { type: 'IdentityCenterUser', accountId: ACCOUNT } }, undefined, 0],
  ['AWS itself', { userIdentity: { accountId: ACCOUNT, invokedBy: 'AWS Internal' } }, undefined, 0],
  ['a service event', { userIdentity: { accountId: ACCOUNT }, eventType: 'AwsServiceEvent' }, undefined, 0],
  ['Insights', { userIdentity: undefined, eventType: 'AwsCloudTrailInsight' }, undefined, 0],
  ['nobody', { userIdentity: { type: 'AWSAccount', accountId: 'ANONYMOUS_PRINCIPAL' } }, undefined, 0],
  ['another account', { userIdentity: { type: 'AWSAccount', accountId: '999999999999' } }, undefined, 0],
  [
    'a user, where roles are looked at',
    { userIdentity: { type: 'IAMUser', accountId: ACCOUNT } },
    undefined,
    0,
  ],
  ['another user', { userIdentity: { type: 'IAMUser', accountId: ACCOUNT, userName: 'eve' } }, USER, 0],
  [
    'a user of that name',
    { userIdentity: { type: 'IAMUser', accountId: ACCOUNT, userName: 'bob' } },
    USER,
    1,
  ],
  [
    'a hidden user',
    { userIdentity: { type: 'IAMUser', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS' } },
    USER,
    1,
  ],
  ['a role that is not told', { userIdentity: { type: 'AssumedRole', accountId: ACCOUNT } }, undefined, 1],
  ['somebody of the account', { userIdentity: { type: 'AWSAccount', accountId: ACCOUNT } }, undefined, 1],
];
for (const [what, parts, principal, unattributed] of IDENTITIES)
  t.test(`who has no ARN: ${what}`, async (t) => {
    const observed = await seen([call('PutObject', parts)], 's3:GetObject', '*', principal);
    t.match(observed.value, { counts: { unattributed, violating: 0, calls: 0 } });
    // A call that may be the principal's neither violates nor passes: nothing is shown by it.
    for (const claim of ['iam-all-judged', 'iam-least-privilege', 'iam-no-writes'])
      t.equal(verdict(observed, claim), unattributed === 0 ? 'PROVEN' : 'UNKNOWN', claim);
  });

t.test('what failed did nothing', async (t) => {
  for (const errorCode of ['NoSuchBucket', 'ThrottlingException', 'ExpiredToken', 'ValidationException']) {
    const observed = await seen([call('PutObject', { errorCode })], 's3:GetObject', '*');
    t.match(observed.value, {
      counts: { failed: 1, failedWrites: 1, writes: 0, allowed: 0, violating: 0 },
      used: {},
    });
    t.equal(verdict(observed, 'iam-no-writes'), 'PROVEN', errorCode);
  }
  const done = await seen([call('PutObject')], 's3:GetObject', '*');
  t.equal(verdict(done, 'iam-no-writes'), 'VIOLATED');
});

t.test('digests that are missing are named, and nobody is accused of the others', async (t) => {
  for (const gone of [[1], [2], [1, 2], [2, 3], [1, 3]]) {
    const trail = deliver(Array.from({ length: 6 }, () => [[call('GetObject')]]));
    t.teardown(() => trail.remove());
    for (const i of gone) rmSync(join(trail.dir, trail.digests[i] ?? ''));
    const observed = await probe(trail.dir, { hours: 6 });
    const { chain } = observed.value as { chain: { faults: readonly string[] } };
    t.match(chain.faults.join('\n'), /digest is missing: .*\.json\.gz/, String(gone));
    t.notMatch(chain.faults.join('\n'), /altered|another key/, String(gone));
    t.equal(verdict(observed, 'iam-trail-whole'), 'VIOLATED');
    t.equal(new Set(chain.faults).size, chain.faults.length);
  }
});
