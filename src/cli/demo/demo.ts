/**
 * The demonstration: a log, two witnesses, a monitor, an agent and a real TLS server, all on this machine and without
 * root. In turn: the server's own signature proves a claim; another of its signatures proves a violation; the agent
 * stops, and the claims become stale; the log's database is changed, and `fsck` names the entry. The demonstration is a
 * test, too: if an act does not end as announced, the command fails.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { appraiseSubject, type ClaimStatus } from '../../appraisal/index.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { openClient } from '../../client/client.ts';
import { trustPolicy } from '../../client/trust.ts';
import { EXIT } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import { selfSigned } from './certificate.ts';
import { Stage, type Ran } from './stage.ts';
import { freePort, Target } from './target.ts';

const HOST = 'pay.example';
const SUBJECT = 'pay/api';
const URL_SAID = / URL +(http:\S+)/;

/** Runs the demonstration in `dir`, which is new. Refuses `unavailable` if a part does not start or an act fails. */
export async function demo(context: Context, dir: string, program: string): Promise<number> {
  const { output, world } = context;
  const stage = new Stage(dir, program);
  const target = new Target(await selfSigned(HOST, world.now(), 90));
  const acts = new Acts(context, stage, target);
  try {
    await acts.raiseLog();
    await acts.declare();
    await acts.prove();
    await acts.violate();
    await acts.silence();
    await acts.tamper();
  } finally {
    await stage.clear();
    await target.close();
  }
  output.print(acts.ending(relative(world.cwd, dir) || '.'));
  return EXIT.ok;
}

class Acts {
  readonly #context: Context;
  readonly #stage: Stage;
  readonly #target: Target;
  #url = '';
  /** The flags that name the log for every command. */
  #log: readonly string[] = [];

  constructor(context: Context, stage: Stage, target: Target) {
    this.#context = context;
    this.#stage = stage;
    this.#target = target;
  }

