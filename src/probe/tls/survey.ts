/**
 * Which versions a TLS server accepts, in few handshakes: both new versions together, then each that did not come
 * out of that alone. A server that breaks off is asked twice, and has refused only if it is alive.
 */
import { SUITES, TLS_VERSIONS, type TlsVersion } from '../../evidence/tls-names.ts';
import { attempt, type Attempt, type Server } from './attempt.ts';
import type { Offer } from './hello.ts';

/** The versions that can be offered together: what comes out is what clients of today get. */
const NEW: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

/** Most handshakes per version when every suite is looked for. */
export const MAX_SUITES = 24;

export interface Plan {
  readonly versions: readonly TlsVersion[];
  /** Suites that may be offered, by number. */
  readonly suites: ReadonlySet<number>;
  readonly serverName: string | undefined;
  readonly enumerate: boolean;
}

export interface Survey {
  /** What came of offering TLS 1.3 and 1.2 together; undefined unless both were to be tried. */
  readonly together: Attempt | undefined;
  readonly versions: ReadonlyMap<TlsVersion, Attempt>;
  /** Suites each version accepts, in the order they were chosen; where they were looked for. */
  readonly suites: ReadonlyMap<TlsVersion, readonly number[]>;
}

/** Looks; throws `Ended` only when it is stopped. */
export async function survey(server: Server, plan: Plan): Promise<Survey> {
  const both = NEW.every((version) => plan.versions.includes(version));
  const together = both ? await ask(server, plan, NEW) : undefined;
  const versions = new Map<TlsVersion, Attempt>();
  if (together?.kind === 'unreachable') return { together, versions, suites: new Map() };
  for (const version of plan.versions) {
    const known = together?.kind === 'accepted' && together.version === version;
    const found = known ? together : await alone(server, plan, version);
    versions.set(version, found);
    if (found.kind === 'unreachable') break;
  }
  const alive = [...versions.values()].some(({ kind }) => kind === 'accepted');
  for (const [version, found] of versions)
    if (found.kind === 'broken') versions.set(version, silent(found, alive));
  const suites = new Map<TlsVersion, readonly number[]>();
  if (plan.enumerate)
    for (const [version, found] of versions)
      if (found.kind === 'accepted')
        suites.set(version, await everySuite(server, plan, version, found.suite));
  return { together, versions, suites };
}

function silent({ why }: Attempt & { kind: 'broken' }, alive: boolean): Attempt {
  return alive
    ? { kind: 'refused', why: `${why}, twice` }
    : { kind: 'unclear', why: `${why}; nothing else was accepted either` };
}

/** One version. TLS 1.2 is offered once more with what the server would not sign, or sign with SHA-1. */
async function alone(server: Server, plan: Plan, version: TlsVersion): Promise<Attempt> {
  const found = await ask(server, plan, [version]);
  if (version !== 'TLSv1.2' || (found.kind !== 'refused' && found.kind !== 'broken')) return found;
  const weaker = await ask(server, plan, [version], true);
  return weaker.kind === 'accepted' ? weaker : found;
}

async function ask(
  server: Server,
  plan: Plan,
  versions: readonly TlsVersion[],
  weak = false,
): Promise<Attempt> {
  const suites = suitesFor(versions, weak).filter((code) => plan.suites.has(code));
  const offer: Offer = { versions, suites, serverName: plan.serverName, sha1: weak };
  if (suites.length === 0)
    return { kind: 'unclear', why: 'none of the suites named belongs to this version' };
  const first = await attempt(server, offer);
  return first.kind === 'broken' ? await attempt(server, offer) : first;
}

/** What is offered with some versions; of old ones everything, since nothing is read of their signatures. */
function suitesFor(versions: readonly TlsVersion[], weak: boolean): readonly number[] {
  const old = versions.every((version) => TLS_VERSIONS[version] < TLS_VERSIONS['TLSv1.2']);
  return [
    ...(versions.includes('TLSv1.3') ? SUITES.tls13 : []),
    ...(versions.some((version) => version !== 'TLSv1.3') ? SUITES.signed : []),
    ...(old || weak ? SUITES.unsigned : []),
  ];
}

/** Takes away what the server chose until it refuses. */
async function everySuite(
  server: Server,
  plan: Plan,
  version: TlsVersion,
  first: number,
): Promise<readonly number[]> {
  const chosen = [first];
  const left = new Set(suitesFor([version], true).filter((code) => plan.suites.has(code)));
  while (chosen.length < MAX_SUITES) {
    for (const code of chosen) left.delete(code);
    const suites = [...left];
    if (suites.length === 0) break;
    const found = await attempt(server, {
      versions: [version],
      suites,
      serverName: plan.serverName,
      sha1: true,
    });
    if (found.kind !== 'accepted') break;
    chosen.push(found.suite);
  }
  return chosen;
}
