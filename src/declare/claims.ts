/**
 * The claims file, in which people write what agents must show of the running subject. It is YAML, read strictly
 * (yaml.ts): an unknown name is an error, since a mistyped member would have no effect. Claims are written out or come
 * from a ready pack; durations are `30s`, `5m`, `1h`, `7d`.
 *
 *     target: { owner: team-pay, locators: ["shop.example:443"] }
 *     claims:
 *       - pack: https-tls
 *       - id: key-pinned
 *         probe: tls@1
 *         expr: o.tls.certificate.spki == p.spki
 *         params: { spki: "9f86d081…" }
 *         minEvidence: E3
 *         cadence: 1h
 *         severity: high
 *
 * A parameter is a constant, or `{ declared: /path }`: the value of a leaf of the declaration (named-leaves.ts).
 */
import { Refusal } from '../bytes/refusal.ts';
import type { Claim, Declaration, Parameter } from '../statement/commitment.ts';
import { EVIDENCE_CLASSES, SEVERITIES, TIERS, type Tier } from '../statement/vocabulary.ts';
import { Fields, fault, textOf } from './fields.ts';
import { NamedLeaves } from './named-leaves.ts';
import type { SaltedTree } from '../statement/saltedleaf.ts';
import { isNumberText, isTreeList, isTreeMap, type Tree, type TreeMap } from './leaf.ts';
import { describeProbe } from '../probe/registry.ts';
import { languageOf, packNamed, packOf } from './packs.ts';
import { gapClaim, NO_GAP } from './gap.ts';
import { targetOf } from './target.ts';
import { PACES } from './tiers.ts';
import { parseYaml } from './yaml.ts';
import { digest } from '../bytes/brand.ts';
import { parseHex } from '../bytes/text.ts';

/** What a claims file adds to a declaration. */
export type ClaimsFile = Pick<Declaration, 'claims' | 'openings'> & {
  /** Packs of the claims that come from one, by the claim's id. */
  readonly packed: ReadonlyMap<string, string>;
  /** Paths that packs look for, and nothing is declared at: no claim is about these settings. */
  readonly undeclared: readonly string[];
} & Partial<
    Pick<Declaration, 'target' | 'tier' | 'environment' | 'approvals' | 'scope' | 'validity' | 'attestors'>
  >;

/** What a claims file is read for. */
export interface ClaimsReading {
  /** In place of the file's. */
  readonly tier?: Tier | undefined;
  /** The leaves of the declaration, which claims may name. */
  readonly tree?: SaltedTree | undefined;
}

/** Reads a claims file. Refuses `malformed-text` for bad YAML, and `malformed-payload`, naming the place, for bad contents. */
export function parseClaims(text: string, { tier: overriding, tree }: ClaimsReading = {}): ClaimsFile {
  const [document = null, ...more] = parseYaml(text, {
    names: 'typed',
    empty: 'no document',
    whole: 'write the value itself',
  });
  if (more.length > 0) throw fault('the file', 'has more than one YAML document');
  const file = new Fields(document, 'the file');
  const tier = file.word('tier', TIERS);
  const leaves = new NamedLeaves(tree);
  const { claims, packed } = claimsIn(file, overriding ?? tier ?? 'background', leaves);
  const environment = file.text('environment');
  const approvals = file.whole('approvals');
  const target = file.map('target');
  const scope = file.map('scope');
  const named = file.map('attestors');
  const validity = file.map('validity');
  file.end();
  const attestors = named && attestorsOf(named);
  checkAttested(claims, attestors);
  const openings = leaves.openings();
  return {
    claims,
    ...(openings.length > 0 && { openings }),
    packed,
    undeclared: leaves.missed,
    ...(tier !== undefined && { tier }),
    ...(environment !== undefined && { environment }),
    ...(approvals !== undefined && { approvals }),
    ...(target !== undefined && { target: targetOf(new Fields(target, 'target')) }),
    ...(scope !== undefined && { scope: scopeOf(scope) }),
    ...(attestors !== undefined && { attestors }),
    ...(validity !== undefined && { validity: validityOf(validity) }),
  };
}

