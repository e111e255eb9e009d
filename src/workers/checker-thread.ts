/** A thread of `CheckerThreads`: checks batches with the fastest kernels that this machine has. */
import { parentPort } from 'node:worker_threads';
import { headerMemo } from '../cose/header-memo.ts';
import type { RefusedAt } from '../log/batch.ts';
import { checkBatch } from '../log/check.ts';
import { policyOf } from '../log/recover.ts';
import type { Policy } from '../statement/policy.ts';
import type { CheckQuestion } from './checkers.ts';
import { chooseVerifier } from './kernels.ts';
import { answerOn } from './rpc.ts';

if (parentPort === null) throw new Error('this module is a thread of its own');

const verify = chooseVerifier();
const readHeaders = headerMemo();
let policy: Policy | undefined;

answerOn<CheckQuestion, readonly RefusedAt[], never>(parentPort, async (question) => {
  if (question.kind === 'policy') {
    policy = policyOf(question.entry);
    return [];
  }
  if (policy === undefined) throw new Error('a batch came before the policy');
  return checkBatch(question.memory, { policy, verify, readHeaders });
});
