/**
 * Resources that a request names in its parameters, as the ARNs of AWS's service authorization reference (as of 2026-09). If
 * the parameters do not give the whole ARN, the rest is open: `ANY` stands for any text, also none, `ONE` for one character
 * (wildcard.ts). For parameters in no table here the resource is unknown, and a call that depends on it is too.
 */
import { listAt, textAt, type Fields } from './fields.ts';
import { ANY, ONE } from './wildcard.ts';

/** Where a call was made, for ARNs of what it names. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

interface Named {
  /** Names of actions that are about it. */
  readonly actions: RegExp;
  readonly parameter: string;
  /** The resource part of its ARN; undefined when the value does not tell it. */
  readonly resource: (value: string, parameters: Fields) => string | undefined;
  /** ARNs of another service than the action's: roles, of sts. */
  readonly service?: string;
  readonly global?: true;
}

const ALL = /^/;
/** Actions of Kinesis, without those that IAM does not relate to a stream. */
const STREAM = /^(?!(?:Dis|En)ableEnhancedMonitoring$|UpdateShardCount$|UpdateStreamMode$)/;
const plainName = /^[A-Za-z0-9_.+=,@/-]{1,512}$/;
const below =
  (prefix: string) =>
  (name: string): string | undefined =>
    plainName.test(name) ? prefix + name : undefined;
const arnOnly = (): undefined => undefined;
/** Names of IAM leave out the path. */
const iam = (prefix: string, parameter: string): Named => ({
  actions: ALL,
  parameter,
  resource: (name) => (plainName.test(name) ? `${prefix}/${ANY}${name}` : undefined),
  global: true,
});

/** By the prefix of the action, the first that fits. */
const NAMED: Readonly<Record<string, readonly Named[]>> = {
  sts: [{ actions: /^AssumeRole/, parameter: 'roleArn', resource: arnOnly, service: 'iam' }],
  iam: [
    iam('group', 'groupName'),
    iam('instance-profile', 'instanceProfileName'),
    iam('role', 'roleName'),
    { ...iam('user', 'userName'), actions: /^(?!GetUser$)/ },
    { ...iam('policy', 'policyArn'), resource: arnOnly },
  ],
  secretsmanager: [
    { actions: /^CreateSecret$/, parameter: 'name', resource: secretOf },
    { actions: ALL, parameter: 'secretId', resource: secretOf },
  ],
  dynamodb: [
    {
      actions: /^(?!List(?!TagsOfResource))/,
      parameter: 'tableName',
      resource: (name, parameters) => {
        const index = textAt(parameters, 'indexName');
        return below('table/')(index === undefined ? name : `${name}/index/${index}`);
      },
    },
  ],
  lambda: [
    {
      actions: /^(?!.*EventSourceMapping|List(?:Functions|Layer))/,
      parameter: 'functionName',
      resource: (name, parameters) => {
        const [, function_] = /^(?:(?:\d{12}:)?function:)?([A-Za-z0-9_-]{1,64})$/.exec(name) ?? [];
        if (function_ === undefined) return undefined;
        return `function:${function_}${textAt(parameters, 'qualifier') === undefined ? '' : ANY}`;
      },
    },
  ],
  kms: [
    {
      actions: /^(?!ListAliases$|CreateAlias$|UpdateAlias$|DeleteAlias$)/,
      parameter: 'keyId',
      // An alias does not tell which key it stands for.
      resource: (id) => (/^(?:mrk-)?[0-9a-f-]{32,40}$/.test(id) ? `key/${id}` : undefined),
    },
  ],
  sqs: [
    { actions: /^(?!ListQueues$|CreateQueue$)/, parameter: 'queueUrl', resource: arnOnly },
    { actions: /^(?:CreateQueue|GetQueueUrl)$/, parameter: 'queueName', resource: below('') },
  ],
  sns: [
    { actions: ALL, parameter: 'topicArn', resource: arnOnly },
    { actions: /^CreateTopic$/, parameter: 'name', resource: below('') },
  ],
  kinesis: [
    { actions: STREAM, parameter: 'streamARN', resource: arnOnly },
    { actions: STREAM, parameter: 'streamName', resource: below('stream/') },
  ],
  firehose: [{ actions: ALL, parameter: 'deliveryStreamName', resource: below('deliverystream/') }],
  ecr: [{ actions: ALL, parameter: 'repositoryName', resource: below('repository/') }],
  states: [
    { actions: ALL, parameter: 'stateMachineArn', resource: arnOnly },
    { actions: ALL, parameter: 'executionArn', resource: arnOnly },
  ],
  ssm: [
    { actions: /Parameter(?:s|History|Version)?$/, parameter: 'name', resource: parameterOf },
    { actions: /^GetParametersByPath$/, parameter: 'path', resource: parameterOf },
  ],
  cloudformation: [
    {
      actions: /Stack(?:s|Events|Resources?|Policy|Instances)?$|Template$|ChangeSet$/,
      parameter: 'stackName',
      resource: (name) => (/^[A-Za-z0-9-]{1,128}$/.test(name) ? `stack/${name}/${ANY}` : undefined),
    },
  ],
};

