/**
 * The probe `tls@1` observes which versions of TLS a server accepts, what it negotiates and which key it has. If the server signs
 * the handshake, its signature covers the challenge and is attached as a transcript (spec/transcripts.md).
 */
import type { Attachment, Grade, Observed } from '../../claim/observed.ts';
import { escaped, type Value, type ValueMap } from '../../claim/value.ts';
import { refuse } from '../../bytes/refusal.ts';
import type { TlsVersion } from '../../evidence/tls-names.ts';
import { SUITE_NAMES } from '../../evidence/tls-registry.ts';
import { certificateGrades, certificateValue, TOLD_OF_EACH } from '../../evidence/tls-facts.ts';
import type { SignedFact, VerifiedTls } from '../../evidence/tls-verify.ts';
import { REFUSAL_TYPE } from '../../evidence/tls-refusal-record.ts';
import { TRANSCRIPT_TYPE } from '../../evidence/transcript.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import type { Withheld } from '../../claim/withheld.ts';
import type { Accepted, Server } from './attempt.ts';
import { otherCertificate, type OtherCertificate } from './families.ts';
import { TLS, VERSION_NAMES } from './describe.ts';
import { everySuite, type Enumerated } from './enumerate.ts';
import { readParameters, type TlsSettings } from './parameters.ts';
import { survey, type Survey } from './survey.ts';
import { Ended } from '../wire.ts';

/** The probe; `handshakeMs` is the time one handshake may take. */
export function makeTlsProbe({ handshakeMs }: { readonly handshakeMs: number }): Probe {
  return {
    ...TLS,
    run: (task) => run(task, handshakeMs),
  };
}

/** `tls@1`, with five seconds for each handshake. */
export const tlsProbe: Probe = makeTlsProbe({ handshakeMs: 5_000 });

async function run(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const settings = readParameters(task.target, task.params);
  let bytes = 0;
  let hellos = 0;
  const server = {
    ...settings,
    challenge: task.challenge,
    signal: task.signal,
    timeoutMs,
    count: (more: number) => (bytes += more),
    begun: () => (hellos += 1),
  };
  try {
    const found = await survey(server, settings.plan);
    const best = bestOf(found);
    const spent: OtherCertificate = {
      unknown: `all ${MAX_HELLOS} hellos of one run were needed for the versions`,
    };
    const other =
      best === undefined
        ? undefined
        : hellos < MAX_HELLOS
          ? await otherCertificate(server, settings.plan, best)
          : spent;
    const suites = settings.plan.enumerate
      ? await enumerate(server, settings, found)
      : new Map<TlsVersion, Enumerated>();
    return { ...observe(found, { suites, other }, settings, task.now()), bytes };
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    throw refuse('unavailable', `${error.message}; nothing was observed`, { cause: error });
  }
}

type Suites = ReadonlyMap<TlsVersion, Enumerated>;

/** Most hellos of one run for the versions and certificates of a server. */
const MAX_HELLOS = 12;

/** Results of the handshakes after the survey of versions. `other`: undefined if no certificate was read. */
interface Further {
  readonly suites: Suites;
  readonly other: OtherCertificate | undefined;
}

/** The newest version whose handshake the server signed. */
function bestOf({ versions }: Survey): Accepted | undefined {
  for (const each of versions.values())
    if (each.kind === 'accepted' && each.signed !== undefined) return each;
  return undefined;
}

async function enumerate(server: Server, { plan }: TlsSettings, { versions }: Survey): Promise<Suites> {
  const out = new Map<TlsVersion, Enumerated>();
  for (const [version, found] of versions)
    if (found.kind === 'accepted') out.set(version, await everySuite(server, plan, version, found.suite));
  return out;
}

function observe(
  found: Survey,
  { suites, other }: Further,
  settings: TlsSettings,
  now: number,
): Omit<Observed, 'bytes'> {
  const all = [...found.versions.values()];
  if (all.every(({ kind }) => kind === 'unclear')) {
    const [why = ''] = all.map((each) => each.why ?? '');
    throw refuse('unavailable', `nothing can be said of ${settings.host}:${settings.port}: ${why}`);
  }
  const notes = new Notes();
  const best = bestOf(found);
  const value = {
    host: settings.host,
    port: settings.port,
    starttls: settings.preamble,
    servername: settings.plan.serverName ?? '',
    ...perVersion(found, notes),
    ...(settings.plan.enumerate && { suites: enumerated(suites) }),
    ...negotiated(found.together, notes),
    ...(best === undefined ? {} : certificate(best, settings, now, notes)),
    ...(best === undefined ? {} : { certificates: certificatesOf(best, other, settings, now) }),
  };
  const total = settings.plan.versions.length;
  const { grades, attachments } = notes;
  const population = { source: 'TLS versions named by the claim', total, sampled: total, method: 'all' };
  const withheld = [...cutOf(suites), ...lackingOf(other)];
  return {
    value,
    grades,
    attachments,
    contradictions: [],
    population,
    ...(withheld.length > 0 && { withheld }),
    unclear: notes.unclear,
  };
}

const enumerated = (suites: Suites): ValueMap =>
  Object.fromEntries(
    Array.from(suites, ([version, each]) => [
      version,
      each.suites.map((code) => SUITE_NAMES.get(code) ?? ''),
    ]),
  );

