/** What `get` prints of an entry: its fields, the checks that passed, and the files that were written. */
import { printable } from '../../bytes/printable.ts';
import { formatBase64 } from '../../bytes/text.ts';
import type { Check } from '../../bytes/checklist.ts';
import { signerName, type EntryTimes } from '../../client/entry-times.ts';
import type { FoundEntry } from '../../client/find-entry.ts';
import type { Written } from '../../client/node/transcript-folders.ts';
import { delegationOf } from '../../registration/delegated.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import type { Output } from '../frame/output.ts';
import { saysJson } from './conclusion.ts';
import { decodedRows, loggedRows, revokedRows } from '../../words/decoded.ts';
import { line, signerText } from '../../words/plain.ts';

/** What was fetched, verified and written. Paths are as the user would type them. */
export interface Got {
  readonly found: FoundEntry;
  readonly statement: ParsedStatement;
  readonly times: EntryTimes;
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

function entrySigner(statement: ParsedStatement, name: string | undefined): string {
  const delegation = delegationOf(statement);
  if (delegation !== undefined) {
    const by = name === undefined ? `key ${delegation.kid}` : `${line(name, 128)} (key ${delegation.kid})`;
    return `key ${statement.kid} of node ${line(delegation.node)}, to which ${by} delegated`;
  }
  return name === undefined
    ? statement.kid
    : `${line(name, 128)}, as the policy calls the key ${statement.kid}`;
}

export function tellEntry(output: Output, got: Got): void {
  const { found, statement, checks, files, transcripts, times } = got;
  const { id, entry, receipt } = found;
  const { kind, subject, issuer, kid } = statement;
  const name = signerName(found, statement);
  const rows = [
    ['entry', `${entry.index}, ${phraseOf(kind)} about ${printable(subject, 9000)}`],
    ...loggedRows(times.word, times.bounds),
    ['signer', entrySigner(statement, name)],
    ...revokedRows(times.revocation, entry.index),
    ...decodedRows((style, text) => output.paint(style, text), statement),
    ['id', id],
    ['issuer', printable(issuer, 9000)],
    ['bytes', String(entry.bytes.length)],
  ];
  output.print(rows.map(([label = '', text = '']) => `${label.padEnd(9)}${text}`).join('\n'));
  output.print(`checked  ${shownAs(checks, 'ok')}`);
  tellWritten(output, got);
  output.result('get', {
    entry: id,
    name: name ?? null,
    logged: times.word ?? null,
    not_before: times.bounds.notBefore ?? null,
    not_after: times.bounds.notAfter ?? null,
    revoked_since: times.revocation.since ?? null,
    revocation_known: times.revocation.isKnown,
    says: saysJson(statement),
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

/** What is missing, and what was written. */
function tellWritten(output: Output, { checks, files, transcripts }: Got): void {
  const missing = shownAs(checks, 'skipped');
  if (missing !== '')
    output.note(`not checked: ${missing}; this host does not serve the evidence, the log itself does`);
  for (const file of files) output.print(`saved    ${file}`);
  for (const { folder, commands, signer } of transcripts)
    output.print(
      [
        `by hand  in ${folder}/`,
        ...(signer === undefined ? [] : [`         # ${signerText(signer)}`]),
        ...commands.map((each) => `         ${each}`),
      ].join('\n'),
    );
}

/** `a proof`, `an approval`. */
function phraseOf(kind: ParsedStatement['kind']): string {
  if (kind === 'other') return 'a statement of another kind';
  return `${kind === 'approval' ? 'an' : 'a'} ${kind}`;
}

/** The checks with this outcome, in words. */
function shownAs(checks: readonly Check[], wanted: Check['outcome']): string {
  return SHOWN.filter(([check]) => checks.some(({ name, outcome }) => name === check && outcome === wanted))
    .map(([, word]) => word)
    .join(', ');
}