function secretOf(name: string): string | undefined {
  // Six random characters follow the name; a name that ends like that may be one of them already.
  return plainName.test(name) ? `secret:${name}-${ONE.repeat(6)}` : undefined;
}

function parameterOf(name: string): string | undefined {
  return plainName.test(name) ? `parameter/${name.replace(/^\//, '')}` : undefined;
}

/** Parameters that hold several names. */
const LISTS: readonly (readonly [action: RegExp, list: string, prefix: string])[] = [
  [/^ssm:(?:Get|Delete)Parameters$/, 'names', 'parameter/'],
];

/** ARNs that the parameters of a request name; undefined where they tell none. */
export function namedIn(action: string, parameters: Fields, place: Place): readonly string[] | undefined {
  const [prefix = '', name = ''] = action.split(':');
  const [, list, kind] = LISTS.find(([pattern]) => pattern.test(action)) ?? [];
  if (list !== undefined) {
    const names = listAt(parameters, list);
    const all = names.map((each) => (typeof each === 'string' ? each : ''));
    if (all.length === 0 || !all.every((each) => plainName.test(each))) return undefined;
    return all.map((each) => arnOf(prefix, `${kind ?? ''}${each.replace(/^\//, '')}`, place));
  }
  for (const { actions, parameter, resource, service = prefix, global } of Object.hasOwn(NAMED, prefix)
    ? (NAMED[prefix] ?? [])
    : []) {
    const value = textAt(parameters, parameter);
    if (value === undefined || !actions.test(name)) continue;
    const own = value.startsWith('arn:')
      ? ofService(value, service)
      : ofQueue(prefix, parameter, value, place);
    if (own !== undefined) return [own];
    const part = value.startsWith('arn:') ? undefined : resource(value, parameters);
    return part === undefined
      ? undefined
      : [arnOf(service, part, global === true ? { ...place, region: '' } : place)];
  }
  return undefined;
}

function arnOf(service: string, resource: string, { partition, region, account }: Place): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** An ARN as a request gave it. A secret's may lack the six random characters; a key's alias is no key. */
function ofService(arn: string, service: string): string | undefined {
  const parts = arn.split(':');
  if (parts.length < 6 || parts[2] !== service || /[*?]/.test(arn)) return undefined;
  if (service === 'kms' && parts[5]?.startsWith('key/') !== true) return undefined;
  if (service === 'secretsmanager' && !/-[A-Za-z0-9]{6}$/.test(arn)) return `${arn}-${ONE.repeat(6)}`;
  return arn;
}

/** `https://sqs.eu-central-1.amazonaws.com/111122223333/jobs`. */
function ofQueue(prefix: string, parameter: string, url: string, place: Place): string | undefined {
  if (prefix !== 'sqs' || parameter !== 'queueUrl') return undefined;
  const [, region, account, name] =
    /^https:\/\/(?:sqs\.([a-z0-9-]+)|[a-z0-9-]+\.queue)\.amazonaws\.com(?:\.cn)?\/(\d{12})\/([A-Za-z0-9_.-]{1,80})$/.exec(
      url,
    ) ?? [];
  if (account === undefined || name === undefined) return undefined;
  return arnOf('sqs', name, { ...place, region: region ?? place.region, account });
}

/** The tables, for their digest. */
export const NAMED_TABLE: readonly unknown[] = [
  Object.entries(NAMED).map(([prefix, all]) => [
    prefix,
    all.map((each) => [String(each.actions), each.parameter, each.service ?? '', String(each.resource)]),
  ]),
  LISTS.map(String),
];
