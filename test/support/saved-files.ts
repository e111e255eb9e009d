/** One good file of each kind that verify.html takes, and what the command would say of it. */
import { formatIncident } from '#src/incident/incident.ts';
import { attachReceipts } from '#src/cose/transparent.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import type { Test } from 'tap';
import { bundleOf, fourDays } from './bundle-world.ts';
import { HostileLog } from './hostile-log.ts';
import { incidentOf, splitOf } from './incident-examples.ts';
import { POLICY } from './past-world.ts';
import { ServedLog } from './served-log.ts';
import { commitmentStatement, otherStatement, vkeys } from './world.ts';

export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface SavedCase {
  readonly files: readonly SavedFile[];
  readonly trust: string;
  /** Under the policy, without one, and with a byte of the last file changed. */
  readonly word: RegExp;
  readonly without: RegExp;
  readonly mutated: RegExp;
  /** Names of checks that must stand there. */
  readonly checks: readonly string[];
}

export async function savedCases(t: Test): Promise<Readonly<Record<string, SavedCase>>> {
  const keys = vkeys.join('\n');
  const log = await ServedLog.start();
  const entry = await commitmentStatement('web/shop');
  log.add(entry);
  for (let i = 0; i < 5; i++) log.add(await otherStatement(`other ${i}`));
  const receipt = await log.receiptOf(1);
  const hostile = await HostileLog.start();
  t.teardown(() => hostile.close());
  hostile.append(await otherStatement('a'), await otherStatement('b'));
  hostile.fork(2, 'b', [await otherStatement('x'), await otherStatement('y')]);
  const split = incidentOf(hostile, await splitOf(hostile, [3, 'main'], [4, 'b']));
  const at = hostile.append(entry);
  const proof = await hostile.proof(at);
  const policyProof = await hostile.proof(0);
  const policy = hostile.entriesOf()[0] ?? new Uint8Array();
  const bundle = await bundleOf(await fourDays(t));
  return {
    'a proof directory': {
      files: [
        { name: 'policy.cose', bytes: policy },
        { name: 'policy.tlog-proof', bytes: policyProof },
        { name: 'entry.tlog-proof', bytes: proof },
        { name: 'statement.cose', bytes: entry },
      ],
      trust: keys,
      word: /^VERIFIED$/,
      without: /^NOT CHECKED$/,
      mutated: /^NOT VERIFIED/,
      checks: ['statement', 'checkpoint', 'inclusion', 'policy', 'signature'],
    },
    'a statement and a .tlog-proof': {
      files: [
        { name: 'x.bin', bytes: entry },
        { name: 'y', bytes: proof },
      ],
      trust: keys,
      word: /^VERIFIED$/,
      without: /^NOT CHECKED$/,
      mutated: /^NOT VERIFIED/,
      checks: ['statement', 'checkpoint', 'inclusion'],
    },
    'a transparent statement': {
      files: [{ name: 'transparent.cose', bytes: attachReceipts(entry, [receipt]) }],
      trust: keys,
      word: /^NOT VERIFIED/,
      without: /^NOT CHECKED$/,
      mutated: /^NOT VERIFIED/,
      checks: ['statement', 'receipt'],
    },
    'an incident': {
      files: [{ name: 'incident.json', bytes: encodeUtf8(formatIncident(split)) }],
      trust: keys,
      word: /^PROVEN$/,
      without: /^NOT CHECKED$/,
      mutated: /^(?:THE EVIDENCE DOES NOT HOLD|NOT VERIFIED)/,
      checks: ['id'],
    },
    'a bundle': {
      files: [{ name: 'audit.zip', bytes: bundle }],
      trust: POLICY,
      word: /^VERIFIED, AUTHENTIC under your policy/,
      without: /^INTERNALLY CONSISTENT, UNDER THE KEYS OF THE FILE ITSELF/,
      mutated: /^NOT VERIFIED$/,
      checks: ['container', 'manifest', 'heads', 'made again'],
    },
  };
}

/** The files with a byte in the middle of the last one changed. */
export function mutated(files: readonly SavedFile[]): readonly SavedFile[] {
  return files.map((file, i) => {
    if (i < files.length - 1) return file;
    const at = Math.floor(file.bytes.length / 2);
    return { ...file, bytes: Uint8Array.from(file.bytes).with(at, (file.bytes[at] ?? 0) ^ 1) };
  });
}
