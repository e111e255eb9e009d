/** What `commit` logs: what was asked for, or with --repin what stands, with the identity of its targets. */
import { resolve } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { identitiesOf } from '../../statement/target.ts';
import type { ProvenEntry } from '../../client/view.ts';
import type { Policy } from '../../statement/policy.ts';
import type { Context } from '../context.ts';
import { readNamedFile } from '../../platform/files.ts';
import type { Whom } from '../client.ts';
import type { Flags, VerbOption } from '../verb.ts';
import type { Declared } from '../../declare/node/declarefiles.ts';
import { assertNothingLost, standing } from './lost.ts';
import { assertPinned, keepIdentities, pinTargets, unpinned, type Pinned, type Pinning } from './pin.ts';
import { certificatesIn } from './pinchoice.ts';
import { repin } from './repin.ts';
import type { Asked } from './wish.ts';

/** The flags that name who must sign. */
export const PINNING: readonly VerbOption[] = [
  {
    flags: '--pin',
    help: 'look once at each locator that has no identity, and name its CA or key: who must sign there',
  },
  {
    flags: '--repin',
    help: 'commit the newest again with the identity that its locators show now; claims stay as they are',
  },
  { flags: '--ca <file>', help: 'PEM of CAs to know besides those of the system, with --pin and --repin' },
];

/** What to log, and what must be asked before it replaces another. */
export interface ToLog {
  readonly declared: Declared;
  readonly pinned: readonly Pinned[];
  readonly mayReplace: (newest: ProvenEntry) => Promise<void>;
}

/** What is known of the log when it is decided what to log. */
export interface Known {
  readonly whom: Whom;
  readonly newest: ProvenEntry | undefined;
  readonly policy: Policy | undefined;
}

/** What was asked for. Refuses `usage` for a pack of class E3 without an identity, and as `pinTargets`. */
export async function identify(context: Context, asked: Asked, flags: Flags, known: Known): Promise<ToLog> {
  const { whom, newest, policy } = known;
  const { output } = context;
  const { subject } = asked;
  const locators = asked.declaration.target?.locators ?? [];
  const lacks = locators.some(({ identity }) => identity === undefined);
  const before = newest === undefined || !lacks ? [] : await standing(context, whom, subject, newest, policy);
  const kept = keepIdentities(asked.declaration, before[0]?.declaration);
  const { declaration, pinned } = flags.on('pin')
    ? await pinTargets(kept, subject, false, await pinningOf(context, flags))
    : { declaration: kept, pinned: [] };
  assertPinned(declaration, asked.packed);
  const open = unpinned(declaration);
  if (open.length > 0)
    output.warn(
      `claims of class E3 stay UNKNOWN while nothing says who must sign: ${open.map((id) => printable(id, 64)).join(', ')}; ` +
        'say --pin, or write the identity into target.locators (spec/claims.md)',
    );
  for (const { at } of kept.target?.locators ?? [])
    if (isNew(at, asked.declaration, kept))
      output.note(`the identity of ${printable(at, 200)} stays as entry ${before[0]?.index} has it`);
  return {
    declared: { ...asked, declaration },
    pinned,
    mayReplace: (replaced) => assertNothingLost(context, whom, asked, replaced, policy),
  };
}

function isNew(at: string, before: Asked['declaration'], after: Asked['declaration']): boolean {
  const count = ({ target }: Asked['declaration']): number =>
    (target && identitiesOf(target, at).length) ?? 0;
  return count(before) === 0 && count(after) > 0;
}

/** What stands, pinned again. Refuses as `repin`. */
export async function identifyAgain(
  context: Context,
  subject: string,
  folder: string,
  flags: Flags,
  { whom, newest, policy }: Known,
): Promise<ToLog> {
  if (newest === undefined)
    throw refuse('not-found', `the log has no commitment about ${printable(subject)}`);
  const stands = await standing(context, whom, subject, newest, policy);
  const { pinned, ...declared } = await repin(
    subject,
    stands,
    newest,
    folder,
    await pinningOf(context, flags),
  );
  return { declared, pinned, mayReplace: () => Promise.resolve() };
}

async function pinningOf({ world }: Context, flags: Flags): Promise<Pinning> {
  const file = flags.text('ca');
  const known =
    file === undefined ? [] : certificatesIn(decodeUtf8(await readNamedFile(resolve(world.cwd, file))));
  if (file !== undefined && known.length === 0)
    throw refuse('usage', `${printable(file)} has no certificate; --ca takes CAs in PEM`);
  return { now: world.now, known };
}

/** For people. */
export function pinLines(pinned: readonly Pinned[]): readonly string[] {
  return pinned.flatMap(({ at, text, ends, note }) => {
    const until = ends === undefined ? '' : `, until ${new Date(ends * 1000).toISOString().slice(0, 10)}`;
    return [
      `pinned    ${printable(at, 200)}: ${printable(text, 300)}${until}`,
      ...(note === undefined ? [] : [`          ${printable(note, 300)}`]),
    ];
  });
}
