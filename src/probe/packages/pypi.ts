/**
 * What pip installed into a site-packages: distributions by their `.dist-info`, with the files that their RECORD names. A RECORD lies beside what it
 * speaks of, so it shows that something was altered, and never that nothing was.
 */
import { unzipSync } from 'fflate';
import { decodeUtf8, formatHex, parseBase64Url } from '../../bytes/text.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { normalName } from '../../declare/sources/packages/pypi.ts';
import { hasFiles, hasOthers } from './archives.ts';
import type { Ecosystems, InstalledPackage } from './found.ts';
import type { InstalledFolder } from './folder.ts';

const MAX_UNPACKED = 1_073_741_824;
/** What the installer adds to a distribution. */
const ADDED = /^[^/]+\.dist-info\/(?:INSTALLER|REQUESTED|RECORD|direct_url\.json|uv_cache\.json)$/;
const MAY_HIDE = 'a RECORD that may name files of others as its own; only their wheel shows which are theirs';
const COMPILED = /(?:^|\/)__pycache__\/[^/]+\.pyc$/;

interface Distribution extends InstalledPackage {
  /** Its `.dist-info`. */
  readonly folder: string;
  readonly record: ReadonlyMap<string, string>;
}

export async function pypiInstalled(
  folder: InstalledFolder,
  ignores: (path: string) => boolean,
): Promise<Ecosystems> {
  const distributions: Distribution[] = [];
  const loose: string[] = [];
  const links: string[] = [];
  const altered: string[] = [];
  let unreadable = 0;
  let compiled = 0;
  const top = await folder.entries('');
  if (top === undefined) unreadable += 1;
  for (const { name, kind } of top ?? [])
    if (kind === 'folder' && name.endsWith('.dist-info') && !ignores(name))
      distributions.push(await distributionAt(folder, name));
  // What is not compared owns nothing but its own .dist-info: its RECORD could name what Python runs by itself, such as evil.pth.
  const [compared, aside] = parted(distributions, ignores);
  const owned = new Set(compared.flatMap(({ record }) => [...record.keys()]));
  const walk = async (path: string): Promise<void> => {
    const entries = await folder.entries(path);
    if (entries === undefined) unreadable += 1;
    for (const { name, kind } of entries ?? []) {
      const at = path === '' ? name : `${path}/${name}`;
      if (ignores(at) || aside.has(at)) continue;
      if (kind === 'folder') await walk(at);
      else if (COMPILED.test(at)) compiled += 1;
      else if (kind === 'link') links.push(at);
      else if (kind === 'other' || !owned.has(at)) loose.push(at);
    }
  };
  await walk('');
  for (const each of compared) if (await hasOthers(folder, '', told(each))) altered.push(each.key);
  return {
    installed: distributions,
    loose,
    links,
    altered,
    unreadable,
    hiding: { keys: new Set(compared.map(({ key }) => key)), how: MAY_HIDE },
    ...(compiled > 0 && {
      opaque: `${compiled} compiled files (__pycache__) are in no archive, and Python runs them in place of what they were made of; install with --no-compile`,
    }),
    compare: async ({ key }, archive) => {
      const own = distributions.find((each) => each.key === key);
      const files = wheelOf(archive);
      return own && files && isAsPacked(folder, own, files);
    },
  };
}

async function distributionAt(folder: InstalledFolder, name: string): Promise<Distribution> {
  const metadata = textOf(await folder.read(`${name}/METADATA`)) ?? '';
  const [headers = ''] = metadata.split(/\r?\n\r?\n/, 1);
  const own = (header: string): string | undefined =>
    new RegExp(`^${header}: *(\\S+)[ \\t]*\\r?$`, 'mi').exec(headers)?.[1];
  const said = own('Name');
  const record = recordOf(textOf(await folder.read(`${name}/RECORD`, 67_108_864)) ?? '');
  record.set(`${name}/RECORD`, '');
  return {
    key: normalName(said ?? name.replace(/-[^-]*\.dist-info$/, '')),
    name: said,
    version: own('Version'),
    isLink: false,
    folder: name,
    record,
  };
}

/** `path,sha256=…,size` a line (Recording installed projects); paths above site-packages are scripts, which are not looked at. */
function recordOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, quoted, plain, hash = ''] =
      /^(?:"((?:[^"]|"")*)"|([^,"]*)),(?:sha256=([A-Za-z0-9_-]{43})=?)?,\d*$/.exec(line) ?? [];
    const path = quoted?.replaceAll('""', '"') ?? plain;
    if (path === undefined || path === '' || path.startsWith('/') || path.split('/').includes('..')) continue;
    found.set(path, hash === '' ? '' : formatHex(parseBase64Url(hash)));
  }
  return found;
}

function parted(
  all: readonly Distribution[],
  ignores: (path: string) => boolean,
): readonly [compared: readonly Distribution[], aside: ReadonlySet<string>] {
  return [
    all.filter(({ key }) => !ignores(key)),
    new Set(all.filter(({ key }) => ignores(key)).map(({ folder }) => folder)),
  ];
}

/** The digests that a RECORD has. */
function told({ record }: Distribution): ReadonlyMap<string, string> {
  return new Map([...record].filter(([, hash]) => hash !== ''));
}

/** Whether a distribution has the files of a wheel, and no others but what installers add. */
async function isAsPacked(
  folder: InstalledFolder,
  { record }: Distribution,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<boolean | undefined> {
  const wanted = new Map<string, Uint8Array>();
  for (const [path, bytes] of files) {
    // `NAME.data/purelib/` goes to site-packages; scripts, headers and data go elsewhere.
    const [, scheme, rest = ''] = /^[^/]+\.data\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (scheme === undefined) wanted.set(path, bytes);
    else if (scheme === 'purelib' || scheme === 'platlib') wanted.set(rest, bytes);
  }
  for (const path of record.keys())
    if (!wanted.has(path) && !ADDED.test(path) && !COMPILED.test(path)) return false;
  return hasFiles(
    folder,
    '',
    new Map([...wanted].filter(([path]) => !ADDED.test(path) && !path.endsWith('/'))),
  );
}

/** The files of a wheel; undefined if it is none, or one that would take too much memory. */
function wheelOf(archive: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  let left = MAX_UNPACKED;
  try {
    const files = unzipSync(archive, { filter: ({ originalSize }) => (left -= originalSize) >= 0 });
    return left < 0 ? undefined : new Map(Object.entries(files));
  } catch {
    // The library throws errors of its own for whatever is no zip. The bytes have the locked digest, so nobody else chose them.
    return undefined;
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  try {
    return bytes && decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
