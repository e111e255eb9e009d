/**
 * Whether a text that is about to be logged looks as if it named a person: what is in a log stays there (spec/audit.md,
 * "People"). A guess for a remark, and no refusal: names that no rule knows pass, and some that are none do not.
 */

import { printable } from './printable.ts';

/** An e-mail address, in the usual form. */
const MAIL = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.\p{L}{2,}/u;

/** Two or three words that begin with a capital, or initials between them: `Alice Smith`, `J. R. Müller`, `Mary-Ann O'Hara`. */
const WORD = String.raw`\p{Lu}[\p{Ll}\p{M}]+(?:['’-]\p{Lu}?[\p{Ll}\p{M}]+)*`;
const NAME = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(?:${WORD}|\p{Lu}\.)(?: (?:${WORD}|\p{Lu}\.|van|von|de|der|den|da|di|del|la|le|bin|ibn))* (?:\p{Lu}['’])?${WORD}(?![\p{L}\p{N}])`,
  'gu',
);

/** Words of roles, teams and things: text with one of them is taken for no name. */
const ROLE_WORDS = new Set(
  (
    'admin administrator agent approver audit auditor author board bot build change cloud commit committee compliance control ' +
    'data database department deploy desk developer director engineer engineering finance first group head infrastructure key ' +
    'lead legal log manager monitor network office officer on-call oncall operations operator ops owner payments pipeline platform ' +
    'policy production project registry release reliability review risk security server service site staff support system systems ' +
    'team test the witness ' +
    'january february march april may june july august september october november december monday tuesday wednesday thursday ' +
    'friday saturday sunday'
  ).split(' '),
);

/** What looks like a person in a text: the words of it, each once; none for most texts. */
export function personsIn(text: string): readonly string[] {
  const mail = MAIL.exec(text)?.[0];
  const names = Array.from(text.matchAll(NAME), ([name]) => name).filter(
    (name) => !name.split(/[ -]/).some((word) => ROLE_WORDS.has(word.toLowerCase())),
  );
  return [...new Set([...(mail === undefined ? [] : [mail]), ...names])];
}

/** One sentence for whoever is about to log these texts; undefined if nothing in them looks like a person. */
export function personsRemark(texts: readonly (string | undefined)[]): string | undefined {
  const persons = [...new Set(texts.flatMap((text) => (text === undefined ? [] : personsIn(text))))];
  if (persons.length === 0) return undefined;
  const shown = persons.slice(0, 5).map((each) => JSON.stringify(printable(each, 80)));
  return (
    `${shown.join(', ')}${persons.length > 5 ? ', …' : ''} looks like a person, and what is logged cannot be taken back: a role or a ` +
    'pseudonym does as well; who is who stands in a file outside the log'
  );
}
