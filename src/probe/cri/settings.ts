/** The parameters of one run of `cri@1`. */
import { refuse } from '../../bytes/refusal.ts';
import { declaredLeaves } from '../declared.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import type { ProbeTask } from '../probe.ts';
import type { ApiServer } from './api.ts';
import { declaredContainers, type DeclaredContainer } from './declared.ts';

export interface Settings {
  /** Undefined if nothing is compared with the API. */
  readonly server: Omit<ApiServer, 'signal'> | undefined;
  /** Undefined if no images are compared. */
  readonly declared: ReadonlyMap<string, DeclaredContainer> | undefined;
  /** Seconds between two looks. */
  readonly settle: number;
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const PLATFORM = /^sha256:[0-9a-f]{64}=sha256:[0-9a-f]{64}$/;

/** Refuses `config-invalid`. */
export async function readSettings(task: ProbeTask): Promise<Settings> {
  const given = new ParsedParameters('cri@1', task.params);
  const [pods, images] = [given.flag('pods', true), given.flag('images', true)];
  if (!pods && !images) throw given.wrong('pods', 'or images must be true: nothing would be compared');
  const namespace = given.text('namespace', NAME, 'is a name of a namespace') ?? 'default';
  const platforms =
    given.texts('platforms', PLATFORM, 'has the form sha256:INDEX=sha256:MANIFEST, of 64 hex digits each') ??
    [];
  return {
    server: pods ? await serverOf(given, task) : undefined,
    declared: images ? declaredContainers(declaredLeaves('cri@1', task), namespace, platforms) : undefined,
    settle: given.whole('settle', 0, 60) ?? 20,
  };
}

async function serverOf(given: ParsedParameters, task: ProbeTask): Promise<Omit<ApiServer, 'signal'>> {
  const [url, node] = [
    given.text('api', /^https:\/\/[^\s@?#]+$/, 'is a URL with https'),
    given.text('node', NAME, "is a node's name"),
  ];
  const token = (await task.secret('token'))?.trim();
  if (url === undefined || node === undefined || token === undefined)
    throw refuse(
      'config-invalid',
      'to compare with the API, the owner of the node gives options: { api: https://…, node: NAME } and secrets: { token: FILE } in targets.yaml; to do without, give the claim pods: false',
    );
  if (!/^[\x21-\x7e]{1,16384}$/.test(token))
    throw refuse(
      'config-invalid',
      'the secret "token" of cri@1 is one word, as `kubectl create token` prints it',
    );
  return { url: new URL(url), node, token, ca: await task.secret('ca') };
}
