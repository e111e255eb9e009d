/**
 * What npm installed: packages in the `node_modules` of a project and of each package. Names and versions are those of each package.json.
 */
import { gunzipSync } from 'node:zlib';
import { Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { filesOfTar } from '../../declare/sources/helm/archive.ts';
import { sameFiles } from './archives.ts';
import type { Ecosystems, InstalledPackage } from './found.ts';
import type { Entry, InstalledFolder } from './folder.ts';

/** npm's own in a `node_modules`: links to programs of packages, and its note of what it did. */
const BIN = '.bin';
const NOTE = '.package-lock.json';
const MAX_UNPACKED = 536_870_912;

/** `workspaces`: folders of the project itself that the lockfile names. */
export async function npmInstalled(
  folder: InstalledFolder,
  ignores: (path: string) => boolean,
  workspaces: readonly string[],
): Promise<Ecosystems> {
  const walk = new Walk(folder, ignores);
  await walk.modules('node_modules');
  for (const each of workspaces) await walk.workspace(each);
  walk.settleBin();
  const { installed, loose, links, unreadable, inner } = walk;
  return {
    installed,
    hiding: {
      keys: inner,
      how: 'a node_modules deep within; only their archive tells it from one that was added',
    },
    loose,
    links,
    altered: [],
    unreadable,
    compare: async ({ key }, archive) => {
      const files = tarOf(archive);
      return files && sameFiles(folder, key, files, { skip: isNested, renamed });
    },
  };
}

/** Packages that npm put into a package are compared by themselves. */
const isNested = (path: string): boolean => path.startsWith('node_modules/') || path === 'node_modules';

class Walk {
  readonly #folder: InstalledFolder;
  readonly #ignores: (path: string) => boolean;
  readonly installed: InstalledPackage[] = [];
  readonly loose: string[] = [];
  readonly links: string[] = [];
  /** Packages with a `node_modules` deep within, where npm puts nothing: their archive has it, or somebody added it. */
  readonly inner = new Set<string>();
  /** Links to programs, and where they lead. */
  readonly #bin = new Map<string, string | undefined>();
  unreadable = 0;

  constructor(folder: InstalledFolder, ignores: (path: string) => boolean) {
    this.#folder = folder;
    this.#ignores = ignores;
  }

  /** A folder of the project itself, which may have packages of its own. */
  async workspace(path: string): Promise<void> {
    const found = (await this.#folder.entries(path))?.find(({ name }) => name === 'node_modules');
    const at = `${path}/node_modules`;
    if (found === undefined || this.#ignores(at)) return;
    if (found.kind === 'folder') await this.modules(at);
    else this.links.push(at);
  }

  /** A folder `node_modules`, or a scope in one. */
  async modules(path: string): Promise<void> {
    for (const { name, kind } of await this.#entries(path)) {
      const at = `${path}/${name}`;
      const isTop = path === 'node_modules' || path.endsWith('/node_modules');
      if (isTop && kind === 'folder' && name === BIN) await this.#programs(at);
      else if (isTop && kind === 'file' && name === NOTE) continue;
      else if (kind === 'folder' && name.startsWith('@')) await this.modules(at);
      else if (kind === 'folder' && !name.startsWith('.')) await this.#package(at);
      else if (kind === 'link') await this.#link(at);
      // `require('x')` takes node_modules/x.js, too.
      else this.loose.push(at);
    }
  }

  /** `npm run` takes programs from here: links alone, which `settleBin` looks at. */
  async #programs(path: string): Promise<void> {
    for (const { name, kind } of await this.#entries(path)) {
      const at = `${path}/${name}`;
      if (kind === 'link') this.#bin.set(at, await this.#folder.leads(at));
      else this.loose.push(at);
    }
  }

  /** Finds links to programs that lead elsewhere than into an installed package. After all were found. */
  settleBin(): void {
    const packages = new Set(this.installed.map(({ key, isLink, leads }) => (isLink ? leads : key)));
    const isWithin = (path: string): boolean =>
      path.split('/').some((_, i, steps) => i > 0 && packages.has(steps.slice(0, i).join('/')));
    for (const [at, leads] of this.#bin) if (leads === undefined || !isWithin(leads)) this.links.push(at);
  }

  async #entries(path: string): Promise<readonly Entry[]> {
    const found = await this.#folder.entries(path);
    if (found === undefined) this.unreadable += 1;
    return (found ?? []).filter(({ name }) => !this.#ignores(`${path}/${name}`));
  }

  async #link(key: string): Promise<void> {
    const leads = await this.#folder.leads(key);
    this.installed.push({
      key,
      name: undefined,
      version: undefined,
      isLink: true,
      ...(leads !== undefined && { leads }),
    });
  }

  async #package(key: string): Promise<void> {
    const bytes = await this.#folder.read(`${key}/package.json`, 4_194_304);
    const { name, version } = bytes === undefined ? {} : manifestOf(bytes);
    this.installed.push({ key, name, version, isLink: false });
    await this.#inside(key, key);
  }

  async #inside(path: string, key: string): Promise<void> {
    for (const { name, kind } of await this.#entries(path)) {
      const at = `${path}/${name}`;
      const isModules = kind === 'folder' && name === 'node_modules';
      if (isModules && path !== key) this.inner.add(key);
      if (kind === 'link') this.links.push(at);
      else if (isModules && path === key) await this.modules(at);
      else if (kind === 'folder') await this.#inside(at, key);
    }
  }
}

/** npm writes .gitignore of an archive as .npmignore. */
const renamed = (path: string): string => path.replace(/(^|\/)\.gitignore$/, '$1.npmignore');

function manifestOf(bytes: Uint8Array): { readonly name?: string; readonly version?: string } {
  try {
    // As npm reads it: of a name given twice the last.
    const { name, version }: { readonly name?: unknown; readonly version?: unknown } = JSON.parse(
      decodeUtf8(bytes),
    );
    return { ...(typeof name === 'string' && { name }), ...(typeof version === 'string' && { version }) };
  } catch {
    return {};
  }
}

/** The files of a packed package, below its one folder; undefined if it cannot be read in one way. */
export function tarOf(archive: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  try {
    return filesOfTar(gunzipSync(archive, { maxOutputLength: MAX_UNPACKED }));
  } catch (error) {
    if (error instanceof Refusal || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}
