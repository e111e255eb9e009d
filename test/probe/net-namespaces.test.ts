/** The table of `net@1` on real hosts: network namespaces, with firewalls of nftables between them. */
import { X509Certificate, createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { boundToTarget } from '#src/agent/bound.ts';
import { digest } from '#src/bytes/brand.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { formatVkey } from '#src/note/key.ts';
import { NET } from '#src/probe/net/describe.ts';
import type { Claim, Parameter } from '#src/statement/commitment.ts';
import { certificate, folder, hashOf } from '../support/e3-targets.ts';
import { LISTENER_VKEY } from '../support/net-listener.ts';
import { Hosts, whyNoNamespaces, type HostName, type Lines } from '../support/netns.ts';
import { seedSigner } from '../support/seed-signer.ts';

const STRANGER_VKEY = formatVkey('canary.example', 1, seedSigner('ed25519', hashOf('stranger')).publicKey);
const skip = whyNoNamespaces() ?? false;

const FOUR = '192.0.2.2';
const BANNER = { answer: 'banner', banner: 'TALLY target' };
const CONTROL = { control: 4002, controlAnswer: 'banner', controlBanner: 'TALLY control' };
const CHECKED = { ...BANNER, ...CONTROL };

type Params = Readonly<Record<string, Parameter>>;

const claim = (expr: string): Claim => ({
  id: 'c',
  expr,
  probe: 'net@1',
  minEvidence: 'E1',
  cadence: 60,
  severity: 'high',
});

/** What each of the two claims comes to, and the outcome and errno. */
function said(seen: Observed): string {
  const verdict = (expr: string): string => judgeClaim(claim(expr), seen).verdict;
  const { outcome, code } = seen.value;
  const what = [outcome, code].filter((each) => typeof each === 'string').join(' ');
  return `${what}: ${verdict('o.net.reachable')}, ${verdict('!o.net.reachable')}`;
}

interface Case {
  readonly what: string;
  /** Firewalls by host. */
  readonly rules?: Partial<Readonly<Record<HostName, string>>>;
  /** Commands of the host that looks, before and after. */
  readonly before?: readonly (readonly string[])[];
  readonly after?: readonly (readonly string[])[];
  readonly target?: string;
  readonly params: Params;
  readonly connectMs?: number;
  readonly says: string;
}

const input = (rule: string): string => `chain input { type filter hook input priority 0; ${rule}; }`;
const output = (rule: string): string => `chain output { type filter hook output priority 0; ${rule}; }`;

const CASES: readonly Case[] = [
  { what: 'accept', params: CHECKED, says: 'answered: PROVEN, VIOLATED' },
  { what: 'accept, without a control', params: BANNER, says: 'answered: PROVEN, VIOLATED' },
  {
    what: 'drop',
    rules: { dst: input('tcp dport 4001 drop') },
    params: CHECKED,
    says: 'silence: VIOLATED, PROVEN',
  },
  {
    what: 'drop, without a control',
    rules: { dst: input('tcp dport 4001 drop') },
    params: BANNER,
    says: 'silence: VIOLATED, UNKNOWN',
  },
  {
    what: 'a firewall that drops the control as well',
    rules: { dst: input('tcp dport { 4001, 4002 } drop') },
    params: CHECKED,
    says: 'silence: VIOLATED, UNKNOWN',
  },
  {
    what: 'a control that another answers than the one that is named',
    rules: { dst: input('tcp dport 4001 drop') },
    params: { ...CHECKED, controlBanner: 'TALLY other' },
    says: 'silence: VIOLATED, UNKNOWN',
  },
  {
    what: 'a control that answers once, and then no more',
    rules: {
      dst: `set seen { type inet_service; flags dynamic; }
        ${input('tcp dport 4001 drop; tcp dport 4002 tcp flags & (syn|ack) == syn tcp dport @seen drop; tcp dport 4002 tcp flags & (syn|ack) == syn add @seen { tcp dport }')}`,
    },
    params: CHECKED,
    says: 'silence: VIOLATED, UNKNOWN',
  },
  {
    what: 'reject with a reset',
    rules: { dst: input('tcp dport 4001 reject with tcp reset') },
    params: CHECKED,
    says: 'reset ECONNREFUSED: VIOLATED, UNKNOWN',
  },
  {
    what: 'nothing listens',
    target: `${FOUR}:4009`,
    params: CHECKED,
    says: 'reset ECONNREFUSED: VIOLATED, UNKNOWN',
  },
  {
    what: 'reject with ICMP port unreachable, which is no other errno than a reset',
    rules: { dst: input('tcp dport 4001 reject with icmpx port-unreachable') },
    params: CHECKED,
    says: 'reset ECONNREFUSED: VIOLATED, UNKNOWN',
  },
  {
    what: 'reject with ICMP admin-prohibited',
    rules: { dst: input('tcp dport 4001 reject with icmpx admin-prohibited') },
    params: CHECKED,
    says: 'icmp EHOSTUNREACH: VIOLATED, PROVEN',
  },
  {
    what: 'reject with ICMP admin-prohibited, without a control',
    rules: { dst: input('tcp dport 4001 reject with icmpx admin-prohibited') },
    params: BANNER,
    says: 'icmp EHOSTUNREACH: VIOLATED, UNKNOWN',
  },
  {
    what: 'IPv6: reject with ICMPv6 admin-prohibited',
    rules: { dst: input('tcp dport 4001 reject with icmpx admin-prohibited') },
    target: '[2001:db8::2]:4001',
    params: CHECKED,
    // The first error comes while connect(2) still has the socket, and is not heeded; that of the second SYN is.
    connectMs: 1_400,
    says: 'icmp EACCES: VIOLATED, PROVEN',
  },
  {
    what: 'IPv6: reject with ICMPv6 admin-prohibited, the control too',
    rules: { dst: input('tcp dport { 4001, 4002 } reject with icmpx admin-prohibited') },
    target: '[2001:db8::2]:4001',
    params: CHECKED,
    // The first error comes while connect(2) still has the socket, and is not heeded; that of the second SYN is.
    connectMs: 1_400,
    says: 'icmp EACCES: VIOLATED, UNKNOWN',
  },
  {
    what: 'a tarpit: it accepts, and says nothing',
    target: `${FOUR}:4005`,
    params: CHECKED,
    says: 'connected: UNKNOWN, UNKNOWN',
  },
  {
    what: 'a proxy that accepts everything, in front of a port on which nothing listens',
    rules: { dst: 'chain pre { type nat hook prerouting priority -100; tcp dport 4009 redirect to 4005; }' },
    target: `${FOUR}:4009`,
    params: CHECKED,
    says: 'connected: UNKNOWN, UNKNOWN',
  },
  {
    what: 'a proxy that answers with an error page',
    rules: { dst: 'chain pre { type nat hook prerouting priority -100; tcp dport 4001 redirect to 4006; }' },
    params: CHECKED,
    says: 'other: UNKNOWN, UNKNOWN',
  },
  {
    what: 'asymmetric: the answers are dropped on their way back',
    rules: { dst: output('tcp sport 4001 drop') },
    params: CHECKED,
    says: 'silence: VIOLATED, PROVEN',
  },
  {
    what: 'the source may send nothing',
    rules: { src: output('drop') },
    params: CHECKED,
    says: 'silence: VIOLATED, UNKNOWN',
  },
  {
    what: 'the source rejects what itself sends',
    rules: { src: output('reject with icmpx admin-prohibited') },
    params: CHECKED,
    says: 'silence: VIOLATED, UNKNOWN',
  },
  {
    what: 'the source has a route that prohibits: nothing is sent',
    before: [['ip', 'route', 'add', 'prohibit', '203.0.113.1']],
    after: [['ip', 'route', 'del', 'prohibit', '203.0.113.1']],
    target: '203.0.113.1:4001',
    params: CHECKED,
    says: 'local EACCES: UNKNOWN, UNKNOWN',
  },
  {
    what: 'the source has no free port',
    before: [['sysctl', '-qw', 'net.ipv4.ip_local_reserved_ports=1024-65535']],
    after: [['sysctl', '-qw', 'net.ipv4.ip_local_reserved_ports=']],
    params: CHECKED,
    says: 'local EADDRNOTAVAIL: UNKNOWN, UNKNOWN',
  },
  {
    what: 'the host is down',
    target: '192.0.2.77:4001',
    params: CHECKED,
    connectMs: 2_000,
    says: 'icmp EHOSTUNREACH: VIOLATED, UNKNOWN',
  },
  {
    what: 'UDP with an answer',
    target: `${FOUR}:4007`,
    params: { ...BANNER, transport: 'udp' },
    says: 'answered: PROVEN, VIOLATED',
  },
  {
    what: 'UDP without an answer',
    rules: { dst: input('udp dport 4007 drop') },
    target: `${FOUR}:4007`,
    params: { ...BANNER, transport: 'udp' },
    says: 'silence: UNKNOWN, UNKNOWN',
  },
  {
    what: 'UDP where nothing listens',
    target: `${FOUR}:4008`,
    params: { ...BANNER, transport: 'udp' },
    says: 'reset: UNKNOWN, UNKNOWN',
  },
];

/** The hosts, the one that looks, and the certificate of the target. */
interface World {
  readonly hosts: Hosts;
  readonly looker: Lines;
  readonly cert: string;
}

const world: World | undefined = skip === false ? await start() : undefined;

async function start(): Promise<World> {
  const dir = folder();
  const own = certificate(dir, 'p256');
  const foreign = certificate(dir, 'ed25519');
  const hosts = Hosts.make(t);
  await hosts.start('dst', 'netns-server.ts', own.certFile, own.keyFile);
  await hosts.start('other', 'netns-server.ts', foreign.certFile, foreign.keyFile);
  return { hosts, looker: await hosts.start('src', 'netns-looker.ts'), cert: own.cert };
}

t.test('each row of the table', { skip }, async (t) => {
  if (world === undefined) throw new Error('it is skipped');
  const { hosts, looker } = world;
  for (const each of CASES) {
    for (const [host, rules] of Object.entries(each.rules ?? {})) hosts.firewall(host as HostName, rules);
    for (const argv of each.before ?? []) hosts.run('src', ...argv);
    const { target = `${FOUR}:4001`, params, connectMs = 300 } = each;
    t.equal(said(await look(looker, target, params, connectMs)), each.says, each.what);
    for (const argv of each.after ?? []) hosts.run('src', ...argv);
    for (const host of Object.keys(each.rules ?? {})) hosts.firewall(host as HostName);
  }
});

t.test('on a path that loses packets, silence proves nothing: the control shows it', { skip }, async (t) => {
  if (world !== undefined) await loss(t, world);
});

t.test('another host in place of the target, with a key of its own', { skip }, async (t) => {
  if (world !== undefined) await translated(t, world);
});

/** With a listener at the target that signs what it received. */
const TWO_ENDED = { answer: 'listener', control: 4100, controlAnswer: 'listener', listener: LISTENER_VKEY };

interface TwoEnded {
  readonly what: string;
  readonly rules?: string;
  readonly params?: Params;
  readonly connectMs?: number;
  readonly says: string;
  readonly evidence: string;
}

const nat = (rule: string): string => `chain pre { type nat hook prerouting priority -100; ${rule}; }`;

const TWO_ENDED_CASES: readonly TwoEnded[] = [
  { what: 'open', says: 'answered: PROVEN, VIOLATED', evidence: 'E2' },
  {
    what: 'a reset, and the listener says that the port was open',
    rules: input('tcp dport 4101 reject with tcp reset'),
    says: 'reset ECONNREFUSED: VIOLATED, PROVEN',
    evidence: 'E2',
  },
  {
    what: 'a reset of a port that the listener does not watch',
    rules: nat('tcp dport 4101 redirect to 4009'),
    says: 'reset ECONNREFUSED: VIOLATED, PROVEN',
    evidence: 'E2',
  },
  {
    what: 'a proxy that accepts everything: the listener received nothing',
    rules: nat('tcp dport 4101 redirect to 4005'),
    says: 'connected: VIOLATED, PROVEN',
    evidence: 'E2',
  },
  {
    what: 'a proxy that answers with an error page',
    rules: nat('tcp dport 4101 redirect to 4006'),
    says: 'other: VIOLATED, PROVEN',
    evidence: 'E2',
  },
  { what: 'drop', rules: input('tcp dport 4101 drop'), says: 'silence: VIOLATED, PROVEN', evidence: 'E2' },
  {
    what: 'drop, the control too',
    rules: input('tcp dport { 4100, 4101 } drop'),
    says: 'silence: VIOLATED, UNKNOWN',
    evidence: 'E0',
  },
  {
    what: 'another listener answers at the control',
    params: { listener: STRANGER_VKEY },
    rules: input('tcp dport 4101 drop'),
    says: 'silence: VIOLATED, UNKNOWN',
    evidence: 'E0',
  },
  {
    what: 'another listener answers at the port',
    params: { listener: STRANGER_VKEY },
    says: 'other: UNKNOWN, UNKNOWN',
    evidence: 'E0',
  },
  {
    what: 'asymmetric: what the listener sends back is lost, after it received',
    rules: output('tcp sport 4101 ct state established ip length > 60 drop'),
    says: 'connected: UNKNOWN, VIOLATED',
    evidence: 'E2',
  },
];

t.test('two ends: a listener at the target signs what it received', { skip }, async (t) => {
  if (world === undefined) throw new Error('it is skipped');
  const { hosts, looker } = world;
  await hosts.start('dst', 'netns-listener.ts');
  for (const { what, rules = '', params = {}, connectMs, says, evidence } of TWO_ENDED_CASES) {
    hosts.firewall('dst', rules);
    const seen = await look(looker, `${FOUR}:4101`, { ...TWO_ENDED, ...params }, connectMs, { run: what });
    t.equal(said(seen), says, what);
    t.equal(judgeClaim(claim('!o.net.reachable'), seen).evidence, evidence, `${what}: class`);
  }
  hosts.firewall('dst');
});

const MATRIX = `
doors:
  target: { at: '${FOUR}:4001', answer: banner, banner: TALLY target }
  control: { at: '${FOUR}:4002', answer: banner, banner: TALLY control }
  tls: { at: '${FOUR}:4003' }
allow: { src: [control, tls], other: [target, control, tls] }`;

t.test('a declared matrix', { skip }, async (t) => {
  if (world === undefined) throw new Error('it is skipped');
  const { hosts, looker } = world;
  const verdicts = async (): Promise<string> => {
    const seen = await look(looker, 'matrix:src', { draw: 32 }, 300, { matrix: MATRIX });
    const [sample, whole] = ['o.net.drawn.all(p, p.asDeclared)', 'o.net.matrix.whole'];
    return [sample, whole].map((expr) => judgeClaim(claim(expr), seen).verdict).join(', ');
  };
  t.equal(await verdicts(), 'VIOLATED, VIOLATED', 'the policy is declared, and nothing enforces it');
  hosts.firewall('dst', input('tcp dport 4001 drop'));
  t.equal(await verdicts(), 'PROVEN, PROVEN', 'it is enforced, and every pair was drawn');
  hosts.firewall('dst', input('tcp dport 4001 reject with tcp reset'));
  t.equal(await verdicts(), 'UNKNOWN, UNKNOWN', 'a reset shows no denial');
  hosts.firewall('dst', input('drop'));
  t.equal(await verdicts(), 'VIOLATED, VIOLATED', 'what denies all denies what is allowed');
  hosts.firewall('dst');
});

async function look(
  looker: Lines,
  target: string,
  params: Params,
  connectMs = 300,
  more: { readonly matrix?: string; readonly run?: string } = {},
): Promise<Observed> {
  const found = await looker.ask({ target, params, connectMs, ...more });
  const { seen } = found as { seen?: Observed };
  if (seen === undefined) throw new Error(JSON.stringify(found));
  const attachments = seen.attachments.map(({ mediaType, data }) => ({
    mediaType,
    data: Uint8Array.from(Buffer.from(String(data), 'base64')),
  }));
  return { ...seen, attachments };
}

async function loss(t: Test, { hosts, looker }: World): Promise<void> {
  // The first SYN of each connection is lost, as a path does that loses many packets.
  const lossy = `set once { type inet_service . inet_service; flags dynamic; }
    ${input('tcp flags & (syn|ack) == syn tcp dport . tcp sport != @once add @once { tcp dport . tcp sport } drop')}`;
  hosts.firewall('dst', lossy);
  t.equal(
    said(await look(looker, `${FOUR}:4001`, CHECKED, 1_300)),
    'answered: PROVEN, VIOLATED',
    'SYNs are sent again',
  );
  hosts.firewall('dst', `${lossy}\nchain more { type filter hook input priority -1; tcp dport 4001 drop; }`);
  const silent = await look(looker, `${FOUR}:4001`, CHECKED, 1_300);
  t.equal(said(silent), 'silence: VIOLATED, UNKNOWN');
  t.match(silent.value['why'], /the path may lose packets/);
  hosts.firewall('dst');
  const netem = hosts.can('dst', 'tc', 'qdisc', 'add', 'dev', 'to-src', 'root', 'netem', 'loss', '30%');
  if (!netem) t.comment('this kernel has no netem: loss is that of nftables alone');
  for (let round = 0; round < 3; round++) {
    const seen = await look(looker, `${FOUR}:4001`, CHECKED, 3_500);
    t.not(judgeClaim(claim('!o.net.reachable'), seen).verdict, 'PROVEN', 'an open port is never shut off');
  }
  hosts.can('dst', 'tc', 'qdisc', 'del', 'dev', 'to-src', 'root');
}

/** A rule sends the port on. */
async function translated(t: Test, { hosts, looker, cert }: World): Promise<void> {
  const target = `${FOUR}:4003`;
  const der = new X509Certificate(cert).publicKey.export({ format: 'der', type: 'spki' });
  const spki = digest(Uint8Array.from(createHash('sha256').update(der).digest()));
  const of = {
    probe: NET.name,
    challenge: hashOf('a challenge'),
    aim: {
      subject: 's',
      locator: target,
      host: FOUR,
      identities: [{ spki }],
      elsewhere: [],
      severalHosts: false,
    },
  };
  const bound = async (): Promise<Observed> =>
    boundToTarget(await look(looker, target, { answer: 'tls', ...CONTROL }), of, 1_800_000_000);
  t.equal(said(await bound()), 'answered: PROVEN, VIOLATED', 'its own key');
  hosts.firewall(
    'dst',
    'chain pre { type nat hook prerouting priority -100; tcp dport 4003 dnat ip to 198.51.100.2; }',
  );
  const other = await bound();
  t.equal(said(other), 'answered: UNKNOWN, UNKNOWN', 'the key of another');
  t.match(
    judgeClaim(claim('o.net.outcome == "answered"'), other).explain,
    /another than the target answered/,
  );
  const unnamed = { ...of, aim: { ...of.aim, identities: [] } };
  const loose = await boundToTarget(await look(looker, target, { answer: 'tls' }), unnamed, 1_800_000_000);
  t.equal(said(loose), 'answered: PROVEN, VIOLATED', 'without an identity any server counts');
  t.match(judgeClaim(claim('o.net.reachable'), loose).explain, /names no key or CA/, 'and the class says so');
  hosts.firewall('dst');
}
