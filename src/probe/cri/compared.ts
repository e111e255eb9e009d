/** Containers that run on this node against those that committed manifests declare. */
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { nameOrWithheld } from '../harmless.ts';
import { runningPods } from './agree.ts';
import { keyOf, type DeclaredContainer } from './declared.ts';
import { isOneOf, type KnownImage } from './images.ts';
import type { Container } from './messages.ts';
import type { Running } from './runtime.ts';

type State = 'same' | 'differing' | 'undeclared' | 'unpinned' | 'unresolved';

export interface ComparedImages {
  readonly counts: ValueMap;
  readonly differing: readonly Value[];
  readonly undeclared: readonly Value[];
  /** One text for each container of the namespaces. */
  readonly looked: readonly string[];
  readonly compared: { readonly declared: number; readonly compared: number; readonly excluded: number };
  readonly withheld: readonly Withheld[];
}

/**
 * Compares the containers that run in the namespaces of the declared ones. Only names that are declared are told; `mark`
 * gives what stands in the place of others.
 */
export function comparedImages(
  { sandboxes, containers }: Pick<Running, 'sandboxes' | 'containers'>,
  declared: ReadonlyMap<string, DeclaredContainer>,
  imageOf: (container: Container) => KnownImage,
  mark: (name: string) => string,
): ComparedImages {
  const namespaces = new Set([...declared.values()].map(({ namespace }) => namespace));
  const counts: Record<State, number> = { same: 0, differing: 0, undeclared: 0, unpinned: 0, unresolved: 0 };
  const lists = { differing: new Map<string, Value>(), undeclared: new Map<string, Value>() };
  const [looked, seen]: [string[], Set<string>] = [[], new Set()];
  for (const { sandbox, containers: own } of runningPods(sandboxes, containers).pods) {
    if (!namespaces.has(sandbox.namespace)) continue;
    for (const container of own) {
      const key = keyOf({ namespace: sandbox.namespace, name: container.name });
      const wanted = declared.get(key);
      const state = stateOf(imageOf(container), wanted);
      counts[state] += 1;
      if (state === 'same' || state === 'differing') seen.add(key);
      const name =
        wanted === undefined
          ? mark(key)
          : `${nameOrWithheld(wanted.namespace)}/${nameOrWithheld(wanted.name)}`;
      looked.push(`${state} ${name}`);
      if (state === 'undeclared')
        lists.undeclared.set(container.id, {
          mark: mark(`${sandbox.namespace}/${sandbox.name}/${container.name}`),
          since: container.created,
        });
      if (state === 'differing')
        lists.differing.set(container.id, { container: name, since: container.created });
    }
  }
  const compared = counts.same + counts.differing;
  return {
    counts: { running: looked.length, compared, ...counts },
    differing: [...lists.differing.values()],
    undeclared: [...lists.undeclared.values()],
    looked,
    compared: { declared: declared.size, compared: seen.size, excluded: 0 },
    withheld: withheldOf(counts, compared),
  };
}

function stateOf(image: KnownImage, wanted: DeclaredContainer | undefined): State {
  if (wanted === undefined) return 'undeclared';
  if (wanted.unpinned) return 'unpinned';
  const isDeclared = isOneOf(image, wanted.digests);
  if (isDeclared === undefined) return 'unresolved';
  return isDeclared ? 'same' : 'differing';
}

const cut = (path: string, reason: string): Withheld => ({ path, reason, only: 'members' });

function withheldOf({ unpinned, unresolved }: Record<State, number>, compared: number): readonly Withheld[] {
  return [
    ...(unpinned > 0
      ? [cut('/differing', `${unpinned} containers are declared by a tag without a digest: commit @sha256:…`)]
      : []),
    ...(unresolved > 0
      ? [
          cut(
            '/differing',
            `the runtime knows no registry's digest of ${unresolved} images, which were loaded from files`,
          ),
        ]
      : []),
    ...(compared === 0
      ? ['/differing', '/undeclared'].map((path) =>
          cut(path, 'no declared container with a digest runs on this node'),
        )
      : []),
  ];
}
