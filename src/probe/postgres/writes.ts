/**
 * Finds out whether the server lets this role write. A table is tried with EXPLAIN: the server checks the privileges of the
 * statement, and then runs nothing and fires no trigger. A schema is tried by creating an empty table in a transaction that is
 * rolled back.
 */
import { formatHex } from '../../bytes/text.ts';
import type { ValueMap } from '../../claim/value.ts';
import { meaningOf, type Denied, type Row, type Session } from './session.ts';

/** SQLSTATE insufficient_privilege. */
const FORBIDDEN = '42501';
/** Most columns of a table. An update is tried for each column, since a grant may name a single one. */
const MAX_COLUMNS = 64;

/**
 * Whether the server allows each kind of write: `{insert, update, delete}`. A kind without a clear answer is left out, and `why`
 * has the reason.
 */
export async function tryTable(session: Session, table: string): Promise<ValueMap> {
  const [found] = await session.rows(
    `SELECT format('%I.%I', n.nspname, c.relname), c.oid::text
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname || '.' || c.relname = $1 AND c.relkind IN ('r', 'p') LIMIT 1`,
    [table],
  );
  const [name, oid] = found ?? [];
  if (typeof name !== 'string' || typeof oid !== 'string') return { why: 'there is no such table' };
  const columns = await session.rows(
    `SELECT format('%I', attname) FROM pg_attribute
      WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum LIMIT ${MAX_COLUMNS + 1}`,
    [oid],
  );
  const value: Record<string, boolean> = {};
  const why: string[] = [];
  const note = (kind: string, outcome: Outcome): void => {
    if (outcome.allowed === undefined) why.push(`${kind}: ${outcome.why}`);
    else value[kind] = outcome.allowed;
  };
  note('insert', outcomeOf(await session.tryRows(`EXPLAIN INSERT INTO ${name} DEFAULT VALUES`)));
  note('update', await tryColumns(session, name, columns));
  note('delete', outcomeOf(await session.tryRows(`EXPLAIN DELETE FROM ${name}`)));
  return { ...value, ...(why.length > 0 && { why: why.join('; ') }) };
}

interface Outcome {
  readonly allowed: boolean | undefined;
  readonly why: string;
}

/** An update counts as refused only if it is refused for every column. */
async function tryColumns(session: Session, table: string, columns: readonly Row[]): Promise<Outcome> {
  if (columns.length > MAX_COLUMNS) return { allowed: undefined, why: `more than ${MAX_COLUMNS} columns` };
  let outcome: Outcome = { allowed: undefined, why: 'the table has no column' };
  for (const [column] of columns) {
    const sql = `EXPLAIN UPDATE ${table} SET ${column ?? ''} = DEFAULT`;
    const next = outcomeOf(await session.tryRows(sql));
    if (next.allowed !== false) return next;
    outcome = next;
  }
  return outcome;
}

/** Whether the role can create a table in a schema: `{create}`, or `{why}` without a clear answer. */
export async function trySchema(session: Session, schema: string, challenge: Uint8Array): Promise<ValueMap> {
  const [found] = await session.rows(`SELECT format('%I', nspname) FROM pg_namespace WHERE nspname = $1`, [
    schema,
  ]);
  const [name] = found ?? [];
  if (typeof name !== 'string') return { why: 'there is no such schema' };
  const table = `${name}.tallystick_probe_${formatHex(challenge).slice(0, 16)}`;
  await session.rows('BEGIN');
  try {
    const begun = await session.tryRows('SET TRANSACTION READ WRITE');
    const outcome = outcomeOf('code' in begun ? begun : await session.tryRows(`CREATE TABLE ${table} ()`));
    return outcome.allowed === undefined ? { why: outcome.why } : { create: outcome.allowed };
  } finally {
    await session.rows('ROLLBACK');
  }
}

function outcomeOf(answer: readonly Row[] | Denied): Outcome {
  if (!('code' in answer)) return { allowed: true, why: '' };
  if (answer.code === FORBIDDEN) return { allowed: false, why: meaningOf(answer.code) };
  return { allowed: undefined, why: meaningOf(answer.code) };
}
