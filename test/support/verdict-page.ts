/**
 * A page that comes to a verdict by itself: what a browser runs, bundled, in test/system/verdict.test.ts. It asks where it
 * came from for its order, and tells there what it found.
 */
import { appraiseSubject, subjectJson } from '#src/appraisal/index.ts';
import { openClient } from '#src/client/index.ts';
import { snapshotJson } from '#src/client/snapshot-json.ts';
import { parseTrustPolicy, Refusal } from '#src/index.ts';

/** What the page is to look at. */
export interface Order {
  /** Base URLs: of the log; of one that serves it and leaves a row out of its search; of another history of it. */
  readonly log: string;
  readonly hiding: string;
  readonly forked: string;
  /** tlog-policy. */
  readonly policy: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly subject: string;
  readonly forgedSubject: string;
}

/** What it found: of a refusal its code and text. */
export interface Report {
  readonly isSecure: boolean;
  readonly hasWebCrypto: boolean;
  /** Whether its content security policy let a text become code. */
  readonly evaluates: boolean;
  readonly status: unknown;
  readonly forged: unknown;
  readonly leftOut: unknown;
  readonly fork: unknown;
}

async function verdicts(order: Order): Promise<Report> {
  const { log, hiding, forked, policy, now, subject, forgedSubject } = order;
  const trusted = parseTrustPolicy(new TextEncoder().encode(policy));
  const trust = { policy: trusted, everyAlgorithm: false, receiptKeys: [] };
  const own = { trust, now: () => now, fetch: globalThis.fetch.bind(globalThis) };
  const statusOf = async (about: string): Promise<unknown> => {
    const snapshot = await openClient({ ...own, log }).snapshot();
    const status = appraiseSubject(await snapshot.subject(about), snapshot.context);
    return { ...snapshotJson(snapshot), subjects: [subjectJson(status)] };
  };
  return {
    isSecure: Reflect.get(globalThis, 'isSecureContext') === true,
    hasWebCrypto: Reflect.get(globalThis.crypto, 'subtle') !== undefined,
    evaluates: evaluates(),
    status: await refusalOr(() => statusOf(subject)),
    forged: await refusalOr(() => statusOf(forgedSubject)),
    leftOut: await refusalOr(async () => {
      const snapshot = await openClient({ ...own, log: hiding, full: true }).snapshot();
      return (await snapshot.subject(subject)).entries.length;
    }),
    fork: await refusalOr(async () => {
      let isForked = false;
      const either: typeof fetch = (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        return own.fetch(isForked ? url.replace(log, forked) : url, init);
      };
      const client = openClient({ ...own, fetch: either, log });
      await client.snapshot();
      isForked = true;
      return (await client.snapshot()).view.head.size;
    }),
  };
}

async function refusalOr(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, message: error.message };
    return { bug: error instanceof Error ? error.stack : String(error) };
  }
}

function evaluates(): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- whether it may is the question
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}

const order = (await (await fetch('order.json')).json()) as Order;
await fetch('report', { method: 'POST', body: JSON.stringify(await verdicts(order)) });
