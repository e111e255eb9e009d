/**
 * The probe `postgres@1`: what a PostgreSQL server says of its configuration (E0) beside what it does (E1; E3 where
 * its TLS handshake signs it), so that a contradiction between the two shows.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Grade, Observed } from '../claim/observed.ts';
import { escaped, isMap, type ValueMap } from '../claim/value.ts';
import type { Withheld } from '../claim/withheld.ts';
import { nameOf } from './harmless.ts';
import type { Probe, ProbeTask } from './probe.ts';
import { contradictionsOf, declaredSettings, declaredText, GRANTS_LACKING } from './postgres/against.ts';
import { readGrants, type Grants } from './postgres/grants.ts';
import { withheldSetting } from './postgres/harmless.ts';
import { judgeHba, readHba, type Hba } from './postgres/hba.ts';
import { POSTGRES_PARAMETERS, POSTGRES_SECRETS, readWish, type Wish } from './postgres/parameters.ts';
import { tryPlaintext, type Plaintext } from './postgres/plaintext.ts';
import { readRoles } from './postgres/roles.ts';
import { Session, type Login } from './postgres/session.ts';
import { readFiles, readSettings, type Files, type Line, type Setting } from './postgres/settings.ts';
import { trySchema, tryTable } from './postgres/writes.ts';
import { tlsProbe } from './tls.ts';
import { Ended } from './wire.ts';

const CONNECT_MS = 5_000;

export const postgresProbe: Probe = {
  name: 'postgres@1',
  summary: 'settings of PostgreSQL and where each comes from, roles and grants, and what it refuses',
  parameters: POSTGRES_PARAMETERS,
  secrets: POSTGRES_SECRETS,
  evidence:
    'E0: settings, files, hba, roles, grants: the server says so. E1: that a session without TLS, or a write, is let in ' +
    'or refused. wire: as of tls@1, E3 where the server signs it.',
  blastRadius:
    'one read-only session of at most 5 s a statement, three connections that send no password (two of them in clear), the ' +
    'handshakes of tls@1. tables: EXPLAIN of writes, which runs nothing. schemas: an empty table, created and rolled back.',
  timeoutMs: 120_000,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const wish = await readWish(task);
  let bytes = 0;
  const count = (more: number): void => void (bytes += more);
  const said = await askIn(wish, task, count);
  const plaintext = wish.plaintext ? await tryClear(wish, task, count) : undefined;
  const wire = wish.wire ? await tryWire(task) : undefined;
  // Where neither a session nor anything else came about, nothing is known.
  if ('why' in said && plaintext?.accepted === undefined && wire?.seen === undefined)
    throw refuse('unavailable', said.why);
  return observe(said, { plaintext, wire, declared: task.declared }, wish, bytes + (wire?.seen?.bytes ?? 0));
}

/** Everything that a session tells. */
interface Answers extends Hba {
  readonly version: string;
  readonly encrypted: boolean;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly files: Files;
  readonly roles: Awaited<ReturnType<typeof readRoles>>;
  readonly grants: Grants;
  readonly writes: ReadonlyMap<string, ValueMap>;
  readonly creates: ReadonlyMap<string, ValueMap>;
}

/** What a session tells, or why there is none: what needs no log-in is looked at all the same. */
async function askIn(
  wish: Wish,
  task: ProbeTask,
  count: (bytes: number) => void,
): Promise<Answers | { readonly why: string }> {
  const { login, address, trust } = wish;
  if (login === undefined)
    return { why: 'this needs a log-in: the owner of the target names a connection string, the secret "dsn"' };
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
  return { version: nameOf(version, 80) ?? '', encrypted, settings, files, ...hba, roles, grants, writes, creates };
}

/** Who knocks where no role is known: whether it exists is asked after it was let in. */
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

function observe(
  said: Answers | { readonly why: string },
  outside: Outside,
  wish: Wish,
  bytes: number,
): Observed {
  const { plaintext, wire } = outside;
  const found = 'why' in said ? undefined : said;
  const settings = found?.settings ?? new Map<string, Setting>();
  const declared = declaredSettings(outside.declared, wish.settings);
  const accepted = wire?.seen?.value['accepted'] ?? {};
  return {
    value: {
      ...wish.address,
      ...(wish.login !== undefined && { role: wish.login.user, database: wish.login.database }),
      ...(found !== undefined && saidValue(found)),
      ...(declared.size > 0 && { declared: declaredValue(declared, settings) }),
      ...(plaintext !== undefined && { plaintext: plaintextValue(plaintext) }),
      ...(wire !== undefined && { wire: wire.seen?.value ?? { why: wire.why } }),
    },
    grades: [...SAID.map((path): Grade => ({ path, evidence: 'E0' })), ...wireGrades(wire)],
    attachments: wire?.seen?.attachments ?? [],
    contradictions: contradictionsOf({
      settings,
      files: found?.files ?? { written: undefined, altered: undefined },
      hba: found?.hba,
      declared,
      plaintext: plaintext?.accepted,
      wire: isMap(accepted) ? accepted : {},
    }),
    population: {
      source: 'settings named by the claim',
      total: wish.settings.length,
      sampled: settings.size,
      method: settings.size === wish.settings.length ? 'all' : 'readable',
    },
    ...(outside.declared !== undefined && {
      compared: { declared: outside.declared.size, compared: declared.size, excluded: 0 },
    }),
    withheld: [
      ...('why' in said ? NEEDS_SESSION.map((path) => ({ path, reason: said.why })) : saidWithheld(said)),
      ...outsideWithheld(outside),
    ],
    bytes,
  };
}

