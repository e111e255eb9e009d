/**
 * `tallystick status` of a host that serves only tiles: a mirror, a static file server, a log of other software. Such a
 * host reports no status, so only its checkpoint is shown, verified and compared.
 */
import { formatHex } from '../../bytes/text.ts';
import { printable } from '../../bytes/printable.ts';
import { EXIT } from '../exit.ts';
import { formatVkey } from '../../note/key.ts';
import type { Context } from '../frame/context.ts';
import { peersLine, peersJson } from '../frame/client.ts';
import type { LogClient } from '../../client/client.ts';

/** Longest line: that of an ML-DSA-44 key is cut. */
const MAX_LINE = 120;

/** Refuses as `LogClient.view` does. */
export async function statusOfTiles({ config, output, world }: Context, client: LogClient): Promise<number> {
  const { head, opened } = await client.view();
  const { checkpoint, logSignatures, cosignatures } = opened;
  const [witnessed, own] = [newest(cosignatures), newest(logSignatures)];
  const time = witnessed ?? own;
  const age = Math.max(0, Math.round(world.now() / 1000) - (time ?? 0));
  const whose = witnessed === undefined ? "the log's own word" : 'by its newest cosignature';
  const vkeys = logSignatures.map(({ verifier: { name, type, key } }) => formatVkey(name, type, key));
  const root = formatHex(head.root);
  const lines = [
    `log      ${client.log} (tiles alone: it says nothing of itself)`,
    `origin   ${checkpoint.origin}`,
    `entries  ${head.size}`,
    `root     ${root}`,
    time === undefined
      ? 'head     of unknown age: no signature has a time'
      : `head     ${new Date(Math.min(time, 8.64e12) * 1000).toISOString()} (${age} s ago), ${whose}`,
    ...vkeys.map((vkey) => `key      ${vkey}`),
    ...cosignatures.map(({ verifier }) => `witness  ${verifier.name}`),
    `checked  signed by ${vkeys.length === 1 ? 'that key' : 'those keys'}, and one history with the last one seen`,
    ...(config.peer.length === 0 ? [] : [`peers    ${peersLine(client.peers, config.peer.length)}`]),
  ];
  output.print(lines.map((line) => printable(line, MAX_LINE)).join('\n'));
  output.result('status', {
    log: client.log,
    version: null,
    origin: checkpoint.origin,
    size: head.size,
    root,
    time: time ?? null,
    vkeys,
    open: null,
    ready: null,
    reasons: [],
    witnessing: null,
    verified: head.size,
    peers: peersJson(client.peers),
    subjects: null,
  });
  return EXIT.ok;
}

/** The newest time on lines that verified, POSIX seconds; undefined when none has one. */
function newest(lines: readonly { readonly time: number | undefined }[]): number | undefined {
  const times = lines.flatMap(({ time = 0 }) => (time > 0 ? [time] : []));
  return times.length === 0 ? undefined : Math.max(...times);
}
