/** The kind of source `yaml`. */
import { declareYaml } from '../yaml.ts';
import type { Source } from './source.ts';

export const YAML_SOURCE: Source = { kind: 'yaml', declare: ([file]) => declareYaml(file?.text ?? '') };
