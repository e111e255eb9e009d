/** Says, before a statement is signed, that a text of it looks as if it named a person. A remark, and no refusal. */
import { personsRemark } from '../../bytes/personal.ts';
import type { Context } from './context.ts';

export function remarkPersons(
  { output }: Pick<Context, 'output'>,
  ...texts: readonly (string | undefined)[]
): void {
  const remark = personsRemark(texts);
  if (remark !== undefined) output.warn(remark);
}
