/**
 * Makes ARNs of the resources that a request names in its parameters, by AWS's service authorization reference (as of 2026-09).
 * If the parameters do not give the whole ARN, the rest is open: `ANY` stands for any text or none, `ONE` for one character
 * (wildcard.ts). If no table here has the parameter, the resource is unknown, and so is the verdict of a call that depends on it.
 */
import { listAt, textAt, type Fields } from './fields.ts';
import { ANY, ONE } from './wildcard.ts';

/** Where a call was made. These parts complete the ARNs of the resources that it names. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/** A parameter that names a resource. */
interface Named {
  /** Actions, without their prefix, to which the resource belongs. */
  readonly actions: RegExp;
  readonly parameter: string;
  /** The resource part of the ARN; undefined if the value does not tell it. */
  readonly resource: (value: string, parameters: Fields) => string | undefined;
  /** The service of the ARN, if it is not the action's: an action of sts is about a role of iam. */
  readonly service?: string;
  /** Whether its ARNs have no region. */
  readonly global?: true;
}

const ALL = /^/;
/** Actions of Kinesis that IAM relates to a stream. */
const STREAM = /^(?!(?:Dis|En)ableEnhancedMonitoring$|UpdateShardCount$|UpdateStreamMode$)/;
const plainName = /^[A-Za-z0-9_.+=,@/-]{1,512}$/;
const below =
  (prefix: string) =>
  (name: string): string | undefined =>
    plainName.test(name) ? prefix + name : undefined;
const arnOnly = (): undefined => undefined;
/** A parameter of IAM. It gives the name without the path, which the ARN contains. */
const iam = (prefix: string, parameter: string): Named => ({
  actions: ALL,
  parameter,
  resource: (name) => (plainName.test(name) ? `${prefix}/${ANY}${name}` : undefined),
  global: true,
});

/** Parameters by the prefix of the action. The first that fits is taken. */
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

/** Parameters that hold several names: the actions, the parameter, and what precedes each name in the ARN. */
const LISTS: readonly (readonly [action: RegExp, list: string, prefix: string])[] = [
  [/^ssm:(?:Get|Delete)Parameters$/, 'names', 'parameter/'],
];

/** ARNs of the resources that the parameters of a request name; undefined if they name none. */
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

/**
 * An ARN that a request gave, if it is of this service. The ARN of a secret may lack the six random characters at its end. The
 * ARN of an alias does not tell which key it stands for.
 */
function ofService(arn: string, service: string): string | undefined {
  const parts = arn.split(':');
  if (parts.length < 6 || parts[2] !== service || /[*?]/.test(arn)) return undefined;
  if (service === 'kms' && parts[5]?.startsWith('key/') !== true) return undefined;
  if (service === 'secretsmanager' && !/-[A-Za-z0-9]{6}$/.test(arn)) return `${arn}-${ONE.repeat(6)}`;
  return arn;
}

/** The ARN of a queue from its URL: `https://sqs.eu-central-1.amazonaws.com/111122223333/jobs`. */
function ofQueue(prefix: string, parameter: string, url: string, place: Place): string | undefined {
  if (prefix !== 'sqs' || parameter !== 'queueUrl') return undefined;
  const [, region, account, name] =
    /^https:\/\/(?:sqs\.([a-z0-9-]+)|[a-z0-9-]+\.queue)\.amazonaws\.com(?:\.cn)?\/(\d{12})\/([A-Za-z0-9_.-]{1,80})$/.exec(
      url,
    ) ?? [];
  if (account === undefined || name === undefined) return undefined;
  return arnOf('sqs', name, { ...place, region: region ?? place.region, account });
}

/** Values of parameters that lead each rule here through all of its branches. */
const SPECIMENS = [
  'name',
  '/a/b',
  'a b',
  '',
  'function:f',
  '111122223333:function:f',
  `mrk-${'0'.repeat(32)}`,
  'x'.repeat(600),
];

/** What a rule makes of the specimens. The text of a function differs where a build minifies it, and this does not. */
function answersOf(resource: Named['resource']): readonly (string | null)[] {
  const parameters: readonly Fields[] = [{}, { indexName: 'index', qualifier: 'qualifier' }];
  return SPECIMENS.flatMap((value) => parameters.map((each) => resource(value, each) ?? null));
}

/** All tables here as data, from which the digest in a proof is made (actions.ts, `MAPPING`). */
export const NAMED_TABLE: readonly unknown[] = [
  Object.entries(NAMED).map(([prefix, all]) => [
    prefix,
    all.map(({ actions, parameter, service = '', global = false, resource }) => [
      actions.source,
      parameter,
      service,
      global,
      answersOf(resource),
    ]),
  ]),
  LISTS.map(([action, ...rest]) => [action.source, ...rest]),
];
