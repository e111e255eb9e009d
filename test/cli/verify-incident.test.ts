/** `verify-incident`: every kind as a file, what is told of it, and its exit code. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { formatIncident } from '#src/incident/incident.ts';
import { foreign, HostileLog } from '../support/hostile-log.ts';
import { examples, incidentOf, quorumPolicy } from '../support/incident-examples.ts';
import { tallystick } from './support/run-cli.ts';

async function start(t: Test, ...options: Parameters<typeof HostileLog.start>): Promise<HostileLog> {
  const log = await HostileLog.start(...options);
  t.teardown(() => log.close());
  return log;
}

t.test('verify-incident', async (t) => {
  const log = await start(t);
  const dir = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n` });
  const all = await examples(log);
  const run = (line: string) => tallystick(`verify-incident ${line}`, { cwd: dir });
  const files = Object.entries(all).map(([name, { evidence, outcome }]) => {
    const file = `${name.replaceAll(/[, ]+/g, '-')}.json`;
    writeFileSync(join(dir, file), formatIncident(incidentOf(log, evidence)));
    return { file, outcome, kind: evidence.kind };
  });
  for (const { file, outcome, kind } of files) {
    const told = await run(`${file} --vkey log.vkey --json`);
    t.match(told.json, {
      schema: 'tallystick.verify-incident.v1',
      exit_code: outcome === 'proven' ? 0 : 6,
      outcome,
      proven: outcome === 'proven',
      kind,
      origin: log.origin,
      heads: [{ size: Number, root: /=$/, signers: [`${log.origin}+`], note: `${log.origin}\n` }],
      checks: [{ name: 'id', outcome: 'ok', code: null }],
    });
    t.equal(told.code, told.json['exit_code']);
  }
  const split = await run('split-view-two-sizes.json --vkey log.vkey');
  t.match(split.out, /PROVEN: .* signed two histories/);
  t.match(split.out, /head 1 +6 entries[^\n]*\n +head 2 +7 entries/);
  t.match(split.out, /to blame +whoever holds log\.example/);
  const back = await run('rollback.json --vkey log.vkey');
  t.match(back, { code: 6, out: /REPORTED, NOT PROVEN.*\n[^]*reported +that the smaller head was served/ });
  t.match(await run('rollback.json'), { code: 1, err: /usage: no log is trusted yet/ });
  t.match(await run('none.json --vkey log.vkey'), { code: 2 });
  writeFileSync(
    join(dir, 'bad.json'),
    readFileSync(join(dir, 'rollback.json'), 'utf8').replace('\\n3\\n', '\\n2\\n'),
  );
  t.match(await run('bad.json --vkey log.vkey'), { code: 3, out: /✗ head served later[^]*DOES NOT HOLD/ });
  writeFileSync(join(dir, 'bad.json'), '{}');
  t.match(await run('bad.json --vkey log.vkey'), { code: 3, err: /malformed-incident/ });
  truncateSync(join(dir, 'bad.json'), 2 ** 32);
  t.match(
    await run('bad.json --vkey log.vkey'),
    { code: 3, err: /too-large/ },
    'no more is read than may be',
  );
  t.match(await run('/dev/zero --vkey log.vkey'), { code: 2, err: /not-found: .* is a device/ });
  const other = await start(t, foreign());
  writeFileSync(join(dir, 'other.vkey'), `${other.vkeys.join('\n')}\n`);
  t.match(await run('rollback.json --vkey other.vkey'), { code: 3, out: /no key of the log .* is trusted/ });
  const policy = `log ${log.vkeys[0]}\n${quorumPolicy}`;
  writeFileSync(join(dir, 'trust.policy'), policy);
  t.match(await run('quorum.json --policy trust.policy'), { code: 6, out: /the quorum of your policy/ });
  t.match(await run('forged.json --policy trust.policy'), { code: 6, out: /not the witness/ });
});
