/** The files of a bundle that are made again from the others (spec/bundle.md, "What is made again"). */
import { formatBase64, encodeUtf8 } from '../../bytes/text.ts';
import { parseTrustPolicy } from '../../note/trust.ts';
import { policyFingerprint } from '../../note/trust-text.ts';
import { proveConsistency } from '../../tree/prove.ts';
import { controlsCsv } from '../controls/csv.ts';
import { FRAMEWORKS } from '../controls/data/frameworks.ts';
import { controlReport } from '../controls/report.ts';
import { notProven } from '../not-proven.ts';
import { controlNamed } from '../report.ts';
import type { Files } from '../zip/write.ts';
import { attachmentsCsv } from './attachments.ts';
import { byHandPage } from './by-hand.ts';
import { entryFiles } from './entries.ts';
import type { BundleHistory } from './histories.ts';
import { keysJson } from './keys.ts';
import { manifestFiles, type Scope } from './manifest.ts';
import {
  ATTACHMENTS,
  BY_HAND,
  CONSISTENCY,
  CONTROLS,
  historyFile,
  INDEX,
  isSource,
  KEYS,
  NOT_PROVEN,
  OPENINGS,
  PAGE,
  PEOPLE,
  TRUST,
  VERIFIER,
} from './names.ts';
import type { BundleHeads, BundleTree } from './opened.ts';
import { bundlePage } from './page.ts';
import { badFile, jsonFile } from './text.ts';
import type { PolicyHistory } from '../../registration/history.ts';

/** What the derived files are made of: verified. */
export interface Derivable {
  readonly scope: Scope;
  /** The files that are not made again. Others are left out. */
  readonly files: Files;
  readonly heads: BundleHeads;
  readonly tree: BundleTree;
  readonly policies: PolicyHistory;
}

/** Files that any verifier makes again: they need no appraisal. */
export function plainFiles({ files, heads, tree, policies }: Derivable): Files {
  const { entries } = tree;
  const out = new Map<string, Uint8Array>([
    [INDEX, entryFiles(entries).get(INDEX) ?? new Uint8Array()],
    [KEYS, jsonFile(keysJson(policies.steps, entries))],
    [ATTACHMENTS, attachmentsCsv(entries, files)],
  ]);
  const { start, end } = heads;
  if (start !== undefined) {
    const proof = proveConsistency(tree.nodes, start.opened.checkpoint.size, end.opened.checkpoint.size);
    out.set(CONSISTENCY, encodeUtf8(proof.map((hash) => `${formatBase64(hash)}\n`).join('')));
  }
  return out;
}

/** Files that follow from the histories. */
export function toldFiles(derivable: Derivable, histories: readonly BundleHistory[]): Files {
  const { scope, files, heads, tree } = derivable;
  const trust = files.get(TRUST);
  if (trust === undefined) throw badFile(TRUST, 'it is missing');
  const policy = parseTrustPolicy(trust);
  const known = histories.map((each) => each.known);
  const lines = openQuestions(derivable, histories);
  const out = new Map<string, Uint8Array>(histories.map(({ file }, place) => [historyFile(place), file]));
  if (scope.controls.length > 0) {
    const reports = scope.controls.map((control) => {
      const { framework, item } = controlNamed(FRAMEWORKS, control);
      return controlReport(framework, item, scope.period, known);
    });
    out.set(CONTROLS, encodeUtf8(controlsCsv(reports)));
  }
  out.set(NOT_PROVEN, encodeUtf8(lines.map((line) => `${line}\n`).join('')));
  const page = {
    scope,
    histories: known,
    notProven: lines,
    fingerprint: policyFingerprint(policy),
    entries: tree.entries.length,
    verifier: files.has(VERIFIER),
  };
  out.set(PAGE, encodeUtf8(bundlePage(page)));
  const byHand = { policy, log: scope.log, end: heads.end.note, entries: tree.entries };
  return out.set(BY_HAND, encodeUtf8(byHandPage(byHand)));
}

/** What the bundle does not show, one sentence each. */
export function openQuestions(
  { files, heads }: Derivable,
  histories: readonly BundleHistory[],
): readonly string[] {
  return [
    ...notProven(
      histories.map(({ known }) => known),
      undefined,
    ),
    ...histories.flatMap(({ known: { subject, claims } }) =>
      claims.length === 0 ? [`${subject}: no claim is known in the period; nothing is shown of it.`] : [],
    ),
    ...(heads.start === undefined ? ['No head of the log from before the period is in the bundle.'] : []),
    ...(files.has(OPENINGS)
      ? []
      : [
          'No leaf of a declaration or an observation is opened: what a result rests on is known by its hash alone.',
        ]),
    ...(files.has(PEOPLE)
      ? ['Which person holds which key is the word of whoever made the bundle; nothing in the log says so.']
      : []),
  ];
}

/** Every file of the bundle: those that are not made again, and those that are. */
export function wholeBundle(derivable: Derivable, histories: readonly BundleHistory[]): Files {
  const sources = [...derivable.files].filter(([name]) => isSource(name));
  const all = new Map([...sources, ...plainFiles(derivable), ...toldFiles(derivable, histories)]);
  return new Map([...all, ...manifestFiles(derivable.scope, all)]);
}
