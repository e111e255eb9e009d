/**
 * The table of layers (spec/decisions.md), executed: what each folder may import, and the habits that a
 * compiler does not check. Every module is loaded, so that one no test uses shows in the coverage.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin, stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

interface Layer {
  /** Folders it may import besides itself. */
  readonly below: readonly string[];
  readonly packages: readonly string[];
  /** Whether it may use Node's own modules; without, it runs in a browser. */
  readonly node?: boolean;
}

const PURE = ['bytes', 'sign', 'tree', 'note', 'cose', 'statement'];
/** What reads and judges entries: the formats, and the registration policy over them. */
const JUDGED = [...PURE, 'registration'];
const NOBLE = ['@noble/hashes', '@noble/curves', '@noble/ed25519', '@noble/post-quantum'];

/** Imports point down only. `index` is src/index.ts. */
const LAYERS: Readonly<Record<string, Layer>> = {
  bytes: { below: [], packages: ['cbor-x'] },
  sign: { below: ['bytes'], packages: NOBLE },
  tree: { below: ['bytes'], packages: ['@noble/hashes'] },
  note: { below: ['bytes', 'sign', 'tree'], packages: ['@noble/hashes'] },
  cose: { below: ['bytes', 'sign', 'tree'], packages: ['@noble/hashes'] },
  statement: { below: ['bytes', 'sign', 'tree', 'note', 'cose'], packages: ['@noble/hashes'] },
  registration: { below: [...PURE], packages: [] },
  index: { below: [...JUDGED, 'appraisal', 'incident', 'client'], packages: [] },
  log: { below: JUDGED, packages: [] },
  client: {
    below: [...JUDGED, 'evidence', 'probe/registry', 'appraisal', 'incident'],
    packages: ['@noble/hashes'],
  },
  // What a client keeps between runs, as files.
  'client/node': {
    below: [...PURE, 'evidence', 'incident', 'platform', 'client'],
    packages: [],
    node: true,
  },
  // Writes notices when they are due: heads with their cosignatures, inventories. The log's and every monitor's.
  notary: { below: [...JUDGED, 'log'], packages: [] },
  incident: { below: [...JUDGED, 'appraisal'], packages: ['@noble/hashes'] },
  claim: { below: [...JUDGED], packages: ['@marcbachmann/cel-js', 're2js', '@noble/hashes'] },
  // Verified entries of a subject → where its claims stand. The one rule of what is in force, and of when a proof is due.
  appraisal: { below: [...JUDGED, 'claim', 'evidence'], packages: ['@noble/hashes'] },
  // What targets signed: verified, and told as facts. Curves by @noble, RSA by WebCrypto, certificates by pkijs.
  evidence: {
    below: [...JUDGED, 'claim'],
    packages: ['@noble/hashes', '@noble/curves', 'pkijs', 'asn1js'],
  },
  // What needs Node to be verified: bundles of Sigstore. Imported as `#sigstore`, which is nothing in a browser (package.json).
  'evidence/node': {
    below: [...JUDGED, 'claim', 'evidence'],
    packages: ['@sigstore/*', '@noble/hashes'],
    node: true,
  },
  // What probes say of themselves: registry.ts, what it imports, and what is asked of it. Below `declare`, which has packs.
  'probe/registry': { below: [...JUDGED, 'claim', 'evidence'], packages: ['#sigstore'] },
  probe: {
    below: [
      ...JUDGED,
      'platform',
      'claim',
      'evidence',
      'evidence/node',
      'declare',
      'declare/node',
      'probe/registry',
    ],
    packages: ['pg', 'yaml', 'smol-toml', 'fflate', '@bufbuild/protobuf'],
    node: true,
  },
  // YAML within bounds that the library lacks.
  yaml: { below: ['bytes'], packages: ['yaml'] },
  declare: {
    below: [...PURE, 'claim', 'evidence', 'probe/registry', 'yaml'],
    packages: ['yaml', '@secretlint/*', '@noble/hashes', 'smol-toml'],
  },
  // Entries, checks and verdicts in words: the same ones in the command and on pages.
  words: { below: [...JUDGED, 'claim', 'evidence', 'appraisal', 'client'], packages: [] },
  // Evidence as somebody holds it: files by what they are, examined without a disk.
  offline: { below: [...JUDGED, 'declare', 'client'], packages: [] },
  // Periods of the past for whoever was not there: frameworks of controls, reports, bundles.
  audit: {
    below: [
      ...JUDGED,
      'claim',
      'evidence',
      'probe/registry',
      'appraisal',
      'declare',
      'incident',
      'client',
      'words',
    ],
    packages: ['@noble/hashes'],
  },
  'audit/node': { below: ['bytes', 'client', 'platform', 'audit'], packages: ['csv-parse'], node: true },
  // What a declaration is made of on a machine: files, git, the secret of the salts, what is left to the owner.
  'declare/node': {
    below: [...PURE, 'claim', 'platform', 'keys', 'evidence', 'evidence/node', 'declare', 'client'],
    packages: ['@noble/hashes'],
    node: true,
  },
  // What is declared becomes a logged commitment, with the identity of its targets, and its proof is kept.
  commit: {
    below: [
      ...JUDGED,
      'platform',
      'keys',
      'claim',
      'appraisal',
      'evidence',
      'probe',
      'probe/registry',
      'declare',
      'declare/node',
      'client',
      'client/node',
      'offline',
    ],
    packages: [],
    node: true,
  },
  // The registration policy of a log: read, edited as YAML, changed.
  policy: {
    below: [...JUDGED, 'appraisal', 'client', 'keys', 'platform', 'yaml'],
    packages: ['yaml'],
    node: true,
  },
  agent: {
    below: [
      ...JUDGED,
      'claim',
      'appraisal',
      'evidence',
      'probe',
      'probe/registry',
      'declare',
      'declare/node',
      'client',
      'platform',
      'keys',
      'storage',
      'workers',
      'yaml',
    ],
    packages: ['better-sqlite3', 'yaml'],
    node: true,
  },
  // What the machine gives: files that are whole or absent, locks, child processes, SQLite, and its faults as refusals.
  platform: { below: ['bytes'], packages: ['better-sqlite3'], node: true },
  keys: { below: ['bytes', 'sign', 'note', 'cose', 'platform'], packages: [], node: true },
  storage: {
    below: ['bytes', 'tree', 'statement', 'platform', 'log'],
    packages: ['better-sqlite3'],
    node: true,
  },
  workers: {
    below: ['bytes', 'sign', 'tree', 'cose', 'statement', 'registration', 'log'],
    packages: ['sodium-native', '@noble/hashes'],
    node: true,
  },
  web: {
    below: [...PURE, 'platform', 'log'],
    packages: ['fastify', '@fastify/*', 'typebox', 'pino', '@platformatic/prom-client'],
    node: true,
  },
  // What pages and their servers agree on: paths, and what a document says of its server.
  'explorer/shared': { below: [...PURE], packages: [] },
  // Pages: documents, their files, facts in the server's words, verdicts for the first screen.
  explorer: {
    below: [
      ...JUDGED,
      'log',
      'claim',
      'evidence',
      'probe/registry',
      'appraisal',
      'incident',
      'client',
      'words',
      'audit',
      'platform',
      'storage',
      'workers',
      'web',
      'client/node',
      'explorer/shared',
    ],
    packages: ['fastify', 'typebox', 'pino'],
    node: true,
  },
  // What runs in a browser: bundled by src/build/explorer.ts, in no package as modules.
  'explorer/page': {
    below: [
      ...JUDGED,
      'claim',
      'evidence',
      'probe/registry',
      'appraisal',
      'incident',
      'client',
      'declare',
      'offline',
      'words',
      'declare',
      'audit',
      'explorer/shared',
    ],
    packages: ['preact', 'htm', '@noble/hashes'],
  },
  // verify.html: one file that works without a network.
  'explorer/saved': {
    below: [
      ...JUDGED,
      'claim',
      'evidence',
      'probe/registry',
      'appraisal',
      'incident',
      'client',
      'declare',
      'offline',
      'words',
      'audit',
      'explorer/shared',
      'explorer/page',
    ],
    packages: ['preact', 'htm', '@noble/hashes'],
  },
  // What makes the packages: in none of them.
  build: { below: ['explorer/shared'], packages: ['@rollup/*', 'terser'], node: true },
  // The outsides: none imports another.
  witness: {
    below: [...PURE, 'client', 'incident', 'platform', 'keys', 'workers', 'explorer', 'web'],
    packages: ['fastify', 'typebox', 'better-sqlite3', 'yaml', 'pino', '@platformatic/prom-client'],
    node: true,
  },
  monitor: {
    below: [
      ...JUDGED,
      'appraisal',
      'log',
      'notary',
      'client',
      'incident',
      'platform',
      'keys',
      'storage',
      'workers',
      'explorer',
      'web',
      'yaml',
    ],
    packages: ['fastify', 'typebox', 'better-sqlite3', 'yaml', 'pino', '@platformatic/prom-client'],
    node: true,
  },
  mirror: {
    below: [...JUDGED, 'log', 'client', 'incident', 'platform', 'workers', 'explorer', 'web'],
    packages: ['fastify', 'typebox', 'pino', '@platformatic/prom-client'],
    node: true,
  },
  http: {
    below: [...JUDGED, 'log', 'explorer', 'web'],
    packages: ['fastify', '@fastify/*', 'typebox', 'pino', '@platformatic/prom-client'],
    node: true,
  },
  // A log put together: its threads, its directory, its server.
  service: {
    below: [
      ...JUDGED,
      'appraisal',
      'log',
      'notary',
      'client',
      'platform',
      'keys',
      'storage',
      'workers',
      'explorer',
      'web',
      'http',
    ],
    packages: ['pino'],
    node: true,
  },
  cli: {
    below: [
      'words',
      'audit',
      'audit/node',
      ...JUDGED,
      'log',
      'client',
      'client/node',
      'incident',
      'platform',
      'keys',
      'storage',
      'workers',
      'explorer',
      'web',
      'http',
      'service',
      'witness',
      'monitor',
      'mirror',
      'claim',
      'appraisal',
      'evidence',
      'probe',
      'probe/registry',
      'commit',
      'policy',
      'declare',
      'declare/node',
      'agent',
      'yaml',
    ],
    packages: [
      'commander',
      'yaml',
      'typebox',
      'pino',
      'close-with-grace',
      'better-sqlite3',
      '@noble/hashes',
      'pkijs',
      'asn1js',
    ],
    node: true,
  },
};

