/** `tallystick policy enrol`: lets a key submit statements. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { parseDecimal } from '../../../bytes/text.ts';
import { readNamedKey } from '../../../keys/named.ts';
import { enrol } from '../../../registration/edits.ts';
import { parseDate } from '../../../registration/time.ts';
import { ROLES, type EnrolledKey } from '../../../statement/policy.ts';
import type { Context } from '../../frame/context.ts';
import { readFlag } from '../../frame/flagtext.ts';
import type { FlagsOf, Verb, VerbOption } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

const OPTIONS = [
  { flags: '--name <text>', help: 'whose key it is, for people' },
  { flags: '--role <name>', help: 'what it may submit; repeat for several', many: true, choices: ROLES },
  {
    flags: '--subject <pattern>',
    help: 'subjects: * matches within a path segment, ** anything; repeat for several (default: **)',
    many: true,
  },
  { flags: '--issuer <text>', help: 'the only issuer it may sign as (default: any)' },
  { flags: '--max-bytes <n>', help: 'largest entry it may submit' },
  { flags: '--max-subjects <n>', help: 'different subjects that it may commit about' },
  { flags: '--max-commitments <n>', help: 'commitments that it may log, in all' },
  { flags: '--max-statements <n>', help: 'statements that it may log until the next policy' },
  { flags: '--not-before <date>', help: 'such as 2027-01-31 or 2027-01-31T12:00:00Z, in UTC' },
  { flags: '--not-after <date>', help: 'last second at which it may submit' },
  { flags: '--replace', help: 'change the enrolment of an enrolled key' },
  DRY_RUN,
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const enrolVerb: Verb<typeof OPTIONS> = {
  name: 'enrol',
  summary: 'let a key submit statements',
  details: CHANGES,
  operands: [
    [
      '<key>',
      'public key: a PEM, OpenSSH or COSE_Key file (a private key file gives its public key), an ssh-ed25519 line, or a COSE_Key in base64 or hex',
    ],
  ],
  settings: WRITES,
  options: OPTIONS,
  json: true,
  examples: [
    "tallystick policy enrol ci.pub --name 'payments CI' --role author --subject 'prod/payments/**'",
    "tallystick policy enrol ~/.ssh/id_ed25519.pub --name Alice --role approver --subject 'prod/**' --not-after 2028-01-01",
    'tallystick policy enrol second.pem --name "second admin" --role admin --dry-run',
  ],
  run,
};

async function run(context: Context, [key = '']: readonly string[], flags: Own): Promise<number> {
  const wanted = await enrolmentOf(context, key, flags);
  const replace = flags.on('replace');
  return change(context, {
    name: 'enrol',
    dryRun: flags.on('dryRun'),
    edit: (document) => enrol(document, wanted, replace),
    already: `"${printable(wanted.name)}" is enrolled like this already`,
  });
}

/** Refuses `usage`, and what `readNamedKey` refuses. */
async function enrolmentOf({ world }: Context, given: string, flags: Own): Promise<EnrolledKey> {
  const name = flags.text('name');
  const roles = flags.texts('role').map(roleOf);
  if (name === undefined || roles.length === 0)
    throw refuse('usage', 'name the owner of the key with --name, and its roles with --role');
  const subjects = flags.texts('subject');
  const issuer = flags.text('issuer');
  const maxBytes = readFlag(flags.text('maxBytes'), '--max-bytes', parseDecimal);
  const maxSubjects = readFlag(flags.text('maxSubjects'), '--max-subjects', parseDecimal);
  const maxCommitments = readFlag(flags.text('maxCommitments'), '--max-commitments', parseDecimal);
  const maxStatements = readFlag(flags.text('maxStatements'), '--max-statements', parseDecimal);
  const notBefore = readFlag(flags.text('notBefore'), '--not-before', parseDate);
  const notAfter = readFlag(flags.text('notAfter'), '--not-after', parseDate);
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

function roleOf(text: string): EnrolledKey['roles'][number] {
  const role = ROLES.find((each) => each === text);
  if (role !== undefined) return role;
  throw refuse('usage', `${printable(text)} is no role; choose from ${ROLES.join(', ')}`);
}
