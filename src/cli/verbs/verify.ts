/** `tallystick verify`: checks offline what somebody was handed as proof, and tells how. */
import { resolve, sep } from 'node:path';
import { EXIT, exitOfChecks } from '../exit.ts';
import { printable } from '../../bytes/printable.ts';
import type { Check } from '../../bytes/checklist.ts';
import type { Trust } from '../../client/evidence.ts';
import { examine } from '../../client/examine.ts';
import { checkDeclaration } from '../../declare/node/checkfiles.ts';
import { checkDisclosure, checkLeaves } from '../../declare/checkleaves.ts';
import type { Context } from '../context.ts';
import { drawPath, explainSteps } from '../explain.ts';
import { findEvidence, type FoundEvidence } from '../../commit/findevidence.ts';
import type { JsonValue, Output } from '../output.ts';
import { proofsFolderOf } from '../state.ts';
import { checkProof, declarationsIn } from '../../client/examine-proof.ts';
import type { Declaration } from '../../statement/commitment.ts';
import { trustOf } from '../trust.ts';
import type { FlagsOf, Verb, VerbOption } from '../verb.ts';

const OPTIONS = [
  { flags: '--explain', help: 'print every hash from the entry to the root, and a picture of the path' },
  { flags: '--strict', help: 'fail when a check could not be made for want of evidence' },
  { flags: '--receipt-key <file>', help: 'COSE_Key or key set of the log, where no policy entry names it' },
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const verifyVerb: Verb<typeof OPTIONS> = {
  name: 'verify',
  summary: 'check offline that a statement is in a log, and files are as committed',
  details:
    'Takes proof directories as commit and get leave them, committed files, or single files of a proof: statement, ' +
    'receipt, .tlog-proof. Nothing is asked of any log. Each --vkey must have signed, one of each algorithm at least; ' +
    'of a --policy, one listed log key and the quorum. Of a runtime proof, what its target signed is verified, and with ' +
    'the proof directory of its commitment beside it, the verdicts are judged again. A check that ' +
    'could not be made is shown as skipped, and with --strict fails.',
  operands: [['<paths...>', 'proof directories, committed files, or the files of one proof']],
  settings: ['vkey', 'logOrigin', 'policy', 'dataDir', 'proofsDir'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick verify package-lock.json --explain',
    'tallystick verify tallystick-proofs/package-lock.json --vkey "$(cat log.vkey)"',
    'tallystick verify statement.cose entry.tlog-proof --policy trust.policy --json',
  ],
  run: verify,
};

/** What was found out about one set of evidence. */
interface Verdict {
  readonly name: string;
  /** The proof directory taken, where there was a choice. */
  readonly proof: string | null;
  readonly verified: boolean;
  readonly checks: readonly Check[];
}

async function verify(context: Context, operands: readonly string[], flags: Own): Promise<number> {
  const { output, world } = context;
  const trust = await trustOf(context, flags.text('receiptKey'));
  const paths = operands.map((path) => resolve(world.cwd, path));
  const verdicts: Verdict[] = [];
  const all = await findEvidence(paths, proofsFolderOf(context));
  const declarations = declarationsIn(all.map(({ evidence }) => evidence.entry));
  for (const found of all) {
    const { name, chosen } = found;
    const named = {
      ...found,
      name: shorten(name, world.cwd),
      chosen: chosen && { ...chosen, folder: shorten(chosen.folder, world.cwd) },
    };
    const how = { explain: flags.on('explain'), strict: flags.on('strict') };
    verdicts.push(await judge(named, trust, declarations, output, how));
  }
  const checks = verdicts.flatMap((verdict) => verdict.checks);
  const verified = verdicts.every((verdict) => verdict.verified);
  const results = verdicts.map((verdict) => ({ ...verdict, checks: verdict.checks.map(asJson) }));
  output.result('verify', { verified, checks: checks.map(asJson), results });
  // Nothing failed, and yet nothing showed that the entry is in a log, or not all was checked that had to be.
  const failure = exitOfChecks(checks);
  return verified || failure !== EXIT.ok ? failure : EXIT.verification;
}

async function judge(
  found: FoundEvidence,
  trust: Trust,
  declarations: ReadonlyMap<string, Declaration>,
  output: Output,
  { explain, strict }: { readonly explain: boolean; readonly strict: boolean },
): Promise<Verdict> {
  const { name, evidence, owned, leaves, disclosure, named, chosen } = found;
  const { statement, place, ...examined } = examine(evidence, trust);
  const declared: Check[] = [];
  if (statement?.kind === 'commitment') {
    if (owned !== undefined)
      declared.push(...(await checkDeclaration(statement, owned.opening, owned.base, named)));
    if (leaves !== undefined) declared.push(...checkLeaves(statement, leaves));
    if (disclosure !== undefined) declared.push(...checkDisclosure(statement, disclosure));
  }
  if (statement?.kind === 'proof')
    declared.push(...(await checkProof(statement, declarations.get(statement.proof.commitment.toHex()))));
  const checks = [...examined.checks, ...declared];
  const missing = strict ? checks.filter(isMissing).map(({ name: check }) => check) : [];
  const held = examined.verified && declared.every(({ outcome }) => outcome !== 'failed');
  const verified = held && missing.length === 0;
  output.print(output.paint('bold', printable(name, 1000)));
  if (chosen !== undefined)
    output.print(`  the newest of its ${chosen.count} proofs: ${printable(chosen.folder, 1000)}`);
  for (const check of checks) output.print(lineOf(check, output));
  if (explain && place !== undefined) {
    const mark = (text: string): string => output.paint('bold', text);
    output.print(['', ...explainSteps(place), '', ...drawPath(place, mark), ''].join('\n'));
  }
  const [style, word] = verified ? (['green', 'VERIFIED'] as const) : (['red', 'NOT VERIFIED'] as const);
  const why = held && !verified ? `: not checked: ${printable(missing.join(', '), 1000)}` : '';
  output.print(output.paint(style, word + why));
  return { name, proof: chosen?.folder ?? null, verified, checks };
}

/** Only the quorum is skipped when there is nothing to check: the policy asks for no witnesses. */
function isMissing({ name, outcome }: Check): boolean {
  return outcome === 'skipped' && name !== 'quorum';
}

/** Names as people would type them here. */
function shorten(name: string, cwd: string): string {
  return name.replaceAll(`${cwd}${sep}`, '');
}

const SIGNS = { ok: ['green', '✓'], failed: ['red', '✗'], skipped: ['yellow', '–'] } as const;

function lineOf({ name, outcome, detail }: Check, output: Output): string {
  const [style, sign] = SIGNS[outcome];
  return `  ${output.paint(style, sign)} ${printable(name, 1000).padEnd(11)} ${printable(detail, 1000)}`;
}

function asJson({ name, outcome, detail, refusal }: Check): JsonValue {
  return { name, outcome, detail, code: refusal?.code ?? null };
}
