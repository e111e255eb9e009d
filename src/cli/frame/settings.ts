/**
 * The one table of settings. It drives the flags, the environment (`TALLYSTICK_*`), the YAML file, the
 * defaults, the help and the type `Config`: a setting is written once, below, and nowhere else.
 *
 * Each value is text in all three places and read by one parser, so `--port 8080`,
 * `TALLYSTICK_PORT=8080` and `port: 8080` cannot differ in meaning.
 */
import {
  choice,
  many,
  optional,
  optionalPath,
  path,
  text,
  toggle,
  place,
  url,
  whole,
  type Setting,
  type SettingValue,
} from './settingkinds.ts';

export type { Setting, SettingValue } from './settingkinds.ts';

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
// oxlint-disable-next-line max-lines-per-function -- a table: a line or two for each setting
export function readSettings(read: Reader) {
  return {
    dataDir: read(
      path('dataDir', '<dir>', 'the log: entries, tiles, keys, and its tallystick.yaml', './tallystick-data'),
    ),

    // The log and its server.
    origin: read(
      optional('origin', '<name>', 'name of the log on its checkpoints, such as log.example.com/2026'),
    ),
    url: read(
      url('url', 'public base URL of the server: log, witness, monitor, mirror', 'from host and port'),
    ),
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
    statementRate: read(
      whole(
        'statementRate',
        '<n>',
        'statements, those of batches too, from one client in a minute; 0: no limit',
        600_000,
        0,
        1e9,
      ),
    ),
    keyRate: read(
      whole(
        'keyRate',
        '<n>',
        'statements of one key that are logged in a minute; 0: no limit',
        60_000,
        0,
        1e9,
      ),
    ),
    subjectRate: read(
      whole(
        'subjectRate',
        '<n>',
        'statements of one key about one subject that are logged in a minute; 0: no limit',
        6_000,
        0,
        1e9,
      ),
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
      optionalPath(
        'guardDir',
        '<dir>',
        'where the highest signed head is kept',
        'guard/ in the data or witness directory',
      ),
    ),
    witnessPolicy: read(
      optionalPath('witnessPolicy', '<file>', 'tlog-policy whose quorum every receipt must have'),
    ),
    cosignRefresh: read(
      whole(
        'cosignRefresh',
        '<s>',
        'seconds after which a quiet log asks its witnesses again',
        600,
        1,
        86_400,
      ),
    ),
    open: read(toggle('open', 'a new log admits any well-signed statement (evaluation only)')),
    logLevel: read(
      choice('logLevel', 'how much the server logs', 'info', ['debug', 'info', 'warn', 'error', 'silent']),
    ),

    // The watchers: each has a directory of its own, with its state and its tallystick.yaml; a witness's keys are there too.
    witnessDir: read(
      path('witnessDir', '<dir>', "the witness's keys and what it cosigned", './tallystick-witness'),
    ),
    monitorDir: read(
      path(
        'monitorDir',
        '<dir>',
        "the monitor's verified copies, incidents and webhook secret",
        './tallystick-monitor',
      ),
    ),
    name: read(
      optional('name', '<name>', 'name of the witness, monitor or agent, such as witness.example.com/w1'),
    ),
    knownLogs: read(
      optionalPath(
        'knownLogs',
        '<file>',
        'tlog-policy or tlog-list of the logs a witness cosigns',
        '<witness-dir>/logs.policy',
      ),
    ),
    peer: read(
      many(
        'peer',
        '<url>',
        'monitoring prefix of a witness or monitor to compare tree heads with; repeat for several',
      ),
    ),
    poll: read(whole('poll', '<s>', 'seconds between two looks at a log or a peer', 10, 1, 86_400)),
    staleAfter: read(
      whole(
        'staleAfter',
        '<s>',
        'seconds after which a tree head no witness confirms is stale',
        3600,
        1,
        1e9,
      ),
    ),
    expectations: read(
      optionalPath('expectations', '<file>', 'YAML: which issuers may speak about which subjects'),
    ),
    webhook: read(url('webhook', 'where incidents are posted', '')),
    webhookSecret: read(
      optionalPath(
        'webhookSecret',
        '<file>',
        'secret that webhooks are signed with (Standard Webhooks, whsec_…)',
      ),
    ),

    // The agent.
    agentDir: read(
      path('agentDir', '<dir>', "the agent's key, spool and targets.yaml", './tallystick-agent'),
    ),
    cpuBudget: read(
      whole('cpuBudget', '<permille>', 'of one core that an agent may use over an hour', 10, 1, 1000),
    ),
    heartbeat: read(
      whole(
        'heartbeat',
        '<s>',
        'seconds after which an agent with nothing due says that it lives',
        3600,
        5,
        86_400,
      ),
    ),

    // Clients.
    log: read(
      place(
        'log',
        'URL of the log; to read alone, also of a mirror, or the directory of a copy',
        'url, else from host and port',
      ),
    ),
    key: read(
      optionalPath(
        'key',
        '<file>',
        'signing key: a PKCS#8 or OpenSSH file, ssh-agent:[fingerprint], or exec:/program',
      ),
    ),
    logOrigin: read(
      optional('logOrigin', '<text>', "the log's origin, where that is not the name of its key"),
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
      optionalPath('proofsDir', '<dir>', 'where receipts and .tlog-proof files go', './tallystick-proofs'),
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

/** Of verbs that read a log: which one, whom to trust about it, and what is remembered of it. */
export const READER_SETTINGS = [
  'log',
  'url',
  'host',
  'port',
  'vkey',
  'logOrigin',
  'policy',
  'dataDir',
  'stateDir',
  'peer',
] as const satisfies readonly SettingName[];

/** Of verbs that serve: where, under which certificate, and what lets strangers in. */
export const ENDPOINT_SETTINGS = [
  'url',
  'host',
  'port',
  'tlsCert',
  'tlsKey',
  'insecureBind',
  'trustProxy',
] as const satisfies readonly SettingName[];
