/** The evaluator of policies: wildcards, precedence, conditions, and where a policy is found; the table of actions. */
import fc from 'fast-check';
import t from 'tap';
import type { Value } from '#src/claim/value.ts';
import { declareJson } from '#src/declare/json.ts';
import type { Declarable } from '#src/declare/leaf.ts';
import { declareTerraform } from '#src/declare/sources/terraform/terraform.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { actionsOf, type RequestDetails } from '#src/probe/iam/actions.ts';
import { holds } from '#src/probe/iam/condition.ts';
import { decide, grantsOf } from '#src/probe/iam/evaluate.ts';
import { callOf } from '#src/probe/iam/event.ts';
import { policyOfLeaves, policyOfText } from '#src/probe/iam/policy.ts';
import { matchesAction, matchesArn, matchesWild } from '#src/probe/iam/wildcard.ts';
import { call, deliver, probe, READER, type Event } from '../support/cloudtrail-world.ts';

/** Every way there is, one character after another. */
function slow(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*')
    return Array.from({ length: text.length + 1 }, (_, i) => slow(pattern.slice(1), text.slice(i))).some(
      Boolean,
    );
  return (
    text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && slow(pattern.slice(1), text.slice(1))
  );
}

t.test('wildcards are what the slow oracle says', async (t) => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 10 });
  fc.assert(
    fc.property(letters, text, (pattern, value) => matchesWild(pattern, value) === slow(pattern, value)),
    { numRuns: 2_000 },
  );
  // No pattern makes it slow: this would take longer than the universe lasts if it tried every way.
  t.notOk(matchesWild('*a'.repeat(200), 'a'.repeat(199)));
  t.notOk(matchesWild(`${'a*'.repeat(300)}b`, 'a'.repeat(10_000)));
  t.ok(matchesAction('s3:get*', 'S3:GetObject'), 'actions know no case');
  t.notOk(matchesAction('s3:Get?', 's3:GetObject'));
  t.notOk(matchesWild('s3.Get', 's3:Get'), 'and no regular expressions');
  for (const [pattern, arn, matches] of [
    ['arn:aws:s3:::b/*', 'arn:aws:s3:::b/k/with:colons', true],
    ['arn:aws:s3:::b/*', 'arn:aws:s3:::b', false],
    ['arn:aws:s3:::B/*', 'arn:aws:s3:::b/k', false],
    ['arn:aws:sqs:*:1:q', 'arn:aws:sqs:eu-west-1:1:q', true],
    ['arn:aws:sqs:*:q', 'arn:aws:sqs:eu-west-1:1:q', false],
    ['arn:aws:s3:*', 'arn:aws:s3:::b/k', true],
    ['arn:*:secret', 'arn:aws:s3:::secret', false],
    ['arn:aws:iam::1:role/*', 'arn:aws:iam::2:role/x', false],
    ['*', 'anything', true],
  ] as const)
    t.equal(matchesArn(pattern, arn), matches, `${pattern} ${arn}`);
});

const KEY = 'arn:aws:s3:::reports/q1.csv';

