/** A commitment of any subject by the name of its entry: index, id, or how the id begins. */
import { isNamed } from '../appraisal/versions.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Listed } from './search.ts';
import type { Snapshot } from './snapshot.ts';

/** Its row; undefined where the name is a subject's, which comes first. Refuses `not-found`, also where several begin so. */
export async function commitmentNamed(
  snapshot: Pick<Snapshot, 'pages'>,
  name: string,
): Promise<Listed | undefined> {
  if (!/^(?:[0-9]{1,16}|[0-9a-f]{8,64})$/.test(name)) return undefined;
  const found: Listed[] = [];
  for await (const { rows } of snapshot.pages({ kind: 'commitment' })) {
    if (rows.some(({ subject }) => subject === name)) return undefined;
    found.push(...rows.filter((each) => isNamed(each, name)));
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  throw refuse(
    'not-found',
    first === undefined
      ? `the log has no commitment ${name}; name a subject, an index or an entry id`
      : `several commitments begin with ${name}; give more of the entry id`,
  );
}
