/**
 * Reads one record of a log file as a call (AWS CloudTrail User Guide, "CloudTrail record contents"): who made it, which
 * actions it needed, on which resources, and which condition keys the record gives.
 */
import { isIP } from 'node:net';
import { actionsOf, type Needed } from './actions.ts';
import type { Context } from './condition.ts';
import type { Request } from './evaluate.ts';
import { namedIn } from './named.ts';
import { fieldsAt, isFields, listAt, textAt, type Fields } from './fields.ts';

/** The principals whose calls are judged: ARNs of roles, users or sessions, and the accounts of these. */
export interface Principals {
  readonly arns: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;
}

export interface Call {
  readonly id: string;
  /** As the record writes it: `2026-11-22T10:00:01Z`. */
  readonly time: string;
  /** `s3.amazonaws.com GetObject`. */
  readonly event: string;
  /** Requests that must all be allowed; undefined if the event is not in the tables (actions.ts). */
  readonly requests: readonly Request[] | undefined;
  /** Whether the call only reads, by AWS's field `readOnly`; undefined if the record lacks it. */
  readonly readOnly: boolean | undefined;
  readonly error: string | undefined;
}

/** Types of identities that are no role and no user of IAM (CloudTrail User Guide, "userIdentity element"). */
const NEVER_OURS: ReadonlySet<string> = new Set([
  'AWSService',
  'WebIdentityUser',
  'SAMLUser',
  'IdentityCenterUser',
  'Directory',
]);

/** Whether one of the principals made the call. `unclear`: it is a call in their account, and the record does not say who made it. */
export function whoseIs(record: Fields, { arns, accounts }: Principals): 'ours' | 'others' | 'unclear' {
  const identity = fieldsAt(record, 'userIdentity') ?? {};
  const arn = textAt(identity, 'arn');
  const issuer = textAt(identity, 'sessionContext', 'sessionIssuer', 'arn');
  if ([arn, issuer, ...roleOf(arn)].some((each) => each !== undefined && arns.has(each))) return 'ours';
  const type = textAt(identity, 'type');
  if (arn !== undefined || issuer !== undefined || NEVER_OURS.has(type ?? '')) return 'others';
  if (type === undefined && isOfAws(record, identity)) return 'others';
  if (type === 'IAMUser' && !mayBeUser(textAt(identity, 'userName'), arns)) return 'others';
  const account = textAt(identity, 'accountId') ?? textAt(record, 'recipientAccountId');
  return account === undefined || accounts.has(account) ? 'unclear' : 'others';
}

/** Whether AWS itself acted, or the record is an Insights event about calls of others. */
function isOfAws(record: Fields, identity: Fields): boolean {
  const by = textAt(identity, 'invokedBy');
  const kind = textAt(record, 'eventType');
  return (
    by === 'AWS Internal' ||
    by?.endsWith('.amazonaws.com') === true ||
    kind === 'AwsServiceEvent' ||
    kind === 'AwsCloudTrailInsight'
  );
}

/** Whether a user whose record gives no ARN may be one of the principals. If AWS hides the name, it may be any user. */
function mayBeUser(name: string | undefined, arns: ReadonlySet<string>): boolean {
  const users = [...arns].filter((each) => /^arn:[^:]+:iam::\d{12}:user\//.test(each));
  const hidden = name === undefined || name === '' || name === 'HIDDEN_DUE_TO_SECURITY_REASONS';
  return users.some((each) => hidden || each.endsWith(`/${name}`));
}

/** The ARN of the role that a session's ARN names, without the role's path: the ARN of a session does not contain it. */
function roleOf(arn: string | undefined): readonly string[] {
  const [, partition, account, role] =
    /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn ?? '') ?? [];
  return role === undefined ? [] : [`arn:${partition}:iam::${account}:role/${role}`];
}

export function callOf(record: Fields): Call {
  const source = textAt(record, 'eventSource') ?? '';
  const name = textAt(record, 'eventName') ?? '';
  const parameters = fieldsAt(record, 'requestParameters') ?? {};
  const isCall = (textAt(record, 'eventType') ?? 'AwsApiCall') === 'AwsApiCall';
  const needed = isCall
    ? actionsOf(source, name, {
        versioned: textAt(parameters, 'versionId') !== undefined,
        sourceVersioned: textAt(parameters, 'x-amz-copy-source')?.includes('?') === true,
        names: Object.keys(parameters),
        service: textAt(record, 'additionalEventData', 'service'),
      })
    : undefined;
  const context = contextOf(record);
  const readOnly = record['readOnly'];
  return {
    id: textAt(record, 'eventID') ?? '',
    time: textAt(record, 'eventTime') ?? '',
    event: `${source} ${name}`,
    requests: needed?.map((each) => ({
      action: each.action,
      resources: resourcesOf(each, record, parameters),
      context,
    })),
    readOnly: typeof readOnly === 'boolean' ? readOnly : undefined,
    error: textAt(record, 'errorCode') || undefined,
  };
}