/** The verdict of a policy on an action. */
function says(
  statements: unknown,
  action = 's3:GetObject',
  resource: string | undefined = KEY,
  parts: Event = {},
): string {
  const policy = policyOfText(JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  const context = callOf(call('GetObject', parts)).requests?.[0]?.context ?? new Map<string, string>();
  const resources = resource === '' ? undefined : [resource];
  return decide(policy, { action, resources, context }).verdict;
}
const allow = (rest: object = {}): object => ({ Effect: 'Allow', Action: 's3:*', Resource: '*', ...rest });
const deny = (rest: object = {}): object => ({ ...allow(rest), Effect: 'Deny' });
const bare = ({ Action: _a, ...rest }: Record<string, unknown>, more: object): object => ({
  ...rest,
  ...more,
});
const noResource = (rest: object): object => ({ Effect: 'Allow', Action: 's3:*', ...rest });

t.test('precedence', async (t) => {
  t.equal(says(allow()), 'allowed');
  t.equal(says(allow(), 'ec2:RunInstances'), 'violating', 'what nothing allows is denied');
  t.equal(says([allow(), deny({ Action: 's3:Get*' })]), 'violating', 'a Deny wins');
  t.equal(says([deny({ Action: 's3:Get*' }), allow()]), 'violating', 'wherever it stands');
  t.equal(says([allow(), deny({ Action: 's3:Put*' })]), 'allowed');
  t.equal(says([deny({ Action: 's3:Put*' })]), 'violating', 'not to be denied is not to be allowed');
  t.equal(says(bare({ ...allow() }, { NotAction: 's3:Put*' })), 'allowed');
  t.equal(says(bare({ ...allow() }, { NotAction: ['s3:Put*', 'S3:getobject'] })), 'violating');
  t.equal(says([allow(), bare({ ...deny() }, { NotAction: 's3:Get*' })], 's3:PutObject'), 'violating');
  t.equal(says(noResource({ NotResource: 'arn:aws:s3:::payroll/*' })), 'allowed');
  t.equal(says(noResource({ NotResource: 'arn:aws:s3:::reports/*' })), 'violating');
  t.equal(says(noResource({ Resource: ['arn:aws:s3:::x/*', 'arn:aws:s3:::reports/*'] })), 'allowed');
  t.match(
    decide(policyOfText(JSON.stringify(READER)), {
      action: 's3:PutObject',
      resources: [KEY],
      context: new Map(),
    }),
    {
      why: 'no statement allows it',
    },
  );
});

t.test('a resource that the event does not tell', async (t) => {
  t.equal(says(allow(), 's3:GetObject', ''), 'allowed', 'it does not matter');
  t.equal(says(noResource({ Resource: 'arn:aws:s3:::reports/*' }), 's3:GetObject', ''), 'unknown');
  t.equal(says(noResource({ NotResource: 'arn:aws:s3:::reports/*' }), 's3:GetObject', ''), 'unknown');
  t.equal(
    says([allow(), deny({ Resource: 'arn:aws:s3:::x' })], 's3:GetObject', ''),
    'unknown',
    'it may be denied',
  );
  t.equal(says([deny({ Resource: 'arn:aws:s3:::x' })], 's3:GetObject', ''), 'violating', 'denied either way');
  const policy = policyOfText(JSON.stringify({ Statement: noResource({ Resource: 'arn:aws:s3:::a' }) }));
  const two = {
    action: 's3:x',
    resources: ['arn:aws:s3:::a', 'arn:aws:s3:::b'],
    context: new Map<string, string>(),
  };
  t.equal(decide(policy, two).verdict, 'violating', 'of several, each must be allowed');
  t.equal(decide(policy, { ...two, resources: [] }).verdict, 'unknown', 'none at all is no pass');
});

t.test('conditions', async (t) => {
  const when = (operator: string, key: string, value: unknown): string =>
    says(allow({ Condition: { [operator]: { [key]: value } } }));
  for (const [operator, key, value, verdict] of [
    ['StringEquals', 'aws:RequestedRegion', 'eu-central-1', 'allowed'],
    ['StringEquals', 'AWS:requestedregion', ['x', 'eu-central-1'], 'allowed'],
    ['StringEquals', 'aws:RequestedRegion', 'EU-central-1', 'violating'],
    ['StringEqualsIgnoreCase', 'aws:RequestedRegion', 'EU-central-1', 'allowed'],
    ['StringNotEquals', 'aws:RequestedRegion', ['x', 'eu-central-1'], 'violating'],
    ['StringLike', 'aws:RequestedRegion', 'eu-*', 'allowed'],
    ['StringNotLike', 'aws:RequestedRegion', 'eu-*', 'violating'],
    ['StringLikeIfExists', 'aws:RequestedRegion', 'us-*', 'violating'],
    ['IpAddress', 'aws:SourceIp', '203.0.113.0/24', 'allowed'],
    ['IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '203.0.113.9'], 'allowed'],
    ['IpAddress', 'aws:SourceIp', '2001:db8::/32', 'violating'],
    ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24', 'violating'],
    ['IpAddress', 'aws:SourceIp', '0.0.0.0/0', 'allowed'],
    ['IpAddress', 'aws:SourceIp', 'nonsense/99', 'unknown'],
    ['IpAddress', 'aws:SourceIp', '203.0.113.0/33', 'unknown'],
    ['Bool', 'aws:SecureTransport', 'true', 'allowed'],
    ['Bool', 'aws:SecureTransport', true, 'allowed'],
    ['Bool', 'aws:MultiFactorAuthPresent', 'true', 'violating'],
    ['DateLessThan', 'aws:CurrentTime', '2026-11-22T10:30:01Z', 'allowed'],
    ['DateLessThan', 'aws:CurrentTime', '2026-11-22T10:30:00Z', 'violating'],
    ['DateGreaterThanEquals', 'aws:CurrentTime', '2026-11-22T10:30:00Z', 'allowed'],
    ['DateGreaterThan', 'aws:EpochTime', '1700000000', 'allowed'],
    ['DateLessThan', 'aws:CurrentTime', 'tomorrow', 'unknown'],
    ['ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/app/*', 'allowed'],
    ['ArnNotLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/app/*', 'violating'],
    ['Null', 'aws:RequestedRegion', 'false', 'allowed'],
    ['Null', 'aws:RequestedRegion', true, 'violating'],
    // Not told by the event, or not known here: neither yes nor no, whatever the operator.
    ['Null', 'aws:TokenIssueTime', 'true', 'unknown'],
    ['StringNotEquals', 'aws:PrincipalOrgID', 'o-x', 'unknown'],
    ['StringEqualsIfExists', 'aws:PrincipalOrgID', 'o-x', 'unknown'],
    ['NumericLessThan', 's3:max-keys', '10', 'unknown'],
    ['ForAllValues:StringEquals', 'aws:RequestedRegion', 'eu-central-1', 'unknown'],
    ['StringMatches', 'aws:RequestedRegion', 'eu-central-1', 'unknown'],
  ] as const)
    t.equal(when(operator, key, value), verdict, `${operator} ${key} ${JSON.stringify(value)}`);
  const both = { StringLike: { 'aws:RequestedRegion': 'eu-*', 'aws:PrincipalArn': 'nobody' } };
  t.equal(says(allow({ Condition: both })), 'violating', 'all of them must hold');
  t.equal(
    says(allow({ Condition: { ...both, NumericEquals: { x: '1' } } })),
    'violating',
    'one that fails is enough',
  );
  t.equal(says([allow(), deny({ Condition: { NumericEquals: { x: '1' } } })]), 'unknown', 'perhaps denied');
  t.equal(says([allow(), deny({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } })]), 'allowed');
  t.equal(
    says(allow({ Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }), undefined, undefined, {
      vpcEndpointId: 'vpce-1',
    }),
    'unknown',
    'through an endpoint the address is another key',
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (operator, key, value) => {
      const context = new Map([[key.toLowerCase(), value]]);
      return ['yes', 'no', 'maybe'].includes(holds({ operator, key, values: [value] }, context, true));
    }),
  );
});

