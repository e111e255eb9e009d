/** What owners and authors write: declarations, claims, expressions, settings, policies to edit, openings. */
import { FRAMEWORKS } from '../../src/audit/controls/data/frameworks.ts';
import { extendFrameworks } from '../../src/audit/controls/parse.ts';
import { inventoryOf } from '../../src/audit/inventory.ts';
import { csvRecords } from '../../src/audit/node/csv.ts';
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryId } from '../../src/bytes/brand.ts';
import { openConsent, parseConsentTerms, signConsent } from '../../src/agent/consent.ts';
import { readRules } from '../../src/agent/enrolment.ts';
import { parseTyped, parseExpression } from '../../src/claim/cel/syntax.ts';
import { checkExpression, evaluate } from '../../src/claim/expression.ts';
import { readTargets } from '../../src/agent/targets.ts';
import { parseTree } from '../../src/declare/node/gittree.ts';
import {
  formatDisclosure,
  formatLeaves,
  parseDisclosure,
  parseLeaves,
} from '../../src/declare/leafopening.ts';
import { formatOpening, parseOpening } from '../../src/declare/opening.ts';
import { parseOpened, parseOwned } from '../../src/declare/parse-opened.ts';
import { formatEditable, parseEditable } from '../../src/policy/editable.ts';
import { parseClaims } from '../../src/declare/claims.ts';
import { decodeSource } from '../../src/declare/encoding.ts';
import { declareEnv } from '../../src/declare/sources/env.ts';
import { canonicalPolicy, parsePolicyText } from '../../src/declare/iam.ts';
import { declareJson, parseJson } from '../../src/declare/json.ts';
import { declareKubernetes } from '../../src/declare/sources/kubernetes/kubernetes.ts';
import { isTreeMap } from '../../src/declare/leaf.ts';
import { unmarkedSecrets } from '../../src/declare/secret.ts';
import { declareIni } from '../../src/declare/sources/ini.ts';
import { declareNginx } from '../../src/declare/sources/nginx/nginx.ts';
import { declareSshd } from '../../src/declare/sources/sshd/sshd.ts';
import { declareTerraform } from '../../src/declare/sources/terraform/terraform.ts';
import { POSTGRESQL_SOURCE } from '../../src/declare/sources/postgresql/postgresql.ts';
import { declareYaml, parseManifests, parseYaml } from '../../src/declare/yaml.ts';
import { parseObserved } from '../../src/monitor/conditions.ts';
import { parseExpectations } from '../../src/monitor/expectations.ts';
import { parseSecrets } from '../../src/monitor/webhook-secret.ts';
import { readKnownLogs } from '../../src/witness/logs.ts';
import { TREE } from '../support/forged-openings.ts';
import { openStatement, parseStatement, signStatement } from '../../src/evidence/listener.ts';
import { noteVerifier } from '../../src/note/key.ts';
import { parseFlat } from '../../src/yaml/flat.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { policies } from '../support/statement-arbitraries.ts';
import { SOURCE_FILES } from './sources.ts';
import { asText, json, text, type Json, type Target } from './target.ts';

/** Whoever is to have signed a consent, and a consent. */
const OWNER = seedSigner('ed25519', new Uint8Array(32));
const CONSENTING = noteVerifier('a.example', 1, OWNER.publicKey);
const CONSENT = await signConsent(
  { probe: 'net@1', targets: ['a.example:22'], subject: 's/**', pairsPerMinute: 6, until: 1_800_000_000 },
  'a.example',
  OWNER,
);

const STATEMENT = await signStatement(
  { nonce: '0'.repeat(64), asked: 1, open: [2], received: [{ port: 2, from: '192.0.2.1' }], since: 3, at: 4 },
  'a.example',
  OWNER,
);

const vectors = json('spec/vectors.json');
const declared: Uint8Array[] = vectors.declared.flatMap((each: Json) =>
  typeof each.text === 'string' ? [text(each.text)] : [],
);

