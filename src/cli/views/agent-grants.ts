/** What owners of targets must allow an agent, as text: a comment for each grant, and its statement to be copied. */
import { printable } from '../../bytes/printable.ts';
import type { NeededGrants } from '../../agent/needed-grants.ts';

/** Where a statement is run. */
const WHERE: Readonly<Record<NeededGrants['grants'][number]['by'], string>> = {
  sql: 'psql, as a superuser',
  shell: "a shell of the target's machine, as root",
  kubernetes: 'kubectl, as an administrator',
  iam: 'a policy for AWS IAM',
};

export function grantsText(needed: readonly NeededGrants[]): string {
  return needed.map((each) => ofProbe(each)).join('\n\n');
}

function ofProbe({ probe, target, grants }: NeededGrants): string {
  const at = `# ${probe} at ${printable(target)}`;
  if (grants.length === 0) return `${at}: needs no grant`;
  return [at, ...grants.map(({ lets, by, statement }) => `# to ${lets} (${WHERE[by]}):\n${statement}`)].join(
    '\n',
  );
}
