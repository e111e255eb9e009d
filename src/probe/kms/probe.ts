/**
 * The probe `kms@1` looks for the rotation of a KMS key in a copy of a CloudTrail bucket: it verifies AWS's chain of digests over the
 * days that the claim asks for, and reads each log file that they name. A chain with a hole, or a log file that is missing or altered,
 * withholds the rotation.
 */
import { refuse } from '../../bytes/refusal.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Observed } from '../../claim/observed.ts';
import type { TrailKey } from '../../evidence/cloudtrail-key.ts';
import { DEFAULT_LAG } from '../../evidence/trail-facts.ts';
import { candidatesOf, walkChain, type Chain } from '../iam/chain.ts';
import { Faults } from '../iam/faults.ts';
import { Folder } from '../iam/folder.ts';
import { filesIn, recordsIn } from '../iam/logs.ts';
import { trailKeysOf } from '../iam/settings.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { KMS, MOST_DAYS } from './describe.ts';
import { kmsKeyOf, rotationOf, type KmsKey } from './event.ts';

export const kmsProbe: Probe = {
  ...KMS,
  run,
};

const DAY = 86_400;
/** Seconds by which an event may be later than this machine's clock. */
const AHEAD = 300;

interface KmsSettings {
  readonly key: KmsKey;
  readonly days: number;
  readonly keys: readonly TrailKey[];
  readonly trail: string | undefined;
  readonly lag: number;
}

async function run(task: ProbeTask): Promise<Observed> {
  const settings = await settingsOf(task);
  const folder = await Folder.at(task.target, task.signal, 'kms@1');
  const faults = new Faults();
  const chain = await chainIn(folder, settings, faults);
  // AWS signed that it is later than the end of the chain, so a clock that is behind makes no rotation younger.
  const now = Math.max(Math.floor(task.now() / 1_000), chain.to);
  const named = filesIn([chain]);
  const files = named.length;
  const times = await rotationsIn(folder, named, settings.key, faults);
  if (now - chain.to > settings.lag)
    faults.files(`the trail ends at ${formatTime(chain.to)}, more than ${settings.lag} s before now`);
  const at = times.filter((time) => time <= now + AHEAD).toSorted((a, b) => b - a)[0];
  const longest = settings.days * DAY;
  const whole = chain.to - chain.from >= longest;
  const value = {
    key: settings.key.arn,
    chain: {
      from: chain.from,
      to: chain.to,
      digests: chain.links.length,
      logFiles: files,
      faultCount: faults.count,
    },
    rotation: {
      seen: at !== undefined,
      count: times.length,
      ...(at !== undefined && { at, ageSeconds: Math.max(0, now - at) }),
    },
  };
  const seen = { at, now, longest, whole };
  const reason =
    faults.count > 0 ? `the trail is not whole: ${faults.shown[0] ?? ''}` : whyOpen(settings, chain, seen);
  return {
    value,
    grades: [],
    attachments: [],
    contradictions: [],
    population: {
      source: 'CloudTrail log files that signed digests name',
      total: files,
      sampled: files,
      method: 'all',
    },
    ...(reason !== undefined && { withheld: [{ path: '/rotation', reason }] }),
    bytes: folder.bytes,
  };
}

interface Newest {
  /** Of the newest rotation; undefined without one. POSIX seconds. */
  readonly at: number | undefined;
  readonly now: number;
  readonly longest: number;
  /** Whether the chain is that long. */
  readonly whole: boolean;
}

/** Why a whole trail without a rotation in time does not show that there was none; undefined if it does, or has one. */
function whyOpen(
  { key, days }: KmsSettings,
  chain: Chain,
  { at, now, longest, whole }: Newest,
): string | undefined {
  if (at !== undefined && now - at <= longest) return undefined;
  if (key.arn.includes(':key/mrk-'))
    return 'a key of several Regions is rotated in the Region of its primary key, and the trail shows no rotation in this one';
  if (at === undefined)
    return whole
      ? undefined
      : `the trail begins at ${formatTime(chain.from)}, which is less than ${days} days before its end`;
  return chain.to - at <= longest
    ? `the newest rotation became older than ${days} days after the trail ends, and a later one may not be in it yet`
    : undefined;
}

async function settingsOf(task: ProbeTask): Promise<KmsSettings> {
  const given = new ParsedParameters('kms@1', task.params);
  const key = kmsKeyOf(given.text('key', /^[^]{1,256}$/, 'is the ARN of a KMS key') ?? '');
  if (key === undefined)
    throw given.wrong('key', 'is the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID');
  const days = given.whole('days', 1, MOST_DAYS);
  if (days === undefined) throw given.wrong('days', 'is needed: it says how many days of the trail are read');
  return {
    key,
    days,
    keys: (await trailKeysOf(given, task)).keys,
    trail: given.text('trail', /^[A-Za-z0-9._-]{1,128}$/, 'is the name of a trail'),
    lag: given.whole('lag', 60, 31_622_400) ?? DEFAULT_LAG,
  };
}

/** The chain of the key's account and region. Refuses `unavailable` without a digest, `config-invalid` for several trails. */
async function chainIn(
  folder: Folder,
  { key, days, keys, trail }: KmsSettings,
  faults: Faults,
): Promise<Chain> {
  const groups = candidatesOf(
    folder,
    (name) =>
      name.account === key.account &&
      name.region === key.region &&
      (trail === undefined || name.trail === trail),
  );
  const [candidates, ...others] = groups.values();
  if (others.length > 0)
    throw refuse('config-invalid', 'the folder holds several trails; name one with the parameter trail');
  const seconds = Math.min(days * DAY, spanOf(candidates ?? []));
  const chain = candidates && (await walkChain(folder, candidates, { keys, seconds }, faults));
  if (chain === undefined)
    throw refuse(
      'unavailable',
      `there is no digest of account ${key.account} in ${key.region} below the folder; copy CloudTrail-Digest along with CloudTrail`,
    );
  return chain;
}

/** Seconds that the digests reach back at most, by their names: a trail that began later is no trail with a hole. */
function spanOf(candidates: readonly { readonly stamp: string }[]): number {
  const times = candidates.map(({ stamp }) =>
    Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')),
  );
  const [newest = 0, oldest = 0] = [times[0], times.at(-1)];
  // A digest is named after its end; the oldest one covers an hour before it.
  return Math.max(0, (newest - oldest) / 1_000) + 3_600;
}

/** When the key was rotated, by log files. */
async function rotationsIn(
  folder: Folder,
  files: ReturnType<typeof filesIn>,
  key: KmsKey,
  faults: Faults,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (const { file } of files)
    for (const record of (await recordsIn(folder, file, faults)) ?? []) {
      const at = rotationOf(record, key);
      if (at !== undefined) times.push(at);
    }
  return times;
}
