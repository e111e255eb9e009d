/**
 * The probe `api@1` tries operations of a declared OpenAPI contract that only read, and compares what the service answers with what the
 * contract says. Of bodies nothing leaves: findings name the operation, and the place in the contract that the body does not fit.
 */
import type { Observed } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import { nameOrWithheld } from '../harmless.ts';
import { cutLists, membersOf } from '../members.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { labelOf, type Contract, type Operation } from './contract.ts';
import { API } from './describe.ts';
import { readSettings } from './settings.ts';
import { tryAll, type Run, type Tried } from './tried.ts';

/** Most items of one list that are shown. */
const MAX_SHOWN = 200;

/** The probe, with its own milliseconds for one answer. */
export function makeApiProbe(timeoutMs: number): Probe {
  return { ...API, run: (task) => runApi(task, timeoutMs) };
}

export const apiProbe: Probe = makeApiProbe(5_000);

async function runApi(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const settings = await readSettings(task, timeoutMs);
  return observed(settings.contract, await tryAll(settings, task));
}

const label = (operation: Operation): string => nameOrWithheld(labelOf(operation), 256);
/** By what the contract speaks of; where there is no credential to get that, by what nobody in particular got. */
const isSuccess = ({ told, anonymous }: Tried): boolean => {
  const status = told?.status ?? anonymous;
  return status >= 200 && status < 300;
};
const isShown = (each: Tried): boolean =>
  each.told !== undefined && isSuccess(each) && each.told.checked.verdict !== 'unknown';

function observed(contract: Contract, run: Run): Observed {
  const { tried, untried, bytes } = run;
  const lists = listsOf(run);
  const shown = tried.filter(isShown).length;
  const total = contract.operations.length;
  const looked = [
    ...tried.map((each) => `${isShown(each) ? 'shown' : 'asked'} ${label(each.operation)}`),
    ...untried.map(({ operation }) => `untried ${label(operation)}`),
  ];
  const members = membersOf('operations of the contract that read, by GET and HEAD', looked, total - shown);
  const isWhole = shown === total && total > 0;
  return {
    value: {
      operations: countsOf(contract, run, shown),
      whole: isWhole,
      ...Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list.slice(0, MAX_SHOWN)])),
      ...(members.told !== undefined && { looked: members.told }),
    },
    grades: [],
    attachments: [],
    contradictions: [],
    population: members.population,
    withheld: [
      ...withheldOf(run, shown),
      ...(isWhole
        ? []
        : [{ path: '/whole', reason: `${shown} of ${total} operations that read were shown` }]),
      ...cutLists(lists, MAX_SHOWN),
    ],
    bytes,
  };
}

function countsOf(contract: Contract, { tried, untried }: Run, shown: number): ValueMap {
  const needing = tried.filter(({ operation }) => operation.needsAuth);
  return {
    total: contract.operations.length,
    writing: contract.writing,
    tried: tried.length,
    shown,
    untried: untried.length,
    needAuth: contract.operations.filter(({ needsAuth }) => needsAuth).length,
    guarded: needing.filter(({ guarded }) => guarded === true).length,
    deprecated: tried.filter((each) => each.operation.deprecated && isShown(each)).length,
  };
}

function listsOf({ tried, untried }: Run): Readonly<Record<string, readonly Value[]>> {
  const of = (verdict: string): readonly Tried[] =>
    tried.filter(({ told }) => told?.checked.verdict === verdict);
  return {
    undocumented: of('undocumented').map(({ operation, told }) => ({
      operation: label(operation),
      status: told?.status ?? null,
    })),
    mediaTypes: of('mediaType').map(({ operation, told }) => ({
      operation: label(operation),
      status: told?.status ?? null,
    })),
    differing: of('differing').map(({ operation, told }) => ({
      operation: label(operation),
      at: nameOrWithheld(told?.checked.at, 512),
    })),
    extra: tried
      .filter(({ told }) => (told?.checked.extra ?? 0) > 0)
      .map(({ operation, told }) => ({ operation: label(operation), members: told?.checked.extra ?? 0 })),
    open: tried
      .filter(({ guarded, operation }) => operation.needsAuth && guarded === false)
      .map(({ operation, anonymous }) => ({ operation: label(operation), status: anonymous })),
    erring: tried
      .filter(({ told }) => (told?.status ?? 0) >= 500)
      .map(({ operation, told }) => ({ operation: label(operation), status: told?.status ?? null })),
    untried: untried.map(({ operation, why }) => ({ operation: label(operation), why })),
  };
}

const cut = (name: string, reason: string): Withheld => ({ path: `/${name}`, reason, only: 'members' });
const ANSWERS = ['undocumented', 'mediaTypes', 'differing', 'extra', 'erring'];

function withheldOf({ tried }: Run, shown: number): readonly Withheld[] {
  const unclear = tried.filter(({ told }) => told?.checked.verdict === 'unknown');
  const unsettled = tried.filter(({ operation, guarded }) => operation.needsAuth && guarded === undefined);
  const needing = tried.filter(({ operation }) => operation.needsAuth);
  return [
    ...(shown === 0
      ? ANSWERS.map((name) => cut(name, 'no operation answered with success, so nothing was shown'))
      : []),
    ...(unclear.length > 0
      ? ANSWERS.map((name) =>
          cut(name, `of ${unclear.length} answers: ${unclear[0]?.told?.checked.why ?? 'not known'}`),
        )
      : []),
    ...(needing.length === 0 ? [cut('open', 'no operation that says it needs a credential was tried')] : []),
    ...(needing.length > 0 && !tried.some(isSuccess)
      ? [
          cut(
            'open',
            'no operation answered with success: the service may refuse the agent and not who has no credential, or lie elsewhere',
          ),
        ]
      : []),
    ...(unsettled.length > 0
      ? [
          cut(
            'open',
            `${unsettled.length} operations answered neither with success nor with 401 or 403 where nobody asked`,
          ),
        ]
      : []),
  ];
}
