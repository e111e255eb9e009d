/**
 * Decides one request by a policy (IAM User Guide, "Policy evaluation logic"). If a Deny statement applies, the request
 * violates the policy. Otherwise it is allowed if an Allow statement applies, and violates the policy if none does. If the
 * outcome depends on something that the event does not tell, it is unknown.
 */
import { holds, resolved, type Context } from './condition.ts';
import type { Patterns, Policy, Statement } from './policy.ts';
import { every, not, some, truth, type Truth } from './truth.ts';
import { matchesAction, matchesOpenArn } from './wildcard.ts';

/** Name and version of these rules. The version must be raised with each change of them. */
export const EVALUATOR = 'tallystick-iam/1';

export interface Request {
  readonly action: string;
  /** ARNs of its resources; undefined if the event does not tell them. */
  readonly resources: readonly string[] | undefined;
  readonly context: Context;
}

export interface Decision {
  readonly verdict: 'allowed' | 'violating' | 'unknown';
  /** For people. */
  readonly why: string;
}

/** Decides a request. One about several resources is allowed only if it is allowed for each of them. */
export function decide(policy: Policy, { action, resources, context }: Request): Decision {
  const each = (resources ?? [undefined]).map((resource) => one(policy, action, resource, context));
  const worst =
    each.find(({ verdict }) => verdict === 'violating') ?? each.find(({ verdict }) => verdict === 'unknown');
  return worst ?? each[0] ?? { verdict: 'unknown', why: 'the event names no resource' };
}

function one(policy: Policy, action: string, resource: string | undefined, context: Context): Decision {
  const said = policy.statements
    .map((statement) => ({ statement, applies: applies(statement, action, resource, context) }))
    .filter((each) => each.applies !== 'no');
  const denies = said.filter(({ statement }) => statement.effect === 'Deny');
  const allows = said.filter(({ statement }) => statement.effect === 'Allow');
  const denied = denies.find((each) => each.applies === 'yes');
  if (denied !== undefined)
    return { verdict: 'violating', why: `statement ${denied.statement.name} denies it` };
  if (allows.length === 0) return { verdict: 'violating', why: 'no statement allows it' };
  const allowed = allows.find((each) => each.applies === 'yes');
  if (allowed !== undefined && denies.length === 0)
    return { verdict: 'allowed', why: `statement ${allowed.statement.name} allows it` };
  const open = (allowed === undefined ? allows : denies)[0]?.statement.name ?? '';
  const what = resource === undefined ? 'the resource, or a condition,' : 'a condition, or a variable,';
  return {
    verdict: 'unknown',
    why: `whether statement ${open} applies depends on ${what} that the event does not tell`,
  };
}

function applies(
  { actions, resources, conditions, variables }: Statement,
  action: string,
  resource: string | undefined,
  context: Context,
): Truth {
  const acts = among(actions, (pattern) => truth(matchesAction(pattern, action)));
  if (acts === 'no') return acts;
  const about = among(resources, (pattern) => {
    if (pattern === '*') return 'yes';
    const wanted = variables ? resolved(pattern, context) : pattern;
    return resource === undefined || wanted === undefined ? 'maybe' : matchesOpenArn(wanted, resource);
  });
  return every([acts, about, ...conditions.map((each) => holds(each, context, variables))]);
}

function among(patterns: Patterns, matches: (pattern: string) => Truth): Truth {
  const any = some(patterns.any.map(matches));
  return patterns.not ? not(any) : any;
}

/** Actions that Allow statements grant, as written there, wildcards included. Grants by `NotAction` cannot be listed. */
export function grantsOf({ statements }: Policy): readonly string[] {
  const allows = statements.filter(({ effect, actions }) => effect === 'Allow' && !actions.not);
  return [...new Set(allows.flatMap(({ actions }) => actions.any))].toSorted();
}
