/** A declared matrix as an agent has it: the opened leaves of a committed YAML file. */
import type { Value } from '#src/claim/value.ts';
import { declareYaml } from '#src/declare/yaml.ts';
import { declaredValue } from '#src/probe/declared.ts';

export function openedMatrix(yaml: string): ReadonlyMap<string, Value> {
  return new Map(declareYaml(yaml).leaves.map(({ path, value }) => [path, declaredValue(value)]));
}
