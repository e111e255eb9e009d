/**
 * The YAML file: one flat mapping of settings. It is read with YAML 1.2's failsafe schema (§10.1), where
 * every scalar stays the text it was written as, so `open: no` is refused rather than guessed at.
 */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter } from 'yaml';
import { refuse } from '../../bytes/refusal.ts';
import { readDocument } from '../../yaml/documents.ts';
import type { Setting } from './settings.ts';
import { didYouMean } from './suggest.ts';

/** Texts and line (from 1) by setting name. */
export type FileValues = ReadonlyMap<string, { readonly texts: readonly string[]; readonly line: number }>;

/** Reads a file. Refuses `config-invalid` with the line: bad YAML, unknown or repeated keys, nested values. */
export function readConfigFile(file: string, rows: readonly Setting[]): FileValues {
  const lines = new LineCounter();
  const document = readDocument(
    readText(file),
    { version: '1.2', schema: 'failsafe', uniqueKeys: true, lineCounter: lines },
    ({ message }) => refuse('config-invalid', `${file}: ${message}`),
  );
  const values = new Map<string, { texts: readonly string[]; line: number }>();
  if (document.contents === null) return values;
  if (!isMap(document.contents)) throw refuse('config-invalid', `${file}: expected "setting: value" lines`);
  for (const { key, value } of document.contents.items) {
    const line = isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 1;
    const name = isScalar(key) ? String(key.value) : '';
    const row = rows.find((each) => each.name === name);
    if (row === undefined) {
      const known = rows.map((each) => each.name);
      throw refuse('config-invalid', `${file}:${line}: ${name} is no setting${didYouMean(name, known)}`);
    }
    values.set(name, { texts: textsOf(value, row, `${file}:${line}`), line });
  }
  return values;
}

function textsOf(value: unknown, row: Setting, place: string): readonly string[] {
  const items = isSeq(value) && row.shape === 'many' ? value.items : [value];
  return items.map((item) => {
    if (!isScalar(item) || typeof item.value !== 'string') {
      throw refuse(
        'config-invalid',
        `${place}: ${row.name} takes ${row.shape === 'many' ? 'texts' : 'one text'}`,
      );
    }
    return item.value;
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw refuse('config-invalid', `cannot read ${file}`, { cause: error });
  }
}
