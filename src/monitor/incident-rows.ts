/** The statements over the incidents of `monitor.db`. */
import type Database from 'better-sqlite3';

type Name =
  | 'ids'
  | 'find'
  | 'begins'
  | 'body'
  | 'again'
  | 'open'
  | 'resolve'
  | 'remove'
  | 'count'
  | 'ofSource'
  | 'resolved'
  | 'told'
  | 'delivered'
  | 'list'
  | 'counts'
  | 'uncounted'
  | 'allUncounted';

export type Statements = ReturnType<typeof prepare>;

const COLUMNS = 'id, origin, kind, what, first_seen, last_seen, seen, episode, resolved, delivered';

export function prepare(db: Database.Database): Readonly<Record<Name, Database.Statement>> {
  return {
    ids: db.prepare('SELECT id FROM incident').pluck(),
    find: db.prepare(`SELECT ${COLUMNS} FROM incident WHERE id = ?`),
    begins: db.prepare(`SELECT ${COLUMNS} FROM incident WHERE id GLOB ? LIMIT 2`),
    body: db.prepare('SELECT body FROM incident WHERE id = ?'),
    again: db.prepare('UPDATE incident SET last_seen = ?, seen = seen + 1 WHERE id = ?'),
    open: db.prepare(
      `INSERT INTO incident (id, origin, kind, source, what, first_seen, last_seen, seen, episode, body)
       VALUES (@id, @origin, @kind, @source, @what, @now, @now, 1, 1, @body)
       ON CONFLICT (id) DO UPDATE SET what = @what, last_seen = @now, seen = seen + 1,
         episode = episode + 1, resolved = NULL, body = @body`,
    ),
    resolve: db.prepare('UPDATE incident SET resolved = ? WHERE id = ? AND resolved IS NULL'),
    delivered: db.prepare('UPDATE incident SET delivered = ? WHERE id = ?'),
    remove: db.prepare('DELETE FROM incident WHERE id = ?'),
    count: db.prepare('SELECT count(*) FROM incident WHERE origin = ? AND kind = ?').pluck(),
    ofSource: db
      .prepare('SELECT count(*) FROM incident WHERE origin = ? AND kind = ? AND source = ?')
      .pluck(),
    resolved: db
      .prepare(
        `SELECT id FROM incident WHERE origin = ? AND kind = ? AND (? IS NULL OR source = ?)
         AND resolved IS NOT NULL ORDER BY resolved LIMIT 1`,
      )
      .pluck(),
    told: db
      .prepare(
        `SELECT id FROM incident i WHERE origin = ? AND kind = ? AND (? IS NULL OR source = ?)
         AND resolved IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM event WHERE event.about = i.id) ORDER BY resolved LIMIT 1`,
      )
      .pluck(),
    list: db.prepare(
      `SELECT ${COLUMNS} FROM incident WHERE (? = 0 OR resolved IS NULL) AND (? IS NULL OR origin = ?)
       AND (? IS NULL OR n < (SELECT n FROM incident WHERE id = ?)) ORDER BY n DESC LIMIT ?`,
    ),
    counts: db.prepare(
      'SELECT origin, kind, count(*) AS open FROM incident WHERE resolved IS NULL GROUP BY origin, kind',
    ),
    uncounted: db.prepare(
      `INSERT INTO uncounted (origin, kind, seen, first_seen, last_seen) VALUES (@origin, @kind, 1, @now, @now)
       ON CONFLICT DO UPDATE SET seen = seen + 1, last_seen = @now`,
    ),
    allUncounted: db.prepare('SELECT origin, kind, seen FROM uncounted'),
  };
}
