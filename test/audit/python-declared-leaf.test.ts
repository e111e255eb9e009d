/** The verifier in Python reads commitments whose claims name declared leaves, and refuses what the program refuses. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { encodeCommitment } from '#src/statement/payload.ts';
import {
  claimOf,
  declarationOf,
  FORGED,
  forgedPayload,
  good,
  opened,
  UNFIT,
  unfitPayload,
} from '../support/forged-openings.ts';

/** A line for each payload in hex: `ok`, or why it is refused. */
const READ = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verify_bundle as v
for line in sys.stdin.read().split():
    try:
        payload = v.cbor(bytes.fromhex(line))
        v.DECLARATION(payload, "commitment")
        v.declaration_rules(payload)
        print("ok")
    except v.Fault as fault:
        print(fault)
`;

const has = spawnSync('python3', ['-c', 'import cryptography'], { encoding: 'utf8' });
const skip = has.status === 0 ? false : 'no python3 with cryptography (python3-cryptography)';

t.test('openings are checked by another program, too', { skip }, async (t) => {
  const lists = declarationOf(
    [claimOf({ a: '/Kex', b: '/Port', c: '/Strict' })],
    ['/Kex', '/Kex/0', '/Kex/1', '/Port', '/Strict'].map((path) => opened(path)),
  );
  const cases = [
    ['a text', encodeCommitment(good())],
    ['a list, a number and a boolean', encodeCommitment(lists)],
    ...Object.entries(FORGED).map(([name, [change]]) => [name, forgedPayload(change)] as const),
    ...Object.entries(UNFIT).map(([name, [paths]]) => [name, unfitPayload(paths)] as const),
  ] as const;
  const input = cases.map(([, bytes]) => bytes.toHex()).join('\n');
  const here = join(import.meta.dirname, 'python');
  const { status, stdout, stderr } = spawnSync('python3', ['-c', READ, here], { encoding: 'utf8', input });
  t.equal(status, 0, stderr);
  const said = stdout.trimEnd().split('\n');
  t.equal(said.length, cases.length);
  for (const [i, [name]] of cases.entries()) {
    if (i < 2) t.equal(said[i], 'ok', name);
    else t.not(said[i], 'ok', `${name}: ${said[i]}`);
  }
});
