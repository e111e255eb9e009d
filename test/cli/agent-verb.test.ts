/** `prove`, `agent` and `deploy mark` as their users meet them: real processes, a real log, a server that changes. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { digest } from '../../src/bytes/brand.ts';
import { parseBase64, parseHex } from '../../src/bytes/text.ts';
import { unitOf } from '../../src/cli/views/agent-unit.ts';
import { run } from '../../src/cli/main.ts';
import { submitStatement } from '../../src/client/scrapi.ts';
import { loadKeyFile } from '../../src/keys/load.ts';
import { parseCheckpoint, signCheckpoint } from '../../src/note/checkpoint.ts';
import { parseNote } from '../../src/note/note.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { encodeWaiver } from '../../src/statement/payload.ts';
import type { RuntimeProof } from '../../src/statement/proof.ts';

t.setTimeout(180_000);

import { signOwn } from '../../src/statement/sign.ts';

const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of --json is what is tested
  readonly json: any;
}

/** A folder, a log in it as a process, and a server that refuses TLS in a way of its choosing. */
class Stage {
  readonly dir = mkdtempSync(join(tmpdir(), 'tallystick-prove-'));
  readonly server: Server;
  /** Seconds that this user's clock is off. */
  skew = 0;
  /** How this user reaches the log. */
  fetch: typeof fetch = fetch;
  /** What the server does: says in TLS that it does not want to, or hangs up. */
  answers = true;
  url = '';
  #log: ChildProcess | undefined;

  private constructor() {
    // A fatal alert, protocol_version (RFC 8446 §6.2): every version is refused, whatever else was offered.
    this.server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (!this.answers) socket.destroy();
      else socket.once('data', () => socket.end(Buffer.from('15030300020246', 'hex')));
    });
  }

  static async start(t: Test): Promise<Stage> {
    const stage = new Stage();
    stage.server.listen(0, '127.0.0.1');
    await once(stage.server, 'listening');
    t.teardown(async () => {
      stage.server.close();
      await stage.stopLog();
      rmSync(stage.dir, { recursive: true, force: true });
    });
    await stage.startLog(0);
    return stage;
  }

  get target(): string {
    const address = this.server.address() as AddressInfo;
    return `127.0.0.1:${address.port}`;
  }

  async startLog(port: number): Promise<void> {
    const child = this.spawned('serve', '--port', String(port), '--log-level', 'error');
    this.#log = child;
    this.url = await said(child, / URL +(http:\S+)/);
  }

  async stopLog(): Promise<void> {
    const child = this.#log;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  spawned(...argv: readonly string[]): ChildProcess {
    // The test runner loads into each Node what is more than a confined one may do.
    const plain = argv.includes('--confine') ? ['-u', 'NODE_OPTIONS'] : [];
    return spawn('env', [...plain, process.execPath, BIN, ...argv], {
      cwd: this.dir,
      env: { ...process.env, XDG_STATE_HOME: join(this.dir, 'state') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Runs a command line in this process. */
  async told(...argv: readonly string[]): Promise<Told> {
    let [out, err] = ['', ''];
    const code = await run(argv, {
      env: { XDG_STATE_HOME: join(this.dir, 'state') },
      cwd: this.dir,
      fetch: this.fetch,
      now: () => Date.now() + this.skew * 1000,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    return { code, out, err, json: argv.includes('--json') && out !== '' ? JSON.parse(out) : {} };
  }

  prove(...flags: readonly string[]): Promise<Told> {
    return this.told('prove', '--log', this.url, ...flags);
  }

  /** Commits to claims about the server. */
  async commit(subject: string, claims: string): Promise<string> {
    writeFileSync(join(this.dir, 'app.json'), JSON.stringify({ tls: '1.3', subject }));
    writeFileSync(
      join(this.dir, 'claims.yaml'),
      `target: { locators: ["${this.target}"] }\nclaims:\n${claims}`,
    );
    const argv = ['commit', 'json', 'app.json', '--subject', subject, '--claims', 'claims.yaml', '--json'];
    const { code, err, json } = await this.told(...argv, '--log', this.url);
    if (code !== 0) throw new Error(err);
    return json.entry;
  }

  /** Proofs in the log, oldest first. */
  async proofs(subject: string): Promise<readonly RuntimeProof[]> {
    const search = new URLSearchParams({ subject, kind: 'proof' });
    const { entries } = (await (await fetch(`${this.url}/v1/search?${String(search)}`)).json()) as {
      entries: { id: string }[];
    };
    const proofs = entries.map(async ({ id }) => {
      const { bytes } = (await (await fetch(`${this.url}/v1/entries/${id}`)).json()) as { bytes: string };
      const parsed = parseStatement(parseBase64(bytes));
      if (parsed.kind !== 'proof') throw new Error('no proof');
      return parsed.proof;
    });
    return (await Promise.all(proofs)).toReversed();
  }
}

/** What a process says on stderr, as soon as it does. */
async function said(child: ChildProcess, what: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stderr, child.stdout])
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = what.exec(text);
        if (found !== null) resolve(found[1] ?? found[0]);
      });
    child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)));
  });
}

