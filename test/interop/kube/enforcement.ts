/**
 * A declared policy that nothing enforces, with a real API server and a real network: the API serves `deny-all` as declared, and a
 * firewall in a network namespace enforces it, or does not. `kubernetes@1` and `net@1` are looked at by one agent, and an outsider
 * reads CONTRADICTED from their proofs.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { whyNoNamespaces } from '../../support/netns.ts';
import { tallystick } from '../ourlog.ts';
import type { Ran, Stage } from '../stage.ts';
import type { Tap } from '../tap.ts';
import { TOKENS, type Cluster } from './cluster.ts';
import type { LyingProxy } from './lying-proxy.ts';

const SUBJECT = 'shop/network';
/** Of the range for measurements (RFC 2544), which no machine here has: the veth lies beside the machine's own network. */
const HOST = '198.18.77.2';
const NETNS = `tally-enf-${process.pid}`;
/** Seconds for which policies must stand unchanged: twice a cadence of 10 s with one miss. */
const SETTLE = 40;

/** What the enforcement test needs of the scenario of `kubernetes@1`. */
export interface Enforced {
  readonly tap: Tap;
  readonly stage: Stage;
  readonly cluster: Cluster;
  readonly proxy: LyingProxy;
  said: string;
  run(...args: readonly string[]): Promise<Ran>;
  verdicts(subject: string): Promise<Readonly<Record<string, string>>>;
}

export async function enforcement(world: Enforced): Promise<void> {
  const { tap } = world;
  const why = whyNoNamespaces();
  if (why !== undefined) return tap.skip('a policy that nothing enforces', why);
  const pod = await Pod.start();
  try {
    await tap.check('a declared policy, enforced: the API shows it, and the network obeys', async () => {
      pod.firewall('chain input { type filter hook input priority 0; tcp dport 4001 drop; }');
      await declare(world);
      // Policies that were written a moment ago are UNKNOWN, since the network may not have taken them yet.
      for (let left = 8; left > 0 && (await look(world)) !== 'PROVEN E0, PROVEN E1'; left -= 1)
        await pause(10_000);
      assert.equal(await look(world), 'PROVEN E0, PROVEN E1', world.said.slice(-2_000));
    });
    await tap.check(
      'nothing enforces it any more, and the API serves it as before: CONTRADICTED',
      async () => {
        const began = performance.now();
        pod.firewall('');
        assert.equal(await look(world), 'PROVEN E0, CONTRADICTED E1', world.said.slice(-2_000));
        const ms = Math.round(performance.now() - began);
        tap.note(
          `${ms} ms from the lie (served, and not enforced) to a signed, logged and verified CONTRADICTED`,
        );
        const { out } = await world.run('why', SUBJECT, 'policy-denies');
        assert.match(
          out.replaceAll(/\s+/g, ' '),
          /entry \d+ shows bytes of the target .* entry \d+ that the API/,
        );
      },
    );
    await tap.check('the API does not serve it, and nothing enforces it: VIOLATED', async () => {
      world.proxy.lie = ({ path }, answer) => {
        if (path.endsWith('/networkpolicies')) answer.body.items = [];
        if (path.endsWith('/networkpolicies/deny-all'))
          Object.assign(answer, { status: 404, body: { reason: 'NotFound' } });
      };
      assert.equal(await look(world), 'VIOLATED E0, VIOLATED E1', world.said.slice(-2_000));
      world.proxy.lie = undefined;
    });
    await tap.check('enforced again: PROVEN', async () => {
      pod.firewall('chain input { type filter hook input priority 0; tcp dport 4001 drop; }');
      assert.equal(await look(world), 'PROVEN E0, PROVEN E1', world.said.slice(-2_000));
    });
  } finally {
    world.proxy.lie = undefined;
    pod.stop();
  }
}

