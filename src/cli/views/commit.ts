/** What `commit` prints: with --list the leaves that it would commit to, else the logged commitment. */
import { relative } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import type { Committed } from '../../commit/commit.ts';
import type { Pinned } from '../../commit/pin.ts';
import { showPath } from '../../declare/leafopening.ts';
import type { ReadSource } from '../../declare/read.ts';
import { showValue, type declaredValues } from '../../statement/leaf-text.ts';
import { EXIT } from '../exit.ts';
import type { Output } from '../frame/output.ts';
import { formatDay } from '../../bytes/time.ts';
import { withFlags } from '../frame/remedy.ts';

/** A source with the leaves that the claims file reads, which its commitment makes public. */
export interface ListedSource extends ReadSource {
  readonly read: ReturnType<typeof declaredValues>;
}

/** Prints the leaves, but no value that looks like a secret. Returns the exit code: 1 if there is such a value. */
export function tellLeaves(
  output: Output,
  { profile, leaves, excluded, unmarked, read }: ListedSource,
): number {
  const secrets = new Map(
    unmarked.flatMap(({ path, why, inName }) => (inName === true ? [] : [[path, why] as const])),
  );
  const shown = ({ path, value }: (typeof leaves)[number]): string =>
    secrets.has(path) ? `(a secret? it looks like ${secrets.get(path)})` : showValue(value);
  const isSecret = (path: string): boolean =>
    [...secrets.keys()].some((each) => each === path || each.startsWith(`${path}/`));
  for (const leaf of leaves) output.print(`${showPath(leaf.path)}  ${shown(leaf)}`);
  for (const { path, reason } of excluded)
    output.note(`left out: ${showPath(path)} (${printable(reason, 512)})`);
  for (const { path, readers } of read)
    output.note(
      `${showPath(path)} becomes public with a commitment, since claims read it: ${readers.join('; ')}`,
    );
  output.result('leaves', {
    profile,
    leaves: leaves.map((leaf) => ({
      path: leaf.path,
      value: shown(leaf),
      sensitive: leaf.sensitive,
      looks_like: secrets.get(leaf.path) ?? null,
    })),
    excluded: excluded.map(({ path, reason }) => ({ path, reason })),
    read_by_claims: read.map(({ path, value, readers }) => ({
      path,
      value: isSecret(path) ? '(a secret?)' : value,
      readers,
    })),
  });
  if (unmarked.length === 0) return EXIT.ok;
  for (const { path, why } of unmarked.filter(({ inName }) => inName === true))
    output.warn(
      `the name of a member of ${showPath(path)} looks like ${printable(why)}; nothing hides names`,
    );
  output.warn(
    `${unmarked.length} of ${leaves.length} leaves look like secrets: mark each with --sensitive PATH or --not-secret PATH`,
  );
  return EXIT.usage;
}

export function tellCommitted(output: Output, committed: Committed, folder: string, cwd: string): void {
  const { subject, leaves, logged, already, supersedes, pinned, read, undeclared, files } = committed;
  const lines = [
    output.paint('green', already ? 'already logged' : 'logged'),
    `entry     ${logged.id}`,
    `index     ${logged.index}`,
    `subject   ${subject} (${leaves} ${leaves === 1 ? 'leaf' : 'leaves'})`,
    ...(supersedes === undefined ? [] : [`replaces  ${supersedes}`]),
    `location  ${logged.location}`,
    `saved in  ${relative(cwd, folder)}/`,
    ...files.map((name) => `          ${name}`),
    ...pinned.flatMap(pinLines),
  ];
  output.print(lines.join('\n'));
  output.result('commit', {
    entry: logged.id,
    index: logged.index,
    subject,
    leaves,
    already_logged: already,
    supersedes: supersedes ?? null,
    location: logged.location,
    folder,
    files,
    pinned: pinned.map(({ at, text, ends }) => ({ at, identity: text, ends: ends ?? null })),
    public: read.map(({ path, value, readers }) => ({ path, value, readers })),
    undeclared,
  });
}

function pinLines({ at, text, ends, note }: Pinned): readonly string[] {
  const until = ends === undefined ? '' : `, until ${formatDay(ends)}`;
  return [
    `pinned    ${printable(at, 200)}: ${printable(text, 300)}${until}`,
    ...(note === undefined ? [] : [`          ${printable(withFlags(note.text, note.remedy), 300)}`]),
  ];
}
