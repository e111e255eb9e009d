/**
 * The claims file: what is to be shown true of the running subject, as people write it. YAML, read strictly
 * (yaml.ts): an unknown name is an error, since a mistyped claim would be none. Claims are written out or come from
 * a ready pack; durations are `30s`, `5m`, `1h`, `7d`.
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
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { checkExpression } from '../claim/expression.ts';
import type { Claim, Declaration, Parameter } from '../statement/commitment.ts';
import { EVIDENCE_CLASSES, SEVERITIES, TIERS, type Tier } from '../statement/vocabulary.ts';
import { isNumberText, isTreeList, isTreeMap, type Tree, type TreeMap } from './leaf.ts';
import { packOf } from './packs.ts';
import { PACES } from './tiers.ts';
import { parseYaml } from './yaml.ts';

/** What a claims file adds to a declaration. */
export type Asked = Pick<Declaration, 'claims'> &
  Partial<
    Pick<Declaration, 'target' | 'tier' | 'environment' | 'approvals' | 'scope' | 'validity' | 'attestors'>
  >;

/**
 * Reads a claims file. `overriding`: a tier that counts for more than the file's. Refuses `malformed-text` for YAML,
 * `malformed-payload` naming the place for what it says.
 */
export function parseClaims(text: string, overriding?: Tier): Asked {
  const [document = null, ...more] = parseYaml(text, {
    names: 'typed',
    whole: 'write the value itself',
  });
  if (more.length > 0) throw fault('the file', 'has more than one YAML document');
  const file = new Fields(document, 'the file');
  const tier = file.word('tier', TIERS);
  const paced = overriding ?? tier ?? 'background';
  const claims = file.list('claims').flatMap((each, i) => claimsOf(new Fields(each, `claims[${i}]`), paced));
  if (claims.length === 0) throw fault('claims', 'there are none');
  const environment = file.text('environment');
  const approvals = file.whole('approvals');
  const target = file.map('target');
  const scope = file.map('scope');
  file.end();
  const again = claims.find(({ id }, i) => claims.findIndex((each) => each.id === id) < i);
  if (again !== undefined) throw fault(`claim ${again.id}`, 'is there twice; give each an id of its own');
  return {
    claims,
    ...(tier !== undefined && { tier }),
    ...(environment !== undefined && { environment }),
    ...(approvals !== undefined && { approvals }),
    ...(target !== undefined && { target: targetOf(target) }),
    ...(scope !== undefined && { scope: scopeOf(scope) }),
  };
}

