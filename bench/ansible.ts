/**
 * Public files of Ansible through `ansible`, by hand: how many are read as PyYAML and Ansible's own INI inventory read them, which are
 * refused and why, and which are read otherwise (wrong). spec/claims.md has the counts.
 *
 *     node bench/ansible.ts PYTHON FOLDER…
 *
 * PYTHON has ansible-core and PyYAML.
 */
import { globSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Refusal } from '../src/bytes/refusal.ts';
import { decodeSource } from '../src/declare/encoding.ts';
import { ANSIBLE_SOURCE, readAnsible } from '../src/declare/sources/ansible/ansible.ts';
import { PyMap, type PyTree } from '../src/declare/sources/ansible/pyyaml.ts';
import { askPython, told, type Told } from '../test/support/py-told.ts';

const [python = 'python3', ...folders] = process.argv.slice(2);
const counts = new Map<string, string[]>();
const count = (what: string, file: string): void =>
  void counts.set(what, [...(counts.get(what) ?? []), file]);

interface Read {
  readonly name: string;
  readonly kind: 'yaml' | 'ini';
  readonly text: string;
  readonly ours: Told | Refusal;
}

const files: Read[] = [];
for (const folder of folders.map((each) => resolve(each)))
  for (const name of globSync('**/*', { cwd: folder }).filter(
    (each) => ANSIBLE_SOURCE.together?.test(each) === true,
  )) {
    const path = join(folder, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
    const isYaml = /\.(?:ya?ml|json)$|(?:^|\/)(?:group_vars|host_vars)\//.test(name);
    let text = '';
    let ours: Told | Refusal;
    try {
      text = decodeSource(readFileSync(path));
      const tree = readAnsible(name, text);
      ours = isYaml || !(tree instanceof PyMap) ? told(tree) : told(inventoryOf(tree));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ours = error;
    }
    files.push({ name: path, kind: isYaml ? 'yaml' : 'ini', text, ours });
  }

/** An inventory as Ansible has it: hosts with their variables, and groups. */
function inventoryOf(tree: PyMap): PyTree {
  const [hosts, groups] = [new PyMap(), new PyMap()];
  const listed = new Map<string, Record<'hosts' | 'children', Set<string>> & { vars: PyMap }>();
  const group = (name: string) => {
    const found = listed.get(name) ?? {
      hosts: new Set<string>(),
      children: new Set<string>(),
      vars: new PyMap(),
    };
    listed.set(name, found);
    return found;
  };
  group('all').children.add('ungrouped');
  group('ungrouped');
  for (const [name, parts] of tree.members) {
    if (!(parts instanceof PyMap)) continue;
    const own = group(name);
    for (const [part, inside] of parts.members) {
      if (!(inside instanceof PyMap)) continue;
      for (const [each, value] of inside.members) {
        if (part === 'vars') own.vars.members.set(each, value);
        else if (part === 'children') own.children.add(each);
        else {
          own.hosts.add(each);
          const host = hosts.members.get(each);
          const map = host instanceof PyMap ? host : new PyMap();
          hosts.members.set(each, map);
          if (value instanceof PyMap)
            for (const [variable, text] of value.members) map.members.set(variable, text);
        }
      }
    }
  }
  for (const [name, { hosts: names, children, vars }] of listed) {
    const map = new PyMap();
    map.members.set('hosts', [...names].toSorted());
    map.members.set('children', [...children].toSorted());
    map.members.set('vars', vars);
    groups.members.set(name, map);
  }
  const whole = new PyMap();
  whole.members.set('groups', groups);
  whole.members.set('hosts', hosts);
  return whole;
}

const theirs = askPython(
  files.map(({ kind, text }): [string, string] => [kind, text]),
  python,
);
for (const [i, { name, kind, ours, text }] of files.entries()) {
  const answer = theirs[i];
  if (ours instanceof Refusal) {
    const reason = ours.message
      .replaceAll(/line [0-9]+/g, 'line N')
      .replaceAll(/&?"?[\w.{}-]+"? (?=is given|is set)/g, 'X ')
      .slice(0, 110);
    count(`${kind}: refused${answer === null ? ' by both' : ''}: ${reason}`, name);
  } else if (text.startsWith('$ANSIBLE_VAULT')) count(`${kind}: a vault`, name);
  else if (JSON.stringify(ours) === JSON.stringify(answer)) count(`${kind}: right`, name);
  else count(`${kind}: WRONG${answer === null ? ', refused by Python' : ''}`, name);
}
for (const [what, names] of [...counts].toSorted((a, b) => b[1].length - a[1].length))
  console.log(`${names.length}\t${what}\t${names.slice(0, 3).join(' ')}`);
console.log(`${files.length} files`);
