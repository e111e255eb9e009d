/** Bundles for browsers, made by a script of their own (lean/bundle.ts). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from './compile.ts';
import type { Account, Spec } from './lean/bundle.ts';

/**
 * Writes bundles into a folder; says what they are made of. `entries`: modules from the clone, by name. `shares`: whether to say
 * what of each file comes from where.
 */
export function bundleForBrowsers(
  entries: Readonly<Record<string, string>>,
  format: Spec['format'],
  out: string,
  shares = false,
): Account {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-bundle-'));
  try {
    const absolute = Object.entries(entries).map(([name, path]) => [name, join(ROOT, path)]);
    const account = join(folder, 'account.json');
    const spec: Spec = { entries: Object.fromEntries(absolute), format, out, root: ROOT, account, shares };
    const file = join(folder, 'spec.json');
    writeFileSync(file, JSON.stringify(spec));
    // Node calls its own remover of types experimental, in a line on each run.
    const script = join(import.meta.dirname, 'lean/bundle.ts');
    run('--disable-warning=ExperimentalWarning', [script, file], 'the pages cannot be bundled');
    const made: Account = JSON.parse(readFileSync(account, 'utf8'));
    return made;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
