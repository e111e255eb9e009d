/** `tallystick version`: the versions of Tallystick, Node and SQLite. */
import { EXIT } from '../exit.ts';
import { VERSION } from '../../platform/place.ts';
import type { Verb } from '../frame/verb.ts';

export const versionVerb: Verb = {
  name: 'version',
  summary: 'print the versions of tallystick, Node and SQLite',
  json: true,
  examples: ['tallystick version', 'tallystick version --json'],
  run: async ({ output }) => {
    const { default: Database } = await import('better-sqlite3');
    using database = closing(new Database(':memory:'));
    const sqlite = String(database.value.prepare('SELECT sqlite_version()').pluck().get());
    const node = process.versions.node;
    output.print(`tallystick ${VERSION}\nnode ${node}\nsqlite ${sqlite}`);
    output.result('version', { tallystick: VERSION, node, sqlite });
    return EXIT.ok;
  },
};

function closing<T extends { close(): unknown }>(value: T): Disposable & { readonly value: T } {
  return { value, [Symbol.dispose]: () => void value.close() };
}
