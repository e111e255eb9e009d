/** Lockfiles in TOML: Cargo.lock, pylock.toml (PEP 751), uv.lock and poetry.lock. */
import { parse, TomlError } from 'smol-toml';
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { unhashed, type Locked } from './locked.ts';
import { pypiLocked, type PypiPackage } from './pypi.ts';

type Table = Readonly<Record<string, unknown>>;
const HASH = /^sha256:[0-9a-f]{64}$/;

/** Refuses `malformed-text`. */
export function tomlLock(text: string): readonly Locked[] {
  const top = tomlOf(text);
  if (textIn(top, 'lock-version') !== '') return pypiLocked(tablesIn(top, 'packages').map(pylockPackage));
  const packages = tablesIn(top, 'package');
  // poetry.lock has files of each package; uv.lock has wheels, and where it comes from as a table.
  if (packages.some((each) => Array.isArray(each['files'])))
    return pypiLocked(packages.map((each) => hashed(each, tablesIn(each, 'files'))));
  if (packages.some((each) => isTable(each['source']))) return pypiLocked(packages.flatMap(uvPackage));
  if (top['metadata'] !== undefined)
    throw wrong(
      'this Cargo.lock is of the first version, whose checksums stand apart; `cargo generate-lockfile` of today writes a newer one',
    );
  return packages.map(cargoPackage);
}

function tomlOf(text: string): Table {
  try {
    return parse(text);
  } catch (error) {
    // The message quotes the file, which may hold an address with a password.
    if (error instanceof TomlError) throw wrong(`line ${error.line} is no TOML`);
    throw error;
  }
}

function cargoPackage(each: Table): Locked {
  const [name, version, source, checksum] = ['name', 'version', 'source', 'checksum'].map((member) =>
    textIn(each, member),
  );
  if (name === '' || version === '') throw wrong('a package has no name or no version');
  if (checksum !== '' && !/^[0-9a-f]{64}$/.test(checksum ?? ''))
    throw wrong(`the checksum of ${printable(name ?? '', 100)} is none`);
  const value = checksum !== '' ? `sha256:${checksum}` : source === '' ? 'local' : unhashed(source ?? '');
  const replaced = textIn(each, 'replace');
  const other = replaced === '' ? '' : ` replaced:${replaced.replaceAll(/\s/g, '@')}`;
  return { at: ['cargo', `${name}@${version}`], value: value + other };
}

function pylockPackage(each: Table): PypiPackage {
  const archives = [
    ...tablesIn(each, 'wheels'),
    ...['sdist', 'archive'].flatMap((name) => (isTable(each[name]) ? [each[name]] : [])),
  ];
  const hashes = archives.flatMap((archive) => {
    const own = archive['hashes'];
    const hash = isTable(own) ? textIn(own, 'sha256') : '';
    if (hash === '')
      throw wrong(
        `${printable(textIn(each, 'name'), 100)} has an archive without a hash sha256; lock it again`,
      );
    return [`sha256:${hash}`];
  });
  return packageOf(each, hashes);
}

/** Of what lies in the project itself there is nothing to install. */
function uvPackage(each: Table): readonly PypiPackage[] {
  const source = each['source'];
  if (isTable(source) && ('editable' in source || 'virtual' in source)) return [];
  const sdist = each['sdist'];
  return [hashed(each, [...tablesIn(each, 'wheels'), ...(isTable(sdist) ? [sdist] : [])])];
}

function hashed(each: Table, archives: readonly Table[]): PypiPackage {
  const hashes = archives.map((archive) => textIn(archive, 'hash')).filter((hash) => hash !== '');
  if (hashes.length > 0 && hashes.length < archives.length)
    throw wrong(
      `${printable(textIn(each, 'name'), 100)} has an archive with a hash, and one without; lock it again`,
    );
  return packageOf(each, hashes);
}

function packageOf(each: Table, hashes: readonly string[]): PypiPackage {
  const [name, version] = [textIn(each, 'name'), textIn(each, 'version')];
  if (name === '') throw wrong('a package has no name');
  const odd = hashes.find((hash) => !HASH.test(hash));
  if (odd !== undefined) throw wrong(`${printable(name, 100)} has a hash that is no sha256:…`);
  return {
    name,
    version: version === '' ? 'dynamic' : version,
    hashes,
    marker: markerOf(each),
    from: fromOf(each),
  };
}

/** Where it is installed: `marker` of pylock, `markers` of poetry, `resolution-markers` of uv. */
function markerOf(each: Table): string {
  const all = [each['marker'], each['markers'], each['resolution-markers']].filter(
    (one) => one !== undefined,
  );
  const marker = all.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' and ');
  if (/\||[^\P{Cc}\t\n]/u.test(marker))
    throw wrong(`the marker of ${printable(textIn(each, 'name'), 100)} has a | or a control character`);
  return marker;
}

/** Where it comes from: `source` of uv and poetry, `vcs` and `directory` of pylock, each member in its order. */
function fromOf(each: Table): string {
  return ['source', 'vcs', 'directory']
    .flatMap((member) => {
      const table = each[member];
      return isTable(table) ? Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1)) : [];
    })
    .map(([name, value]) => `${name}=${String(value).replace(/:\/\/[^/?#]*@/, '://')}`)
    .join(',');
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function tablesIn(at: Table, name: string): readonly Table[] {
  const list = at[name];
  return Array.isArray(list) ? list.filter(isTable) : [];
}

function textIn(at: Table, name: string): string {
  const value = at[name];
  return typeof value === 'string' ? value : '';
}

const wrong = (what: string): Refusal => refuse('malformed-text', what);
