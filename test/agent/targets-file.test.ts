/** The list of targets decides whom an agent may touch: what its YAML reader only warns of is refused. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readTargets } from '../../src/agent/targets.ts';

t.test('targets.yaml that reads in two ways', async (t) => {
  const path = join(t.testdir(), 'targets.yaml');
  const warned: Error[] = [];
  const note = (warning: Error): void => void warned.push(warning);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  for (const text of [
    '% a directive\n- subject: a\n',
    '- !targets subject: a\n',
    '- subject: prod/db\n  !!\n',
    '- subject: a\n  subject: b\n',
    '- &a subject: a\n- *a\n',
    '- targets: ["x", *y:443]\n',
    'a: [\n',
  ]) {
    writeFileSync(path, text);
    await t.rejects(readTargets(path), { code: 'config-invalid' }, JSON.stringify(text));
  }
  await new Promise(setImmediate);
  t.strictSame(warned, [], 'and nothing is printed past our own printer');
});
