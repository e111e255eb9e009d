/** Answers `head`: the newest head of the log, examined. */
import { clockOf } from '../../../appraisal/clock.ts';
import { formatHex } from '../../../bytes/text.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { examineHead, type ExaminedHead } from '../../../client/examine-head.ts';
import { sameVerifier } from '../../../note/key.ts';
import { formatIncident } from '../../../incident/incident.ts';
import { checkShown, faultOf } from './faults.ts';
import type { Lane } from './lane.ts';
import type { HeadShown } from './protocol.ts';

export async function headOf(lane: Lane): Promise<HeadShown> {
  return headShown(lane, await examineHead(lane.client, lane.memory));
}

/** The same for a question that needs a head. Throws the refusal of one that is not accepted, after `tell` was told. */
export async function needHead(lane: Lane, tell: (head: HeadShown) => void): Promise<HeadShown> {
  const examined = await examineHead(lane.client, lane.memory);
  const head = headShown(lane, examined);
  tell(head);
  if (examined.refusal !== undefined) throw examined.refusal;
  return head;
}

function headShown({ client, lasts }: Lane, examined: ExaminedHead): HeadShown {
  const { view, checks, incident, seen, before, refusal } = examined;
  const opened = view?.opened;
  const { witnesses } = client.trust.policy;
  return {
    checks: checks.map(checkShown),
    verified: view !== undefined && checks.every(({ outcome }) => outcome !== 'failed'),
    origin: opened?.checkpoint.origin ?? null,
    size: view?.head.size ?? null,
    root: view === undefined ? null : formatHex(view.head.root),
    time: opened === undefined ? null : (clockOf(opened, client.trust.policy, 0).headTime ?? null),
    note: view === undefined ? null : decodeUtf8(view.note),
    cosigned: (opened?.cosignatures ?? []).map(({ verifier, time }) => ({
      witness: witnesses.find((each) => sameVerifier(each.verifier, verifier))?.name ?? verifier.name,
      name: verifier.name,
      time,
    })),
    seen: seen ?? null,
    before: before ?? null,
    lasts: lasts(),
    incident:
      incident === undefined
        ? null
        : { name: `incident-${incident.id}.json`, text: formatIncident(incident) },
    fault: refusal === undefined ? null : faultOf(refusal),
  };
}
