/** `tallystick get`: fetches an entry with its receipt and proof, and verifies all three before it prints. */
import { basename, relative, resolve } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { formatBase64 } from '../../bytes/text.ts';
import type { Check } from '../../bytes/checklist.ts';
import { attachReceipts } from '../../cose/transparent.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import type { Signer } from '../../evidence/identity.ts';
import { writeTranscripts, type Written } from '../../client/node/transcript-folders.ts';
import { signerText } from '../views/words.ts';
import { signersKnown } from '../../evidence/signers.ts';
import type { Context } from '../frame/context.ts';
import { ProofFolder } from '../../client/node/proof-folder.ts';
import { saveEvidence } from '../../client/proof-store.ts';
import type { FoundEntry } from '../../client/find-entry.ts';
import { clientOf } from '../frame/client.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';

/** What `--print` writes. */
const PARTS: Readonly<Record<string, (got: FoundEntry, statement: ParsedStatement) => Uint8Array>> = {
  entry: ({ evidence }) => evidence.entry,
  statement: ({ evidence: { entry, receipts } }) =>
    receipts.length === 0 ? entry : attachReceipts(entry, receipts),
  payload: (_, { statement }) => statement.payload,
  receipt: ({ receipt }) => {
    if (receipt === undefined)
      throw refuse('not-found', 'there is no receipt here; ask the log itself for it');
    return receipt;
  },
  proof: ({ entry }) => entry.proof,
};

const OPTIONS = [
  { flags: '--out <dir>', help: 'write a proof directory' },
  {
    flags: '--transcripts <dir>',
    help: 'of a proof: write the handshakes its target signed, for openssl and ssh-keygen to check; a directory of this entry alone',
  },
  { flags: '--print <part>', help: 'write one part to stdout, as bytes', choices: Object.keys(PARTS) },
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const getVerb: Verb<typeof OPTIONS> = {
  name: 'get',
  summary: 'fetch an entry, its receipt and its proof, verified',
  details:
    'The entry is shown to be under a checkpoint of the trusted log, its signature and its place in the registration ' +
    'policy are checked, and the checkpoint is compared with the last one seen. --out keeps a proof directory that ' +
    'verify checks offline. A mirror, which serves tiles alone, is asked by index; without the policy it shows the place, and the signature of a statement that carries its key.',
  operands: [['<entry>', 'entry id (64 hex digits), index, or URL of the entry']],
  settings: READER_SETTINGS,
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick get 0',
    'tallystick get 12 --out proof-12',
    'tallystick get 12 --print payload > payload.cbor',
    'tallystick get 12 --transcripts by-hand && (cd by-hand/0 && sh check.sh)',
  ],
  run: get,
};

async function get(context: Context, operands: readonly string[], flags: Own): Promise<number> {
  const { output, world } = context;
  const client = await clientOf(context);
  const got = await client.find(operands[0] ?? '');
  const { statement, checks } = client.assertVerified(got.evidence);
  if (statement === undefined) throw new Error('a verified examination has its statement');
  const out = flags.text('out');
  const files =
    out === undefined ? [] : await saveEvidence(new ProofFolder(resolve(world.cwd, out)), got.evidence);
  const dir = flags.text('transcripts');
  const written = dir === undefined ? [] : await writeTranscripts(statement, resolve(world.cwd, dir));
  const whose =
    dir === undefined
      ? new Map<string, Signer>()
      : await signersKnown(statement, async (id) => (await client.find(id)).evidence.entry);
  const part = PARTS[flags.text('print') ?? ''];
  if (part !== undefined && !output.json) output.write(part(got, statement));
  else
    print(
      context,
      got,
      statement,
      shownBy(checks),
      files.map((name) => relative(world.cwd, resolve(world.cwd, out ?? '', name))),
      written.map(({ folder, commands }) => ({
        folder: relative(world.cwd, folder),
        commands,
        signer: whose.get(basename(folder)),
      })),
    );
  return EXIT.ok;
}

/** What was verified and what could not be, in words. */
function shownBy(checks: readonly Check[]): readonly string[] {
  const of = (wanted: Check['outcome']): string =>
    SHOWN.filter(([check]) => checks.some(({ name, outcome }) => name === check && outcome === wanted))
      .map(([, word]) => word)
      .join(', ');
  return [of('ok'), of('skipped')];
}

const SHOWN = [
  ['signature', 'signature'],
  ['policy', 'enrolment'],
  ['inclusion', 'place in the log'],
  ['receipt', 'receipt'],
] as const;

function print(
  { output }: Context,
  { id, entry, receipt }: FoundEntry,
  { kind, subject, issuer, kid }: ParsedStatement,
  [verified = '', missing = '']: readonly string[],
  files: readonly string[],
  transcripts: readonly (Written & { readonly signer: Signer | undefined })[],
): void {
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
  output.print(output.paint('green', `verified: ${verified}`));
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
      commands: [...commands],
      signer: signer === undefined ? null : { ...signer },
    })),
  });
}
