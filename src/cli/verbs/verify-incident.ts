/** `tallystick verify-incident`: checks offline what an incident file proves, and what it only reports. */
import { printable } from '../../bytes/printable.ts';
import { formatTime } from '../../bytes/time.ts';
import { EXIT } from '../exit.ts';
import { MAX_INCIDENT_BYTES, parseIncident } from '../../incident/parse.ts';
import { verifyIncident, type IncidentVerdict, type VerdictHead } from '../../incident/verify.ts';
import type { Incident } from '../../incident/incident.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import type { Context } from '../frame/context.ts';
import type { Output } from '../frame/output.ts';
import { readOperand } from '../frame/operand.ts';
import { trustOf } from '../frame/trust.ts';
import type { Verb } from '../frame/verb.ts';
import { checkJson, checkLine } from '../views/checks.ts';

export const verifyIncidentVerb: Verb = {
  name: 'verify-incident',
  summary: 'check offline what an incident file proves',
  details:
    'Checks an incident file of a monitor or client, and contacts no log. Only the keys given here count, not those in ' +
    'the file: take them from a source that the reporter does not control. Exit code 0: signatures and hashes alone ' +
    "prove the accusation. 6: everything in the file is authentic, but the accusation rests on the reporter's word. 3: the " +
    'evidence does not hold.',
  operands: [['<file>', 'incident file, or - for standard input']],
  settings: ['vkey', 'logOrigin', 'policy', 'dataDir'],
  json: true,
  examples: [
    'tallystick verify-incident incident.json --vkey "$(cat log.vkey)"',
    'tallystick verify-incident incident.json --policy trust.policy --json',
    'tallystick incidents show 3f9c2a1b | tallystick verify-incident - --vkey log.vkey',
  ],
  run: verifyIncidentFile,
};

const EXIT_OF = { proven: EXIT.ok, reported: EXIT.unproven, failed: EXIT.verification } as const;

async function verifyIncidentFile(context: Context, [operand = '']: readonly string[]): Promise<number> {
  const { output } = context;
  const { policy } = await trustOf(context);
  const incident = parseIncident(await readOperand(context, operand, MAX_INCIDENT_BYTES));
  const verdict = verifyIncident(incident, policy, chooseVerifier());
  print(output, incident, verdict);
  const { outcome, proven, what, proves, reports, blames, heads, checks } = verdict;
  output.result('verify-incident', {
    incident: incident.id,
    kind: incident.evidence.kind,
    origin: incident.origin,
    detected: incident.detected,
    detector: incident.detector,
    outcome,
    proven,
    what,
    proves,
    reports,
    blames,
    heads: heads.map(({ size, root, signers, time, note }) => ({
      size,
      root,
      signers,
      time: time ?? null,
      note,
    })),
    checks: checks.map(checkJson),
  });
  return EXIT_OF[outcome];
}

const WORDS = {
  proven: ['red', 'PROVEN'],
  reported: ['yellow', 'REPORTED, NOT PROVEN'],
  failed: ['red', 'THE EVIDENCE DOES NOT HOLD'],
} as const;

function print(output: Output, incident: Incident, verdict: IncidentVerdict): void {
  const show = (text: string): void => output.print(printable(text, 4000));
  const { detector, detected, origin, evidence } = incident;
  output.print(output.paint('bold', printable(`${evidence.kind} of the log ${origin}`, 1000)));
  show(`  seen by   ${detector}, ${detected}`);
  show(`  it says   ${incident.what}`);
  output.print('');
  for (const check of verdict.checks) output.print(checkLine(output, check, 18));
  for (const [i, head] of verdict.heads.entries()) show(headLine(i + 1, head));
  output.print('');
  const [style, word] = WORDS[verdict.outcome];
  output.print(`${output.paint(style, word)}: ${printable(verdict.what, 2000)}`);
  for (const each of verdict.proves) show(`  proven    ${each}`);
  for (const each of verdict.reports) show(`  reported  ${each}`);
  show(`  to blame  ${verdict.blames}`);
}

function headLine(number: number, { size, root, signers, time }: VerdictHead): string {
  const when = time === undefined ? '' : `, at ${formatTime(time)}`;
  return `  head ${number}    ${size} entries, root ${root}, signed by ${signers.join(' and ')}${when}`;
}
