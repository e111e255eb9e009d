/**
 * A data directory as something to audit (log/audit.ts): its store in one committed state, while its log may go on, and
 * what its guard says of it.
 *
 *     const target = await openStoreToAudit({ dataDir, guardDir: undefined });
 *     const report = await auditLog(target.source, { hasher, verify, statements: true, ...target.index });
 *     await target.close();
 */
import { existsSync } from 'node:fs';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { AuditSource } from '../log/audit.ts';
import type { Head } from '../log/ports.ts';
import { indexAudit, storeSource } from '../log/storeaudit.ts';
import { OTHER_RULES } from '../registration/unread.ts';
import { SqliteGuard } from '../storage/guard.ts';
import { SqliteReader } from '../storage/sqlite-reader.ts';
import { assertFollows, policyOfStore } from './guarded.ts';
import { layoutOf, type LogHome } from './layout.ts';

/** What the guard says of a store. A running log does not let others read its guard; it checked it when it started. */
type GuardVerdict =
  | { readonly kind: 'checked' }
  | { readonly kind: 'behind'; readonly why: string }
  | { readonly kind: 'unread'; readonly why: string };

export interface StoreToAudit {
  readonly source: AuditSource;
  /** The checks of the store that no tile shows; passed to `auditLog` if statements are judged. */
  readonly index: ReturnType<typeof indexAudit>;
  readonly guard: GuardVerdict;
  close(): Promise<void>;
}

/** Whether there is a log in a data directory. */
export function hasStore(dataDir: string): boolean {
  return existsSync(layoutOf({ dataDir, guardDir: undefined }).store);
}

/** Refuses `no-such-log`, and `behind-signed-head` for a store without a head whose guard knows one. */
export async function openStoreToAudit(home: LogHome): Promise<StoreToAudit> {
  const { dataDir } = home;
  const { store: path, guard } = layoutOf(home);
  if (!existsSync(path))
    throw refuse('no-such-log', `there is no log in ${dataDir}: name its directory or its URL`, {
      remedy: { dataDir: true },
    });
  const store = SqliteReader.open(path);
  store.freeze();
  const head = await store.head();
  if (head === undefined) throw withoutHead(dataDir, guard, store.origin());
  return {
    source: storeSource(store, head, store.origin()),
    index: indexAudit(store, head),
    guard: await guardVerdict(guard, store, head),
    close: () => store.close(),
  };
}

async function guardVerdict(path: string, store: SqliteReader, head: Head): Promise<GuardVerdict> {
  let kind: 'unread' | 'behind' = 'unread';
  try {
    const signed = SqliteGuard.look(path, store.origin());
    if (signed === undefined) return { kind, why: `${path} is empty` };
    kind = 'behind';
    await assertFollows(signed, store, head, 'the store');
    await policyOfStore(store, head, signed);
    return { kind: 'checked' };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (OTHER_RULES.has(error.code)) kind = 'unread';
    return { kind: error.code === 'foreign-log' ? 'behind' : kind, why: error.message };
  }
}

/** A store without a head was never used, unless its guard knows a head. */
function withoutHead(dataDir: string, guard: string, origin: string): Refusal {
  const signed = existsSync(guard) ? SqliteGuard.look(guard, origin) : undefined;
  if (signed === undefined)
    return refuse('no-such-log', `the log in ${dataDir} is empty: run \`tallystick init\``);
  return refuse(
    'behind-signed-head',
    `the store in ${dataDir} has no head, and ${guard} says that a tree of ${signed.size} entries was signed: restore a backup`,
  );
}
