/**
 * The probe `postgres@1`: what a PostgreSQL server says of its configuration (E0) beside what it does (E1; E3 where
 * its TLS handshake signs it), so that a contradiction between the two shows.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import type { Grade, Observed } from '../claim/observed.ts';
import { isMap, type ValueMap } from '../claim/value.ts';
import type { Probe, ProbeTask } from './probe.ts';
import { contradictionsOf, declaredSettings, GRANTS_LACKING } from './postgres/against.ts';
import {
  readFiles,
  readGrants,
  readHba,
  readRoles,
  readSettings,
  type Files,
  type Hba,
  type Line,
  type Setting,
} from './postgres/catalogue.ts';
import { POSTGRES_PARAMETERS, readWish, type Wish } from './postgres/parameters.ts';
import { tryPlaintext, type Plaintext } from './postgres/plaintext.ts';
import { Session } from './postgres/session.ts';
import { trySchema, tryTable } from './postgres/writes.ts';
import { tlsProbe } from './tls.ts';
import { Ended } from './wire.ts';

const CONNECT_MS = 5_000;

export const postgresProbe: Probe = {
  name: 'postgres@1',
  summary: 'settings of PostgreSQL and where each comes from, roles and grants, and what it refuses',
  parameters: POSTGRES_PARAMETERS,
  evidence:
    'E0: settings, files, hba, roles, grants: the server says so. E1: that a session without TLS, or a write, is let in ' +
    'or refused. wire: as of tls@1, E3 where the server signs it.',
  blastRadius:
    'one read-only session of at most 5 s a statement, one connection in clear that sends no password, the handshakes of ' +
    'tls@1. tables: EXPLAIN of writes, which runs nothing. schemas: an empty table, created and rolled back.',
  timeoutMs: 120_000,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const wish = await readWish(task);
  let bytes = 0;
  const found = await Session.use(
    { ...wish.address, trust: wish.trust, timeoutMs: CONNECT_MS, signal: task.signal },
    wish.login,
    async (session) => {
      const answers = await ask(session, wish, task.challenge);
      bytes += session.stream.bytes;
      return answers;
    },
  );
  const plaintext = wish.plaintext ? await tryClear(wish, task, (more) => (bytes += more)) : undefined;
  const wire = wish.wire ? await tryWire(task) : undefined;
  return observe(found, { plaintext, wire, declared: task.declared }, wish, bytes + (wire?.seen?.bytes ?? 0));
}

/** Everything that a session tells. */
interface Answers extends Hba {
  readonly version: string;
  readonly encrypted: boolean;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly files: Files;
  readonly roles: ValueMap;
  readonly grants: ValueMap | undefined;
  readonly writes: ReadonlyMap<string, ValueMap>;
  readonly creates: ReadonlyMap<string, ValueMap>;
}

async function ask(session: Session, wish: Wish, challenge: Uint8Array): Promise<Answers> {
  const [[version] = []] = await session.rows("SELECT current_setting('server_version')");
  const settings = await readSettings(session, wish.settings);
  const files = await readFiles(session, wish.settings);
  const hba = await readHba(session);
  const roles = await readRoles(session);
  const grants = await readGrants(session, wish.role);
  const writes = new Map<string, ValueMap>();
  for (const table of wish.tables) writes.set(table, await tryTable(session, table));
  const creates = new Map<string, ValueMap>();
  for (const schema of wish.schemas) creates.set(schema, await trySchema(session, schema, challenge));
  const encrypted = session.stream.secured !== undefined;
  return {
    version: printable(version ?? '', 80),
    encrypted,
    settings,
    files,
    ...hba,
    roles,
    grants,
    writes,
    creates,
  };
}

/** Refuses `unavailable` only when the probe is stopped. */
async function tryClear(
  { address, login }: Wish,
  { signal }: ProbeTask,
  count: (bytes: number) => void,
): Promise<Plaintext> {
  try {
    return await tryPlaintext({ ...address, signal, timeoutMs: CONNECT_MS }, login, count);
  } catch (error) {
    if (error instanceof Ended) throw refuse('unavailable', error.message, { cause: error });
    throw error;
  }
}

