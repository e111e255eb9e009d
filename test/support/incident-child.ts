/** Raises incidents as fast as it can, and prints the id of each when that is durable; until it is killed. */
import { writeSync } from 'node:fs';
import { openMonitorDatabase } from '../../src/monitor/database.ts';
import { IncidentStore } from '../../src/monitor/incidents.ts';
import { incidentOf } from './monitored.ts';

const [dir = ''] = process.argv.slice(2);
const store = new IncidentStore(openMonitorDatabase(dir), dir, { now: Date.now, keep: 100_000 });
for (let n = 0; ; n++) {
  const incident = incidentOf(`thing ${n}`);
  store.raise(incident);
  if (n % 3 === 0) store.resolve(incident.id);
  writeSync(1, `${incident.id}\n`);
}
