/**
 * Parses what a collector prints (README.md here), strictly: a name given twice, a number that is not whole, and an
 * unknown field are refused. A collector can state E1 or E0 for what it saw; only what is verified here becomes E3.
 */
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { parseBase64 } from '../../bytes/text.ts';
import type { Attachment, Contradiction, Grade, Observed, Population } from '../../claim/observed.ts';
import { isMap, leavesOf, type Value, type ValueMap } from '../../claim/value.ts';
import { parseJson } from '../../declare/json.ts';
import { isNumberText, isTreeList, isTreeMap, type Tree } from '../../declare/leaf.ts';
import { TRANSCRIPT_TYPE } from '../../evidence/transcript.ts';
import { factsOf, signedNames } from '../../evidence/transcript-facts.ts';
import { verifyTranscript, type Verified } from '../../evidence/verify.ts';

const FIELDS = ['schema', 'value', 'grades', 'population', 'contradictions', 'transcripts'];
const SCHEMA = 'tallystick.collected.v1';
/** Member under which the facts of transcripts are put; a collector cannot write there. */
const RESERVED = 'transcripts';
const MAX_ITEMS = 256;
const MAX_TRANSCRIPTS = 8;
/** How a sample was chosen: a name (statements.cddl). */
const METHOD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const POINTER = /^(?:\/(?:[^~/]|~[01])*){0,12}$/;

/** Refuses `malformed-text`, `malformed-payload`, `too-large`, and `proof-failed` for a transcript of another challenge. */
export async function readCollected(text: string, challenge: Uint8Array, bytes: number): Promise<Observed> {
  const document = mapOf(valueOf(parseJson(text.trim())), 'the output');
  // Output that breaks the rules may be anything, so the refusal repeats nothing of it, not even names.
  if (!Object.keys(document).every((name) => FIELDS.includes(name)))
    throw fault(`there is a field besides ${FIELDS.join(', ')}`);
  if (document['schema'] !== SCHEMA) throw fault(`schema is not "${SCHEMA}"`);
  const value = mapOf(document['value'], 'value');
  if (Object.hasOwn(value, RESERVED))
    throw fault(`value has a field ${RESERVED}, which is kept for what is verified`);
  const signed = await transcriptsOf(document['transcripts'], challenge);
  const whole: ValueMap = signed.facts.length === 0 ? value : { ...value, [RESERVED]: signed.facts };
  const population = populationOf(document['population'], leavesOf(whole).length);
  return {
    value: whole,
    grades: [...listOf(document['grades'], 'grades', MAX_ITEMS).map(gradeOf), ...signed.grades],
    attachments: signed.attachments,
    contradictions: listOf(document['contradictions'], 'contradictions', MAX_ITEMS).map(contradictionOf),
    population,
    bytes,
  };
}

/** Whole numbers only: collectors give shares in permille, times in milliseconds. */
function valueOf(tree: Tree): Value {
  if (isTreeMap(tree)) return Object.fromEntries(Array.from(tree, ([name, child]) => [name, valueOf(child)]));
  if (isTreeList(tree)) return tree.map(valueOf);
  if (isNumberText(tree)) throw fault('there is a number that is not whole, or too large');
  return tree;
}

function gradeOf(value: Value): Grade {
  const { path, evidence } = mapOf(value, 'a grade');
  if (typeof path !== 'string' || !POINTER.test(path)) throw fault('the path of a grade is a JSON Pointer');
  if (evidence !== 'E0' && evidence !== 'E1')
    throw fault('a collector can say E0 or E1; for E3 hand over the transcript, under transcripts');
  return { path, evidence };
}

function contradictionOf(value: Value): Contradiction {
  const { paths, explain } = mapOf(value, 'a contradiction');
  const pointers = listOf(paths, 'paths', 16).map((path) => {
    if (typeof path !== 'string' || !POINTER.test(path)) throw fault('paths are JSON Pointers');
    return path;
  });
  if (typeof explain !== 'string' || explain.length > 1_024 || pointers.length === 0)
    throw fault('a contradiction has paths, and at most 1024 characters of explain');
  return { paths: pointers, explain };
}

/** Reads the population. `leaves`: leaves of the value; there must be at least one for each sampled member. */
function populationOf(value: Value | undefined, leaves: number): Population {
  if (value === undefined) return { source: 'the collector', total: 1, sampled: 1, method: 'all' };
  const { source, total, sampled, method = 'all' } = mapOf(value, 'population');
  const fine =
    typeof source === 'string' &&
    /^.{1,128}$/.test(source) &&
    typeof method === 'string' &&
    METHOD.test(method) &&
    isCount(total) &&
    isCount(sampled) &&
    sampled <= total;
  if (!fine) throw fault('population is source, total, sampled (not above total) and method, a name');
  if (method === 'all' && sampled !== total)
    throw fault(`${sampled} of ${total} is not all of the population; give method another name`);
  if (sampled > leaves)
    throw fault(
      `the population says that ${sampled} were looked at, and value has ${leaves} leaves: tell each of them in ` +
        'value, or count what value tells',
    );
  return { source, total, sampled, method };
}

interface SignedFacts {
  readonly facts: readonly ValueMap[];
  readonly grades: readonly Grade[];
  readonly attachments: readonly Attachment[];
}

async function transcriptsOf(value: Value | undefined, challenge: Uint8Array): Promise<SignedFacts> {
  const facts: ValueMap[] = [];
  const grades: Grade[] = [];
  const attachments: Attachment[] = [];
  for (const [i, each] of listOf(value, 'transcripts', MAX_TRANSCRIPTS).entries()) {
    if (typeof each !== 'string') throw fault('a transcript is base64');
    const data = parseBase64(each);
    const verified = await verify(data, challenge);
    facts.push(factsOf(verified));
    attachments.push({ mediaType: TRANSCRIPT_TYPE[verified.protocol], data });
    for (const name of signedNames(verified))
      grades.push({ path: `/${RESERVED}/${i}/${name}`, evidence: 'E3', attachments: [i] });
  }
  return { facts, grades, attachments };
}

async function verify(data: Uint8Array, challenge: Uint8Array): Promise<Verified> {
  try {
    return await verifyTranscript(data, challenge);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('proof-failed', `a transcript does not verify: ${error.message}`, { cause: error });
  }
}

function listOf(value: Value | undefined, what: string, max: number): readonly Value[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length <= max) return value;
  throw fault(`${what} is a list of at most ${max}`);
}

function mapOf(value: Value | undefined, what: string): ValueMap {
  if (value !== undefined && isMap(value)) return value;
  throw fault(`${what} is not a map`);
}

function isCount(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function fault(what: string): Refusal {
  return refuse('malformed-payload', what);
}
