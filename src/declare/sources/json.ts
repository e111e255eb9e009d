/** The kind of source `json`. */
import { declareJson } from '../json.ts';
import type { Source } from './source.ts';

export const JSON_SOURCE: Source = { kind: 'json', declare: ([file]) => declareJson(file?.text ?? '') };
