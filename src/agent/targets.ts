/** The file of targets: which ones an agent may touch, each enrolled by its owner. */
import { dirname, resolve } from 'node:path';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { readNamedFile } from '../platform/files.ts';
import { readDocument } from '../yaml/documents.ts';
import { openConsent } from './consent.ts';
import { readRules, type Rule } from './enrolment.ts';

/**
 * The enrolment file, with the paths of secrets made absolute, and with the consents that it names. What its YAML parser warns
 * of is refused, too. Refuses `config-invalid`, also for a consent that another signed.
 */
export async function readTargets(path: string): Promise<readonly Rule[]> {
  const rules = parseTargets(decodeUtf8(await readNamedFile(path)), path);
  const at = (file: string): string => resolve(dirname(path), file);
  return Promise.all(
    rules.map(async (rule) => ({
      ...rule,
      secrets: new Map([...rule.secrets].map(([name, file]) => [name, at(file)])),
      consentFiles: rule.consentFiles.map(({ file, verifier }) => ({ file: at(file), verifier })),
      consents: await Promise.all(
        rule.consentFiles.map(async ({ file, verifier }) =>
          openConsent(await readNamedFile(at(file), MAX_CONSENT_BYTES), verifier, at(file)),
        ),
      ),
    })),
  );
}

/** The rules of a text, with paths as it has them, and no consent read. `path`: of its file, for messages. Refuses `config-invalid`. */
export function parseTargets(text: string, path: string): readonly Rule[] {
  const document = readDocument(text, { version: '1.2', strict: true }, (problem) => noYaml(path, problem));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof ReferenceError) throw noYaml(path, error);
    throw error;
  }
  return readRules(value, path);
}

const MAX_CONSENT_BYTES = 65_536;

function noYaml(path: string, { message }: { readonly message: string }): Refusal {
  return refuse('config-invalid', `${path} is not YAML: ${message.split('\n', 1)[0] ?? ''}`);
}

/** The text of a new targets file: an empty list with an explanation. */
export const NO_TARGETS = `# The targets this agent may touch, each enrolled by its owner; nothing else is ever contacted.
# A list of rules; a target must match one. "tallystick agent enrol SUBJECT PROBE TARGET" adds one. An agent
# that runs reads this file again when it changes.
#
#   - subject: prod/payments/**        # which subjects: * within a path segment, ** anything
#     probe: tls                       # a probe's name, name@version, or *
#     targets: ['db.example:5432']     # exact, or patterns with * and **
#     maxPerHour: 120                  # optional: runs an hour against one target
#     secrets: { dsn: db.dsn }         # optional: files of mode 0600, told from here
#     options: { spki: 'ab12…' }       # optional: parameters that are yours, and no claim's (spec/probes.md)
#     consents: [{ file: db.consent, vkey: 'db-team.example+…' }]   # net: what the owner of the targets signed
`;
