/** Which log a statement is meant for. A statement that names other logs is refused here, whoever submits it. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';

/** Most characters of the names of other logs that a refusal quotes. */
const QUOTED = 200;

/**
 * Refuses `wrong-audience` for three kinds of statements: one that names other logs but not this one; one of
 * Tallystick's own kinds that names no log; and any that names none if the policy requires an audience of every
 * statement.
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
