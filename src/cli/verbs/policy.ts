/** `tallystick policy`: shows the registration policy in force, and logs the next one. */
import { resolve } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { decodeUtf8, parseDecimal } from '../../bytes/text.ts';
import { encodePolicy } from '../../statement/payload.ts';
import { ROLES } from '../../statement/policy.ts';
import type { Context } from '../context.ts';
import { readNamedFile } from '../../platform/files.ts';
import { changePolicy } from '../policy/change.ts';
import { addLogKeys, enrol, removeLogKeys, revoke, vkeyOf, type LogKey } from '../../registration/edits.ts';
import { wholeDocument } from '../../registration/next.ts';
import { editable, formatEditable, parseEditable } from '../policy/editable.ts';
import { enrolmentOf, readFlag } from '../policy/enrolment.ts';
import { policyInForce } from '../policy/inforce.ts';
import { readNamedKey, readNamedVkeys } from '../policy/namedkey.ts';
import { clientOf } from '../client.ts';
import type { SettingName } from '../settings.ts';
import type { Flags, Verb, VerbOption } from '../verb.ts';

const READS: readonly SettingName[] = [
  'log',
  'url',
  'host',
  'port',
  'vkey',
  'logOrigin',
  'policy',
  'dataDir',
  'stateDir',
  'peer',
];
const WRITES: readonly SettingName[] = [...READS, 'key'];

const DRY_RUN: VerbOption = { flags: '--dry-run', help: 'show what would change, and stop' };

const CHANGES =
  'Shows what changes, signs the new policy with the admin key (--key, else keys/admin.pem in the data directory), ' +
  'logs it and verifies the receipt. When nothing changes, nothing is logged.';

const showVerb: Verb = {
  name: 'show',
  summary: 'print the policy in force, verified, for people to read and edit',
  details:
    'The policy is shown to be in the log under the trusted checkpoint and signed by an admin. That none is newer is ' +
    "the log's word.",
  settings: READS,
  options: [{ flags: '--yaml', help: 'as YAML; the default' }],
  json: true,
  examples: ['tallystick policy show', 'tallystick policy show > policy.yaml'],
  run: show,
};

const enrolVerb: Verb = {
  name: 'enrol',
  summary: 'let a key submit statements',
  details: CHANGES,
  operands: [
    [
      '<key>',
      'public key: a PEM, OpenSSH or COSE_Key file (of a private key, its public half), or an ssh-ed25519 line, or a COSE_Key in base64 or hex',
    ],
  ],
  settings: WRITES,
  options: [
    { flags: '--name <text>', help: 'whose key it is, for people' },
    { flags: '--role <name>', help: 'what it may submit; repeat for several', many: true, choices: ROLES },
    {
      flags: '--subject <pattern>',
      help: 'what about: * matches within a path segment, ** anything; repeat for several (default: **)',
      many: true,
    },
    { flags: '--issuer <text>', help: 'the only issuer it may sign as (default: any)' },
    { flags: '--max-bytes <n>', help: 'largest entry it may submit' },
    { flags: '--max-subjects <n>', help: 'different subjects that it may commit about' },
    { flags: '--max-commitments <n>', help: 'commitments that it may log, in all' },
    { flags: '--max-statements <n>', help: 'statements that it may log until the next policy' },
    { flags: '--not-before <date>', help: 'such as 2027-01-31 or 2027-01-31T12:00:00Z, in UTC' },
    { flags: '--not-after <date>', help: 'last second at which it may submit' },
    { flags: '--replace', help: 'change how a key is enrolled already' },
    DRY_RUN,
  ],
  json: true,
  examples: [
    "tallystick policy enrol ci.pub --name 'payments CI' --role author --subject 'prod/payments/**'",
    "tallystick policy enrol ~/.ssh/id_ed25519.pub --name Alice --role approver --subject 'prod/**' --not-after 2028-01-01",
    'tallystick policy enrol second.pem --name "second admin" --role admin --dry-run',
  ],
  run: runEnrol,
};

const revokeVerb: Verb = {
  name: 'revoke',
  summary: 'take a key out, and say from which entry on it is not to be believed',
  details: `${CHANGES} The key can never come back. To let a key go whose statements stay believed, delete it with \`policy set\`.`,
  operands: [['<key>', 'thumbprint (kid, 64 hex digits), or the name it is enrolled under']],
  settings: WRITES,
  options: [
    { flags: '--since <index>', help: 'first entry not to be believed (default: the next one)' },
    { flags: '--reason <text>', help: 'why, for people' },
    DRY_RUN,
  ],
  json: true,
  examples: ["tallystick policy revoke 'payments CI' --since 1234 --reason 'laptop stolen'"],
  run: runRevoke,
};

const setVerb: Verb = {
  name: 'set',
  summary: 'log an edited policy',
  details:
    `${CHANGES} The file is what \`policy show\` prints, as YAML or JSON, changed. It is refused when another policy ` +
    'was logged since; without the field base that is not checked.',
  operands: [['<file>', 'edited policy']],
  settings: WRITES,
  options: [DRY_RUN],
  json: true,
  examples: ['tallystick policy show > policy.yaml', 'tallystick policy set policy.yaml --dry-run'],
  run: runSet,
};

