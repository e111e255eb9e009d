/**
 * Preloaded (`node --import`), tells at the end which packages a program loaded: one JSON list on stderr, after a mark. What is of Node or of
 * the program itself is left out.
 */
import { registerHooks } from 'node:module';

export const MARK = 'packages loaded: ';

const loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
    if (name !== undefined) loaded.add(name);
    return next(url, context);
  },
});
process.on('exit', () => {
  process.stderr.write(`${MARK}${JSON.stringify([...loaded].toSorted())}\n`);
});