/** Longest file, lines. */
const MAX_LINES = 400;

/** Modules that begin to work when they are loaded: threads, and the scripts of pages. */
const STARTS = /-thread\.ts$|^explorer\/(?:page|saved)\/boot\.ts$/;

const sources = globSync('**/*.ts', { cwd: SRC })
  .filter((path) => !path.endsWith('.d.ts'))
  .toSorted();

const read = (path: string): string => readFileSync(join(SRC, path), 'utf8');
const folderOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '') : 'index');

/** Folders below a room's that are rooms of their own. */
const APART = [
  'declare/node',
  'evidence/node',
  'client/node',
  'audit/node',
  'explorer/shared',
  'explorer/page',
  'explorer/saved',
];

/** The room of a file: its folder, or one of `APART`; or the pure half of `probe`, which is what the registry needs. */
function roomOf(path: string): string {
  for (const room of APART) if (path.startsWith(`${room}/`)) return room;
  return described.has(path) ? 'probe/registry' : folderOf(path);
}

/** The registry of probes, and what of src/probe it and those who ask it import. */
const described = new Set<string>();
const describe = (path: string): void => {
  if (described.has(path) || folderOf(path) !== 'probe') return;
  described.add(path);
  for (const specifier of importsOf(read(path)))
    if (specifier.startsWith('.')) describe(relative(SRC, resolve(SRC, dirname(path), specifier)));
};
for (const path of ['registry', 'signed', 'ready', 'groups', 'parameters']) describe(`probe/${path}.ts`);

