/**
 * A file of settings: one flat YAML mapping. It is read with YAML 1.2's failsafe schema (§10.1), where every scalar stays
 * the text it was written as, so `open: no` is refused rather than guessed at.
 */
import { isMap, isScalar, isSeq, LineCounter } from 'yaml';
import { refuse } from '../bytes/refusal.ts';
import { didYouMean } from '../bytes/suggest.ts';
import { readDocument } from './documents.ts';

/** A key of the file. One of the shape `many` takes a list, too. */
interface FlatKey {
  readonly name: string;
  readonly shape: string;
}

/** Texts and line (from 1) by key. */
export type FlatValues = ReadonlyMap<string, { readonly texts: readonly string[]; readonly line: number }>;

/** Refuses `config-invalid` with file and line: bad YAML, unknown or repeated keys, nested values. */
export function parseFlat(text: string, file: string, known: readonly FlatKey[]): FlatValues {
  const lines = new LineCounter();
  const document = readDocument(
    text,
    { version: '1.2', schema: 'failsafe', uniqueKeys: true, lineCounter: lines },
    ({ message }) => refuse('config-invalid', `${file}: ${message}`),
  );
  const values = new Map<string, { texts: readonly string[]; line: number }>();
  if (document.contents === null) return values;
  if (!isMap(document.contents)) throw refuse('config-invalid', `${file}: expected "setting: value" lines`);
  for (const { key, value } of document.contents.items) {
    const line = isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 1;
    const name = isScalar(key) ? String(key.value) : '';
    const row = known.find((each) => each.name === name);
    if (row === undefined) {
      const names = known.map((each) => each.name);
      throw refuse('config-invalid', `${file}:${line}: ${name} is no setting${didYouMean(name, names)}`);
    }
    values.set(name, { texts: textsOf(value, row, `${file}:${line}`), line });
  }
  return values;
}

function textsOf(value: unknown, { name, shape }: FlatKey, place: string): readonly string[] {
  const items = isSeq(value) && shape === 'many' ? value.items : [value];
  return items.map((item) => {
    if (isScalar(item) && typeof item.value === 'string') return item.value;
    const takes = shape === 'many' ? 'texts' : 'one text';
    throw refuse('config-invalid', `${place}: ${name} takes ${takes}`);
  });
}
