/** A host that looks: each line of its input is one run of `net@1`, each line of its output what was seen. */
import { createInterface } from 'node:readline';
import { Refusal } from '#src/bytes/refusal.ts';
import { parametersOf } from '#src/probe/parameters.ts';
import { makeNetProbe } from '#src/probe/net/probe.ts';
import type { Parameter } from '#src/statement/commitment.ts';
import { hashOf } from './e3-targets.ts';
import { openedMatrix } from './net-matrix.ts';
import { runShaped } from './shaped.ts';
import { quickPace } from './net-pace.ts';

interface Asked {
  readonly target: string;
  readonly params: Readonly<Record<string, Parameter>>;
  readonly connectMs: number;
  /** What the challenge is made of. */
  readonly run?: string;
  /** The declared matrix, in YAML. */
  readonly matrix?: string;
}

const pace = quickPace();

async function answer({ target, params, connectMs, matrix, run = 'a challenge' }: Asked): Promise<unknown> {
  const probe = makeNetProbe({ connectMs, answerMs: 400, lossMs: 900 }, pace);
  try {
    const seen = await runShaped(probe, {
      target,
      params: parametersOf(probe, new Map(Object.entries(params))),
      challenge: hashOf(run),
      ...(matrix !== undefined && { declared: openedMatrix(matrix), draw: hashOf('a draw') }),
      secret: () => Promise.resolve(undefined),
      consented: () => ({ pairsPerMinute: 60 }),
      spent: () => undefined,
      signal: new AbortController().signal,
      now: () => 1_800_000_000_000,
    });
    const attachments = seen.attachments.map(({ mediaType, data }) => ({
      mediaType,
      data: Buffer.from(data).toString('base64'),
    }));
    return { seen: { ...seen, attachments } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, message: error.message };
  }
}

console.log('ready');
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await answer(JSON.parse(line))));
