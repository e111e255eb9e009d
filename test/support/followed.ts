/** Following a log in a test: a follower over a folder that outlives it, and what its alarms prove. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TileReader } from '../../src/client/tiles.ts';
import { makeIncident } from '../../src/incident/incident.ts';
import { verifyIncident, type IncidentVerdict } from '../../src/incident/verify.ts';
import { auditLog } from '../../src/log/audit.ts';
import { indexAudit, storeSource } from '../../src/log/storeaudit.ts';
import type { Alarm, SeenEntry } from '../../src/monitor/alarm.ts';
import { copyFolder, Follower, type FollowerParts } from '../../src/monitor/follow.ts';
import { parseVkey } from '../../src/note/key.ts';
import { policyOfLogs, type TrustPolicy } from '../../src/note/trust.ts';
import { SqliteReader } from '../../src/storage/sqlite-reader.ts';
import { nobleHasher } from '../../src/tree/hash.ts';
import { chooseVerifier } from '../../src/workers/kernels.ts';

/** What is known of a log to follow. */
export interface Known {
  readonly url: string;
  readonly origin: string;
  readonly vkeys: readonly string[];
}

export type Change = Partial<FollowerParts> & { readonly fetch?: typeof fetch };

/** A monitor's folder, the alarms that reached the sink, the entries that the watch was shown. */
export class Following {
  readonly dir = mkdtempSync(join(tmpdir(), 'tallystick-follow-'));
  readonly alarms: Alarm[] = [];
  readonly seen: SeenEntry[] = [];
  readonly policy: TrustPolicy;
  readonly #log: Known;

  constructor(log: Known, policy: TrustPolicy = policyOfLogs(log.vkeys.map(parseVkey))) {
    this.#log = log;
    this.policy = policy;
  }

  /** A follower over the folder, as the monitor makes one when it starts. */
  open({ fetch: fetching = fetch, ...change }: Change = {}): Promise<Follower> {
    const transport = { fetch: fetching, now: Date.now, timeoutMs: 1000, patienceMs: 0 };
    return Follower.open({
      dir: this.dir,
      origin: this.#log.origin,
      tiles: new TileReader(transport, this.#log.url),
      policy: this.policy,
      statements: 'auto',
      alarms: { raise: async (alarm) => void this.alarms.push(alarm), isOpen: () => true },
      watches: [{ entry: (seen) => (this.seen.push(seen), []) }],
      now: () => 1_900_000_000,
      threads: 1,
      ...change,
    });
  }

  /** What a third party with the log's keys makes of an alarm. */
  verdict({ evidence, about, what }: Alarm): IncidentVerdict {
    const { origin, vkeys } = this.#log;
    const detected = new Date(0).toISOString();
    const incident = makeIncident({ origin, vkeys, detector: 'test', detected, what, about, evidence });
    return verifyIncident(incident, this.policy);
  }

  /** Everything wrong with the copy, found from its bytes alone. */
  async audit(statements = true): Promise<readonly string[]> {
    const store = SqliteReader.open(join(copyFolder(this.dir, this.#log.origin), 'log.db'));
    try {
      const head = await store.head();
      if (head === undefined) return ['there is no copy'];
      const options = { hasher: nobleHasher, verify: chooseVerifier(), statements };
      const index = statements ? indexAudit(store, head) : {};
      const { findings } = await auditLog(storeSource(store, head, store.origin()), { ...options, ...index });
      return findings.map(({ index, what }) => `${index ?? 'tree'}: ${what}`);
    } finally {
      await store.close();
    }
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
