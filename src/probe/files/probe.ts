/**
 * The probe `files@1` compares the files below a folder with those that were committed to (profile `files@1`): digests,
 * sizes, modes, links, owners on request, and in a closed world files that nobody declared.
 */
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { declaredLeaves } from '../declared.ts';
import { LiveTree, type Content, type Live } from './live.ts';
import { factsBelow, isBelowAny, readSettings, type Fact, type Settings, type Wanted } from './wanted.ts';
import { cutLists, membersOf } from '../members.ts';
import { FILES, READS_FOLDER } from './describe.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { lacks } from '../grant.ts';
import { assertForm } from '../target-form.ts';
import { lacksRead } from '../unreadable.ts';

/** Most files and folders, bytes hashed and levels of folders in one run; most names shown of one kind. */
const MAX_THINGS = 50_000;
const MAX_BYTES = 2 * 1024 ** 3;
const MAX_DEPTH = 64;
const MAX_SHOWN = 200;

export const filesProbe: Probe = {
  ...FILES,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const declared = declaredLeaves('files@1', task);
  const settings = readSettings(task);
  const live = await openTree(task);
  const wanted = factsBelow(declared, settings);
  await assertPrefix(live, wanted, settings);
  const found = new Findings();
  for (const fact of wanted.facts.values())
    found.looked.push(`${await compare(live, fact, settings, found)} ${shown(fact.path)}`);
  if (settings.closed) await findUndeclared(live, wanted, settings, found);
  return observe(found, live, declared.size, settings);
}

/** Refuses `config-invalid` for a target that is no absolute path, `unavailable` for one that is not there. */
async function openTree({ target, signal }: ProbeTask): Promise<LiveTree> {
  assertForm(FILES.name, FILES.target, target);
  try {
    return await LiveTree.at(target, MAX_BYTES, signal);
  } catch (error) {
    const hint = lacksRead(READS_FOLDER, target, error);
    throw refuse('unavailable', `there is no folder ${printable(target)} that this agent may read${hint}`);
  }
}

/**
 * Paths of a committed folder begin with its name. If the target is that very folder, none of them exists there, and each
 * would be a false alarm. Refuses `config-invalid` if they exist without the name, and says which `prefix` to give.
 */
async function assertPrefix(live: LiveTree, { facts }: Wanted, { prefix }: Settings): Promise<void> {
  const name = basename(live.root);
  const paths = [...facts.keys()];
  if (prefix !== '' || !paths.every((path) => path.startsWith(`${name}/`))) return;
  if ((await live.look(name)) !== 'absent') return;
  for (const path of paths) {
    if ((await live.look(path.slice(name.length + 1))) === 'absent') continue;
    throw refuse(
      'config-invalid',
      `the declared paths begin with ${printable(name)}/, the folder's own name: give the claim the parameter prefix: ` +
        printable(name),
    );
  }
}

/** Findings by kind: all are counted, the first are shown. */
class Findings {
  readonly lists: Readonly<Record<Kind, Value[]>> = {
    differing: [],
    missing: [],
    undeclared: [],
    escaping: [],
    owners: [],
    unreadable: [],
  };
  readonly counts: Record<Kind, number> = {
    differing: 0,
    missing: 0,
    undeclared: 0,
    escaping: 0,
    owners: 0,
    unreadable: 0,
  };
  /** Each declared file, and what it was found to be. */
  readonly looked: string[] = [];
  things = 0;
  same = 0;

  add(kind: Kind, what: Value): void {
    this.counts[kind] += 1;
    if (this.counts[kind] <= MAX_SHOWN) this.lists[kind].push(what);
  }

  look(): void {
    this.things += 1;
    if (this.things > MAX_THINGS)
      throw refuse(
        'too-large',
        `there are more than ${MAX_THINGS} things below the folder; narrow it with prefix or ignore`,
      );
  }
}
type Kind = 'differing' | 'missing' | 'undeclared' | 'escaping' | 'owners' | 'unreadable';

type State = 'same' | 'differing' | 'missing' | 'unreadable';

async function compare(live: LiveTree, fact: Fact, settings: Settings, found: Findings): Promise<State> {
  found.look();
  const { path } = fact;
  const add = (state: Exclude<State, 'same'>, what: Value = shown(path)): State => {
    found.add(state, what);
    return state;
  };
  const at = await live.look(path);
  if (at === 'absent') return add('missing');
  if (at === 'unreadable') return add('unreadable');
  owned(at, settings, found);
  if (at.type !== fact.type)
    return add('differing', { path: shown(path), what: ['type'], declared: fact.type, type: at.type });
  const content = await live.content(at);
  if (content.kind !== 'read') return add('unreadable');
  const what = differences(fact, at, content, settings);
  if (what.length > 0) return add('differing', differing(fact, at, content, what));
  found.same += 1;
  return 'same';
}

