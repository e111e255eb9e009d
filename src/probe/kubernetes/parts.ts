/** The members of the value for each part that a claim asks for: objects, pods, images. */
import type { Observed } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { cutLists, membersOf } from '../members.ts';
import { homeOf } from './wanted.ts';
import { installed } from './world.ts';
import { compareImages, declaredImages, makersAmong } from './images.ts';
import type { LiveObject } from './object.ts';
import { beyondBaseline, containersOf } from './pods.ts';
import type { Settings } from './settings.ts';
import { shownPath } from './shown.ts';
import type { Scope, View } from './view.ts';
import type { Declaration } from './wanted.ts';
import { settledIn } from './written.ts';
import { MAX_SHOWN, type Placed, type World } from './world.ts';

/** What the parts are told from. */
export interface Looked {
  readonly first: View;
  readonly scope: Scope;
  readonly placed: readonly Placed[];
  readonly declaration: Declaration;
  readonly world: World | undefined;
  /** When the look began, POSIX seconds of the agent's clock. */
  readonly begun: number;
}

interface Part {
  readonly value: ValueMap;
  readonly withheld: readonly Withheld[];
}

/** `isContradicted`: two answers contradict each other, so that not all can be as declared. */
export function partsOf(
  look: Looked,
  settings: Settings,
  isContradicted: boolean,
): Part & Pick<Observed, 'population'> {
  const { world, first, scope, declaration } = look;
  const pods = [...first.objects.values()].filter(
    ({ resource, path }) =>
      resource.kind === 'Pod' && resource.apiVersion === 'v1' && !settings.ignoresObject(path),
  );
  const looked = world?.looked ?? pods.map(({ path }) => `seen ${shownPath(path)}`);
  const { population, told } = membersOf(`objects of ${whereOf(scope)}`, looked, 0);
  const parts: Part[] = [];
  if (world !== undefined) parts.push(objectsPart(look.placed, world, told, settings, isContradicted));
  if (world !== undefined && settings.settle !== undefined) {
    const live = look.placed.flatMap(({ path }) => first.objects.get(path) ?? []);
    parts.push(settledIn(live, settings.settle, look.begun));
  }
  if (settings.what.has('pods')) parts.push(podsPart(pods));
  if (settings.what.has('images')) parts.push(imagesPart(pods, first, declaration, settings));
  return {
    value: Object.fromEntries(parts.flatMap(({ value }) => Object.entries(value))),
    withheld: parts.flatMap(({ withheld }) => withheld),
    population,
  };
}

function objectsPart(
  placed: readonly Placed[],
  { lists, counts, gaps }: World,
  told: readonly string[] | undefined,
  { closed }: Settings,
  isContradicted: boolean,
): Part {
  const { undeclared, ...always } = lists;
  const shown = { ...always, ...(closed && { undeclared }) };
  const [gap] = gaps;
  return {
    value: {
      ...shown,
      declared: installed(placed).length,
      counts,
      ...(told !== undefined && { looked: told }),
      ...(isContradicted ? { whole: false } : gap === undefined && { whole: true }),
    },
    withheld: [
      ...cutLists(shown, MAX_SHOWN),
      ...(gap === undefined || isContradicted ? [] : [{ path: '/whole', reason: gap }]),
    ],
  };
}

function podsPart(pods: readonly LiveObject[]): Part {
  const beyond = pods.flatMap((pod) =>
    beyondBaseline(pod).map(({ inside, what }) => ({ path: shownPath(pod.path + inside), what })),
  );
  const list = { privileged: beyond.slice(0, MAX_SHOWN) };
  const containers = pods.reduce((sum, pod) => sum + containersOf(pod), 0);
  return {
    value: { pods: { count: pods.length, containers, ...(pods.length > 0 && { some: true }), ...list } },
    withheld: [
      ...cutLists(list, MAX_SHOWN, '/pods'),
      ...(pods.length > 0 ? [] : [{ path: '/pods/some', reason: 'there is no pod, which shows nothing' }]),
    ],
  };
}

const cut = (list: readonly Value[]): readonly Value[] => list.slice(0, MAX_SHOWN);

function imagesPart(
  pods: readonly LiveObject[],
  { objects }: View,
  declaration: Declaration,
  { namespace, platforms }: Settings,
): Part {
  const declared = declaredImages(
    [...declaration.objects, ...declaration.hooks],
    homeOf(declaration, namespace),
  );
  const images = compareImages(pods, makersAmong([...objects.values()]), declared, platforms);
  const lists = { differing: cut(images.differing), unresolved: cut(images.unresolved) };
  const isResolved = images.unresolved.length === 0;
  const reason =
    images.containers === 0
      ? 'there is no container, which shows nothing'
      : `${images.unresolved.length} containers cannot be judged: see o.kubernetes.images.unresolved`;
  return {
    value: {
      images: {
        pods: images.pods,
        containers: images.containers,
        ...(isResolved && images.containers > 0 && { resolved: true }),
        ...lists,
      },
    },
    withheld: [
      ...cutLists(lists, MAX_SHOWN, '/images'),
      ...(isResolved && images.containers > 0 ? [] : [{ path: '/images/resolved', reason }]),
    ],
  };
}

function whereOf({ resources, namespaces }: Scope): string {
  const kinds = [...new Set(resources.map(({ kind }) => kind))].join(', ');
  return namespaces.length === 0 ? kinds : `${kinds} in ${namespaces.join(', ')}`;
}
