/** Lists with commas as declared matrices: the same leaves as in YAML, and what two readers could read differently is refused. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { declareMatrix } from '#src/declare/sources/matrix.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { pairsOf } from '#src/probe/net/matrix.ts';
import { program } from '../support/e3-targets.ts';

const LIST = `# who may reach what
from,door,at,answer,starttls,key
app,db,db.example:5432,tls,postgres,
app,web,web.example:443,,,
ops,ssh,db.example:22,ssh,,

ops,db,,,,
guest,,,,,
,admin,db.example:8443,tls,,
`;
const YAML = `
doors:
  db: { at: 'db.example:5432', answer: tls, starttls: postgres }
  web: { at: 'web.example:443' }
  ssh: { at: 'db.example:22', answer: ssh }
  admin: { at: 'db.example:8443', answer: tls }
allow:
  app: [db, web]
  ops: [db, ssh]
  guest: []
`;
const leavesOf = (declared: ReturnType<typeof declareMatrix>) =>
  new Map(declared.leaves.map(({ path, value }) => [path, declaredValue(value)]));

t.test('a list is the matrix that it would be in YAML', (t) => {
  const byPath = (of: ReturnType<typeof declareMatrix>) =>
    [...leavesOf(of)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  t.same(byPath(declareMatrix(LIST)), byPath(declareYaml(YAML)));
  const pairs = pairsOf('guest', leavesOf(declareMatrix(LIST)));
  t.same(
    pairs.map(({ door, allowed }) => [door, allowed]),
    [
      ['admin', false],
      ['db', false],
      ['ssh', false],
      ['web', false],
    ],
    'what no row allows is denied',
  );
  t.end();
});

t.test('what is refused', (t) => {
  const bad = (text: string, message: RegExp): void =>
    void t.throws(() => declareMatrix(text), { code: 'malformed-text', message }, text);
  bad('', /the first row names the columns/);
  bad('from,door\napp,db\n', /the first row names the columns/);
  bad('from,door,at,port\n', /the first row/);
  bad('from,door,at,at\n', /twice/);
  bad('from,door,at\napp,db\n', /line 2 .* 2 values, and there are 3/);
  bad('from,door,at\napp,db,\n', /no address/);
  bad('from,door,at\n,,\n', /neither who/);
  bad('from,door,at\napp,,db.example:1\n', /names none/);
  bad('from,door,at\napp,db,a:1\nops,db,b:1\n', /line 3 .* another one/);
  bad('from,door,at\napp,"db",a:1\n', /quotes/);
  bad('from,door,at\nguest,,\n', /no row names a door/);
  t.end();
});

/** As `aws ec2 describe-security-group-rules` gives them; the jq program is that of the README of net@1. */
const RULES = {
  SecurityGroupRules: [
    {
      GroupId: 'sg-db',
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 5432,
      ToPort: 5432,
      ReferencedGroupInfo: { GroupId: 'sg-app' },
    },
    { GroupId: 'sg-db', IsEgress: true, IpProtocol: '-1', FromPort: -1, ToPort: -1, CidrIpv4: '0.0.0.0/0' },
    {
      GroupId: 'sg-web',
      IsEgress: false,
      IpProtocol: 'tcp',
      FromPort: 443,
      ToPort: 443,
      CidrIpv4: '0.0.0.0/0',
    },
  ],
};
const README = readFileSync(join(import.meta.dirname, '../../src/probe/net/README.md'), 'utf8');
const [, JQ = ''] = /jq -r --argjson hosts '[^']*' '([^']*)' > network\.csv/.exec(README) ?? [];

t.test(
  'rules of security groups, by jq',
  { skip: program('jq') === undefined && 'no jq: the Debian package jq' },
  (t) => {
    const hosts = JSON.stringify({ 'sg-db': 'db.example', 'sg-web': 'web.example' });
    const list = execFileSync('jq', ['-r', '--argjson', 'hosts', hosts, JQ], {
      input: JSON.stringify(RULES),
      encoding: 'utf8',
    });
    const allowed = pairsOf('sg-app', leavesOf(declareMatrix(list))).map(
      ({ door, allowed: is }) => `${door} ${is}`,
    );
    t.same(allowed, ['sg-db-5432 true', 'sg-web-443 false']);
    t.end();
  },
);
