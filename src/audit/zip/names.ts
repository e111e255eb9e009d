/**
 * Names of files in a container (spec/bundle.md, "The container"): short ASCII paths that no system reads as anything else
 * than a file below the folder in which the container is unpacked.
 */
import { refuse, type Refusal } from '../../bytes/refusal.ts';

/** Most bytes of a name. */
const MOST_NAME = 200;

/** A part of a path: no dot at its beginning or end, so none is `.`, `..`, hidden, or shortened by Windows. */
const PART = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** Names of devices, which Windows opens in their place whatever follows the first dot. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * Refuses `malformed-bundle` unless the names are in strictly ascending order of their bytes, each of them harmless, no two
 * equal but for case, and none the folder of another.
 */
export function assertNames(names: readonly string[]): void {
  const folded = new Set<string>();
  let before = '';
  for (const name of names) {
    if (name.length > MOST_NAME || !name.split('/').every(isPart))
      throw bad(`${JSON.stringify(name.slice(0, MOST_NAME))} is no name of a file in a bundle`);
    // ASCII alone: the order of UTF-16 units is that of bytes.
    if (name <= before) throw bad(`${name} does not come after ${before}: names are in order, each once`);
    before = name;
    folded.add(name.toLowerCase());
  }
  if (folded.size !== names.length) throw bad('two names differ in capitals alone');
  for (const name of folded)
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1))
      if (folded.has(name.slice(0, at))) throw bad(`${name.slice(0, at)} is a file and a folder`);
}

function isPart(part: string): boolean {
  return PART.test(part) && !DEVICE.test(part);
}

function bad(what: string): Refusal {
  return refuse('malformed-bundle', `${what}; ask for the bundle again`);
}
