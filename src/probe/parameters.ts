/** Makes the parameters of one run of a probe: checks who gave each and its type, and fills in defaults. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Parameter } from '../statement/commitment.ts';
import type { ParameterSpec, ProbeDescription } from './description.ts';

/** Parameters of claims that read `prev`: for their expressions alone, with every probe. */
const OVER_TIME: Readonly<Record<string, ParameterSpec>> = {
  days: { type: 'number', help: 'days that a claim over time looks back, for the expression: p.days' },
  settle: {
    type: 'number',
    help: 'days that a change may take at all servers of a target, for the expression: p.settle',
  },
};

/**
 * Joins the claim's parameters and those of the target's owner (`options` in targets.yaml), and fills in defaults. Refuses
 * `config-invalid` for an unknown or missing parameter, one of a wrong type, and one that the other of the two must give.
 */
export function parametersOf(
  probe: Pick<ProbeDescription, 'name' | 'parameters'>,
  given: ReadonlyMap<string, Parameter>,
  options: ReadonlyMap<string, Parameter> = new Map(),
): ReadonlyMap<string, Parameter> {
  const settled = new Map<string, Parameter>();
  for (const [key, value] of given) settled.set(key, checked(probe, key, value, 'claim'));
  for (const [key, value] of options) settled.set(key, checked(probe, key, value, 'owner'));
  for (const [key, { required = false, fallback }] of Object.entries(probe.parameters)) {
    if (settled.has(key)) continue;
    if (fallback !== undefined) settled.set(key, fallback);
    else if (required) throw refuse('config-invalid', `${probe.name} needs the parameter ${key}`);
  }
  return settled;
}

/** Options that are paths of the agent's machine, with the paths that the owner gave; undefined for one that was not given. */
export function pathOptions(
  { parameters }: Pick<ProbeDescription, 'parameters'>,
  options: ReadonlyMap<string, Parameter>,
): readonly { readonly option: string; readonly path: string | undefined }[] {
  return Object.entries(parameters)
    .filter(([, { isPath = false }]) => isPath)
    .map(([option]) => {
      const path = options.get(option);
      return { option, path: typeof path === 'string' ? path : undefined };
    });
}

function checked(
  { name, parameters }: Pick<ProbeDescription, 'name' | 'parameters'>,
  key: string,
  value: Parameter,
  by: 'claim' | 'owner',
): Parameter {
  const known = by === 'claim' ? { ...OVER_TIME, ...parameters } : parameters;
  const spec = Object.hasOwn(known, key) ? known[key] : undefined;
  if (spec === undefined || (by === 'owner' && spec.by !== 'owner')) {
    const theirs = Object.keys(parameters).filter((each) => (parameters[each]?.by ?? 'claim') === by);
    const named = theirs.length === 0 ? 'none' : theirs.join(', ');
    throw refuse(
      'config-invalid',
      by === 'claim'
        ? `${name} has no parameter ${printable(key, 64)}; it has ${named}`
        : `${name} has no option ${printable(key, 64)} for targets.yaml; it has ${named}`,
    );
  }
  if (by === 'claim' && spec.by === 'owner')
    throw refuse(
      'config-invalid',
      `a claim may not give the parameter ${key} of ${name}: the owner of the target gives it in the agent's targets.yaml, ` +
        `under options: { ${key}: … }`,
    );
  if (typeOf(value) !== spec.type)
    throw refuse('config-invalid', `the parameter ${key} of ${name} is ${spec.type}, not ${typeOf(value)}`);
  return value;
}

function typeOf(value: Parameter): 'text' | 'number' | 'boolean' | 'texts' {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'texts';
}
