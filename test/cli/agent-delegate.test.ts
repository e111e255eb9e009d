/** A node agent from its key to a verdict: delegated to, proving what its runtime runs, found out where the API lies. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EXIT } from '#src/cli/exit.ts';
import { parseDelegation } from '#src/statement/delegation.ts';
import { NODE_NAME, serveApi, type ShownPod } from '../support/api-pods.ts';
import { serveCri, type ServedNode } from '../support/cri-served.ts';
import { beginLog, serveLog } from '../support/running-log.ts';
import { run as command } from '#src/cli/main.ts';

t.setTimeout(180_000);

const VERIFIER = new URL('../audit/python/verify_bundle.py', import.meta.url).pathname;
const SUBJECT = `prod/eu1/nodes/${NODE_NAME}`;
const IMAGE = `registry.example/shop@sha256:${'2'.repeat(64)}`;
const POD: ShownPod = { uid: 'uid-s1', namespace: 'shop', name: 'pod-s1', containers: { web: IMAGE } };
const CONFIG = `sha256:${'1'.repeat(64)}`;
const HONEST: ServedNode = {
  sandboxes: [{ id: 's1' }],
  containers: [{ id: 'c1', sandbox: 's1', name: 'web', imageRef: CONFIG }],
  images: [{ id: CONFIG, digests: [IMAGE] }],
};
const HIDING: ServedNode = {
  ...HONEST,
  sandboxes: [...HONEST.sandboxes, { id: 's9', namespace: 'nowhere', name: 'MARKER' }],
};

async function begin(t: Test) {
  const { cwd, data, log } = await beginLog(t, 'log.example/nodes');
  const url = await serveLog(t, log);
  const own = ['--log', url, '--policy', join(data, 'trust.policy')].join(' ');
  // The log of this test admits by the machine's clock, so the command goes by it, too.
  const run = async (line: string) => {
    let [out, err] = ['', ''];
    const code = await command(
      line.split(' ').filter((word) => word !== ''),
      {
        env: { XDG_STATE_HOME: join(cwd, '.state') },
        cwd,
        fetch,
        now: Date.now,
        stdout: { write: (text) => (out += String(text)) },
        stderr: { write: (text) => (err += String(text)) },
      },
    );
    return { code, out, err };
  };
  const ok = async (line: string) => {
    const told = await run(line);
    t.equal(told.code, EXIT.ok, `${line}: ${told.err}`);
    return told;
  };
  await ok('keygen --out cluster.pem');
  await ok(
    `policy enrol cluster.pem --name cluster --role delegator --subject prod/eu1/nodes/* --log ${url}`,
  );
  return { cwd, own, run, ok };
}

t.test('from a key to a verdict', async (t) => {
  const { cwd, own, run, ok } = await begin(t);
  const key = await ok('agent key --agent-dir node --data-dir none');
  t.equal(statSync(join(cwd, 'node/agent.pem')).mode % 0o1000, 0o600);
  mkdirSync(join(cwd, 'nodes'));
  writeFileSync(join(cwd, 'nodes', `${NODE_NAME}.pub`), key.out);
  const made = await ok(
    `agent delegate nodes --subject prod/eu1/nodes/{node} --apart --key cluster.pem --out node/list ${own}`,
  );
  t.match(made.out, new RegExp(`delegated +${NODE_NAME}  until`));
  const file = join(cwd, 'node/list', `${NODE_NAME}.delegation`);
  const kept = await ok(
    `agent delegate nodes --subject prod/eu1/nodes/{node} --apart --renew 3d --key cluster.pem --out node/list ${own}`,
  );
  t.match(kept.out, /^kept/, 'it lasts long enough');
  const longer = await ok(
    `agent delegate nodes --subject prod/eu1/nodes/{node} --apart --for 10d --renew 8d --key cluster.pem --out node/list ${own}`,
  );
  t.match(longer.out, /^delegated/);
  const renewing = `agent delegate nodes --for 10d --renew 3d --out node/list ${own}`;
  const nodes = '--subject prod/eu1/nodes/{node}';
  t.match((await ok(`${renewing} ${nodes} --key cluster.pem`)).out, /^delegated/, 'it is not apart any more');
  t.match((await ok(`${renewing} ${nodes} --key cluster.pem`)).out, /^kept/);
  await ok('keygen --out next.pem');
  await ok(
    `policy enrol next.pem --name next --role delegator --subject prod/eu1/nodes/* ${own.split(' --policy')[0]}`,
  );
  t.match((await ok(`${renewing} ${nodes} --key next.pem`)).out, /^delegated/, 'another key delegates now');
  t.match((await ok(`${renewing} ${nodes} --apart --key cluster.pem`)).out, /^delegated/);

  let node = HONEST;
  const cri = await serveCri(cwd, () => node);
  t.teardown(() => cri.close());
  const api = await serveApi(() => [POD]);
  t.teardown(() => api.close());
  for (const [name, text] of Object.entries({ 'api.token': api.token, 'api-ca.pem': api.ca }))
    writeFileSync(join(cwd, 'node', name), text, { mode: 0o600 });
  writeFileSync(
    join(cwd, 'node/targets.yaml'),
    JSON.stringify([
      {
        subject: SUBJECT,
        probe: 'cri@1',
        targets: [cri.path],
        options: { api: api.url, node: NODE_NAME },
        secrets: { token: 'api.token', ca: 'api-ca.pem' },
      },
    ]),
  );
  writeFileSync(join(cwd, 'node.json'), JSON.stringify({ node: NODE_NAME }));
  writeFileSync(
    join(cwd, 'claims.yaml'),
    `claims:\n  - pack: node-pods\n    params: { target: ${cri.path}, settle: 0 }\n`,
  );
  await ok(`commit json node.json --subject ${SUBJECT} --claims claims.yaml ${own}`);

  const before = await run(`prove --subject ${SUBJECT} --agent-dir node --data-dir none ${own}`);
  t.match(
    before,
    { code: EXIT.verification, err: /does not know the agent's key/ },
    'its key alone is not enough',
  );
  writeFileSync(join(cwd, 'node/delegation.cose'), readFileSync(file));
  t.match(await ok(`prove --subject ${SUBJECT} --agent-dir node --data-dir none ${own}`), { out: /PROVEN/ });
  t.match((await ok(`why ${SUBJECT} node-no-hidden-pods ${own}`)).out, /node node-1, by cluster/);
  const other = await run(`prove --subject prod/eu1/nodes/node-2 --agent-dir node --data-dir none ${own}`);
  t.not(other.code, EXIT.ok);

  node = HIDING;
  const hidden = await run(`prove --subject ${SUBJECT} --agent-dir node --data-dir none ${own}`);
  t.match(hidden.out, /CONTRADICTED/);
  const status = await run(`status ${SUBJECT} ${own}`);
  t.match(status.out, /CONTRADICTED/);
  t.notMatch(JSON.stringify([hidden, status]), /MARKER/);

  // Two verifiers, of two languages, take a period with such proofs apart.
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const ends = `--since ${day(-1)} --until ${day(0)} --full --yes`;
  const bundle = await run(`audit bundle ${SUBJECT} ${ends} -o nodes.zip ${own}`);
  t.ok(existsSync(join(cwd, 'nodes.zip')), bundle.err);
  const verified = await run(`verify nodes.zip --policy ${own.split(' ').at(-1) ?? ''}`);
  const python = spawnSync('python3', [VERIFIER, join(cwd, 'nodes.zip')], { encoding: 'utf8' });
  t.match(verified, { code: EXIT.ok, out: /VERIFIED, AUTHENTIC/ });
  t.match(python.stdout, /signatures: ok[^]*INTERNALLY CONSISTENT/, python.stderr);

  const kid = /kid ([0-9a-f]{64})/.exec(key.err)?.[1] ?? '';
  await ok(`policy revoke cluster --reason lost --log ${own.split(' ')[1] ?? ''}`);
  const revoked = await run(`prove --subject ${SUBJECT} --agent-dir node --data-dir none ${own}`);
  t.match(revoked, { code: EXIT.verification, err: /which delegated, was revoked/ });
  t.match(kid, /^[0-9a-f]{64}$/);
});

t.test('what is refused when it is asked for', async (t) => {
  const { cwd, own, run, ok } = await begin(t);
  mkdirSync(join(cwd, 'nodes'));
  writeFileSync(join(cwd, 'nodes/a.pub'), (await ok('agent key --agent-dir a --data-dir none')).out);
  const delegate = (flags: string, keys = 'nodes') =>
    run(`agent delegate ${keys} --key cluster.pem --out out ${flags} ${own}`);
  const pattern = '--subject prod/eu1/nodes/{node}';
  t.match(await delegate(''), { code: EXIT.usage, err: /--subject/ });
  t.match(await delegate('--subject prod/eu1/nodes/*'), { err: /must end in \/a/ });
  t.match(await delegate('--subject prod/eu2/nodes/{node}'), {
    code: EXIT.verification,
    err: /may delegate about/,
  });
  t.match(await delegate(`${pattern} --for 32d`), { code: EXIT.usage, err: /31 days/ });
  t.match(await delegate(`${pattern} --node b`), { code: EXIT.usage, err: /folder/ });
  t.notOk(existsSync(join(cwd, 'out')), 'nothing was written');
  await ok('keygen --out stranger.pem');
  t.match(await run(`agent delegate nodes ${pattern} --key stranger.pem ${own}`), {
    err: /in the role delegator/,
  });
  writeFileSync(join(cwd, 'nodes/b.pub'), readFileSync(join(cwd, 'nodes/a.pub')));
  t.match(await delegate(pattern), { code: EXIT.usage, err: /nodes a and b have the same key/ });
  t.match(await delegate(`${pattern} --node c`, 'nodes/a.pub'), { code: EXIT.ok });
  const one = parseDelegation(readFileSync(join(cwd, 'out')));
  t.match(one, { node: 'c', apart: undefined });
});
