/** Starts the worker. Its URL is one of the server's own files: the one thing that a Trusted Types policy makes here. */
import { TRUSTED_TYPES, type Boot } from '../../shared/boot.ts';

/** What Trusted Types give (lib.dom has no types of them yet). */
interface Policy {
  createScriptURL(url: string): string;
}
declare const trustedTypes:
  { createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy } | undefined;

/** A worker with the verifier of this page. Throws if the document names a file that is not this server's. */
export function startWorker({ worker }: Boot): Worker {
  const policy =
    typeof trustedTypes === 'undefined'
      ? undefined
      : trustedTypes.createPolicy(TRUSTED_TYPES, { createScriptURL: own });
  return new Worker(policy?.createScriptURL(worker) ?? own(worker), { type: 'module' });
}

function own(url: string): string {
  if (!/^\/explorer\/[a-z]+-[0-9a-f]+\.js(\?others)?$/.test(url)) throw new Error('no file of this server');
  return url;
}
