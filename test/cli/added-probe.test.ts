/**
 * A probe that is added through the registries alone: its claims, packs and parameters are known to `commit`, `--pin` sees who
 * signs, the agent runs it, and a reader judges again what its target signed. Nothing else of the program knows its name.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import t from 'tap';
import { run } from '#src/cli/main.ts';
import { scalars } from '#src/claim/shape.ts';
import { tlsIn, type SignedFacts } from '#src/evidence/signed-facts.ts';
import type { ProbeDescription } from '#src/probe/description.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import type { Probe } from '#src/probe/probe.ts';
import { PROBES } from '#src/probe/registry.ts';
import { RUNNERS } from '#src/probe/runners.ts';
import { SIGNED } from '#src/probe/signed.ts';
import { tlsProbe } from '#src/probe/tls/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { makeCertificate } from '../support/certificates.ts';
import { listen } from '../support/e3-targets.ts';
import { beginLog, serveLog } from '../support/running-log.ts';

const HOST = 'knock.example';

// The folder of the probe: what it says of itself, its pack, what its target signs …
const KNOCK_FACTS: SignedFacts = {
  byTarget: (_, placed) => tlsIn(placed).map(({ version }) => ({ knock: { version } })),
};
const KNOCK: ProbeDescription = {
  name: 'knock@1',
  summary: 'which TLS a server answers with',
  target: { is: 'anything', fits: () => true },
  parameters: {
    servername: { type: 'text', help: 'name to ask for', required: true },
    least: { type: 'text', help: 'for the expression: p.least' },
  },
  observes: () => ({ members: scalars('version', 'port') }),
  evidence: 'E3: version. E1: port.',
  blastRadius: 'one handshake',
  grants: [],
  timeoutMs: 10_000,
  sight: (params) => ({
    probe: 'tls@1',
    params: new Map([...params].filter(([name]) => name === 'servername')),
  }),
  signed: KNOCK_FACTS,
  packs: {
    'knock-modern': {
      summary: 'a server answers with the newest TLS',
      needs: ['servername'],
      defaults: { least: 'TLSv1.3' },
      claims: [
        { id: 'modern', title: 'Speaks TLS 1.3', expr: 'o.knock.version == p.least', minEvidence: 'E3' },
        { id: 'port', title: 'Is where it should be', expr: 'o.knock.port > 0' },
      ],
    },
  },
};

// … and what runs it.
const knockProbe: Probe = {
  ...KNOCK,
  run: async (task) => {
    const { attachments, bytes, population } = await tlsProbe.run({
      ...task,
      params: parametersOf(
        tlsProbe,
        new Map<string, Parameter>([
          ['servername', HOST],
          ['versions', ['TLSv1.3']],
        ]),
      ),
    });
    return {
      value: { version: 'TLSv1.3', port: Number(task.target.split(':')[1]) },
      grades: [{ path: '/version', evidence: 'E3', attachments: [0] }],
      attachments,
      contradictions: [],
      population,
      bytes,
    };
  },
};

/** What a line in each registry does. */
function register(): void {
  Array.prototype.push.call(PROBES, KNOCK);
  Map.prototype.set.call(SIGNED, KNOCK.name, KNOCK_FACTS);
  Map.prototype.set.call(RUNNERS, KNOCK.name, () => Promise.resolve(knockProbe));
}

t.test('from a claim to a verdict', async (t) => {
  const certificate = await makeCertificate({ name: HOST, hosts: [HOST] });
  const server = await listen(
    createServer({ key: certificate.keyPem, cert: certificate.certPem, minVersion: 'TLSv1.3' }),
  );
  t.teardown(() => server.stop());
  const { cwd, log } = await beginLog(t, 'log.example/knock');
  const url = await serveLog(t, log);
  const at = `127.0.0.1:${server.port}`;
  writeFileSync(join(cwd, 'a.conf'), 'a');
  const claims = `target: { locators: ['${at}'] }\nclaims: [{ pack: knock-modern, params: { servername: ${HOST} } }]\n`;
  writeFileSync(join(cwd, 'claims.yaml'), claims);
  const told = async (line: string): Promise<{ code: number; out: string; err: string }> => {
    let [out, err] = ['', ''];
    const code = await run([...line.split(' '), '--log', url], {
      env: { XDG_STATE_HOME: join(cwd, '.state') },
      cwd,
      fetch,
      now: Date.now,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    return { code, out, err };
  };
  const commit = 'commit a.conf --subject web/knock --claims claims.yaml --pin';
  t.match(await told(commit), { code: 1, err: /there is no pack knock-modern; there are https-tls, / });
  register();
  t.match(await told(commit), { code: 0, out: /pinned {4}127\.0\.0\.1:\d+: key [0-9a-f]{64}/ });
  writeFileSync(join(cwd, 'claims.yaml'), claims.replace('} }]', ', lest: x } }]'));
  t.match(await told(commit), { code: 1, err: /knock@1 has no parameter lest; it has servername, least/ });
  t.match(await told(`prove --subject web/knock --target ${at}`), { code: 0 });
  t.match(await told('status web/knock'), {
    code: 0,
    out: /modern +PROVEN +\[?E3\]?[^]*port +PROVEN +\[?E1\]?/,
  });

  // A reader that lacks the line believes nothing of class E3 of it, and calls nobody a liar.
  Map.prototype.delete.call(SIGNED, KNOCK.name);
  const without = await told('status web/knock');
  t.match(without.out, /modern +UNKNOWN/);
  t.match(without.out, /port +PROVEN/);
});