/** Specifiers of static and dynamic imports and of re-exports, types included. */
function importsOf(source: string): readonly string[] {
  const from = source.matchAll(/^(?:import|export)\b(?:[\w\s{},*$]*\bfrom)?\s*['"]([^'"]+)['"]/gm);
  const dynamic = source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  return [...from, ...dynamic].map(([, specifier]) => specifier ?? '');
}

/** Why a file of a layer may not import something; undefined when it may. */
function fault(path: string, specifier: string): string | undefined {
  const room = roomOf(path);
  const layer = LAYERS[room];
  if (layer === undefined) return `${path} is in a folder that the table does not have`;
  if (isBuiltin(specifier))
    return layer.node === true ? undefined : `${path} imports ${specifier}: this layer is pure`;
  if (specifier.startsWith('.')) {
    const target = roomOf(relative(SRC, resolve(SRC, dirname(path), specifier)));
    const fine = target === room || layer.below.includes(target);
    return fine ? undefined : `${path} imports ${specifier}: ${target} is not below ${room}`;
  }
  const allowed = layer.packages.some((name) => {
    const base = name.endsWith('*') ? name.slice(0, -1) : `${name}/`;
    return `${specifier}/`.startsWith(base);
  });
  return allowed ? undefined : `${path} imports ${specifier}: not a package of this layer`;
}

