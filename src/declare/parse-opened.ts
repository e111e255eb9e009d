/** Reads files of opened leaves, whichever they are. */
import { Refusal } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import { leafTree, parseDisclosure, parseLeaves, type OpenedLeaves } from './leafopening.ts';
import type { OpenedFile } from './opened.ts';
import { leavesOf, OPENING_SCHEMA, parseOpening } from './opening.ts';
import { parseOpenings } from './openings-file.ts';

/** Reads `leaves.json` or `opening.json`; its `schema` member tells which. Refuses `malformed-payload`, naming the file. */
export function parseOwned(bytes: Uint8Array, path: string): OpenedLeaves {
  return hasSchema(bytes, OPENING_SCHEMA) ? leavesOf(parseOpening(bytes, path)) : parseLeaves(bytes, path);
}

/** Reads any file of opened leaves. Refuses `malformed-payload`, naming the file. */
export function parseOpened(bytes: Uint8Array, name: string): OpenedFile {
  if (hasSchema(bytes, 'tallystick.openings.v1'))
    return { kind: 'openings', name, openings: parseOpenings(bytes, name) };
  if (hasSchema(bytes, 'tallystick.disclosure.v1')) {
    const shown = parseDisclosure(bytes, name);
    return { kind: 'disclosure', name, subject: shown.subject, shown };
  }
  const owned = parseOwned(bytes, name);
  return { kind: 'leaves', name, subject: owned.subject, owned, root: leafTree(owned).root };
}

function hasSchema(bytes: Uint8Array, schema: string): boolean {
  try {
    return decodeUtf8(bytes).includes(`"${schema}"`);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
