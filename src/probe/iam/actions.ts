/**
 * Maps the name of an event to the actions that a policy must allow. Event names are API operations, and most operations are
 * actions of the same name; the exceptions are here. An event that is not here is unmapped, which counts as unknown, never as
 * allowed. Checked against AWS's service authorization reference and the operations of its SDK as of 2026-09.
 */
import { createHash } from 'node:crypto';
import { NAMED_TABLE } from './named.ts';
import { SCALING, scalingOf } from './scaling.ts';

/** An action that one event needs. `about` says where the record names the resource of the action (event.ts, `resourcesOf`). */
export interface Needed {
  readonly action: string;
  readonly about: 'object' | 'bucket' | 'source' | 'listed' | 'unknown';
}

/** A service whose operations are actions of the same name. */
interface Service {
  /** The prefix of its actions: `s3` in `s3:GetObject`. */
  readonly prefix: string;
  /** Exceptions: operation → names of the actions it needs. An empty list leaves the operation unmapped. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

const plain = (...names: readonly string[]): readonly (readonly [string, Service])[] =>
  names.map((name) => [name, { prefix: name }]);

/** Services by the first part of their event source: `ec2` for `ec2.amazonaws.com`. */
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

/** Operations of these services that are not actions of the same name. They are unmapped. */
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

/** The operations of S3, each with the actions that it needs. Their names often differ, so every operation is listed. */
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

/** S3 actions that have another name if they are about one version of an object: `GetObjectVersion` for `GetObject`. */
const VERSIONED = new Set([
  'GetObject',
  'GetObjectAcl',
  'GetObjectTagging',
  'GetObjectAttributes',
  'DeleteObject',
]);

/** Details of a request that decide, besides the name of its event, which actions it needs. */
export interface RequestDetails {
  /** Whether it names one version of the object. */
  readonly versioned: boolean;
  /** Whether it names one version of the object that it copies from. */
  readonly sourceVersioned: boolean;
  /** The names of its parameters, such as `x-amz-acl`. */
  readonly names: readonly string[];
  /** The service that the record names, if several services share its event source. */
  readonly service?: string | undefined;
}

/** Headers of a request to S3 that need a further action: the header, and the action. */
const MORE: readonly (readonly [name: RegExp, action: string])[] = [
  [/^x-amz-(?:acl$|grant-)/i, 's3:PutObjectAcl'],
  [/^x-amz-tagging$/i, 's3:PutObjectTagging'],
  [/^x-amz-object-lock-(?:mode|retain-until-date)$/i, 's3:PutObjectRetention'],
  [/^x-amz-object-lock-legal-hold$/i, 's3:PutObjectLegalHold'],
  [/^x-amz-bypass-governance-retention$/i, 's3:BypassGovernanceRetention'],
];

/** Hex SHA-256 of all tables here. Each proof contains it, so that a reader sees by which tables the calls were judged. */
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

/** The actions that an event needs. An empty list: it needs no permission. Undefined: it is not in the tables. */
export function actionsOf(
  source: string,
  event: string,
  asked: RequestDetails,
): readonly Needed[] | undefined {
  const [, service = ''] = /^([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(source) ?? [];
  if (service === 's3') return s3Actions(event, asked);
  // GetCallerIdentity needs no permission, and no policy can deny it.
  if (service === 'sts' && event === 'GetCallerIdentity') return [];
  if (service === 'autoscaling') {
    const prefix = scalingOf(event, asked);
    return prefix === undefined ? undefined : [{ action: `${prefix}:${event}`, about: 'listed' }];
  }
  const known = SERVICES.get(service);
  // Lambda puts the version of its API after the name of an event: Invoke20150331v2. No other service in the table does.
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
