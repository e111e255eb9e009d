/** `tallystick audit`: what a log shows of a period, for whoever was not there. */
import { resolve } from 'node:path';
import { FRAMEWORKS } from '../../audit/controls/data/frameworks.ts';
import { extendFrameworks } from '../../audit/controls/parse.ts';
import { inventoryOf } from '../../audit/inventory.ts';
import type { KnownHistory } from '../../appraisal/past/known-types.ts';
import { historyJson } from '../../appraisal/past/json.ts';
import { auditJson } from '../../audit/json.ts';
import { KeptTexts } from '../../audit/node/kept-texts.ts';
import { runAudit } from '../../audit/run.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { asUsage } from '../../bytes/within.ts';
import { snapshotJson } from '../../client/snapshot-json.ts';
import { readNamedFile } from '../../platform/files.ts';
import { exitOfAudit } from '../exit.ts';
import type { Context } from '../frame/context.ts';
import { JsonTexts } from '../frame/output.ts';
import { periodOf, PERIOD_OPTIONS, trustedMonitors } from '../frame/period.ts';
import { SEE_OPTIONS, snapshotOf } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb, type AnyVerb } from '../frame/verb.ts';
import { bundleVerb } from './audit/bundle.ts';
import { auditLines } from '../views/audit.ts';
import { checkedLine } from '../../words/checked.ts';

/** Longest inventory, and longest file of frameworks. */
const MOST_BYTES = 33_554_432;

const reportVerb = defineVerb({
  name: 'report',
  standard: true,
  summary: 'report on a period: what was covered, failed, missed; controls; what is not proven',
  details:
    'Reads the past of the subjects as `tallystick history` does. A control is an item of a framework, "SOC2-2017 CC6.7": the ' +
    'report says which claims support it, never that anybody complies, and shows each day; a missed day is shown as missed. With an ' +
    'inventory, your own list of systems (CSV: name,subject,controls), it says which systems are in both, in one only. Exits 0 when ' +
    'it holds: nothing failed (under a waiver neither), was missed or is unknown; 3 when something failed; else 5.',
  operands: [
    [
      '[subjects...]',
      'what was committed to; without any, the systems of the inventory, or all that the controls concern',
    ],
  ],
  options: [
    ...PERIOD_OPTIONS,
    {
      flags: '--control <id>',
      help: 'framework and item, such as "SOC2-2017 CC6.7"; repeat for several',
      many: true,
    },
    { flags: '--inventory <file>', help: 'your list of systems, CSV with the header name,subject,controls' },
    { flags: '--frameworks <file>', help: 'YAML that adds frameworks, items and claims (spec/audit.md)' },
    ...SEE_OPTIONS,
  ],
  settings: READER_SETTINGS,
  json: true,
  examples: [
    'tallystick audit db/payments --since 2026-01-01 --until 2026-06-30 --policy trust.txt',
    "tallystick audit --control 'FedRAMP-20x-C KSI-MLA-EVC' --since 2026-01-01 --full",
    'tallystick audit --inventory systems.csv --since 2026-01-01 --json > audit.json',
  ],
  run: async (context, subjects, flags) => {
    const { output } = context;
    const frameworks = await frameworksOf(context, flags.text('frameworks'));
    const inventory = await inventoryFrom(context, flags.text('inventory'));
    const monitors = trustedMonitors(flags);
    const snapshot = await snapshotOf(context, flags, true);
    const period = periodOf(flags, snapshot.now);
    const wanted = { period, subjects, controls: flags.texts('control'), frameworks, inventory };
    let progress: ReturnType<typeof output.progress> | undefined;
    const onDone = (done: number, of: number): void => {
      progress ??= output.progress('subjects', of);
      progress.at(done);
    };
    const texts = new KeptTexts();
    const keep = (history: KnownHistory): void =>
      texts.add(JSON.stringify(historyJson(history, snapshot.policies)));
    const audit = await runAudit(snapshot, wanted, {
      monitors,
      onDone,
      ...(output.json && { onHistory: keep }),
    });
    progress?.end();
    output.print([...auditLines(output, audit), checkedLine(snapshot)].join('\n'));
    output.result('audit', { ...snapshotJson(snapshot), ...auditJson(audit, new JsonTexts(texts)) });
    return exitOfAudit(audit);
  },
});

async function frameworksOf({ world }: Context, path: string | undefined): Promise<typeof FRAMEWORKS> {
  if (path === undefined) return FRAMEWORKS;
  const bytes = await readNamedFile(resolve(world.cwd, path), MOST_BYTES);
  return asUsage(() => extendFrameworks(FRAMEWORKS, decodeUtf8(bytes)));
}

/** The rows of an inventory. Refuses `usage` where the file is none. */
async function inventoryFrom({ world }: Context, path: string | undefined) {
  if (path === undefined) return undefined;
  const { csvRecords } = await import('../../audit/node/csv.ts');
  const bytes = await readNamedFile(resolve(world.cwd, path), MOST_BYTES);
  return asUsage(() => inventoryOf(csvRecords(decodeUtf8(bytes))));
}

export const auditVerb: AnyVerb = {
  name: 'audit',
  summary: 'report on a period, for whoever was not there',
  examples: [
    'tallystick audit db/payments --since 2026-01-01 --until 2026-06-30 --policy trust.txt',
    'tallystick audit --inventory systems.csv --since 2026-01-01 --json > audit.json',
  ],
  verbs: [reportVerb, bundleVerb],
};
