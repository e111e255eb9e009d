/**
 * The targets that a pattern of `targets.yaml` matches. Whoever may log commitments writes the targets of claims, so a
 * target that matches must mean to every probe what its text seems to say: `a.example#.b.example` is no host of
 * b.example, and `/srv/../etc` is no folder of /srv.
 */
import { isUrl } from '../evidence/address.ts';
import { matcher } from '../statement/pattern.ts';

/** A text without a star matches itself only, whatever it contains, since the owner wrote it. */
export function targetMatcher(written: string): (target: string) => boolean {
  if (!written.includes('*')) return (target) => target === written;
  if (written === '**') return isPlain;
  const [head = '', ...others] = wordsOf(written);
  const whole = matcher(head);
  const place = matcher(placeOf(head));
  const rest = others.map((word) => matcher(word));
  const open = others.at(-1) === '**';
  return (target) => {
    const [first = '', ...more] = wordsOf(target);
    if (!isPlain(target) || isUrl(first) !== isUrl(head)) return false;
    if (!whole(first) || !place(placeOf(first))) return false;
    if (open ? more.length < rest.length - 1 : more.length !== rest.length) return false;
    return rest.every((matches, i) => (open && i === rest.length - 1 ? true : matches(more[i] ?? '')));
  };
}

/** The words of a target: a program and its arguments, or one word. */
const wordsOf = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

/**
 * Scheme, host and port of a URL, so that no star reaches from the host into the path; for other words, the whole word.
 */
const placeOf = (word: string): string => (isUrl(word) ? (/^[^/]*\/\/[^/]*/.exec(word)?.[0] ?? '') : word);

const HOST_AND_PORT = /^[A-Za-z0-9._:[\]-]+$/;

/** Whether the first word of a target is `host:port`, a URL or an absolute path, and can be read in only one way. */
function isPlain(target: string): boolean {
  const [word = ''] = wordsOf(target);
  if (word.startsWith('/')) return isPlainPath(word);
  if (!isUrl(word)) return HOST_AND_PORT.test(target);
  const place = placeOf(word);
  const path = word.slice(place.length).split('?', 1)[0] ?? '';
  // Servers decode dots and slashes in `%`-code before they resolve a path.
  return (
    HOST_AND_PORT.test(place.slice(place.indexOf('//') + 2)) &&
    !/[#\\]|%(?:2e|2f|5c)/i.test(word.slice(place.length)) &&
    isPlainPath(path)
  );
}

/** Whether no segment is `..`, `.` or empty. A slash at the end is allowed. */
function isPlainPath(path: string): boolean {
  const segments = path.split('/').slice(1);
  return segments.every((each, i) =>
    each === '' ? i === segments.length - 1 : each !== '.' && each !== '..' && !each.includes('\0'),
  );
}