t.test('imports point down', async (t) => {
  const faults = sources.flatMap((path) => importsOf(read(path)).map((specifier) => fault(path, specifier)));
  t.strictSame(
    faults.filter((each) => each !== undefined),
    [],
  );
  t.match(fault('tree/hash.ts', '../log/plan.ts'), /log is not below tree/, 'the check itself notices');
  t.match(fault('bytes/text.ts', 'node:fs'), /pure/);
  t.match(fault('probe/tls/describe.ts', 'node:fs'), /pure/);
  t.match(fault('http/app.ts', 'better-sqlite3'), /not a package/);
  t.strictSame(
    importsOf("import {\n  a,\n} from './a.ts';\nvoid import('./b.ts');\nexport type { C } from './c.ts';"),
    ['./a.ts', './c.ts', './b.ts'],
  );
});

t.test('what is tested below the command line does without it', async (t) => {
  const fault = (path: string, source: string): readonly string[] =>
    path.startsWith('test/cli/')
      ? []
      : importsOf(source)
          .map((specifier) =>
            relative(ROOT, resolve(ROOT, dirname(path), specifier.replace(/^#/, `${ROOT}/`))),
          )
          .filter((target) => /^(?:src\/cli|test\/cli)\//.test(target))
          .map((target) => `${path} imports ${target}`);
  const files = globSync('{test,bench,examples}/**/*.{ts,mjs,js}', { cwd: ROOT });
  t.ok(files.length > 200);
  t.strictSame(
    files.flatMap((path) => fault(path, readFileSync(join(ROOT, path), 'utf8'))),
    [],
    'a test of a verb lies in test/cli; others run the command as a process, or call the library',
  );
  const sample = "import { run } from '#src/cli/main.ts';\nimport { a } from '../cli/support/a.ts';";
  t.strictSame(
    fault('test/log/a.test.ts', sample),
    ['test/log/a.test.ts imports src/cli/main.ts', 'test/log/a.test.ts imports test/cli/support/a.ts'],
    'the check itself notices',
  );
});

t.test('nothing is below itself, types counted', async (t) => {
  const files = new Map(
    sources.map((path) => {
      const imported = importsOf(read(path)).filter((specifier) => specifier.startsWith('.'));
      return [path, imported.map((specifier) => relative(SRC, resolve(SRC, dirname(path), specifier)))];
    }),
  );
  t.strictSame(circles(files), [], 'files');
  t.strictSame(
    circles(new Map(Object.entries(LAYERS).map(([room, { below }]) => [room, below]))),
    [],
    'rooms of the table',
  );
  const example = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', []],
  ]);
  t.strictSame(circles(example), ['a → b → c → a'], 'the check itself notices');
});

/** Each way that leads from something back to it, found from the first that is on it. */
function circles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const left = new Set<string>();
  const visit = (at: string, way: readonly string[]): void => {
    const start = way.indexOf(at);
    if (start >= 0) found.push([...way.slice(start), at].join(' → '));
    if (start >= 0 || left.has(at)) return;
    for (const next of graph.get(at) ?? []) visit(next, [...way, at]);
    left.add(at);
  };
  for (const at of graph.keys()) visit(at, []);
  return found;
}

/** What each export of the package may load; without `node`, it runs in a browser, and so does what its packages load. */
const VERIFIER = ['@noble', 'cbor-x'];
const CERTIFICATES = ['pkijs', 'asn1js'];
const EXPRESSIONS = ['@marcbachmann', 're2js'];
const SERVED = ['fastify', '@fastify', 'pino', 'typebox', 'better-sqlite3', 'sodium-native', '@platformatic'];
const EXPORTS: Readonly<Record<string, { readonly packages: readonly string[]; readonly node?: boolean }>> = {
  '.': { packages: VERIFIER },
  './client': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS] },
  './appraisal': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS] },
  './audit': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS] },
  './declare': {
    packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS, 'yaml', 'smol-toml', '@secretlint'],
  },
  './probe': {
    packages: [
      ...VERIFIER,
      ...CERTIFICATES,
      ...EXPRESSIONS,
      'yaml',
      'smol-toml',
      'fflate',
      '@secretlint',
      'pg',
      '@bufbuild',
    ],
    node: true,
  },
  './commit': {
    packages: [
      ...VERIFIER,
      ...CERTIFICATES,
      ...EXPRESSIONS,
      'yaml',
      'smol-toml',
      'fflate',
      '@secretlint',
      'pg',
      '@bufbuild',
      'better-sqlite3',
    ],
    node: true,
  },
  './log': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS, ...SERVED], node: true },
  './agent': {
    packages: [
      ...VERIFIER,
      ...CERTIFICATES,
      ...EXPRESSIONS,
      'yaml',
      'smol-toml',
      'fflate',
      '@secretlint',
      'pg',
      '@bufbuild',
      'better-sqlite3',
      'sodium-native',
    ],
    node: true,
  },
  './monitor': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS, ...SERVED, 'yaml'], node: true },
  './witness': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS, ...SERVED, 'yaml'], node: true },
  './mirror': { packages: [...VERIFIER, ...CERTIFICATES, ...EXPRESSIONS, ...SERVED], node: true },
};