const addLogKeyVerb: Verb = {
  name: 'add-log-key',
  summary: 'name a key that the log will sign with (rotation: A, then A and B, then B)',
  details: `${CHANGES} Start the log with the new key afterwards, then remove the old one.`,
  operands: [['<keys...>', 'vkeys or files of them; or, with --use, public keys or key files']],
  settings: WRITES,
  options: [
    {
      flags: '--use <what>',
      help: 'what keys that are no vkeys will sign',
      choices: ['checkpoint', 'receipt'],
    },
    DRY_RUN,
  ],
  json: true,
  examples: [
    'tallystick policy add-log-key new/checkpoint-ed25519.pem new/checkpoint-ml-dsa-44.pem --use checkpoint',
    'tallystick policy add-log-key new/receipt-ed25519.pem --use receipt',
  ],
  run: runAddLogKey,
};

const removeLogKeyVerb: Verb = {
  name: 'remove-log-key',
  summary: 'no longer name a key of the log',
  details: `${CHANGES} A key that the log signs with now stays. Retired receipt keys should stay while receipts signed with them are in use.`,
  operands: [['<keys...>', 'vkey, or its <name>+<key id>; of a receipt key its thumbprint (kid)']],
  settings: WRITES,
  options: [DRY_RUN],
  json: true,
  examples: ['tallystick policy remove-log-key log.example.com/2026+d1b21824'],
  run: runRemoveLogKey,
};

export const policyVerb: Verb = {
  name: 'policy',
  summary: 'show or change who may submit what (the registration policy)',
  details:
    'The registration policy is a statement in the log itself: entry 0, or the newest policy after it. Each change ' +
    'is a new entry, signed by an admin key, and applies from its own index on.',
  examples: [
    'tallystick policy show',
    "tallystick policy enrol ci.pub --name 'payments CI' --role author --subject 'prod/payments/**'",
    "tallystick policy revoke 'payments CI' --reason 'laptop stolen'",
  ],
  verbs: [showVerb, enrolVerb, revokeVerb, setVerb, addLogKeyVerb, removeLogKeyVerb],
};

async function show(context: Context, _: readonly string[], flags: Flags): Promise<number> {
  const { output } = context;
  if (flags.on('yaml') && output.json) throw refuse('usage', 'give either --yaml or --json');
  const { policy, id, index, issuer, view } = await policyInForce(await clientOf(context));
  const heading = [
    `Registration policy of ${policy.document.origin}, by ${printable(issuer)}:`,
    `entry ${index} of ${view.head.size}, verified. Edit and log it: tallystick policy set FILE`,
  ].join('\n');
  const whole = wholeDocument(policy);
  output.print(formatEditable(whole, id, heading).trimEnd());
  output.result('policy-show', { entry: id, index, verified: true, policy: editable(whole, id) });
  return EXIT.ok;
}

async function runEnrol(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const wanted = await enrolmentOf(context, operands[0] ?? '', flags);
  return changePolicy(context, {
    name: 'enrol',
    dryRun: flags.on('dryRun'),
    next: (document) => enrol(document, wanted, flags.on('replace')),
    already: `"${printable(wanted.name)}" is enrolled just so`,
  });
}

function runRevoke(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const [who = ''] = operands;
  const wanted = { who, since: readFlag(flags, 'since', parseDecimal), reason: flags.text('reason') };
  return changePolicy(context, {
    name: 'revoke',
    dryRun: flags.on('dryRun'),
    next: (document, { view }) => revoke(document, wanted, view.head.size),
    already: `${printable(who)} is revoked already`,
  });
}

async function runSet(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const [file = ''] = operands;
  const edited = parseEditable(decodeUtf8(await readNamedFile(resolve(context.world.cwd, file))), file);
  return changePolicy(context, {
    name: 'set',
    dryRun: flags.on('dryRun'),
    next: (whole, { id, index }) => {
      const same = Buffer.from(encodePolicy(edited.document)).equals(encodePolicy(whole));
      if (same || edited.base === undefined || edited.base === id) return edited.document;
      throw refuse(
        'policy-rejected',
        `policy entry ${index} was logged since that file was made; begin again from \`policy show\``,
      );
    },
    already: 'the file is the policy in force',
  });
}

function runAddLogKey(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const { cwd } = context.world;
  const use = flags.text('use');
  return changePolicy(context, {
    name: 'add-log-key',
    dryRun: flags.on('dryRun'),
    next: async (document) => {
      const added = await Promise.all(operands.map((each) => logKeysOf(each, use, document.origin, cwd)));
      return addLogKeys(document, added.flat());
    },
    already: 'the policy names these keys',
  });
}

async function logKeysOf(
  given: string,
  use: string | undefined,
  origin: string,
  cwd: string,
): Promise<readonly LogKey[]> {
  const vkeys = await readNamedVkeys(given, cwd);
  if (vkeys !== undefined) return vkeys.map((vkey) => ({ use: 'checkpoint', vkey }));
  const key = await readNamedKey(given, cwd);
  if (use === 'receipt') return [{ use, key }];
  if (use === 'checkpoint') return [{ use, vkey: vkeyOf(origin, key) }];
  throw refuse(
    'usage',
    `${printable(given, 60)} is no vkey; say what it will sign with --use checkpoint or --use receipt`,
  );
}

function runRemoveLogKey(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  return changePolicy(context, {
    name: 'remove-log-key',
    dryRun: flags.on('dryRun'),
    next: (document) => removeLogKeys(document, operands),
    already: 'the policy does not name these keys',
  });
}