/** All claims of the file, and the packs that some come from. */
function claimsIn(file: Fields, tier: Tier, leaves: NamedLeaves): Pick<ClaimsFile, 'claims' | 'packed'> {
  const read = file.list('claims').map((each, i) => {
    const fields = new Fields(each, `claims[${i}]`);
    const pack = isTreeMap(each) ? each.get('pack') : undefined;
    return { pack, claims: pack === NO_GAP ? gapOf(fields) : claimsOf(fields, tier, leaves) };
  });
  const plain = read.flatMap(({ claims: each }) => (typeof each === 'function' ? [] : each));
  const groups = read.map(({ pack, claims: each }) => ({
    pack,
    claims: typeof each === 'function' ? [each(plain)] : each,
  }));
  const claims = groups.flatMap((group) => group.claims);
  if (claims.length === 0) throw fault('claims', 'there are none');
  const again = claims.find(({ id }, i) => claims.findIndex((each) => each.id === id) < i);
  if (again !== undefined) throw fault(`claim ${again.id}`, 'is there twice; give each an id of its own');
  const packed = groups.flatMap(({ pack, claims: of }) =>
    typeof pack === 'string' ? of.map(({ id }): [string, string] => [id, pack]) : [],
  );
  return { claims, packed: new Map(packed) };
}

/** A claim that is written out, or those of a pack. */
function claimsOf(fields: Fields, tier: Tier, leaves: NamedLeaves): readonly Claim[] {
  const name = fields.text('pack');
  const { params, declared } = parametersOf(fields.map('params'), leaves);
  if (name !== undefined) {
    const prefix = fields.text('prefix') ?? '';
    const cadence = fields.duration('cadence');
    const against = fields.text('against');
    fields.end();
    return claimsOfPack(name, { params, declared }, { tier, leaves }).map((claim) => ({
      ...claim,
      id: prefix + claim.id,
      ...(cadence !== undefined && { cadence }),
      ...(against !== undefined && { against }),
    }));
  }
  const title = fields.text('title');
  const deadline = fields.duration('deadline') ?? PACES[tier].deadline;
  const grace = fields.whole('grace');
  const against = fields.text('against');
  const controls = fields
    .list('controls')
    .map((each, i) => controlOf(new Fields(each, `${fields.at}.controls[${i}]`)));
  const id = fields.needed('id', fields.text('id'));
  const expr = fields.needed('expr', fields.text('expr'));
  const claim: Claim = {
    id,
    expr,
    ...languageIn(expr, params, fields),
    probe: fields.needed('probe', fields.text('probe')),
    minEvidence: fields.word('minEvidence', EVIDENCE_CLASSES) ?? 'E1',
    cadence: fields.duration('cadence') ?? PACES[tier].cadence,
    severity: fields.word('severity', SEVERITIES) ?? 'medium',
    deadline,
    ...(title !== undefined && { title }),
    ...(params.size > 0 && { params }),
    ...(declared.size > 0 && { declared }),
    ...(grace !== undefined && grace > 0 && { grace }),
    ...(against !== undefined && { against }),
    ...(controls.length > 0 && { controls }),
  };
  fields.end();
  return [claim];
}

/** The claims of a pack. Its parameters that are leaves stand for those of the declaration, unless the file gives them. */
function claimsOfPack(
  name: string,
  { params, declared }: Parameters,
  { tier, leaves }: { readonly tier: Tier; readonly leaves: NamedLeaves },
): readonly Claim[] {
  const wanted = Object.entries(packNamed(name).pack.leaves ?? {}).filter(([each]) => !params.has(each));
  const read = wanted.filter(([, path]) => leaves.find(path));
  const all = new Map([
    ...params,
    ...read.map(([each, path]) => [each, leaves.valueOf(path, name)] as const),
  ]);
  const named = new Map([...declared, ...read]);
  return packOf(name, all, tier).map((claim) => ({ ...claim, ...(named.size > 0 && { declared: named }) }));
}

/** The version of the language, where it is not the first. */
function languageIn(expr: string, params: Parameters['params'], { at }: Fields): Pick<Claim, 'language'> {
  try {
    return languageOf(expr, params);
  } catch (error) {
    if (error instanceof Refusal) throw fault(`${at}.expr`, error.message);
    throw error;
  }
}

/** The claim of the pack that is about another claim of the file, once all of these are read. */
function gapOf(fields: Fields): (others: readonly Claim[]) => Claim {
  fields.text('pack');
  const of = fields.needed('of', fields.text('of'));
  const params = new Map(
    Array.from(fields.map('params') ?? [], ([name, value]) => {
      const at = `${fields.at}.params.${name}`;
      if (isTreeMap(value)) throw fault(at, `is a constant in the pack ${NO_GAP}: write the value itself`);
      return [name, constantOf(value, at)] as const;
    }),
  );
  fields.end();
  return (others) => {
    const found = others.find(({ id }) => id === of);
    if (found !== undefined) return gapClaim(found, params);
    throw fault(
      `${fields.at}.of`,
      `is no claim of this file; there are ${others.map(({ id }) => id).join(', ')}`,
    );
  };
}

function controlOf(fields: Fields): NonNullable<Claim['controls']>[number] {
  const version = fields.text('version');
  const control = {
    framework: fields.needed('framework', fields.text('framework')),
    id: fields.needed('id', fields.text('id')),
    ...(version !== undefined && { version }),
  };
  fields.end();
  return control;
}

