/**
 * What became of an attempt to reach a port, and what it shows. Pure. The table of README.md is here: `settle`.
 */

import type { Heard } from '../../evidence/listener.ts';
import { TRIES } from './describe.ts';

/** What one try came to. */
export type Outcome = Failure | Opened;

/** What a try came to whose handshake completed. */
export type Opened =
  /** Bytes came that the target alone sends: its TLS or SSH handshake, or the banner that the claim names. */
  | 'answered'
  /** Other bytes came. A proxy or a firewall sends such bytes too. */
  | 'other'
  /** The handshake of TCP completed, and no byte came. A proxy, a load balancer and a tarpit do that for every port. */
  | 'connected';

/** What a try came to whose handshake did not complete. */
export type Failure =
  /** RST, or ICMP "port unreachable": Linux gives the same errno for both. */
  | 'reset'
  /** ICMP said that the host, network or protocol is not reachable, or that a filter prohibits it. */
  | 'icmp'
  | 'silence'
  /** This machine did not send anything: no route, no free port, or the system forbids the agent to connect. */
  | 'local';

/** The errnos that Linux makes of ICMP and ICMPv6 errors (README.md has the codes). All but ECONNREFUSED, which is `reset`. */
const ICMP: ReadonlySet<string> = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENONET',
  'ENOPROTOOPT',
  'EOPNOTSUPP',
  'EPROTO',
  'EACCES',
]);

/**
 * What an errno of connect(2) means. `sent`: false if the call itself failed. Then nothing left this machine, whatever the errno
 * is: EACCES may be the agent's own sandbox, and EHOSTUNREACH a route of this machine.
 */
export function outcomeOfErrno(code: string, sent: boolean): Failure {
  if (!sent) return 'local';
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'reset';
  if (code === 'ETIMEDOUT') return 'silence';
  return ICMP.has(code) ? 'icmp' : 'local';
}

/** One look at the control: what it came to, and how long its handshake took. */
export interface ControlLook {
  readonly outcome: Outcome;
  readonly connectMs: number;
}

export interface Attempted {
  /** Each try, in order. */
  readonly tries: readonly Outcome[];
  /** The looks at the control before the first try and after each try; undefined without a control. */
  readonly controls: readonly ControlLook[] | undefined;
  /** What a listener at the target signed of the port; absent without one. */
  readonly heard?: Heard;
}

export interface Settled {
  readonly outcome: Outcome;
  /** Undefined: it is not known. */
  readonly reachable: boolean | undefined;
  /** Why `reachable`, or its absence, proves nothing; undefined if it proves. */
  readonly unproven: string | undefined;
}

/**
 * Milliseconds within which a handshake with the control must be complete. Linux sends a lost SYN again after 1,000: a slower
 * control shows a path that loses packets, on which silence shows nothing.
 */
export const LOSS_MS = 900;

/** What the tries of one address show. `lossMs`: see `LOSS_MS`. */
export function settle({ tries, controls, heard = 'unknown' }: Attempted, lossMs = LOSS_MS): Settled {
  const outcome = lastOf(tries);
  const unknown = (unproven: string): Settled => ({ outcome, reachable: undefined, unproven });
  if (outcome === 'answered') return { outcome, reachable: true, unproven: undefined };
  if (outcome === 'local')
    return unknown('this machine did not let the connection out, so nothing is known of the target');
  if (heard === 'received')
    return {
      outcome,
      reachable: true,
      unproven: 'the listener received bytes of this run, and no answer came back',
    };
  // Of what answers in place of the port, the listener shows that it is not the port.
  if (heard === 'nothing' && outcome !== 'icmp' && outcome !== 'silence')
    return { outcome, reachable: false, unproven: undefined };
  if (outcome === 'other')
    return unknown('something answered, and not as the target does: a proxy or a firewall may');
  if (outcome === 'connected')
    return unknown(
      'something completed the handshake and sent nothing: proxies, load balancers and tarpits do',
    );
  if (outcome === 'reset')
    return {
      outcome,
      reachable: false,
      unproven: 'the connection was reset: a port on which nothing listens does that as well as a filter',
    };
  return { outcome, reachable: false, unproven: whyUnproven(tries, controls, lossMs) };
}

/** Silence in one try and ICMP in another is silence: ICMP errors are limited in rate. */
function lastOf(tries: readonly Outcome[]): Outcome {
  const last = tries.at(-1) ?? 'local';
  return last === 'icmp' && tries.includes('silence') ? 'silence' : last;
}

/** Why silence or ICMP does not show that the target is shut off from this source; undefined if it does. */
function whyUnproven(
  tries: readonly Outcome[],
  controls: Attempted['controls'],
  lossMs: number,
): string | undefined {
  if (controls === undefined)
    return 'the host may be down, or nothing may leave this one: name a control, a port of the same host that this source may reach';
  if (tries.length < TRIES) return `only ${tries.length} of ${TRIES} tries were made`;
  if (controls.length < TRIES + 1) return 'the control was not looked at before and after each try';
  const failed = controls.findIndex(({ outcome }) => outcome !== 'answered');
  if (failed >= 0)
    return `the control did not answer ${failed === 0 ? 'before the first try' : `after try ${failed}`}: the host may be down`;
  const slow = controls.find(({ connectMs }) => connectMs >= lossMs);
  return slow === undefined
    ? undefined
    : `a handshake with the control took ${Math.round(slow.connectMs)} ms: the path may lose packets`;
}

/** Of several addresses of one host: reachable by any is reachable, and shut off is shut off at all of them. */
export function combine(all: readonly Settled[], isCut: boolean): Settled {
  const first = (of: (each: Settled) => boolean): Settled | undefined => all.find(of);
  const found =
    first(({ reachable }) => reachable === true) ??
    first(({ reachable }) => reachable === undefined) ??
    first(({ unproven }) => unproven !== undefined) ??
    all[0];
  if (found === undefined) throw new Error('a host has an address');
  if (!isCut || found.reachable === true) return found;
  const unproven = found.unproven ?? 'the host has more addresses than were looked at';
  return { outcome: found.outcome, reachable: undefined, unproven };
}

/** Whether a pair is as declared; undefined, with the reason, if that is not known. */
export function asDeclared(
  isAllowed: boolean,
  { reachable, unproven }: Settled,
): { readonly is: boolean; readonly why: undefined } | { readonly is: undefined; readonly why: string } {
  // What proves nothing of a claim can violate the opposite one.
  const isKnown = unproven === undefined || reachable !== isAllowed;
  return isKnown && reachable !== undefined
    ? { is: reachable === isAllowed, why: undefined }
    : { is: undefined, why: unproven ?? '' };
}