interface Wired {
  readonly seen: Observed | undefined;
  readonly why: string;
}

/** The handshakes of `tls@1`, through the SSLRequest. What it cannot tell leaves the rest as it is. */
async function tryWire(task: ProbeTask): Promise<Wired> {
  try {
    const params = new Map([['starttls', 'postgres']]);
    return { seen: await tlsProbe.run({ ...task, params }), why: '' };
  } catch (error) {
    if (!(error instanceof Refusal) || task.signal.aborted) throw error;
    return { seen: undefined, why: error.message };
  }
}

interface Outside {
  readonly plaintext: Plaintext | undefined;
  readonly wire: Wired | undefined;
  readonly declared: ProbeTask['declared'];
}

function observe(found: Answers, outside: Outside, wish: Wish, bytes: number): Observed {
  const { plaintext, wire } = outside;
  const declared = declaredSettings(outside.declared, wish.settings);
  const { address, login } = wish;
  const value: ValueMap = {
    host: address.host,
    port: address.port,
    role: login.user,
    database: login.database,
    version: found.version,
    encrypted: found.encrypted,
    settings: Object.fromEntries(Array.from(found.settings, ([name, each]) => [name, { ...each }])),
    ...filesValue(found.files),
    ...(declared.size > 0 && { declared: Object.fromEntries(declared) }),
    ...(found.hba !== undefined && { hba: found.hba.map((rule) => rule.value) }),
    roles: found.roles,
    ...(found.grants !== undefined && { grants: found.grants }),
    ...(found.writes.size > 0 && { writes: Object.fromEntries(found.writes) }),
    ...(found.creates.size > 0 && { creates: Object.fromEntries(found.creates) }),
    ...(plaintext !== undefined && { plaintext: plaintextValue(plaintext) }),
    ...(wire !== undefined && { wire: wire.seen?.value ?? { why: wire.why } }),
  };
  const accepted = wire?.seen?.value['accepted'] ?? {};
  return {
    value,
    grades: [...SAID.map((path): Grade => ({ path, evidence: 'E0' })), ...wireGrades(wire)],
    attachments: wire?.seen?.attachments ?? [],
    contradictions: contradictionsOf({
      ...found,
      declared,
      plaintext: plaintext?.accepted,
      wire: isMap(accepted) ? accepted : {},
    }),
    population: {
      source: 'settings named by the claim',
      total: wish.settings.length,
      sampled: found.settings.size,
      method: found.settings.size === wish.settings.length ? 'all' : 'readable',
    },
    ...(outside.declared !== undefined && {
      compared: { declared: outside.declared.size, compared: declared.size, excluded: 0 },
    }),
    ...(found.hbaWithheld !== undefined && { withheld: [{ path: '/hba', reason: found.hbaWithheld }] }),
    bytes,
  };
}

/** What only the server's word is for. */
const SAID = ['/version', '/settings', '/files', '/altered', '/declared', '/hba', '/roles', '/grants'];

function wireGrades(wire: Wired | undefined): readonly Grade[] {
  return (wire?.seen?.grades ?? []).map((grade) => ({ ...grade, path: `/wire${grade.path}` }));
}

/** `files` and `altered` are left out where this role may not read them, and `hint` says so. */
function filesValue({ written, altered }: Files): ValueMap {
  return {
    ...(written === undefined ? { hint: GRANTS_LACKING } : { files: linesValue(written) }),
    ...(altered !== undefined && { altered: linesValue(altered) }),
  };
}

function linesValue(lines: ReadonlyMap<string, Line>): ValueMap {
  return Object.fromEntries(Array.from(lines, ([name, line]) => [name, { ...line }]));
}

function plaintextValue({ accepted, why }: Plaintext): ValueMap {
  return { ...(accepted !== undefined && { accepted }), why };
}
