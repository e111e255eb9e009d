/** `tallystick status`: what a log says of itself, and whether it takes submissions. */
import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { printable } from '../../bytes/printable.ts';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { refusalOf } from '../../client/problem.ts';
import { exchange, type Transport } from '../../client/transport.ts';
import { logUrl } from '../config.ts';
import type { Context } from '../context.ts';
import type { Verb } from '../verb.ts';

/** Whoever asks how a log is doing wants to know now (milliseconds). */
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 65_536;

export const statusVerb: Verb = {
  name: 'status',
  summary: "a log's size, head and readiness",
  details: 'Prints what the log says; nothing of it is verified here (tallystick verify and fsck do that).',
  settings: ['log', 'url', 'host', 'port', 'dataDir'],
  json: true,
  examples: ['tallystick status', 'tallystick status --log https://log.example.com --json'],
  run: async (context) => status(context),
};

/** As much of GET /v1/log as is shown. */
const Facts = Type.Object({
  version: Type.String(),
  origin: Type.String(),
  size: Type.Integer({ minimum: 0 }),
  root: Type.String(),
  time: Type.Integer({ minimum: 0, maximum: 253_402_300_799 }),
  vkeys: Type.Array(Type.String()),
  open: Type.Boolean(),
});

/** GET /readyz, which answers 503 with the same form. */
const Ready = Type.Object({ ready: Type.Boolean(), reasons: Type.Array(Type.String()) });

async function status({ config, output, world }: Context): Promise<number> {
  const url = logUrl(config);
  const transport = { fetch: world.fetch, now: world.now, timeoutMs: TIMEOUT_MS };
  const { version, origin, size, root, time, vkeys, open } = await ask(
    transport,
    url,
    '/v1/log',
    Facts,
    [200],
  );
  const { ready, reasons } = await ask(transport, url, '/readyz', Ready, [200, 503]);
  const age = Math.max(0, Math.round(world.now() / 1000) - time);
  const readiness = ready
    ? output.paint('green', 'yes')
    : output.paint('red', `no: ${printable(reasons.join('; '))}`);
  const lines = [
    `log      ${url} (tallystick ${version})`,
    `origin   ${origin}${open ? ' (open: evaluation only)' : ''}`,
    `entries  ${size}`,
    `root     ${root}`,
    `head     ${new Date(time * 1000).toISOString()} (${age} s ago)`,
  ];
  output.print(`${lines.map((line) => printable(line)).join('\n')}\nready    ${readiness}`);
  output.result('status', { log: url, version, origin, size, root, time, vkeys, open, ready, reasons });
  return ready ? EXIT.ok : EXIT.notFound;
}

async function ask<T extends TSchema>(
  transport: Transport,
  url: string,
  path: string,
  schema: T,
  statuses: readonly number[],
): Promise<Static<T>> {
  const reply = await exchange(transport, new URL(`${url}${path}`), {
    accept: 'application/json',
    maxBytes: MAX_BYTES,
  });
  if (!statuses.includes(reply.status)) throw refusalOf(reply);
  const value = parse(reply.body);
  if (Value.Check(schema, value)) return value;
  throw refuse('unavailable', `${url}${path} did not answer as a Tallystick log does; check the URL`);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(body));
  } catch {
    return undefined;
  }
}
