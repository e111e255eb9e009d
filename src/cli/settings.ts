/**
 * The one table of settings. It drives the flags, the environment (`TALLYSTICK_*`), the YAML file, the
 * defaults, the help and the type `Config`: a setting is written once, below, and nowhere else.
 *
 * Each value is text in all three places and read by one parser, so `--port 8080`,
 * `TALLYSTICK_PORT=8080` and `port: 8080` cannot differ in meaning.
 */
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { parseDecimal } from '../bytes/text.ts';

/** How a value is written: once, as a switch, or several times (a YAML list; blanks between in the environment). */
export type Shape = 'one' | 'switch' | 'many';

/** What a setting's value can be. */
export type SettingValue = string | number | boolean | readonly string[] | undefined;

/** One row of the table. Flag, variable and file key all derive from `name`. */
export interface Setting<T extends SettingValue = SettingValue> {
  /** Key in the file and in `Config`: camelCase. */
  readonly name: string;
  readonly shape: Shape;
  /** Placeholder in the help: `<dir>`. Empty for a switch. */
  readonly hint: string;
  readonly help: string;
  /** Value when it is given nowhere. */
  readonly fallback: T;
  /** That value in words; empty when there is none. */
  readonly otherwise: string;
  /** Whether relative paths are taken from the file's own folder when the file says them. */
  readonly path: boolean;
  /** Reads the written texts, never empty; throws `config-invalid`, saying what was expected. */
  readonly parse: (texts: readonly string[]) => T;
}

/** Reads one setting wherever its value comes from. */
export type Reader = <T extends SettingValue>(setting: Setting<T>) => T;

