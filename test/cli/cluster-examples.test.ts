/** The files of examples/kubernetes are what they say: read by the program, and no more rights than named. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readRules } from '#src/agent/enrolment.ts';
import { readTargets } from '#src/agent/targets.ts';
import { packOf } from '#src/declare/packs.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../examples/kubernetes');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

t.test('targets and claims are read as they stand', async (t) => {
  const rules = await readTargets(join(folder, 'targets.yaml'));
  t.match(rules, [{ probe: 'cri@1', written: ['/run/containerd/containerd.sock'] }]);
  t.ok(rules[0]?.secrets.has('token'));
  t.doesNotThrow(() => readRules(parse(read('targets.yaml')), 'targets.yaml'));
  const [claims] = parse(read('node-claims.yaml')).claims;
  t.ok(packOf(claims.pack, new Map(Object.entries(claims.params)), 'background').length > 1);
});

t.test('the token may list pods and nothing else', (t) => {
  const leaves = new Map(
    declareKubernetes([read('reader.yaml')]).leaves.map(({ path, value }) => [path, declaredValue(value)]),
  );
  const rules = [...leaves].filter(([path]) => path.includes('/ClusterRole/') && path.includes('/rules/'));
  const words = rules.filter(([, value]) => typeof value === 'string').map(([, value]) => value);
  t.same(new Set(words), new Set(['', 'pods', 'list']));
  t.end();
});

t.test('the DaemonSet mounts the socket and a folder, and does not call itself apart', (t) => {
  const { leaves } = declareKubernetes([read('daemonset.yaml')]);
  const paths = leaves
    .filter(({ path }) => path.endsWith('hostPath/path'))
    .map(({ value }) => declaredValue(value));
  t.same(new Set(paths), new Set(['/var/lib/tallystick-agent', '/run/containerd/containerd.sock']));
  const all = globSync('*', { cwd: folder }).map(read).join('\n');
  t.match(all, /without --apart/);
  t.notMatch(read('daemonset.yaml'), /privileged: true|hostPID|hostNetwork/);
  t.end();
});
