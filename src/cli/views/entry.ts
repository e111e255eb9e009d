/** An entry that `get` fetched: what it is, what of it was verified, and what was written of it. */
import { printable } from '../../bytes/printable.ts';
import { formatBase64 } from '../../bytes/text.ts';
import type { Check } from '../../bytes/checklist.ts';
import type { FoundEntry } from '../../client/find-entry.ts';
import type { Written } from '../../client/node/transcript-folders.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import type { Output } from '../frame/output.ts';
import { signerText } from './words.ts';

/** What was fetched, verified and written. Folders and files are named as the user would type them. */
export interface Got {
  readonly found: FoundEntry;
  readonly statement: ParsedStatement;
  readonly checks: readonly Check[];
  readonly files: readonly string[];
  readonly transcripts: readonly Written[];
}

const SHOWN = [
  ['signature', 'signature'],
  ['policy', 'enrolment'],
  ['inclusion', 'place in the log'],
  ['receipt', 'receipt'],
] as const;

export function tellEntry(output: Output, got: Got): void {
  const { found, statement, checks, files, transcripts } = got;
  const { id, entry, receipt } = found;
  const { kind, subject, issuer, kid } = statement;
  const lines = [
    `entry    ${id}`,
    `index    ${entry.index}`,
    `kind     ${kind}`,
    `subject  ${subject}`,
    `issuer   ${issuer}`,
    `signer   ${kid}`,
    `bytes    ${entry.bytes.length}`,
  ];
  output.print(lines.map((line) => printable(line, 9000)).join('\n'));
  output.print(output.paint('green', `verified: ${shownAs(checks, 'ok')}`));
  const missing = shownAs(checks, 'skipped');
  if (missing !== '') output.note(`not shown here: ${missing}; the log itself has more`);
  for (const file of files) output.print(`saved    ${file}`);
  for (const { folder, commands, signer } of transcripts)
    output.print(
      [
        `by hand  in ${folder}/`,
        ...(signer === undefined ? [] : [`         # ${signerText(signer)}`]),
        ...commands.map((each) => `         ${each}`),
      ].join('\n'),
    );
  output.result('get', {
    entry: id,
    index: entry.index,
    kind,
    subject,
    issuer,
    kid,
    verified: true,
    bytes: formatBase64(entry.bytes),
    receipt: receipt === undefined ? null : formatBase64(receipt),
    proof: new TextDecoder().decode(entry.proof),
    files,
    transcripts: transcripts.map(({ folder, commands, signer }) => ({
      folder,
      commands,
      signer: signer === undefined ? null : { ...signer },
    })),
  });
}

/** The checks with an outcome, in words. */
function shownAs(checks: readonly Check[], wanted: Check['outcome']): string {
  return SHOWN.filter(([check]) => checks.some(({ name, outcome }) => name === check && outcome === wanted))
    .map(([, word]) => word)
    .join(', ');
}
