/**
 * What declared NetworkPolicies (networking.k8s.io/v1) say of one connection between two pods. Pure. A policy that selects a pod
 * isolates it in its directions; what no rule of such policies allows is denied, and without one everything is allowed. What depends
 * on more than labels is unknown: addresses (ipBlock), and ports by name.
 */
import { escaped, type Value } from '../../claim/value.ts';
import { treeOfLeaves } from '../../declare/tree.ts';
import { itemsAt, mapAt, partAt, type Tree } from '../tree.ts';
import { labelsAt, selects } from './selector.ts';

/** A pod as policies see it. */
export interface Pod {
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
}

export interface Connection {
  readonly from: Pod;
  readonly to: Pod;
  /** The port of the pod, not of a Service. */
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
}

export type Allowed = 'allowed' | 'denied' | { readonly unknown: string };

/** What the policies of a declaration of profile `kubernetes@1` say, both ends taken together. */
export function policiesSay(connection: Connection, leaves: ReadonlyMap<string, Value>): Allowed {
  // Nothing else of the declaration is read: other objects may hold secrets, and defaults that the server adds are of no tree.
  const byNamespace = objectsOf(leaves, 'networking.k8s.io/v1', 'NetworkPolicy');
  const namespaces = partAt(objectsOf(leaves, 'v1', 'Namespace'), '');
  const labelsOf = (name: string): NamespaceLabels => ({
    labels: new Map([...labelsAt(namespaces, name, 'metadata', 'labels'), [NAME_LABEL, name]]),
    isDeclared: partAt(namespaces, name) !== undefined,
  });
  const sides = (['egress', 'ingress'] as const).map((direction) => {
    const pod = direction === 'egress' ? connection.from : connection.to;
    const homeless = specsIn(partAt(byNamespace, ''));
    if (homeless.some((spec) => isOf(direction, spec) && selects(partAt(spec, 'podSelector'), pod.labels)))
      return { unknown: 'a policy that selects the pod has no namespace: who applies it chooses one' };
    return sideSays(direction, pod, connection, specsIn(partAt(byNamespace, pod.namespace)), labelsOf);
  });
  return both(sides);
}

/** The declared objects of a kind, by namespace and name. */
function objectsOf(leaves: ReadonlyMap<string, Value>, apiVersion: string, kind: string): Tree | undefined {
  return treeOfLeaves(leaves, `/${escaped(apiVersion)}/${escaped(kind)}`, () => undefined)?.tree;
}

function specsIn(policies: Tree | undefined): readonly (Tree | undefined)[] {
  return Array.from(mapAt(policies)?.values() ?? [], (each) => partAt(each, 'spec'));
}

/** Denied by one end is denied. */
function both(sides: readonly Allowed[]): Allowed {
  if (sides.includes('denied')) return 'denied';
  return sides.find((each) => each !== 'allowed') ?? 'allowed';
}

type Direction = 'egress' | 'ingress';
type LabelsOf = (namespace: string) => NamespaceLabels;

interface NamespaceLabels {
  readonly labels: ReadonlyMap<string, string>;
  /** If not, it may have others: nobody said which. */
  readonly isDeclared: boolean;
}

/** The label that the API server gives to each namespace. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

function sideSays(
  direction: Direction,
  pod: Pod,
  connection: Connection,
  specs: readonly (Tree | undefined)[],
  labelsOf: LabelsOf,
): Allowed {
  const peer = direction === 'egress' ? connection.to : connection.from;
  const isolating = specs.filter(
    (spec) => isOf(direction, spec) && selects(partAt(spec, 'podSelector'), pod.labels),
  );
  if (isolating.length === 0) return 'allowed';
  const rules = isolating.flatMap((spec) => itemsAt(spec, direction));
  const answers = rules.map((rule) => ruleSays(rule, direction, pod.namespace, peer, connection, labelsOf));
  return answers.find((each) => each === 'allowed') ?? answers.find((each) => each !== 'denied') ?? 'denied';
}

/** `policyTypes`; without one Ingress, and Egress where there is a rule for it: an empty list is none, as to the API server. */
function isOf(direction: Direction, spec: Tree | undefined): boolean {
  const types = itemsAt(spec, 'policyTypes');
  if (types.length > 0) return types.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
  return direction === 'ingress' || itemsAt(spec, 'egress').length > 0;
}

function ruleSays(
  rule: Tree,
  direction: Direction,
  own: string,
  peer: Pod,
  { port, transport }: Connection,
  labelsOf: LabelsOf,
): Allowed {
  const peers = itemsAt(rule, direction === 'ingress' ? 'from' : 'to');
  const ports = itemsAt(rule, 'ports');
  const found = peers.map((each) => peerSays(each, own, peer, labelsOf));
  const doors = ports.map((each) => portSays(each, port, transport));
  return both([anyOf(found), anyOf(doors)]);
}

/** An empty list allows all. */
function anyOf(answers: readonly Allowed[]): Allowed {
  if (answers.length === 0) return 'allowed';
  return answers.find((each) => each === 'allowed') ?? answers.find((each) => each !== 'denied') ?? 'denied';
}

function peerSays(each: Tree, own: string, { namespace, labels }: Pod, labelsOf: LabelsOf): Allowed {
  if (partAt(each, 'ipBlock') !== undefined)
    return { unknown: 'a rule names addresses (ipBlock), and pods have labels' };
  const [pods, namespaces] = [partAt(each, 'podSelector'), partAt(each, 'namespaceSelector')];
  if (pods !== undefined && !selects(pods, labels)) return 'denied';
  if (namespaces === undefined) return namespace === own ? 'allowed' : 'denied';
  const of = labelsOf(namespace);
  if (!of.isDeclared && keysOf(namespaces).some((key) => key !== NAME_LABEL))
    return { unknown: 'a rule names labels of a namespace that is not declared' };
  return selects(namespaces, of.labels) ? 'allowed' : 'denied';
}

/** The labels that a selector reads. */
function keysOf(selector: Tree): readonly unknown[] {
  const wanted = labelsAt(selector, 'matchLabels').map(([key]) => key);
  return [...wanted, ...itemsAt(selector, 'matchExpressions').map((each) => partAt(each, 'key'))];
}

function portSays(each: Tree, port: number, transport: 'tcp' | 'udp'): Allowed {
  const protocol = partAt(each, 'protocol') ?? 'TCP';
  if (protocol !== transport.toUpperCase()) return 'denied';
  const [from, to] = [partAt(each, 'port'), partAt(each, 'endPort')];
  if (from === undefined) return 'allowed';
  if (typeof from !== 'number') return { unknown: 'a rule names a port by its name' };
  return port >= from && port <= (typeof to === 'number' ? to : from) ? 'allowed' : 'denied';
}
