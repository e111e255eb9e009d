/** What `tallystick verify` does with a bundle. */
import { RESULT_EXITS, verdictLines, type ToldLine } from '../../../audit/bundle/told.ts';
import { verdictJson } from '../../../audit/bundle/verdict-json.ts';
import { verifyBundle } from '../../../audit/bundle/verify.ts';
import { bundleToVerify } from '../../../audit/node/file.ts';
import { chooseVerifier } from '../../../workers/kernels.ts';
import type { Context } from '../../frame/context.ts';
import { ownTrustOf, trustPlace } from '../../frame/trust.ts';
import { releasedVerifier } from '../../frame/verifier.ts';

const STYLES = { plain: undefined, good: 'green', bad: 'red', unsure: 'yellow' } as const satisfies Record<
  ToldLine['tone'],
  unknown
>;

/** Verifies it under the user's own policy, if there is one; resolves to the exit code. */
export async function verifyBundleFile(
  context: Context,
  path: string,
  monitors: ReadonlySet<string>,
): Promise<number> {
  const { output } = context;
  const bytes = await bundleToVerify(path);
  const verdict = await verifyBundle(bytes, {
    trust: await ownTrustOf(context),
    trustFrom: trustPlace(context)?.text,
    verify: chooseVerifier(),
    monitors,
    released: releasedVerifier(),
    progress: (label, total) => output.progress(label, total),
  });
  for (const { tone, text } of verdictLines(verdict)) {
    const style = STYLES[tone];
    output.print(style === undefined ? text : output.paint(style, text));
  }
  output.result('verify', verdictJson(verdict));
  return RESULT_EXITS[verdict.result];
}
