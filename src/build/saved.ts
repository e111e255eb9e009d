/** `verify.html`: its script, style and icon in one document, with their hashes in its Content-Security-Policy. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRUSTED_TYPES } from '../explorer/shared/boot.ts';
import { bundleForBrowsers } from './browser.ts';
import { licensesIn } from './command.ts';
import { ROOT } from './compile.ts';
import { projectManifest } from './manifest.ts';

const SAVED = 'src/explorer/saved';

/** What it is made of, from the clone, beside modules. */
export const SAVED_PARTS = [`${SAVED}/page.html`, 'src/build/saved.ts'];

export interface SavedPage {
  readonly html: string;
  readonly sources: readonly string[];
}

/** Makes the document. `style`: CSS. `icon`: SVG. */
export function savedPage(style: string, icon: string): SavedPage {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-saved-'));
  try {
    const { sources, files } = bundleForBrowsers({ verify: `${SAVED}/boot.ts` }, 'iife', folder);
    // What ends a script element stands in texts alone, where a backslash changes nothing.
    const script = readFileSync(join(folder, files['verify'] ?? ''), 'utf8')
      .trimEnd()
      .replaceAll('</script', String.raw`<\/script`)
      .replaceAll('<!--', String.raw`<\!--`);
    const parts: Readonly<Record<string, string>> = {
      policy: policyOf(script, style),
      version: projectManifest().version,
      icon: `data:image/svg+xml,${encodeURIComponent(icon)}`,
      style,
      licences: escaped(licensesIn(sources)),
      script,
    };
    const html = readFileSync(join(ROOT, SAVED, 'page.html'), 'utf8').replaceAll(
      /\{\{(\w+)\}\}/g,
      (_, name: string) => {
        const part = parts[name];
        if (part === undefined) throw new Error(`verify.html has no ${name}`);
        return part;
      },
    );
    return { html, sources: [...sources, ...SAVED_PARTS] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** No connection, no other script, no other style; the worker is a Blob of the script itself. */
function policyOf(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    'worker-src blob:',
    "connect-src 'none'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES}`,
  ].join('; ');
}

function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
