/** `tallystick get`: fetches an entry with its receipt and proof, and verifies all three before it prints. */
import { relative, resolve } from 'node:path';
import { isEntryId, type EntryId } from '../../bytes/brand.ts';
import { printable } from '../../bytes/printable.ts';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { formatBase64, parseDecimal } from '../../bytes/text.ts';
import { entryIdOf, fetchReceipt } from '../../client/scrapi.ts';
import { attachReceipts } from '../../cose/transparent.ts';
import type { ParsedStatement } from '../../statement/admit.ts';
import type { Context } from '../context.ts';
import { saveProofs } from '../proofs.ts';
import { Session, type Collected } from '../session.ts';
import type { Flags, Verb } from '../verb.ts';

/** What `--print` writes. */
const PARTS: Readonly<Record<string, (collected: Collected, statement: ParsedStatement) => Uint8Array>> = {
  entry: ({ evidence }) => evidence.entry,
  statement: ({ evidence, receipt }) => attachReceipts(evidence.entry, [receipt]),
  payload: (_, { statement }) => statement.payload,
  receipt: ({ receipt }) => receipt,
  proof: ({ entry }) => entry.proof,
};

export const getVerb: Verb = {
  name: 'get',
  summary: 'fetch an entry, its receipt and its proof, verified',
  details:
    'The entry is shown to be under a checkpoint of the trusted log, its signature and its place in the registration ' +
    'policy are checked, and the checkpoint is compared with the last one seen. --out keeps a proof directory that ' +
    'verify checks offline.',
  operands: [['<entry>', 'entry id (64 hex digits), index, or URL of the entry']],
  settings: ['log', 'url', 'host', 'port', 'vkey', 'policy', 'dataDir', 'stateDir', 'peer'],
  options: [
    { flags: '--out <dir>', help: 'write a proof directory' },
    { flags: '--print <part>', help: 'write one part to stdout, as bytes', choices: Object.keys(PARTS) },
  ],
  json: true,
  examples: [
    'tallystick get 0',
    'tallystick get 12 --out proof-12',
    'tallystick get 12 --print payload > payload.cbor',
  ],
  run: get,
};

async function get(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const { output, world } = context;
  const session = await Session.open(context);
  const id = await idOf(session, operands[0] ?? '');
  const collected = await session.collect(id, await fetchReceipt(session.transport, session.log, id));
  const { statement } = session.assertVerified(collected.evidence);
  if (statement === undefined) throw new Error('a verified examination has its statement');
  const out = flags.text('out');
  const files =
    out === undefined ? [] : await saveProofs(resolve(world.cwd, out), collected.evidence, undefined);
  const part = PARTS[flags.text('print') ?? ''];
  if (part !== undefined && !output.json) output.write(part(collected, statement));
  else
    print(
      context,
      collected,
      statement,
      files.map((name) => relative(world.cwd, resolve(world.cwd, out ?? '', name))),
    );
  return EXIT.ok;
}

/** Refuses `bad-locator`. */
async function idOf(session: Session, text: string): Promise<EntryId> {
  const name =
    URL.parse(text)
      ?.pathname.split('/')
      .findLast((segment) => segment !== '') ?? text;
  if (isEntryId(name)) return name;
  if (!/^[0-9]{1,16}$/.test(name)) {
    throw refuse('bad-locator', `${printable(text)} is neither an entry id of 64 hex digits nor an index`);
  }
  const index = parseDecimal(name);
  const view = await session.view();
  return entryIdOf((await view.entry(index)).bytes);
}

function print(
  { output }: Context,
  { id, entry, receipt }: Collected,
  { kind, subject, issuer, kid }: ParsedStatement,
  files: readonly string[],
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
  output.print(output.paint('green', 'verified: signature, enrolment, place in the log, receipt'));
  for (const file of files) output.print(`saved    ${file}`);
  output.result('get', {
    entry: id,
    index: entry.index,
    kind,
    subject,
    issuer,
    kid,
    verified: true,
    bytes: formatBase64(entry.bytes),
    receipt: formatBase64(receipt),
    proof: new TextDecoder().decode(entry.proof),
    files,
  });
}
