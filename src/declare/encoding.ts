/**
 * Decodes the text of a source file. A byte order mark is skipped, as RFC 8259 §8.1 and YAML 1.2 §5.2 allow. Text that
 * is not UTF-8 is refused, with the command that converts it.
 */
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';

/** Refuses `malformed-text` for any encoding but UTF-8. `keepMark`: leaves a byte order mark in the text. */
export function decodeSource(bytes: Uint8Array, keepMark = false): string {
  if (isUtf16(bytes))
    throw refuse(
      'malformed-text',
      'the text is UTF-16, and sources are UTF-8: in PowerShell write it with `| Out-File -Encoding utf8NoBOM FILE`, ' +
        'or turn it into UTF-8 with `iconv -f UTF-16 -t UTF-8`',
    );
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch (cause) {
    throw refuse(
      'malformed-text',
      'the text is not UTF-8: turn it into UTF-8 with `iconv -f ENCODING -t UTF-8`, or commit the file whole: ' +
        '`tallystick commit files FILE`',
      { cause },
    );
  }
  return withoutNul(text.startsWith('\ufeff') && !keepMark ? text.slice(1) : text);
}

/**
 * The text itself. Refuses `malformed-text` for a NUL anywhere, in comments too: programs written in C end a line or a file there, and
 * read on where others do not.
 */
export function withoutNul(text: string): string {
  const at = text.indexOf('\0');
  if (at < 0) return text;
  const line = text.slice(0, at).split('\n').length;
  throw refuse(
    'malformed-text',
    `line ${line}: a NUL, where some programs end the line or the file, and others read on; take it out`,
  );
}

/** By its byte order mark, or by a zero byte beside the first character, which is ASCII in every source. */
function isUtf16([first, second]: Uint8Array): boolean {
  if (first === undefined || second === undefined) return false;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first * second === 0;
}
