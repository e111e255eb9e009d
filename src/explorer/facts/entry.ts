/** An entry in the words of the server: decoded for people, its bytes behind a fold. */
import { formatBase64, formatHex } from '../../bytes/text.ts';
import { formatTime } from '../../bytes/time.ts';
import { parseStatement, type ParsedStatement } from '../../statement/parse.ts';
import { hashLeaf } from '../../tree/hash.ts';
import { decodedRows } from '../../words/decoded.ts';
import { Refusal } from '../../bytes/refusal.ts';
import type { ServedLog } from '../port.ts';
import { pathOf } from '../shared/place.ts';
import { markup, type Markup } from './markup.ts';
import { code, factList, foldedText, moment } from './parts.ts';

/** Refuses as `ServedLog.entry` does. */
export async function entryFacts(log: ServedLog, index: number): Promise<Markup> {
  const { bytes, id, time } = await log.entry(index);
  const statement = parsed(bytes);
  const subject = statement?.subject;
  const rows = statement === undefined ? [] : decodedRows((_style, text) => text, statement);
  return markup`<h1>Entry ${index}</h1>
${factList([
  ['Kind', statement?.kind ?? 'no statement of Tallystick'],
  [
    'Subject',
    subject === undefined
      ? undefined
      : markup`<a href="${log.base + pathOf({ kind: 'subject', subject })}">${subject}</a>`,
  ],
  ['Issuer', statement?.issuer],
  ['Logged', time === undefined ? undefined : moment(formatTime(time))],
  ...rows.map(([name, text]) => [name, text] as const),
  ['Signer’s key', statement && code(statement.kid)],
  ['Entry id', id && code(id)],
  ['Leaf hash', code(formatHex(hashLeaf(bytes)))],
])}
${foldedText(`Bytes (${bytes.length}), base64`, formatBase64(bytes), `entry-${index}.cose.b64`)}`;
}

/** Undefined for what is no statement of ours: a mirror copies logs of any software. */
function parsed(bytes: Uint8Array): ParsedStatement | undefined {
  try {
    return parseStatement(bytes);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
