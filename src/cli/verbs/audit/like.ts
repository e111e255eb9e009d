/** What an older bundle holds and a new one would lack, with the commands that get it out of the older one. */
import { OPENINGS, PEOPLE } from '../../../audit/bundle/names.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { shellWord } from '../../../bytes/shellword.ts';

/** Refuses `usage` where there is something. `path`: the older bundle; `lacking`: names of its files. */
export function assertNoneLacking(path: string, lacking: readonly string[]): void {
  if (lacking.length === 0) return;
  const file = shellWord(path);
  const attachments = lacking.filter((name) => name !== OPENINGS && name !== PEOPLE);
  const ways = [
    ...(lacking.includes(OPENINGS)
      ? [`${OPENINGS} (unzip -p ${file} ${OPENINGS} > ${OPENINGS}, then --openings ${OPENINGS})`]
      : []),
    ...(lacking.includes(PEOPLE)
      ? [`${PEOPLE} (unzip -p ${file} ${PEOPLE} > ${PEOPLE}, then --people ${PEOPLE})`]
      : []),
    ...(attachments.length > 0
      ? [`${several(attachments)} (unzip ${file} 'attachments/*', then --attachment for each)`]
      : []),
  ];
  throw refuse(
    'usage',
    `${path} holds what no log has, and it was not given again: ${ways.join('; ')}. Give it, or name subjects and period in place of --like`,
  );
}

function several([first = '', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}
