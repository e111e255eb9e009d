/** `tallystick mirror`: its exit codes, and real processes that are ended and killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EXIT } from '#src/cli/exit.ts';
import { parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, verifierOf } from '#src/note/key.ts';
import { parseNote } from '#src/note/note.ts';
import { flipByte, HostileLog } from '../support/hostile-log.ts';
import { auditUrl, foreignLog, opaque } from '../support/mirror-world.ts';
import { BIN } from '../support/processes.ts';
import { otherStatement, people } from '../support/world.ts';
import { tallystick } from './support/run-cli.ts';

t.test('the command line', async (t) => {
  const log = await foreignLog(t, 600);
  const cwd = t.testdir();
  const around = { cwd, fetch };
  const vkey = log.vkeys[0] ?? '';
  const once = `mirror ${log.url} copy --once`;
  t.equal((await tallystick(once, around)).code, EXIT.usage, 'somebody must be trusted');
  t.equal((await tallystick(`mirror nowhere copy --once --vkey ${vkey}`, around)).code, EXIT.usage);
  t.equal((await tallystick(`mirror ${log.url} copy --check --vkey ${vkey}`, around)).code, EXIT.usage);
  mkdirSync(join(cwd, 'docs'));
  writeFileSync(join(cwd, 'docs/thesis.txt'), 'x');
  t.match(await tallystick(`mirror ${log.url} docs --once --vkey ${vkey}`, around), {
    code: EXIT.config,
    err: /docs holds other files \("thesis\.txt"\) and is no mirror: name an empty/,
  });
  t.strictSame(readdirSync(join(cwd, 'docs')), ['thesis.txt'], 'and nothing was written there');
  t.equal(
    (await tallystick(`mirror ${log.url} docs/thesis.txt --once --vkey ${vkey}`, around)).code,
    EXIT.notFound,
  );
  const stranger = formatVkey('other.example/log', 1, people.stranger.publicKey);
  t.equal((await tallystick(`${once} --vkey ${stranger}`, around)).code, EXIT.verification);
  t.match(await tallystick(`${once} --vkey ${vkey}`, around), { code: EXIT.ok, out: /600 new entries/ });
  t.match(await tallystick(`${once} --json`, around), {
    code: EXIT.ok,
    json: { schema: 'tallystick.mirror.v1', kind: 'unchanged', size: 600, origin: log.origin, exit_code: 0 },
  });
  t.equal(
    (await tallystick(`${once} --vkey ${stranger}`, around)).code,
    EXIT.config,
    'not the log of this copy',
  );

  const check = 'fsck copy --hashes --policy copy/trust.policy';
  t.match(await tallystick(check, around), { code: EXIT.ok, out: /600 entries/ });
  const bundle = join(cwd, 'copy/tile/entries/001');
  writeFileSync(bundle, flipByte(40)(readFileSync(bundle)));
  t.match(await tallystick(`${check} --json`, around), {
    code: EXIT.verification,
    json: { verified: false },
  });
  t.match(await tallystick(`${once} --check`, around), { code: EXIT.ok, out: /1 files repaired/ });
  t.equal((await tallystick(check, around)).code, EXIT.ok);
  t.equal((await tallystick('fsck nothing-here --hashes', around)).code, EXIT.config);

  const witness = verifierOf({ name: 'w.example', type: 4, signer: people.stranger });
  writeFileSync(
    join(cwd, 'strict.policy'),
    `log ${vkey}\nwitness w ${formatVkey(witness.name, 4, witness.key)}\nquorum w\n`,
  );
  t.equal((await tallystick(`${once} --policy strict.policy`, around)).code, EXIT.quorum);
  t.equal((await tallystick(once, around)).code, EXIT.quorum, 'the stricter policy is kept');
  t.equal((await tallystick(`${once} --vkey ${vkey}`, around)).code, EXIT.ok);
  log.append(...opaque(600, 610));
  log.tamper('tile/0/002.p/98', flipByte(3));
  t.equal((await tallystick(once, around)).code, EXIT.verification);
  log.tamper('tile/0/002.p/98', undefined);
  log.fork(10, 'b', opaque(8_000, 8_700));
  log.serving = 'b';
  t.match(await tallystick(once, around), { code: EXIT.splitView, err: /inconsistent/ });
  t.equal(readdirSync(join(cwd, 'copy/incidents')).length, 1);
  await log.close();
  t.equal((await tallystick(`mirror ${log.url} new --once --vkey ${vkey}`, around)).code, EXIT.notFound);
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts the real command and waits for its banner. */
async function start(t: Test, cwd: string, ...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [BIN, 'mirror', ...args, '--port', '0', '--poll', '1'], { cwd });
  t.teardown(() => void child.kill('SIGKILL'));
  child.stdout.resume();
  let said = '';
  for await (const chunk of child.stderr) {
    said += String(chunk);
    const url = /URL +(http:\S+)\n/.exec(said)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the mirror did not start: ${said}`);
}

/** Asks until the mirror has that many entries. */
async function until(url: string, size: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const reply = await fetch(`${url}/checkpoint`);
    if (reply.status === 200 && parseCheckpoint(parseNote(await reply.text()).text).size >= size) return;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  throw new Error(`the mirror at ${url} does not come to ${size} entries`);
}

/** Waits until the log is asked for a file. */
async function asked(log: HostileLog, path: string): Promise<void> {
  for (let tries = 0; tries < 600 && !log.asked.includes(path); tries++)
    await new Promise((resolve) => void setTimeout(resolve, 50));
  if (!log.asked.includes(path)) throw new Error(`nobody asked for ${path}`);
}

t.test('real processes', async (t) => {
  const log = await HostileLog.start();
  t.teardown(() => log.close());
  for (let i = 0; i < 5; i++) log.append(await otherStatement(`process ${i}`));
  const cwd = t.testdir();
  writeFileSync(join(cwd, 'log.vkey'), `${log.vkeys.join('\n')}\n`);
  const first = await start(t, cwd, log.url, 'copy', '--vkey', 'log.vkey');
  await until(first.url, 6);
  t.match(await auditUrl(log, first.url, true), { entries: 6, findings: [] });
  const second = spawn(process.execPath, [BIN, 'mirror', log.url, 'copy', '--once'], {
    cwd,
    stdio: 'ignore',
  });
  t.strictSame(await once(second, 'exit'), [EXIT.config, null], 'a second process is refused');

  // Killed while a bundle is under way; and once more, gently.
  log.trouble = 'slow';
  log.troubled = /entries/;
  log.append(await otherStatement('half way'));
  await asked(log, '/tile/entries/000.p/7');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  log.asked.length = 0;
  const patient = await start(t, cwd, log.url, 'copy');
  await asked(log, '/tile/entries/000.p/7');
  patient.child.kill('SIGTERM');
  t.strictSame(await once(patient.child, 'exit'), [EXIT.ok, null], 'it does not wait for the log');
  t.ok(existsSync(join(cwd, 'copy/.mirror/pending')));
  log.trouble = undefined;
  await log.close();
  const third = await start(t, cwd, log.url, 'copy');
  t.match(await auditUrl(log, third.url, true), { entries: 6, findings: [] }, 'killed, and the log is gone');
  log.append(await otherStatement('later'));
  await log.listen(log.port);
  await until(third.url, 8);
  third.child.kill('SIGTERM');
  t.strictSame(await once(third.child, 'exit'), [EXIT.ok, null], 'and stops in order');
  t.ok(existsSync(join(cwd, 'copy/trust.policy')));
  t.match(await tallystick('fsck copy --policy copy/trust.policy', { cwd }), {
    code: EXIT.ok,
    out: /8 entries/,
  });
});
