/**
 * The table of settings. The flags, the environment variables (`TALLYSTICK_*`), the keys of the YAML file, the defaults,
 * the help and the type `Config` all derive from it.
 *
 * One parser reads a setting's text from all three places, so `--port 8080`, `TALLYSTICK_PORT=8080` and `port: 8080`
 * mean the same.
 */
import type { GuardedEndpoint } from '../../web/endpoint.ts';
import { kinds, type Reader, type Setting } from './settingkinds.ts';

export type { Setting, SettingValue } from './settingkinds.ts';

/** `--data-dir` of `dataDir`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `TALLYSTICK_DATA_DIR` of `dataDir`. */
export function envOf(name: string): string {
  return `TALLYSTICK_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * Calls `read` for every row, in order; the values that it returns are the configuration. `settings()` passes a
 * function that collects the rows.
 */
// oxlint-disable-next-line max-lines-per-function -- a table: a line or two for each setting
export function readSettings(read: Reader) {
  const { choice, many, optional, optionalPath, path, place, text, toggle, url, whole } = kinds(read);
  return {
    dataDir: path(
      'dataDir <dir>',
      'the log: entries, tiles, keys, and its tallystick.yaml',
      './tallystick-data',
    ),

    // The log and its server.
    origin: optional('origin <name>', 'name of the log on its checkpoints, such as log.example.com/2026'),
    url: url(
      'url <url>',
      'public base URL of the server: log, witness, monitor, mirror',
      'from host and port',
    ),
    host: text('host <address>', 'address to listen on', '127.0.0.1'),
    port: whole('port <n>', 'port to listen on', [6962, 0, 65_535]),
    tlsCert: optionalPath('tlsCert <file>', 'PEM certificate chain: serve HTTPS'),
    tlsKey: optionalPath('tlsKey <file>', 'PEM private key of that certificate'),
    insecureBind: toggle('insecureBind', 'listen beyond loopback without TLS and without a proxy'),
    trustProxy: toggle(
      'trustProxy',
      'a proxy in front speaks TLS; take client addresses from X-Forwarded-For',
    ),
    explorer: choice('explorer <on|off>', 'pages for people, not only programs', 'on', ['on', 'off']),
    rateLimit: whole(
      'rateLimit <n>',
      'submissions a client may make in a minute; 0: no limit',
      [30_000, 0, 1e9],
    ),
    statementRate: whole(
      'statementRate <n>',
      'statements, those of batches too, from one client in a minute; 0: no limit',
      [600_000, 0, 1e9],
    ),
    keyRate: whole(
      'keyRate <n>',
      'statements of one key that are logged in a minute; 0: no limit',
      [60_000, 0, 1e9],
    ),
    subjectRate: whole(
      'subjectRate <n>',
      'statements of one key about one subject that are logged in a minute; 0: no limit',
      [6_000, 0, 1e9],
    ),
    readRateLimit: whole(
      'readRateLimit <n>',
      'reads a client may make in a minute; 0: no limit',
      [120_000, 0, 1e9],
    ),
    maxPending: whole(
      'maxPending <n>',
      'statements that may wait before the log answers 503',
      [16_384, 1, 1e6],
    ),
    checkpointIntervalMs: whole(
      'checkpointIntervalMs <ms>',
      'shortest time between two published checkpoints',
      [100, 0, 60_000],
    ),
    clockTolerance: whole(
      'clockTolerance <s>',
      'seconds the clock may lag behind the last batch',
      [60, 0, 1e9],
    ),
    guardDir: optionalPath(
      'guardDir <dir>',
      'where the highest signed head is kept',
      'guard/ in the data or witness directory',
    ),
    witnessPolicy: optionalPath('witnessPolicy <file>', 'tlog-policy whose quorum every receipt must have'),
    cosignRefresh: whole(
      'cosignRefresh <s>',
      'seconds after which a quiet log asks its witnesses again',
      [600, 1, 86_400],
    ),
    admitAny: toggle('admitAny', 'a new log admits any well-signed statement (evaluation only)'),
    logLevel: choice('logLevel <level>', 'how much the server logs', 'info', [
      'debug',
      'info',
      'warn',
      'error',
      'silent',
    ]),

    // Witness and monitor. Each has a directory with its state and its tallystick.yaml; the witness's has its keys, too.
    witnessDir: path('witnessDir <dir>', "the witness's keys and what it cosigned", './tallystick-witness'),
    monitorDir: path(
      'monitorDir <dir>',
      "the monitor's verified copies, incidents and webhook secret",
      './tallystick-monitor',
    ),
    name: optional('name <name>', 'name of the witness, monitor or agent, such as witness.example.com/w1'),
    knownLogs: optionalPath(
      'knownLogs <file>',
      'tlog-policy or tlog-list of the logs a witness cosigns',
      '<witness-dir>/logs.policy',
    ),
    peer: many(
      'peer <url>',
      'monitoring prefix of a witness or monitor to compare tree heads with; repeat for several',
    ),
    poll: whole('poll <s>', 'seconds between two polls of a log or a peer', [10, 1, 86_400]),
    staleAfter: whole(
      'staleAfter <s>',
      'seconds after which a tree head that no witness confirms is stale',
      [3600, 1, 1e9],
    ),
    expectations: optionalPath('expectations <file>', 'YAML: which issuers may speak about which subjects'),
    webhook: url('webhook <url>', 'where incidents are posted', ''),
    webhookSecret: optionalPath(
      'webhookSecret <file>',
      'secret that webhooks are signed with (Standard Webhooks, whsec_…)',
    ),

    // The agent.
    agentDir: path('agentDir <dir>', "the agent's key, spool and targets.yaml", './tallystick-agent'),
    cpuBudget: whole('cpuBudget <permille>', 'of one core that an agent may use over an hour', [10, 1, 1000]),
    heartbeat: whole(
      'heartbeat <s>',
      'seconds after which an agent with nothing due sends a heartbeat',
      [3600, 5, 86_400],
    ),

    // Clients.
    log: place(
      'log <place>',
      'URL of the log; to read alone, also of a mirror or monitor, the directory of a copy, or a bundle (.zip)',
      'url, else from host and port',
    ),
    notary: optionalPath(
      'notary <file>',
      'key with which a monitor logs notices, in the role monitor: a file, ssh-agent:…, or exec:…',
    ),
    key: optionalPath(
      'key <file>',
      'signing key: a PKCS#8 or OpenSSH file, ssh-agent:[fingerprint], or exec:/program',
    ),
    logOrigin: optional('logOrigin <text>', "the log's origin, if it is not the name of its key"),
    vkey: many('vkey <vkey>', "the log's verifier key, or a file of them; repeat for several"),
    policy: optionalPath('policy <file>', 'tlog-policy to trust instead of single verifier keys'),
    stateDir: optionalPath(
      'stateDir <dir>',
      'where the last head seen of each log is kept',
      'in the XDG state directory',
    ),
    proofsDir: optionalPath(
      'proofsDir <dir>',
      'where receipts and .tlog-proof files go',
      './tallystick-proofs',
    ),
  };
}

/** Every setting's value. */
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

/** Settings of verbs that read a log: its URL, whom to trust about it, and where its last head is stored. */
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

/** Settings of verbs that serve: address, certificate, and who may connect. */
export const ENDPOINT_SETTINGS = [
  'url',
  'host',
  'port',
  'tlsCert',
  'tlsKey',
  'insecureBind',
  'trustProxy',
  'explorer',
] as const satisfies readonly SettingName[];

/** The endpoint of a configuration. */
export function endpointOf(config: Config): GuardedEndpoint {
  return { ...config, explorer: config.explorer === 'on' };
}
