/** What `waive`, `withdraw`, `approve` and `deploy mark` print of the statement that they logged. */
import type { LogClient } from '../../client/client.ts';
import type { StatementAbout } from '../../client/log-about.ts';
import type { LoggedStatement } from '../../client/log-statement.ts';
import { statusOf } from '../../client/statuses.ts';
import { EXIT } from '../exit.ts';
import type { JsonValue, Output } from '../frame/output.ts';
import { subjectLines } from './subject.ts';
import { line } from '../../words/plain.ts';

/**
 * Prints `told` for people or `fields` for machines. If the statement was logged before, people get the state in force in
 * place of `told`. Resolves to the exit code.
 */
export async function tellLogged(
  output: Output,
  name: string,
  client: LogClient,
  { subject, about: { entry } }: StatementAbout,
  { id, index, already }: LoggedStatement,
  told: readonly string[],
  fields: { readonly [key: string]: JsonValue },
): Promise<number> {
  const inForce = async (): Promise<readonly string[]> => {
    const look = await client.snapshot();
    return ['in force', ...subjectLines(output, look, await statusOf(look, subject))];
  };
  output.print(
    [
      already ? `already logged, entry ${index}` : output.paint('green', 'logged'),
      `entry      ${id}`,
      `index      ${index}`,
      `subject    ${line(subject)}`,
      `about      commitment ${entry.id}, entry ${entry.index}`,
      ...(already ? await inForce() : told),
    ].join('\n'),
  );
  const base = { entry: id, index, subject, commitment: entry.id, already_logged: already };
  output.result(name, { ...base, ...fields });
  return EXIT.ok;
}
