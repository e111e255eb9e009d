/** A bundle of an audit that `--log` names: what it says, under the reader's own policy, as a log at the end of its period. */
import { fileURLToPath } from 'node:url';
import { openBundle } from '../../audit/bundle/open.ts';
import { readBundleFile } from '../../audit/node/file.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { quickVerifier } from '../../workers/sound.ts';
import type { Context } from './context.ts';
import { trustOf } from './trust.ts';

/** Refuses as `trustOf`, `readBundleFile` and `openBundle` do. */
export async function bundleAt(context: Context, url: string): Promise<Snapshot> {
  const trust = await trustOf(context);
  const bytes = await readBundleFile(fileURLToPath(url));
  const progress = (label: string, total: number) => context.output.progress(label, total);
  return (await openBundle(bytes, { trust, verify: quickVerifier(), progress })).snapshot;
}
