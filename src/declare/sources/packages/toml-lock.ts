/** Lockfiles in TOML: Cargo.lock, pylock.toml (PEP 751), uv.lock and poetry.lock. */
import { parse, TomlError } from 'smol-toml';
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { UNHASHED, type Locked } from './locked.ts';
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
  const value = checksum !== '' ? `sha256:${checksum}` : source === '' ? 'local' : UNHASHED;
  return { at: ['cargo', `${name}@${version}`], value };
}

function pylockPackage(each: Table): PypiPackage {
  const archives = [
    ...tablesIn(each, 'wheels'),
    ...['sdist', 'archive'].flatMap((name) => (isTable(each[name]) ? [each[name]] : [])),
  ];
  const hashes = archives.flatMap((archive) => {
    const own = archive['hashes'];
    return isTable(own) && textIn(own, 'sha256') !== '' ? [`sha256:${textIn(own, 'sha256')}`] : [];
  });
  return packageOf(each, hashes);
}

/** Of what lies in the project itself there is nothing to install. */
function uvPackage(each: Table): readonly PypiPackage[] {
  const source = each['source'];
  if (isTable(source) && ('editable' in source || 'virtual' in source || 'directory' in source)) return [];
  const sdist = each['sdist'];
  return [hashed(each, [...tablesIn(each, 'wheels'), ...(isTable(sdist) ? [sdist] : [])])];
}

function hashed(each: Table, archives: readonly Table[]): PypiPackage {
  return packageOf(
    each,
    archives.flatMap((archive) => (textIn(archive, 'hash') === '' ? [] : [textIn(archive, 'hash')])),
  );
}

function packageOf(each: Table, hashes: readonly string[]): PypiPackage {
  const [name, version] = [textIn(each, 'name'), textIn(each, 'version')];
  if (name === '') throw wrong('a package has no name');
  const odd = hashes.find((hash) => !HASH.test(hash));
  if (odd !== undefined) throw wrong(`${printable(name, 100)} has a hash that is no sha256:…`);
  return { name, version: version === '' ? 'dynamic' : version, hashes };
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
