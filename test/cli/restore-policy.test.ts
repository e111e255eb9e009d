/** A backup that holds a newer policy than the guard names is restored, and the newer policy is in force. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '#src/cli/exit.ts';
import { tallystick } from './support/run-cli.ts';
import { beginLog, keyIn, serveLog, startLog } from '../support/running-log.ts';
import { SqliteGuard } from '#src/storage/guard.ts';

t.setTimeout(120_000);

t.test('restore with a newer policy than the guard has', async (t) => {
  const { cwd, data, origin, log: first, say, statement } = await beginLog(t, 'log.example/restored');
  const ok = async (line: string, around = {}) => {
    const told = await tallystick(line, { cwd, ...around });
    t.equal(told.code, EXIT.ok, `${line}: ${told.err}`);
    return told;
  };
  await say('before');
  await first.close();
  cpSync(join(data, 'guard'), join(cwd, 'guard-before'), { recursive: true });
  await ok(`backup ${join(cwd, 'old')}`);

  const log = await startLog(t, data, origin);
  const url = await serveLog(t, log);
  await ok('keygen --algorithm p256 --out new.pem');
  await ok(`policy enrol new.pem --name new --role submitter --log ${url}`, { fetch });
  const added = keyIn(join(cwd, 'new.pem'));
  t.match(await log.submit([await statement('by the new key', 'a/b', added)]), [
    { kind: 'logged', index: 3 },
  ]);
  await log.close();
  await ok(`backup ${join(cwd, 'newest')}`);

  /** A directory without a store, that has a guard of some time. */
  const elsewhere = async (name: string, guard: string, backup: string) => {
    const to = join(cwd, name);
    for (const part of ['keys', 'genesis.cose'])
      cpSync(join(data, part), join(to, part), { recursive: true });
    cpSync(guard, join(to, 'guard'), { recursive: true });
    return { to, told: await tallystick(`restore ${join(cwd, backup)} --data-dir ${to} --json`, { cwd }) };
  };
  const guardOf = async (to: string) => {
    const guard = SqliteGuard.open(join(to, 'guard', 'signed-head.db'), origin, true);
    try {
      return await guard.read();
    } finally {
      await guard.close();
    }
  };

  const { to, told } = await elsewhere('elsewhere', join(cwd, 'guard-before'), 'newest');
  t.match(told, { code: EXIT.ok, json: { size: 4, guard: 'checked' } }, told.err);
  t.match(await guardOf(to), { size: 2, policy: { index: 0 } }, 'the guard of before the policy');
  await ok(`fsck --data-dir ${to}`);
  const again = await startLog(t, to, origin);
  const later = await again.submit([await statement('once more', 'a/b', added)]);
  t.match(later, [{ kind: 'logged', index: 4 }], 'the key of the newer policy may go on');
  await again.close();
  t.match(await guardOf(to), { size: 5, policy: { index: 2 } }, 'and the guard has learnt it');

  const behind = await elsewhere('behind', join(data, 'guard'), 'old');
  t.match(behind.told, { code: EXIT.config, err: /behind-signed-head/ }, 'the other way round it is refused');
  rmSync(join(cwd, 'behind'), { recursive: true });
});
