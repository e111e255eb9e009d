/**
 * Environment files: `NAME=value` lines, comments that start with #, blank lines. Tools differ in what quotes,
 * backslashes and dollar signs mean (docker takes them as they are, systemd and dotenv do not), so a value that has
 * them is refused; `literal` takes each value as it stands.
 */
import { refuse } from '../bytes/refusal.ts';
import { below, Leaves, type Declarable } from './leaf.ts';

/** Leaves of an environment file; `env@1`, or `env-literal@1`. Refuses `malformed-text`, with the line. */
export function declareEnv(text: string, literal = false): Declarable {
  const leaves = new Leaves();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, value = ''] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined)
      throw refuse('malformed-text', `line ${i + 1}: expected NAME=value, with no blanks around =`);
    if (!literal && (/["'\\$`]/.test(value) || /^\s|\s$|\s#/.test(value))) {
      throw refuse(
        'malformed-text',
        `line ${i + 1}: tools do not agree what quotes, $, \\, blanks at the ends or # in the value of ${name} mean; ` +
          'if it is meant as it stands, say --literal',
      );
    }
    // Whatever stands in an environment may be a secret.
    leaves.add(below('', name), value, () => true);
  }
  const profile = literal ? 'env-literal@1' : 'env@1';
  return { profile, leaves: leaves.all(), excluded: [], source: { kind: 'env' } };
}
