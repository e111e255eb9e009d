/** The incidents that a monitor's directory holds, for whoever looks in beside the monitor, or without one. */
import { openDatabaseToChange, openDatabaseToRead } from './database.ts';
import { IncidentStore } from './incidents.ts';

export interface KeptIncidents {
  /** The monitor's directory. */
  readonly dir: string;
  /** Whether they are to be changed too. */
  readonly change: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Opens them for the time of a call. Refuses `not-found` where no monitor ever ran. */
export function withIncidents<T>({ dir, change, now }: KeptIncidents, use: (store: IncidentStore) => T): T {
  const db = change ? openDatabaseToChange(dir) : openDatabaseToRead(dir);
  try {
    return use(new IncidentStore(db, dir, { now }));
  } finally {
    db.close();
  }
}
