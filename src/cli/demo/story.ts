/**
 * The first part of the demonstration. In turn: a server's own signature proves a claim; another of its signatures proves
 * a violation; the agent stops, and the claims become stale; the log's database is changed, and `fsck` names the entry.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { tlsClaims, type ClaimsFile } from './claims.ts';
import { EVERYONE, is, type Play } from './play.ts';
import { freePort, type Target } from './target.ts';

/** Of the log. */
export const ORIGIN = 'demo.example/log';
export const API = 'pay/api';
export const WEB = 'shop/web';
/** Line of a banner with the URL of the server that printed it. */
export const URL_SAID = / URL +(http:\S+)/;
/** Flags of a server of the demonstration: any free port, and silence. */
export const QUIET = ['--port', '0', '--log-level', 'error'];

/** Claims that are due every few seconds, so that they become stale while the user watches. */
const OFTEN = '4s';

/** Starts two witnesses, a log whose receipts need both, and a monitor. Resolves to the URL of the monitor. */
export async function raiseLog(play: Play): Promise<string> {
  const { stage } = play;
  // A fixed port: if the user starts the log again later, it listens where the other files expect it.
  const port = String(await freePort());
  await play.must(await stage.run('init', '--origin', ORIGIN, '--port', port), EXIT.ok);
  const logPolicy = join('tallystick-data', 'trust.policy');
  const lines: string[] = [];
  for (const name of ['w1', 'w2']) {
    const args = ['witness', '--name', `${name}.example`, '--witness-dir', name, ...QUIET];
    lines.push(
      await stage.start(name, [...args, '--known-logs', logPolicy], /^ +(witness \S+ \S+ http:\S+)$/m),
    );
  }
  const quorum = `${lines.join('\n')}\ngroup both all w1.example w2.example\nquorum both\n`;
  await play.write('witnesses.policy', quorum);
  const trust = (await play.read(logPolicy)).replace(/^quorum none$/m, '').trimEnd();
  await play.write(EVERYONE, `${trust}\n${quorum}`);
  await startLog(play);
  const monitor = await stage.start(
    'monitor',
    ['monitor', play.url, '--policy', EVERYONE, '--poll', '1', ...QUIET],
    URL_SAID,
  );
  play.say(
    `A log at ${play.url}, two witnesses that must both cosign it, and a monitor that checks every entry.`,
  );
  return monitor;
}

export async function startLog(play: Play): Promise<void> {
  const serve = ['serve', '--witness-policy', 'witnesses.policy', '--log-level', 'error'];
  play.url = await play.stage.start('log', serve, URL_SAID);
}

/** Commits to claims about two servers. */
export async function declare(play: Play, api: Target, web: Target): Promise<void> {
  await api.serve('TLSv1.3');
  await web.serve('TLSv1.3');
  await play.write('server.conf', 'ssl_protocols TLSv1.3;\n');
  for (const [subject, owner, target] of [
    [API, 'payments', api],
    [WEB, 'shop', web],
  ] as const)
    await play.commit(subject, 'server.conf', tlsFile(owner, target, OFTEN), '--pin');
  play.say(
    `Declared: ${API}, a TLS server at ${api.place}, speaks TLS 1.3 and nothing older; so does ${WEB}. Each commitment names its server’s key, and both witnesses cosigned it.`,
  );
}

/** The claims of a TLS server. */
export function tlsFile(owner: string, target: Target, cadence: string): ClaimsFile {
  return { owner, locator: target.place, cadence, claims: tlsClaims(target.host) };
}

/** Starts an agent that may contact `targets` for the claims of `subjects`. */
export async function startAgent(
  play: Play,
  subjects: readonly string[],
  targets: readonly string[],
): Promise<void> {
  const named = [
    ...subjects.flatMap((subject) => ['--subject', subject]),
    ...targets.flatMap((target) => ['--target', target]),
  ];
  const args = ['agent', 'run', ...named, '--poll', '1', '--cpu-budget', '1000', ...play.log];
  await play.stage.start('agent', [...args, '--log-level', 'info'], /Tallystick agent|"level"/);
}

export async function prove(play: Play, api: Target, web: Target): Promise<void> {
  await startAgent(play, [API, WEB], [api.place, web.place]);
  const told = await play.until(
    API,
    'proven by the server itself',
    (claims) => is(claims, 'speaks-tls13', 'PROVEN', 'E3') && is(claims, 'tls12-refused', 'PROVEN'),
  );
  await play.until(WEB, 'proven', (claims) => claims.every(({ verdict }) => verdict === 'PROVEN'));
  play.show(told);
  play.say(
    'PROVEN [E3]: the server signed a challenge made of the log’s checkpoint. It does not sign that it refuses 1.2: E1.',
  );
}

/** Somebody switches TLS 1.2 on; no file changes. */
export async function violate(play: Play, api: Target): Promise<void> {
  play.say('Now TLS 1.2 is switched on in the running server. No file changes.', 'yellow');
  await api.serve('TLSv1.2');
  play.show(await play.until(API, 'violated', (claims) => is(claims, 'tls12-refused', 'VIOLATED', 'E3')));
  const why = await play.stage.run('why', API, 'tls12-refused', ...play.log);
  play.quote(why.out);
  play.say('VIOLATED [E3]: the server signed a TLS 1.2 handshake. Its operator cannot deny that later.');
}

export async function silence(play: Play): Promise<void> {
  play.say('Now the agent is killed.', 'yellow');
  await play.stage.end('agent', 'SIGKILL');
  play.show(await play.until(API, 'stale', (claims) => claims.every(({ verdict }) => verdict === 'STALE')));
  play.say('STALE: the log shows that proofs are overdue, and a claim without a fresh proof does not pass.');
}

/** A bit of a logged entry is changed in the database of the stopped log, and changed back. */
export async function tamper(play: Play, { host }: Target): Promise<void> {
  const { stage } = play;
  await stage.end('log');
  const path = join(stage.dir, 'tallystick-data', 'log.db');
  const bytes = await readFile(path);
  const at = bytes.indexOf(`${host} speaks TLS 1.3`);
  if (at === -1) throw refuse('unavailable', 'the claim’s title is not in the database');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  play.say('Now a single bit of the declaration is flipped in the log’s database.', 'yellow');
  const fsck = await stage.run('fsck');
  await play.must(fsck, EXIT.verification);
  play.quote(fsck.out);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await play.must(await stage.run('fsck'), EXIT.ok);
  play.say('fsck names the entry. (The bit is back in its place now.)');
}
