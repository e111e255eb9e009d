/**
 * What `status` prints of a log: the facts that the log's API reports, and which of them were verified. A host that
 * serves tiles and no API (a mirror, a static file server, a log of other software) has only its verified checkpoint.
 */
import { formatTime } from '../../bytes/time.ts';
import { formatHex } from '../../bytes/text.ts';
import { printable } from '../../bytes/printable.ts';
import type { LogClient } from '../../client/client.ts';
import type { LogFacts, NoticingFacts, Readiness, Witnessing } from '../../client/log-facts.ts';
import type { LogView } from '../../client/view.ts';
import { vkeyOf } from '../../note/key.ts';
import type { JsonValue, Output } from '../frame/output.ts';

/** Longest line for a host of tiles. The line of an ML-DSA-44 key is cut. */
const MAX_LINE = 120;

/** What is shown beside the facts that the log reports. */
export interface Shown {
  readonly log: string;
  /** POSIX seconds. */
  readonly now: number;
  /** What was verified, in words. */
  readonly checked: string;
  /** Whether peers agree, in words; undefined if none was asked. */
  readonly peers: string | undefined;
}

/** Lines for a log with an API. */
export function factLines(
  output: Output,
  facts: LogFacts & Readiness,
  { log, now, checked, peers }: Shown,
): readonly string[] {
  const { version, origin, size, root, time, open, witnessing, noticing, ready, reasons } = facts;
  const lines = [
    `log      ${log} (tallystick ${version})`,
    `origin   ${origin}${open ? ' (open: evaluation only)' : ''}`,
    `entries  ${size}`,
    `root     ${root}`,
    `head     ${ageText(time, now)}`,
    `checked  ${checked}`,
    ...(peers === undefined ? [] : [`peers    ${peers}`]),
    ...(witnessing === null ? [] : witnessLines(witnessing, now)),
    ...(noticing === null ? [] : [noticeLine(noticing, now)]),
  ];
  const readiness = ready ? output.paint('green', 'yes') : output.paint('red', `no: ${whyNot(reasons)}`);
  return [...lines.map((each) => printable(each)), `ready    ${readiness}`];
}

/** Why a log takes no submissions, or its warnings. */
export function whyNot(reasons: readonly string[]): string {
  return printable(reasons.join('; '), 1000);
}

function witnessLines({ quorum, met, witnesses }: Witnessing, now: number): readonly string[] {
  const state = quorum === null ? 'none asked for' : `${quorum}, ${met ? 'met' : 'not met'}`;
  const each = witnesses.map(({ name, cosigned, behind, alarm }) => {
    const seen = cosigned === null ? 'no cosignature' : `cosigned ${Math.max(0, now - cosigned)} s ago`;
    const late = behind === 0 ? '' : `, ${behind} entries behind`;
    return `         ${name}: ${seen}${late}${alarm === null ? '' : ' — ALARM'}`;
  });
  return [`quorum   ${state}`, ...each];
}

function noticeLine({ last, fault }: NoticingFacts, now: number): string {
  const says =
    last === null
      ? 'no witnessed head in the log yet'
      : `witnessed head of ${last.size}, ${ageText(last.time, now)}, entry ${last.index}`;
  return `history  ${says}${fault === null ? '' : ` — ${fault}`}`;
}

/** Lines for people and fields for machines, for a host of tiles. */
export function tileStatus(
  { log }: LogClient,
  { head, opened: { checkpoint, logSignatures, cosignatures } }: LogView,
  { now, peers }: Pick<Shown, 'now' | 'peers'>,
): { readonly lines: readonly string[]; readonly fields: { readonly [key: string]: JsonValue } } {
  const witnessed = newest(cosignatures);
  const time = witnessed ?? newest(logSignatures);
  const whose = witnessed === undefined ? "by the log's own clock" : 'by its newest cosignature';
  const vkeys = logSignatures.map(({ verifier }) => vkeyOf(verifier));
  const [origin, size, root] = [checkpoint.origin, head.size, formatHex(head.root)];
  const lines = [
    `log      ${log} (serves tiles alone, without an API)`,
    `origin   ${origin}`,
    `entries  ${size}`,
    `root     ${root}`,
    `head     ${time === undefined ? 'of unknown age: no signature has a time' : `${ageText(time, now)}, ${whose}`}`,
    ...vkeys.map((vkey) => `key      ${vkey}`),
    ...cosignatures.map(({ verifier }) => `witness  ${verifier.name}`),
    `checked  signed by ${vkeys.length === 1 ? 'that key' : 'those keys'}, and one history with the last one seen`,
    ...(peers === undefined ? [] : [`peers    ${peers}`]),
  ];
  const fields = {
    log,
    version: null,
    origin,
    size,
    root,
    time: time ?? null,
    vkeys,
    open: null,
    ready: null,
    reasons: [],
    witnessing: null,
    noticing: null,
    verified: size,
  };
  return { lines: lines.map((each) => printable(each, MAX_LINE)), fields };
}

function ageText(time: number, now: number): string {
  return `${formatTime(time)} (${Math.max(0, now - time)} s ago)`;
}

/** The newest time of verified signatures, POSIX seconds; undefined if none has a time. */
function newest(lines: readonly { readonly time: number | undefined }[]): number | undefined {
  const times = lines.flatMap(({ time = 0 }) => (time > 0 ? [time] : []));
  return times.length === 0 ? undefined : Math.max(...times);
}