const MANIFEST = `apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: prod, labels: {app: "web"}}
    spec:
      replicas: 3
      template:
        spec:
          initContainers: [{name: a, image: b}]
          containers:
            - name: web
              image: web@sha256:00
              env: [{name: A, value: "1"}, {name: B, value: $(A)}]
              ports: [{containerPort: 80, protocol: TCP}]
---
{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}}
`;
const PLAN = JSON.stringify({
  format_version: '1.2',
  terraform_version: '1.9.0',
  planned_values: {
    root_module: {
      resources: [
        {
          address: 'aws_s3_bucket.a',
          mode: 'managed',
          type: 'aws_s3_bucket',
          name: 'a',
          provider_name: 'aws',
          schema_version: 0,
          values: { bucket: 'a', tags: { b: 'c' }, acl: null },
          sensitive_values: { tags: {} },
        },
      ],
      child_modules: [],
    },
  },
  resource_changes: [
    {
      address: 'aws_s3_bucket.a',
      mode: 'managed',
      type: 'aws_s3_bucket',
      name: 'a',
      change: {
        actions: ['create'],
        before: null,
        after: { bucket: 'a' },
        after_unknown: { id: true },
        before_sensitive: false,
        after_sensitive: {},
      },
    },
  ],
  configuration: { root_module: {} },
  complete: true,
});
const ENV = 'A=1\nB=two\n# comment\nC_9=https://web.example/a?b=c\nE=\n';
const INI = '; c\n[mysqld]\nport = 3306\n\n[a.b c]\n  x = y z\n  w = /a?b=c\n[d]\n';
const NGINX =
  'user a;\nhttp {\n include d/*.conf;\n map $uri $x { default 0; "a b" \'c\'; }\n server { listen 443 ssl; server_name a.example;\n' +
  'location ~ \\.php$ { if ($a = b) { return 403; } } content_by_lua_block { x = "}" -- }\n } # c\n } }\n--\nadd_header A "${b}";\n';
const SSHD =
  'Include d/*.conf\nPort 22\nPermitRootLogin = "without-password" # a\nAllowUsers a "b c"\nRekeyLimit 1G 1h\nIPQoS af21\n' +
  'Match User a Address 10.0.0.0/8\n\tX11Forwarding no\nMatch all\nForceCommand /bin/x "y"\n--\nBanner none\nMatch Host *\nPermitOpen h:1\n';
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'a',
      Effect: 'Allow',
      Action: ['s3:Get*', 's3:List*'],
      Resource: 'arn:aws:s3:::b/*',
      Condition: { StringEquals: { 'aws:SourceVpc': ['vpc-1'] } },
    },
    { Effect: 'Deny', NotAction: 'iam:*', Resource: '*' },
  ],
});
const YAML =
  'a: 1\nb: [x, "y", 0x1F, 1e3, ~, true]\nc: {d: |-\n    t\n  , e: 2027-01-31}\nf: !secret hunter2\n"g h": >-\n  folded\n  text\n';
const NAMING =
  'claims:\n  - {id: a, probe: ssh@1, expr: p.macs == "x", params: {macs: {declared: /Ciphers}, hostkeys: {declared: /Kex}}}\n' +
  '  - {pack: sshd-as-declared, params: {kex: {declared: /Match/user/Ciphers}}}\n';
