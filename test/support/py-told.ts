/** Trees of Ansible's files as test/declare/ansible-oracle.py tells Python's values, and asking it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isNumber, isPyList, PyMap, type PyTree } from '#src/declare/sources/ansible/pyyaml.ts';
import { plainValue, Sealed, Timestamp } from '#src/declare/sources/ansible/scalars.ts';

export type Told = readonly unknown[];

export function told(tree: PyTree): Told {
  if (tree === null) return ['n'];
  if (typeof tree === 'boolean') return ['b', tree];
  if (typeof tree === 'number') return ['i', String(tree)];
  if (typeof tree === 'string') return ['s', tree];
  if (tree instanceof Timestamp) return ['t', tree.iso];
  if (tree instanceof Sealed) return ['v', tree.text];
  if (tree instanceof PyMap)
    return [
      'm',
      [...tree.members]
        .map(([name, value]) => [told(tree.typed.has(name) ? named(name) : name), told(value)])
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ];
  if (isPyList(tree)) return ['l', tree.map(told)];
  if (isNumber(tree)) return [/^-?[0-9]+$/.test(tree.number) ? 'i' : 'f', tree.number];
  throw new Error('another value');
}

/** The value whose name it is. */
function named(name: string): PyTree {
  if (/^[0-9]{4}-[0-9]{2}-/.test(name)) return new Timestamp(name);
  if (['inf', '-inf', 'nan'].includes(name)) return { number: name };
  if (/^-?[0-9]+$/.test(name)) return Number.isSafeInteger(Number(name)) ? Number(name) : { number: name };
  if (/^-?[0-9.]+(?:e[+-][0-9]+)?$/.test(name)) return { number: name };
  return plainValue(name) ?? null;
}

/** Sorts members as `told` does, whatever Python's order of lists is. */
function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const [kind, inside] = value;
  if (!Array.isArray(inside)) return value;
  const parts = inside.map((each: unknown) =>
    kind === 'm' && Array.isArray(each) ? each.map(sorted) : sorted(each),
  );
  return [
    kind,
    kind === 'm' ? parts.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : parts,
  ];
}

/** What Python makes of texts; null where it refuses one. Throws where there is no such Python. */
export function askPython(
  questions: readonly (readonly [kind: string, text: string])[],
  python = '/usr/bin/python3',
): readonly (Told | null)[] {
  const script = join(import.meta.dirname, '../declare/ansible-oracle.py');
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input: JSON.stringify(questions),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(stderr);
  const answers: readonly (Told | null)[] = JSON.parse(stdout);
  return answers.map((each) => {
    const found = sorted(each);
    return Array.isArray(found) ? found : null;
  });
}
