/** The description of the probe `exec@1`. */
import { scalars, type Shape } from '../../claim/shape.ts';
import type { ProbeDescription } from '../description.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { EXEC_PACKS } from './pack.ts';
import { EXEC_FACTS } from './signed.ts';
import { wordsOf } from './words.ts';

/** Longest time of a collector, seconds. */
export const MAX_SECONDS = 300;

/** What a listing tells, beside the declared leaves. */
const LISTED: Shape = {
  members: {
    ...scalars('listing', 'declared', 'same', 'sensitive', 'undeclared'),
    changed: { list: 'scalar' },
    absent: { list: 'scalar' },
    notCompared: { list: 'scalar' },
    looked: { list: 'scalar' },
  },
};

export const EXEC: ProbeDescription = {
  name: 'exec@1',
  summary: 'what a collector of yours prints: any enrolled program with JSON on its standard output',
  target: {
    is: 'the absolute path of a program and its arguments, separated by spaces or as a JSON list',
    fits: (target) => wordsOf(target) !== undefined,
  },
  parameters: {
    input: { type: 'texts', help: 'texts handed to the collector on standard input, as "input"' },
    seconds: { type: 'number', help: `time it may take, at most ${MAX_SECONDS}`, fallback: 30 },
    listing: {
      type: 'text',
      help: 'kind of source (`commit KIND`) that the program prints in place of JSON: it is compared with the declared leaves, which stay secret',
    },
    ignore: {
      type: 'texts',
      help: 'with listing: paths of declared leaves that are not compared, with all below them',
    },
    expect: { type: 'text', help: 'for the expression: p.expect' },
    limit: { type: 'number', help: 'for the expression: p.limit' },
  },
  secrets: { env: { help: 'lines NAME=value: the environment of the program', isSent: true } },
  // A collector may print any members.
  observes: (params) => (params.has('listing') ? LISTED : 'any'),
  evidence:
    'E1, or E0 where the collector says so. E3: the facts of transcripts that it hands over, checked here, below ' +
    '/transcripts; nothing else, whatever it says.',
  blastRadius:
    'what the collector does; it runs as this agent\'s user, with no environment but the secret "env"',
  timeoutMs: (MAX_SECONDS + 10) * 1_000,
  grants: [
    {
      lets: 'start the collector',
      by: 'shell',
      statement: ({ who, target }) =>
        `setfacl -m ${shellWord(`u:${who}:rx`)} ${shellWord(wordsOf(target)?.[0] ?? target)}`,
    },
  ],
  needs: ['child-process'],
  signed: EXEC_FACTS,
  packs: EXEC_PACKS,
};
