/** The target and the parameters of one run of `container@1`. */
import { parseAddress } from '../../evidence/address.ts';
import type { Place } from '../connection.ts';
import { declaredLeaves } from '../declared.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import { PLATFORM, PLATFORM_FORM } from '../platforms.ts';
import type { ProbeTask } from '../probe.ts';
import { assertSocket } from '../socket.ts';
import { assertForm } from '../target-form.ts';
import type { Scope } from './compared.ts';
import { wantedContainers, type Wanted } from './declared.ts';
import { CONTAINER, ENGINE_GRANT } from './describe.ts';
import { capabilityOf } from './risks.ts';

export interface Settings extends Scope {
  readonly place: Place;
  /** The target, as refusals name it. */
  readonly called: string;
  /** Undefined if nothing is compared with the commitment. */
  readonly wanted: Wanted | undefined;
  /** Containers that are left out of the lists of risks. */
  readonly except: ReadonlySet<string>;
  readonly allowed: ReadonlySet<string>;
  /** The only engine that is meant. */
  readonly engine: string | undefined;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const SAYS = 'is the name of a container';

/** `timeoutMs`: milliseconds for one answer. Refuses `config-invalid`, and `unavailable` where there is no socket. */
export async function readSettings(task: ProbeTask, timeoutMs: number): Promise<Settings> {
  const given = new ParsedParameters('container@1', task.params);
  const names = given.texts('names', NAME, SAYS);
  const platforms = given.texts('platforms', PLATFORM, PLATFORM_FORM) ?? [];
  const project = given.text('project', /^[a-z0-9][a-z0-9_-]{0,62}$/, 'is a name of a compose project');
  const closed = given.text('closed', /^(?:engine|project)$/, 'is engine or project') ?? 'engine';
  const images = given.flag('images', false);
  const wanted = images
    ? wantedContainers(declaredLeaves('container@1', task), { project, names, platforms })
    : undefined;
  if (closed === 'project' && wanted !== undefined && wanted.within === undefined)
    throw given.wrong('closed', 'is project only where the compose file, or the claim, names one');
  return {
    ...(await placeOf(task, given, timeoutMs)),
    names: names && new Set(names),
    beside: new Set(given.texts('beside', NAME, SAYS) ?? []),
    except: new Set(given.texts('except', NAME, SAYS) ?? []),
    allowed: new Set(
      given
        .texts('capabilities', /^[A-Za-z_]{2,32}$/, 'is a capability, such as NET_ADMIN')
        ?.map(capabilityOf),
    ),
    engine: given.text('engine', /^[A-Za-z0-9:-]{8,80}$/, 'is the ID that `docker info` shows'),
    projectAlone: closed === 'project',
    wanted,
  };
}

async function placeOf(
  { target, signal, secret }: ProbeTask,
  given: ParsedParameters,
  timeoutMs: number,
): Promise<Pick<Settings, 'place' | 'called'>> {
  const common = { timeoutMs, signal };
  if (target.startsWith('/')) {
    await assertSocket(CONTAINER, target, ENGINE_GRANT);
    return {
      place: { host: 'engine', port: 0, socketPath: target, trust: undefined, ...common },
      called: `the engine at ${target}`,
    };
  }
  assertForm(CONTAINER.name, CONTAINER.target, target);
  const url = new URL(target);
  const spki = given.text('spki', /^[0-9a-f]{64}$/, 'is a SHA-256 in lower-case hex');
  const secured = url.protocol === 'https:';
  return {
    place: {
      ...parseAddress(target, secured ? 443 : 80),
      trust: secured ? { spki, verify: true, ca: await secret('ca') } : undefined,
      ...common,
    },
    called: `the proxy ${url.host}`,
  };
}
