/** The command line in this process: configuration, help, exit codes, output. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { selfSigned } from '../../src/cli/demo/certificate.ts';
import { makeOutput } from '../../src/cli/frame/output.ts';
import { EXIT_CODES } from '../../src/cli/frame/program.ts';
import { envOf, flagOf, readSettings, settings } from '../../src/cli/frame/settings.ts';
import { didYouMean } from '../../src/bytes/suggest.ts';
import { Flags, type AnyVerb } from '../../src/cli/frame/verb.ts';
import { loadVerbs } from '../../src/cli/verbs.ts';
import { parseFlat } from '../../src/yaml/flat.ts';
import { NOW, settled, tallystick } from './support/run-cli.ts';

t.test('a flag wins over the environment, that over the file, that over the default', async (t) => {
  const cwd = t.testdir({
    'tallystick-data': { 'tallystick.yaml': 'port: 1\nhost: 127.0.0.2\nmaxPending: 7\nkey: keys/a.pem\n' },
    'other.yaml': 'port: 9\ndataDir: here\nvkey: [a, b]\nadmitAny: true\n',
  });
  const all = await settled('--port 3', { cwd, env: { TALLYSTICK_PORT: '2', TALLYSTICK_HOST: '127.0.0.3' } });
  t.strictSame(all['port'], { value: 3, source: 'flag' });
  t.strictSame(all['host'], { value: '127.0.0.3', source: 'env' });
  t.strictSame(all['maxPending'], { value: 7, source: 'file' });
  t.strictSame(all['logLevel'], { value: 'info', source: 'default' });
  t.equal(
    all['key']?.value,
    join(cwd, 'tallystick-data/keys/a.pem'),
    'a path in the file is relative to the file',
  );
  t.equal(all['dataDir']?.value, join(cwd, 'tallystick-data'));

  const named = await settled('--config other.yaml', { cwd, env: { TALLYSTICK_VKEY: ' c  d ' } });
  t.strictSame(named['dataDir'], { value: join(cwd, 'here'), source: 'file' });
  t.strictSame(named['vkey'], { value: ['c', 'd'], source: 'env' });
  const byEnv = await settled('--no-admit-any', { cwd, env: { TALLYSTICK_CONFIG: 'other.yaml' } });
  t.strictSame(byEnv['admitAny'], { value: false, source: 'flag' }, 'a switch can be switched off');
  t.strictSame(byEnv['vkey'], { value: ['a', 'b'], source: 'file' });
  const repeated = await settled('--vkey x --vkey y --config other.yaml', { cwd });
  t.strictSame(repeated['vkey'], { value: ['x', 'y'], source: 'flag' });
  const moved = await settled('', { cwd: join(cwd, 'tallystick-data'), env: { TALLYSTICK_DATA_DIR: '.' } });
  t.equal(moved['port']?.source, 'file', 'the file is found through the data directory');

  const shown = await tallystick('config show --origin', { cwd });
  t.match(shown.out, /^port: 1 +# tallystick-data\/tallystick\.yaml:1$/m);
  t.match(shown.out, /^logLevel: info +# default$/m);
  t.match((await tallystick('config show', { cwd })).out, /^port: 1$/m);
});

t.test('what nobody knows is an error, with its place', async (t) => {
  const refused = async (text: string, message: RegExp, line = 'config validate'): Promise<void> => {
    const cwd = t.testdir({ 'c.yaml': text });
    const { code, err } = await tallystick(`--config c.yaml ${line}`, { cwd });
    t.equal(code, EXIT.config, text);
    t.match(err, message);
    t.match(err, /^error: config-invalid: /);
  };
  await refused('port: 1\nmaxPendign: 2\n', /c\.yaml:2: maxPendign is no setting; did you mean maxPending\?/);
  await refused('port: 1\nport: 2\n', /unique/);
  await refused('port: {a: 1}\n', /c\.yaml:1: port takes one text/);
  await refused('port: [1]\n', /port takes one text/);
  await refused('vkey: [[a]]\n', /vkey takes texts/);
  await refused('- port\n', /expected "setting: value" lines/);
  await refused('? [a]\n: b\n', /is no setting/);
  await refused('port: 65536\n', /port \(.*c\.yaml:1\): expected 0 to 65535; got "65536"/);
  await refused('port: 0x10\n', /decimal/);
  await refused('admitAny: yes\n', /expected true or false; got "yes"/);
  await refused('host:\n', /is empty; leave it out instead/);
  await refused('url: ftp://a\n', /http:\/\/ or https:\/\//);
  await refused('url: http://u:p@a\n', /password/);
  await refused('url: http://a/?b\n', /without/);
  await refused('logLevel: loud\n', /one of debug/);
  await refused('a: &x 1\n"\n', /c\.yaml/);

  const cwd = t.testdir({ 'tallystick-data': { 'tallystick.yaml': 'dataDir: elsewhere\n' } });
  t.match((await tallystick('config validate', { cwd })).err, /cannot name another/);
  const typo = await tallystick('config validate', { cwd: t.testdir(), env: { TALLYSTICK_PROT: '1' } });
  t.match(typo, {
    code: EXIT.config,
    err: /TALLYSTICK_PROT, which is no setting; did you mean TALLYSTICK_PORT\?/,
  });
  t.match(await tallystick('--config none.yaml config validate', { cwd }), {
    code: EXIT.config,
    err: /no configuration file/,
  });
  mkdirSync(join(cwd, 'folder.yaml'));
  t.match(await tallystick('--config folder.yaml config validate', { cwd }), {
    code: EXIT.config,
    err: /cannot read .*folder\.yaml/,
  });
  t.strictSame(parseFlat('# nothing\n', 'empty.yaml', settings()), new Map());
  const valid = await tallystick('config validate --json', { cwd: t.testdir() });
  t.match(valid.json, { schema: 'tallystick.config-validate.v1', valid: true, file: null, exit_code: 0 });
});

t.test('a server that strangers reach needs TLS, a proxy, or so many words', async (t) => {
  const cwd = t.testdir();
  const check = async (flags: string): Promise<number> =>
    (await tallystick(`config validate ${flags}`, { cwd })).code;
  t.equal(await check('--host 0.0.0.0'), EXIT.config);
  t.equal(await check('--host ::'), EXIT.config);
  t.equal(await check('--host 127.evil.example'), EXIT.config);
  for (const host of ['localhost', '127.1.2.3', '::1']) t.equal(await check(`--host ${host}`), EXIT.ok, host);
  t.equal(await check('--host 0.0.0.0 --insecure-bind'), EXIT.ok);
  t.equal(await check('--host 0.0.0.0 --trust-proxy'), EXIT.ok);
  const pair = await selfSigned('localhost', NOW * 1000, 1);
  writeFileSync(join(cwd, 'c'), pair.cert);
  writeFileSync(join(cwd, 'k'), pair.key);
  t.equal(await check('--host 0.0.0.0 --tls-cert c --tls-key k'), EXIT.ok);
  t.equal(await check('--tls-cert c'), EXIT.config, 'a certificate without its key');
});

t.test('files that serve would refuse are refused by validate, and before anything is made', async (t) => {
  const cwd = t.testdir({ none: 'no certificate\n', bad: 'quorum nobody\n', 'good.policy': 'quorum none\n' });
  for (const [name, host] of [
    ['a', 'a.test'],
    ['b', 'b.test'],
  ] as const) {
    const { cert, key } = await selfSigned(host, NOW * 1000, 1);
    writeFileSync(join(cwd, `${name}.crt`), cert);
    writeFileSync(join(cwd, `${name}.key`), key);
  }
  const refused: readonly (readonly [flags: string, message: RegExp])[] = [
    [
      '--tls-cert nope --tls-key nope',
      /cannot serve TLS with .*nope is not there.*PEM certificate chain.*--tls-cert/,
    ],
    ['--tls-cert none --tls-key a.key', /cannot serve TLS/],
    ['--tls-cert a.crt --tls-key none', /cannot serve TLS/],
    ['--tls-cert a.crt --tls-key b.key', /cannot serve TLS.*mismatch/],
    ['--witness-policy nope', /witnessPolicy .*nope is not there/],
    ['--witness-policy bad', /witnessPolicy .*bad/],
  ];
  for (const [flags, err] of refused) {
    for (const verb of ['config validate', 'serve']) {
      const told = await tallystick(`${verb} ${flags}`, { cwd });
      t.match(told, { code: EXIT.config, err }, `${verb} ${flags}`);
      t.match(told.err, /^error: config-invalid: /);
    }
  }
  t.notOk(existsSync(join(cwd, 'tallystick-data')), 'no typing error is written down');
  const good = '--tls-cert a.crt --tls-key a.key --witness-policy good.policy';
  t.equal((await tallystick(`config validate ${good}`, { cwd })).code, EXIT.ok);
});

t.test('the table of settings', async (t) => {
  const rows = settings();
  const config = readSettings((row) => row.fallback);
  t.strictSame(
    rows.map(({ name }) => name),
    Object.keys(config),
    'each row is named as the value it makes',
  );
  t.equal(flagOf('checkpointIntervalMs'), '--checkpoint-interval-ms');
  t.equal(envOf('checkpointIntervalMs'), 'TALLYSTICK_CHECKPOINT_INTERVAL_MS');
  t.equal(didYouMean('cmomit', ['commit', 'config']), '; did you mean commit?');
  t.equal(didYouMean('x', ['commit']), '');
});

t.test('help names every flag, variable and exit code', async (t) => {
  const cwd = t.testdir();
  const main = await tallystick('--help', { cwd });
  t.equal(main.code, EXIT.ok);
  const groups = await loadVerbs();
  const verbs = groups.flatMap(([, each]) => each);
  for (const [heading] of groups) t.match(main.out, `${heading}:`);
  for (const [code, meaning] of EXIT_CODES)
    t.match(main.out, new RegExp(`^ +${code} +${meaning.slice(0, 12)}`, 'm'));
  t.strictSame(new Set(EXIT_CODES.map(([code]) => code)), new Set(Object.values(EXIT)));

  const check = async (verb: AnyVerb, path: string): Promise<void> => {
    const { out } = await tallystick(`${path} --help`, { cwd });
    const squeezed = out.replaceAll(/\s+/g, ' ');
    t.match(out, 'EXIT CODES', `${path} lists exit codes`);
    t.ok((verb.examples ?? []).length > 0 && out.includes('EXAMPLES'), `${path} has examples`);
    for (const example of verb.examples ?? []) t.match(example, /tallystick/);
    const own = (verb.options ?? []).map(({ flags }) => flags.split(' ')[0]);
    for (const { name } of settings()) {
      const takes = verb.settings === 'all' || verb.settings?.some((each) => each === name) === true;
      if (!takes || own.includes(flagOf(name))) continue;
      t.ok(squeezed.includes(flagOf(name)) && squeezed.includes(`env: ${envOf(name)}`), `${path}: ${name}`);
    }
    for (const child of verb.verbs ?? []) await check(child, `${path} ${child.name}`);
  };
  for (const verb of verbs) {
    t.match(main.out, new RegExp(`^ +${verb.name} `, 'm'));
    t.ok(!verb.summary.endsWith('.') && verb.summary.length < 80, `${verb.name}: ${verb.summary}`);
    await check(verb, verb.name);
  }
  const [one] = (await loadVerbs(['version'])).flatMap(([, each]) => each);
  t.equal(one?.name, 'version', 'a verb is loaded by its name alone');
  for (const { name } of settings()) t.match((await tallystick('config --help', { cwd })).out, envOf(name));
});

t.test('exit codes', async (t) => {
  const cwd = t.testdir();
  t.match(await tallystick('', { cwd }), { code: EXIT.usage, err: /error: usage: no verb given/ });
  t.match(await tallystick('versoin', { cwd }), {
    code: EXIT.usage,
    err: /unknown command 'versoin' \(Did you mean version\?\)/,
  });
  t.match(await tallystick('help versoin', { cwd }), {
    code: EXIT.usage,
    out: '',
    err: /^error: usage: unknown verb versoin; did you mean version\?/,
  });
  t.match(await tallystick('status --prot 1', { cwd }), { code: EXIT.usage, err: /Did you mean --port\?/ });
  t.match(await tallystick('version extra', { cwd }), { code: EXIT.usage });
  t.match(await tallystick('completion', { cwd }), { code: EXIT.usage, err: /missing required argument/ });
  t.match(await tallystick('completion tcsh', { cwd }), { code: EXIT.usage, err: /bash, zsh/ });
  const config = await tallystick('config show --json --port x', { cwd });
  t.equal(config.code, EXIT.config);
  t.equal(config.out, '', 'a refusal leaves stdout alone');
  t.match(JSON.parse(config.err), {
    error: { code: 'config-invalid', title: 'Not started' },
    exit_code: EXIT.config,
  });
  t.match(await tallystick('status', { cwd }), {
    code: EXIT.notFound,
    err: /^error: unavailable: .*6962 cannot be reached/,
  });
  const env = new Proxy<Record<string, string>>(
    {},
    {
      get: () => {
        throw new RangeError('a bug');
      },
    },
  );
  await t.rejects(tallystick('version', { cwd, env }), RangeError, 'a bug is not a refusal');
  const version = await tallystick('version --json', { cwd });
  t.match(version.json, {
    schema: 'tallystick.version.v1',
    node: process.versions.node,
    sqlite: /^3\./,
    exit_code: 0,
  });
  t.match((await tallystick('version', { cwd })).out, /^tallystick \d+\.\d+\.\d+\nnode /);
});

t.test('output', async (t) => {
  let [out, err, now] = ['', '', 0];
  const make = (how: { json?: boolean; quiet?: boolean; terminal?: boolean; colour?: boolean }) =>
    makeOutput({
      json: how.json ?? false,
      quiet: how.quiet ?? false,
      colour: how.colour ?? true,
      now: () => now,
      stdout: { isTTY: how.terminal ?? false, write: (text) => (out += String(text)) },
      stderr: { isTTY: how.terminal ?? false, write: (text) => (err += String(text)) },
    });
  const taken = (): string[] => {
    const both = [out, err];
    [out, err] = ['', ''];
    return both;
  };
  const say = (output: ReturnType<typeof make>): string[] => {
    output.print('answer');
    output.note('remark');
    output.warn('careful');
    output.result('x', { a: 1 });
    output.finish(3);
    return taken();
  };
  t.strictSame(say(make({})), ['answer\n', 'remark\nwarning: careful\n']);
  t.strictSame(say(make({ quiet: true })), ['answer\n', 'warning: careful\n']);
  t.strictSame(say(make({ json: true })), [
    '{"schema":"tallystick.x.v1","a":1,"exit_code":3}\n',
    '{"warning":"careful"}\n',
  ]);
  make({}).write(Uint8Array.of(49));
  t.strictSame(taken(), ['49', '']);
  const painted = (output: ReturnType<typeof make>): string => {
    output.print(output.paint('red', 'x'));
    return taken()[0] ?? '';
  };
  t.equal(painted(make({})), 'x\n', 'no colours into a file');
  t.equal(painted(make({ terminal: true, colour: false })), 'x\n');
  t.equal(painted(make({ terminal: true })), '\u001b[31mx\u001b[39m\n');

  const work = (output: ReturnType<typeof make>): string => {
    now = 0;
    const progress = output.progress('entries', 200);
    for (const [at, done] of [
      [500, 50],
      [1000, 100],
      [1050, 150],
      [1200, 200],
    ] as const) {
      now = at;
      progress.at(done);
    }
    progress.end();
    return taken()[1] ?? '';
  };
  t.equal(work(make({})), '', 'nothing where nobody looks');
  t.equal(work(make({ terminal: true, quiet: true })), '');
  t.equal(
    work(make({ json: true })),
    '{"progress":{"label":"entries","done":100,"total":200,"per_second":100,"seconds_left":1}}\n' +
      '{"progress":{"label":"entries","done":200,"total":200,"per_second":166.7,"seconds_left":0}}\n',
  );
  const bars = work(make({ terminal: true }));
  t.match(bars, /^\rentries █{15}░{15} 50% \(100 of 200, 100\/s, 1 s left\)/);
  t.notMatch(bars, '150', 'not more often than can be seen');
  t.ok(bars.endsWith('\r\u001b[K'), 'and it is taken away');

  const flags = new Flags({ on: true, text: 'a', many: ['a', 'b'] });
  t.strictSame(
    [flags.on('on'), flags.on('none'), flags.text('text'), flags.text('none')],
    [true, false, 'a', undefined],
  );
  t.strictSame([flags.texts('many'), flags.texts('none')], [['a', 'b'], []]);
  for (const wrong of [() => flags.on('text'), () => flags.text('on'), () => flags.texts('on')])
    t.throws(wrong, TypeError);
});

t.test('the name of a program is no path', async (t) => {
  const dir = t.testdir({ 'log.yaml': "key: 'exec:/opt/signer'\n" });
  const key = async (line: string): Promise<unknown> => (await settled(line, { cwd: dir }))['key']?.value;
  t.equal(await key('--key exec:/opt/signer#abc'), 'exec:/opt/signer#abc');
  t.equal(await key('--config log.yaml'), 'exec:/opt/signer');
  t.equal(await key('--key key.pem'), join(dir, 'key.pem'), 'of a file it is');
});
