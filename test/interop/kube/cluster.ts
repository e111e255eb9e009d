/** A real kube-apiserver with etcd on loopback, with RBAC and tokens of our own. No controllers, no kubelet, no network. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { certificate } from '../../support/e3-targets.ts';
import { freePort, until, type Program, type Stage } from '../stage.ts';

/** Tokens: the owner's, the agent's, a workload's. */
export const TOKENS = { admin: 'admin-token', agent: 'agent-token', web: 'web-token' } as const;
const USERS = [
  `${TOKENS.admin},admin,1,"system:masters"`,
  `${TOKENS.agent},system:serviceaccount:tallystick:agent,2,"system:serviceaccounts,system:serviceaccounts:tallystick"`,
  `${TOKENS.web},system:serviceaccount:shop:web,3,"system:serviceaccounts,system:serviceaccounts:shop"`,
  '',
].join('\n');

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export class Cluster {
  readonly port: number;
  readonly ca: string;
  readonly #programs: readonly Program[];
  readonly #dir: string;

  private constructor(port: number, ca: string, dir: string, programs: readonly Program[]) {
    this.port = port;
    this.ca = ca;
    this.#dir = dir;
    this.#programs = programs;
  }

  /** Starts both, and waits until the API server is ready. `name`: of their folder. */
  static async start(stage: Stage, etcd: string, apiserver: string, name = 'kube'): Promise<Cluster> {
    const dir = stage.path(name);
    execFileSync('mkdir', ['-p', dir]);
    const pair = certificate(dir, 'p256', 'DNS:localhost,IP:127.0.0.1');
    execFileSync('openssl', ['genrsa', '-out', `${dir}/sa.key`, '2048'], { stdio: 'pipe' });
    await writeFile(`${dir}/tokens.csv`, USERS, { mode: 0o600 });
    const [port, client, peer] = [await freePort(), await freePort(), await freePort()];
    const at = (each: number): string => `http://127.0.0.1:${each}`;
    const store = stage.start('etcd', etcd, [
      `--data-dir=${dir}/etcd`,
      `--listen-client-urls=${at(client)}`,
      `--advertise-client-urls=${at(client)}`,
      `--listen-peer-urls=${at(peer)}`,
      `--initial-advertise-peer-urls=${at(peer)}`,
      `--initial-cluster=default=${at(peer)}`,
    ]);
    const api = stage.start('kube-apiserver', apiserver, [
      `--etcd-servers=${at(client)}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--tls-cert-file=${pair.certFile}`,
      `--tls-private-key-file=${pair.keyFile}`,
      `--cert-dir=${dir}/certs`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${dir}/sa.key`,
      `--service-account-signing-key-file=${dir}/sa.key`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${dir}/tokens.csv`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--disable-admission-plugins=ServiceAccount',
    ]);
    const cluster = new Cluster(port, pair.cert, dir, [store, api]);
    await until(
      'the API server is ready',
      async () => {
        if (!api.running) throw new Error(api.output.slice(-2000));
        const { status } = await cluster.ask('GET', '/readyz');
        return status === 200 ? true : undefined;
      },
      90_000,
    );
    return cluster;
  }

  get target(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Asks as the owner, or with another token. */
  ask(method: string, path: string, body?: object, token: string = TOKENS.admin): Promise<Reply> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
    return new Promise((resolve, reject) => {
      const asked = request(`${this.target}${path}`, {
        method,
        ca: this.ca,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(text) }),
        },
      });
      asked.on('error', reject);
      asked.on('response', (response) => {
        Array.fromAsync(response as AsyncIterable<Buffer>).then(
          (chunks) => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          reject,
        );
      });
      asked.end(text);
    });
  }

  /** Applies an object as the owner. */
  async apply(path: string, object: object): Promise<void> {
    const { status, text } = await this.ask('PATCH', `${path}?fieldManager=owner&force=true`, object);
    if (status !== 200 && status !== 201) throw new Error(`${path}: ${status} ${text}`);
  }

  /** A kubeconfig of mode 0600 for a token; its path. */
  async kubeconfig(token: keyof typeof TOKENS): Promise<string> {
    const path = `${this.#dir}/${token}.kubeconfig`;
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [
        {
          name: 'c',
          cluster: {
            server: this.target,
            'certificate-authority-data': Buffer.from(this.ca).toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user: { token: TOKENS[token] } }],
    };
    await writeFile(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  }

  async stop(): Promise<void> {
    for (const program of this.#programs.toReversed()) await program.stop();
  }

  /** CPU seconds that the API server used so far. */
  async cpu(): Promise<number> {
    const pid = this.#programs[1]?.pid;
    const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}