/** Asks again until the answer is there. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => void setTimeout(resolve, 100));
  }
  throw new Error('it did not happen within a minute');
}

const claim = (id: string, expr: string, more = ''): string =>
  `  - { id: ${id}, probe: tls@1, expr: '${expr}', minEvidence: E1, cadence: 5s, severity: high${more} }\n`;
const REFUSES = claim('refuses', '!o.tls.accepted["TLSv1.2"]', ', deadline: 5m');
const ACCEPTS = claim('accepts', 'o.tls.accepted["TLSv1.3"]');

t.test('prove: from nothing to a proof, and every way it can end', async (t) => {
  const stage = await Stage.start(t);
  const commitment = await stage.commit('db/pay', REFUSES);
  t.match(await stage.prove(), { code: 1, err: /say what to prove, .* \(--subject\)/ });
  t.match(await stage.prove('--subject', 'nothing'), { code: 2, err: /no commitment to nothing/ });
  t.match(await stage.prove('--subject', 'db/pay', '--nonce', 'ab'), { code: 1, err: /16 to 64 bytes/ });
  t.match(await stage.prove('--subject', 'db/pay', '--claim', 'x'), {
    code: 1,
    err: /no claim x; it has refuses/,
  });
  t.equal((await stage.proofs('db/pay')).length, 0);

  const unasked = await stage.prove('--subject', 'db/pay');
  const line = `tallystick agent enrol db/pay tls@1 ${stage.target}`;
  t.match(unasked, {
    code: 5,
    out: '',
    err: /nothing was sent, and nothing is logged: the owner of \S+ has not enrolled it/,
  });
  t.ok(
    unasked.err.split('\n').some((each) => each.trim() === line),
    'the line to paste',
  );
  t.equal((await stage.proofs('db/pay')).length, 0, 'nothing is logged');

  const nonce = '00112233445566778899aabbccddeeff';
  const proven = await stage.prove('--subject', 'db/pay', '--target', stage.target, '--nonce', nonce);
  t.match(proven, {
    code: 0,
    out: /^db\/pay {2}seq 0 {2}entry \d+\n {2}refuses {2}PROVEN +\[E1 agent-saw\]\n$/,
  });
  const [second] = await stage.proofs('db/pay');
  t.match(second, {
    seq: 0,
    commitment: digest(parseHex(commitment)),
    agent: { name: 'tallystick agent', profileDigest: Uint8Array },
    challenge: { nonce: parseHex(nonce) },
    results: [{ claim: 'refuses', verdict: 'PROVEN', evidence: 'E1' }],
  });

  stage.answers = false;
  const json = await stage.prove('--subject', 'db/pay', '--target', stage.target, '--json');
  t.match(json, {
    code: 5,
    json: {
      schema: 'tallystick.prove.v1',
      subjects: [
        {
          subject: 'db/pay',
          seq: 1,
          entry: /^[0-9a-f]{64}$/,
          logged: true,
          refused: null,
          commitment,
          claims: [
            { claim: 'refuses', verdict: 'UNKNOWN', evidence: 'E0', waived: false, explain: /unavailable/ },
          ],
        },
      ],
      waiting: 0,
      exit_code: 5,
    },
  });
  stage.answers = true;
  await stage.commit('db/pay', REFUSES + ACCEPTS);
  const violated = await stage.prove('--subject', 'db/pay', '--target', '127.0.0.1:*');
  t.match(violated, { code: 3, out: /accepts +VIOLATED/ });
  t.match((await stage.proofs('db/pay')).at(-1)?.disclosed, [{}], 'a violation is shown');
  t.match(await stage.prove('--subject', 'db/pay', '--target', '127.0.0.1:*', '--claim', 'refuses'), {
    code: 0,
  });
  t.match(await stage.prove('--subject', 'db/pay', '--explain', '--json'), {
    code: 0,
    json: { looks: [{ probe: 'tls@1', target: stage.target, blast_radius: /handshakes/ }], limits: [/./] },
  });

  t.match(await stage.prove('--subject', 'nothing', '--subject', 'db/pay', '--target', stage.target), {
    code: 3,
    out: /db\/pay {2}seq \d+ {2}entry/,
    err: /nothing: no proof was made \(not-found: no commitment to nothing/,
  });

  // A successor that nobody approved ends nothing, nor does it take the leaves of what is in force.
  const www = join(stage.dir, 'www');
  mkdirSync(www);
  const declare = async (text: string): Promise<Told> => {
    writeFileSync(join(www, 'a'), text);
    const claims = `target: { locators: [${www}] }\napprovals: 1\nclaims: [{ pack: file-integrity, params: { prefix: www } }]\n`;
    writeFileSync(join(stage.dir, 'www.yaml'), claims);
    return stage.told(
      'commit',
      'files',
      'www',
      '--subject',
      'www',
      '--claims',
      'www.yaml',
      '--log',
      stage.url,
    );
  };
  t.match(await declare('one'), { code: 0 });
  const key = join(stage.dir, 'tallystick-data/keys/approver.pem');
  t.match(await stage.told('approve', 'www', '--yes', '--key', key, '--log', stage.url), { code: 0 });
  const proveFiles = () => stage.prove('--subject', 'www', '--target', www);
  t.match(await proveFiles(), { code: 0, out: /files-unchanged +PROVEN/ });
  t.match(await declare('two'), { code: 0 });
  t.match(await proveFiles(), { code: 3, out: /files-unchanged +VIOLATED/ }, 'against the one in force');
  writeFileSync(join(www, 'a'), 'one');
  t.match(await proveFiles(), { code: 0, out: /files-unchanged +PROVEN/ });
  for (const claims of [REFUSES, ACCEPTS]) await stage.commit('db/twice', claims);
  t.match(await stage.told('registry', 'diff', 'db/twice', '--log', stage.url), { code: 0, out: /^leaves/m });

  // Two rules for one subject are one proof of it; a pattern is what the log has of it.
  const targets = join(stage.dir, 'tallystick-agent/targets.yaml');
  const rule = (subject: string, target: string): string =>
    `- { subject: ${subject}, probe: '*', targets: ['${target}'] }\n`;
  writeFileSync(targets, rule('www', www) + rule('www', '/none') + rule("'db/**'", '127.0.0.1:*'));
  const all = await stage.prove('--json');
  t.match(all, { code: 3, json: { failed: [] } });
  t.same(
    all.json.subjects.map(({ subject }: { subject: string }) => subject),
    ['www', 'db/pay', 'db/twice'],
  );
  rmSync(targets);

  // Somebody answers for it.
  const approver = await loadKeyFile(join(stage.dir, 'tallystick-data/keys/approver.pem'));
  const waiver = encodeWaiver({
    commitment: (await stage.proofs('db/pay')).at(-1)?.commitment ?? digest(new Uint8Array(32)),
    claims: ['accepts'],
    owner: 'Alice',
    reason: 'migration',
    notAfter: Math.floor(Date.now() / 1000) + 3600,
  });
  const { origin } = (await stage.proofs('db/pay')).at(-1)?.challenge ?? { origin: '' };
  const issued = Math.floor(Date.now() / 1000);
  const headers = {
    kind: 'waiver',
    log: origin,
    issuer: 'x',
    subject: 'db/pay',
    issued,
    confirm: true,
  } as const;
  const signed = await signOwn(headers, waiver, approver);
  const { id } = await submitStatement({ fetch, now: Date.now }, stage.url, signed);
  // An agent reads what a published head covers, and the proof of an entry is there once one does.
  t.equal((await fetch(`${stage.url}/entries/${id}/proof`)).status, 200);
  t.match(await stage.prove('--subject', 'db/pay', '--target', '127.0.0.1:*'), {
    code: 0,
    out: /accepts +VIOLATED .*WAIVED by Alice until/,
  });

  // What the proof rests on is opened for somebody, who checks it offline.
  const seq = String((await stage.proofs('db/pay')).length - 1);
  const about = ['--subject', 'db/pay', '--log', stage.url];
  t.match(await stage.told('agent', 'open', seq, 'accepts', '--out', 'give', ...about), {
    code: 0,
    out: /^proof \d+ of db\/pay, entry \d+: \d+ of \d+ leaves\n {2}accepts {2}\//,
    err: /hand over give\//,
  });
  const checked = await stage.told('verify', 'give');
  t.match(checked, {
    code: 0,
    out: /✓ opened leaf .*\(accepts\)\nAUTHENTIC: .*VIOLATED\n {2}so said tallystick agent about db\/pay/,
  });
  const kept = join(stage.dir, 'give/openings.json');
  writeFileSync(kept, readFileSync(kept, 'utf8').replaceAll('"accepts"', '"refuses"'));
  t.match(await stage.told('verify', 'give'), {
    code: 3,
    out: /✗ opened leaf no result of the claim refuses/,
  });
  t.match(await stage.told('agent', 'open', 'x'), { code: 1, err: /x is no proof/ });
  t.match(await stage.told('agent', 'retain'), { code: 0, out: /there is no rule/ });
  t.match(
    await stage.told('agent', 'retain', '--observations', '400d', '--subject', 'db/pay', '--log', stage.url),
    { code: 0, out: /^logged +entry \d+, about db\/pay\ndb\/pay {2}observations older than 400 days/ },
  );
  t.match(await stage.told('agent', 'retain', '--hold', '--subject', 'db/pay', '--log', stage.url), {
    code: 0,
    out: /hold: nothing is destroyed/,
  });

  stage.skew = 7200;
  t.equal(
    (await stage.prove('--subject', 'db/pay', '--target', '127.0.0.1:*')).code,
    3,
    'as long as it lasts',
  );
  stage.skew = 0;
  t.match(await stage.prove('--subject', 'db/pay', '--target', '127.0.0.1:*'), {
    code: 78,
    err: /clock-behind/,
  });
});

t.test('prove: a log that shows another history ends all of it', async (t) => {
  const stage = await Stage.start(t);
  for (const subject of ['db/pay', 'db/web']) await stage.commit(subject, REFUSES);
  const signer = await loadKeyFile(join(stage.dir, 'tallystick-data/keys/checkpoint-ed25519.pem'));
  let heads = 0;
  stage.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    // Of a newer proof, which asks for a newer head; and that is of another history.
    if (url.searchParams.get('kind') === 'proof')
      return Response.json({
        entries: [{ index: 1_000, id: 'f'.repeat(64), subject: url.searchParams.get('subject'), time: 0 }],
        next: null,
      });
    const response = await fetch(input, init);
    if (url.pathname !== '/checkpoint' || heads++ === 0) return response;
    const checkpoint = parseCheckpoint(parseNote(await response.text()).text);
    const other = { ...checkpoint, root: digest(new Uint8Array(32)) };
    return new Response(await signCheckpoint(other, [{ name: checkpoint.origin, type: 1, signer }], 0));
  };
  t.match(await stage.prove('--subject', 'db/pay', '--subject', 'db/web', '--target', stage.target), {
    code: 4,
    err: /^error: inconsistent: /m,
  });
  stage.fetch = fetch;
  t.same([await stage.proofs('db/pay'), await stage.proofs('db/web')], [[], []], 'it was sent nothing');
});

t.test('prove: a directory serves one log', async (t) => {
  const [one, other] = [await Stage.start(t), await Stage.start(t)];
  for (const stage of [one, other]) await stage.commit('db/pay', REFUSES);
  const flags = ['--subject', 'db/pay', '--target', one.target];
  t.equal((await one.prove(...flags)).code, 0);
  const foreign = [...flags, '--log', other.url, '--policy', join(other.dir, 'tallystick-data/trust.policy')];
  const told = {
    code: 78,
    err: /config-invalid: \S+tallystick-agent serves the log \S+, and this one is .*--agent-dir/,
  };
  t.match(await one.told('prove', ...foreign), told);
  t.match(await one.told('agent', ...foreign), told);
  t.match(await one.told('agent', 'plan', '--subject', 'db/pay', ...foreign.slice(4)), told);
  await other.stopLog();
  t.match(await one.told('prove', ...foreign), told, 'known without asking it');
  // Who trusts both learns from the answer which one it is.
  const both = join(one.dir, 'both.policy');
  const policies = [one, other].map(({ dir }) =>
    readFileSync(join(dir, 'tallystick-data/trust.policy'), 'utf8'),
  );
  writeFileSync(both, policies.join('').replaceAll(/^quorum.*$/gm, '') + 'quorum none\n');
  await other.startLog(0);
  t.match(await one.told('prove', ...flags, '--log', other.url, '--policy', both), told);
  t.match(await one.prove(...flags, '--json'), { code: 0, json: { subjects: [{ seq: 1 }], waiting: 0 } });
  t.equal((await other.proofs('db/pay')).length, 0);
});

t.test('prove: the log is away, a directory is lost, a key is unknown', async (t) => {
  const stage = await Stage.start(t);
  await stage.commit('db/pay', REFUSES);
  const flags = ['--subject', 'db/pay', '--target', stage.target];
  const port = Number(new URL(stage.url).port);
  await stage.stopLog();
  t.match(await stage.prove(...flags), { code: 2, err: /cannot be reached/ }, 'nothing is known yet');
  await stage.startLog(port);
  t.equal((await stage.prove(...flags)).code, 0);
  await stage.stopLog();
  for (const seq of [1, 2]) {
    const told = await stage.prove(...flags);
    t.match(told, { code: 5, out: new RegExp(`seq ${seq}  not logged yet`), err: /stored, and logged when/ });
  }
  await stage.startLog(port);
  t.match(await stage.prove(...flags, '--json'), { code: 0, json: { subjects: [{ seq: 3 }], waiting: 0 } });
  t.same(
    (await stage.proofs('db/pay')).map(({ seq }) => seq),
    [0, 1, 2, 3],
    'all of them, in order',
  );

  const elsewhere = ['--agent-dir', 'elsewhere'];
  t.match(await stage.prove(...flags, ...elsewhere), { code: 3, err: /chain-broken.*--adopt/ });
  t.match(await stage.prove(...flags, ...elsewhere, '--adopt'), { code: 0, out: /seq 4/ });
  t.match(await stage.prove(...flags), { code: 3, err: /chain-broken/ }, 'and now the other one is behind');

  const policy = ['--policy', 'tallystick-data/trust.policy', '--data-dir', 'none', '--agent-dir', 'new'];
  const unknown = await stage.prove(...flags, ...policy);
  t.match(unknown, {
    code: 3,
    err: /policy enrol new\/agent\.pem --name agent --role agent --subject db\/pay/,
  });
  t.equal(statSync(join(stage.dir, 'new/agent.pem')).mode % 0o1000, 0o600);
  const enrol = [
    'policy',
    'enrol',
    'new/agent.pem',
    '--name',
    'agent',
    '--role',
    'agent',
    '--subject',
    'db/pay',
  ];
  t.equal((await stage.told(...enrol, '--log', stage.url)).code, 0);
  t.match(await stage.prove(...flags, ...policy), { code: 0, out: /seq 0/ }, 'a chain of its own');
  t.match(
    readFileSync(join(stage.dir, 'new/tallystick.yaml'), 'utf8'),
    /^log: .*\npolicy: /m,
    'what was said holds',
  );
  writeFileSync(join(stage.dir, 'new/targets.yaml'), '- { subject: db/pay, probe: tls, target: x }\n');
  t.match(await stage.prove(...policy), { code: 78, err: /rule 1: there is no field target; / });
  writeFileSync(
    join(stage.dir, 'new/targets.yaml'),
    `- { subject: db/pay, probe: tls, targets: ["${stage.target}"] }\n`,
  );
  t.match(await stage.prove(...policy), { code: 0, out: /PROVEN/ }, 'subject and target from the file');
});

t.test('agent: slots, a deployment, heartbeats, one at a time, an end', async (t) => {
  const stage = await Stage.start(t);
  await stage.commit('db/quick', REFUSES);
  const argv = ['agent', '--log', stage.url, '--subject', 'db/*', '--target', stage.target, '--poll', '1'];
  const child = stage.spawned(...argv, '--heartbeat', '5');
  t.teardown(() => void child.kill('SIGKILL'));
  let lines = '';
  child.stdout?.on('data', (chunk: Buffer) => (lines += chunk.toString()));
  t.match(await said(child, /heartbeat every 5 s[^]*waiting.*\n/), /waiting/);
  const proofs = await until(async () => {
    const found = await stage.proofs('db/quick');
    return found.length >= 4 ? found : undefined;
  });
  for (const [i, { seq, results, nextDue, window }] of proofs.entries()) {
    t.equal(seq, i);
    t.match(results, [{ claim: 'refuses', verdict: 'PROVEN' }]);
    t.ok((proofs[i + 1]?.window.end ?? 0) <= nextDue && nextDue <= window.end + 5);
  }
  t.ok(proofs.slice(1).some(({ results: [result] }) => result?.slot?.beacon !== undefined));
  t.match(await stage.told(...argv), { code: 78, err: /locked/ });

  const slow = REFUSES.replace('cadence: 5s', 'cadence: 1d');
  await stage.commit('db/slow', slow);
  const first = await until(async () => (await stage.proofs('db/slow'))[0]);
  t.match(first.results, [{ claim: 'refuses', verdict: 'PROVEN' }], 'a new commitment is seen');
  t.match(await stage.told('deploy', 'mark', '--log', stage.url), { code: 1, err: /--subject/ });
  t.match(await stage.told('deploy', 'mark', '--subject', 'x', '--log', stage.url), {
    code: 2,
    err: /no commitment about "x"/,
  });
  const marked = await stage.told(
    'deploy',
    'mark',
    '--subject',
    'db/slow',
    '--version',
    '2',
    '--log',
    stage.url,
    '--json',
  );
  t.match(marked, {
    code: 0,
    json: { schema: 'tallystick.deploy-mark.v1', deadlines: [{ id: 'refuses', deadline: 300 }] },
  });
  await until(async () => {
    const found = await stage.proofs('db/slow');
    const looks = found.filter(({ results }) => results.length > 0);
    const beats = found.filter(({ results }) => results.length === 0);
    return looks.length >= 2 && beats.length >= 1 ? found : undefined;
  });
  t.pass('proven again after the deployment; and it says that it lives');

  const plan = await stage.told(
    'agent',
    'plan',
    '--subject',
    'db/quick',
    '--log',
    stage.url,
    '--json',
    '--length',
    '1',
  );
  t.match(plan.json.claims, [
    { claim: 'refuses', cadence: 5, deadline: 300, slot: 2, detection: [{ length: 1 }] },
  ]);
  t.ok(plan.json.claims[0].runs > 0);
  const planned = (...flags: readonly string[]) => stage.told('agent', 'plan', '--log', stage.url, ...flags);
  t.match(await planned('--subject', 'nothing', '--subject', 'db/quick', '--json'), {
    code: 2,
    json: { claims: [{ subject: 'db/quick' }], failed: [{ subject: 'nothing', code: 'not-found' }] },
    err: /nothing: no plan was made \(not-found: no commitment to nothing/,
  });
  t.match(await planned('--subject', 'none/*'), { code: 2, err: /no commitment to none\/\* is in force/ });
  for (const length of ['abc', '0', '-1'])
    t.match(await planned('--subject', 'db/quick', '--length', length), {
      code: 1,
      err: /usage: --length takes a whole number from 1/,
    });
  t.match(await planned(), { code: 1, err: /name subjects in targets\.yaml/ });

  const watch = stage.spawned('watch', 'db/slow', '--log', stage.url, '--poll', '1', '--json');
  t.teardown(() => void watch.kill('SIGKILL'));
  let told = '';
  watch.stdout?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
    if (told.endsWith('\n') && !watch.killed) watch.kill('SIGTERM'); // a second one would not wait
  });
  t.equal((await once(watch, 'close'))[0], 0);
  const [change, end] = told.split('\n').map((line) => (line === '' ? undefined : JSON.parse(line)));
  t.match(change, { schema: 'tallystick.watch-change.v1', claim: 'refuses', verdict: 'PROVEN' }, 'at once');
  t.match(end, { schema: 'tallystick.watch.v1', subjects: [{ subject: 'db/slow' }], exit_code: 0 });

  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number];
  t.equal(code, 0);
  t.match(lines, /"msg":"proven"/);
  t.match(lines, /"msg":"heartbeat"/);
});

t.test('agent enrol: an agent that runs proves what was enrolled, and nothing before', async (t) => {
  const stage = await Stage.start(t);
  await stage.commit('db/pay', REFUSES);
  const enrol = async (...more: readonly string[]): Promise<Told> =>
    stage.told('agent', 'enrol', 'db/pay', 'tls', stage.target, ...more);
  t.match(await stage.told('agent', 'run', '--log', stage.url), {
    code: 1,
    err: /agent enrol SUBJECT PROBE TARGET/,
  });
  t.match(await stage.told('agent', 'enrol', 'db/none', 'tls@1', 'none.example:1'), {
    code: 0,
    out: /^enrolled: none\.example:1 for db\/none, by tls@1 \(rule 1 of tallystick-agent\/targets\.yaml\)/,
    err: /no agent runs here/,
  });
  const file = join(stage.dir, 'tallystick-agent/targets.yaml');
  writeFileSync(
    file,
    `# mine\n${readFileSync(file, 'utf8')}- { subject: 'db/*', probe: ssh, targets: ['${stage.target}'] } # ssh only\n`,
  );
  const child = stage.spawned('agent', '--log', stage.url, '--subject', 'db/*', '--poll', '1');
  t.teardown(() => void child.kill('SIGKILL'));
  await said(child, /("msg":"nothing was sent, and nothing is logged: [^"]*tls@1)/);
  t.equal((await stage.proofs('db/pay')).length, 0, 'nothing is logged about what nobody enrolled');
  const learnt = said(child, /("msg":"targets\.yaml changed and was read again")/);
  t.match(await enrol(), { code: 0, err: /an agent runs here: it reads targets\.yaml again by itself/ });
  await learnt;
  const proof = await until(async () => (await stage.proofs('db/pay'))[0]);
  t.match(proof.results, [{ claim: 'refuses', verdict: 'PROVEN' }]);
  const kept = readFileSync(file, 'utf8');
  t.match(kept, /^# mine\n/);
  t.match(kept, /# ssh only\n- subject: db\/pay\n {2}probe: tls@1\n/);
  t.match(await enrol(), { code: 0, out: /^enrolled already/ });
  t.equal(readFileSync(file, 'utf8'), kept, 'twice is once');
  child.kill('SIGTERM');
  await once(child, 'exit');
});

t.test('agent: its own permissions, committed to and proven first', async (t) => {
  const stage = await Stage.start(t);
  const unit = await stage.told('agent', 'profile', '--unit');
  t.match(unit, { code: 0, out: /^ExecStart=.* agent run --confine .*--key \S+\.pem/m });
  const file = join(stage.dir, 'tallystick-agent.service');
  writeFileSync(file, unit.out);
  t.match(await stage.told('agent', 'profile', '--unit', '--claims'), {
    code: 1,
    err: /give one of --flags/,
  });
  for (const each of ['--unit', '--claims'])
    t.match((await stage.told('agent', 'profile', each, '--json')).json, { [each.slice(2)]: /\n/ });
  // What it was told stays so: the file by its name, flags as flags.
  writeFileSync(join(stage.dir, 'settings.yaml'), 'log: http://127.0.0.1:9\nname: told\n');
  writeFileSync(join(stage.dir, 'log.vkey'), '');
  const said = ['--vkey', 'log.vkey', '--peer', 'http://127.0.0.1:8/a b'];
  const told = await stage.told(
    '--config',
    'settings.yaml',
    'agent',
    'profile',
    '--unit',
    '--agent-dir',
    'told',
    ...said,
  );
  t.match(told.out, /^# The log, .* are read from \/\S+\/settings\.yaml, but for what ExecStart says\.$/m);
  t.match(
    told.out,
    /^ExecStart=.* --config \/\S+\/settings\.yaml agent run .* --vkey \/\S+\/log\.vkey --peer "http:\/\/127\.0\.0\.1:8\/a b"$/m,
  );
  t.notOk(existsSync(join(stage.dir, 'told/tallystick.yaml')), 'no file that says a part of it');
  t.match(unit.out, /^ExecStart=.* --policy \/\S+\/tallystick-data\/trust\.policy$/m);
  const { error, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
  if (error !== undefined) t.comment('systemd-analyze is not installed: the unit was not verified');
  // Other units of the machine may have faults of their own.
  else t.notMatch(stderr, /tallystick-agent\.service:(?!.*(?:user|group))/i);
  const page = readFileSync(join(import.meta.dirname, '../../spec/agent.md'), 'utf8');
  const dir = '/var/lib/tallystick-agent';
  const paths = { dir, state: `${dir}/state`, proofs: `${dir}/proofs`, key: `${dir}/agent.pem` };
  const shown = unitOf({ node: '/usr/bin/node', program: '/opt/tallystick/cli/bin.cjs', ...paths });
  t.ok(page.includes(`\`\`\`ini\n${shown}\`\`\``), 'as the page has it');
  const odd = unitOf({ node: '/n', program: '/p', ...paths, dir: '/a b/50%$x', key: 'ssh-agent:' });
  t.match(odd, /--agent-dir "\/a b\/50%%\$\$x" .*--key ssh-agent:$/m);
  t.match(odd, /^ReadWritePaths="\/a b\/50%%\$x" /m);
  const www = join(stage.dir, 'www');
  mkdirSync(www);
  writeFileSync(join(www, 'a'), 'one');
  symlinkSync('a', join(www, 'link'));
  // The first start makes the directory and its list of targets; `*` of another probe aims at no file.
  t.equal((await stage.told('agent', 'profile', '--flags')).code, 0);
  writeFileSync(
    join(stage.dir, 'tallystick-agent/targets.yaml'),
    `- { subject: www, probe: files, targets: ['${www}', ${join(stage.dir, 'later')}, '${stage.dir}/etc/**'] }\n` +
      `- { subject: none, probe: tls, targets: ['/etc'] }\n` +
      `- { subject: 'db/*', probe: tls, targets: ['${stage.target}'] }\n`,
  );
  const flags = (await stage.told('agent', 'profile', '--flags')).out;
  for (const path of [`${www}\n`, `${join(stage.dir, 'later')}/*\n`, `${join(stage.dir, 'etc')}\n`])
    t.ok(flags.includes(`--allow-fs-read=${path}`), path);
  t.notMatch(flags, /fs-read=\/etc/);
  // Node would keep out of www whoever may also read www-test.
  const twin = ['agent', 'profile', '--flags', '--agent-dir', 'twin'];
  t.equal((await stage.told(...twin)).code, 0);
  const beside = `- { subject: www, probe: files, targets: ['${www}', '${www}-test'] }\n`;
  writeFileSync(join(stage.dir, 'twin/targets.yaml'), beside);
  t.match(await stage.told(...twin), {
    code: 78,
    err: /^error: config-invalid: .* keep the agent out of \S+\/www, because the name of \S+\/www-test .*\(without --confine/m,
  });
  writeFileSync(
    join(stage.dir, 'twin/targets.yaml'),
    beside.replace('targets: [', `targets: ['${stage.dir}', `),
  );
  t.equal((await stage.told(...twin)).code, 0, 'below a folder that it may read there is no such pair');
  const profile = async (...flags: readonly string[]): Promise<string> => {
    const child = stage.spawned('agent', 'profile', '--confine', ...flags);
    const [out] = await Promise.all([Array.fromAsync(child.stdout ?? []), once(child, 'exit')]);
    return Buffer.concat(out).toString();
  };
  const text = await profile();
  if (process.execve === undefined) return t.comment('this system cannot exchange a running program');
  const hash = createHash('sha256').update(text).digest('hex');
  t.match(JSON.parse(text), {
    confined: true,
    may: { readAnything: false, writeAnything: false, startProcesses: false },
  });
  // A configuration file that is named, and a program that signs, are reached from the inside.
  const signer = join(stage.dir, 'signer');
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  writeFileSync(signer, `#!/bin/sh\ncat <<END\n${pem}END\n`, { mode: 0o755 });
  writeFileSync(join(stage.dir, 'file.yaml'), `key: exec:${signer}\nname: named\n`);
  const named = JSON.parse(await profile('--config', 'file.yaml', '--agent-dir', 'named'));
  t.match(named, { key: `exec:${signer}`, may: { readAnything: false, startProcesses: true } });
  for (const path of [signer, join(stage.dir, 'file.yaml')])
    t.ok(named.flags.includes(`--allow-fs-read=${path}`), path);
  t.ok(named.flags.includes('--allow-child-process'));
  const claims = await profile('--claims');
  t.match(claims, hash);
  writeFileSync(join(stage.dir, 'profile.json'), text);
  writeFileSync(join(stage.dir, 'claims.yaml'), claims);
  const commit = ['commit', 'json', 'profile.json', '--subject', 'agent/one', '--claims', 'claims.yaml'];
  t.equal((await stage.told(...commit, '--log', stage.url)).code, 0);
  await stage.commit('db/pay', REFUSES);
  const wwwClaims = `target: { locators: [${www}] }\nclaims: [{ pack: file-integrity, params: { prefix: www } }]\n`;
  writeFileSync(join(stage.dir, 'www.yaml'), wwwClaims);
  const files = ['commit', 'files', 'www', '--subject', 'www', '--claims', 'www.yaml', '--log', stage.url];
  t.equal((await stage.told(...files)).code, 0);
  const argv = [
    'agent',
    '--log',
    stage.url,
    '--subject',
    'db/*',
    '--subject',
    'agent/*',
    '--subject',
    'www',
    '--poll',
    '1',
    '--confine',
  ];
  const child = stage.spawned(...argv);
  t.teardown(() => void child.kill('SIGKILL'));
  child.stdout?.resume();
  const own = await until(async () => (await stage.proofs('agent/one'))[0]);
  t.match(own.results, [
    { claim: 'profile', verdict: 'PROVEN', evidence: 'E1' },
    { claim: 'least-privilege' },
  ]);
  const read = await until(async () => (await stage.proofs('www'))[0]);
  t.ok(
    read.results.every(({ verdict }) => verdict === 'PROVEN'),
    'confined, it may read what it proves',
  );
  const other = await until(async () => (await stage.proofs('db/pay'))[0]);
  t.same(other.agent.profile, own.commitment, 'each proof names what its agent may do');
  t.equal(other.agent.profileDigest?.toHex(), hash);
  t.ok(other.window.start >= own.window.start);
  child.kill('SIGTERM');
  await once(child, 'exit');
  t.ok(existsSync(join(stage.dir, 'tallystick-agent/agent.db')));
});
