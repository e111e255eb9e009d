/** The declared files that `files@1` compares, chosen by the claim's parameters. */
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { isMap, type Value } from '../../claim/value.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';

export interface Settings {
  readonly prefix: string;
  readonly modes: boolean;
  readonly closed: boolean;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly ignore: readonly string[];
}

const PATH = /^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\0]{0,1024}$/;

/** Refuses `config-invalid`. */
export function readSettings({ params }: Pick<ProbeTask, 'params'>): Settings {
  const given = new ParsedParameters('files@1', params);
  const says = 'is a path told from the folder, without . or ..';
  const ids = 4_294_967_295;
  return {
    prefix: (given.text('prefix', PATH, says) ?? '').replace(/\/$/, ''),
    modes: given.flag('modes', true),
    closed: given.flag('closed', true),
    uid: given.whole('uid', 0, ids),
    gid: given.whole('gid', 0, ids),
    ignore: (given.texts('ignore', PATH, says) ?? []).map((each) => each.replace(/\/$/, '')),
  };
}

/** A declared file; a link's size and digest are those of its text. */
export interface Fact {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
  readonly mode: number | undefined;
}

export interface Wanted {
  readonly facts: ReadonlyMap<string, Fact>;
  /** Every folder that holds a declared file. */
  readonly folders: ReadonlySet<string>;
}

/** The declared files of this folder. Refuses `config-invalid` if there are none, or if they are not of profile files@1. */
export function factsBelow(declared: ReadonlyMap<string, Value>, { prefix, ignore }: Settings): Wanted {
  const facts = new Map<string, Fact>();
  const folders = new Set<string>();
  for (const [path, value] of declared) {
    if (prefix !== '' && !path.startsWith(`${prefix}/`)) continue;
    const inside = prefix === '' ? path : path.slice(prefix.length + 1);
    if (isBelowAny(inside, ignore)) continue;
    const fact = factOf(inside, value);
    if (fact.type === 'stream') continue;
    facts.set(inside, fact);
    for (let at = inside.lastIndexOf('/'); at > 0; at = inside.lastIndexOf('/', at - 1))
      folders.add(inside.slice(0, at));
  }
  if (facts.size > 0) return { facts, folders };
  throw refuse(
    'config-invalid',
    `nothing of what was declared is below "${prefix}"; see the parameter prefix`,
  );
}

function factOf(path: string, value: Value): Fact {
  const map = isMap(value) ? value : {};
  const { type, size, sha256, mode } = map;
  const fine =
    typeof type === 'string' &&
    typeof size === 'number' &&
    typeof sha256 === 'string' &&
    (mode === undefined || typeof mode === 'number');
  if (!fine || !PATH.test(path))
    throw refuse(
      'config-invalid',
      `${printable(path, 100)} is not declared as a file; commit to the folder with \`commit files\``,
    );
  return { path, type, size, sha256, mode };
}

export function isBelowAny(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}
