/** A log that runs in this process, on the files that `initialise` made. */
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { initialise, type Initialised } from '#src/service/init.ts';
import { RunningLog, type RunningOptions } from '#src/service/running.ts';
import { signStatement } from '#src/cose/statement.ts';
import { buildApp } from '#src/http/app.ts';
import type { HttpOptions } from '#src/http/options.ts';
import { generateKey } from '#src/keys/load.ts';
import { nodeSigner } from '#src/keys/native.ts';
import type { Algorithm } from '#src/sign/algorithm.ts';
import type { Signer } from '#src/sign/signer.ts';

/** The data directory of a log in a folder. */
export const dataIn = (cwd: string): string => join(cwd, 'tallystick-data');

/** A private key that `init`, or `keygen`, wrote. */
export function keyIn(path: string): Signer {
  return nodeSigner(createPrivateKey(readFileSync(path)));
}

/** Starts the log of a data directory. A warning, an alarm and a fatal fault fail the test. */
export async function startLog(
  t: Test,
  data: string,
  origin: string,
  maxPending = 100,
  more: Partial<RunningOptions> = {},
): Promise<RunningLog> {
  return RunningLog.start({
    sequencer: {
      origin,
      issuer: `https://${origin}`,
      storePath: join(data, 'log.db'),
      guardPath: join(data, 'guard', 'signed-head.db'),
      genesisPath: join(data, 'genesis.cose'),
      ed25519Path: join(data, 'keys', 'checkpoint-ed25519.pem'),
      mldsa44Path: join(data, 'keys', 'checkpoint-ml-dsa-44.pem'),
      receiptPath: join(data, 'keys', 'receipt-ed25519.pem'),
      notaryPath: join(data, 'keys', 'notary.pem'),
      checkpointIntervalMs: 0,
      clockTolerance: 60,
    },
    maxPending,
    checkers: 1,
    conflictPath: join(data, 'conflict.checkpoint'),
    onFatal: (error) => t.fail(error.message),
    onWarning: (message) => t.fail(message),
    onAlarm: (message) => t.fail(message),
    ...more,
  });
}

export interface Begun {
  readonly cwd: string;
  readonly data: string;
  readonly origin: string;
  readonly log: RunningLog;
  /** The submitter's key, which signs what `statement` makes. */
  readonly signer: Signer;
  /** A statement of a text. */
  readonly statement: (text: string, subject?: string, signer?: Signer) => Promise<Uint8Array<ArrayBuffer>>;
  /** Logs it. */
  readonly say: (text: string) => ReturnType<RunningLog['submit']>;
}

/** Finishes the data directory of a log in a folder. What clients and logs remember stays there, too. */
export function makeLog(cwd: string, origin: string): Promise<Initialised> {
  return initialise({
    dataDir: dataIn(cwd),
    guardDir: undefined,
    origin,
    open: false,
    url: 'http://127.0.0.1:6962',
    stateDir: join(cwd, '.state', 'tallystick'),
    onRemark: () => undefined,
    configFile: () => 'key: keys/author.pem\npolicy: trust.policy\n',
  });
}

/** Makes a log in a folder of the test, with a submitter's key of an algorithm, and starts it. Whoever asks for it closes it. */
export async function beginLog(t: Test, origin: string, submitters: Algorithm = 'ed25519'): Promise<Begun> {
  const cwd = t.testdir();
  const data = dataIn(cwd);
  const keys = join(data, 'keys');
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  await generateKey(join(keys, 'submitter.pem'), submitters);
  await makeLog(cwd, origin);
  const log = await startLog(t, data, origin);
  const signer = keyIn(join(data, 'keys', 'submitter.pem'));
  const statement: Begun['statement'] = (text, subject = 'a/b', by = signer) =>
    signStatement(
      { issuer: 'https://log.example', subject, contentType: 'text/plain' },
      encodeUtf8(text),
      by,
    );
  return {
    cwd,
    data,
    origin,
    log,
    signer,
    statement,
    say: async (text) => log.submit([await statement(text)]),
  };
}

/** Serves a log on a port of this machine until the test ends, and closes it then. */
export async function serveLog(
  t: Test,
  log: RunningLog,
  options: Partial<HttpOptions> = {},
): Promise<string> {
  const app = await buildApp(log, { version: '0', ...options });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(async () => {
    await app.close();
    await log.close();
  });
  return url;
}
