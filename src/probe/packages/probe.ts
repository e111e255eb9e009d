/**
 * The probe `packages@1` compares what is installed with the committed lockfiles: names and versions as the packages say them, what nobody locked,
 * and contents where the archives with the locked digests are at hand.
 */
import { refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { declaredLeaves } from '../declared.ts';
import { wordOf } from '../harmless.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { assertForm } from '../target-form.ts';
import { Archives } from './archives.ts';
import { cargoInstalled } from './cargo.ts';
import { ECOSYSTEMS, PACKAGES, type Ecosystem } from './describe.ts';
import { InstalledFolder } from './folder.ts';
import { Findings, type Ecosystems, type InstalledPackage } from './found.ts';
import { goInstalled } from './go.ts';
import { lockedPackages, type LockedPackage } from './locked.ts';
import { npmInstalled } from './npm.ts';
import { pypiInstalled } from './pypi.ts';

export const packagesProbe: Probe = {
  ...PACKAGES,
  run,
};

interface Settings {
  readonly ecosystem: Ecosystem;
  readonly omitDev: boolean;
  readonly ignores: (path: string) => boolean;
  readonly archives: string | undefined;
}

async function run(task: ProbeTask): Promise<Observed> {
  const settings = settingsOf(task);
  const locked = lockedPackages(declaredLeaves('packages@1', task), settings.ecosystem);
  const { seen, bytes } = await installedAt(task, settings, locked);
  const archives = await Archives.at(settings.archives, task.signal);
  const found = new Findings();
  const { same, judged, excluded } = compareVersions(seen, locked, settings, found);
  const unseen = await compareContents(seen, judged, locked, archives, found);
  for (const path of seen.loose) found.add('extra', path);
  for (const path of seen.links) found.add('linked', path);
  const partial = partialOf(seen, same);
  // A file of no locked archive is known to be one, whatever else is not known.
  const isOther = found.counts.altered + found.counts.extra + found.counts.linked > 0;
  const opaque = isOther ? undefined : opaqueOf(seen, archives, unseen);
  return {
    value: {
      ecosystem: settings.ecosystem,
      locked: locked.size,
      installed: seen.installed.length,
      same,
      compared: unseen.compared,
      ...(partial === undefined && { whole: true }),
      ...(opaque === undefined && { contents: !isOther }),
      ...found.lists,
      counts: { ...found.counts },
    },
    grades: [],
    attachments: [],
    contradictions: [],
    population: {
      source: 'installed packages',
      total: seen.installed.length,
      sampled: seen.installed.length,
      method: 'all',
    },
    compared: { declared: locked.size, compared: locked.size - excluded, excluded },
    undeclared: found.lists.extra,
    withheld: [...withheldOf(partial, opaque), ...hiddenIn(seen, unseen), ...found.cut],
    bytes: bytes() + (archives?.bytes ?? 0),
  };
}

/** Refuses `config-invalid`. */
function settingsOf({ params }: ProbeTask): Settings {
  const given = new ParsedParameters('packages@1', params);
  const ecosystem = wordOf(
    given.text('ecosystem', /^[a-z]{1,16}$/, `is one of ${ECOSYSTEMS.join(', ')}`),
    ECOSYSTEMS,
  );
  if (ecosystem === undefined) throw given.wrong('ecosystem', `is one of ${ECOSYSTEMS.join(', ')}`);
  const ignore =
    given.texts('ignore', /^[^\0]{1,512}$/, 'is the name of a package, or a path told from the target') ?? [];
  return {
    ecosystem,
    omitDev: given.flag('omitDev', false),
    ignores: (path) => ignore.some((each) => path === each || path.startsWith(`${each}/`)),
    archives: given.text('archives', /^\//, 'is the absolute path of a folder'),
  };
}

/** Refuses `unavailable`. */
async function installedAt(
  { target, signal }: ProbeTask,
  { ecosystem, ignores }: Settings,
  locked: ReadonlyMap<string, LockedPackage>,
): Promise<{ readonly seen: Ecosystems; readonly bytes: () => number }> {
  assertForm(PACKAGES.name, PACKAGES.target, target);
  if (ecosystem === 'go') {
    const seen = await goInstalled(target, signal);
    return { seen, bytes: () => seen.bytes };
  }
  const folder = await InstalledFolder.at(target, signal);
  const installedBy = { npm: npmInstalled, pypi: pypiInstalled, cargo: cargoInstalled }[ecosystem];
  const workspaces = [...locked.values()].filter((each) => each.isLocal && each.leads === undefined);
  const seen = await installedBy(
    folder,
    ignores,
    workspaces.map(({ key }) => key),
  );
  if (seen.installed.length === 0 && seen.unreadable > 0)
    throw refuse('unavailable', `nothing that ${ecosystem} installed can be read at the target`);
  return { seen, bytes: () => folder.bytes };
}

/** Finds other versions, packages that nobody locked, and locked ones that are not there. The rest is the same. */
function compareVersions(
  { installed }: Ecosystems,
  locked: ReadonlyMap<string, LockedPackage>,
  { ecosystem, omitDev, ignores }: Settings,
  found: Findings,
): { readonly same: number; readonly judged: readonly InstalledPackage[]; readonly excluded: number } {
  const judged: InstalledPackage[] = [];
  let same = 0;
  const seen = new Set<string>();
  for (const each of installed) {
    if (ignores(each.key)) continue;
    const wanted = locked.get(each.key);
    judged.push(each);
    // Two of one name: one of them is not what the lockfile means.
    if (wanted === undefined || seen.has(each.key)) found.add(each.isLink ? 'linked' : 'extra', each.key);
    else if (each.isLink !== wanted.isLocal) found.add(each.isLink ? 'linked' : 'differing', each.key);
    else if (wanted.isLocal && each.leads !== wanted.leads) found.add('linked', each.key);
    else if (wanted.isLocal || isLocked(each, wanted, ecosystem)) same += 1;
    else found.add('differing', each.key);
    seen.add(each.key);
  }
  let excluded = 0;
  for (const each of locked.values()) {
    if (seen.has(each.key)) continue;
    if (each.isOptional || each.isLocal || (each.isDev && omitDev) || ignores(each.key)) excluded += 1;
    else found.add('missing', each.key);
  }
  return { same, judged, excluded };
}

function isLocked(
  { name, version, digest, key }: InstalledPackage,
  wanted: LockedPackage,
  ecosystem: Ecosystem,
): boolean {
  if (version === undefined || !wanted.versions.includes(version)) return false;
  if (
    ecosystem === 'npm' &&
    name !== (wanted.name ?? key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length))
  )
    return false;
  // What stands beside a package is its own word, and may still show that it is another.
  const isTold = (ecosystem === 'go' || ecosystem === 'cargo') && wanted.digests.length > 0;
  return !isTold || (digest !== undefined && wanted.digests.includes(digest));
}

interface Unseen {
  readonly compared: number;
  /** Installed packages whose contents were not compared, whatever their version is. */
  readonly uncompared: number;
  /** Those that may hide others, and were not shown to be what their archive has. */
  readonly hiding: number;
}

async function compareContents(
  { altered, compare, hiding: may }: Ecosystems,
  judged: readonly InstalledPackage[],
  locked: ReadonlyMap<string, LockedPackage>,
  archives: Archives | undefined,
  found: Findings,
): Promise<Unseen> {
  const wrong = new Set(altered);
  let [compared, uncompared, hiding] = [0, 0, 0];
  for (const each of judged) {
    const wanted = locked.get(each.key);
    // What is linked is the project itself, and not of an archive; a link that is none of it is a finding.
    if (each.isLink) continue;
    const archive =
      compare && wanted && !wrong.has(each.key) ? await archives?.find(wanted.digests) : undefined;
    const isSame = archive && (await compare?.(each, archive));
    if (isSame === undefined) uncompared += 1;
    else compared += 1;
    if (isSame === false) wrong.add(each.key);
    if (isSame !== true && may?.keys.has(each.key) === true) hiding += 1;
  }
  for (const key of wrong) found.add('altered', key);
  return { compared, uncompared, hiding };
}

/** Why nothing shows that all contents are those of the archives; undefined if it is shown. */
function opaqueOf(
  { opaque, unreadable }: Ecosystems,
  archives: Archives | undefined,
  { compared, uncompared }: Unseen,
): string | undefined {
  if (opaque !== undefined) return opaque;
  if (unreadable > 0) return 'some folders cannot be read by this agent';
  if (uncompared === 0 && compared > 0) return undefined;
  if (uncompared === 0) return 'no package is installed that could be compared with an archive';
  return archives === undefined
    ? 'a lockfile names digests of archives, and what is installed has none: the owner names a folder with the archives, in the option archives'
    : `of ${uncompared} packages there is no archive with a locked digest in the folder, or they have none`;
}

function hiddenIn({ hiding: may }: Ecosystems, { hiding }: Unseen): readonly Withheld[] {
  if (may === undefined || hiding === 0) return [];
  return [{ path: '/extra', reason: `${hiding} packages have ${may.how}`, only: 'members' }];
}

/** Why a list that is empty shows nothing; undefined if it shows that nothing was found. */
function partialOf({ unreadable }: Ecosystems, same: number): string | undefined {
  if (unreadable > 0) return `${unreadable} folders cannot be read by this agent`;
  return same === 0 ? 'none of the locked packages was found installed as it is locked' : undefined;
}

function withheldOf(partial: string | undefined, opaque: string | undefined): readonly Withheld[] {
  return [
    ...(partial === undefined ? [] : [{ path: '/whole', reason: partial }]),
    ...(opaque === undefined ? [] : [{ path: '/contents', reason: opaque }]),
  ];
}
