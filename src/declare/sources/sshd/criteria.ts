/**
 * Criteria of a Match block in one spelling: names as in sshd_config(5), in its order, since all of them must hold. What
 * OpenSSH before and after 9.9 splits differently (single quotes, escapes, `=` with blanks) is refused.
 */
import { fault, joined, wordsOf } from './words.ts';

const NAMES = ['User', 'Group', 'Host', 'LocalAddress', 'LocalPort', 'RDomain', 'Address', 'Version'];
const ALONE = 'Invalid-User';

/** One criterion; `argument` is empty for those that take none. */
export interface Criterion {
  readonly name: string;
  readonly argument: string;
}

/** The criteria of a line; none for `all`. Refuses `malformed-text` for what sshd refuses. */
export function criteriaOf(rest: string, where: string): readonly Criterion[] {
  if (/'|\\(?=['"\\ ])/.test(rest))
    throw fault(where, "versions of OpenSSH read ' and \\ in criteria differently; use double quotes");
  const words = wordsOf(rest, where);
  if (words.length === 1 && /^all$/i.test(words[0] ?? '')) return [];
  const criteria: Criterion[] = [];
  for (let i = 0; i < words.length; i++) {
    const [, named = words[i] ?? '', given] = /^([^=]*)=(.*)$/.exec(words[i] ?? '') ?? [];
    const name = [...NAMES, ALONE].find((each) => each.toLowerCase() === named.toLowerCase());
    if (name === undefined)
      throw fault(
        where,
        /^all$/i.test(named)
          ? 'all stands alone in Match'
          : `Match takes ${NAMES.join(', ')}, each with what it has to be, or all`,
      );
    if (name === ALONE && given === undefined) {
      criteria.push({ name, argument: '' });
      continue;
    }
    const argument = given ?? words[++i] ?? '';
    if (argument === '' || argument.includes('=') || argument.startsWith('#'))
      throw fault(where, `${name} needs what it has to be, with no blanks around = and no = in it`);
    criteria.push({ name, argument });
  }
  if (criteria.length === 0) throw fault(where, 'Match needs a criterion');
  return criteria;
}

/** Their text, which is a step of a path: `User alice Address 10.0.0.0/8`; `all` where there are none. */
export function criteriaText(criteria: readonly Criterion[]): string {
  const order = [...NAMES, ALONE];
  const sorted = criteria.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const texts = sorted.map(({ name, argument }) =>
    argument === '' ? name : `${name} ${joined([argument])}`,
  );
  return texts.length === 0 ? 'all' : [...new Set(texts)].join(' ');
}
