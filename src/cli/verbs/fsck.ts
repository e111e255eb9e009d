/** `tallystick fsck`: recomputes a log from its entry bytes and compares the result with what is stored or served. */
import { resolve } from 'node:path';
import { auditLog, auditSource, type AuditReport, type AuditSource } from '../../log/audit.ts';
import { folderToAudit } from '../../mirror/audited.ts';
import type { TrustPolicy } from '../../note/trust.ts';
import { hasStore, openStoreToAudit, type StoreToAudit } from '../../service/audited.ts';
import { chooseHasher, chooseVerifier } from '../../workers/kernels.ts';
import { clientOf } from '../frame/client.ts';
import type { Context } from '../frame/context.ts';
import { EXIT } from '../exit.ts';
import { trustOf } from '../frame/trust.ts';
import { defineVerb } from '../frame/verb.ts';

export const fsckVerb = defineVerb({
  name: 'fsck',
  summary: 'check a whole log from its entry bytes',
  details:
    'Reads a data directory (also while the log runs), any tlog-tiles URL, or a directory of such files, as `mirror` ' +
    'makes it. It hashes every entry, checks its signature and whether the policy in force at that point admits it, and ' +
    'recomputes every tile and the root. The log in a data directory must contain the highest head that its guard saw ' +
    'signed. For logs of other software, --hashes checks the tree alone. Given a URL, fsck compares the head with the ' +
    'last one seen of that log, and with those of each --peer.',
  operands: [
    [
      '[log]',
      'data directory, or tlog-tiles log: URL prefix, or directory with a checkpoint (default: --data-dir)',
    ],
  ],
  settings: ['dataDir', 'guardDir', 'vkey', 'logOrigin', 'policy', 'stateDir', 'peer'],
  options: [{ flags: '--hashes', help: 'check hashes and tiles only, not statements' }],
  json: true,
  examples: [
    'tallystick fsck',
    'tallystick fsck /var/lib/tallystick',
    'tallystick fsck https://log.example --vkey "$(cat log.vkey)"',
    'tallystick fsck ./mirror --policy ./mirror/trust.policy',
    'tallystick fsck --json',
  ],
  run: async (context, operands, flags) => {
    const target = await openTarget(context, operands[0]);
    try {
      return tell(context, target, await audit(context, target, !flags.on('hashes')));
    } finally {
      await target.close?.();
    }
  },
});

async function audit({ output }: Context, target: Target, statements: boolean): Promise<AuditReport> {
  const progress = output.progress('entries', target.source.size);
  try {
    return await auditLog(target.source, {
      hasher: chooseHasher(),
      verify: chooseVerifier(),
      statements,
      onProgress: (done) => progress.at(done),
      ...(statements ? target.index : {}),
    });
  } finally {
    progress.end();
  }
}

function tell({ output }: Context, { name, source, guard }: Target, report: AuditReport): number {
  const behind = guard?.kind === 'behind' ? [{ index: undefined, what: guard.why }] : [];
  const findings = [...report.findings, ...behind];
  const clean = findings.length === 0;
  // The audit could not go on, which is no fault of the log. Findings before that are reported first.
  if (report.stopped !== undefined && clean) throw report.stopped;
  output.result('fsck', {
    target: name,
    verified: clean,
    entries: report.entries,
    root: source.root.toHex(),
    findings: findings.map(({ index, what }) => ({ index: index ?? null, what })),
    guard: guard?.kind ?? null,
    stopped: report.stopped?.message ?? null,
  });
  const [green, red, yellow] = [
    output.paint('green', '✓'),
    output.paint('red', '✗'),
    output.paint('yellow', '–'),
  ];
  for (const { index, what } of findings)
    output.print(`${red} ${index === undefined ? 'tree' : `entry ${index}`}: ${what}`);
  output.print(
    clean
      ? `${green} ${name}: ${report.entries} entries; every tile and the root match them`
      : `${name}: ${findings.length} findings in ${report.entries} entries`,
  );
  if (report.stopped !== undefined)
    output.print(`${yellow} later entries were not checked: ${report.stopped.message}`);
  if (guard?.kind === 'unread') output.print(`${yellow} the guard was not checked: ${guard.why}`);
  return clean ? EXIT.ok : EXIT.verification;
}

/** A log to audit. Only a data directory has more than the source. */
interface Target extends Partial<StoreToAudit> {
  readonly source: AuditSource;
  readonly name: string;
}

/** Opens what the operand names: a URL, a data directory (without an operand, --data-dir) or a directory of tiles. */
async function openTarget(context: Context, named: string | undefined): Promise<Target> {
  const { dataDir: own, guardDir } = context.config;
  if (named !== undefined && URL.canParse(named)) return { name: named, source: await byUrl(context, named) };
  const dataDir = named === undefined ? own : resolve(context.world.cwd, named);
  if (named === undefined || hasStore(dataDir)) {
    const home = { dataDir, guardDir: dataDir === own ? guardDir : undefined };
    return { name: dataDir, ...(await openStoreToAudit(home)) };
  }
  const policy = async (): Promise<TrustPolicy> => (await trustOf(context)).policy;
  const kernels = { verify: chooseVerifier(), hasher: chooseHasher() };
  return { name: named, source: await folderToAudit(dataDir, policy, kernels) };
}

/** A log at a URL. Refuses if the trust policy does not accept its checkpoint, or the last head seen contradicts it. */
async function byUrl(context: Context, url: string): Promise<AuditSource> {
  const client = await clientOf(context, { url });
  return auditSource((await client.view()).opened.checkpoint, client.tiles);
}
