/** `tallystick deploy mark`: says in the log that what was committed to is being put in place. */
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { digest } from '../../bytes/brand.ts';
import { formatHex, parseHex } from '../../bytes/text.ts';
import { submitStatement } from '../../client/scrapi.ts';
import { signStatement } from '../../cose/statement.ts';
import { loadSigner } from '../../keys/load.ts';
import { contentTypeOf } from '../../statement/kinds.ts';
import { encodeDeployment } from '../../statement/payload.ts';
import { historyOf } from '../../claim/history.ts';
import { parseStatement } from '../../statement/admit.ts';
import { findAll } from '../../client/search.ts';
import { issuerOf } from '../commit/publish.ts';
import type { Context } from '../context.ts';
import { Session } from '../session.ts';
import type { Flags, Verb } from '../verb.ts';
import { sayingWait, WAIT_OPTION, waiting } from '../wait.ts';
import { SessionLog } from '../agent/log.ts';

const markVerb: Verb = {
  name: 'mark',
  summary: 'log that the commitment in force is being deployed now',
  details:
    "Starts the deadlines of the commitment's claims: each wants a proof that began after this, or it is STALE. An " +
    'agent that runs sees it and proves at once. Needs a key with the role author.',
  settings: ['log', 'url', 'host', 'port', 'vkey', 'policy', 'key', 'dataDir', 'stateDir', 'peer'],
  options: [
    { flags: '--subject <name>', help: 'what was deployed' },
    { flags: '--version <text>', help: 'what was deployed, in your words: a release, an image tag' },
    { flags: '--artifact <hex>', help: 'SHA-256 of what was deployed' },
    { flags: '--reason <text>', help: 'why, for people' },
    WAIT_OPTION,
  ],
  json: true,
  examples: [
    'tallystick deploy mark --subject db/payments --version 2.4.1',
    'tallystick deploy mark --subject tf/network && tallystick prove --subject tf/network',
  ],
  run: mark,
};

export const deployVerb: Verb = {
  name: 'deploy',
  summary: 'say that something is being deployed: the deadlines of its claims start',
  examples: ['tallystick deploy mark --subject db/payments --version 2.4.1'],
  verbs: [markVerb],
};

async function mark(context: Context, _operands: readonly string[], flags: Flags): Promise<number> {
  const { config, output, world } = context;
  const subject = flags.text('subject');
  if (subject === undefined) throw refuse('usage', 'say what was deployed with --subject');
  if (config.key === undefined) throw refuse('usage', 'say who signs with --key: a key file, or ssh-agent:');
  const signer = await loadSigner(config.key);
  const session = await Session.open(context, waiting(context, flags));
  const commitment = await inForce(session, subject);
  const [version, artifact, reason] = [flags.text('version'), flags.text('artifact'), flags.text('reason')];
  if (artifact !== undefined && !/^[0-9a-f]{64}$/.test(artifact))
    throw refuse('usage', '--artifact is a SHA-256: 64 lower-case hex digits');
  const payload = encodeDeployment({
    commitment: digest(parseHex(commitment.id)),
    deployed: Math.floor(world.now() / 1000),
    ...(version !== undefined && { version }),
    ...(artifact !== undefined && { artifact: digest(parseHex(artifact)) }),
    ...(reason !== undefined && { reason }),
  });
  const issuer = issuerOf(await session.policy(await session.view()), signer.publicKey);
  const headers = { issuer, subject, contentType: contentTypeOf('deployment'), confirm: true };
  const statement = await signStatement(headers, payload, signer);
  const submitted = submitStatement(session.transport, session.log, statement);
  const registration = await sayingWait(context, session, submitted);
  const collected = await session.collect(registration.id, registration.receipt);
  session.assertVerified(collected.evidence);
  const deadlines = commitment.claims.flatMap(({ id, deadline }) =>
    deadline === undefined ? [] : [{ id, deadline }],
  );
  const { index } = collected.entry;
  output.print(
    [
      `${output.paint('green', 'logged')}     deployment of ${subject}`,
      `entry      ${registration.id}`,
      `index      ${index}`,
      `commitment ${formatHex(parseHex(commitment.id))}`,
      ...deadlines.map(({ id, deadline }) => `deadline   ${id} within ${deadline} s`),
    ].join('\n'),
  );
  output.result('deploy-mark', {
    entry: registration.id,
    index,
    subject,
    commitment: commitment.id,
    deadlines,
  });
  if (deadlines.length === 0) output.note('no claim of this commitment has a deadline');
  return EXIT.ok;
}

/** The commitment in force, every entry that decides it verified. Refuses `not-found`. */
async function inForce(session: Session, subject: string) {
  const log = new SessionLog(session);
  await log.head();
  const entries = [];
  for (const kind of ['commitment', 'approval'] as const) {
    for (const listed of await findAll(session.transport, session.log, { subject, kind }))
      entries.push({ ...listed, parsed: parseStatement(await log.entry(listed)) });
  }
  const history = historyOf(entries.toSorted((a, b) => a.index - b.index));
  const found = history.inForce ?? history.pending;
  if (found === undefined)
    throw refuse('not-found', `there is no commitment to ${subject} in this log; commit it first`);
  return { id: found.entry.id, claims: found.declaration.claims };
}