/** A claim that is written out, or those of a pack. */
function claimsOf(fields: Fields, tier: Tier): readonly Claim[] {
  const name = fields.text('pack');
  const params = parametersOf(fields.map('params'));
  if (name !== undefined) {
    const prefix = fields.text('prefix') ?? '';
    const cadence = fields.duration('cadence');
    fields.end();
    return packOf(name, params, tier).map((claim) => ({
      ...claim,
      id: prefix + claim.id,
      ...(cadence !== undefined && { cadence }),
    }));
  }
  const title = fields.text('title');
  const deadline = fields.duration('deadline') ?? PACES[tier].deadline;
  const grace = fields.whole('grace');
  const controls = fields
    .list('controls')
    .map((each, i) => controlOf(new Fields(each, `${fields.at}.controls[${i}]`)));
  const claim: Claim = {
    id: fields.needed('id', fields.text('id')),
    expr: fields.needed('expr', fields.text('expr')),
    probe: fields.needed('probe', fields.text('probe')),
    minEvidence: fields.word('minEvidence', EVIDENCE_CLASSES) ?? 'E1',
    cadence: fields.duration('cadence') ?? PACES[tier].cadence,
    severity: fields.word('severity', SEVERITIES) ?? 'medium',
    deadline,
    ...(title !== undefined && { title }),
    ...(params.size > 0 && { params }),
    ...(grace !== undefined && grace > 0 && { grace }),
    ...(controls.length > 0 && { controls }),
  };
  fields.end();
  try {
    checkExpression(claim.expr);
  } catch (error) {
    if (error instanceof Refusal) throw fault(`${fields.at}.expr`, error.message);
    throw error;
  }
  return [claim];
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

function targetOf(map: TreeMap): NonNullable<Declaration['target']> {
  const fields = new Fields(map, 'target');
  const owner = fields.text('owner');
  const locators = fields.texts('locators');
  fields.end();
  return { ...(owner !== undefined && { owner }), ...(locators.length > 0 && { locators }) };
}

function scopeOf(map: TreeMap): Declaration['scope'] {
  const fields = new Fields(map, 'scope');
  const world = fields.needed('world', fields.word('world', ['open', 'closed']));
  const selector = fields.text('selector');
  const members = fields.texts('members');
  fields.end();
  return { world, ...(selector !== undefined && { selector }), ...(members.length > 0 && { members }) };
}

function parametersOf(map: TreeMap | undefined): ReadonlyMap<string, Parameter> {
  return new Map(Array.from(map ?? [], ([name, value]) => [name, parameterOf(value, name)]));
}

function parameterOf(value: Tree, name: string): Parameter {
  if (isTreeList(value)) return value.map((each) => textOf(each, `params.${name}`));
  if (isTreeMap(value) || value === null || isNumberText(value))
    throw fault(`params.${name}`, 'takes a text, a whole number, true or false, or a list of texts');
  return value;
}

/** The members of a map, each asked for once; what is left at the end is an error. */
class Fields {
  readonly at: string;
  readonly #members: Map<string, Tree>;
  readonly #asked = new Set<string>();

  constructor(tree: Tree, at: string) {
    if (!isTreeMap(tree)) throw fault(at, 'takes members, `name: value`');
    this.at = at;
    this.#members = new Map(tree);
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : textOf(value, this.#place(name));
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((each) => textOf(each, this.#place(name)));
  }

  list(name: string): readonly Tree[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    if (!isTreeList(value)) throw fault(this.#place(name), 'takes a list');
    return value;
  }

  map(name: string): TreeMap | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (!isTreeMap(value)) throw fault(this.#place(name), 'takes members, `name: value`');
    return value;
  }

  whole(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined || (typeof value === 'number' && value >= 0)) return value;
    throw fault(this.#place(name), 'takes a whole number');
  }

  word<const T extends string>(name: string, words: readonly T[]): T | undefined {
    const text = this.text(name);
    const word = words.find((each) => each === text);
    if (text !== undefined && word === undefined)
      throw fault(this.#place(name), `is one of ${words.join(', ')}`);
    return word;
  }

  /** Seconds. */
  duration(name: string): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const [, count, unit] =
      (typeof value === 'string' ? /^([1-9][0-9]{0,7})([smhd])$/.exec(value) : null) ?? [];
    const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[String(unit)];
    if (seconds === undefined) throw fault(this.#place(name), 'is a duration: 30s, 5m, 1h or 7d');
    return Number(count) * seconds;
  }

  needed<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw fault(this.#place(name), 'is missing');
    return value;
  }

  end(): void {
    const [left] = this.#members.keys();
    if (left !== undefined)
      throw fault(
        this.#place(left),
        `is nothing that can be said here; these are: ${[...this.#asked].join(', ')}`,
      );
  }

  #take(name: string): Tree | undefined {
    this.#asked.add(name);
    const value = this.#members.get(name);
    this.#members.delete(name);
    return value;
  }

  #place(name: string): string {
    return this.at === 'the file' ? name : `${this.at}.${name}`;
  }
}

function textOf(value: Tree, at: string): string {
  if (typeof value === 'string') return value;
  throw fault(at, 'takes a text');
}

function fault(at: string, what: string): Refusal {
  return refuse('malformed-payload', `${at}: ${what}`);
}
