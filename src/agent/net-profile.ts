/**
 * What an agent sends over the network for `net@1`, for the people who watch it: which doors, how often, in whose name, until
 * when, and the words to look for.
 */
import { formatTime } from '../bytes/time.ts';
import { ADDRESSES, CONNECTIONS, TRIES } from '../probe/net/describe.ts';
import { bothAllow } from '../probe/net/pace.ts';
import { PAYLOAD_WORDS } from '../probe/net/payload.ts';
import type { Rule } from './enrolment.ts';

export interface NetDoor {
  /** `host:port`. */
  readonly target: string;
  /** The subject of the rule, and that of the consent. */
  readonly subjects: readonly string[];
  readonly pairsPerMinute: number;
  /** Name of the key that consented. */
  readonly by: string;
  /** POSIX seconds. */
  readonly until: number;
}

/** The doors that both ends enrolled; those whose consent has ended at `now` are left out. */
export function netDoors(rules: readonly Rule[], now: number): readonly NetDoor[] {
  return rules
    .filter(({ probe }) => ['net@1', 'net', '*'].includes(probe))
    .flatMap(({ subject: own, allowsTarget, consents, options }) =>
      consents
        .filter(({ probe, until }) => probe === 'net@1' && now < until)
        .flatMap(({ targets, subject, pairsPerMinute, by, until }) =>
          targets.filter(allowsTarget).map((target) => ({
            target,
            subjects: [...new Set([own, subject])],
            pairsPerMinute: bothAllow(options.get('pairsPerMinute'), pairsPerMinute),
            by,
            until,
          })),
        ),
    );
}

/** The same as text, one door a line. */
export function netProfile(doors: readonly NetDoor[]): string {
  if (doors.length === 0)
    return 'nothing: no rule of targets.yaml for net@1 has a consent that has not ended (tallystick agent consent)\n';
  return [
    `payload of a door that speaks neither TLS nor SSH: "${PAYLOAD_WORDS} " and 64 hex digits, and a line feed`,
    `a pair is at most ${CONNECTIONS} connections to each of at most ${ADDRESSES} addresses: one to a door that answers, ${TRIES} to a silent one, the others to its ` +
      'control; no handshake is finished, and no request is sent',
    ...doors.map(
      ({ target, subjects, pairsPerMinute, by, until }) =>
        `${target}  at most ${pairsPerMinute} pairs a minute, for ${subjects.join(' and ')}, by consent of ${by} until ${formatTime(until)}`,
    ),
    '',
  ].join('\n');
}