t.test('variables', async (t) => {
  const user = {
    userIdentity: { type: 'IAMUser', userName: 'bob', arn: 'arn:aws:iam::111122223333:user/bob' },
  };
  const home = noResource({ Resource: 'arn:aws:s3:::home/${aws:username}/*' });
  t.equal(says(home, 's3:GetObject', 'arn:aws:s3:::home/bob/x', user), 'allowed');
  t.equal(says(home, 's3:GetObject', 'arn:aws:s3:::home/eve/x', user), 'violating');
  t.equal(says(home, 's3:GetObject', 'arn:aws:s3:::home/bob/x'), 'unknown', 'a role has no user name');
  t.equal(
    says(home, 's3:GetObject', 'arn:aws:s3:::home/*/x', {
      userIdentity: { ...user.userIdentity, userName: '*' },
    }),
    'unknown',
  );
  const literal = policyOfText(JSON.stringify({ Statement: home }));
  const request = { action: 's3:GetObject', context: new Map<string, string>() };
  t.equal(
    decide(literal, { ...request, resources: ['arn:aws:s3:::home/${aws:username}/x'] }).verdict,
    'allowed',
    '2008',
  );
});

t.test('a policy that is not understood is refused, not passed over', async (t) => {
  const bad: readonly unknown[] = [
    {},
    { Statement: [] },
    { Statement: [{}] },
    { Statement: allow({ Effect: 'allow' }) },
    { Statement: allow({ Principal: '*' }) },
    { Statement: allow({ NotAction: 's3:*' }) },
    { Statement: { Effect: 'Allow', Action: 's3:*' } },
    { Statement: allow({ Condition: 'x' }) },
    { Statement: allow({ Condition: { Bool: { x: [] } } }) },
    { Statement: allow({ Action: [{}] }) },
    { Statement: allow({ Actions: 's3:*' }) },
    { Statement: 'x' },
    { Version: '2030-01-01', Statement: allow() },
    { Statement: allow(), Rules: [] },
    { Statement: Array.from({ length: 501 }, () => allow()) },
  ];
  for (const each of bad)
    t.throws(
      () => policyOfText(JSON.stringify(each)),
      { code: 'config-invalid' },
      JSON.stringify(each).slice(0, 80),
    );
  t.throws(() => policyOfText('{"Statement":[],"Statement":[]}'), { code: 'config-invalid' }, 'a name twice');
  t.throws(() => policyOfText('{'), { code: 'config-invalid' });
});

