/** Which log a statement is for: one that another log was meant to take is not this one's, whoever posts it here. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';

/** Characters of the names of other logs that a refusal repeats. */
const QUOTED = 200;

/**
 * Refuses `wrong-audience`: a statement that names other logs and not this one; one of our own kinds that names none,
 * and any that names none where the policy wants every statement to say it.
 */
export function assertAudience(
  { document: { origin, requireAudience } }: Policy,
  { kind, audience }: Pick<ParsedStatement, 'kind' | 'audience'>,
): void {
  if (audience?.includes(origin) === true) return;
  if (audience !== undefined) {
    const meant = printable(audience.join(', '), QUOTED);
    throw refuse(
      'wrong-audience',
      `the statement is for ${meant}, and this log is ${origin}; sign one for this log`,
    );
  }
  if (kind === 'other' && requireAudience !== true) return;
  throw refuse(
    'wrong-audience',
    `the statement does not say which log it is for; sign it again with the claim aud (3) set to ${origin}`,
  );
}
