/**
 * Which targets a pattern of `targets.yaml` stands for. Whoever may log commitments writes the targets, so the text
 * that matches must mean to every probe what it seems to say: `a.example#.b.example` is no host of b.example, and
 * `/srv/../etc` is no folder of /srv.
 */
import { isUrl } from '../evidence/address.ts';
import { matcher } from '../statement/pattern.ts';

/** A text without a star stands for itself, whatever it says: its owner wrote it. */
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

/** A program and its arguments; anything else is one word. */
const wordsOf = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

/** Scheme, host and port of a URL, so that no star reaches from the host into the path; else all of it. */
const placeOf = (word: string): string => (isUrl(word) ? (/^[^/]*\/\/[^/]*/.exec(word)?.[0] ?? '') : word);

const HOST_AND_PORT = /^[A-Za-z0-9._:[\]-]+$/;

/** Whether a target's first word is `host:port`, a URL or an absolute path, and can be read in one way only. */
function isPlain(target: string): boolean {
  const [word = ''] = wordsOf(target);
  if (word.startsWith('/')) return isPlainPath(word);
  if (!isUrl(word)) return HOST_AND_PORT.test(target);
  const place = placeOf(word);
  const path = word.slice(place.length).split('?', 1)[0] ?? '';
  // Servers decode dots and slashes before they follow them.
  return (
    HOST_AND_PORT.test(place.slice(place.indexOf('//') + 2)) &&
    !/[#\\]|%(?:2e|2f|5c)/i.test(word.slice(place.length)) &&
    isPlainPath(path)
  );
}

/** No segment leads up, stands still or is empty; a slash at the end is none. */
function isPlainPath(path: string): boolean {
  const segments = path.split('/').slice(1);
  return segments.every((each, i) =>
    each === '' ? i === segments.length - 1 : each !== '.' && each !== '..' && !each.includes('\0'),
  );
}
