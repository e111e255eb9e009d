/**
 * The probe `tls@1`: which versions of TLS a server accepts, what it negotiates and whose key it has, with the
 * server's own signature over the challenge wherever it makes one (spec/transcripts.md).
 */
import type { Attachment, Grade, Observed } from '../claim/observed.ts';
import { escaped, type Value, type ValueMap } from '../claim/value.ts';
import { refuse } from '../bytes/refusal.ts';
import { SUITE_NAMES } from '../evidence/tls-names.ts';
import type { SignedFact, VerifiedTls } from '../evidence/tls-verify.ts';
import { TRANSCRIPT_TYPE } from '../evidence/transcript.ts';
import type { Probe, ProbeTask } from './probe.ts';
import type { Attempt } from './tls/attempt.ts';
import { certificateGrades, certificateValue } from './tls/certificate.ts';
import { readParameters, TLS_PARAMETERS, VERSION_NAMES, type TlsSettings } from './tls/parameters.ts';
import { survey, type Survey } from './tls/survey.ts';
import { Ended } from './wire.ts';

type Accepted = Attempt & { readonly kind: 'accepted' };

/** The probe; `handshakeMs` is the time one handshake may take. */
export function makeTlsProbe({ handshakeMs }: { readonly handshakeMs: number }): Probe {
  return {
    name: 'tls@1',
    summary: 'the versions, suites, key and certificate of a TLS server, signed by the server itself',
    parameters: TLS_PARAMETERS,
    evidence:
      'E3: that TLS 1.3 or 1.2 is accepted, group, signature scheme and public key; of TLS 1.3 the suite, the certificate and what is negotiated as well. ' +
      'E1: every refusal (an alert is signed by nobody), TLS 1.1 and older, static RSA key exchange, the suite of TLS 1.2, days left by the clock of the agent.',
    blastRadius:
      'at most 12 handshakes, one after another, none of them finished and no request sent; with enumerate up to 24 more a version',
    timeoutMs: 60_000,
    run: (task) => run(task, handshakeMs),
  };
}

/** `tls@1` with five seconds a handshake. */
export const tlsProbe: Probe = makeTlsProbe({ handshakeMs: 5_000 });

async function run(task: ProbeTask, timeoutMs: number): Promise<Observed> {
  const settings = readParameters(task.target, task.params);
  let bytes = 0;
  const server = {
    ...settings,
    challenge: task.challenge,
    signal: task.signal,
    timeoutMs,
    count: (more: number) => (bytes += more),
  };
  try {
    return { ...observe(await survey(server, settings.plan), settings, task.now()), bytes };
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    throw refuse('unavailable', `${error.message}; nothing was observed`, { cause: error });
  }
}

function observe(found: Survey, settings: TlsSettings, now: number): Omit<Observed, 'bytes'> {
  const attempts = [...found.versions.values(), ...(found.together === undefined ? [] : [found.together])];
  const clear = attempts.filter(({ kind }) => kind === 'accepted' || kind === 'refused');
  if (clear.length === 0) {
    const why = attempts.flatMap((each) => (each.kind === 'accepted' ? [] : each.why))[0];
    throw refuse('unavailable', `nothing can be said of ${settings.host}:${settings.port}: ${why ?? ''}`);
  }
  const notes = new Notes();
  const best = [...found.versions.values()].find(
    (each) => each.kind === 'accepted' && each.signed !== undefined,
  );
  const value = {
    host: settings.host,
    port: settings.port,
    starttls: settings.preamble,
    servername: settings.plan.serverName ?? '',
    ...perVersion(found, notes),
    ...negotiated(found.together, notes),
    ...(best?.kind === 'accepted' ? certificate(best, settings, now, notes) : {}),
  };
  const total = settings.plan.versions.length;
  const { grades, attachments } = notes;
  const population = { source: 'TLS versions named by the claim', total, sampled: total, method: 'all' };
  return { value, grades, attachments, contradictions: [], population };
}

/** Grades and attachments as they come up; one transcript is attached once. */
class Notes {
  readonly grades: Grade[] = [];
  readonly attachments: Attachment[] = [];
  readonly #indices = new Map<Uint8Array, number>();

  grade(path: string, evidence: Grade['evidence']): void {
    this.grades.push({ path, evidence });
  }

  /** E3 for a path, if the server's signature covers that fact. */
  signed(path: string, fact: SignedFact, { signed }: Accepted): void {
    if (signed === undefined || !signed.verified.signed.includes(fact)) return;
    const known = this.#indices.get(signed.transcript);
    const index =
      known ?? this.attachments.push({ mediaType: TRANSCRIPT_TYPE.tls, data: signed.transcript }) - 1;
    this.#indices.set(signed.transcript, index);
    this.grades.push({ path, evidence: 'E3', attachments: [index] });
  }
}

/** Facts of the verified transcript that are told by version. */
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
  const suites: Record<string, Value> = {};
  const told = Object.fromEntries(TOLD.map(([name]): [string, Record<string, Value>] => [name, {}]));
  for (const version of VERSION_NAMES) {
    const each = found.versions.get(version);
    const path = `/accepted/${escaped(version)}`;
    if (each === undefined || (each.kind !== 'accepted' && each.kind !== 'refused')) {
      // Not looked at, or not clear: no boolean, and of the lowest class, so that it is never a pass.
      accepted[version] = null;
      notes.grade(path, 'E0');
      why[version] = each?.why ?? 'not tried';
      continue;
    }
    accepted[version] = each.kind === 'accepted';
    if (each.why !== undefined) why[version] = each.why;
    if (each.kind === 'refused') continue;
    suite[version] = SUITE_NAMES.get(each.suite) ?? '';
    notes.signed(path, 'version', each);
    notes.signed(`/suite/${version}`, 'suite', each);
    const { signed } = each;
    if (signed !== undefined)
      for (const [name, fact, of] of TOLD) {
        told[name] = { ...told[name], [version]: of(signed.verified) };
        notes.signed(`/${name}/${version}`, fact, each);
      }
    const every = found.suites.get(version);
    if (every !== undefined) suites[version] = every.map((code) => SUITE_NAMES.get(code) ?? '');
  }
  return { accepted, why, suite, ...told, ...(found.suites.size === 0 ? {} : { suites }) };
}

/** What a client gets that offers TLS 1.3 and 1.2. That it offered both, only TLS 1.3 signs. */
function negotiated(together: Attempt | undefined, notes: Notes): ValueMap {
  if (together?.kind !== 'accepted' || together.signed === undefined) return {};
  const { version, suite, group, scheme } = together.signed.verified;
  notes.signed('/negotiated', 'offered', together);
  return { negotiated: { version, suite, group, scheme } };
}

function certificate(best: Accepted, settings: TlsSettings, now: number, notes: Notes): ValueMap {
  const verified = best.signed?.verified;
  if (verified === undefined) return {};
  for (const [path, fact] of certificateGrades) notes.signed(path, fact, best);
  for (const path of ['/certificate/daysLeft', '/certificate/ageDays']) notes.grade(path, 'E1');
  return { certificate: certificateValue(verified, settings.plan.serverName ?? settings.host, now) };
}
