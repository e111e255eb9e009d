/**
 * The probe `postgres@1`: compares what a PostgreSQL server states about its configuration (E0) with how it behaves
 * (E1; E3 where its TLS handshake signs it), so that contradictions are found.
 */
import { Refusal, refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import { declaredLeaves } from '../declared.ts';
import type { Grantee } from '../grant.ts';
import { nameOf } from '../harmless.ts';
import { POSTGRES } from './describe.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { readGrants } from './grants.ts';
import { readHba } from './hba.ts';
import { observe, type Answers, type Wired } from './observe.ts';
import { readParameters, type PostgresParameters } from './parameters.ts';
import { tryPlaintext, type Plaintext } from './plaintext.ts';
import { readRoles } from './roles.ts';
import { compareRules } from './rules-declared.ts';
import { compareSettings } from './settings-declared.ts';
import { Session, type Login } from './session.ts';
import { readFiles, readSettings } from './settings.ts';
import { trySchema, tryTable } from './writes.ts';
import { tlsProbe } from '../tls/probe.ts';
import { Ended } from '../wire.ts';

const CONNECT_MS = 5_000;

export const postgresProbe: Probe = {
  ...POSTGRES,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const parameters = await readParameters(task);
  if (parameters.compare) declaredLeaves('postgres@1', task);
  let bytes = 0;
  const count = (more: number): void => void (bytes += more);
  const said = await askIn(parameters, task, count);
  const plaintext = parameters.plaintext ? await tryClear(parameters, task, count) : undefined;
  const wire = parameters.wire ? await tryWire(task) : undefined;
  // Without a session and any other result, nothing is known.
  if ('why' in said && plaintext?.accepted === undefined && wire?.seen === undefined)
    throw refuse('unavailable', said.why);
  return observe(
    said,
    { plaintext, wire, declared: task.declared },
    parameters,
    bytes + (wire?.seen?.bytes ?? 0),
  );
}

/** The results of a session, or why there is none. Without one the run goes on, since some members need no log-in. */
async function askIn(
  parameters: PostgresParameters,
  task: ProbeTask,
  count: (bytes: number) => void,
): Promise<Answers | { readonly why: string }> {
  const { login, address, trust } = parameters;
  if (login === undefined)
    return {
      why: 'this needs a log-in: the owner of the target names a connection string, the secret "dsn"',
    };
  try {
    return await Session.use(
      { ...address, trust, timeoutMs: CONNECT_MS, signal: task.signal },
      login,
      async (session) => {
        const answers = await ask(session, login, parameters, task);
        count(session.stream.bytes);
        return answers;
      },
    );
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unavailable' || task.signal.aborted) throw error;
    return { why: error.message };
  }
}

async function ask(
  session: Session,
  login: Login,
  parameters: PostgresParameters,
  { challenge, declared, target }: ProbeTask,
): Promise<Answers> {
  const [[version] = []] = await session.rows("SELECT current_setting('server_version')");
  const settings = await readSettings(session, parameters.settings);
  const files = await readFiles(session, parameters.settings);
  const hba = await readHba(session);
  const roles = await readRoles(session);
  const grants = await readGrants(session, parameters.role ?? login.user);
  const writes = new Map<string, ValueMap>();
  for (const table of parameters.tables) writes.set(table, await tryTable(session, table));
  const creates = new Map<string, ValueMap>();
  for (const schema of parameters.schemas) creates.set(schema, await trySchema(session, schema, challenge));
  const compared =
    parameters.compare && declared !== undefined
      ? await compareDeclared(session, declared, { who: login.user, target })
      : undefined;
  const encrypted = session.stream.secured !== undefined;
  return {
    version: nameOf(version, 80) ?? '',
    encrypted,
    settings,
    files,
    ...hba,
    roles,
    grants,
    writes,
    creates,
    compared,
  };
}

async function compareDeclared(
  session: Session,
  declared: ReadonlyMap<string, Value>,
  grantee: Grantee,
): Promise<Answers['compared']> {
  return {
    settings: await compareSettings(session, declared, grantee),
    hba: await compareRules(session, declared, grantee),
  };
}

/** The login for `plaintext` without a connection string. The user need not exist: the server applies pg_hba.conf first. */
const NOBODY = { user: 'tallystick', database: 'postgres' };

/** Tries a session without TLS. Refuses `unavailable` only if the probe is stopped. */
async function tryClear(
  { address, login }: PostgresParameters,
  { signal }: ProbeTask,
  count: (bytes: number) => void,
): Promise<Plaintext> {
  try {
    return await tryPlaintext({ ...address, signal, timeoutMs: CONNECT_MS }, login ?? NOBODY, count);
  } catch (error) {
    if (error instanceof Ended) throw refuse('unavailable', error.message, { cause: error });
    throw error;
  }
}

/** The handshakes of `tls@1`, through the SSLRequest. If they fail, the other members are not affected. */
async function tryWire(task: ProbeTask): Promise<Wired> {
  try {
    const params = new Map([['starttls', 'postgres']]);
    return { seen: await tlsProbe.run({ ...task, params }), why: '' };
  } catch (error) {
    if (!(error instanceof Refusal) || task.signal.aborted) throw error;
    return { seen: undefined, why: error.message };
  }
}