function saidValue(found: Answers): ValueMap {
  return {
    version: found.version,
    encrypted: found.encrypted,
    settings: Object.fromEntries(Array.from(found.settings, ([name, each]) => [name, settingValue(each)])),
    ...filesValue(found.files),
    ...(found.hba !== undefined && {
      hba: found.hba.map((rule) => rule.value),
      lets: judgeHba(found.hba),
    }),
    ...(found.roles.value !== undefined && { roles: found.roles.value }),
    ...(found.grants.value !== undefined && { grants: found.grants.value }),
    ...(found.writes.size > 0 && { writes: Object.fromEntries(found.writes) }),
    ...(found.creates.size > 0 && { creates: Object.fromEntries(found.creates) }),
  };
}

/** What cannot be seen without a session. */
const NEEDS_SESSION = [
  ...['/version', '/encrypted', '/settings', '/files', '/altered', '/hba', '/lets', '/roles', '/grants'],
  ...['/writes', '/creates'],
];

function saidWithheld({ settings, files, roles, grants, hba, hbaWithheld }: Answers): readonly Withheld[] {
  const texts = [
    ...Array.from(settings, ([name, each]) => ({ at: `/settings/${escaped(name)}`, name, each })),
    ...Array.from(files.written ?? [], ([name, each]) => ({ at: `/files/${escaped(name)}`, name, each })),
    ...Array.from(files.altered ?? [], ([name, each]) => ({ at: `/altered/${escaped(name)}`, name, each })),
  ];
  const no = hbaWithheld ?? 'this role may not read pg_hba_file_rules; spec/probes.md has the grants';
  return [
    ...texts
      .filter(({ each }) => each.told === undefined)
      .map(({ at, name }) => ({ path: `${at}/setting`, reason: withheldSetting(name) })),
    ...(files.written === undefined ? [{ path: '/files', reason: files.withheld ?? GRANTS_LACKING }] : []),
    ...(files.altered === undefined ? [{ path: '/altered', reason: files.withheld ?? ALTERED_LACKING }] : []),
    ...(hba === undefined ? ['/hba', '/lets'].map((path) => ({ path, reason: no })) : []),
    ...(roles.value === undefined ? [{ path: '/roles', reason: roles.withheld }] : []),
    ...grants.withheld,
  ];
}

const ALTERED_LACKING =
  'what ALTER SYSTEM overrides this role may not see: GRANT pg_read_all_settings; spec/probes.md has the grants';

function outsideWithheld({ plaintext, wire }: Outside): readonly Withheld[] {
  return [
    ...(plaintext !== undefined && plaintext.accepted === undefined
      ? [{ path: '/plaintext/accepted', reason: `whether a session in clear is let in cannot be said: ${plaintext.why}` }]
      : []),
    ...(wire === undefined ? [] : (wire.seen?.withheld ?? [{ path: '/wire', reason: wire.why }])).map(
      (each): Withheld => (wire?.seen === undefined ? each : { ...each, path: `/wire${each.path}` }),
    ),
  ];
}

/** Declared values that may be told, by what may be told of that setting. */
function declaredValue(
  declared: ReadonlyMap<string, string>,
  settings: ReadonlyMap<string, Setting>,
): ValueMap {
  return Object.fromEntries(
    Array.from(declared).flatMap(([name, text]) => {
      const told = declaredText(name, text, settings);
      return told === undefined ? [] : [[name, told]];
    }),
  );
}

/** What only the server's word is for. */
const SAID = ['/version', '/settings', '/files', '/altered', '/declared', '/hba', '/lets', '/roles', '/grants'];

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
  return Object.fromEntries(
    Array.from(lines, ([name, { told, file, line, bad }]) => [
      name,
      { ...(told !== undefined && { setting: told }), file, line, ...(bad && { error: true }) },
    ]),
  );
}

function settingValue({ told, unit, type, source, file, line, pendingRestart }: Setting): ValueMap {
  return { ...(told !== undefined && { setting: told }), unit, type, source, file, line, pendingRestart };
}

function plaintextValue({ accepted, why }: Plaintext): ValueMap {
  return { ...(accepted !== undefined && { accepted }), why };
}
