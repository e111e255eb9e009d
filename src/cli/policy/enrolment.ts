/** The enrolment of a key, as the flags of `policy enrol` say it. */
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { parseDecimal } from '../../bytes/text.ts';
import { parseDate } from '../../registration/time.ts';
import { ROLES, type EnrolledKey } from '../../statement/policy.ts';
import type { Context } from '../context.ts';
import { flagOf } from '../settings.ts';
import type { Flags } from '../verb.ts';
import { readNamedKey } from './namedkey.ts';

/** Refuses `usage`, and what `readNamedKey` refuses. */
export async function enrolmentOf({ world }: Context, given: string, flags: Flags): Promise<EnrolledKey> {
  const name = flags.text('name');
  const roles = flags.texts('role').map((text) => {
    const role = ROLES.find((each) => each === text);
    if (role === undefined)
      throw refuse('usage', `${printable(text)} is no role; choose from ${ROLES.join(', ')}`);
    return role;
  });
  if (name === undefined || roles.length === 0)
    throw refuse('usage', 'say whose key it is with --name, and what it may do with --role');
  const subjects = flags.texts('subject');
  const issuer = flags.text('issuer');
  const maxBytes = readFlag(flags, 'maxBytes', parseDecimal);
  const maxSubjects = readFlag(flags, 'maxSubjects', parseDecimal);
  const maxCommitments = readFlag(flags, 'maxCommitments', parseDecimal);
  const maxStatements = readFlag(flags, 'maxStatements', parseDecimal);
  const notBefore = readFlag(flags, 'notBefore', parseDate);
  const notAfter = readFlag(flags, 'notAfter', parseDate);
  return {
    key: await readNamedKey(given, world.cwd),
    name,
    roles: [...new Set(roles)],
    subjects: subjects.length === 0 ? ['**'] : [...new Set(subjects)],
    ...(issuer !== undefined && { issuer }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxSubjects !== undefined && { maxSubjects }),
    ...(maxCommitments !== undefined && { maxCommitments }),
    ...(maxStatements !== undefined && { maxStatements }),
    ...(notBefore !== undefined && { notBefore }),
    ...(notAfter !== undefined && { notAfter }),
  };
}

/** The value of a flag. Refuses `usage`, naming it. */
export function readFlag<T>(
  flags: Flags,
  name: string,
  read: (text: string, at: string) => T,
): T | undefined {
  const text = flags.text(name);
  try {
    return text === undefined ? undefined : read(text, flagOf(name));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('usage', `${flagOf(name)} ${printable(text ?? '', 40)}: ${error.message}`, { cause: error });
  }
}
