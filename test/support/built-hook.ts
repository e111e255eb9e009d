/** Node's loader, told to take modules of src/ from bundles: `BUILT` names a JSON file from the URL of a module to that of its bundle. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const built: Readonly<Record<string, string>> = JSON.parse(readFileSync(process.env['BUILT'] ?? '', 'utf8'));

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const bundle = built[found.url];
    return bundle === undefined ? found : { ...found, url: bundle, format: 'module' };
  },
});
