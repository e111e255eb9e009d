/** `tallystick prove`: probes the running target once, and logs the result. */
import { refuse } from '../../bytes/refusal.ts';
import type { Context } from '../frame/context.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  {
    flags: '--subject <name>',
    help: 'subject to prove: exact or a pattern; repeat for several (default: the subjects in targets.yaml)',
    many: true,
  },
  { flags: '--claim <id>', help: 'only this claim; repeat for several', many: true },
  {
    flags: '--target <target>',
    help: 'enrol a target for this run: exact, or a pattern with * and **; repeat for several',
    many: true,
  },
  {
    flags: '--nonce <hex>',
    help: "an auditor's challenge, 16 to 64 bytes: shows that the proof was made after it",
  },
  { flags: '--vantage <text>', help: 'where this agent probes from, such as a network or region' },
  { flags: '--adopt', help: 'continue after a proof in the log that this directory did not make' },
  { flags: '--explain', help: 'print what each probe does and what evidence it gives; probe nothing' },
] as const satisfies readonly VerbOption[];

export const proveVerb: Verb<typeof OPTIONS> = {
  name: 'prove',
  summary: 'probe what is running once, and log whether it is as committed',
  details:
    'For each subject: finds the commitment in force, runs the probes that its claims name, signs the result as the next ' +
    'proof of its chain, stores it, and logs it. It contacts only targets that their owner enrolled in targets.yaml in ' +
    'the agent directory, or here with --target. If the log cannot be reached, the next prove or agent run sends the ' +
    'proof. Exits 0 if every claim is PROVEN or waived and logged, 3 if one is VIOLATED or CONTRADICTED, 5 if one is ' +
    'UNKNOWN or the proof is not logged yet, 2 if the log cannot be reached and the commitment is not known.',
  home: 'agentDir',
  settings: ['agentDir', ...READER_SETTINGS, 'key', 'name', 'proofsDir'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick prove --subject db/payments --target db.example:5432',
    'tallystick prove --subject db/payments --nonce 6f0c3a5b9d1e4f7788a2b4c6d8e0f102 --json',
    'tallystick prove',
  ],
  run: async (context, _operands, flags) => prove(context, flags),
};

/** How long to wait for a busy log (milliseconds). */
const PATIENCE_MS = 20_000;

async function prove(context: Context, flags: FlagsOf<typeof OPTIONS>): Promise<number> {
  const nonce = nonceOf(flags.text('nonce'));
  const { openAgent } = await import('../../agent/open.ts');
  const { knownOnce, proveOnce } = await import('../../agent/once.ts');
  const { wantedOf } = await import('../../agent/subjects.ts');
  const { agentOptions } = await import('./agent/options.ts');
  const { explainProbes, reportProven } = await import('../views/prove.ts');
  const opened = await openAgent({
    ...agentOptions(context),
    targets: flags.texts('target'),
    vantage: flags.text('vantage'),
    onBug: (error) =>
      context.output.warn(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    patienceMs: PATIENCE_MS,
  });
  try {
    const wanted = wantedOf(opened, flags.texts('subject'), 'prove');
    const claims = flags.texts('claim');
    if (flags.on('explain')) return await explainProbes(context, await knownOnce(opened, { wanted, claims }));
    const once = await proveOnce(opened, { wanted, claims, nonce, adopt: flags.on('adopt') });
    return reportProven(context, opened, once);
  } finally {
    opened.close();
  }
}

/** A nonce as --nonce gives it. Refuses `usage`. */
function nonceOf(hex: string | undefined): Uint8Array | undefined {
  if (hex === undefined) return undefined;
  if (!/^(?:[0-9a-fA-F]{2}){16,64}$/.test(hex))
    throw refuse('usage', '--nonce is 32 to 128 hex digits: 16 to 64 bytes nobody could foresee');
  return Uint8Array.fromHex(hex);
}
