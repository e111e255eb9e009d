/**
 * Finds out which versions a TLS server accepts, in at most twelve hellos. The first offers TLS 1.3 and 1.2 together. The others
 * offer one version alone that the server did not choose. evidence/tls-refusal.ts decides whether an answer refuses a version.
 * Some answers refuse it only if the server is known to be alive.
 */
import type { TlsVersion } from '../../evidence/tls-names.ts';
import { judgeRefusal, type AnsweredHello } from '../../evidence/tls-refusal.ts';
import { encodeRefusal } from '../../evidence/tls-refusal-record.ts';
import { attempt, type Accepted, type Server } from './attempt.ts';
import { offersOf, usualOffer, type Wanted } from './offers.ts';

/** The versions that are offered together, as today's clients offer them. */
const NEW: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2'];

export interface Plan extends Wanted {
  readonly versions: readonly TlsVersion[];
  readonly enumerate: boolean;
}

/** What is known of one version. */
export type Found =
  | Accepted
  | {
      readonly kind: 'refused';
      readonly why: string;
      /** The record of all hellos and answers, if the refusal rests on all of them (evidence/tls-refusal-record.ts). */
      readonly record?: Uint8Array;
    }
  | { readonly kind: 'unclear'; readonly why: string };

export interface Survey {
  /** The result of offering TLS 1.3 and 1.2 together, if the server accepted one. */
  readonly together: Accepted | undefined;
  readonly versions: ReadonlyMap<TlsVersion, Found>;
}

/** The results of the hellos for one version. */
interface Trial {
  readonly accepted: Accepted | undefined;
  readonly asked: readonly AnsweredHello[];
  /** Why the server has no TLS, if it said so before any hello. */
  readonly without: string | undefined;
  /** The first answer that was neither an acceptance nor a refusal, in words for people. */
  readonly broke: string | undefined;
  /** That answer, or else the last one, in words for people. */
  readonly why: string;
  readonly unreachable: boolean;
}

/** Runs the survey. Throws `Ended` only if the probe is stopped. */
export async function survey(server: Server, plan: Plan): Promise<Survey> {
  const both = NEW.every((version) => plan.versions.includes(version));
  const usual = usualOffer(NEW, plan);
  const first = both && usual.suites.length > 0 ? await attempt(server, usual) : undefined;
  const together = first?.kind === 'accepted' ? first : undefined;
  const trials = new Map<TlsVersion, Trial>();
  for (const version of plan.versions) {
    const trial =
      together?.version === version ? accepting(together) : await tryVersion(server, plan, version);
    trials.set(version, trial);
    if (trial.unreachable) break;
  }
  const alive = await isAlive(server, plan, trials);
  const versions = new Map<TlsVersion, Found>();
  for (const [version, trial] of trials) versions.set(version, rule(version, trial, alive));
  return { together, versions };
}

const accepting = (accepted: Accepted): Trial => ({
  accepted,
  asked: [],
  without: undefined,
  broke: undefined,
  why: '',
  unreachable: false,
});

/** Sends the hellos for one version until the server accepts one, refuses the version, or gives an answer that is not clear. */
async function tryVersion(server: Server, plan: Plan, version: TlsVersion): Promise<Trial> {
  const asked: AnsweredHello[] = [];
  let why = 'none of the suites named belongs to this version';
  let broke: string | undefined;
  for (const offer of offersOf(version, plan)) {
    const found = await attempt(server, offer);
    if (found.kind === 'accepted') return accepting(found);
    why = found.why;
    if (found.kind === 'answered') asked.push(found);
    else broke ??= why;
    const without = found.kind === 'without' ? found.why : undefined;
    const over = found.kind !== 'answered' && found.kind !== 'broken';
    if (over || judgeRefusal(version, asked, false).refused)
      return {
        accepted: undefined,
        asked,
        without,
        broke,
        why: broke ?? why,
        unreachable: found.kind === 'unreachable',
      };
  }
  return { accepted: undefined, asked, without: undefined, broke, why: broke ?? why, unreachable: false };
}

/**
 * A version that the server accepts, under the same name and in the same run as the trials; undefined if the server is not
 * known to be alive. It may have stopped answering meanwhile, for example because of many connections. So if it closed
 * connections without an answer, it is asked for that version once more.
 */
async function isAlive(
  server: Server,
  plan: Plan,
  trials: ReadonlyMap<TlsVersion, Trial>,
): Promise<TlsVersion | undefined> {
  const accepted = [...trials.values()].find((trial) => trial.accepted !== undefined)?.accepted;
  // Trials that are refusals only if the server is alive: everything was offered, and no answer named the version as the cause.
  const counts = [...trials].filter(
    ([version, { asked }]) =>
      judgeRefusal(version, asked, true).refused && !judgeRefusal(version, asked, false).refused,
  );
  const silent = counts.some(([, { asked }]) => asked.some(({ answer }) => answer === 'closed'));
  if (counts.length === 0 || (accepted !== undefined && !silent)) return accepted?.version;
  const others = NEW.filter((version) => !plan.versions.includes(version));
  const again = accepted === undefined ? others : [accepted.version];
  const offers =
    again.length === 2 ? [usualOffer(NEW, plan)] : again.flatMap((one) => offerFor(one, plan, accepted));
  const [offer] = offers;
  const found = offer === undefined ? undefined : await attempt(server, offer);
  return found?.kind === 'accepted' ? found.version : undefined;
}

/** Hellos for a version; if the server accepted it before, only those that offer the suite that it chose then. */
function offerFor(version: TlsVersion, plan: Plan, accepted: Accepted | undefined) {
  const offers = offersOf(version, plan);
  return offers.filter(({ suites }) => accepted === undefined || suites.includes(accepted.suite));
}

function rule(
  version: TlsVersion,
  { accepted, asked, without, broke, why }: Trial,
  alive: TlsVersion | undefined,
): Found {
  if (accepted !== undefined) return accepted;
  if (without !== undefined) return { kind: 'refused', why: without };
  const ruling = judgeRefusal(version, asked, alive !== undefined);
  if (!ruling.refused)
    return { kind: 'unclear', why: broke === undefined && asked.length > 0 ? `${why}; ${ruling.why}` : why };
  const atOnce = judgeRefusal(version, asked, false).refused;
  return { kind: 'refused', why, ...(!atOnce && { record: encodeRefusal(version, asked, alive) }) };
}
