/** What an operator watches of a witness. No label holds anything of a stranger's. */
import { Counter, type Registry } from '@platformatic/prom-client';
import { gauge } from '../web/metrics.ts';
import type { GossipCounts } from './gossip.ts';
import type { Counts } from './witness.ts';

/** Counts an answer to add-checkpoint: `cosigned`, `stale`, or the code of a refusal. */
export type Answered = (answer: string) => void;

export interface Watched {
  readonly counts: Counts;
  readonly gossip: GossipCounts;
  readonly logs: () => number;
  readonly halted: () => number;
  readonly incidents: () => number;
}

/** Registers everything; what it returns is told each answer. */
export function witnessMetrics(
  { counts, gossip, logs, halted, incidents }: Watched,
  registry: Registry,
): Answered {
  const answers = new Counter({
    name: 'tallystick_witness_answers_total',
    help: 'Answers to add-checkpoint: cosigned, stale, or the code of a refusal.',
    labelNames: ['answer'],
    registers: [registry],
  });
  for (const metric of [
    total('signed', 'Checkpoints cosigned anew.', () => counts.signed),
    total('rounds', 'Rounds; one write to the disk serves all requests of a round.', () => counts.rounds),
    total('contradictions', 'Signed roots that contradict a cosigned one.', () => counts.contradictions),
    comparisons(gossip),
    gauge('witness_logs', 'Logs this witness knows.', logs),
    gauge('witness_halted_logs', 'Logs not cosigned until the operator decides.', halted),
    gauge('witness_incidents', 'Files of evidence kept.', incidents),
  ])
    registry.registerMetric(metric);
  return (answer) => answers.inc({ answer });
}

/** A counter that is kept elsewhere and read when it is asked for. */
function total(name: string, help: string, read: () => number): Counter {
  return new Counter({
    name: `tallystick_witness_${name}_total`,
    help,
    registers: [],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

function comparisons(counts: GossipCounts): Counter {
  return new Counter({
    name: 'tallystick_witness_comparisons_total',
    help: 'Comparisons with what peers hold, by what came of them.',
    labelNames: ['result'],
    registers: [],
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(counts)) this.inc({ result }, count);
    },
  });
}