  /** Starts two witnesses, a log whose receipts need both, and a monitor. */
  async raiseLog(): Promise<void> {
    const stage = this.#stage;
    // A fixed port: if the user starts the log again later, it listens where the other files expect it.
    const port = String(await freePort());
    await this.#must(await stage.run('init', '--origin', 'demo.example/log', '--port', port), EXIT.ok);
    const trust = await this.#file('tallystick-data', 'trust.policy');
    const lines: string[] = [];
    for (const name of ['w1', 'w2']) {
      const args = [
        'witness',
        '--name',
        `${name}.example`,
        '--witness-dir',
        name,
        '--port',
        '0',
        '--log-level',
        'error',
      ];
      const known = ['--known-logs', join('tallystick-data', 'trust.policy')];
      lines.push(await stage.start(name, [...args, ...known], /^ +(witness \S+ \S+ http:\S+)$/m));
    }
    const quorum = `${lines.join('\n')}\ngroup both all w1.example w2.example\nquorum both\n`;
    await writeFile(join(stage.dir, 'witnesses.policy'), quorum);
    await writeFile(
      join(stage.dir, 'everyone.policy'),
      trust.replace(/^quorum none$/m, '').trimEnd() + `\n${quorum}`,
    );
    const serve = ['serve', '--witness-policy', 'witnesses.policy', '--log-level', 'error'];
    const url = await stage.start('log', serve, URL_SAID);
    this.#url = url;
    this.#log = ['--log', url, '--policy', 'everyone.policy'];
    const monitor = [
      'monitor',
      url,
      '--policy',
      'everyone.policy',
      '--port',
      '0',
      '--poll',
      '1',
      '--log-level',
      'error',
    ];
    await stage.start('monitor', monitor, URL_SAID);
    this.#say(
      `A log at ${url}, two witnesses that must both cosign it, and a monitor that checks every entry.`,
    );
  }

  /** Commits to claims about the server. */
  async declare(): Promise<void> {
    await this.#target.serve('TLSv1.3');
    const place = `127.0.0.1:${this.#target.port}`;
    await writeFile(join(this.#stage.dir, 'server.conf'), 'ssl_protocols TLSv1.3;\n');
    await writeFile(join(this.#stage.dir, 'claims.yaml'), claimsFor(place));
    const commit = ['commit', 'server.conf', '--subject', SUBJECT, '--claims', 'claims.yaml', '--pin'];
    await this.#must(await this.#stage.run(...commit, '--wait', '20', ...this.#log), EXIT.ok);
    this.#say(
      `Declared: ${SUBJECT}, a TLS server at ${place}, speaks TLS 1.3 and nothing older. The commitment names its key, and both witnesses cosigned it.`,
    );
  }

  async prove(): Promise<void> {
    const place = `127.0.0.1:${this.#target.port}`;
    const args = [
      'agent',
      'run',
      '--subject',
      SUBJECT,
      '--target',
      place,
      '--poll',
      '1',
      '--cpu-budget',
      '1000',
    ];
    await this.#stage.start(
      'agent',
      [...args, ...this.#log, '--log-level', 'info'],
      /Tallystick agent|"level"/,
    );
    const told = await this.#until(
      'proven by the server itself',
      (claims) => is(claims, 'speaks-tls13', 'PROVEN', 'E3') && is(claims, 'tls12-refused', 'PROVEN'),
    );
    this.#show(told);
    this.#say(
      'PROVEN [E3]: the server signed a challenge made of the log’s checkpoint. It does not sign that it refuses 1.2: E1.',
    );
  }

  /** Somebody switches TLS 1.2 on; no file changes. */
  async violate(): Promise<void> {
    this.#say('Now TLS 1.2 is switched on in the running server. No file changes.', 'yellow');
    await this.#target.serve('TLSv1.2');
    this.#show(await this.#until('violated', (claims) => is(claims, 'tls12-refused', 'VIOLATED', 'E3')));
    const why = await this.#stage.run('why', SUBJECT, 'tls12-refused', ...this.#log);
    this.#context.output.print(indent(why.out));
    this.#say('VIOLATED [E3]: the server signed a TLS 1.2 handshake. Its operator cannot deny that later.');
  }

  async silence(): Promise<void> {
    this.#say('Now the agent is killed.', 'yellow');
    await this.#stage.end('agent', 'SIGKILL');
    this.#show(await this.#until('stale', (claims) => claims.every(({ verdict }) => verdict === 'STALE')));
    this.#say(
      'STALE: the log shows that proofs are overdue, and a claim without a fresh proof does not pass.',
    );
  }

  /** A byte of a logged entry is changed in the database of the stopped log. */
  async tamper(): Promise<void> {
    await this.#stage.end('log');
    const path = join(this.#stage.dir, 'tallystick-data', 'log.db');
    const bytes = await readFile(path);
    const at = bytes.indexOf('server speaks TLS 1.3');
    if (at === -1) throw refuse('unavailable', 'the claim’s title is not in the database');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path, bytes);
    this.#say('Now a single bit of the declaration is flipped in the log’s database.', 'yellow');
    const fsck = await this.#stage.run('fsck');
    await this.#must(fsck, EXIT.verification);
    this.#context.output.print(indent(fsck.out));
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await this.#must(await this.#stage.run('fsck'), EXIT.ok);
    this.#say('fsck names the entry. (The bit is back in its place now.)');
  }

  ending(dir: string): string {
    return [
      '',
      this.#context.output.paint('bold', `Everything is in ${dir}/`),
      '  tallystick-data/     the log, its keys, its policy        w1/, w2/   the witnesses',
      '  tallystick-monitor/  a verified copy of the log           tallystick-agent/   the agent’s chain and seeds',
      '  tallystick-proofs/   what proves the commitment           claims.yaml         what was declared',
      '',
      'Try next, in that directory:',
      `  npx tallystick verify tallystick-proofs/*/ --policy everyone.policy --explain`,
      '  npx tallystick serve        then, in another terminal:',
      `  npx tallystick registry blame ${SUBJECT} tls12-refused`,
      '  npx tallystick agent plan --help',
    ].join('\n');
  }

  /** Reads the log and appraises the claims until they are as wanted. Refuses `unavailable` after a minute. */
  async #until(
    what: string,
    wanted: (claims: readonly ClaimStatus[]) => boolean,
  ): Promise<readonly ClaimStatus[]> {
    const end = this.#context.world.now() + 60_000;
    for (;;) {
      let said: string;
      try {
        const claims = await this.#appraised();
        if (claims.length > 0 && wanted(claims)) return claims;
        said = claims.map(({ claim, verdict }) => `${claim.id} ${verdict}`).join(', ');
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        said = error.message;
      }
      if (this.#context.world.now() > end)
        throw refuse('unavailable', `it was not ${what} within a minute: ${said}`);
      await pause(300);
    }
  }

  async #appraised(): Promise<readonly ClaimStatus[]> {
    const { fetch, now } = this.#context.world;
    const trust = trustPolicy(encodeUtf8(await this.#file('everyone.policy')));
    const snapshot = await openClient({ log: this.#url, trust, fetch, now }).snapshot();
    return appraiseSubject(await snapshot.subject(SUBJECT), snapshot.context).claims;
  }

  #show(claims: readonly ClaimStatus[]): void {
    const { output } = this.#context;
    for (const { claim, verdict, evidence, explain } of claims) {
      const style = verdict === 'PROVEN' ? 'green' : verdict === 'STALE' ? 'yellow' : 'red';
      const why = explain === undefined ? '' : `  ${explain}`;
      output.print(
        `    ${claim.id.padEnd(14)} ${output.paint(style, `${verdict} [${evidence ?? '–'}]`)}${why}`,
      );
    }
  }

  #say(text: string, style: 'bold' | 'yellow' = 'bold'): void {
    this.#context.output.print(`\n${this.#context.output.paint(style, text)}`);
  }

  async #file(...parts: readonly string[]): Promise<string> {
    return readFile(join(this.#stage.dir, ...parts), 'utf8');
  }

  async #must({ code, out, err }: Ran, wanted: number): Promise<void> {
    if (code !== wanted)
      throw refuse('unavailable', `exit code ${String(code)} in place of ${wanted}: ${err}${out}`);
  }
}

/** Claims that are due every few seconds, so that they become stale while the user watches. */
function claimsFor(place: string): string {
  return [
    `target: { owner: pay, locators: ["${place}"] }`,
    'tier: critical-path',
    'claims:',
    claimFor('speaks-tls13', 'The server speaks TLS 1.3', "o.tls.accepted['TLSv1.3']", 'E3'),
    claimFor('tls12-refused', 'The server refuses TLS 1.2', "!o.tls.accepted['TLSv1.2']", 'E1'),
  ].join('\n');
}

function claimFor(id: string, title: string, expr: string, evidence: string): string {
  return `  - { id: ${id}, title: "${title}", probe: tls@1, params: { servername: ${HOST} }, expr: "${expr}", minEvidence: ${evidence}, cadence: 4s, grace: 1, severity: critical }`;
}

function is(claims: readonly ClaimStatus[], claim: string, verdict: string, evidence?: string): boolean {
  return claims.some(
    (each) =>
      each.claim.id === claim && each.verdict === verdict && (evidence ?? each.evidence) === each.evidence,
  );
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
