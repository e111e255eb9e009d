/**
 * The delegation of an agent's key (spec/statements.md §5a): a file in its directory. It is read for each proof, so that one
 * that was renewed counts at once.
 */
import { existsSync } from 'node:fs';
import { refuse } from '../bytes/refusal.ts';
import { formatTime } from '../bytes/time.ts';
import { readNamedFileSync } from '../platform/files.ts';
import { parseDelegation, type Delegation } from '../statement/delegation.ts';
import type { Policy } from '../statement/policy.ts';

/** Most bytes of the file. */
const MAX_BYTES = 8_192;

/** The delegation in a file; undefined without one. Refuses `malformed-payload`. */
export function readDelegation(path: string): Delegation | undefined {
  return existsSync(path) ? parseDelegation(readNamedFileSync(path, MAX_BYTES)) : undefined;
}

/** The delegation that a proof needs: none if the policy enrols the key itself. */
export function neededDelegation(
  own: Delegation | undefined,
  policy: Policy | undefined,
  kid: string,
): Delegation | undefined {
  return policy?.keys.has(kid) === true ? undefined : own;
}

/** Refuses `policy-rejected` if a moment (POSIX seconds) is outside of the delegation's time: the log would refuse the proof. */
export function assertLasts(delegation: Delegation | undefined, moment: number): void {
  if (delegation === undefined) return;
  const { node, notBefore, notAfter } = delegation;
  if (moment >= notBefore && moment <= notAfter) return;
  throw refuse(
    'policy-rejected',
    `the delegation of node ${node} is from ${formatTime(notBefore)} to ${formatTime(notAfter)}: whoever delegates renews it ` +
      'with `tallystick agent delegate`, and the new file goes into the agent directory',
  );
}

/** Share of its time that is left when a delegation is said to end soon. */
const SOON = 0.25;

/** Whether a delegation ends soon. `now`: POSIX seconds. */
export function endsSoon({ notBefore, notAfter }: Delegation, now: number): boolean {
  return notAfter - now < (notAfter - notBefore) * SOON;
}
