/** Parameters of the probe `iam@1`, checked. */
import { refuse } from '../../bytes/refusal.ts';
import { readTrailKey, readTrailKeys, type TrailKey } from '../../evidence/cloudtrail-key.ts';
import { accountOf, DEFAULT_HOURS, DEFAULT_LAG } from '../../evidence/trail-facts.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';
import { declaredLeaves } from '../declared.ts';
import type { Principals } from './event.ts';
import { policyOfLeaves, policyOfText, type Policy } from './policy.ts';

export interface IamSettings {
  readonly principals: Principals;
  readonly names: readonly string[];
  readonly policy: Policy;
  readonly keys: readonly TrailKey[];
  /** Whether the commitment names the keys, by their value or their digest. */
  readonly keysAreCommitted: boolean;
  readonly regions: readonly string[] | undefined;
  readonly trail: string | undefined;
  /** Seconds of the trail that are read, back from its newest digest. */
  readonly seconds: number;
  /** Most seconds between the end of the newest digest and now. */
  readonly lag: number;
}

const ARN = /^arn:aws[a-z-]{0,20}:(?:iam|sts)::\d{12}:[A-Za-z0-9+=,.@_/-]{1,600}$/;

/** Reads the parameters. Refuses `config-invalid` for a wrong one, and `malformed-key`. */
export async function readSettings(task: ProbeTask): Promise<IamSettings> {
  const given = new ParsedParameters('iam@1', task.params);
  const saysArn = 'is the ARN of a role, a user or a session';
  const one = given.text('principal', ARN, saysArn);
  const names = [...(one === undefined ? [] : [one]), ...(given.texts('principals', ARN, saysArn) ?? [])];
  if (names.length === 0) throw given.wrong('principal', 'is needed: it says whose calls are judged');
  const text = given.text('policy', /^\s*\{/, 'is a policy document, a JSON object');
  const places = given.texts('policyAt', /^(?:\/.*)?$/, 'is a JSON Pointer');
  if (text !== undefined && places !== undefined)
    throw given.wrong('policy', 'cannot be given together with policyAt; keep one of them');
  return {
    principals: { arns: new Set(names.flatMap(spellings)), accounts: new Set(names.map(accountOf)) },
    names,
    policy: text === undefined ? policyOfLeaves(declaredLeaves('iam@1', task), places) : policyOfText(text),
    ...(await trailKeysOf(given, task)),
    regions: given.texts('regions', /^[a-z]{2}[a-z0-9-]{1,30}$/, 'is the name of a region'),
    trail: given.text('trail', /^[A-Za-z0-9._-]{1,128}$/, 'is the name of a trail'),
    seconds: (given.whole('hours', 1, 168) ?? DEFAULT_HOURS) * 3_600,
    lag: given.whole('lag', 60, 31_622_400) ?? DEFAULT_LAG,
  };
}

/** The keys that digests are verified with. Refuses `config-invalid` without any, and `malformed-key`. */
export async function trailKeysOf(
  given: ParsedParameters,
  task: ProbeTask,
): Promise<Pick<IamSettings, 'keys' | 'keysAreCommitted'>> {
  const committed = given.texts('publicKeys', /^[^]{100,1024}$/, 'is a public key, in base64 or PEM', 32);
  if (committed !== undefined) return { keys: committed.map(readTrailKey), keysAreCommitted: true };
  const pins = given.texts('keySha256', /^[0-9a-f]{64}$/, 'is a SHA-256 in lower-case hex', 32);
  const file = await task.secret('cloudtrail-keys');
  const all = file === undefined ? [] : readTrailKeys(file.slice(0, 65_536));
  const keys = pins === undefined ? all : all.filter(({ sha256 }) => pins.includes(sha256));
  if (keys.length > 0) return { keys, keysAreCommitted: pins !== undefined };
  throw refuse(
    'config-invalid',
    'no key to verify digests with: give the parameter publicKeys, or name a file of keys as the secret cloudtrail-keys',
  );
}

/** The ARN of a role with its path and without, since the ARN of a session names the role without it. */
function spellings(arn: string): readonly string[] {
  const [, before, name] = /^(arn:[^:]+:iam::\d{12}:role\/)(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  return name === undefined ? [arn] : [arn, `${before}${name}`];
}
