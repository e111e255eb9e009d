/**
 * The probe `postgres@1`: compares what a PostgreSQL server states about its configuration (E0) with how it behaves
 * (E1; E3 where its TLS handshake signs it), so that contradictions are found.
 */
import { Refusal, refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import { nameOf } from '../harmless.ts';
import { POSTGRES } from './describe.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { readGrants } from './grants.ts';
import { readHba } from './hba.ts';
import { observe, type Answers, type Wired } from './observe.ts';
import { readWish, type Wish } from './parameters.ts';
import { tryPlaintext, type Plaintext } from './plaintext.ts';
import { readRoles } from './roles.ts';
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
  const wish = await readWish(task);
  let bytes = 0;
  const count = (more: number): void => void (bytes += more);
  const said = await askIn(wish, task, count);
  const plaintext = wish.plaintext ? await tryClear(wish, task, count) : undefined;
  const wire = wish.wire ? await tryWire(task) : undefined;
  // Without a session and any other result, nothing is known.
  if ('why' in said && plaintext?.accepted === undefined && wire?.seen === undefined)
    throw refuse('unavailable', said.why);
  return observe(said, { plaintext, wire, declared: task.declared }, wish, bytes + (wire?.seen?.bytes ?? 0));
}

/** The results of a session, or why there is none. The run goes on without: some members need no log-in. */
async function askIn(
  wish: Wish,
  task: ProbeTask,
  count: (bytes: number) => void,
): Promise<Answers | { readonly why: string }> {
  const { login, address, trust } = wish;
  if (login === undefined)
    return {
      why: 'this needs a log-in: the owner of the target names a connection string, the secret "dsn"',
    };
  try {
    return await Session.use(
      { ...address, trust, timeoutMs: CONNECT_MS, signal: task.signal },
      login,
      async (session) => {
        const answers = await ask(session, login, wish, task.challenge);
        count(session.stream.bytes);
        return answers;
      },
    );
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'unavailable' || task.signal.aborted) throw error;
    return { why: error.message };
  }
}

async function ask(session: Session, login: Login, wish: Wish, challenge: Uint8Array): Promise<Answers> {
  const [[version] = []] = await session.rows("SELECT current_setting('server_version')");
  const settings = await readSettings(session, wish.settings);
  const files = await readFiles(session, wish.settings);
  const hba = await readHba(session);
  const roles = await readRoles(session);
  const grants = await readGrants(session, wish.role ?? login.user);
  const writes = new Map<string, ValueMap>();
  for (const table of wish.tables) writes.set(table, await tryTable(session, table));
  const creates = new Map<string, ValueMap>();
  for (const schema of wish.schemas) creates.set(schema, await trySchema(session, schema, challenge));
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
  };
}

/** User for `plaintext` without a connection string. It need not exist: the server checks that after it let somebody in. */
const NOBODY = { user: 'tallystick', database: 'postgres' };

/** Refuses `unavailable` only when the probe is stopped. */
async function tryClear(
  { address, login }: Wish,
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
