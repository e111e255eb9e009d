/** `tallystick fsck`: derives everything again from entry bytes and compares it with what is stored or served. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { auditLog, type AuditReport, type AuditSource } from '../../log/audit.ts';
import type { Head } from '../../log/ports.ts';
import { indexAudit, storeSource } from '../../log/storeaudit.ts';
import { CHECKPOINT, readerOf } from '../../mirror/folder.ts';
import { LocalTiles } from '../../mirror/local.ts';
import { openTrusted } from '../../note/trust.ts';
import { OTHER_RULES } from '../../registration/unread.ts';
import { SqliteGuard } from '../../storage/guard.ts';
import { SqliteReader } from '../../storage/sqlite-reader.ts';
import { chooseHasher } from '../../workers/kernels.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import type { Context } from '../context.ts';
import { assertFollows, policyOfStore } from '../../service/guarded.ts';
import { layoutOf } from '../../service/layout.ts';
import { clientOf } from '../client.ts';
import { trustOf } from '../trust.ts';
import type { FlagsOf, Verb, VerbOption } from '../verb.ts';

const OPTIONS = [
  { flags: '--hashes', help: 'check hashes and tiles only, not statements' },
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const fsckVerb: Verb<typeof OPTIONS> = {
  name: 'fsck',
  summary: 'check a whole log from its entry bytes',
  details:
    'Reads a data directory (also while the log runs), any tlog-tiles URL, or a directory of such files, as `mirror` ' +
    'makes it. Every entry is hashed, its signature checked and admitted again under the policy in force at that point; every tile and the root are derived again. ' +
    'A data directory must also go on from the highest head that its guard saw signed. ' +
    'For logs of other software, --hashes checks the tree alone. By URL, the head is also compared with the last one ' +
    'seen of that log, and with those of each --peer.',
  operands: [
    [
      '[log]',
      'data directory, or tlog-tiles log: URL prefix, or directory with a checkpoint (default: --data-dir)',
    ],
  ],
  settings: ['dataDir', 'guardDir', 'vkey', 'logOrigin', 'policy', 'stateDir', 'peer'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick fsck',
    'tallystick fsck /var/lib/tallystick',
    'tallystick fsck https://log.example --vkey "$(cat log.vkey)"',
    'tallystick fsck ./mirror --policy ./mirror/trust.policy',
    'tallystick fsck --json',
  ],
  run: fsck,
};

async function fsck(context: Context, operands: readonly string[], flags: Own): Promise<number> {
  const target = await openTarget(context, operands[0]);
  const { output } = context;
  const progress = output.progress('entries', target.source.size);
  let report: AuditReport;
  try {
    report = await auditLog(target.source, {
      hasher: chooseHasher(),
      verify: chooseVerifier(),
      statements: !flags.on('hashes'),
      onProgress: (done) => progress.at(done),
      ...(flags.on('hashes') ? {} : target.index),
    });
  } finally {
    progress.end();
    await target.close();
  }
  const { guard } = target;
  const findings = [
    ...report.findings,
    ...(guard?.kind === 'behind' ? [{ index: undefined, what: guard.why }] : []),
  ];
  const clean = findings.length === 0;
  // No fault of the log: the findings are of what comes before, and without any it is said alone.
  if (report.stopped !== undefined && clean) throw report.stopped;
  output.result('fsck', {
    target: target.name,
    verified: clean,
    entries: report.entries,
    root: target.source.root.toHex(),
    findings: findings.map(({ index, what }) => ({ index: index ?? null, what })),
    guard: guard?.kind ?? null,
    stopped: report.stopped?.message ?? null,
  });
  for (const { index, what } of findings) {
    output.print(`${output.paint('red', '✗')} ${index === undefined ? 'tree' : `entry ${index}`}: ${what}`);
  }
  output.print(
    clean
      ? `${output.paint('green', '✓')} ${target.name}: ${report.entries} entries, every tile and the root as they should be`
      : `${target.name}: ${findings.length} findings in ${report.entries} entries`,
  );
  if (report.stopped !== undefined)
    output.print(
      `${output.paint('yellow', '–')} nothing from there on was judged: ${report.stopped.message}`,
    );
  if (guard?.kind === 'unread')
    output.print(`${output.paint('yellow', '–')} the guard was not looked at: ${guard.why}`);
  return clean ? EXIT.ok : EXIT.verification;
}

/** What the guard says of a store; a running log keeps it to itself, and looked when it started. */
type Guarded =
  | { readonly kind: 'checked' }
  | { readonly kind: 'behind'; readonly why: string }
  | { readonly kind: 'unread'; readonly why: string };