/** `--data-dir` of `dataDir`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `TALLYSTICK_DATA_DIR` of `dataDir`. */
export function envOf(name: string): string {
  return `TALLYSTICK_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * The table. `read` is asked for every row in order, and what it answers is the configuration; a
 * reader that only looks at the rows lists them (`settings()`).
 */
export function readSettings(read: Reader) {
  return {
    dataDir: read(
      path('dataDir', '<dir>', 'the log: entries, tiles, keys, and its tallystick.yaml', './tallystick-data'),
    ),

    // The log and its server.
    origin: read(
      optional('origin', '<name>', 'name of the log on its checkpoints, such as log.example.com/2026'),
    ),
    url: read(url('url', 'public base URL of the log', 'from host and port')),
    host: read(text('host', '<address>', 'address to listen on', '127.0.0.1')),
    port: read(whole('port', '<n>', 'port to listen on', 6962, 0, 65_535)),
    tlsCert: read(optionalPath('tlsCert', '<file>', 'PEM certificate chain: serve HTTPS')),
    tlsKey: read(optionalPath('tlsKey', '<file>', 'PEM private key of that certificate')),
    insecureBind: read(toggle('insecureBind', 'listen beyond loopback without TLS and without a proxy')),
    trustProxy: read(
      toggle('trustProxy', 'a proxy in front speaks TLS; take client addresses from X-Forwarded-For'),
    ),
    rateLimit: read(
      whole('rateLimit', '<n>', 'submissions a client may make in a minute; 0: no limit', 30_000, 0, 1e9),
    ),
    readRateLimit: read(
      whole('readRateLimit', '<n>', 'reads a client may make in a minute; 0: no limit', 120_000, 0, 1e9),
    ),
    maxPending: read(
      whole('maxPending', '<n>', 'statements that may wait before the log answers 503', 16_384, 1, 1e6),
    ),
    checkpointIntervalMs: read(
      whole(
        'checkpointIntervalMs',
        '<ms>',
        'shortest time between two published checkpoints',
        100,
        0,
        60_000,
      ),
    ),
    clockTolerance: read(
      whole('clockTolerance', '<s>', 'seconds the clock may lag behind the last batch', 60, 0, 1e9),
    ),
    guardDir: read(
      optionalPath('guardDir', '<dir>', 'where the highest signed head is kept', '<data-dir>/guard'),
    ),
    witnessPolicy: read(
      optionalPath('witnessPolicy', '<file>', 'tlog-policy whose quorum every receipt must have'),
    ),
    open: read(toggle('open', 'admit any well-signed statement (evaluation only)')),
    logLevel: read(
      choice('logLevel', 'how much the server logs', 'info', ['debug', 'info', 'warn', 'error', 'silent']),
    ),

    // Clients.
    log: read(url('log', 'URL of the log to talk to', 'url, else from host and port')),
    key: read(
      optionalPath('key', '<file>', 'signing key: a PKCS#8 or OpenSSH file, or ssh-agent:[fingerprint]'),
    ),
    vkey: read(many('vkey', '<vkey>', "the log's verifier key, or a file of them; repeat for several")),
    policy: read(optionalPath('policy', '<file>', 'tlog-policy to trust instead of single verifier keys')),
    stateDir: read(
      optionalPath(
        'stateDir',
        '<dir>',
        'where the last head seen of each log is kept',
        'in the XDG state directory',
      ),
    ),
    proofsDir: read(
      optionalPath('proofsDir', '<dir>', 'where receipts and .tlog-proof files go', 'beside the input'),
    ),
  };
}

/** Every setting's value: what `readSettings` answers. */
export type Config = Readonly<ReturnType<typeof readSettings>>;
export type SettingName = keyof Config;

/** The rows of the table, in order. */
export function settings(): readonly Setting[] {
  const rows: Setting[] = [];
  readSettings((row) => {
    rows.push(row);
    return row.fallback;
  });
  return rows;
}

function bad(what: string): Refusal {
  return refuse('config-invalid', what);
}

function single<T extends SettingValue>(
  name: string,
  hint: string,
  help: string,
  fallback: T,
  parse: (text: string) => T,
): Setting<T> {
  const first = (texts: readonly string[]): T => {
    const [only] = texts;
    if (only === undefined || texts.length > 1) throw bad('expected one value');
    if (only === '') throw bad('is empty; leave it out instead');
    return parse(only);
  };
  const otherwise = fallback === undefined ? '' : String(fallback);
  return { name, shape: 'one', hint, help, fallback, otherwise, path: false, parse: first };
}

function text(name: string, hint: string, help: string, fallback: string): Setting<string> {
  return single(name, hint, help, fallback, String);
}

function optional(name: string, hint: string, help: string, otherwise = ''): Setting<string | undefined> {
  return { ...single<string | undefined>(name, hint, help, undefined, String), otherwise };
}

function path(name: string, hint: string, help: string, fallback: string): Setting<string> {
  return { ...text(name, hint, help, fallback), path: true };
}

function optionalPath(name: string, hint: string, help: string, otherwise = ''): Setting<string | undefined> {
  return { ...optional(name, hint, help, otherwise), path: true };
}

function url(name: string, help: string, otherwise: string): Setting<string | undefined> {
  const row = single<string | undefined>(name, '<url>', help, undefined, (value) => {
    const parsed = URL.parse(value);
    if (parsed === null || !/^https?:$/.test(parsed.protocol))
      throw bad('expected an http:// or https:// URL');
    if (parsed.username !== '' || parsed.password !== '') throw bad('a password in a URL ends up in logs');
    if (parsed.search !== '' || parsed.hash !== '') throw bad('expected a URL without ? and #');
    return value.replace(/\/+$/, '');
  });
  return { ...row, otherwise };
}

function whole(
  name: string,
  hint: string,
  help: string,
  fallback: number,
  min: number,
  max: number,
): Setting<number> {
  return single(name, hint, help, fallback, (value) => {
    const n = parseDecimal(value);
    if (n < min || n > max) throw bad(`expected ${min} to ${max}`);
    return n;
  });
}

function toggle(name: string, help: string): Setting<boolean> {
  const row = single(name, '', help, false, (value) => {
    if (value !== 'true' && value !== 'false') throw bad('expected true or false');
    return value === 'true';
  });
  return { ...row, shape: 'switch' };
}

function choice(name: string, help: string, fallback: string, choices: readonly string[]): Setting<string> {
  return single(name, '<level>', `${help}: ${choices.join(', ')}`, fallback, (value) => {
    if (!choices.includes(value)) throw bad(`expected one of ${choices.join(', ')}`);
    return value;
  });
}

function many(name: string, hint: string, help: string): Setting<readonly string[]> {
  return {
    name,
    shape: 'many',
    hint,
    help,
    fallback: [],
    otherwise: '',
    path: false,
    parse: (texts) => [...texts],
  };
}
