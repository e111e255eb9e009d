/** A monitor of a log that has entries of newer rules is not ready, and says to update; without such entries it is. */
import t from 'tap';
import { decodeCbor, encodeCbor, type CborMap } from '#src/bytes/cbor.ts';
import { encodePolicy } from '#src/statement/payload.ts';
import { HostileLog } from '../support/hostile-log.ts';
import { Role } from '../support/processes.ts';
import {
  ORIGIN,
  otherStatement,
  ownStatement,
  people,
  policyDocumentOf,
  policyStatement,
} from '../support/world.ts';

t.setTimeout(120_000);

const fields = decodeCbor(encodePolicy(policyDocumentOf())) as CborMap;
const first = await policyStatement();
const other = await otherStatement('before');
const newer = await ownStatement(
  'policy',
  ORIGIN,
  encodeCbor(new Map([...fields, ['rules', 99], ['unheard', true]])),
  people.admin,
);

/** What /readyz says once the monitor has looked, and its status. */
async function looked(url: string): Promise<{ readonly status: number; readonly said: unknown }> {
  for (let tries = 0; tries < 600; tries++) {
    const answer = await fetch(`${url}/readyz`);
    const said = (await answer.json()) as { readonly ready: boolean; readonly reasons: readonly string[] };
    const logs = await (await fetch(`${url}/metrics`)).text();
    const isDone = /^tallystick_monitor_copied_entries\S* 2$/m.test(logs);
    if (isDone && !said.reasons.some((each) => each.endsWith('not looked at yet')))
      return { status: answer.status, said };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the monitor did not look');
}

for (const [what, entries, status, said] of [
  ['newer rules', [first, other, newer], 503, { ready: false, reasons: [/entry 2 .*update tallystick/] }],
  ['rules that are known', [first, other], 200, { ready: true, reasons: [] }],
] as const)
  t.test(what, async (t) => {
    const log = await HostileLog.start({ entries });
    t.teardown(() => log.close());
    const cwd = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n` });
    const monitor = new Role(t, cwd, 'monitor', log.url, '--vkey', 'log.vkey', '--port', '0', '--poll', '1');
    await monitor.start();
    t.match(await looked(monitor.url), { status, said });
    const ready = await (await fetch(`${monitor.url}/metrics`)).text();
    t.match(ready, status === 200 ? /_ready 1$/m : /_ready 0$/m);
    t.equal(await monitor.stop(), 0);
  });
