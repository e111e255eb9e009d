/**
 * The single-file verifier of bundles, `verify.mjs` (src/build/verifier.ts): plain Node 20, no packages, no network.
 *
 *     node verify.mjs FILE.zip [--policy trust.txt] [--monitor KID]... [--json]
 */
import { parseArgs } from 'node:util';
import { printable } from '../../bytes/printable.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { trustPolicy } from '../../client/trust.ts';
import { readNamedFile } from '../../platform/files.ts';
import { RESULT_EXITS, verdictLines } from '../bundle/told.ts';
import { verdictJson } from '../bundle/verdict-json.ts';
import { verifyBundle } from '../bundle/verify.ts';
import { bundleToVerify } from './file.ts';

const USAGE = `node verify.mjs FILE.zip [--policy trust.txt] [--monitor KID]... [--json]

Verifies a Tallystick bundle offline. Exits 0 if every check passed under your policy, 5 if it is of one piece under the
keys of the file itself, 6 if its summaries could not be compared, 3 if a check failed, 1 for a wrong command.
`;

/** Most characters of a line that is printed: texts of strangers are in it. */
const MOST_LINE = 4_000;

/** Runs it; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        policy: { type: 'string' },
        monitor: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    const [file] = positionals;
    if (values.help === true || file === undefined || positionals.length > 1) return usage();
    const trust = values.policy === undefined ? undefined : trustPolicy(await readNamedFile(values.policy));
    const bytes = await bundleToVerify(file);
    const verdict = await verifyBundle(bytes, {
      trust,
      trustFrom: values.policy,
      monitors: new Set(values.monitor),
    });
    const text =
      values.json === true
        ? JSON.stringify(verdictJson(verdict), undefined, 2)
        : verdictLines(verdict)
            .map((each) => printable(each.text, MOST_LINE))
            .join('\n');
    process.stdout.write(`${text}\n`);
    return RESULT_EXITS[verdict.result];
  } catch (error) {
    if (!(error instanceof Refusal) && !(error instanceof Error && 'code' in error)) throw error;
    process.stderr.write(`${printable(error.message, MOST_LINE)}\n`);
    return 1;
  }
}

function usage(): number {
  process.stderr.write(USAGE);
  return 1;
}
