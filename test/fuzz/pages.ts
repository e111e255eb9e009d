/** What a page takes apart itself: a policy that somebody pasted or dropped. */
import { readTrust, trustShown } from '../../src/explorer/page/worker/trust.ts';
import { BOTH_WITNESSES } from '../support/past-story.ts';
import { canonicalPolicy } from '../../src/note/trust-text.ts';
import { vkeys } from '../support/world.ts';
import { asText, text, type Target } from './target.ts';

const policy = text(canonicalPolicy(BOTH_WITNESSES));
const keys = text(`${vkeys.join('\n')}\n`);

export const PAGES: readonly Target[] = [
  {
    name: 'a policy that was pasted',
    covers: ['readTrust'],
    seeds: [policy, keys],
    run: (b) => {
      const { text: shown } = trustShown(readTrust({ text: asText(b) }), 'reader');
      // What is shown is what counts: it reads as itself.
      const again = trustShown(readTrust({ text: shown }), 'reader').text;
      if (again !== shown) throw new Error(`it is shown as ${shown}, and that as ${again}`);
    },
  },
];
