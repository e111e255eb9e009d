/** `serve --open`, and `explorer: off`: from flag, variable and file to the server. */
import { EventEmitter } from 'node:events';
import t from 'tap';
import { openInBrowser } from '#src/cli/frame/browser.ts';
import { endpointOf } from '#src/cli/frame/settings.ts';
import { resolveConfig } from '#src/cli/frame/config.ts';
import { parseFlat } from '#src/yaml/flat.ts';
import { pagesLine } from '#src/cli/views/pages-line.ts';

/** What would be started. */
function started(url: string, env: Record<string, string>, platform: NodeJS.Platform): unknown {
  const calls: unknown[] = [];
  const start = (file: string, args: readonly string[], options: object) => {
    calls.push([file, ...args]);
    t.match(options, { stdio: 'ignore', detached: true });
    t.notOk('shell' in options, 'no shell reads the URL');
    return Object.assign(new EventEmitter(), { unref: () => undefined });
  };
  openInBrowser(url, env, platform, start as never);
  return calls;
}

t.test('a browser is opened where there is a display, and else nothing happens', async (t) => {
  const url = 'http://127.0.0.1:6962/';
  t.strictSame(started(url, {}, 'linux'), []);
  t.strictSame(started(url, { DISPLAY: '' }, 'linux'), []);
  t.strictSame(started(url, { DISPLAY: ':0' }, 'linux'), [['xdg-open', url]]);
  t.strictSame(started(url, { WAYLAND_DISPLAY: 'wayland-0' }, 'freebsd'), [['xdg-open', url]]);
  t.strictSame(started(url, {}, 'darwin'), [['open', url]]);
  t.strictSame(started(url, {}, 'win32'), [['rundll32', 'url.dll,FileProtocolHandler', url]]);
  for (const other of ['file:///etc/passwd', '--help', 'javascript:alert(1)'])
    t.strictSame(started(other, { DISPLAY: ':0' }, 'linux'), [], other);
});

t.test('a program that is not there is no error', async (t) => {
  openInBrowser('http://127.0.0.1:1/', { DISPLAY: ':0', PATH: '/nowhere' }, 'linux');
  await new Promise((resolve) => setImmediate(resolve));
  t.pass();
});

t.test('explorer: off, from flag, variable and file', async (t) => {
  const dir = t.testdir({ 'c.yaml': 'explorer: off\n', 'bad.yaml': 'explorer: false\n' });
  const told = (flags: Record<string, string>, env: Record<string, string>, file?: string) =>
    resolveConfig(
      {
        flags: new Map(Object.entries(flags).map(([name, text]) => [name, [text]])),
        configFlag: file,
        env,
        cwd: dir,
      },
      parseFlat,
    ).config;
  t.equal(endpointOf(told({}, {})).explorer, true, 'on, if nothing is said');
  for (const config of [
    told({ explorer: 'off' }, {}),
    told({}, { TALLYSTICK_EXPLORER: 'off' }),
    told({}, {}, 'c.yaml'),
  ]) {
    t.equal(endpointOf(config).explorer, false);
    t.strictSame(pagesLine(config, 'http://x'), []);
  }
  t.equal(endpointOf(told({ explorer: 'on' }, {}, 'c.yaml')).explorer, true);
  t.strictSame(pagesLine(told({}, {}), 'http://x'), ['  look       http://x/']);
  t.throws(() => told({}, {}, 'bad.yaml'), { code: 'config-invalid', message: /explorer.*on, off/ });
});
