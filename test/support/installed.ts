/** Packages as npm, pip, Go and cargo install them, with their archives and lockfiles, and looks of `packages@1` at them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { zipSync } from 'fflate';
import { judgeClaim } from '#src/claim/judge.ts';
import type { Observed } from '#src/claim/observed.ts';
import { PACKAGES_SOURCE } from '#src/declare/sources/packages/packages.ts';
import { packOf } from '#src/declare/packs.ts';
import { declaredValue } from '#src/probe/declared.ts';
import { packagesProbe } from '#src/probe/packages/probe.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { hashOf } from './statement-examples.ts';
import { runShaped } from './shaped.ts';

export type Params = Readonly<Record<string, Parameter>>;

export function temporary(t: Test): string {
  const made = mkdtempSync(join(tmpdir(), 'tallystick-packages-'));
  t.teardown(() => rmSync(made, { recursive: true }));
  return made;
}

export function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

export async function look(
  target: string,
  lock: string,
  params: Params,
  archives?: string,
): Promise<Observed> {
  const { leaves } = PACKAGES_SOURCE.declare([{ name: 'lock', text: lock }], { literal: false, ignore: [] });
  const given = new Map(Object.entries(params));
  return runShaped(packagesProbe, {
    target,
    params: parametersOf(
      packagesProbe,
      given,
      new Map(archives === undefined ? [] : [['archives', archives]]),
    ),
    challenge: hashOf('a challenge'),
    declared: new Map(leaves.map(({ path, value }) => [path, declaredValue(value)])),
    secret: () => Promise.resolve(undefined),
    spent: () => undefined,
    signal: new AbortController().signal,
    now: () => 0,
  });
}

export function verdicts(seen: Observed, params: Params): Record<string, string> {
  const claims = packOf('packages-as-locked', new Map(Object.entries(params)));
  return Object.fromEntries(
    claims.map((claim) => [claim.id.replace('packages-', ''), judgeClaim(claim, seen).verdict]),
  );
}

export const NPM = { ecosystem: 'npm' };
export const GOOD = { locked: 'PROVEN', closed: 'PROVEN', unaltered: 'PROVEN' };

/** A packed package, as npm makes it: its bytes, and the digest that a lockfile has. */
export function packed(at: string, files: Readonly<Record<string, string>>): string {
  const known = JSON.stringify(files);
  const bytes = PACKED.get(known) ?? tarred(files);
  PACKED.set(known, bytes);
  writeFileSync(at, bytes);
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}

/** Each archive is made once. */
const PACKED = new Map<string, Buffer>();

function tarred(files: Readonly<Record<string, string>>): Buffer {
  const from = mkdtempSync(join(tmpdir(), 'tallystick-pack-'));
  put(join(from, 'package'), files);
  const bytes = execFileSync('tar', ['-cz', '-C', from, 'package']);
  rmSync(from, { recursive: true });
  return bytes;
}

export interface Project {
  readonly root: string;
  readonly lock: string;
  readonly archives: string;
  readonly look: (params?: Params) => Promise<Observed>;
}

/** Two packages, one of them twice, and a workspace. */
export function project(t: Test): Project {
  const base = temporary(t);
  const [root, archives] = [join(base, 'app'), join(base, 'archives')];
  mkdirSync(archives);
  const sources = {
    'node_modules/ms': {
      'package.json': '{"name":"ms","version":"2.1.3"}',
      'index.js': 'module.exports = 1;\n',
      '.gitignore': 'x\n',
    },
    'node_modules/@b/c': { 'package.json': '{"name":"@b/c","version":"1.0.0"}', 'lib/a.js': '1;\n' },
    'node_modules/@b/c/node_modules/ms': {
      'package.json': '{"name":"ms","version":"2.0.0"}',
      'index.js': '0;\n',
    },
  };
  const packages: Record<string, object> = {
    '': {},
    'node_modules/w': { resolved: 'packages/w', link: true },
    'packages/w': { version: '1.0.0' },
  };
  for (const [at, files] of Object.entries(sources)) {
    const integrity = packed(join(archives, `${at.replaceAll('/', '_')}.tgz`), files);
    packages[at] = { version: /"version":"([^"]+)"/.exec(files['package.json'])?.[1], integrity };
    put(join(root, at), files);
    rmSync(join(root, at, '.gitignore'), { force: true });
  }
  put(root, {
    'node_modules/ms/.npmignore': 'x\n',
    'packages/w/package.json': '{"name":"w","version":"1.0.0"}',
  });
  put(root, { 'node_modules/.package-lock.json': '{}' });
  symlinkSync('../packages/w', join(root, 'node_modules/w'));
  const lock = JSON.stringify({ lockfileVersion: 3, packages });
  return { root, lock, archives, look: (params = {}) => look(root, lock, { ...NPM, ...params }, archives) };
}

export const RECORD = (files: Readonly<Record<string, string>>): string =>
  Object.entries(files)
    .map(
      ([path, content]) =>
        `${path},sha256=${createHash('sha256').update(content).digest('base64url')},${content.length}\n`,
    )
    .join('');

/** A wheel, installed. */
export function wheel(t: Test) {
  const base = temporary(t);
  const [site, archives] = [join(base, 'site-packages'), join(base, 'wheels')];
  const files = {
    'shop/__init__.py': 'x = 1\n',
    'shop/core.py': 'y = 2\n',
    'shop-1.2.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: Shop\nVersion: 1.2.0\n\nName: evil\n',
    'shop-1.2.0.dist-info/WHEEL': 'Wheel-Version: 1.0\n',
  };
  const record = 'shop-1.2.0.dist-info/RECORD';
  const all = { ...files, [record]: `${RECORD(files)}${record},,\n` };
  const bytes = zipSync(
    Object.fromEntries(
      Object.entries({ ...all, 'shop-1.2.0.data/scripts/shop': '#!python\n' }).map(([path, text]) => [
        path,
        Buffer.from(text),
      ]),
    ),
  );
  mkdirSync(archives);
  writeFileSync(join(archives, 'shop-1.2.0-py3-none-any.whl'), bytes);
  const added = { 'shop-1.2.0.dist-info/INSTALLER': 'pip\n' };
  put(site, {
    ...files,
    ...added,
    [record]: `${RECORD({ ...files, ...added })}${record},,\n../../bin/shop,,\n`,
  });
  const lock = `shop==1.2.0 --hash=sha256:${createHash('sha256').update(bytes).digest('hex')}\n`;
  return { site, archives, lock, files, record };
}

export const PYPI = { ecosystem: 'pypi' };

/** The build information of a binary, as Go 1.18 and newer write it. */
export function binary(t: Test, lines: readonly string[], before = 4_096): string {
  const path = join(temporary(t), 'program');
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length =
      bytes.length < 128 ? [bytes.length] : [(bytes.length % 128) + 128, Math.floor(bytes.length / 128)];
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  const header = Buffer.alloc(32);
  header.write('\xff Go buildinf:', 'latin1');
  header[14] = 8;
  header[15] = 2;
  const info = `${'0'.repeat(16)}path\ta.example/me\nmod\ta.example/me\t(devel)\t\n${lines.map((line) => `${line}\n`).join('')}${'1'.repeat(16)}`;
  writeFileSync(
    path,
    Buffer.concat([Buffer.alloc(before, 1), header, text('go1.27.0'), text(info), Buffer.alloc(100)]),
  );
  return path;
}

export const GO = { ecosystem: 'go' };
export const H1 = 'h1:JgcPM1rzpSOZS8y69FQvnY0xN0ciHlpQqwTXJcuZIA4=';
