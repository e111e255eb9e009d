/**
 * Maps the name of an event to the actions that a policy must allow. Event names are API operations, and most operations are
 * actions of the same name; the exceptions are here. An event that is not here is unmapped, which counts as unknown, never as
 * allowed. Checked against AWS's service authorization reference and the operations of its SDK as of 2026-09.
 */
import { createHash } from 'node:crypto';
import { NAMED_TABLE } from './named.ts';
import { SCALING, scalingOf } from './scaling.ts';

/** What one event needs. `about` says which resource it is: see event.ts. */
export interface Needed {
  readonly action: string;
  readonly about: 'object' | 'bucket' | 'source' | 'listed' | 'unknown';
}

/** Services whose operations are actions of the same name, by event source: prefix of their actions, and exceptions. */
interface Service {
  readonly prefix: string;
  /** Operation → actions; none: unmapped. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

const plain = (...names: readonly string[]): readonly (readonly [string, Service])[] =>
  names.map((name) => [name, { prefix: name }]);

const SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  ...plain('access-analyzer', 'acm', 'athena', 'backup', 'batch', 'cloudformation', 'cloudtrail'),
  ...plain(
    'codebuild',
    'codepipeline',
    'config',
    'ec2',
    'ecr',
    'ecs',
    'eks',
    'elasticache',
    'elasticfilesystem',
  ),
  ...plain(
    'elasticloadbalancing',
    'elasticmapreduce',
    'es',
    'events',
    'firehose',
    'guardduty',
    'kinesis',
    'logs',
  ),
  ...plain(
    'organizations',
    'rds',
    'redshift',
    'route53',
    'secretsmanager',
    'securityhub',
    'ssm',
    'states',
    'wafv2',
  ),
  ['monitoring', { prefix: 'cloudwatch' }],
  ['tagging', { prefix: 'tag' }],
  ['iam', { prefix: 'iam', except: { UpdateDelegationRequest: [] } }],
  // GetCallerIdentity needs no permission, and no policy can deny it.
  ['sts', { prefix: 'sts' }],
  ['kms', { prefix: 'kms', except: { ReEncrypt: [] } }],
  [
    'dynamodb',
    {
      prefix: 'dynamodb',
      except: {
        BatchExecuteStatement: [],
        ExecuteStatement: [],
        ExecuteTransaction: [],
        TransactGetItems: ['GetItem'],
        TransactWriteItems: [],
      },
    },
  ],
  [
    'sqs',
    {
      prefix: 'sqs',
      except: {
        ChangeMessageVisibilityBatch: ['ChangeMessageVisibility'],
        DeleteMessageBatch: ['DeleteMessage'],
        SendMessageBatch: ['SendMessage'],
      },
    },
  ],
  ['sns', { prefix: 'sns', except: { PublishBatch: ['Publish'] } }],
  [
    'lambda',
    { prefix: 'lambda', except: { Invoke: ['InvokeFunction'], GetLayerVersionByArn: ['GetLayerVersion'] } },
  ],
]);

/** Operations with exceptions found in these services; unmapped. */
const IRREGULAR: ReadonlySet<string> = new Set([
  'access-analyzer:GetFindingV2',
  'access-analyzer:ListFindingsV2',
  'cloudtrail:ListInsightsMetricData',
  'ecr:ListImageReferrers',
  'logs:GetLogObject',
  'monitoring:DescribeAlarmContributors',
  'rds:DescribeServerlessV2PlatformVersions',
  'redshift:ModifyLakehouseConfiguration',
  'securityhub:BatchUpdateFindingsV2',
  'securityhub:GetFindingStatisticsV2',
  'securityhub:GetFindingsV2',
  'securityhub:RegisterConnectorV2',
]);

const of = (about: Needed['about'], ...names: readonly string[]): readonly (readonly [string, Needed[]])[] =>
  names.map((name) => [name, [{ action: `s3:${name}`, about }]]);
const as = (event: string, action: string, about: Needed['about']): readonly [string, Needed[]] => [
  event,
  [{ action: `s3:${action}`, about }],
];

/** Actions of S3 often differ from its operations, so that each operation is listed. */
const S3: ReadonlyMap<string, readonly Needed[]> = new Map([
  ...of(
    'object',
    'GetObject',
    'GetObjectAcl',
    'GetObjectTagging',
    'GetObjectRetention',
    'GetObjectLegalHold',
  ),
  ...of('object', 'GetObjectAttributes', 'GetObjectTorrent', 'PutObject', 'PutObjectAcl', 'PutObjectTagging'),
  ...of('object', 'PutObjectRetention', 'PutObjectLegalHold', 'DeleteObject', 'DeleteObjectTagging'),
  ...of('object', 'RestoreObject', 'AbortMultipartUpload'),
  as('HeadObject', 'GetObject', 'object'),
  as('SelectObjectContent', 'GetObject', 'object'),
  as('CreateMultipartUpload', 'PutObject', 'object'),
  as('UploadPart', 'PutObject', 'object'),
  as('CompleteMultipartUpload', 'PutObject', 'object'),
  as('PostObject', 'PutObject', 'object'),
  as('ListParts', 'ListMultipartUploadParts', 'object'),
  [
    'CopyObject',
    [
      { action: 's3:PutObject', about: 'object' },
      { action: 's3:GetObject', about: 'source' },
    ],
  ],
  [
    'UploadPartCopy',
    [
      { action: 's3:PutObject', about: 'object' },
      { action: 's3:GetObject', about: 'source' },
    ],
  ],
  as('DeleteObjects', 'DeleteObject', 'unknown'),
  as('ListObjects', 'ListBucket', 'bucket'),
  as('ListObjectsV2', 'ListBucket', 'bucket'),
  as('HeadBucket', 'ListBucket', 'bucket'),
  as('ListObjectVersions', 'ListBucketVersions', 'bucket'),
  as('ListMultipartUploads', 'ListBucketMultipartUploads', 'bucket'),
  as('ListBuckets', 'ListAllMyBuckets', 'unknown'),
  ...of('bucket', 'CreateBucket', 'DeleteBucket', 'GetBucketAcl', 'GetBucketLocation', 'GetBucketLogging'),
  ...of(
    'bucket',
    'GetBucketNotification',
    'GetBucketOwnershipControls',
    'GetBucketPolicy',
    'GetBucketTagging',
  ),
  ...of(
    'bucket',
    'GetBucketPolicyStatus',
    'GetBucketRequestPayment',
    'GetBucketVersioning',
    'GetBucketWebsite',
  ),
  ...of('bucket', 'GetBucketPublicAccessBlock', 'PutBucketPublicAccessBlock', 'DeleteBucketPolicy'),
  ...of('bucket', 'PutBucketAcl', 'PutBucketLogging', 'PutBucketNotification', 'PutBucketOwnershipControls'),
  ...of('bucket', 'PutBucketPolicy', 'PutBucketRequestPayment', 'PutBucketTagging', 'PutBucketVersioning'),
  ...of('bucket', 'PutBucketWebsite', 'DeleteBucketWebsite'),
  as('GetBucketCors', 'GetBucketCORS', 'bucket'),
  as('PutBucketCors', 'PutBucketCORS', 'bucket'),
  as('DeleteBucketCors', 'PutBucketCORS', 'bucket'),
  as('GetBucketEncryption', 'GetEncryptionConfiguration', 'bucket'),
  as('PutBucketEncryption', 'PutEncryptionConfiguration', 'bucket'),
  as('DeleteBucketEncryption', 'PutEncryptionConfiguration', 'bucket'),
  as('GetBucketLifecycle', 'GetLifecycleConfiguration', 'bucket'),
  as('PutBucketLifecycle', 'PutLifecycleConfiguration', 'bucket'),
  as('DeleteBucketLifecycle', 'PutLifecycleConfiguration', 'bucket'),
  as('GetBucketReplication', 'GetReplicationConfiguration', 'bucket'),
  as('PutBucketReplication', 'PutReplicationConfiguration', 'bucket'),
  as('DeleteBucketReplication', 'PutReplicationConfiguration', 'bucket'),
  as('DeleteBucketTagging', 'PutBucketTagging', 'bucket'),
  as('DeleteBucketPublicAccessBlock', 'PutBucketPublicAccessBlock', 'bucket'),
  as('GetBucketObjectLockConfiguration', 'GetBucketObjectLockConfiguration', 'bucket'),
  as('PutBucketObjectLockConfiguration', 'PutBucketObjectLockConfiguration', 'bucket'),
  as('GetAccelerateConfiguration', 'GetAccelerateConfiguration', 'bucket'),
  as('PutAccelerateConfiguration', 'PutAccelerateConfiguration', 'bucket'),
]);

/** S3 actions on one version of an object have names of their own. */
const VERSIONED = new Set([
  'GetObject',
  'GetObjectAcl',
  'GetObjectTagging',
  'GetObjectAttributes',
  'DeleteObject',
]);

/** What of a request's parameters changes which actions of S3 it needs. */
export interface RequestDetails {
  /** Whether it is about one version of the object, and about one of the source that is copied. */
  readonly versioned: boolean;
  readonly sourceVersioned: boolean;
  /** Names of parameters, as they are: x-amz-acl and the like. */
  readonly names: readonly string[];
  /** What the record says of the service, where several share an event source. */
  readonly service?: string | undefined;
}

/** Headers that ask for more than to write an object. */
const MORE: readonly (readonly [name: RegExp, action: string])[] = [
  [/^x-amz-(?:acl$|grant-)/i, 's3:PutObjectAcl'],
  [/^x-amz-tagging$/i, 's3:PutObjectTagging'],
  [/^x-amz-object-lock-(?:mode|retain-until-date)$/i, 's3:PutObjectRetention'],
  [/^x-amz-object-lock-legal-hold$/i, 's3:PutObjectLegalHold'],
  [/^x-amz-bypass-governance-retention$/i, 's3:BypassGovernanceRetention'],
];

/** Hex SHA-256 of the table: a proof names it, so that another table is not taken for this one. */
export const MAPPING: string = createHash('sha256')
  .update(
    JSON.stringify([
      [...SERVICES],
      [...IRREGULAR],
      [...S3],
      [...VERSIONED],
      MORE.map(String),
      Array.from(SCALING, ([prefix, all]) => [prefix, ...all]),
      NAMED_TABLE,
    ]),
  )
  .digest('hex');

/** Actions an event needs; an empty list when none; undefined when it is not in the table. */
export function actionsOf(
  source: string,
  event: string,
  asked: RequestDetails,
): readonly Needed[] | undefined {
  const [, service = ''] = /^([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(source) ?? [];
  if (service === 's3') return s3Actions(event, asked);
  if (service === 'sts' && event === 'GetCallerIdentity') return [];
  if (service === 'autoscaling') {
    const prefix = scalingOf(event, asked);
    return prefix === undefined ? undefined : [{ action: `${prefix}:${event}`, about: 'listed' }];
  }
  const known = SERVICES.get(service);
  // Lambda's names carry the version of its API: Invoke20150331v2 (not seen of others in this table).
  const name = service === 'lambda' ? event.replace(/\d{8}(?:v\d+)?$/, '') : event;
  if (known === undefined || !/^[A-Z][A-Za-z0-9]*$/.test(name) || IRREGULAR.has(`${service}:${name}`))
    return undefined;
  if (known.except === undefined || !Object.hasOwn(known.except, name))
    return [{ action: `${known.prefix}:${name}`, about: 'listed' }];
  const actions = known.except[name] ?? [];
  if (actions.length === 0) return undefined;
  return actions.map((action) => ({ action: `${known.prefix}:${action}`, about: 'listed' }));
}

function s3Actions(event: string, asked: RequestDetails): readonly Needed[] | undefined {
  const needed = S3.get(event);
  if (needed === undefined) return undefined;
  const own = needed.map((each) => {
    const name = each.action.slice('s3:'.length);
    const versioned =
      each.about === 'source' ? asked.sourceVersioned : each.about === 'object' && asked.versioned;
    if (!versioned || !VERSIONED.has(name)) return each;
    return { ...each, action: `s3:${name.replace('Object', 'ObjectVersion')}` };
  });
  const object = needed.some(({ about }) => about === 'object');
  const more = MORE.filter(([pattern]) => object && asked.names.some((name) => pattern.test(name)));
  return [...own, ...more.map(([, action]): Needed => ({ action, about: 'object' }))];
}
