/** `tallystick get`: fetches an entry with its receipt and proof, and verifies all three before it prints. */
import { relative, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { entryTimes } from '../../client/entry-times.ts';
import type { FoundEntry } from '../../client/find-entry.ts';
import { ProofFolder } from '../../client/node/proof-folder.ts';
import { writeTranscripts } from '../../client/node/transcript-folders.ts';
import { saveEvidence } from '../../client/proof-store.ts';
import { attachReceipts } from '../../cose/transparent.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import { EXIT } from '../exit.ts';
import { clientOf } from '../frame/client.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb } from '../frame/verb.ts';
import { tellEntry } from '../views/entry.ts';

/** The parts that `--print` writes. */
const PARTS: Readonly<Record<string, (got: FoundEntry, statement: ParsedStatement) => Uint8Array>> = {
  entry: ({ evidence }) => evidence.entry,
  statement: ({ evidence: { entry, receipts } }) =>
    receipts.length === 0 ? entry : attachReceipts(entry, receipts),
  payload: (_, { statement }) => statement.payload,
  receipt: ({ receipt }) => {
    if (receipt === undefined)
      throw refuse('not-found', 'this host has no receipt; get it from the log itself');
    return receipt;
  },
  proof: ({ entry }) => entry.proof,
};

export const getVerb = defineVerb({
  name: 'get',
  summary: 'fetch an entry, its receipt and its proof, verified',
  details:
    'Checks that the entry is in a checkpoint of the trusted log, that its signature is valid and its key enrolled, and ' +
    'that the checkpoint is consistent with the last one seen. --out writes a proof directory that verify checks ' +
    'offline. A mirror serves tiles alone, so it finds an entry by index only; then the place in the log is checked, the ' +
    "signature only if the statement carries its key, and the key's enrolment not at all.",
  operands: [['<entry>', 'entry id (64 hex digits), index, or URL of the entry']],
  settings: READER_SETTINGS,
  options: [
    { flags: '--out <dir>', help: 'write a proof directory' },
    {
      flags: '--transcripts <dir>',
      help: "for a proof entry: write its target's signed handshakes to a new directory, for openssl and ssh-keygen to check",
    },
    { flags: '--print <part>', help: 'write one part to stdout, as bytes', choices: Object.keys(PARTS) },
  ],
  json: true,
  examples: [
    'tallystick get 0',
    'tallystick get 12 --out proof-12',
    'tallystick get 12 --print payload > payload.cbor',
    'tallystick get 12 --transcripts by-hand && (cd by-hand/0 && sh check.sh)',
  ],
  run: async (context, [named = ''], flags) => {
    const { output, world } = context;
    const at = (...path: readonly string[]): string => resolve(world.cwd, ...path);
    const client = await clientOf(context);
    const found = await client.find(named);
    const { statement, checks } = client.assertVerified(found.evidence);
    if (statement === undefined) throw new Error('a verified examination has its statement');
    const [out, dir] = [flags.text('out'), flags.text('transcripts')];
    const files = out === undefined ? [] : await saveEvidence(new ProofFolder(at(out)), found.evidence);
    const find = async (id: string): Promise<Uint8Array> => (await client.find(id)).evidence.entry;
    const transcripts = dir === undefined ? [] : await writeTranscripts(statement, at(dir), find);
    const part = PARTS[flags.text('print') ?? ''];
    if (part !== undefined && !output.json) output.write(part(found, statement));
    else
      tellEntry(output, {
        found,
        statement,
        checks,
        times: await entryTimes(client, found, statement),
        files: files.map((name) => relative(world.cwd, at(out ?? '', name))),
        transcripts: transcripts.map((each) => ({ ...each, folder: relative(world.cwd, each.folder) })),
      });
    return EXIT.ok;
  },
});