/** Packages that are followed into: those whose modules are the same everywhere. Of others the bundles are tried (packed.test.ts). */
const FOLLOWED = new Set(VERIFIER);

t.test('each export has its packages, and runs where it says', async (t) => {
  const manifest: { exports: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const { './package.json': own, ...exported } = manifest.exports;
  t.equal(own, './package.json');
  t.strictSame(Object.keys(exported), Object.keys(EXPORTS), 'each export has a row here');
  for (const [name, file] of Object.entries(exported)) {
    const { packages: allowed, node = false } = EXPORTS[name] ?? { packages: [] };
    const { builtins, packages, files } = loadedBy(join(ROOT, file), node);
    if (!node) t.strictSame(builtins, [], `${name} needs no Node`);
    t.strictSame(
      packages.filter((each) => !allowed.includes(each) && !(node && each === '@sigstore')),
      [],
      `${name} needs no other package`,
    );
    t.ok(files > 30, `${name}: ${files} modules were walked`);
  }
  const { packages } = loadedBy(join(SRC, 'index.ts'));
  t.strictSame(packages, ['@noble', 'cbor-x'], 'the verifier needs these two');
  t.match(loadedBy(join(SRC, 'platform/files.ts')).builtins, /node:fs/, 'the check itself notices');
});

/** What a module loads, statically or later, types left out: modules of Node by who wants them, packages, files. */
function loadedBy(
  entry: string,
  node = false,
): {
  readonly builtins: readonly string[];
  readonly packages: readonly string[];
  readonly files: number;
} {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const builtins: string[] = [];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of importsOf(withoutTypes(file, readFileSync(file, 'utf8')))) {
      const [name = ''] = specifier.split('/');
      if (isBuiltin(specifier)) builtins.push(`${relative(ROOT, file)} imports ${specifier}`);
      else if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier));
      else if (specifier === '#sigstore')
        visit(join(SRC, node ? 'evidence/node/sigstore.ts' : 'evidence/sigstore-none.ts'));
      else {
        packages.add(name);
        if (FOLLOWED.has(name)) visit(fileURLToPath(import.meta.resolve(specifier, pathToFileURL(file))));
      }
    }
  };
  visit(entry);
  return { builtins, packages: [...packages].toSorted(), files: seen.size };
}