const leaves = ({ leaves: all }: Declarable): Map<string, Value> =>
  new Map(all.map(({ path, value }) => [path, declaredValue(value)]));

t.test('the policy is found among what was committed', async (t) => {
  const text = JSON.stringify(READER);
  const direct = policyOfText(text);
  t.strictSame(grantsOf(direct), ['s3:GetBucketTagging', 's3:GetObject', 's3:ListBucket']);
  const one = JSON.stringify({ PolicyDocument: READER, RoleName: 'reports' });
  const resources = (list: readonly object[]): Map<string, Value> =>
    leaves(
      declareTerraform(
        JSON.stringify({
          format_version: '1.2',
          terraform_version: '1.11.4',
          resource_changes: list.map((after, i) => ({
            address: `aws_iam_policy.p${i}`,
            mode: 'managed',
            change: { actions: ['create'], after, after_unknown: {}, after_sensitive: {} },
          })),
        }),
      ),
    );
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'x' } }],
  };
  const plan = resources([{ policy: text, name: 'p' }, { assume_role_policy: JSON.stringify(trust) }]);
  for (const [name, declared] of [
    ['json@1', leaves(declareJson(text))],
    ['json@1 inside another document', leaves(declareJson(one))],
    ['json@1, a text', new Map([['/policy', text]])],
    ['terraform@1, beside a trust policy', plan],
  ] as const) {
    const policy = policyOfLeaves(declared, undefined);
    t.equal(policy.sha256, direct.sha256, name);
    t.equal(
      decide(policy, { action: 's3:PutObject', resources: [KEY], context: new Map() }).verdict,
      'violating',
    );
  }
  const shuffled = {
    Statement: { ...READER.Statement[0], Action: [...(READER.Statement[0]?.Action ?? [])].toReversed() },
    Version: READER.Version,
  };
  t.equal(policyOfText(JSON.stringify(shuffled)).sha256, direct.sha256, 'one spelling, one digest');

  const several = resources([{ policy: text }, { policy: JSON.stringify({ Statement: [deny()] }) }]);
  t.throws(() => policyOfLeaves(several, undefined), { code: 'config-invalid' }, 'which one?');
  t.equal(policyOfLeaves(several, ['/aws_iam_policy.p0/policy']).sha256, direct.sha256);
  const all = policyOfLeaves(several, ['/aws_iam_policy.p0/policy', '/aws_iam_policy.p1/policy']);
  t.equal(
    decide(all, { action: 's3:GetObject', resources: [KEY], context: new Map() }).verdict,
    'violating',
    'both count',
  );
  t.throws(() => policyOfLeaves(several, ['/nowhere']), { code: 'config-invalid' });
  t.throws(() => policyOfLeaves(new Map([['/x', 1]]), undefined), { code: 'config-invalid' });
  for (const hidden of [{ unknown: true }, { sensitive: 'ab' }]) {
    const declared = new Map<string, Value>([
      ...leaves(declareJson(text)),
      ['/Statement/0/Action/0', hidden],
    ]);
    t.throws(
      () => policyOfLeaves(declared, undefined),
      { code: 'config-invalid' },
      'not known, or not shown',
    );
  }

  const trail = deliver([[[call('GetObject'), call('PutObject')]]]);
  t.teardown(() => trail.remove());
  const seen = await probe(trail.dir, { policy: undefined, hours: 1 }, { declared: plan });
  t.match(seen.value, { counts: { allowed: 1, violating: 1 }, evaluator: { policy: direct.sha256 } });
  t.strictSame(seen.compared, { declared: plan.size, compared: 12, excluded: 0 });
  await t.rejects(
    probe(trail.dir, { policy: undefined, hours: 1 }),
    { code: 'config-invalid' },
    'nothing to hold it against',
  );
});

