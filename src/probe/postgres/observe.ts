/** Makes the result of one run of `postgres@1`, and says which parts of it are withheld. */
import type { Grade, Observed, Population } from '../../claim/observed.ts';
import { escaped, isMap, type ValueMap } from '../../claim/value.ts';
import type { Withheld } from '../../claim/withheld.ts';
import type { ProbeTask } from '../probe.ts';
import { contradictionsOf, declaredSettings, declaredText, GRANTS_LACKING } from './against.ts';
import type { Grants } from './grants.ts';
import { withheldSetting } from './harmless.ts';
import { isWrong, judgeHba, type Hba } from './hba.ts';
import type { PostgresParameters } from './parameters.ts';
import type { Plaintext } from './plaintext.ts';
import type { Roles } from './roles.ts';
import type { Files, Line, Setting } from './settings.ts';
import type { Compared } from './settings-declared.ts';

/** The results of a session. */
export interface Answers extends Hba {
  readonly version: string;
  readonly encrypted: boolean;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly files: Files;
  readonly roles: Roles;
  readonly grants: Grants;
  readonly writes: ReadonlyMap<string, ValueMap>;
  readonly creates: ReadonlyMap<string, ValueMap>;
  /** Undefined if nothing was to be compared. */
  readonly compared: { readonly settings: Compared; readonly hba: Compared } | undefined;
}

/** The results of the handshakes of `tls@1`, or why there are none. */
export interface Wired {
  readonly seen: Observed | undefined;
  readonly why: string;
}

/** Results that need no session. */
export interface Outside {
  readonly plaintext: Plaintext | undefined;
  readonly wire: Wired | undefined;
  readonly declared: ProbeTask['declared'];
}

export function observe(
  said: Answers | { readonly why: string },
  outside: Outside,
  parameters: PostgresParameters,
  bytes: number,
): Observed {
  const { plaintext, wire } = outside;
  const found = 'why' in said ? undefined : said;
  const settings = found?.settings ?? new Map<string, Setting>();
  const declared = declaredSettings(outside.declared, parameters.settings);
  const accepted = wire?.seen?.value['accepted'] ?? {};
  return {
    value: {
      ...parameters.address,
      ...(parameters.login !== undefined && {
        role: parameters.login.user,
        database: parameters.login.database,
      }),
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
    population: populationOf(parameters.settings.length, settings.size),
    ...(outside.declared !== undefined && {
      compared: {
        declared: outside.declared.size,
        compared: parameters.compare ? comparedLeaves(found) : declared.size,
        excluded: 0,
      },
    }),
    withheld: [
      ...('why' in said
        ? NEEDS_SESSION.map((path) => ({ path, reason: said.why }))
        : [...saidWithheld(said), ...comparedWithheld(said)]),
      ...outsideWithheld(outside),
    ],
    bytes,
  };
}

function populationOf(total: number, sampled: number): Population {
  return {
    source: 'settings named by the claim',
    total,
    sampled,
    method: sampled === total ? 'all' : 'readable',
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
    ...(found.compared !== undefined && { asDeclared: partsOf(found.compared) }),
  };
}

function partsOf({ settings, hba }: NonNullable<Answers['compared']>): ValueMap {
  return {
    ...(settings.value !== undefined && { settings: settings.value }),
    ...(hba.value !== undefined && { hba: hba.value }),
  };
}

function comparedLeaves(found: Answers | undefined): number {
  return (found?.compared?.settings.leaves ?? 0) + (found?.compared?.hba.leaves ?? 0);
}

function comparedWithheld({ compared }: Answers): readonly Withheld[] {
  const parts = Object.entries(compared ?? {});
  return parts.flatMap(([name, { withheld }]) =>
    withheld.map((each) => ({ ...each, path: `/asDeclared/${name}${each.path}` })),
  );
}

/** Members that need a session. */
const NEEDS_SESSION = [
  '/version',
  '/encrypted',
  '/settings',
  '/files',
  '/altered',
  '/hba',
  '/lets',
  '/roles',
  '/grants',
  '/writes',
  '/creates',
  '/asDeclared',
];

function saidWithheld({ settings, files, roles, grants, hba, hbaWithheld }: Answers): readonly Withheld[] {
  const texts = [
    ...Array.from(settings, ([name, each]) => ({ at: `/settings/${escaped(name)}`, name, each })),
    ...Array.from(files.written ?? [], ([name, each]) => ({ at: `/files/${escaped(name)}`, name, each })),
    ...Array.from(files.altered ?? [], ([name, each]) => ({ at: `/altered/${escaped(name)}`, name, each })),
  ];
  const no =
    hbaWithheld ?? 'this role may not read pg_hba_file_rules; src/probe/postgres/README.md has the grants';
  return [
    ...texts
      .filter(({ each }) => each.told === undefined)
      .map(({ at, name }) => ({ path: `${at}/setting`, reason: withheldSetting(name) })),
    ...(files.written === undefined ? [{ path: '/files', reason: files.withheld ?? GRANTS_LACKING }] : []),
    ...(files.altered === undefined ? [{ path: '/altered', reason: files.withheld ?? ALTERED_LACKING }] : []),
    ...(hba === undefined ? ['/hba', '/lets'].map((path) => ({ path, reason: no })) : []),
    ...(hba?.some(isWrong) === true ? [{ path: '/lets/whole', reason: WRONG_LINE }] : []),
    ...(roles.value === undefined ? [{ path: '/roles', reason: roles.withheld }] : []),
    ...grants.withheld,
  ];
}

const WRONG_LINE =
  'a line of pg_hba.conf is wrong, or of a kind that is not known here (o.postgres.hba shows it). A server does not load a file ' +
  'with a wrong line: it keeps the rules it had';

const ALTERED_LACKING =
  'this role may not see what ALTER SYSTEM overrides; to let it, GRANT pg_read_all_settings (src/probe/postgres/README.md)';

function outsideWithheld({ plaintext, wire }: Outside): readonly Withheld[] {
  return [
    ...(plaintext !== undefined && plaintext.accepted === undefined
      ? [
          {
            path: '/plaintext/accepted',
            reason: `it is not known whether the server accepts a session without TLS: ${plaintext.why}`,
          },
        ]
      : []),
    ...(wire === undefined ? [] : (wire.seen?.withheld ?? [{ path: '/wire', reason: wire.why }])).map(
      (each): Withheld => (wire?.seen === undefined ? each : { ...each, path: `/wire${each.path}` }),
    ),
  ];
}

/** Declared values of settings whose values may leave the agent. */
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

/** Members of class E0: only the server says so. `declared` is what the commitment says, which no target confirms. */
const SAID = [
  '/version',
  '/settings',
  '/files',
  '/altered',
  '/declared',
  '/hba',
  '/lets',
  '/roles',
  '/grants',
  '/asDeclared',
];

function wireGrades(wire: Wired | undefined): readonly Grade[] {
  return (wire?.seen?.grades ?? []).map((grade) => ({ ...grade, path: `/wire${grade.path}` }));
}

/** `files` and `altered` are left out if this role may not read them; without `files`, `hint` says how to let it. */
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