const CLAIMS = `tier: critical-path
environment: prod
approvals: 1
claims:
  - pack: https-tls
  - id: hsts
    title: headers
    probe: http@1
    params: {path: /}
    expr: o.status == 200 && o.headers["strict-transport-security"].exists(h, h.startsWith("max-age"))
    cadence: 1h
    deadline: 10m
    severity: high
    minEvidence: E1
    controls: [{framework: soc2, id: CC6.1}]
`;
const EXPRESSIONS = [
  'o.tls.version in ["TLSv1.3", "TLSv1.2"] && !o.offered.exists(x, x.matches("^(RC4|.*MD5)$"))',
  'size(o.list) > 2 || o.map.all(k, o.map[k] != null) ? int("7") + 3 * -2 < 5 : double(o.n) / 2.0 >= 1.5',
  'has(o.a.b) && o.text.contains("x\\u00e9\\n") && o.list.filter(e, e > 1).map(e, e * 2).exists_one(e, e == 4)',
  'o[\'k\'].startsWith(r\'a\\b\') || """triple""" == string(o.n)',
];
const OBSERVED = {
  tls: { version: 'TLSv1.3' },
  offered: ['RC4-MD5', 'AES'],
  list: [1, 2, 3],
  map: { k: 'v' },
  text: 'xé\n',
  k: 'ab',
  n: 3,
};
const TARGETS = `- subject: prod/**
  probe: tls@1
  targets: ["web.example:443", "*.example:443"]
  options: {servername: web.example}
- subject: prod/db
  probe: postgres@1
  targets: [db.example:5432]
  maxPerHour: 6
  secrets: {dsn: db.dsn}
`;
const CONFIG =
  'origin: log.example/a\nport: 8080\nopen: "yes"\ndataDir: data\nlogLevel: info\nurl: http://localhost\nvkey: [a, b]\n';
const RULES =
  '- subject: prod/**\n  issuers: [ci.example]\n  kinds: [commitment]\n- subject: dev/*\n  kids: [' +
  'ab'.repeat(32) +
  ']\n';
const edits = fc
  .sample(policies, { seed: 10, numRuns: 6 })
  .map((document) => text(formatEditable(document, entryId('ab'.repeat(32)), 'a policy')));
const leaves = formatLeaves({
  profile: 'env@1',
  subject: 'prod/web',
  leaves: [{ salt: new Uint8Array(16), path: '/A', value: text('1'), sensitive: false }],
});
const opening = formatOpening({
  subject: 'prod/web',
  base: '.',
  facts: [
    { path: 'a', type: 'file', mode: 0o644, size: 1, sha256: new Uint8Array(32), salt: new Uint8Array(16) },
  ],
} as never);
const disclosure = formatDisclosure({
  profile: 'env@1',
  subject: 'prod/web',
  openings: [{ index: 0, salt: new Uint8Array(16), path: '/A', value: text('1'), proof: [] }],
});

