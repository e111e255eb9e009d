/**
 * The built files of the pages, in memory: `npm run build` (and `npm ci`) made them (src/build/explorer.ts). Their names carry
 * a hash of their contents, so that browsers keep them for ever.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** One file as it is sent. */
export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  /** Absent if it would not be smaller. */
  readonly gzip: Buffer | undefined;
  readonly sha256: string;
}

/** The file of each part. `files`: the worker that examines files; `saved`: the page that works from a saved file. */
export interface AssetNames {
  readonly app: string;
  readonly worker: string;
  readonly style: string;
  readonly icon: string;
  readonly licences: string;
  readonly files: string;
  readonly saved: string;
  /** What the app and the worker import at once: a browser is told of it before it has read either. */
  readonly first: readonly string[];
}

export interface Assets {
  readonly names: AssetNames;
  /** By name. */
  readonly files: ReadonlyMap<string, Asset>;
}

/** What the paths of assets begin with. */
export const ASSETS = '/explorer/';

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

let kept: Assets | undefined;

/** The built files, read once for a process; undefined if they were not built. */
export function builtAssets(): Assets | undefined {
  kept ??= readAssets(place());
  return kept;
}

/** In a clone dist/explorer, which no package has; in a package `pages`, beside the folder of this module. */
function place(): string {
  return import.meta.url.endsWith('.ts')
    ? join(import.meta.dirname, '../../dist/explorer')
    : join(import.meta.dirname, '../pages');
}

/** The files of a folder; undefined if it has no manifest. */
export function readAssets(folder: string): Assets | undefined {
  const manifest = join(folder, 'manifest.json');
  if (!existsSync(manifest)) return undefined;
  const names: AssetNames = JSON.parse(readFileSync(manifest, 'utf8'));
  const files = readdirSync(folder).flatMap((name): readonly [string, Asset][] => {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    return type === undefined ? [] : [[name, assetOf(type, readFileSync(join(folder, name)))]];
  });
  return { names, files: new Map(files) };
}

function assetOf(type: string, bytes: Buffer): Asset {
  const gzip = gzipSync(bytes, { level: 9 });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { type, bytes, gzip: gzip.length < bytes.length ? gzip : undefined, sha256 };
}
