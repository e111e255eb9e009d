#!/usr/bin/env node
/**
 * A collector of one's own, for the probe exec@1: a program that its owner enrolled looks at something, and prints what it
 * saw as JSON (src/probe/exec/README.md). This one counts the accounts of a machine that are root.
 *
 *     # targets.yaml, of the agent: who owns the target says that this program may run, word for word
 *     - subject: host/**
 *       probe: exec@1
 *       targets: ['/usr/bin/node /opt/collector.js /etc/passwd']
 *     # claims.yaml, of the commitment
 *     target: { owner: ops, locators: ['/usr/bin/node /opt/collector.js /etc/passwd'] }
 *     claims:
 *       - { id: one-root, probe: exec@1, expr: "o.exec.rootAccounts == 1", minEvidence: E1, cadence: 1h, severity: high }
 *
 * What it prints counts E1: an agent saw it. Names stay here: only counts leave the machine.
 */
import { readFileSync } from 'node:fs';

// The question: the claim's input, and the agent's challenge for collectors that have something signed over it.
JSON.parse(readFileSync(0, 'utf8'));
const accounts = readFileSync(process.argv[2] ?? '/etc/passwd', 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split(':'));
const rootAccounts = accounts.filter(([, , uid]) => uid === '0').length;
console.log(
  JSON.stringify({
    schema: 'tallystick.collected.v1',
    value: { accounts: accounts.length, rootAccounts },
  }),
);