/** Enrols both ends, and commits to the policy and to both claims. */
async function declare(world: Enforced): Promise<void> {
  const { stage, cluster, proxy } = world;
  const dir = stage.path('network-agent');
  await mkdir(dir, { mode: 0o700 });
  for (const [name, text] of Object.entries({ token: TOKENS.agent, ca: `${cluster.ca}\n${proxy.ca}` }))
    await writeFile(`${dir}/${name}`, text, { mode: 0o600 });
  await ok(tallystick(stage, 'keygen', '--out', 'pod.pem'));
  const doors = [`${HOST}:4001`, `${HOST}:4002`];
  const targets = doors.flatMap((each) => ['--target', each]);
  const consent = await ok(
    tallystick(
      stage,
      'agent',
      'consent',
      ...targets,
      '--subject',
      SUBJECT,
      '--by',
      'pod.example',
      '--key',
      'pod.pem',
      '--pairs',
      '60',
    ),
  );
  await writeFile(`${dir}/pod.consent`, consent.out);
  const vkey = /vkey: '([^']+)'/.exec(consent.err)?.[1];
  await writeFile(
    `${dir}/targets.yaml`,
    JSON.stringify([
      {
        subject: SUBJECT,
        probe: 'kubernetes',
        targets: [proxy.target],
        secrets: { token: 'token', ca: 'ca' },
      },
      {
        subject: SUBJECT,
        probe: 'net@1',
        targets: doors,
        consents: [{ file: 'pod.consent', vkey }],
        options: { pairsPerMinute: 60 },
      },
    ]),
  );
  const banner = {
    answer: 'banner',
    banner: 'TALLY target',
    control: 4002,
    controlAnswer: 'banner',
    controlBanner: 'TALLY control',
  };
  await writeFile(
    stage.path('network.yaml'),
    JSON.stringify({
      claims: [
        {
          pack: 'network-policies-settled',
          cadence: '10s',
          params: { target: proxy.target, namespaces: ['shop'], settle: SETTLE },
        },
        {
          pack: 'network-policy-denied',
          cadence: '10s',
          against: 'network-policies-settled',
          params: { target: `${HOST}:4001`, fromPod: 'shop/app=guest', toPod: 'shop/app=web', ...banner },
        },
      ],
    }),
  );
  const admin = await cluster.kubeconfig('admin');
  await ok(
    world.run(
      'commit',
      'kubernetes',
      'manifests',
      '--subject',
      SUBJECT,
      '--claims',
      'network.yaml',
      '--defaults',
      '--kubeconfig',
      admin,
    ),
  );
}

async function ok(ran: Promise<Ran>): Promise<Ran> {
  const done = await ran;
  assert.equal(done.code, 0, done.err);
  return done;
}

/** Proves both claims; what an outsider reads of them. */
async function look(world: Enforced): Promise<string> {
  await world.run('prove', '--subject', SUBJECT, '--agent-dir', 'network-agent');
  const verdicts = await world.verdicts(SUBJECT);
  return `${verdicts['network-policies-settled']}, ${verdicts['policy-denies']}`;
}

/** A host in a namespace, linked to this machine alone: the target, with a firewall in the place of a network plugin. */
class Pod {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Pod> {
    const ip = (...args: readonly string[]): void => void execFileSync('ip', args);
    const inside = (...args: readonly string[]): void => ip('netns', 'exec', NETNS, 'ip', ...args);
    ip('netns', 'add', NETNS);
    const outer = `te${process.pid}`;
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NETNS);
    ip('addr', 'add', '198.18.77.1/30', 'dev', outer);
    ip('link', 'set', outer, 'up');
    inside('addr', 'add', `${HOST}/30`, 'dev', 'eth0');
    inside('link', 'set', 'eth0', 'up');
    inside('link', 'set', 'lo', 'up');
    const child = spawn('ip', ['netns', 'exec', NETNS, process.execPath, '-e', SERVER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return new Pod(child);
  }

  /** Replaces the firewall. Empty: none. */
  firewall(rules: string): void {
    const text = `flush ruleset\n${rules === '' ? '' : `table inet t {\n${rules}\n}\n`}`;
    execFileSync('ip', ['netns', 'exec', NETNS, 'nft', '-f', '-'], { input: text });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
    spawnSync('ip', ['netns', 'del', NETNS]);
  }
}

const SERVER = `
const { createServer } = require('node:net');
const says = (text) => createServer((socket) => socket.on('error', () => {}).end(text));
let left = 2;
for (const [port, text] of [[4001, 'TALLY target\\r\\n'], [4002, 'TALLY control\\r\\n']])
  says(text).listen(port, '0.0.0.0', () => --left || console.log('ready'));
`;
