/** Claims that were green of what is not so: a right that an aggregate hides, a certificate that is not valid yet. */
import t from 'tap';
import { judgeClaim } from '#src/claim/judge.ts';
import { isMap, type Value } from '#src/claim/value.ts';
import { packOf } from '#src/declare/packs.ts';
import { postgresProbe } from '#src/probe/postgres/probe.ts';
import { certificate, folder } from '../support/e3-targets.ts';
import { database, judgePack, look } from '../support/probe-targets.ts';

t.test('an aggregate calls its functions for whoever may not', async (t) => {
  const dir = folder();
  const db = await database(dir, certificate(dir, 'p256'));
  if (db === undefined) return t.comment('PostgreSQL is not installed: this part was not tested');
  t.teardown(() => db.stop());
  await db.sql(
    'CREATE TABLE public.orders (id int)',
    'CREATE SCHEMA s',
    "CREATE ROLE r LOGIN PASSWORD 'r-pw'",
    'GRANT USAGE ON SCHEMA s TO r',
    `CREATE FUNCTION s.step(int, int) RETURNS int SECURITY DEFINER LANGUAGE plpgsql
       AS $$ BEGIN INSERT INTO public.orders VALUES ($2); RETURN $2; END $$`,
    'REVOKE ALL ON FUNCTION s.step(int, int) FROM PUBLIC',
    'CREATE AGGREGATE s.total(int) (SFUNC = s.step, STYPE = int)',
  );
  const dsn = `postgresql://r:r-pw@127.0.0.1:${db.port}/postgres`;
  const verdict = async (): Promise<readonly [string | undefined, readonly string[]]> => {
    const params = { tables: ['public.orders'] };
    const seen = await look(
      postgresProbe,
      `127.0.0.1:${db.port}`,
      { ...params, wire: false, plaintext: false },
      { secrets: { dsn } },
    );
    const grants: Value = seen.value['grants'] ?? null;
    const { rights = [] } = isMap(grants) ? grants : {};
    return [
      judgePack('postgres-read-only', params, seen)['role-grants'],
      Array.isArray(rights) ? rights.map(String) : [],
    ];
  };
  const [before, rights] = await verdict();
  t.same(rights, ['EXECUTE as its owner of a part of aggregate s.total(integer)']);
  t.equal(before, 'VIOLATED E0');
  await db.sql(
    'SET ROLE r',
    'SELECT s.total(7)',
    'RESET ROLE',
    'DO $$ BEGIN ASSERT (SELECT count(*) FROM public.orders) = 1; END $$',
  );
  await db.sql('REVOKE ALL ON FUNCTION s.total(int) FROM PUBLIC');
  t.same(await verdict(), ['PROVEN E0', []]);
});

t.test('a certificate that is not valid yet does not last', async (t) => {
  const claims = packOf('https-tls', new Map());
  const verdict = (ageDays: number): string | undefined => {
    const [claim] = claims.filter(({ id }) => id === 'certificate-lasts');
    return (
      claim &&
      judgeClaim(claim, {
        value: { certificates: [{ daysLeft: 90, ageDays }] },
        grades: [],
        attachments: [],
        contradictions: [],
        population: { source: 'one', total: 1, sampled: 1, method: 'all' },
        bytes: 0,
      }).verdict
    );
  };
  t.equal(verdict(0), 'PROVEN');
  t.equal(verdict(-1), 'VIOLATED');
});
