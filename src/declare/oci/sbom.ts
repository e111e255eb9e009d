/** Software bills of materials: which format a text is, and the components that it names (SPDX 2.x JSON, CycloneDX 1.x JSON). */
import type { JsonValue } from '../../bytes/json.ts';
import { refuse } from '../../bytes/refusal.ts';

/** A component: its package URL without version, or its name; and its versions, sorted. */
export interface Component {
  readonly name: string;
  readonly versions: readonly string[];
}

/** Predicate types of in-toto statements about bills of materials. */
export const SBOM_KINDS: Readonly<Record<string, 'spdx' | 'cyclonedx'>> = {
  'https://spdx.dev/Document': 'spdx',
  'https://spdx.dev/Document/v2.2': 'spdx',
  'https://spdx.dev/Document/v2.3': 'spdx',
  'https://cyclonedx.org/bom': 'cyclonedx',
};
/** Media types of bills of materials that are attached as they are. */
export const SBOM_TYPES: Readonly<Record<string, 'spdx' | 'cyclonedx'>> = {
  'application/spdx+json': 'spdx',
  'text/spdx+json': 'spdx',
  'application/vnd.cyclonedx+json': 'cyclonedx',
};

/** Most components, and levels of components within components. */
const MAX_COMPONENTS = 50_000;
const MAX_DEPTH = 16;

/** Refuses `too-large`, and `malformed-text` for what is no bill of that format. */
export function componentsOf(bill: JsonValue, format: 'spdx' | 'cyclonedx'): readonly Component[] {
  const found = new Map<string, Set<string>>();
  const add = (name: string, version: string): void => {
    if (found.size >= MAX_COMPONENTS)
      throw refuse(
        'too-large',
        `a bill of materials has more than ${MAX_COMPONENTS} components; leave them out`,
      );
    found.set(name, (found.get(name) ?? new Set()).add(version));
  };
  if (!(bill instanceof Map)) throw refuse('malformed-text', 'a bill of materials is no object');
  if (format === 'spdx') for (const each of listIn(bill, 'packages')) addPackage(each, add);
  else addComponents(bill, add, 0);
  return [...found].map(([name, versions]) => ({ name, versions: [...versions].toSorted() }));
}

type Add = (name: string, version: string) => void;

function addPackage(each: JsonValue, add: Add): void {
  if (!(each instanceof Map)) return;
  const purl = listIn(each, 'externalRefs')
    .filter((ref) => ref instanceof Map)
    .find((ref) => ref.get('referenceType') === 'purl')
    ?.get('referenceLocator');
  addNamed(typeof purl === 'string' ? purl : '', textIn(each, 'name'), textIn(each, 'versionInfo'), add);
}

function addComponents(at: ReadonlyMap<string, JsonValue>, add: Add, depth: number): void {
  if (depth > MAX_DEPTH)
    throw refuse('malformed-text', `a bill of materials has components more than ${MAX_DEPTH} deep`);
  for (const each of listIn(at, 'components')) {
    if (!(each instanceof Map)) continue;
    addNamed(textIn(each, 'purl'), textIn(each, 'name'), textIn(each, 'version'), add);
    addComponents(each, add, depth + 1);
  }
}

function addNamed(purl: string, name: string, version: string, add: Add): void {
  // pkg:type/namespace/name@version?qualifiers#subpath
  const [, bare = '', own = ''] = /^(.*?)(?:@([^@/]*))?$/s.exec(purl.replace(/[?#].*$/s, '')) ?? [];
  const known = bare === '' ? name : bare;
  if (known !== '') add(known, version === '' ? own : version);
}

function listIn(at: ReadonlyMap<string, JsonValue>, name: string): readonly JsonValue[] {
  const value = at.get(name);
  return Array.isArray(value) ? value : [];
}

function textIn(at: ReadonlyMap<string, JsonValue>, name: string): string {
  const value = at.get(name);
  return typeof value === 'string' ? value : '';
}
