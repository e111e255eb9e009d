/**
 * The probe `iam@1` checks least privilege by the calls that were made. It reads a copy of a CloudTrail bucket, verifies
 * AWS's chain of digests, and judges every call of the principals by the committed policy (spec/iam.md).
 */
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { digest, type Digest } from '../../bytes/brand.ts';
import { parseHex } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import type { Attachment, Grade, Observed, Population } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import { DIGESTS_TYPE, encodeDigests, type SignedDigest } from '../../evidence/cloudtrail.ts';
import { MAPPING } from './actions.ts';
import { candidatesOf, walkChain, type Chain, type Link } from './chain.ts';
import { EVALUATOR } from './evaluate.ts';
import { Faults } from './faults.ts';
import { Folder } from './folder.ts';
import { readLogs } from './logs.ts';
import { IAM } from './describe.ts';
import { readSettings, type IamSettings } from './settings.ts';
import { Tally } from './tally.ts';
import type { Probe, ProbeTask } from '../probe.ts';

export const iamProbe: Probe = {
  ...IAM,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const settings = await readSettings(task);
  const folder = await Folder.at(task.target, task.signal);
  const faults = new Faults();
  const chains = await chainsIn(folder, settings, faults);
  const tally = new Tally(settings.policy);
  await readLogs(folder, chains, settings.principals, tally, faults);
  const span = spanOf(chains);
  if (span !== undefined && task.now() / 1_000 - span.to > settings.lag)
    faults.files(`the trail ends at ${formatTime(span.to)}, more than ${settings.lag} s before now`);
  const { attachments, grades } = evidenceOf(chains, settings, faults.unbroken);
  const tallied = tally.value();
  return {
    value: {
      principals: settings.names,
      evaluator: { name: EVALUATOR, mapping: MAPPING, policy: settings.policy.sha256 },
      chain: chainValue(chains, span, faults),
      ...tallied,
    },
    grades,
    attachments,
    contradictions: [],
    population: populationOf(tally),
    withheld: [
      ...tally.cut,
      ...(faults.count > 0
        ? [{ path: '/chain/whole', reason: `the trail is not whole: ${firstOf(faults)}` }]
        : []),
      ...(tallied['attributed'] === true
        ? []
        : [{ path: '/attributed', reason: 'the trail does not say who made some of the calls' }]),
      ...(tallied['classified'] === true
        ? []
        : [{ path: '/classified', reason: 'the trail does not say whether some of the calls only read' }]),
    ],
    ...comparedOf(task, settings),
    bytes: folder.bytes,
  };
}

/**
 * Every chain of the accounts. Refuses `unavailable` if there is no digest, and `config-invalid` if there are several trails and
 * the claim names none.
 */
async function chainsIn(folder: Folder, settings: IamSettings, faults: Faults): Promise<readonly Chain[]> {
  const { principals, trail, regions } = settings;
  const groups = candidatesOf(
    folder,
    (name) => principals.accounts.has(name.account) && (trail === undefined || name.trail === trail),
  );
  const trails = new Set([...groups.values()].map(([first]) => first?.trail ?? ''));
  if (trails.size > 1)
    throw refuse(
      'config-invalid',
      `the folder holds several trails (${printable([...trails].join(', '))}); name one with the parameter trail`,
    );
  if (trails.size === 0)
    throw refuse(
      'unavailable',
      `there is no digest of account ${[...principals.accounts].join(', ')} below the folder; copy CloudTrail-Digest along with CloudTrail`,
    );
  const chains: Chain[] = [];
  for (const candidates of groups.values()) {
    const chain = await walkChain(folder, candidates, settings, faults);
    if (chain !== undefined) chains.push(chain);
  }
  for (const account of principals.accounts)
    for (const region of regions ?? [undefined])
      if (
        !chains.some(
          (each) => each.trail.account === account && (region ?? each.trail.region) === each.trail.region,
        )
      )
        faults.chain(
          `there is no digest of account ${account}${region === undefined ? '' : ` in ${region}`}`,
        );
  return chains;
}

/** The period that all chains cover; undefined if one of them covers none. */
function spanOf(chains: readonly Chain[]): { readonly from: number; readonly to: number } | undefined {
  if (chains.some(({ links }) => links.length === 0)) return undefined;
  return {
    from: chains.reduce((latest, each) => Math.max(latest, each.from), 0),
    to: chains.reduce((earliest, each) => Math.min(earliest, each.to), Infinity),
  };
}