async function guardedBy(path: string, store: SqliteReader, head: Head): Promise<Guarded> {
  let kind: 'unread' | 'behind' = 'unread';
  try {
    const signed = SqliteGuard.look(path, store.origin());
    if (signed === undefined) return { kind, why: `${path} is empty` };
    kind = 'behind';
    await assertFollows(signed, store, head, 'the store');
    await policyOfStore(store, head, signed);
    return { kind: 'checked' };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (OTHER_RULES.has(error.code)) kind = 'unread';
    return { kind: error.code === 'foreign-log' ? 'behind' : kind, why: error.message };
  }
}

interface Target {
  readonly name: string;
  readonly source: AuditSource;
  readonly index?: ReturnType<typeof indexAudit>;
  /** Of a data directory. */
  readonly guard?: Guarded;
  close(): Promise<void>;
}

/** What a user names: nothing, a URL, a data directory, or a directory that has a checkpoint. */
function openTarget(context: Context, named: string | undefined): Promise<Target> {
  const { dataDir: own, guardDir } = context.config;
  if (named === undefined) return openDirectory(own, guardDir);
  if (URL.canParse(named)) return openUrl(context, named);
  const dataDir = resolve(context.world.cwd, named);
  if (!existsSync(layoutOf({ dataDir, guardDir: undefined }).store)) return openFiles(context, named);
  return openDirectory(dataDir, dataDir === own ? guardDir : undefined);
}

/** A data directory, through a connection that reads one committed state while the log may go on. */
async function openDirectory(dataDir: string, guardDir: string | undefined): Promise<Target> {
  const { store: path, guard } = layoutOf({ dataDir, guardDir });
  if (!existsSync(path))
    throw refuse('no-such-log', `there is no log in ${dataDir}: give --data-dir or a URL`);
  const store = SqliteReader.open(path);
  store.freeze();
  const head = await store.head();
  if (head === undefined) throw withoutHead(dataDir, guard, store.origin());
  return {
    name: dataDir,
    source: storeSource(store, head, store.origin()),
    index: indexAudit(store, head),
    guard: await guardedBy(guard, store, head),
    close: () => store.close(),
  };
}

/** A store without a head is one that was never used, unless its guard knows better. */
function withoutHead(dataDir: string, guard: string, origin: string): Refusal {
  const signed = existsSync(guard) ? SqliteGuard.look(guard, origin) : undefined;
  if (signed === undefined)
    return refuse('no-such-log', `the log in ${dataDir} is empty: run \`tallystick init\``);
  return refuse(
    'behind-signed-head',
    `the store in ${dataDir} has no head, and ${guard} says that a tree of ${signed.size} entries was signed: restore a backup`,
  );
}

/** A log as files in the layout of tlog-tiles: its checkpoint must be signed as the trust policy asks. */
async function openFiles(context: Context, named: string): Promise<Target> {
  const read = readerOf(resolve(context.world.cwd, named));
  const note = await read(CHECKPOINT);
  if (note === undefined)
    throw refuse(
      'no-such-log',
      `there is neither a log nor a checkpoint in ${named}: name a data directory, a mirror's directory or a URL`,
    );
  const { policy } = await trustOf(context);
  const { origin, size, root } = openTrusted(note, policy, chooseVerifier()).checkpoint;
  const tiles = new LocalTiles(read, () => size, chooseHasher());
  const source: AuditSource = {
    origin,
    size,
    root,
    tile: (level, index, width) => tiles.tile(level, index, width),
    bundle: (index, width) => tiles.bundle(index, width),
  };
  return { name: named, source, close: async () => {} };
}

/** A log by its URL: its checkpoint must be signed as the trust policy asks, and fit the last one seen. */
async function openUrl(context: Context, url: string): Promise<Target> {
  const client = await clientOf(context, { url });
  const { tiles } = client;
  const { origin, size, root } = (await client.view()).opened.checkpoint;
  const source: AuditSource = {
    origin,
    size,
    root,
    tile: (level, index, width) => tiles.tile(level, index, width),
    bundle: (index, width) => tiles.bundle(index, width),
  };
  return { name: url, source, close: async () => {} };
}