t.test('every module loads', async (t) => {
  for (const path of sources) {
    if (!STARTS.test(path)) await t.resolves(import(pathToFileURL(join(SRC, path)).href), path);
  }
});

t.test('habits', async (t) => {
  const faults = sources.flatMap((path) => {
    const source = read(path);
    const found: string[] = [];
    if (source.split('\n').length > MAX_LINES + 1) found.push(`has more than ${MAX_LINES} lines`);
    if (!source.startsWith('/**')) found.push('does not begin by saying what it is');
    if (/^export default/m.test(source)) found.push('has a default export');
    if (folderOf(path) !== 'bytes') found.push(...castsOf(source).map((cast) => `casts: ${cast}`));
    return found.map((each) => `${path} ${each}`);
  });
  t.strictSame(faults, []);
  const sample = "const a = b as const; const c = d as Digest; // as is\nimport { e as f } from 'g';";
  t.strictSame(castsOf(sample), ['as Digest'], 'the check itself notices');
});

/** Type assertions other than `as const`: what type stripping takes away, outside imports and exports. */
function castsOf(source: string): readonly string[] {
  const stripped = stripTypeScriptTypes(source);
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, (comment) => ' '.repeat(comment.length));
  const imports = [...source.matchAll(/^(?:import|export) (?:type )?[{*][^;]*;/gm)];
  return [...code.matchAll(/\bas (?!const\b)[\w{(['"]+/g)]
    .filter(({ index }) => stripped.slice(index, index + 2).trim() === '')
    .filter(
      ({ index }) => !imports.some((each) => index >= each.index && index < each.index + each[0].length),
    )
    .map(([text]) => text);
}

function withoutTypes(file: string, source: string): string {
  return file.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
}

t.test('nothing of a machine is in the repository', async (t) => {
  const isClone = existsSync(join(ROOT, '.git'));
  if (!isClone) t.comment('not a clone: there is no list of tracked files to look at');
  const listed = isClone ? execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }) : '';
  // Put together here so that this file does not find itself.
  const path = new RegExp(`(^|[\\s"'\`(=:])/(${['work', 'farm', 'root', 'home'].join('|')})/[a-z.]`, 'm');
  const host = new RegExp(
    `https?://[a-z0-9.-]*(${['registry', 'mirror', 'artifact'].join('|')})[a-z0-9.-]*`,
    'i',
  );
  const faults = listed.split('\0').filter((name) => {
    if (name === '' || !existsSync(join(ROOT, name))) return false;
    const text = readFileSync(join(ROOT, name), 'latin1');
    return path.test(text) || host.test(text);
  });
  t.strictSame(faults, []);
  t.match(['see ', 'work', 'main'].join('/'), path, 'the check itself notices');
  t.match(['https:', '', 'registry.example.com'].join('/'), host);
});