/** The first fault and the number of the others, for people. */
function firstOf({ shown: [first = ''], count }: Faults): string {
  return count > 1 ? `${first} (and ${count - 1} more)` : first;
}

function chainValue(chains: readonly Chain[], span: ReturnType<typeof spanOf>, faults: Faults): ValueMap {
  const complete = faults.count === 0;
  const links = linksOf(chains);
  return {
    complete,
    // `whole` is left out if there is a fault, so that a claim that reads it is UNKNOWN, not VIOLATED.
    ...(complete && { whole: true }),
    unbroken: faults.unbroken,
    ...span,
    digests: links.length,
    logFiles: links.reduce((sum, { digest: { files } }) => sum + files.length, 0),
    regions: chains.filter((each) => each.links.length > 0).map(({ trail }) => trail.region),
    keys: [...new Set(links.map((each) => each.digest.key))].toSorted(),
    faults: faults.shown,
    faultCount: faults.count,
  };
}

function linksOf(chains: readonly Chain[]): readonly Link[] {
  return chains.flatMap(({ links }) => links).toSorted((a, b) => a.digest.end - b.digest.end);
}

/** Members that follow from the digests alone. */
const SIGNED = ['unbroken', 'from', 'to', 'digests', 'logFiles'] as const;
/** Most digests in one attachment, and most bytes of them. */
const BUNDLE = 500;
const BUNDLE_BYTES = 4 * 1024 ** 2;

/**
 * The attachments: first the newest digest of every chain, then the others, in bundles. The newest digests come alone because
 * they lead to all others and must be small enough for the proof. The facts have class E4 only if the commitment names the keys.
 */
function evidenceOf(
  chains: readonly Chain[],
  { keysAreCommitted }: IamSettings,
  unbroken: boolean,
): { readonly attachments: readonly Attachment[]; readonly grades: readonly Grade[] } {
  const newest = chains.flatMap(({ links }) => links.slice(-1));
  if (newest.length === 0) return { attachments: [], grades: [] };
  const bundles: SignedDigest[][] = [newest.map(({ signed }) => signed)];
  let bytes = Infinity;
  for (const link of linksOf(chains).filter((each) => !newest.includes(each))) {
    bytes += link.signed.file.length;
    const last = bundles.at(-1);
    if (last === undefined || bytes > BUNDLE_BYTES || last.length >= BUNDLE) {
      bundles.push([link.signed]);
      bytes = link.signed.file.length;
    } else last.push(link.signed);
  }
  const attachments = bundles.map((each) => ({ mediaType: DIGESTS_TYPE, data: encodeDigests(each) }));
  if (!unbroken || !keysAreCommitted) return { attachments, grades: [] };
  const all = attachments.map((_each, i) => i);
  return {
    attachments,
    grades: SIGNED.map((name) => ({ path: `/chain/${name}`, evidence: 'E4', attachments: all })),
  };
}

/** Most members of `population.files` in a proof. */
const MAX_FILES = 512;

/**
 * The number of calls in each log file, or under each digest if there are too many files. If there are too many calls for a leaf
 * each, log files are counted in place of calls.
 */
function populationOf(tally: Tally): Population {
  const { files, isLarge } = tally;
  const counted = files.map((each) => ({ ...each, members: isLarge ? 1 : each.calls }));
  const byDigest = new Map<string, number>();
  for (const each of counted) byDigest.set(each.digest, (byDigest.get(each.digest) ?? 0) + each.members);
  const told =
    counted.length <= MAX_FILES
      ? counted.map(({ sha256, members }) => ({ digest: hashOf(sha256), count: members }))
      : Array.from(byDigest, ([sha256, count]) => ({ digest: hashOf(sha256), count }));
  const total = isLarge ? files.length : tally.calls;
  return {
    source: isLarge
      ? 'CloudTrail log files with calls of the principal'
      : 'calls of the principal in CloudTrail',
    total,
    sampled: total,
    method: 'all',
    ...(told.length > 0 && told.length <= MAX_FILES && { files: told }),
  };
}

function hashOf(hex: string): Digest {
  return digest(parseHex(hex));
}

function comparedOf({ declared }: ProbeTask, { policy }: IamSettings): Pick<Observed, 'compared'> {
  if (declared === undefined || policy.leaves === 0) return {};
  return { compared: { declared: declared.size, compared: policy.leaves, excluded: 0 } };
}
