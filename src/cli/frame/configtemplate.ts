/** The configuration file that `init` writes: the chosen values, and every other setting as a comment. */
import { relative, dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Resolved } from './config.ts';
import { roleKeyPath, type Layout } from '../../service/layout.ts';
import { envOf, settings, type SettingValue } from './settings.ts';

/** Text of the file: values given as flags, the origin, and the key and policy that `init` made for `commit`. */
export function configTemplate({ settled }: Resolved, origin: string, layout: Layout): string {
  const here = dirname(layout.config);
  const chosen = new Map<string, SettingValue>(
    settled.filter(({ source }) => source === 'flag').map(({ name, value }) => [name, value]),
  );
  chosen.set('origin', origin);
  if (!chosen.has('key')) chosen.set('key', relative(here, roleKeyPath(layout, 'author')));
  if (!chosen.has('policy')) chosen.set('policy', relative(here, layout.trustPolicy));
  const blocks = settings()
    // The file is found in the data directory, so it cannot name it.
    .filter(({ name }) => name !== 'dataDir')
    .map(({ name, help, hint, otherwise, fallback }) => {
      const value = chosen.get(name);
      const lines = value === undefined ? `# ${entry(name, fallback ?? hint)}` : entry(name, value);
      const absent = fallback === undefined && otherwise !== '' ? `; default: ${otherwise}` : '';
      return `# ${help} (env: ${envOf(name)}${absent})\n${lines}\n`;
    });
  const head =
    '# Tallystick. A flag wins over the environment, and that over this file.\n# Paths are relative to this file.\n';
  return [head, ...blocks].join('\n');
}

function entry(name: string, value: SettingValue): string {
  return stringify({ [name]: value }, { version: '1.2', lineWidth: 0 }).trimEnd();
}
