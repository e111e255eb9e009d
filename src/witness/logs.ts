/**
 * The logs that a witness cosigns, by origin: the `log` lines of a tlog-policy, or a tlog-list. The first line of the
 * file tells which of the two it is. A log may have several keys, and any of them may sign for it.
 */
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { originHash } from '../note/checkpoint.ts';
import { MAX_COSIGNED_ORIGIN } from '../note/cosignature.ts';
import { isLogList, parseLogList } from '../note/loglist.ts';
import { vkeyOf, type NoteVerifier } from '../note/key.ts';
import { parseTrustPolicy } from '../note/trust.ts';

/** Most keys of one log. Each is tried with every request, and all their lines must fit into a note beside ours. */
const MAX_KEYS = 16;

/** One log that is cosigned. */
export interface KnownLog {
  readonly origin: string;
  /** Hex SHA-256 of the origin: its name in URLs. */
  readonly hash: string;
  /** Types 01 and 06. */
  readonly keys: readonly NoteVerifier[];
  /** The same as texts. */
  readonly vkeys: readonly string[];
  /** URL of the log, if the file states it. Gossip needs it to fetch proofs. */
  readonly url: string | undefined;
  /** Most add-checkpoint requests a day, if the file limits them. */
  readonly qpd: number | undefined;
}

/** Known logs by origin. */
export type KnownLogs = ReadonlyMap<string, KnownLog>;

interface Line {
  readonly origin: string;
  readonly verifier: NoteVerifier;
  readonly url?: string | undefined;
  readonly qpd?: number | undefined;
}

/** Reads a tlog-policy or a tlog-list. Refuses `malformed-trust-policy`, `too-large`. */
export function readKnownLogs(file: Uint8Array): KnownLogs {
  const isList = isLogList(new TextDecoder().decode(file.subarray(0, 64)));
  return byOrigin(isList ? parseLogList(file) : policyLines(file));
}

function policyLines(file: Uint8Array): Line[] {
  return parseTrustPolicy(file).logs.map(({ verifier, url }) => ({ origin: verifier.name, verifier, url }));
}

function byOrigin(lines: readonly Line[]): KnownLogs {
  const logs = new Map<string, KnownLog>();
  for (const [origin, same] of Map.groupBy(lines, (line) => line.origin)) {
    if (encodeUtf8(origin).length > MAX_COSIGNED_ORIGIN) {
      throw refuse(
        'malformed-trust-policy',
        `an origin over ${MAX_COSIGNED_ORIGIN} bytes cannot be cosigned with ML-DSA-44; leave that log out`,
      );
    }
    if (same.length > MAX_KEYS)
      throw refuse(
        'malformed-trust-policy',
        `${origin} has more than ${MAX_KEYS} keys; leave out the old ones`,
      );
    logs.set(origin, {
      origin,
      hash: originHash(origin),
      keys: same.map(({ verifier }) => verifier),
      vkeys: same.map(({ verifier }) => vkeyOf(verifier)),
      url: same.find(({ url }) => url !== undefined)?.url,
      qpd: smallest(same.map(({ qpd }) => qpd)),
    });
  }
  return logs;
}

function smallest(numbers: readonly (number | undefined)[]): number | undefined {
  const given = numbers.filter((n) => n !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

/** The verifier keys of a log, sorted, one in each line: to find out whether they changed. */
export function keysText({ vkeys }: Pick<KnownLog, 'vkeys'>): string {
  return vkeys.toSorted().join('\n');
}
