/** Leaves of sources for spec/vectors.json: pairs of texts that look alike and mean other things, and what they are made of. */
import { hashLeaf } from '#src/tree/hash.ts';
import { declareJson } from '#src/declare/json.ts';
import { declareKubernetes } from '#src/declare/sources/kubernetes/kubernetes.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import type { Declarable } from '#src/declare/leaf.ts';
import { declarationTree, encodeLeaf, valueInLeaf } from '#src/statement/saltedleaf.ts';

const READERS = {
  json: declareJson,
  yaml: declareYaml,
  kubernetes: (text: string): Declarable => declareKubernetes([text], []),
} as const;

const pod = (rest: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {${rest}}\n`;
const TEXTS: readonly (readonly [keyof typeof READERS, string])[] = [
  ['json', '{"a":["x"]}'],
  ['json', '{"a":{"0":"x"}}'],
  ['json', '{"a":[],"b":{},"c":1.10,"d":null}'],
  ['yaml', 'a: 1\n---\nb: 2\n'],
  ['yaml', '[{a: 1}, {b: 2}]\n'],
  ['yaml', '200: a\n"404": b\n'],
  ['kubernetes', pod('initContainers: [{name: a}, {name: b}]')],
  ['kubernetes', pod('initContainers: [{name: b}, {name: a}]')],
  ['kubernetes', pod('volumes: [{name: b}, {name: a}]')],
  ['kubernetes', pod('x: [{port: 53}, {port: 53, protocol: UDP}]')],
  ['kubernetes', pod('x: [{name: a}, {name: a}]')],
];

/** Each text, its leaves in the order of the tree, and the root that they have with salts of sixteen zero bytes. */
export function declaredVectors() {
  return TEXTS.map(([kind, text]) => {
    const { profile, leaves } = READERS[kind](text);
    const salt = new Uint8Array(16);
    const tree = declarationTree(
      leaves.map(({ path, value }) => ({ salt, path, value: valueInLeaf(value) })),
    );
    return {
      profile,
      text,
      leaves: tree.leaves.map((leaf) => ({
        path: leaf.path,
        value: leaf.value instanceof Uint8Array ? leaf.value.toHex() : leaf.value.digest.toHex(),
        hash: hashLeaf(encodeLeaf(leaf)).toHex(),
      })),
      root: tree.root.toHex(),
    };
  });
}