/** ARNs of an action's resources; undefined if the event does not tell them. */
function resourcesOf(
  { action, about }: Needed,
  record: Fields,
  parameters: Fields,
): readonly string[] | undefined {
  if (about === 'unknown') return undefined;
  const partition = /^arn:([^:]+):/.exec(textAt(record, 'userIdentity', 'arn') ?? '')?.[1] ?? 'aws';
  if (about === 'listed') {
    const service = action.slice(0, action.indexOf(':'));
    const arns = listAt(record, 'resources').flatMap((each) =>
      isFields(each) ? [textAt(each, 'ARN') ?? ''] : [],
    );
    // Other ARNs in the list belong to other services: the key of an encrypted secret, the bucket of a report.
    const own = arns.filter((arn) => arn.split(':')[2] === (service === 'sts' ? 'iam' : service));
    const place = {
      partition,
      region: textAt(record, 'awsRegion') ?? '',
      account: textAt(record, 'userIdentity', 'accountId') ?? textAt(record, 'recipientAccountId') ?? '',
    };
    return own.length > 0 ? [...new Set(own)] : namedIn(action, parameters, place);
  }
  const path = about === 'source' ? copySource(parameters) : bucketPath(about, parameters);
  return path === undefined ? undefined : [`arn:${partition}:s3:::${path}`];
}

function bucketPath(about: Needed['about'], parameters: Fields): string | undefined {
  const bucket = textAt(parameters, 'bucketName');
  // An access point stands for a bucket that the event does not name.
  if (bucket === undefined || !/^[a-z0-9.-]{3,63}$/.test(bucket) || bucket.endsWith('-s3alias'))
    return undefined;
  if (about === 'bucket') return bucket;
  const key = textAt(parameters, 'key');
  return key === undefined || key === '' ? undefined : `${bucket}/${key}`;
}

/** `bucket/key?versionId=…`, percent-encoded. */
function copySource(parameters: Fields): string | undefined {
  const source = textAt(parameters, 'x-amz-copy-source')?.replace(/\?versionId=[^?]*$/, '');
  if (source === undefined || source.includes('?') || source.startsWith('arn:')) return undefined;
  try {
    const path = decodeURIComponent(source).replace(/^\//, '');
    return /^[a-z0-9.-]{3,63}\/./.test(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The condition keys that the event gives. A condition on any other key evaluates to `maybe`. */
function contextOf(record: Fields): Context {
  const identity = fieldsAt(record, 'userIdentity') ?? {};
  const address = textAt(record, 'sourceIPAddress') ?? '';
  const direct = isIP(address) !== 0 && textAt(record, 'vpcEndpointId') === undefined;
  const mfa = textAt(identity, 'sessionContext', 'attributes', 'mfaAuthenticated');
  const all: readonly (readonly [string, string | undefined])[] = [
    ['aws:sourceip', direct ? address : undefined],
    ['aws:currenttime', textAt(record, 'eventTime')],
    ['aws:epochtime', textAt(record, 'eventTime')],
    ['aws:sourcevpce', textAt(record, 'vpcEndpointId')],
    ['aws:requestedregion', textAt(record, 'awsRegion')],
    ['aws:securetransport', textAt(record, 'tlsDetails', 'tlsVersion') === undefined ? undefined : 'true'],
    ['aws:multifactorauthpresent', mfa],
    [
      'aws:principalarn',
      textAt(identity, 'sessionContext', 'sessionIssuer', 'arn') ?? textAt(identity, 'arn'),
    ],
    ['aws:principalaccount', textAt(identity, 'accountId')],
    ['aws:userid', textAt(identity, 'principalId')],
    ['aws:username', textAt(identity, 'type') === 'IAMUser' ? textAt(identity, 'userName') : undefined],
    ['s3:prefix', textAt(record, 'requestParameters', 'prefix')],
  ];
  return new Map(all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
