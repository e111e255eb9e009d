/** Every verb, once, in the order and under the headings of the help. To add one: its file, and a line here. */
import type { VerbGroups } from './program.ts';
import { configVerb } from './verbs/config.ts';
import { versionVerb } from './verbs/version.ts';

export const VERBS: VerbGroups = [
  ['Run a log', []],
  ['Use a log', []],
  ['Tools', [configVerb, versionVerb]],
];
