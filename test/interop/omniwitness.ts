/** Our log cosigned by transparency-dev's omniwitness, with an Ed25519 and an ML-DSA-44 key. */
import { writeFile } from 'node:fs/promises';
import { parseVkey } from '../../src/note/key.ts';
import { cosignedLog } from './cosignedlog.ts';
import { OurLog } from './ourlog.ts';
import type { Programs } from './programs.ts';
import { freePort, type Program, type Stage } from './stage.ts';
import { checkStatuses, statusLogs } from './statuses.ts';
import type { Tap } from './tap.ts';

const NAME = 'witness.example/omni';

export async function omniwitness(tap: Tap, stage: Stage, programs: Programs): Promise<void> {
  const why = programs.why('omniwitness', 'generate_keys');
  if (why !== undefined) return tap.skip('our log cosigned by omniwitness', why);
  const log = await OurLog.init(stage, 'log.example/interop-omni');
  const logs = statusLogs('omni');
  const witness = await startOmniwitness(stage, programs, [
    { origin: log.origin, vkey: log.vkeys[0] ?? '' },
    ...logs,
  ]);
  const [ed25519, mldsa44] = witness.vkeys;
  const policy = stage.path('omni.policy');
  await writeFile(
    policy,
    [
      ...log.vkeys.map((vkey) => `log ${vkey}`),
      `witness omni ${ed25519} ${witness.url}`,
      `witness omni-pq ${mldsa44} ${witness.url}`,
      'group both all omni omni-pq',
      'quorum both',
      '',
    ].join('\n'),
  );
  await cosignedLog({ tap, stage, programs, log, policy, name: 'omniwitness', vkeys: witness.vkeys });
  await log.stop();
  await checkStatuses(tap, 'omniwitness', {
    url: witness.url,
    logs,
    keys: witness.vkeys.map(parseVkey),
    differs: {
      // Its parser stops at what it knows, and counts no lines.
      'an old size in hexadecimal': 200,
      '64 proof lines': 200,
      // Its SQLite store takes a row that is not there for a failure; so do failing signatures end.
      'an unknown origin': 500,
      "a stranger's signature": 500,
      'a signature that fails': 500,
      // It trusts on first use, whatever else the request says.
      'a first size that is not 0': 200,
      'a proof from size 0': 200,
    },
  });
  await witness.program.stop();
}

interface Omniwitness {
  readonly program: Program;
  readonly url: string;
  readonly vkeys: readonly string[];
}

/** Its own list of logs is built in; ours are added, and nothing is fetched from anywhere. */
async function startOmniwitness(
  stage: Stage,
  programs: Programs,
  known: readonly { readonly origin: string; readonly vkey: string }[],
): Promise<Omniwitness> {
  const keys = [await makeKey(stage, programs, 'omni'), await makeKey(stage, programs, 'omni-pq', '-mldsa')];
  const list = stage.path('omni-logs.yaml');
  const entries = known.map(
    ({ origin, vkey }) => `  - Origin: ${origin}\n    PublicKey: ${vkey}\n    URL: http://127.0.0.1:1/\n`,
  );
  await writeFile(list, `Logs:\n${entries.join('')}`);
  const listen = `127.0.0.1:${await freePort()}`;
  const flags = `--logtostderr --listen ${listen} --metrics_listen= --additional_logs ${list}`.split(' ');
  const paths = keys.flatMap(({ file }) => ['--private_key_path', file]);
  const program = stage.start('omniwitness', programs.path('omniwitness'), [
    ...flags,
    '--db_file',
    stage.path('omniwitness.db'),
    ...paths,
  ]);
  await program.says(/HTTP server goroutine started/);
  return { program, url: `http://${listen}`, vkeys: keys.map(({ vkey }) => vkey) };
}

async function makeKey(
  stage: Stage,
  programs: Programs,
  name: string,
  ...flags: readonly string[]
): Promise<{ file: string; vkey: string }> {
  const ran = await stage.run(programs.path('generate_keys'), ['-origin', NAME, '-print', ...flags]);
  if (ran.code !== 0) throw new Error(ran.err);
  const [skey = '', vkey = ''] = ran.out.split('\n');
  const file = stage.path(`${name}.skey`);
  await writeFile(file, skey, { mode: 0o600 });
  return { file, vkey };
}
