/** Declares manifests as an agent has them, looks with `kubernetes@1` and judges its ready claims. */
import type { Value } from '#src/claim/value.ts';
import { judgeClaim, type Judgement } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { packOf } from '#src/declare/packs.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import type { DeclaredLeaf } from '#src/declare/leaf.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { kubernetesProbe } from '#src/probe/kubernetes/probe.ts';
import { look, type Params } from './probe-targets.ts';
import type { FakeServer } from './fake-kube.ts';

/** The leaves of a declaration, as the probe gets them. */
export function openedLeaves(leaves: readonly DeclaredLeaf[]): ReadonlyMap<string, Value> {
  return new Map(
    leaves.map(({ path, value, sensitive }) => [
      path,
      sensitive ? { sensitive: '00'.repeat(32) } : declaredValue(value),
    ]),
  );
}

export function declaredFrom(...manifests: readonly object[]): ReadonlyMap<string, Value> {
  return openedLeaves(declareKubernetes(manifests.map((each) => JSON.stringify(each))).leaves);
}

export function lookAt(
  server: Pick<FakeServer, 'target' | 'secrets'>,
  declared: ReadonlyMap<string, Value>,
  params: Params = {},
  secrets: Readonly<Record<string, string>> = {},
): Promise<Observed> {
  return look(kubernetesProbe, server.target, params, {
    declared,
    secrets: { ...server.secrets, ...secrets },
  });
}

/** Verdicts of a pack's claims, by id. */
export function judged(
  seen: Observed,
  pack = 'kubernetes-as-declared',
  params: Params = {},
): Readonly<Record<string, Judgement>> {
  const claims = packOf(pack, new Map(Object.entries(params)));
  return Object.fromEntries(claims.map((claim) => [claim.id, judgeClaim(claim, seen)]));
}

export function verdicts(seen: Observed, pack?: string, params?: Params): string {
  return Object.values(judged(seen, pack, params))
    .map(({ verdict }) => verdict)
    .join(' ');
}
