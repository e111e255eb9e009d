/**
 * Fuzzing (test/fuzz/run.ts): 10^5 inputs of one seed, and a list that holds every exported parser of the program. A
 * parser throws refusals and nothing else, ends, leaves its input alone, and what a strict format takes prints back.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { Refusal } from '../../src/bytes/refusal.ts';
import { decodeObserved } from '../../src/agent/observed.ts';
import { encodeCbor } from '../../src/bytes/cbor.ts';
import { DECLARED } from '../fuzz/declared.ts';
import { API_CONTRACTS } from '../fuzz/api.ts';
import { ENGINE_ANSWERS } from '../fuzz/container.ts';
import { CRI_MESSAGES } from '../fuzz/cri.ts';
import { KUBERNETES_ANSWERS } from '../fuzz/kubernetes.ts';
import { EVIDENCE } from '../fuzz/evidence.ts';
import { BUNDLES } from '../fuzz/bundles.ts';
import { FORMATS } from '../fuzz/formats.ts';
import { SUPPLY } from '../fuzz/supply.ts';
import { PAGES } from '../fuzz/pages.ts';
import { mutate, Random } from '../fuzz/random.ts';

t.setTimeout(180_000);

const ROOT = resolve(import.meta.dirname, '../..');
const TARGETS = [
  ...FORMATS,
  ...BUNDLES,
  ...EVIDENCE,
  ...CRI_MESSAGES,
  ...API_CONTRACTS,
  ...ENGINE_ANSWERS,
  ...KUBERNETES_ANSWERS,
  ...DECLARED,
  ...SUPPLY,
  ...PAGES,
];

/** Functions that are named like parsers and are not fuzzed by themselves, by why. */
const REASONS: Readonly<Record<string, string>> = {
  'opens a part of the program, a database or a folder':
    'openAgent openAgentDatabase openMonitor openLog openWitness openMirror openClient openOwn openWatch openFolder openDatabase openMonitorDatabase openDatabaseToRead openDatabaseToChange ' +
    'openHeads openStores openInBrowser openForWriting openForReading openFile openPublished openBatch openToBrowsers openApi openStoreToAudit',
  'reads files, which parsers of the list take apart':
    'readImage readDelegation readOwned readShownLeaves readNamedFile readNamedFileSync readNamedSource readTls readPiped readNamedKey readNamedVkeys readSecretFile readTexts readSource ' +
    'readAssets readGiven readNamedEnd readBundleFile readFact readFacts readLinkFact readLogs readParameters',
  'reads a log, whose entries parsers of the list take apart':
    'readSubject readHistory readAhead readPast readPasts readPlanned readProofs readDeclaring',
  'a part of parsers of the list':
    'readDocuments readDocument readScanned readIdentity readText readLines readDecimal readDigest readHashes readValue readAudience openSigned openHead ' +
    'openCosignatures',
  'a part of opening a bundle, which the forger attacks (test/audit/forger.test.ts)':
    'openContainer openFiles openQuestions openBundle openEndHead openStartHead openTree openPolicies',
  'checked against the platform on every text (test/bytes/text.test.ts)': 'readHex readBase64',
  'asks a target within a session (the tests of its probe)':
    'readGrants readHba readRoles readFiles readParameters',
  "reads what the server wrote into its own page, whose scripts are the server's too": 'parseBoot',
  'takes values that were parsed, or flags of a command line':
    'parseMoment parseMomentTime readOperand openObservations openDeployment openLeaf readFault readEdge readNodes readTiles readBlock readSettings readFlag ' +
    'parseArguments openText openVerb',
  'opens a file, and reads nothing of it': 'openRegular',
  "reads the owner's own file in YAML, whose parser is of the list": 'parseTargets',
};

t.test('every exported parser is fuzzed, or is in the list of reasons', async (t) => {
  const covered = new Set(TARGETS.flatMap(({ covers }) => covers));
  const excused = Object.values(REASONS).flatMap((names) => names.split(' '));
  const exported = new Set<string>();
  for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const names = source.matchAll(
      /^export (?:async )?(?:function\*? |const )((?:parse|decode|open|read)[A-Z]\w*)/gm,
    );
    for (const [, name = ''] of names) exported.add(name);
  }
  const missing = [...exported].filter((name) => !covered.has(name) && !excused.includes(name));
  t.strictSame(missing, [], 'add a target to test/fuzz, or a reason here');
  t.strictSame(
    excused.filter((name) => !exported.has(name)),
    [],
    'reasons for functions that are gone',
  );
  t.strictSame(new Set(TARGETS.map(({ name }) => name)).size, TARGETS.length, 'names are unique');
});

t.test('every target takes a seed, so that its mutations come further than the first byte', async (t) => {
  for (const { name, seeds, run } of TARGETS) {
    let taken = 0;
    for (const seed of seeds) {
      try {
        await run(new Uint8Array(seed));
        taken++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
    t.ok(taken > 0, `${name}: ${taken} of ${seeds.length}`);
  }
});

t.test('a seed gives the same inputs again', async (t) => {
  const inputs = (seed: string) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => mutate(random, [Buffer.from('one: 1\ntwo: [2]\n')]).toHex());
  };
  t.strictSame(inputs('a'), inputs('a'));
  t.strictNotSame(inputs('a'), inputs('b'));
});

t.test('10^5 inputs', async (t) => {
  const script = join(ROOT, 'test/fuzz/run.ts');
  // On a machine that is too busy fewer are tried, which is said; none is judged by its time.
  const args = [script, '--seed', 'ci', '--inputs', '100000', '--minutes', '1.5'];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: ROOT,
    maxBuffer: 64e6,
  });
  const lines = stdout.trim().split('\n');
  for (const fault of lines.slice(0, -1)) t.fail(fault.slice(0, 2000));
  const { inputs, faults } = JSON.parse(lines.at(-1) ?? '{}') as { inputs?: number; faults?: number };
  t.equal(faults, 0, `${lines.at(-1)?.slice(0, 500)} ${stderr.slice(0, 500)}`);
  t.comment(`${inputs} inputs`);
});

t.test('what was found: a damaged record of an agent is corrupt-store, never a bug', async (t) => {
  const leaf = ['/a', new Uint8Array(1)];
  const key = new Uint8Array(32);
  const damaged = [
    encodeCbor([new Uint8Array(8), [leaf]]),
    encodeCbor([key, [['/a', [new Uint8Array(31), 1]]]]),
    encodeCbor([key, [['/a', [new Uint8Array(32), -1]]]]),
    encodeCbor([key, [[...leaf, 1]]]),
    encodeCbor([key, [leaf], 1]),
    encodeCbor(key),
    Uint8Array.of(0xff),
  ];
  for (const bytes of damaged) t.throws(() => decodeObserved(bytes), { code: 'corrupt-store' });
});
