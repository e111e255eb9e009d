/**
 * What every server of the command line needs of its process: certificates, a socket, and an end. On SIGTERM or
 * SIGINT it takes no more and finishes what it took; a second signal ends it at once.
 */
import closeWithGrace from 'close-with-grace';
import { readFile } from 'node:fs/promises';
import { isIPv6, type Server } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { EXIT, Refusal, refuse } from '../../bytes/refusal.ts';
import { publicUrl } from '../config.ts';
import type { Config } from '../settings.ts';

/** How long a shutdown may take before it is forced: longer than any request may. */
const GRACE_MS = 40_000;

/** As much of a server as is listened with. */
export interface Listening {
  readonly server: Pick<Server, 'address'>;
  listen(where: { host: string; port: number }): Promise<unknown>;
}

/** Opens the socket and says where it is reached; runs `stop` when it cannot. Refuses `config-invalid`. */
export async function listen(app: Listening, config: Config, stop: () => Promise<void>): Promise<string> {
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (cause) {
    await stop();
    const text = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      'config-invalid',
      `cannot listen on ${config.host}:${config.port}: ${text}; free it or choose another --port`,
      { cause },
    );
  }
  return listeningUrl(config, app.server.address());
}

/** The certificate and its key, for a server that shall speak TLS. */
export interface Tls {
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/**
 * Reads them, and sees to it that they can be served with: to be called before anything is made, opened or
 * started. Refuses `config-invalid`.
 */
export async function tlsOf({ tlsCert, tlsKey }: Config): Promise<Tls> {
  if (tlsCert === undefined || tlsKey === undefined) return {};
  try {
    const tls = { cert: await readFile(tlsCert), key: await readFile(tlsKey) };
    createSecureContext(tls);
    return { tls };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      'config-invalid',
      `cannot serve TLS with ${tlsCert} and ${tlsKey}: ${text}; --tls-cert takes a PEM certificate chain, ` +
        '--tls-key its PEM private key',
      { cause },
    );
  }
}

/** Where the server is reached: the configured port may have been 0. */
function listeningUrl(config: Config, address: ReturnType<Server['address']>): string {
  if (config.url !== undefined || typeof address !== 'object' || address === null) return publicUrl(config);
  const host = isIPv6(config.host) ? `[${config.host}]` : config.host;
  return `${config.tlsCert === undefined ? 'http' : 'https'}://${host}:${address.port}`;
}

/**
 * Resolves with the exit code when the program has stopped: after a signal, or because a part of it failed.
 * `reload`: what SIGHUP does instead of stopping it.
 */
export function stopOnSignal(
  stop: () => Promise<void>,
  fatal: Promise<Error>,
  logger: Logger,
  reload?: () => void,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  // At its own end a program has an exit code already, which the library would make 0.
  const skip = ['beforeExit' as const, ...(reload === undefined ? [] : ['SIGHUP' as const])];
  if (reload !== undefined) process.on('SIGHUP', reload);
  const handle = closeWithGrace({ delay: GRACE_MS, logger: false, skip }, async ({ signal, err }) => {
    if (err !== undefined) logger.fatal({ err }, 'stopping after a failure');
    else logger.info({ signal }, 'stopping');
    await stop();
    if (signal !== undefined) resolve(EXIT.ok);
  });
  void fatal.then(async (error) => {
    handle.uninstall();
    logger.fatal({ err: error }, 'a part of it failed; stopping');
    await stop().catch(() => undefined);
    return resolve(error instanceof Refusal ? error.exit : EXIT.usage);
  });
  return promise;
}