/** Marks lists of suites that may lack some. */
const cutOf = (suites: Suites): readonly Withheld[] =>
  Array.from(suites).flatMap(([version, { cut }]): Withheld[] =>
    cut === undefined ? [] : [{ path: `/suites/${escaped(version)}`, reason: cut, only: 'members' }],
  );

/** Collects grades and attachments. A transcript on which several grades rest is attached once. */
class Notes {
  readonly grades: Grade[] = [];
  readonly attachments: Attachment[] = [];
  readonly unclear: { readonly path: string; readonly reason: string }[] = [];
  readonly #indices = new Map<Uint8Array, number>();

  grade(path: string, evidence: Grade['evidence']): void {
    this.grades.push({ path, evidence });
  }

  /** Class E1 for a path, with the record of the hellos and answers. */
  refused(path: string, record: Uint8Array | undefined): void {
    if (record === undefined) return;
    const index = this.attachments.push({ mediaType: REFUSAL_TYPE, data: record }) - 1;
    this.grades.push({ path, evidence: 'E1', attachments: [index] });
  }

  /** Class E3 for a path, if the server's signature covers that fact. */
  signed(path: string, fact: SignedFact, { signed }: Accepted): void {
    if (signed === undefined || !signed.verified.signed.includes(fact)) return;
    const known = this.#indices.get(signed.transcript);
    const index =
      known ?? this.attachments.push({ mediaType: TRANSCRIPT_TYPE.tls, data: signed.transcript }) - 1;
    this.#indices.set(signed.transcript, index);
    this.grades.push({ path, evidence: 'E3', attachments: [index] });
  }
}

/** Facts of a verified transcript that the value has for each version. */
const TOLD: readonly (readonly [name: string, fact: SignedFact, of: (v: VerifiedTls) => Value])[] = [
  ['group', 'group', ({ group }) => group],
  ['scheme', 'scheme', ({ scheme }) => scheme],
  ['sentinel', 'sentinel', ({ sentinel }) => sentinel ?? 'none'],
  ['spki', 'key', (verified) => verified.certificate.spki],
];

function perVersion(found: Survey, notes: Notes): ValueMap {
  const accepted: Record<string, Value> = {};
  const why: Record<string, Value> = {};
  const suite: Record<string, Value> = {};
  const told = Object.fromEntries(TOLD.map(([name]): [string, Record<string, Value>] => [name, {}]));
  for (const version of VERSION_NAMES) {
    const each = found.versions.get(version);
    const path = `/accepted/${escaped(version)}`;
    if (each === undefined || each.kind === 'unclear') {
      // If it was not tried, or is not clear, it is null and of the lowest class, so that it never makes a claim PROVEN.
      accepted[version] = null;
      notes.grade(path, 'E0');
      const reason = each?.why ?? 'not tried';
      why[version] = reason;
      notes.unclear.push({ path, reason: `whether ${version} is refused is not known: ${reason}` });
      continue;
    }
    accepted[version] = each.kind === 'accepted';
    if (each.why !== undefined) why[version] = each.why;
    if (each.kind === 'refused') {
      notes.refused(path, each.record);
      continue;
    }
    suite[version] = SUITE_NAMES.get(each.suite) ?? '';
    notes.signed(path, 'version', each);
    notes.signed(`/suite/${version}`, 'suite', each);
    const { signed } = each;
    if (signed !== undefined)
      for (const [name, fact, of] of TOLD) {
        told[name] = { ...told[name], [version]: of(signed.verified) };
        notes.signed(`/${name}/${version}`, fact, each);
      }
  }
  return { accepted, why, suite, ...told };
}

/** What a client that offers TLS 1.3 and 1.2 gets. Only a signature of TLS 1.3 covers the fact that both were offered. */
function negotiated(together: Accepted | undefined, notes: Notes): ValueMap {
  if (together?.signed === undefined) return {};
  const { version, suite, group, scheme } = together.signed.verified;
  notes.signed('/negotiated', 'offered', together);
  return { negotiated: { version, suite, group, scheme } };
}

/** Each certificate that the server showed. The one that today's clients get comes first. */
function certificatesOf(
  { signed }: Accepted,
  other: OtherCertificate | undefined,
  { plan, host }: TlsSettings,
  now: number,
): readonly ValueMap[] {
  const seen = [signed?.verified, other?.found].filter((each) => each !== undefined);
  const distinct = new Map(seen.map((each) => [each.certificate.sha256, each]));
  return Array.from(distinct.values(), (each) => {
    const value = certificateValue(each, plan.serverName ?? host, now);
    return Object.fromEntries(TOLD_OF_EACH.map((name) => [name, value[name] ?? null]));
  });
}

/** Marks the list of certificates if it may lack one. */
function lackingOf(other: OtherCertificate | undefined): readonly Withheld[] {
  if (other?.unknown === undefined) return [];
  const reason = `whether there is another certificate is not known: ${other.unknown}`;
  return [{ path: '/certificates', reason, only: 'members' }];
}

function certificate(best: Accepted, settings: TlsSettings, now: number, notes: Notes): ValueMap {
  const verified = best.signed?.verified;
  if (verified === undefined) return {};
  for (const [path, fact] of certificateGrades) notes.signed(path, fact, best);
  for (const path of ['/certificate/daysLeft', '/certificate/ageDays']) notes.grade(path, 'E1');
  return { certificate: certificateValue(verified, settings.plan.serverName ?? settings.host, now) };
}
