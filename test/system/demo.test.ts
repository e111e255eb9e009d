/** The demonstration, as `npm run demo` gives it: every act comes out as told, or it fails. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import t from 'tap';
import { BIN, Role, run } from '../support/processes.ts';

t.setTimeout(180_000);

t.test('npm run demo', async (t) => {
  const dir = t.testdir({});
  // A group of its own, since Ctrl-C in a terminal reaches every process of the group.
  const child = spawn(process.execPath, [BIN, 'demo'], { cwd: dir, env: envOf(dir), detached: true });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  let out = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    out += String(chunk);
    if (out.includes('press Ctrl-C')) break;
  }
  for (const said of [
    /speaks-tls13 +PROVEN \[E3\]/,
    /tls12-refused +PROVEN \[E1\]/,
    /tls12-refused +VIOLATED \[E3\]/,
    /tls12-refused +STALE/,
    /entry 1: the entry does not hash to its leaf/,
    /pay\/terminal +tls12-refused +WAIVED \(VIOLATED\) \[E3\]/,
    /shop\/search +tls12-refused +UNKNOWN/,
    /edge\/firewall +database-closed +CONTRADICTED \[E1\]/,
    /Try next/,
  ])
    t.match(out, said, err);
  const links = [...out.slice(out.indexOf('in a browser')).matchAll(/^  (http:\S+)/gm)].map(
    ([, url = '']) => url,
  );
  t.equal(links.length, 3, links.join(' '));
  for (const link of links) {
    const reply = await fetch(link, {
      headers: { accept: 'text/html' },
      signal: AbortSignal.timeout(10_000),
    });
    t.match(await reply.text(), /^<!doctype html>/i, link);
    t.equal(reply.status, 200, link);
  }
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await ended;
  t.equal(child.exitCode, 0, `Ctrl-C is how it ends: ${err}`);
  if (existsSync('/proc/self/cwd')) t.same(processesIn(dir), [], 'and nothing of it runs any more');
  const [made = ''] = readdirSync(dir).filter((name) => name.startsWith('tallystick-demo-'));
  t.ok(readdirSync(join(dir, made)).includes('tallystick-data'), 'everything is where it says');
  const home = join(dir, made);
  const audit = await run(home, 'fsck');
  t.equal(audit.code, 0, 'and whole again');
  const next = [...out.slice(out.indexOf('Try next')).matchAll(/^  npx tallystick (.*?)(?: {2,}.*)?$/gm)];
  const commands = next.map(([, command = '']) => command);
  t.ok(commands.length >= 4, commands.join('; '));
  t.ok(commands.includes('serve'));
  await new Role(t, home, 'serve').start();
  const shell = promisify(execFile);
  for (const command of commands.filter((each) => each !== 'serve'))
    await t.resolves(
      shell('sh', ['-c', `"$NODE" "$BIN" ${command}`], { cwd: home, env: envOf(home) }),
      command,
    );
});

function envOf(cwd: string): NodeJS.ProcessEnv {
  return { ...process.env, XDG_STATE_HOME: join(cwd, 'state'), NODE: process.execPath, BIN };
}

/** Processes that work in a folder or below it. */
function processesIn(dir: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^[0-9]+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(`${dir}/tallystick-demo-`);
    } catch {
      return false;
    }
  });
}

t.test('stopped, it leaves nothing running', async (t) => {
  if (!existsSync('/proc/self/cwd')) return t.comment('there is no /proc: this was not tested');
  const ways = {
    SIGTERM: (child: ReturnType<typeof spawn>) => child.kill('SIGTERM'),
    SIGINT: (child: ReturnType<typeof spawn>) => child.kill('SIGINT'),
    'a reader that has seen enough': (child: ReturnType<typeof spawn>) => child.stdout?.destroy(),
  };
  for (const [name, stop] of Object.entries(ways)) {
    const dir = t.testdir({});
    const child = spawn(process.execPath, [BIN, 'demo'], { cwd: dir, env: envOf(dir) });
    t.teardown(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    let said = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      said += String(chunk);
      if (said.includes('A log at')) break;
    }
    t.ok(processesIn(dir).length >= 4, 'a log, two witnesses and a monitor');
    stop(child);
    await ended;
    // Those that are killed at the very end take a moment to be gone.
    for (let tries = 0; tries < 100 && processesIn(dir).length > 0; tries++) await pause(20);
    t.same(processesIn(dir), [], name);
    if (name !== 'a reader that has seen enough') t.ok((child.exitCode ?? 0) > 128, 'and says why it ended');
  }
});
