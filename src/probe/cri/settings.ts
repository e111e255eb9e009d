/** The parameters of one run of `cri@1`. */
import { refuse } from '../../bytes/refusal.ts';
import type { Address } from '../../evidence/address.ts';
import { declaredLeaves } from '../declared.ts';
import { accessOf, type Access } from '../kubernetes/credentials.ts';
import { addressOf } from '../kubernetes/address.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import { PLATFORM, PLATFORM_FORM } from '../platforms.ts';
import type { ProbeTask } from '../probe.ts';
import { declaredContainers, type DeclaredContainer } from './declared.ts';

export interface Settings {
  /** Undefined if nothing is compared with the API. */
  readonly cluster: { readonly address: Address; readonly access: Access; readonly node: string } | undefined;
  /** Undefined if no images are compared. */
  readonly declared: ReadonlyMap<string, DeclaredContainer> | undefined;
  /** Seconds between two looks. */
  readonly settle: number;
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Refuses `config-invalid`. */
export async function readSettings(task: ProbeTask): Promise<Settings> {
  const given = new ParsedParameters('cri@1', task.params);
  const [pods, images] = [given.flag('pods', true), given.flag('images', true)];
  if (!pods && !images) throw given.wrong('pods', 'or images must be true: nothing would be compared');
  const namespace = given.text('namespace', NAME, 'is a name of a namespace') ?? 'default';
  const platforms = given.texts('platforms', PLATFORM, PLATFORM_FORM) ?? [];
  return {
    cluster: pods ? await clusterOf(given, task) : undefined,
    declared: images ? declaredContainers(declaredLeaves('cri@1', task), namespace, platforms) : undefined,
    settle: given.whole('settle', 0, 60) ?? 20,
  };
}

async function clusterOf(given: ParsedParameters, task: ProbeTask): Promise<Settings['cluster']> {
  const url = given.text('api', /^[!-~]{1,300}$/, 'is https://HOST:PORT');
  const node = given.text('node', NAME, "is a node's name");
  const [kubeconfig, token, ca] = [
    await task.secret('kubeconfig'),
    await task.secret('token'),
    await task.secret('ca'),
  ];
  if (url === undefined || node === undefined || (token ?? kubeconfig) === undefined)
    throw refuse(
      'config-invalid',
      'to compare with the API, the owner of the node gives options: { api: https://…, node: NAME } and secrets: { token: FILE, ca: FILE } in targets.yaml; to do without, give the claim pods: false',
    );
  return { address: addressOf(url), node, access: accessOf({ kubeconfig, token, ca, spki: undefined }, url) };
}
