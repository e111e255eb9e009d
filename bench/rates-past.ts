/** A log of one subject with hourly proofs, each signed, and a witnessed head before every sixteenth; behind HTTP. */
import type { RequestListener } from 'node:http';
import { digest } from '#src/bytes/brand.ts';
import { encodeNotice, encodeProof } from '#src/statement/payload.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { cosigned, POLICY } from '../test/support/past-world.ts';
import { claim, hashOf, HOUR, idOf, START, SUBJECT } from '../test/support/see-world.ts';
import { BASE, ServedLog } from '../test/support/served-log.ts';
import { commitmentStatement, logSigner, ORIGIN, ownStatement, people } from '../test/support/world.ts';

/** Whose past is read. */
export interface PastOrder {
  /** Base URL of the log. */
  readonly log: string;
  /** tlog-policy. */
  readonly policy: string;
  readonly subject: string;
  readonly proofs: number;
  /** POSIX seconds. */
  readonly since: number;
  readonly until: number;
}

const EVERY = 16;

/** A log, and what answers for it. */
export interface PastLog {
  readonly order: PastOrder;
  readonly fetch: typeof fetch;
}

/** Writes the log. */
export async function pastLog(proofs: number): Promise<PastLog> {
  const log = await ServedLog.start();
  const times = [START];
  const add = (entry: Uint8Array, time: number): Uint8Array => (
    times.push(time),
    log.entries.push(entry),
    idOf(entry)
  );
  const commitment = digest(add(await commitmentStatement(SUBJECT, { claims: [claim] }), START + 1));
  const noteOf = async (time: number): Promise<Uint8Array> =>
    cosigned(await logSigner.checkpoint({ ...log.head(), time }), [time, time]);
  let challenge = log.head();
  let prev: Uint8Array | undefined;
  for (let seq = 0; seq < proofs; seq++) {
    const time = START + 60 + seq * HOUR;
    if (seq % EVERY === 0) {
      challenge = log.head();
      const notice = encodeNotice({ topic: 'witnessed', note: await noteOf(time) });
      add(await ownStatement('notice', ORIGIN, notice, people.monitor), time);
    }
    const { size, root } = challenge;
    const said: RuntimeProof = {
      commitment,
      agent: { name: 'agent 1', version: '0' },
      seq,
      ...(prev !== undefined && { prev: digest(prev) }),
      challenge: { origin: ORIGIN, size, root, nonce: hashOf(`nonce ${seq}`).subarray(0, 16) },
      window: { start: time, end: time },
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      coverage: { declared: 1, compared: 1, excluded: 0 },
      observations: { alg: SALTED_TREE, count: 0, root: hashOf('') },
      results: [{ claim: claim.id, verdict: 'PROVEN', evidence: 'E1' }],
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: time + HOUR,
    };
    prev = add(await ownStatement('proof', SUBJECT, encodeProof(said), people.agent), time + 1);
  }
  const until = START + proofs * HOUR;
  const order = { log: BASE, policy: POLICY, subject: SUBJECT, proofs, since: START, until };
  return { order, fetch: answering(log, times, await noteOf(until)) };
}

/** Its files and its search. Rows are made once: what a log's index costs is not measured here. */
function answering(log: ServedLog, times: readonly number[], note: Uint8Array): typeof fetch {
  const rows = log.rows();
  return async (input) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.pathname === '/checkpoint') return new Response(Buffer.from(note));
    const file = url.pathname.startsWith('/tile/') ? log.file(url.pathname.slice(1)) : undefined;
    if (file !== undefined) return new Response(Buffer.from(file));
    if (url.pathname !== '/v1/search') return new Response(null, { status: 404 });
    const asked = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
    const limit = Number(asked('limit') ?? 100);
    const fit = rows.filter(
      (row) =>
        row.index < Number(asked('before') ?? Infinity) &&
        row.subject === (asked('subject') ?? row.subject) &&
        row.kind === (asked('kind') ?? row.kind) &&
        row.kid === (asked('kid') ?? row.kid),
    );
    const page = fit.slice(0, limit);
    const entries = page.map(({ index, id, subject }) => ({ index, id, subject, time: times[index] }));
    return Response.json({ entries, next: fit.length > limit ? page.at(-1)?.index : null });
  };
}

/** The same over HTTP, for a page. */
export function served({ fetch }: PastLog): RequestListener {
  return async (request, response) => {
    const answer = await fetch(BASE + (request.url ?? ''));
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/octet-stream',
    });
    response.end(new Uint8Array(await answer.arrayBuffer()));
  };
}