type Read = Content & { readonly kind: 'read' };

function differences(fact: Fact, at: Live, content: Read, { modes }: Settings): readonly string[] {
  const what: string[] = [];
  if (content.sha256 !== fact.sha256) what.push('sha256');
  if (content.size !== fact.size) what.push('size');
  if (modes && fact.mode !== undefined && at.mode !== fact.mode) what.push('mode');
  return what;
}

function differing(fact: Fact, at: Live, { size }: Read, what: readonly string[]): ValueMap {
  return {
    path: shown(fact.path),
    what,
    // No digests: with one, anybody could check a guess at a small file.
    ...(what.includes('size') && { size, declaredSize: fact.size }),
    ...(what.includes('mode') && { mode: octal(at.mode), declaredMode: octal(fact.mode ?? 0) }),
  };
}

function owned(at: Live, { uid, gid }: Settings, found: Findings): void {
  if (at.type === 'symlink' && at.leads === 'outside') found.add('escaping', shown(at.path));
  if ((uid === undefined || at.uid === uid) && (gid === undefined || at.gid === gid)) return;
  found.add('owners', { path: shown(at.path), uid: at.uid, gid: at.gid });
}

/** Finds everything below the root that is not declared. Folders with declared files count as declared. */
async function findUndeclared(
  live: LiveTree,
  { facts, folders }: Wanted,
  settings: Settings,
  found: Findings,
): Promise<void> {
  const walk = async (folder: string, depth: number): Promise<void> => {
    const names = depth > MAX_DEPTH ? undefined : await live.names(folder);
    if (names === undefined) return found.add('unreadable', shown(folder === '' ? '.' : folder));
    for (const name of names) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (facts.has(path) || isBelowAny(path, settings.ignore)) continue;
      found.look();
      const at = await live.look(path);
      if (at === 'absent') {
        // A name that is not UTF-8 cannot be opened by its text, and nobody can have declared it.
        if (name.includes('\ufffd')) found.add('undeclared', { path: shown(path), type: 'other' });
        continue;
      }
      if (at === 'unreadable') {
        found.add('unreadable', shown(path));
        continue;
      }
      if (at.type === 'folder') {
        if (!folders.has(path)) found.add('undeclared', { path: shown(path), type: at.type });
        await walk(path, depth + 1);
        continue;
      }
      owned(at, settings, found);
      found.add('undeclared', { path: shown(path), type: at.type });
    }
  };
  await walk('', 0);
}

function observe(found: Findings, live: LiveTree, declared: number, settings: Settings): Observed {
  const { counts, lists, looked } = found;
  const compared = looked.length;
  const unread = looked.filter((each) => each.startsWith('unreadable ')).length;
  const { population, told } = membersOf('declared files below the folder', looked, unread);
  const { undeclared, escaping, owners, unreadable, ...always } = lists;
  const closed = settings.closed && { undeclared };
  const value: ValueMap = {
    root: printable(live.root, 1_024),
    declared,
    compared,
    same: found.same,
    ...(told !== undefined && { looked: told }),
    ...always,
    ...closed,
    escaping,
    ...((settings.uid !== undefined || settings.gid !== undefined) && { owners }),
    unreadable,
    // If something could not be read, `whole` is withheld, and a claim that reads it is UNKNOWN.
    ...(counts.unreadable === 0 && { whole: true }),
    counts: { ...counts },
  };
  return {
    value,
    grades: [],
    attachments: [],
    contradictions: [],
    population,
    compared: { declared, compared, excluded: declared - compared },
    ...(settings.closed && { undeclared }),
    withheld: withheldOf(found, live.root),
    bytes: live.bytes,
  };
}

function withheldOf({ counts, lists }: Findings, root: string): readonly Withheld[] {
  const [first] = lists.unreadable;
  const whole = `${counts.unreadable} files or folders cannot be read by this agent, such as ${JSON.stringify(first)}${lacks(READS_FOLDER, { who: userInfo().username, target: root })}`;
  return [
    ...(counts.unreadable > 0 ? [{ path: '/whole', reason: whole }] : []),
    ...cutLists(lists, MAX_SHOWN),
  ];
}

function shown(path: string): string {
  return printable(path, 512);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