const folder = mkdtempSync(join(tmpdir(), 'tallystick-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'input');
const ROWS = ['origin', 'port', 'open', 'dataDir', 'logLevel', 'url', 'vkey', 'peer'].map((name) => ({
  name,
  shape: name === 'vkey' || name === 'peer' ? 'many' : 'one',
}));
const docs = [...declared, ...[MANIFEST, PLAN, ENV, POLICY, YAML, CLAIMS].map(text)];

const POSTGRESQL: readonly (readonly [string, string])[] = [
  ['postgresql.conf', "work_mem = '1\\060MB' # a\nx.a='b''c'\nssl on\nrandom_page_cost = 1.10\n"],
  ['pg_hba.conf', 'local all,"a b" +b peer map=m\nhost all \\\n all 10.1.2.3 255.0.0.0 md5 # x\n'],
  ['pg_ident.conf', 'm "/^(.*)$" \\1\n'],
];

export const DECLARED: readonly Target[] = [
  ...SOURCE_FILES,
  {
    name: 'source text',
    covers: ['decodeSource'],
    seeds: [...docs, Buffer.from('\ufeffa: 1', 'utf16le')],
    run: (b) => void decodeSource(b),
  },
  {
    name: 'yaml',
    covers: ['parseYaml'],
    seeds: docs,
    run: (b) => void [parseYaml(asText(b)), declareYaml(asText(b))],
  },
  {
    name: 'json',
    covers: ['parseJson'],
    seeds: [...declared, text(PLAN), text(POLICY)],
    run: (b) => void [parseJson(asText(b)), declareJson(asText(b))],
  },
  {
    name: 'env',
    covers: [],
    seeds: [text(ENV), ...declared],
    run: (b) => {
      const { leaves: all } = declareEnv(asText(b));
      unmarkedSecrets(all, new Set());
      declareEnv(asText(b), true);
    },
  },
  {
    name: 'ini',
    covers: [],
    seeds: [text(INI), text(ENV)],
    run: (b) => void unmarkedSecrets(declareIni(asText(b)).leaves, new Set()),
  },
  {
    name: 'nginx',
    covers: [],
    seeds: [text(NGINX), text(`# configuration file /etc/nginx/nginx.conf:\n${NGINX}`)],
    run: (b) => {
      const [main = '', ...others] = asText(b).split('\n--\n');
      const given = [{ name: '/etc/nginx/nginx.conf', text: main }];
      for (const [i, each] of others.entries()) given.push({ name: `/etc/nginx/d/${i}.conf`, text: each });
      unmarkedSecrets(declareNginx(given, ['/etc/nginx']).leaves, new Set());
    },
  },
  {
    name: 'sshd',
    covers: [],
    seeds: [text(SSHD)],
    run: (b) => {
      const [main = '', ...others] = asText(b).split('\n--\n');
      const given = [{ name: '/etc/ssh/sshd_config', text: main }];
      for (const [i, each] of others.entries()) given.push({ name: `/etc/ssh/d/${i}.conf`, text: each });
      unmarkedSecrets(declareSshd(given, ['/etc/ssh']).leaves, new Set());
    },
  },
  {
    name: 'kubernetes',
    covers: ['parseManifests'],
    seeds: [text(MANIFEST), ...declared],
    run: (b) => void [parseManifests(asText(b)), declareKubernetes([asText(b)])],
  },
  ...POSTGRESQL.map(([name, seed]): Target => ({
    name,
    covers: ['readConf'],
    seeds: [text(seed)],
    run: (b) =>
      void POSTGRESQL_SOURCE.declare([{ name, text: asText(b) }], { literal: false, ignore: [], whole: [] }),
  })),
  { name: 'terraform', covers: [], seeds: [text(PLAN)], run: (b) => void declareTerraform(asText(b)) },
  {
    name: 'iam policy',
    covers: ['parsePolicyText'],
    seeds: [text(POLICY)],
    run: (b) => {
      const tree = parsePolicyText(asText(b));
      if (tree !== undefined && isTreeMap(tree)) canonicalPolicy(tree);
    },
  },
  { name: 'claims', covers: ['parseClaims'], seeds: [text(CLAIMS)], run: (b) => void parseClaims(asText(b)) },
  {
    name: 'claims that name leaves',
    covers: [],
    seeds: [text(NAMING)],
    run: (b) => void parseClaims(asText(b), { tree: TREE }),
  },
  {
    name: 'expression',
    covers: ['parseExpression', 'parseTyped'],
    seeds: EXPRESSIONS.map(text),
    run: (b) => {
      const given = asText(b);
      evaluate({ expr: given }, OBSERVED); // says why where it cannot judge
      checkExpression(given);
      parseTyped(given);
      parseExpression(given);
    },
  },
  {
    name: 'targets.yaml',
    covers: ['readTargets', 'readRules'],
    seeds: [text(TARGETS)],
    run: async (b) => {
      writeFileSync(file, b);
      await readTargets(file);
    },
  },
  {
    name: 'rules of targets',
    covers: ['readRules'],
    seeds: [
      text(
        '[{"subject":"prod/**","probe":"tls@1","targets":["web.example:443"],"maxPerHour":1,"secrets":{"a":"b"}}]',
      ),
    ],
    run: (b) => {
      let value: unknown;
      try {
        value = JSON.parse(asText(b));
      } catch {
        return;
      }
      readRules(value, 'targets.yaml');
    },
  },
  {
    name: 'consents',
    covers: ['parseConsentTerms'],
    seeds: [
      text(
        'tallystick-consent net@1\ntarget a.example:22\nsubject s/**\npairs-a-minute 6\nuntil 2027-01-31T00:00:00Z\n',
      ),
    ],
    run: (b) => {
      parseConsentTerms(asText(b), 'f');
    },
  },
  {
    name: 'signed consents',
    covers: ['openConsent'],
    seeds: [CONSENT],
    run: (b) => {
      openConsent(b, CONSENTING, 'f');
    },
  },
  {
    name: 'statements of a listener',
    covers: ['parseStatement'],
    seeds: [
      text(
        `tallystick-listener net@1\nnonce ${'0'.repeat(64)}\nasked 1\nopen 2\nreceived 2 192.0.2.1\nreceived 2 2001:db8::1\nsince 3\nat 4\n`,
      ),
    ],
    run: (b) => void parseStatement(asText(b)),
  },
  {
    name: 'signed statements of a listener',
    covers: ['openStatement'],
    seeds: [STATEMENT],
    run: (b) => void openStatement(b, CONSENTING),
  },
  {
    name: 'configuration',
    covers: ['parseFlat'],
    seeds: [text(CONFIG)],
    run: (b) => void parseFlat(asText(b), 'a.yaml', ROWS),
  },
  {
    name: 'expectations',
    covers: ['parseExpectations'],
    seeds: [text(RULES)],
    run: (b) => void parseExpectations(asText(b), 'rules'),
  },
  {
    name: 'monitor state',
    covers: ['parseObserved'],
    seeds: [text('{"lookedAt":1,"failedAt":2,"unmetMs":3,"behind":{"since":1}}')],
    run: (b) => void parseObserved(asText(b)),
  },
  {
    name: 'webhook secrets',
    covers: ['parseSecrets'],
    seeds: [text(`whsec_${'A'.repeat(43)}=\n# old\nwhsec_${'B'.repeat(42)}A=\n`)],
    run: (b) => void parseSecrets(b, 'secret'),
  },
  {
    name: 'known logs',
    covers: ['readKnownLogs'],
    seeds: [text(vectors.cosigned.trustPolicy), text(`logs/v0\nvkey ${vectors.vkeys[0].vkey}\n`)],
    run: (b) => void readKnownLogs(b),
  },
  {
    name: 'policy to edit',
    covers: ['parseEditable'],
    seeds: edits,
    run: (b) => void parseEditable(asText(b), 'policy.yaml'),
  },
  {
    name: 'leaves',
    covers: ['parseLeaves', 'parseOwned', 'parseOpened'],
    seeds: [text(leaves)],
    run: (b) => {
      parseOwned(b, 'leaves.json');
      parseOpened(b, 'leaves.json');
      const owned = parseLeaves(b, 'leaves.json');
      if (formatLeaves(parseLeaves(Buffer.from(formatLeaves(owned)), 'again')) !== formatLeaves(owned))
        throw new Error('prints as another');
    },
  },
  {
    name: 'opening',
    covers: ['parseOpening'],
    seeds: [text(opening)],
    run: (b) => void parseOpening(b, 'opening.json'),
  },
  {
    name: 'disclosure',
    covers: ['parseDisclosure'],
    seeds: [text(disclosure)],
    run: (b) => {
      parseOpened(b, 'disclosure.json');
      parseDisclosure(b, 'disclosure.json');
    },
  },
  {
    name: 'inventory',
    covers: [],
    seeds: [text('name,subject,controls\r\n"Shop, all",web/*,SOC2-2017 CC6.7; HIPAA-164.312 (b)\r\n')],
    run: (b) => void inventoryOf(csvRecords(asText(b))),
  },
  {
    name: 'frameworks',
    covers: [],
    seeds: [
      text('frameworks:\n  - { id: SOC2-2017, items: [{ id: CC6.7, claims: [a] }] }\n'),
      text(
        'frameworks:\n  - id: A\n    title: A\n    edition: "1"\n    source: x\n    read: "2026-01-01"\n    items: [{ id: B, title: C, cadence: 3d, claims: [d] }]\n',
      ),
    ],
    run: (b) => void extendFrameworks(FRAMEWORKS, asText(b)),
  },
  {
    name: 'git tree',
    covers: ['parseTree'],
    seeds: [text(`100644 blob ${'ab'.repeat(20)}\ta/b\0`)],
    run: (b) => void parseTree(asText(b)),
  },
];
