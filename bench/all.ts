/**
 * Every benchmark in one table: `npm run bench` (about nine minutes). The load generator runs on the same
 * machine as the server and takes its share of it.
 */
import { CHROMIUM } from '../test/support/chromium.ts';
import { agentTable } from './agent.ts';
import { explorerRows } from './explorer.ts';
import { homeRows } from './explorer-home.ts';
import { looksRows } from './explorer-looks.ts';
import { benchHashing, benchVerifying } from './hash.ts';
import { followerRows } from './followers.ts';
import { largeRows } from './large.ts';
import { mainThreadRows } from './mainthread.ts';
import { machine, printRows } from './machine.ts';
import { monitorRows } from './monitor.ts';
import { readRows } from './read.ts';
import { startupRows } from './startup.ts';
import { submitRows } from './submit.ts';
import { witnessRows } from './witness.ts';

const SECONDS = 8;

console.log(machine());
printRows('Hashing, one core', benchHashing());
printRows('Checking signatures, one core', benchVerifying());
printRows('Submissions: signed, verified, durable, receipt in the reply', await submitRows(SECONDS));
printRows('Waiting for a large entry to be durable', await largeRows(undefined));
printRows('Submitters beside ten followers that catch up', await followerRows(undefined));
printRows('Reads, 64 connections', await readRows(SECONDS));
printRows('Main thread under full load, 64 connections', await mainThreadRows(SECONDS));
printRows('Cosigning: checked, signed twice, durable', await witnessRows(SECONDS / 2));
printRows('Following a log', await monitorRows());
printRows('Serving pages, beside submissions', await explorerRows());
if (CHROMIUM !== undefined) {
  printRows('A subject with 2,000 looks, in a page', await looksRows(2_000));
  printRows('The first screen of 1,000 subjects', await homeRows(1_000));
}
printRows('Start of a command', await startupRows(15));
printRows('What an agent costs', await agentTable(3, 4));
