/** Writes a trust policy as text (C2SP tlog-policy), and in the one spelling that has a fingerprint. */
import { sha256 } from '@noble/hashes/sha2.js';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8, formatHex } from '../bytes/text.ts';
import { vkeyOf } from './key.ts';
import type { TrustPolicy } from './trust.ts';

/** The lines of a policy: logs, witnesses, groups, quorum. `urls`: whether they say where to ask. */
export function policyLines(policy: TrustPolicy, urls: boolean): readonly string[] {
  const { logs, witnesses, groups, quorum } = policy;
  const at = (url: string | undefined): readonly string[] => (urls && url !== undefined ? [url] : []);
  const lines = [
    ...logs.map(({ verifier, url }) => ['log', vkeyOf(verifier), ...at(url)]),
    ...witnesses.map(({ name, verifier, url }) => ['witness', name, vkeyOf(verifier), ...at(url)]),
    ...groups.map(({ name, threshold, members }) => [
      'group',
      name,
      String(threshold),
      ...members.map((member) => member.name),
    ]),
    ['quorum', quorum === 'none' ? 'none' : quorum.name],
  ];
  return lines.map((items) => items.join(' '));
}

/**
 * The policy in one spelling: without comments and URLs (spec/bundle.md, "trust.txt"). Refuses `config-invalid` for a log
 * that calls itself otherwise than its key, which a tlog-policy cannot say.
 */
export function canonicalPolicy(policy: TrustPolicy): string {
  const other = policy.logs.find(({ origin, verifier }) => origin !== undefined && origin !== verifier.name);
  if (other !== undefined)
    throw refuse(
      'config-invalid',
      `the log ${other.origin ?? ''} calls itself otherwise than its key, ${other.verifier.name}; a trust policy cannot say that`,
    );
  return `${policyLines(policy, false).join('\n')}\n`;
}

/** SHA-256 of `canonicalPolicy`, hex: what two people compare who want to know whether they trust the same. */
export function policyFingerprint(policy: TrustPolicy): string {
  return formatHex(sha256(encodeUtf8(canonicalPolicy(policy))));
}

/** A fingerprint in groups of four digits, to be read aloud. */
export function spokenFingerprint(fingerprint: string): string {
  return fingerprint.match(/.{4}/g)?.join(' ') ?? fingerprint;
}
