/** `tallystick fsck`: derives everything again from entry bytes and compares it with what is stored or served. */
import { existsSync } from 'node:fs';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { TileReader } from '../../client/tiles.ts';
import { auditLog, type AuditReport, type AuditSource } from '../../log/audit.ts';
import { indexAudit, storeSource } from '../../log/storeaudit.ts';
import { openTrusted } from '../../note/trust.ts';
import { SqliteReader } from '../../storage/sqlite-reader.ts';
import { chooseHasher } from '../../workers/kernels.ts';
import { chooseVerifier } from '../../workers/kernels.ts';
import type { Context } from '../context.ts';
import { layoutOf } from '../layout.ts';
import { trustOf } from '../trust.ts';
import type { Flags, Verb } from '../verb.ts';

export const fsckVerb: Verb = {
  name: 'fsck',
  summary: 'check a whole log from its entry bytes',
  details:
    'Reads a data directory (also while the log runs) or any tlog-tiles URL. Every entry is hashed, its signature ' +
    'checked and admitted again under the policy in force at that point; every tile and the root are derived again. ' +
    'For logs of other software, --hashes checks the tree alone.',
  operands: [['[url]', 'prefix of a tlog-tiles log; the data directory when absent']],
  settings: ['dataDir', 'vkey', 'policy'],
  options: [{ flags: '--hashes', help: 'check hashes and tiles only, not statements' }],
  json: true,
  examples: [
    'tallystick fsck',
    'tallystick fsck https://log.example --vkey "$(cat log.vkey)"',
    'tallystick fsck --json',
  ],
  run: fsck,
};

async function fsck(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const [url] = operands;
  const target = url === undefined ? await openDirectory(context) : await openUrl(context, url);
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
  const clean = report.findings.length === 0;
  output.result('fsck', {
    target: target.name,
    verified: clean,
    entries: report.entries,
    root: target.source.root.toHex(),
    findings: report.findings.map(({ index, what }) => ({ index: index ?? null, what })),
  });
  for (const { index, what } of report.findings) {
    output.print(`${output.paint('red', '✗')} ${index === undefined ? 'tree' : `entry ${index}`}: ${what}`);
  }
  output.print(
    clean
      ? `${output.paint('green', '✓')} ${target.name}: ${report.entries} entries, every tile and the root as they should be`
      : `${target.name}: ${report.findings.length} findings in ${report.entries} entries`,
  );
  return clean ? EXIT.ok : EXIT.verification;
}

interface Target {
  readonly name: string;
  readonly source: AuditSource;
  readonly index?: ReturnType<typeof indexAudit>;
  close(): Promise<void>;
}

/** The data directory, through a connection that reads one committed state while the log may go on. */
async function openDirectory({ config }: Context): Promise<Target> {
  const { store: path } = layoutOf(config);
  if (!existsSync(path))
    throw refuse('no-such-log', `there is no log in ${config.dataDir}: give --data-dir or a URL`);
  const store = SqliteReader.open(path);
  const head = await store.head();
  if (head === undefined)
    throw refuse('no-such-log', `the log in ${config.dataDir} is empty: run \`tallystick init\``);
  return {
    name: config.dataDir,
    source: storeSource(store, head),
    index: indexAudit(store),
    close: () => store.close(),
  };
}

/** A log by its URL: its checkpoint must be signed as the trust policy asks. */
async function openUrl(context: Context, url: string): Promise<Target> {
  const tiles = new TileReader({ fetch: context.world.fetch, now: context.world.now }, url);
  const { policy } = await trustOf(context);
  const { checkpoint } = openTrusted(await tiles.checkpoint(), policy, chooseVerifier());
  const source: AuditSource = {
    size: checkpoint.size,
    root: checkpoint.root,
    tile: (level, index, width) => tiles.tile(level, index, width),
    bundle: (index, width) => tiles.bundle(index, width),
  };
  return { name: url, source, close: async () => {} };
}
