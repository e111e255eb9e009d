/**
 * The files of a packaged chart: a tar (POSIX.1-2017 pax, "ustar Interchange Format"; GNU long names) of one folder. What could
 * be read in two ways, or leads out of the folder, is refused.
 */
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import type { ChartFiles } from './chart.ts';

const BLOCK = 512;
const MAX_FILES = 20_000;

/** Files by path below the one folder that an archive has. Refuses `malformed-payload`. */
export function filesOfTar(tar: Uint8Array): ChartFiles {
  const files = new Map<string, Uint8Array>();
  let [longName, top]: (string | undefined)[] = [];
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = octalIn(header, 124, 12);
    const body = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (body.length < size) throw broken('it ends early');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'L') longName = textIn(body);
    else if (type === 'x') longName = paxPath(body) ?? longName;
    else if (type === '0' || type === '\0' || type === '5') {
      const name = longName ?? nameIn(header);
      longName = undefined;
      const path = clean(name.replace(/^\.\//, ''), type === '5');
      const [folder = '', ...rest] = path.split('/');
      top ??= folder;
      if (folder !== top) throw broken(`${printable(name, 100)} is in another folder than the rest`);
      if (type === '5') continue;
      if (rest.length === 0) throw broken(`${printable(name, 100)} is in no folder`);
      if (files.has(rest.join('/'))) throw broken(`${printable(name, 100)} is in it twice`);
      files.set(rest.join('/'), body);
      if (files.size > MAX_FILES) throw refuse('too-large', `the archive has more than ${MAX_FILES} files`);
    } else if (type !== 'g') throw broken(`${printable(nameIn(header), 100)} is no file and no folder`);
  }
  return files;
}

function clean(name: string, isFolder: boolean): string {
  const path = isFolder ? name.replace(/\/$/, '') : name;
  const steps = path.split('/');
  if (path.includes('\\') || steps.some((step) => step === '' || step === '.' || step === '..'))
    throw broken(`${printable(name, 100)} is no plain path`);
  return path;
}

function nameIn(header: Uint8Array): string {
  const [name, prefix] = [textIn(header.subarray(0, 100)), textIn(header.subarray(345, 500))];
  const isUstar = textIn(header.subarray(257, 263)) === 'ustar';
  return isUstar && prefix !== '' && header[263] === 0x30 ? `${prefix}/${name}` : name;
}

function octalIn(header: Uint8Array, at: number, length: number): number {
  const text = textIn(header.subarray(at, at + length)).trim();
  if (!/^[0-7]{1,11}$/.test(text)) throw broken('the size of a file is no number');
  return Number.parseInt(text, 8);
}

/** A field up to its first zero byte. */
function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
}

/** `LENGTH path=VALUE\n` among the records of a pax header. */
function paxPath(body: Uint8Array): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < body.length;) {
    const [, length = ''] = /^([0-9]{1,7}) /.exec(textIn(body.subarray(at, at + 8))) ?? [];
    const end = at + Number(length);
    if (length === '' || end <= at || end > body.length) throw broken('its names cannot be read');
    const record = decodeUtf8(body.subarray(at + length.length + 1, end));
    if (/^(?:size|linkpath|GNU\.sparse)/.test(record)) throw broken('it has records that are not read here');
    if (record.startsWith('path=')) found = record.slice(5).replace(/\n$/, '');
    at = end;
  }
  return found;
}

function broken(what: string): Refusal {
  return refuse(
    'malformed-payload',
    `it is no archive of a chart that is read here: ${what}; unpack it, and name the folder`,
  );
}
