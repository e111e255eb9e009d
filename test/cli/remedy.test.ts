/** What settles a refusal is data below the command line; only cli knows its flags (cli/frame/remedy.ts). */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import t from 'tap';
import { refuse } from '../../src/bytes/refusal.ts';
import type { Remedy } from '../../src/bytes/remedy.ts';
import { buildProgram } from '../../src/cli/frame/program.ts';
import { FLAGS, messageOf, withFlags } from '../../src/cli/frame/remedy.ts';
import { loadVerbs } from '../../src/cli/verbs.ts';
import { packed, revived } from '../../src/workers/rpc.ts';

const SRC = resolve(import.meta.dirname, '../../src');

/** Files that tell people a whole command of ours. */
const COMMANDS: readonly string[] = [
  'evidence/identity.ts',
  'explorer/facts/facts.ts',
  'explorer/page/views/entry/leaves.ts',
  'explorer/page/views/entry/shown.ts',
  'explorer/page/views/home.ts',
  'explorer/page/views/search.ts',
  'explorer/page/views/subject.ts',
  'explorer/page/views/subject/why.ts',
  'probe/kubernetes/describe.ts',
  'words/checked.ts',
  'words/why.ts',
];

/** Files that hold flags of other programs, and of which; and pages for people, which tell a whole command. */
const OTHERS: Readonly<Record<string, string>> = {
  'agent/grants.ts': 'node',
  'audit/bundle/page.ts': 'the command that checks a bundle',
  'audit/node/verifier.ts': 'the verifier that a bundle holds, a program of its own',
  'build/browser.ts': 'node',
  'build/command.ts': 'esbuild',
  'build/explorer.ts': 'esbuild',
  'build/sizes.ts': 'a script of the clone, by itself',
  'build/verifier.ts': 'esbuild',
  'commit/server-defaults.ts': 'kubectl',
  'declare/node/git.ts': 'git',
  'declare/node/helm.ts': 'helm',
  'declare/node/oci/layout.ts': 'oras, skopeo',
  'declare/secret-commands.ts': 'programs that are given a password',
  'declare/secret-texts.ts': 'programs that are given a password',
  'declare/sources/env.ts': 'docker',
  'probe/cri/describe.ts': 'kubectl',
  'probe/kubernetes/credentials.ts': 'kubectl',
  'probe/kubernetes/grant-to-read.ts': 'kubectl',
  'declare/sources/packages/npm-lock.ts': 'npm',
  'declare/sources/packages/requirements.ts': 'pip, uv',
  'probe/packages/pypi.ts': 'pip',
  ...Object.fromEntries(COMMANDS.map((file) => [file, 'a whole command'])),
};

t.test('no text below the command line names a flag of it', async (t) => {
  const naming = globSync('**/*.ts', { cwd: SRC })
    .filter((file) => !file.startsWith('cli/'))
    .filter((file) => /(?<![-\w])--[a-z]/.test(withoutComments(readFileSync(join(SRC, file), 'utf8'))));
  t.strictSame(naming.toSorted(), Object.keys(OTHERS).toSorted());
});

/** A comment that begins a line, which is where they stand here. */
function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\*[^]*?\*\/|\/\/.*)$/gm, '');
}

t.test('every flag that is advised is one of some verb', async (t) => {
  const taken = new Set(flagsOf(buildProgram(await loadVerbs())));
  const commands = COMMANDS.map((file) => withoutComments(readFileSync(join(SRC, file), 'utf8')));
  const advised = [...Object.values(FLAGS), ...commands].flatMap(
    (text) => text.match(/(?<![-\w])--[a-z-]+/g) ?? [],
  );
  t.strictSame(
    advised.filter((flag) => !taken.has(flag)),
    [],
  );
});

function flagsOf(command: Command): readonly string[] {
  return [
    ...command.options.flatMap(({ long }) => long ?? []),
    ...command.commands.flatMap((each) => flagsOf(each)),
  ];
}

t.test('a remedy becomes flags, in its order, with values that a shell takes', async (t) => {
  const cases: readonly (readonly [remedy: Remedy | undefined, after: string])[] = [
    [undefined, ''],
    [{}, ''],
    [{ guardDir: true }, ' (--guard-dir)'],
    [{ tlsKey: true, tlsCert: true }, ' (--tls-key, --tls-cert)'],
    [{ clockTolerance: 0 }, ' (--clock-tolerance 0)'],
    [{ forget: "a'b; rm" }, String.raw` (--forget 'a'\''b; rm')`],
  ];
  for (const [remedy, after] of cases) t.equal(withFlags('text', remedy), `text${after}`);
});

t.test('a remedy survives those who pass a refusal on, and threads', async (t) => {
  const inner = refuse('usage', 'inner', { remedy: { subject: true } });
  const outer = refuse('unavailable', `outer: ${inner.message}`, { cause: inner });
  t.equal(messageOf(outer), 'outer: inner (--subject)');
  const own = refuse('unavailable', 'own', { cause: inner, remedy: { log: true } });
  t.equal(messageOf(own), 'own (--log)');
  const back = revived(structuredClone(packed(outer)));
  t.match(back, { code: 'unavailable', message: 'outer: inner', remedy: { subject: true } });
});
