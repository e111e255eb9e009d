/** What `cargo vendor` laid down: a folder a crate, with the checksum of its archive and of each file beside it, which are its own word. */
import { parse, TomlError } from 'smol-toml';
import { Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { hasOthers, sameFiles } from './archives.ts';
import type { Ecosystems, InstalledPackage } from './found.ts';
import type { InstalledFolder } from './folder.ts';
import { tarOf } from './npm.ts';

const CHECKSUMS = '.cargo-checksum.json';

/** What `cargo vendor` does not write: files of git, and what patches left. */
function isLeftOut(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (['.gitignore', '.gitattributes', '.git', '.cargo-ok'].includes(name)) return true;
  return /\.(?:orig|rej)$/.test(name) && name !== 'Cargo.toml.orig';
}

interface Crate extends InstalledPackage {
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
}

export async function cargoInstalled(
  folder: InstalledFolder,
  ignores: (path: string) => boolean,
): Promise<Ecosystems> {
  const crates: Crate[] = [];
  const loose: string[] = [];
  const altered: string[] = [];
  let unreadable = 0;
  const entries = await folder.entries('');
  if (entries === undefined) unreadable += 1;
  for (const { name, kind } of entries ?? []) {
    if (ignores(name)) continue;
    if (kind === 'link')
      crates.push({
        key: name,
        name: undefined,
        version: undefined,
        isLink: true,
        folder: name,
        files: new Map(),
      });
    else if (kind === 'folder') crates.push(await crateAt(folder, name));
    else loose.push(name);
  }
  for (const each of crates)
    if (!each.isLink && (await hasOthers(folder, each.folder, each.files))) altered.push(each.key);
  return {
    installed: crates,
    loose,
    links: [],
    altered,
    unreadable,
    compare: async ({ key }, archive) => {
      const own = crates.find((each) => each.key === key);
      const files = tarOf(archive);
      return (
        own &&
        files &&
        sameFiles(folder, own.folder, files, { skip: (path) => path === CHECKSUMS, mayLack: isLeftOut })
      );
    },
  };
}

async function crateAt(folder: InstalledFolder, name: string): Promise<Crate> {
  const { name: own, version } = packageIn(await folder.read(`${name}/Cargo.toml`));
  const { digest, files } = checksumsIn(await folder.read(`${name}/${CHECKSUMS}`, 67_108_864));
  const key = own === undefined || version === undefined ? name : `${own}@${version}`;
  return {
    key,
    name: own,
    version,
    ...(digest !== undefined && { digest: `sha256:${digest}` }),
    isLink: false,
    folder: name,
    files,
  };
}

function packageIn(bytes: Uint8Array | undefined): { readonly name?: string; readonly version?: string } {
  const { package: own } = tableOf(safely(() => parse(decodeUtf8(bytes ?? new Uint8Array()))));
  const { name, version } = tableOf(own);
  return { ...(typeof name === 'string' && { name }), ...(typeof version === 'string' && { version }) };
}

function checksumsIn(bytes: Uint8Array | undefined): {
  readonly digest?: string;
  readonly files: ReadonlyMap<string, string>;
} {
  const { package: digest, files } = tableOf(safely(() => JSON.parse(decodeUtf8(bytes ?? new Uint8Array()))));
  // A path that leads out of the crate is none of its files.
  const own = Object.entries(tableOf(files)).filter(
    (each): each is [string, string] => typeof each[1] === 'string' && !each[0].split('/').includes('..'),
  );
  return { ...(typeof digest === 'string' && { digest }), files: new Map(own) };
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function safely(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof TomlError || error instanceof SyntaxError || error instanceof Refusal)
      return undefined;
    throw error;
  }
}
