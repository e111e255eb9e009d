/** Commands that are advised work where they are typed. */
import t from 'tap';
import { commandsFor } from '#src/cli/frame/called.ts';
import { run } from '#src/cli/main.ts';

t.test('npx', async (t) => {
  const npx = commandsFor({ npm_command: 'exec' });
  const TEXTS: readonly (readonly [text: string, shown: string])[] = [
    ['check it offline: tallystick verify x', 'check it offline: npx tallystick verify x'],
    ['run `tallystick fsck`, then', 'run `npx tallystick fsck`, then'],
    [
      'with `kubectl kustomize D | tallystick commit kubernetes -`',
      'with `kubectl kustomize D | npx tallystick commit kubernetes -`',
    ],
    ['first:\n  tallystick policy enrol k', 'first:\n  npx tallystick policy enrol k'],
    ['npx tallystick status', 'npx tallystick status'],
    ['this tallystick knows rules 2: update tallystick', 'this tallystick knows rules 2: update tallystick'],
    ['tallystick 0.2.0', 'tallystick 0.2.0'],
    ['/opt/tallystick verify', '/opt/tallystick verify'],
  ];
  for (const [text, shown] of TEXTS) {
    t.equal(npx(text), shown);
    for (const env of [{}, { npm_command: 'run-script' }]) t.equal(commandsFor(env)(text), text);
  }
  const cwd = t.testdir({ 'x.env': 'export A=1\n' });
  for (const [npm_command, said] of [
    ['exec', '`npx tallystick commit files FILE`'],
    [undefined, '`tallystick commit files FILE`'],
  ] as const) {
    let err = '';
    const told = (...argv: readonly string[]): Promise<number> =>
      run(argv, {
        env: { npm_command, XDG_STATE_HOME: cwd },
        cwd,
        fetch,
        now: Date.now,
        stdout: { write: () => true },
        stderr: { write: (text) => (err += String(text)) },
      });
    await told('keygen', '--out', `${npm_command}.pem`);
    await told('commit', 'env', 'x.env', '--subject', 'x/y', '--key', `${npm_command}.pem`);
    t.ok(err.includes(said), err);
  }
});
