/** `tallystick verify`: checks proofs offline, and prints each check. */
import { resolve, sep } from 'node:path';
import { EXIT, exitOfChecks } from '../exit.ts';
import { refuse } from '../../bytes/refusal.ts';
import { printable } from '../../bytes/printable.ts';
import type { Check } from '../../bytes/checklist.ts';
import { findEvidence } from '../../commit/findevidence.ts';
import { verifyAll, type FoundVerdict } from '../../commit/verify.ts';
import { checkJson, checkLine } from '../views/checks.ts';
import { drawPath, explainSteps } from '../../words/tree-path.ts';
import { conclusionLines, saysJson } from '../views/conclusion.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { proofsFolderOf } from '../frame/state.ts';
import { quickVerifier } from '../../workers/sound.ts';
import { MONITORS_OPTION, trustedMonitors } from '../frame/period.ts';
import { trustOf, trustPlace } from '../frame/trust.ts';
import { defineVerb } from '../frame/verb.ts';

export const verifyVerb = defineVerb({
  name: 'verify',
  summary: 'check offline: a statement is logged, files are as committed, a bundle holds',
  details:
    'Takes proof directories that commit and get wrote, committed files, or single files of a proof: statement, receipt, ' +
    '.tlog-proof. It contacts no log. With --vkey, one key of each algorithm given must have signed; with --policy, one ' +
    "listed log key and the quorum. For a runtime proof, the target's signatures are verified; if the proof directory of " +
    'its commitment is given, too, the verdicts are recomputed. A check without evidence is shown as skipped, and fails ' +
    'with --strict. A bundle (FILE.zip, of audit bundle) is checked whole: exits 0 under your policy, 5 without one, since its own keys ' +
    'prove nothing, 6 if something could not be compared, 3 if a check fails.',
  operands: [['<paths...>', 'proof directories, committed files, the files of one proof, or a bundle']],
  settings: ['vkey', 'logOrigin', 'policy', 'dataDir', 'proofsDir'],
  options: [
    { flags: '--explain', help: 'print every hash from the entry to the root, and a picture of the path' },
    { flags: '--strict', help: 'fail if the evidence for a check is missing' },
    MONITORS_OPTION,
    { flags: '--receipt-key <file>', help: 'COSE_Key or key set of the log, if no policy entry names it' },
  ],
  json: true,
  examples: [
    'tallystick verify package-lock.json --explain',
    'tallystick verify tallystick-proofs/package-lock.json --vkey "$(cat log.vkey)"',
    'tallystick verify audit.zip --policy trust.txt',
    'tallystick verify statement.cose entry.tlog-proof --policy trust.policy --json',
  ],
  run: async (context, operands, flags) => {
    const { output, world } = context;
    const [bundle, ...others] = operands.filter((path) => path.endsWith('.zip'));
    if (bundle !== undefined) {
      if (others.length > 0 || operands.length > 1)
        throw refuse('usage', 'a bundle is verified by itself: name one file');
      const { verifyBundleFile } = await import('./verifying/bundle.ts');
      return verifyBundleFile(context, resolve(world.cwd, bundle), trustedMonitors(flags));
    }
    const trust = await trustOf(context, flags.text('receiptKey'));
    const place = trustPlace(context);
    if (place?.isOwnLog === true) output.note(`whom you trust is read from ${place.text}`);
    const paths = operands.map((path) => resolve(world.cwd, path));
    const found = await findEvidence(paths, proofsFolderOf(context));
    const results: { name: string; verified: boolean; readonly [key: string]: JsonValue }[] = [];
    const checks: Check[] = [];
    for (const verdict of await verifyAll(found, trust, quickVerifier())) {
      const missing = flags.on('strict') ? verdict.missing : [];
      const verified = verdict.held && missing.length === 0;
      const name = shorten(verdict.found.name, world.cwd);
      const { chosen } = verdict.found;
      const proof = chosen === undefined ? null : shorten(chosen.folder, world.cwd);
      output.print(output.paint('bold', printable(name, 1000)));
      if (chosen !== undefined)
        output.print(`  the newest of its ${chosen.count} proofs: ${printable(proof ?? '', 1000)}`);
      for (const check of verdict.checks) output.print(checkLine(output, check, 11));
      if (flags.on('explain')) explain(verdict, output);
      output.print(conclusionLines(output, verdict, verified).join('\n'));
      const says = saysJson(verdict.statement);
      results.push({ name, proof, verified, says, checks: verdict.checks.map(checkJson) });
      checks.push(...verdict.checks);
    }
    const verified = results.every((result) => result.verified);
    output.result('verify', { verified, checks: checks.map(checkJson), results });
    // No check failed, but the check that the entry is in the log, or one that --strict needs, was skipped.
    const failure = exitOfChecks(checks);
    return verified || failure !== EXIT.ok ? failure : EXIT.verification;
  },
});

function explain({ place }: FoundVerdict, output: Output): void {
  if (place === undefined) return;
  const mark = (text: string): string => output.paint('bold', text);
  output.print(['', ...explainSteps(place), '', ...drawPath(place, mark), ''].join('\n'));
}

/** Paths relative to the working directory, as users type them. */
function shorten(name: string, cwd: string): string {
  return name.replaceAll(`${cwd}${sep}`, '');
}