function scopeOf(map: TreeMap): Declaration['scope'] {
  const fields = new Fields(map, 'scope');
  const world = fields.needed('world', fields.word('world', ['open', 'closed']));
  const selector = fields.text('selector');
  const members = fields.texts('members');
  fields.end();
  return { world, ...(selector !== undefined && { selector }), ...(members.length > 0 && { members }) };
}

interface Parameters {
  /** Constants, and the values of the leaves that are named. */
  readonly params: ReadonlyMap<string, Parameter>;
  /** Paths of the named leaves, by parameter. */
  readonly declared: ReadonlyMap<string, string>;
}

function parametersOf(map: TreeMap | undefined, leaves: NamedLeaves): Parameters {
  const params = new Map<string, Parameter>();
  const declared = new Map<string, string>();
  for (const [name, value] of map ?? []) {
    const at = `params.${name}`;
    const path = isTreeMap(value) ? pathOf(value, at) : undefined;
    if (path !== undefined) declared.set(name, path);
    params.set(name, path === undefined ? constantOf(value, at) : leaves.valueOf(path, at));
  }
  return { params, declared };
}

/** The path in `{ declared: PATH }`. */
function pathOf(map: TreeMap, at: string): string {
  const fields = new Fields(map, at);
  const path = fields.needed('declared', fields.text('declared'));
  fields.end();
  return path;
}

function constantOf(value: Tree, at: string): Parameter {
  if (isTreeList(value)) return value.map((each) => textOf(each, at));
  if (isTreeMap(value) || value === null || isNumberText(value))
    throw fault(
      at,
      'takes a text, a whole number, true or false, a list of texts, or the value of a declared leaf: { declared: /path }',
    );
  return value;
}

/** RFC 3339 in UTC, whole seconds; a day alone is its first second. */
const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?$/;

/** Refuses `malformed-payload`. */
function validityOf(map: TreeMap): NonNullable<Declaration['validity']> {
  const fields = new Fields(map, 'validity');
  const [notBefore, notAfter] = [timeOf(fields, 'notBefore'), timeOf(fields, 'notAfter')];
  fields.end();
  if (notBefore === undefined && notAfter === undefined)
    throw fault('validity', 'takes notBefore, notAfter or both');
  if ((notBefore ?? 0) >= (notAfter ?? Infinity))
    throw fault('validity.notAfter', 'must be later than notBefore');
  return { ...(notBefore !== undefined && { notBefore }), ...(notAfter !== undefined && { notAfter }) };
}

/** POSIX seconds; undefined when the field is absent. */
function timeOf(fields: Fields, name: 'notBefore' | 'notAfter'): number | undefined {
  const text = fields.text(name);
  if (text === undefined) return undefined;
  const ms = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // Date.parse takes the 31st of every month for the 1st or so of the next.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.replace('Z', '')))
    throw fault(
      `validity.${name}`,
      'takes a time such as "2026-12-01T00:00:00Z", in quotes, or a day such as "2026-12-01"',
    );
  return ms / 1000;
}

/** Refuses `malformed-payload`. */
function attestorsOf(map: TreeMap): NonNullable<Declaration['attestors']> {
  const fields = new Fields(map, 'attestors');
  const threshold = fields.needed('threshold', fields.whole('threshold'));
  const kids = fields.texts('kids').map((text, i) => {
    if (!/^[0-9a-f]{64}$/.test(text))
      throw fault(`attestors.kids[${i}]`, 'takes the thumbprint of a key: 64 hexadecimal digits');
    return digest(parseHex(text));
  });
  fields.end();
  if (threshold < 1 || threshold > kids.length)
    throw fault('attestors.threshold', `takes a number from 1 to ${kids.length}, the number of kids`);
  return { threshold, kids };
}

/** Refuses `malformed-payload` for a claim of class E2 if fewer than two agents must agree: no proof could reach E2. */
function checkAttested(
  claims: readonly Pick<Claim, 'id' | 'probe' | 'minEvidence' | 'params'>[],
  attestors: Declaration['attestors'],
): void {
  // A listener that signs at the target makes E2 of one proof, of a probe that has listeners. Of any other a parameter is a name.
  const claim = claims.find(
    ({ probe, minEvidence, params }) =>
      minEvidence === 'E2' &&
      !(describeProbe(probe)?.signed?.byListener === true && params?.get('listener') !== undefined),
  );
  if (claim !== undefined && (attestors?.threshold ?? 0) < 2)
    throw fault(
      `claim ${claim.id}`,
      'asks for class E2, and no two agents are named: say attestors: { threshold: 2, kids: [KID, KID] } with kids as policy show prints them',
    );
}
