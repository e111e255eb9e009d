/** `tallystick keygen`: one signing key, or the two checkpoint keys of a log. */
import { basename, dirname, join, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { ROLES } from '../../statement/policy.ts';
import { EXIT } from '../exit.ts';
import { encodeCoseKey, keyThumbprint } from '../../cose/key.ts';
import { generateCheckpointKeys } from '../../keys/checkpoint-keys.ts';
import { generatePair } from '../../keys/load.ts';
import { isKeyName } from '../../note/key.ts';
import type { Algorithm } from '../../sign/algorithm.ts';
import type { Context } from '../frame/context.ts';
import { defineVerb } from '../frame/verb.ts';

/** Names of algorithms on the command line → ours. */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['ed25519', 'ed25519'],
  ['p256', 'ecdsa-p256'],
  ['ml-dsa-44', 'ml-dsa-44'],
]);

export const keygenVerb = defineVerb({
  name: 'keygen',
  summary: 'make a signing key, or the checkpoint keys of a log',
  details:
    'Writes PKCS#8 PEM that only you can read, and the public half beside it (ci.pub of ci.pem), never overwrites a file, and prints ' +
    'the line with which an admin of the log enrols the key. With --origin it makes an Ed25519 and an ' +
    'ML-DSA-44 key in the directory --out and prints the verifier keys that auditors need.',
  options: [
    {
      flags: '--algorithm <name>',
      help: 'which kind of key (default: ed25519)',
      choices: [...ALGORITHMS.keys()],
    },
    {
      flags: '--out <path>',
      help: 'file to write, and its public half beside it; with --origin, the directory (default: here)',
    },
    { flags: '--origin <name>', help: 'make the checkpoint keys of the log with this origin' },
  ],
  json: true,
  examples: [
    'tallystick keygen --out ci.pem',
    'tallystick keygen --algorithm p256 --out ci.pem',
    'tallystick keygen --origin log.example.com/2026 --out keys',
  ],
  run: async (context, _, flags) => {
    const origin = flags.text('origin');
    const algorithm = ALGORITHMS.get(flags.text('algorithm') ?? 'ed25519');
    if (origin === undefined) return makeOne(context, algorithm ?? 'ed25519', flags.text('out'));
    if (flags.text('algorithm') !== undefined)
      throw refuse('usage', '--origin makes both kinds of key; leave --algorithm out');
    if (!isKeyName(origin))
      throw refuse('usage', 'an origin is not empty and has no space, "+" or control character');
    return makeCheckpointKeys(context, origin, flags.text('out') ?? '.');
  },
});

/** Most bytes of a public key that stands in a command line. */
const MOST_PASTED = 200;

async function makeOne(
  { output, world }: Context,
  algorithm: Algorithm,
  out: string | undefined,
): Promise<number> {
  if (out === undefined) throw refuse('usage', 'name the file to write with --out');
  const { key, pub } = await generatePair(resolve(world.cwd, out), algorithm);
  const kid = keyThumbprint(key).toHex();
  const beside = join(dirname(out), basename(pub));
  output.print(`key   ${out}\npub   ${beside}\nkid   ${kid}`);
  const coseKey = encodeCoseKey(key);
  // The line holds the key itself, unless that is longer than people paste.
  const named = coseKey.length > MOST_PASTED ? shellWord(beside) : shellWord(coseKey.toBase64());
  const enrol = `tallystick policy enrol ${named} --name ${shellWord(basename(pub, '.pub'))} --role author`;
  const others = ROLES.filter((role) => role !== 'author').join(', ');
  output.note(
    `Send this line to an admin of the log${coseKey.length > MOST_PASTED ? `, with ${beside}` : ''}. In place of author may stand ${others};\n` +
      `--subject 'PATTERN' says about what:\n${enrol}`,
  );
  output.result('keygen', { path: out, pub: beside, algorithm, kid, coseKey: coseKey.toHex(), enrol });
  return EXIT.ok;
}

async function makeCheckpointKeys({ output, world }: Context, origin: string, out: string): Promise<number> {
  const made = await generateCheckpointKeys(resolve(world.cwd, out), origin);
  const keys = made.map(({ file, algorithm, vkey }) => ({ path: join(out, file), algorithm, vkey }));
  for (const { path, vkey } of keys) output.print(`key   ${path}\nvkey  ${vkey}`);
  output.result('keygen', { origin, keys });
  return EXIT.ok;
}
