/** Starts the worker. Its URL is one of the server's own files: the one thing that a Trusted Types policy makes here. */
import { TRUSTED_TYPES, type Boot } from '../../shared/boot.ts';

/** What Trusted Types give (lib.dom has no types of them yet). */
interface Policy {
  createScriptURL(url: string): string;
}
declare const trustedTypes:
  { createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy } | undefined;

/** A worker with the verifier of this page. Throws if the document names a file that is not this server's. */
export function startWorker({ worker }: Pick<Boot, 'worker'>): Worker {
  return new Worker(trusted(worker), { type: 'module' });
}

/** The URL of a Blob, for the worker of a page that is one document. */
export function blobPolicy(url: string): string {
  return trusted(url);
}

let policy: Policy | undefined;

/** A page makes the policy once: its name may not be used again. */
function trusted(url: string): string {
  if (typeof trustedTypes === 'undefined') return own(url);
  policy ??= trustedTypes.createPolicy(TRUSTED_TYPES, { createScriptURL: own });
  return policy.createScriptURL(url);
}

function own(url: string): string {
  if (url.startsWith('blob:') || /^\/explorer\/[a-z]+-[0-9a-f]+\.js(\?others)?$/.test(url)) return url;
  throw new Error('no file of this server');
}
