/** Finds every suite that a server accepts with a version. Each offer leaves out the suites chosen before, until the server refuses. */
import type { TlsVersion } from '../../evidence/tls-names.ts';
import { attempt, type Server } from './attempt.ts';
import { MAX_HANDSHAKES } from './describe.ts';
import type { Offer } from './hello.ts';
import { fullOffers, type Wanted } from './offers.ts';

export interface Enumerated {
  /** In the order in which the server chose them. */
  readonly suites: readonly number[];
  /** Why there may be more; undefined when the server refused all others. */
  readonly cut: string | undefined;
}

/** `first`: a suite that is known to be accepted. */
export async function everySuite(
  server: Server,
  wanted: Wanted,
  version: TlsVersion,
  first: number,
): Promise<Enumerated> {
  const chosen = [first];
  let left = MAX_HANDSHAKES;
  let silent = false;
  const cut = (why: string): Enumerated => ({
    suites: chosen,
    cut: `not every suite was looked for: ${why}`,
  });
  for (const offer of fullOffers(version, wanted)) {
    for (;;) {
      const suites = offer.suites.filter((code) => !chosen.includes(code));
      if (suites.length === 0) break;
      if (left-- === 0) return cut(`${MAX_HANDSHAKES} handshakes were made`);
      const found = await attempt(server, { ...offer, suites });
      if (found.kind === 'answered') {
        silent ||= found.answer === 'closed';
        break;
      }
      if (found.kind !== 'accepted') return cut(found.why);
      chosen.push(found.suite);
    }
  }
  // A server that closed the connection may have stopped answering at all. So it is asked once more for the first suite.
  if (silent && left === 0) return cut(`${MAX_HANDSHAKES} handshakes were made`);
  const again = silent ? await attempt(server, containing(fullOffers(version, wanted), first)) : undefined;
  if (again !== undefined && again.kind !== 'accepted') return cut(again.why);
  return { suites: chosen, cut: undefined };
}

function containing(offers: readonly Offer[], suite: number): Offer {
  const found = offers.find(({ suites }) => suites.includes(suite));
  if (found === undefined) throw new Error('a suite that was accepted was offered');
  return found;
}
