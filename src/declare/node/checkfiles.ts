/** Checks that a declaration's leaves lead to the logged root, and that the files are still as declared. */
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { equalBytes } from '../../bytes/compare.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { Checklist, type Check } from '../../bytes/checklist.ts';
import { isWithdrawal, type Commitment } from '../../statement/commitment.ts';
import { holds, readFact, readLinkFact } from './files.ts';
import { formatMode, treeOf, type FileFact, type Opening } from '../opening.ts';

/**
 * Checks leaves against the commitment, then files against leaves: the files under `named` (absolute paths), or all if
 * it is empty. `base`: the folder that the paths of leaves are relative to.
 */
export async function checkDeclaration(
  { commitment, subject }: { readonly commitment: Commitment; readonly subject: string },
  opening: Opening,
  base: string,
  named: readonly string[],
): Promise<readonly Check[]> {
  const list = new Checklist();
  const tree = list.run('declaration', () => {
    if (isWithdrawal(commitment))
      throw refuse('proof-failed', 'the statement withdraws a commitment and declares nothing');
    if (opening.subject !== subject) {
      throw refuse('proof-failed', `opening.json is about "${opening.subject}", another subject`);
    }
    const { root, count } = treeOf(opening.facts);
    if (count !== commitment.tree.leaves || !equalBytes(root, commitment.tree.root)) {
      throw refuse(
        'proof-failed',
        'opening.json does not lead to the declared root; restore it from a backup',
      );
    }
    return [root, `${count} ${count === 1 ? 'leaf leads' : 'leaves lead'} to the root that was committed to`];
  });
  if (tree === undefined) return list.checks;
  const asked = opening.facts.filter(
    ({ path }) => named.length === 0 || named.some((each) => holds(each, resolve(base, path))),
  );
  let matching = 0;
  for (const fact of asked) {
    if (fact.type === 'stream') {
      list.skip(`file ${fact.path}`, 'it came from standard input and was not kept');
      continue;
    }
    const now = await readNow(fact, base);
    if (now instanceof Refusal || !same(fact, now))
      list.run(`file ${fact.path}`, () => {
        throw differs(fact, now);
      });
    else matching += 1;
  }
  if (matching > 0) list.run('files', () => [undefined, `${matching} of ${asked.length} as declared`]);
  return list.checks;
}

async function readNow(fact: FileFact, base: string): Promise<FileFact | Refusal> {
  const path = resolve(base, fact.path);
  try {
    // A link that was named on the command line was declared as the file it leads to, so it is followed here too.
    return fact.type === 'symlink' && (await lstat(path)).isSymbolicLink()
      ? await readLinkFact(path, base)
      : await readFact(path, base);
  } catch (error) {
    return error instanceof Refusal ? error : refuse('not-found', `${fact.path} is gone`, { cause: error });
  }
}

function same(declared: FileFact, now: FileFact): boolean {
  return (
    declared.type === now.type &&
    declared.mode === now.mode &&
    declared.size === now.size &&
    equalBytes(declared.sha256, now.sha256)
  );
}

function differs(declared: FileFact, now: FileFact | Refusal): Refusal {
  if (now instanceof Refusal) return refuse('proof-failed', `declared, and not there: ${now.message}`);
  if (declared.type !== now.type)
    return refuse('proof-failed', `declared as a ${declared.type}, it is now a ${now.type}`);
  if (!equalBytes(declared.sha256, now.sha256)) {
    return refuse(
      'proof-failed',
      `its content changed: SHA-256 ${hexOf(declared)} was declared, it is now ${hexOf(now)}`,
    );
  }
  const [was, is] = [declared, now].map(({ mode }) => (mode === undefined ? 'none' : formatMode(mode)));
  return refuse(
    'proof-failed',
    `its content is as declared, its mode is not: ${was} was declared, it is now ${is}`,
  );
}

function hexOf({ sha256 }: FileFact): string {
  return `${sha256.toHex().slice(0, 16)}…`;
}
