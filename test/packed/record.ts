/**
 * A log with a verdict in it, as a reader without a network has it: every answer that a client asked for. Its subject was
 * proven and violated by handshakes that real servers signed, with a key of P-256 and one of RSA.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { appraiseSubject } from '#src/appraisal/index.ts';
import { openClient } from '#src/client/index.ts';
import { trustPolicy } from '#src/client/trust.ts';
import { certificate, nodeTls } from '../support/e3-targets.ts';
import { run } from '../support/processes.ts';
import { dataIn, serveLog, startLog } from '../support/running-log.ts';

export const SUBJECT = 'web/shop';
const ORIGIN = 'packed.example/log';
const HOST = 'shop.example';

/** What program.js imports as `recording.js`. */
export interface Recording {
  readonly log: string;
  /** tlog-policy. */
  readonly policy: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly subject: string;
  /** By path and query. */
  readonly answers: Readonly<
    Record<string, { readonly status: number; readonly type: string; readonly body: string }>
  >;
}

/** Each claim, its verdict and its evidence class. */
export type Verdicts = readonly (readonly [claim: string, verdict: string, evidence: string | undefined])[];

/** Makes the log in a folder, and says what its sources come to. */
export async function record(
  t: Test,
  folder: string,
): Promise<{ readonly recording: Recording; readonly verdicts: Verdicts }> {
  await tally(folder, 'init', '--origin', ORIGIN);
  const data = dataIn(folder);
  const log = await serveLog(t, await startLog(t, data, ORIGIN));
  const places: string[] = [];
  for (const kind of ['p256', 'rsa'] as const) {
    const server = await nodeTls({ ...certificate(folder, kind, `DNS:${HOST}`), minVersion: 'TLSv1.2' });
    t.teardown(() => server.stop());
    places.push(`127.0.0.1:${server.port}`);
  }
  writeFileSync(join(folder, 'claims.yaml'), claimsAbout(places));
  writeFileSync(join(folder, 'shop.conf'), 'ssl_protocols TLSv1.3;\n');
  const commit = ['commit', 'shop.conf', '--claims', 'claims.yaml', '--pin', '--subject', SUBJECT];
  await tally(folder, ...commit, '--log', log);
  const enrolled = places.flatMap((place) => ['--target', place]);
  await tally(folder, 'prove', '--subject', SUBJECT, ...enrolled, '--log', log);

  const policy = readFileSync(join(data, 'trust.policy'), 'utf8');
  const now = Date.now();
  const answers: Record<string, Recording['answers'][string]> = {};
  const listening: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    const body = Buffer.from(await answer.clone().arrayBuffer()).toString('base64');
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    answers[pathname + search] = {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      body,
    };
    return answer;
  };
  const trust = trustPolicy(Buffer.from(policy));
  const snapshot = await openClient({ log, trust, fetch: listening, now: () => now }).snapshot();
  const { claims } = appraiseSubject(await snapshot.subject(SUBJECT), snapshot.context);
  const verdicts = claims.map(({ claim, verdict, evidence }) => [claim.id, verdict, evidence] as const);
  return { recording: { log, policy, now, subject: SUBJECT, answers }, verdicts };
}

function claimsAbout(places: readonly string[]): string {
  const claim = (id: string, at: number, expr: string): string =>
    `  - { id: ${id}, probe: tls@1, params: { target: "${places[at]}", servername: ${HOST} }, expr: "${expr}", minEvidence: E3, cadence: 1h, severity: critical }`;
  return [
    `target: { owner: web, locators: ${JSON.stringify(places)} }`,
    'tier: background',
    'claims:',
    claim('speaks-tls13', 0, "o.tls.accepted['TLSv1.3']"),
    claim('refuses-tls12', 0, "!o.tls.accepted['TLSv1.2']"),
    claim('strong-suite', 0, "o.tls.suite['TLSv1.3'].matches('^TLS_(AES|CHACHA20)_')"),
    claim('rsa-speaks-tls13', 1, "o.tls.accepted['TLSv1.3']"),
    '',
  ].join('\n');
}

/** The command, as a process. Throws for a refusal. */
async function tally(cwd: string, ...argv: readonly string[]): Promise<void> {
  const { code, err } = await run(cwd, ...argv);
  // A claim of the log is violated.
  if (code !== 0 && argv[0] !== 'prove') throw new Error(`${argv.join(' ')}: ${err}`);
}