t.test('events and the actions they need', async (t) => {
  const plain = { versioned: false, sourceVersioned: false, names: [] };
  const names = (source: string, event: string, how: RequestDetails = plain): string | undefined =>
    actionsOf(`${source}.amazonaws.com`, event, how)
      ?.map(({ action }) => action)
      .join(' ');
  for (const [source, event, actions] of [
    ['s3', 'HeadObject', 's3:GetObject'],
    ['s3', 'ListObjects', 's3:ListBucket'],
    ['s3', 'ListBuckets', 's3:ListAllMyBuckets'],
    ['s3', 'GetBucketLocation', 's3:GetBucketLocation'],
    ['s3', 'UploadPart', 's3:PutObject'],
    ['s3', 'CopyObject', 's3:PutObject s3:GetObject'],
    ['s3', 'GetBucketEncryption', 's3:GetEncryptionConfiguration'],
    ['s3', 'Anything', undefined],
    ['monitoring', 'GetMetricData', 'cloudwatch:GetMetricData'],
    ['lambda', 'Invoke', 'lambda:InvokeFunction'],
    ['lambda', 'ListFunctions20150331', 'lambda:ListFunctions'],
    ['lambda', 'UpdateFunctionCode20150331v2', 'lambda:UpdateFunctionCode'],
    ['sqs', 'SendMessageBatch', 'sqs:SendMessage'],
    ['kms', 'ReEncrypt', undefined],
    ['dynamodb', 'TransactWriteItems', undefined],
    ['sts', 'GetCallerIdentity', ''],
    ['unheard-of', 'GetThing', undefined],
    ['ec2', 'constructor', undefined],
    ['ec2', '__proto__', undefined],
    ['logs', 'GetLogObject', undefined],
  ] as const)
    t.equal(names(source, event), actions, `${source} ${event}`);
  t.equal(names('dynamodb', 'ToString'), 'dynamodb:ToString');
  t.equal(names('s3', 'GetObject', { ...plain, versioned: true }), 's3:GetObjectVersion');
  t.equal(
    names('s3', 'PutObject', { ...plain, names: ['X-Amz-Acl', 'x-amz-tagging'] }),
    's3:PutObject s3:PutObjectAcl s3:PutObjectTagging',
  );
  t.equal(actionsOf('s3.evil.example', 'GetObject', plain), undefined);

  const requests = (name: string, parts: Event): unknown =>
    callOf(call(name, parts)).requests?.map(({ action, resources }) =>
      [action, ...(resources ?? ['?'])].join(' '),
    );
  const source = { bucketName: 'dest', key: 'k', 'x-amz-copy-source': 'from/a%20b' };
  t.strictSame(requests('CopyObject', { requestParameters: source }), [
    's3:PutObject arn:aws:s3:::dest/k',
    's3:GetObject arn:aws:s3:::from/a b',
  ]);
  const version = { ...source, 'x-amz-copy-source': 'from/a?versionId=1' };
  t.match(requests('CopyObject', { requestParameters: version }), [
    /./,
    's3:GetObjectVersion arn:aws:s3:::from/a',
  ]);
  for (const [name, requestParameters] of [
    ['GetObject', { bucketName: 'reports' }],
    ['GetObject', { bucketName: 'arn:aws:s3:eu-central-1:1:accesspoint/x', key: 'k' }],
    ['GetObject', { bucketName: 'x-abc-s3alias', key: 'k' }],
    ['GetObject', null],
    ['DeleteObjects', { bucketName: 'reports' }],
  ] as const)
    t.match(requests(name, { requestParameters }), [/ \?$/], 'a resource that is not told is not guessed');
  const resources = [{ ARN: 'arn:aws:kms:eu:1:key/x' }, { ARN: 'arn:aws:secretsmanager:eu:1:secret:y' }, 7];
  const secret = { eventSource: 'secretsmanager.amazonaws.com', resources };
  t.strictSame(requests('GetSecretValue', secret), [
    'secretsmanager:GetSecretValue arn:aws:secretsmanager:eu:1:secret:y',
  ]);
  fc.assert(fc.property(fc.object(), (record) => typeof callOf(record).event === 'string'));
});
