/** Makes a declaration of a source (read.ts): its leaves, its tool's versions, the git commit it comes from. */
import { existsSync } from 'node:fs';
import { basename, relative, resolve, sep } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import type { Declaration } from '../../statement/commitment.ts';
import { VERSION } from '../../platform/place.ts';
import { leftOutOf, UNSAID, type DeclaredTree } from './declared.ts';
import { holds, STDIN } from './files.ts';
import { gitFacts, gitTop } from './git.ts';
import { formatLeaves, leafTree, LEAVES_FILE } from '../leafopening.ts';
import { readableOwned } from './owned.ts';
import { readSource, refuseSecrets, type Added, type SourceReading, type ReadSource } from '../read.ts';
import type { PlacedTexts } from './placed.ts';
import { readTexts } from './texts.ts';

/** What to declare, and how to read it. */
export interface SourceToDeclare {
  readonly operands: readonly string[];
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly recursive: boolean;
  readonly reading: SourceReading;
  readonly subject: string | undefined;
  /** Makes the texts, for a kind that is not read from files as they stand. */
  readonly gather?: () => Promise<PlacedTexts>;
  /** Finds leaves to commit beside those of the texts. */
  readonly addTo?: (texts: readonly string[]) => Promise<Added>;
}

/** The leaves that a source would commit to: to be listed, and for the declaration. Refuses as `readSource` does. */
export async function readNamedSource({
  operands,
  cwd,
  stdin,
  recursive,
  reading,
  gather,
  addTo,
}: SourceToDeclare): Promise<ReadSource> {
  const { texts, whole, besides } = await (gather?.() ??
    readTexts({ source: reading.source, named: operands, cwd, stdin, recursive }));
  const added = await addTo?.(texts.map(({ text }) => text));
  return readSource(texts, { ...reading, whole, ...(besides && { besides }) }, added);
}

/** Refuses as `readSource` and `refuseSecrets` do, and `usage` if no subject is given and the source gives no name. */
export async function declareSource(what: SourceToDeclare): Promise<DeclaredTree> {
  const read = await readNamedSource(what);
  refuseSecrets(read);
  const { profile, leaves, excluded, source } = read;
  const subject = what.subject ?? subjectOf(what);
  const salted = leafTree({ leaves });
  const { root, count } = salted;
  const named = what.operands
    .filter((operand) => operand !== STDIN)
    .map((operand) => resolve(what.cwd, operand));
  const top = existsSync(what.cwd) ? await gitTop(what.cwd) : undefined;
  const inside = named.length === 0 ? [what.cwd] : named;
  const git =
    top === undefined || !inside.every((path) => holds(top, path)) ? {} : await gitFacts(top, inside, []);
  const { kind, tool = 'tallystick', toolVersion = VERSION, versions } = source;
  const declaration: Declaration = {
    ...UNSAID,
    source: { kind, tool, toolVersion, ...(versions && { versions }), ...(git.facts && { git: git.facts }) },
    canon: { profile, ...(excluded.length > 0 && { excluded }) },
    tree: { alg: 'rfc6962-sha256-salted', leaves: count, root },
    scope: { world: 'open' },
    claims: [],
  };
  const text = formatLeaves({ profile, subject, leaves });
  return {
    subject,
    declaration,
    leftOut: [...leftOutOf(git), ...(read.remarks ?? [])],
    leaves: count,
    tree: salted,
    owned: () => readableOwned(LEAVES_FILE, text, declaration),
  };
}

/** The name of a single file, relative to the working directory, is the subject. */
function subjectOf({ operands, cwd, reading }: SourceToDeclare): string {
  const [only] = operands;
  if (only === undefined || only === STDIN || operands.length > 1)
    throw refuse('usage', `say which subject this ${reading.source.kind} source declares`, {
      remedy: { subject: true },
    });
  const path = relative(cwd, resolve(cwd, only)).split(sep).join('/');
  return path === '' || path === '..' || path.startsWith('../') ? basename(resolve(cwd, only)) : path;
}
