/** The verifier of a page under Node, asked as a page asks it, over a log in memory. */
import { Verifier } from '#src/explorer/page/worker/verifier.ts';
import type {
  Ask,
  AskKind,
  Fault,
  Part,
  Reply,
  Results,
  TrustText,
} from '#src/explorer/page/worker/protocol.ts';
import { HeadsInMemory } from '#src/client/memory.ts';
import { BASE } from './served-log.ts';
import type { SeeWorld } from './see-world.ts';
import { ORIGIN, vkeys } from './world.ts';

export class Asked {
  readonly verifier: Verifier;
  readonly memory = new HeadsInMemory();
  readonly replies: Reply[] = [];
  /** Called with each part as it comes. */
  onPart: (id: number, part: Part) => void = () => undefined;
  #next = 1;

  constructor(world: SeeWorld, fetched: typeof fetch = world.fetch, memory = new HeadsInMemory()) {
    this.memory = memory;
    const outside = { fetch: fetched, now: () => world.now * 1000, memory, turn: async () => undefined };
    this.verifier = new Verifier(outside, (reply) => {
      this.replies.push(structuredClone(reply));
      if (reply.say === 'part') this.onPart(reply.id, reply.part);
    });
  }

  open(trust: Partial<TrustText> = {}, log = BASE): Promise<Results['open'] | Fault> {
    const text = trust.text ?? vkeys.join('\n');
    return this.ask({
      kind: 'open',
      log,
      trust: { whose: 'reader', ...trust, text },
      served: text,
      origin: ORIGIN,
    });
  }

  /** The result, or the fault. */
  async ask<Kind extends AskKind>(
    ask: Extract<Ask, { readonly kind: Kind }>,
  ): Promise<Results[Kind] | Fault> {
    const id = this.#next++;
    await this.verifier.take({ id, ask });
    const reply = this.replies.findLast((each) => each.id === id && each.say !== 'part');
    if (reply?.say === 'done') return reply.result as Results[Kind];
    if (reply?.say === 'failed') return reply.fault;
    throw new Error('no answer');
  }

  /** Parts of the last question. */
  get parts(): readonly Part[] {
    return this.replies.flatMap((each) =>
      each.say === 'part' && each.id === this.#next - 1 ? [each.part] : [],
    );
  }

  partsOf<Kind extends Part['kind']>(kind: Kind): readonly Extract<Part, { readonly kind: Kind }>[] {
    return this.parts.filter((each): each is Extract<Part, { readonly kind: Kind }> => each.kind === kind);
  }
}
