/**
 * A listing of settings that a program prints (`sshd -T`), against the declared leaves. It is read by the source of its kind, so both
 * sides have one spelling. Only paths of declared leaves leave the agent.
 */
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeSource } from '../../declare/encoding.ts';
import type { DeclaredLeaf } from '../../declare/leaf.ts';
import type { Source } from '../../declare/sources/source.ts';
import type { Observed } from '../../claim/observed.ts';
import type { Value } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { declaredLeaves, declaredValue, isUnknown, sameValue, sensitiveDigest } from '../declared.ts';
import { cutLists, membersOf } from '../members.ts';
import type { ProbeTask } from '../probe.ts';
import { EXEC } from './describe.ts';

/** Most paths of one kind that are listed. */
const MAX_SHOWN = 200;

interface Listing {
  readonly kind: string;
  readonly output: Uint8Array;
  /** Paths that are not compared, with all below them. */
  readonly ignored: readonly string[];
  /** The program, for people. */
  readonly name: string;
}

/** Refuses `config-invalid` for a kind that there is not, and without openings; `unavailable` for output of another kind. */
export async function compareListing(
  { kind, output, ignored, name }: Listing,
  task: Pick<ProbeTask, 'declared'>,
): Promise<Observed> {
  const declared = declaredLeaves(EXEC.name, task);
  const { SOURCES } = await import('../../declare/sources/registry.ts');
  const source = SOURCES.find((each) => each.kind === kind);
  if (source === undefined)
    throw refuse(
      'config-invalid',
      `the parameter listing of ${EXEC.name} is one of ${SOURCES.map((each) => each.kind).join(', ')}`,
    );
  const found = new Map(listedBy(source, output, name).map((leaf) => [leaf.path, leaf]));
  const { counts, lists, looked } = compare(declared, (path, value) =>
    stateOf(source, path, value, { leaf: found.get(path), ignored }),
  );
  const unread = lists.notCompared.length + counts.sensitive;
  if (unread === declared.size)
    throw refuse(
      'config-invalid',
      `no declared leaf can be compared with a listing of ${kind}: ignore fewer, or declare what such a listing has`,
    );
  const { population, told } = membersOf('declared settings', looked, unread);
  const shown = Object.fromEntries(
    Object.entries(lists).map(([each, paths]) => [each, paths.slice(0, MAX_SHOWN)] as const),
  );
  const undeclared = [...found.keys()].filter((path) => !declared.has(path)).length;
  const members = told === undefined ? {} : { looked: told };
  return {
    value: { listing: kind, declared: declared.size, ...counts, ...shown, undeclared, ...members },
    grades: [],
    attachments: [],
    contradictions: [],
    population,
    compared: { declared: declared.size, compared: declared.size - unread, excluded: unread },
    withheld: [...cutLists(shown, MAX_SHOWN), ...keptIn(counts.sensitive)],
    bytes: output.length,
  };
}

/** The value of a sensitive leaf is not in the openings, so nothing shows that the listing has it. */
function keptIn(sensitive: number): readonly Withheld[] {
  if (sensitive === 0) return [];
  const reason = `${sensitive} declared leaves are sensitive, and cannot be compared with a listing: name their paths in the parameter ignore`;
  return [{ path: '/changed', reason, only: 'members' }];
}

/** The state of each declared leaf. */
function compare(declared: ReadonlyMap<string, Value>, state: (path: string, value: Value) => State) {
  const counts = { same: 0, sensitive: 0 };
  const lists = {
    changed: new Array<string>(),
    absent: new Array<string>(),
    notCompared: new Array<string>(),
  };
  const looked: string[] = [];
  for (const [path, value] of declared) {
    const found = state(path, value);
    const name = printable(path, 1_024);
    if (found === 'same' || found === 'sensitive') counts[found] += 1;
    else lists[found].push(name);
    looked.push(`${found} ${name}`);
  }
  return { counts, lists, looked };
}

/** The leaves of the output. Its text is not repeated: a refusal of a source quotes lines. */
function listedBy(source: Source, output: Uint8Array, name: string): readonly DeclaredLeaf[] {
  try {
    return source.declare([{ name: '', text: decodeSource(output) }], { literal: false, ignore: [] }).leaves;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse(
      'unavailable',
      `${name} does not print what \`commit ${source.kind}\` reads; give that its output by hand to see why`,
      { cause: error },
    );
  }
}

type State = 'same' | 'changed' | 'absent' | 'sensitive' | 'notCompared';

function stateOf(
  source: Source,
  path: string,
  value: Value,
  { leaf, ignored }: { readonly leaf: DeclaredLeaf | undefined; readonly ignored: readonly string[] },
): State {
  const isIgnored = ignored.some((each) => path === each || path.startsWith(`${each}/`));
  if (isIgnored || isUnknown(value) || source.isUnlisted?.(path, value) === true) return 'notCompared';
  if (leaf === undefined) return 'absent';
  // The declaration alone decides: who prints the listing could mark a value that changed.
  if (sensitiveDigest(value) !== undefined) return 'sensitive';
  return sameValue(declaredValue(leaf.value), value) ? 'same' : 'changed';
}
