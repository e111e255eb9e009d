/** `tallystick agent listen`: a listener at a target, which signs what it received (net@1). */
import { startListener, type RunningListener } from '../../../agent/listener.ts';
import { refuse } from '../../../bytes/refusal.ts';
import { parseAddress } from '../../../evidence/address.ts';
import { asUsage } from '../../../bytes/within.ts';
import { loadSigner } from '../../../keys/load.ts';
import { formatVkey } from '../../../note/key.ts';
import type { Context } from '../../frame/context.ts';
import { wholeOf } from '../../frame/flagtext.ts';
import { serveUntilStopped } from '../../frame/serving.ts';

export interface ListenWanted {
  /** Where it is asked: `host:port`. */
  readonly at: string | undefined;
  readonly ports: readonly string[];
  readonly name: string | undefined;
}

/** Listens until a signal; resolves to the exit code. Refuses `usage`, and as `loadSigner` and `startListener` do. */
export async function runListen(context: Context, { at, ports, name }: ListenWanted): Promise<number> {
  const { config, world } = context;
  if (at === undefined || ports.length === 0 || name === undefined || config.key === undefined)
    throw refuse(
      'usage',
      'a listener needs --at, --port, --by and --key: where it is asked, what it watches, and whose word it is',
    );
  const { host, port: control } = await asUsage(() => parseAddress(at, 0));
  const watched = ports.map((port) => wholeOf(port, '--port', 1, 65_535) ?? 0);
  const signer = await loadSigner(config.key);
  if (signer.publicKey.algorithm !== 'ed25519')
    throw refuse('usage', 'a listener signs with an Ed25519 key; make one with `tallystick keygen`');
  const vkey = await asUsage(() => formatVkey(name, 1, signer.publicKey));
  return serveUntilStopped<RunningListener>(context, {
    open: () => startListener({ host, control, ports: watched, name, signer, now: () => world.now() }),
    banner: (running) =>
      `asked at   ${host} ${running.control}\nwatches    ${running.ports.join(', ')}\nlistener   ${vkey}`,
  });
}
