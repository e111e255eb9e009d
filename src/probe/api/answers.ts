/** An answer of the service against what its operation says: status, content type, and the form of its JSON. */
import { parseJson } from '../../bytes/json.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import { mapAt, partAt, type Tree, type TreeMap } from '../tree.ts';
import type { Contract, Operation } from './contract.ts';
import { Doubt, pointerStep, resolved } from './contract-ref.ts';
import { fitOf } from './schema.ts';

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  /** Whether the body is written in another way than plainly. */
  readonly encoded: boolean;
  readonly body: Uint8Array;
  readonly whole: boolean;
}

export interface Checked {
  readonly verdict: 'described' | 'undocumented' | 'mediaType' | 'differing' | 'unknown';
  /** JSON Pointer in the contract of what the body does not fit. */
  readonly at?: string;
  readonly why?: string;
  /** Members of the body that its schema does not speak of. */
  readonly extra: number;
}

const NESTING = { most: 64, advice: '', values: 100_000 };
const plain = (verdict: Checked['verdict'], more: Partial<Checked> = {}): Checked => ({
  verdict,
  extra: 0,
  ...more,
});

export function checked(contract: Contract, operation: Operation, answer: Answer): Checked {
  try {
    return against(contract, operation, answer);
  } catch (error) {
    if (error instanceof Doubt) return plain('unknown', { why: error.message });
    throw error;
  }
}

function against(
  contract: Contract,
  { responses, at, method, needsAuth }: Operation,
  answer: Answer,
): Checked {
  const key = [String(answer.status), `${String(answer.status)[0]}XX`, 'default'].find((each) =>
    responses.has(each),
  );
  const named = key === undefined ? undefined : responses.get(key);
  if (key === undefined || named === undefined || !isTreeMap(named))
    return undocumented(answer.status, needsAuth);
  const reference = named.get('$ref');
  const found = reference === undefined ? undefined : resolved(contract.tree, reference);
  const response = found?.tree ?? named;
  if (!isTreeMap(response)) return plain('unknown', { why: 'a response that is no object' });
  const content = mapAt(response, 'content');
  if (method === 'HEAD') return plain('described');
  if (!answer.whole) return plain('unknown', { why: 'a body that is longer than what is read' });
  if (content === undefined || content.size === 0)
    return plain(answer.body.length === 0 ? 'described' : 'mediaType');
  if (answer.body.length === 0) return plain('mediaType');
  const type = typeOf(answer.type);
  const range = type && rangeFor(content, type);
  if (type === undefined || range === undefined) return plain('mediaType');
  const media = content.get(range);
  const schema = media !== undefined && isTreeMap(media) ? media.get('schema') : undefined;
  if (schema === undefined) return plain('described');
  if (!/[/+]json$/.test(type))
    return isPlainText(contract, schema)
      ? plain('described')
      : plain('unknown', { why: 'a body that is no JSON, which its schema cannot be held against' });
  if (answer.encoded) return plain('unknown', { why: 'a body in an encoding that was not asked for' });
  const below = `${found?.at ?? `${at}/responses/${key}`}/content/${pointerStep(range)}/schema`;
  return ofBody(contract, below, schema, answer.body);
}

/** A status that nobody described, unless it says that this was no moment, or no agent, to ask. */
function undocumented(status: number, needsAuth: boolean): Checked {
  if (status === 429) return plain('unknown', { why: 'it limits requests (429)' });
  if ([502, 503, 504].includes(status)) return plain('unknown', { why: `it is not well (${status})` });
  if (needsAuth && (status === 401 || status === 403))
    return plain('unknown', { why: `it does not let the owner's token in (${status})` });
  return plain('undocumented');
}

function ofBody({ tree, dialect }: Contract, at: string, schema: Tree, body: Uint8Array): Checked {
  let value: Tree;
  try {
    value = parseJson(decodeUtf8(body), NESTING);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code === 'too-large'
      ? plain('unknown', { why: 'a body with more values than are read' })
      : plain('differing', { at: 'no JSON that every parser reads alike' });
  }
  const { verdict, at: place, why, extra } = fitOf(tree, at, schema, value, dialect);
  const more = { extra, ...(place !== undefined && { at: place }), ...(why !== undefined && { why }) };
  return {
    verdict: verdict === 'fits' ? 'described' : verdict === 'differs' ? 'differing' : 'unknown',
    ...more,
  };
}

/** Keywords that say nothing of a text, or of bytes. */
const SILENT =
  /^(?:type|format|title|description|\$comment|default|examples?|deprecated|nullable|readOnly|writeOnly|externalDocs|contentMediaType|contentEncoding|x-.*)$/;

/** Whether any text, and any bytes, fit a schema. */
function isPlainText({ tree }: Contract, schema: Tree): boolean {
  const reference = partAt(schema, '$ref');
  const there = reference === undefined ? schema : resolved(tree, reference).tree;
  if (!isTreeMap(there)) return there === true;
  // In 3.1 what stands beside a reference counts, too.
  if (reference !== undefined && isTreeMap(schema) && schema.size > 1) return false;
  const type = there.get('type');
  const isText = type === undefined || type === 'string' || (isTreeList(type) && type.includes('string'));
  return isText && [...there.keys()].every((keyword) => SILENT.test(keyword));
}

/** `application/json`, in small letters and without its parameters. */
function typeOf(header: string | undefined): string | undefined {
  const type = header?.split(';', 1)[0]?.trim().toLowerCase();
  return type !== undefined && /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(type) ? type : undefined;
}

/** The key of the content that speaks of a type, the most exact one. */
function rangeFor(content: TreeMap, type: string): string | undefined {
  const keys = [...content.keys()];
  const [major] = type.split('/');
  for (const wanted of [type, `${major}/*`, '*/*']) {
    const key = keys.find((each) => each.split(';', 1)[0]?.trim().toLowerCase() === wanted);
    if (key !== undefined) return key;
  }
  return undefined;
}
