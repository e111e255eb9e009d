/**
 * What the due times of one subject depend on: a fold over its entries that can be stored and continued. `Succession`
 * decides which commitment is in force, and appraisal/due.ts when a proof is due, as for readers and agents. Times are
 * POSIX seconds.
 */
import {
  claimDue,
  countsFrom,
  deployedAt,
  observationTimes,
  type Observation,
  type Terms,
} from '../appraisal/due.ts';
import { stepOf, type EntryOf, type RevokedSince, type SubjectEntry } from '../appraisal/history.ts';
import { Succession, type Newest, type Step } from '../appraisal/succession.ts';
import { answerable } from '../registration/delegated.ts';
import { isWithdrawal } from '../statement/commitment.ts';

/** A proof that is due. */
export interface Due {
  readonly key: string;
  readonly subject: string;
  /** Index and entry id of the statement that makes it due: the newest proof, or the commitment. */
  readonly index: number;
  readonly id: string;
  readonly due: number;
  /** Id of the claim; absent for a chain. */
  readonly claim?: string;
  /** Entry id of the commitment in force, and for a claim its index. */
  readonly commitment: string;
  /** Thumbprint of the key that signed the commitment. */
  readonly author: string;
  readonly commitmentIndex?: number;
  /** Signer of the chain. */
  readonly kid?: string;
  readonly seq?: number;
  /** End of the commitment's validity. */
  readonly until?: number;
  /** Until when a waiver covers the claim. */
  readonly waived?: number;
  /** Id of the incident that was raised about it. */
  readonly missed?: string;
}

/** The newest report of an agent on a claim. */
interface Report extends Observation {
  readonly kid: string;
  readonly index: number;
  readonly id: string;
}

/** A commitment statement, with the approvals, deployments, proofs and waivers of it. */
interface TrackedCommitment extends Step {
  readonly index: number;
  readonly claims: readonly Terms[];
  readonly threshold: number;
  /** Thumbprints of its attestors; absent if every agent counts. */
  readonly attestors?: readonly string[];
  readonly notBefore?: number;
  readonly notAfter?: number;
  effective?: number;
  deployments: readonly number[];
  /** By claim id. */
  readonly reports: Record<string, readonly Report[]>;
  readonly waived: Record<string, number>;
}

/** The newest link of a chain of proofs. */
interface Chain {
  readonly kid: string;
  /** The enrolled key that delegated to it; absent if it is enrolled itself. */
  readonly by?: string;
  readonly seq: number;
  readonly index: number;
  readonly id: string;
  readonly nextDue: number;
}

/** The stored form. `newest.step` is absent if the newest statement is the one in force. */
export interface StoredSubjectDue {
  readonly subject: string;
  readonly inForce?: TrackedCommitment | undefined;
  readonly newest?:
    (Omit<Newest<TrackedCommitment>, 'step'> & { readonly step?: TrackedCommitment }) | undefined;
  readonly chains: readonly Chain[];
}

/** What the due proofs of a subject need to know of the rest of the log. */
export interface Around {
  readonly revokedSince: RevokedSince;
  /** When an entry was logged; undefined if it is not known any more. */
  readonly loggedAt: (index: number) => number | undefined;
}

/** Most deployments of one commitment that are kept: the first, and the newest. */
const MOST_DEPLOYMENTS = 1_000;

export class SubjectDue {
  readonly subject: string;
  readonly #order: Succession<TrackedCommitment>;
  #chains: readonly Chain[];

  constructor(subject: string, stored?: StoredSubjectDue) {
    this.subject = subject;
    const { inForce, newest } = stored ?? {};
    const step = newest?.step ?? inForce;
    this.#order = new Succession(inForce, newest && step && { ...newest, step });
    this.#chains = stored?.chains ?? [];
  }

  stored(): StoredSubjectDue {
    const { inForce, newest } = this.#order;
    const { subject } = this;
    if (newest === undefined) return { subject, chains: this.#chains };
    const { step, ...place } = newest;
    return { subject, inForce, newest: step === inForce ? place : newest, chains: this.#chains };
  }

  /** Reads an entry about the subject; entries come in log order. */
  take(entry: SubjectEntry, around: Around): void {
    const { parsed, time } = entry;
    if (parsed.kind === 'proof') return this.#proof({ ...entry, parsed }, around);
    if (parsed.kind === 'commitment') return this.#commitment({ ...entry, parsed }, around);
    if (entry.index >= (around.revokedSince(parsed.kid) ?? Infinity)) return;
    if (parsed.kind === 'approval') {
      if (this.#order.approve(parsed.approval.commitment.toHex(), parsed.kid) === 'effective')
        this.#takeEffect(time);
    } else if (parsed.kind === 'deployment') {
      const told = this.#told(parsed.deployment.commitment.toHex());
      if (told === undefined) return;
      const [first, ...more] = [...told.deployments, deployedAt(time, parsed.deployment)].toSorted(
        (a, b) => a - b,
      );
      told.deployments = [...(first === undefined ? [] : [first]), ...more.slice(1 - MOST_DEPLOYMENTS)];
    } else if (parsed.kind === 'waiver') {
      const told = this.#told(parsed.waiver.commitment.toHex());
      for (const claim of parsed.waiver.claims)
        if (told !== undefined) told.waived[claim] = parsed.waiver.notAfter;
    }
  }

  /** Ends the chains of keys that may no longer submit. Returns whether there were any. */
  endChains(isOver: (kid: string, by: string | undefined) => boolean): boolean {
    const before = this.#chains;
    this.#chains = before.filter(({ kid, by }) => !isOver(kid, by));
    return this.#chains.length < before.length;
  }

  /** The due times of chains and of claims. */
  dues(): readonly Due[] {
    const { inForce } = this.#order;
    if (inForce === undefined) return [];
    const { subject } = this;
    const { id, index, author, notAfter } = inForce;
    const common = { subject, commitment: id, author, ...(notAfter !== undefined && { until: notAfter }) };
    const basis = {
      from: countsFrom(inForce.effective ?? 0, { validity: validityOf(inForce) }),
      needed: inForce.threshold,
      deployments: inForce.deployments,
    };
    const claims = inForce.claims.map((terms): Due => {
      const { due, after } = claimDue(terms, basis, inForce.reports[terms.id] ?? []);
      const waived = inForce.waived[terms.id];
      return {
        ...common,
        key: `claim ${id} ${terms.id}`,
        index: after?.index ?? index,
        id: after?.id ?? id,
        due,
        claim: terms.id,
        commitmentIndex: index,
        ...(waived !== undefined && { waived }),
      };
    });
    const chains = this.#chains.map(({ kid, seq, index: at, id: link, nextDue }): Due => ({
      ...common,
      index: at,
      id: link,
      key: `chain ${kid} ${subject}`,
      due: nextDue,
      kid,
      seq,
    }));
    return [...claims, ...chains];
  }

  /** The commitment statement with this id, if it is in force or the newest; else undefined. */
  #told(id: string): TrackedCommitment | undefined {
    const { inForce, newest } = this.#order;
    return inForce?.id === id ? inForce : newest?.step.id === id ? newest.step : undefined;
  }

  #commitment(entry: EntryOf<'commitment'>, { revokedSince }: Around): void {
    if (this.#order.commit(toldOf(entry, revokedSince)) === 'effective') this.#takeEffect(entry.time);
  }

  /** Chains continue under a new commitment, and end if a withdrawal leaves none in force. */
  #takeEffect(time: number): void {
    const { inForce, newest } = this.#order;
    if (newest !== undefined) newest.step.effective = time;
    if (inForce === undefined) this.#chains = [];
  }

  #proof({ index, id, time, parsed }: EntryOf<'proof'>, { loggedAt }: Around): void {
    const { kid, proof } = parsed;
    const { seq, nextDue } = proof;
    const by = answerable(parsed);
    const chain = this.#chains.find((each) => each.kid === kid);
    // An older link of the chain that was logged again promises nothing.
    if (seq >= (chain?.seq ?? 0) && this.#order.inForce !== undefined)
      this.#chains = [
        ...this.#chains.filter((each) => each.kid !== kid),
        { kid, ...(by !== kid && { by }), seq, index, id, nextDue },
      ];
    const told = this.#told(proof.commitment.toHex());
    if (told === undefined || !(told.attestors?.some((each) => each === kid || each === by) ?? true)) return;
    for (const { claim, evidence } of proof.results) {
      const terms = told.claims.find((each) => each.id === claim);
      if (terms === undefined) continue;
      const { started, counted } = observationTimes(
        terms,
        evidence,
        proof,
        { index, time },
        evidence === 'E3' ? loggedAt(proof.challenge.size) : undefined,
      );
      const others = (told.reports[claim] ?? []).filter((each) => each.kid !== kid);
      told.reports[claim] = [...others, { kid, agent: by, index, id, started, counted }];
    }
  }
}

function validityOf({ notBefore, notAfter }: TrackedCommitment): {
  readonly notBefore?: number;
  readonly notAfter?: number;
} {
  return { ...(notBefore !== undefined && { notBefore }), ...(notAfter !== undefined && { notAfter }) };
}

function toldOf(entry: EntryOf<'commitment'>, revokedSince: RevokedSince): TrackedCommitment {
  const { commitment } = entry.parsed;
  const bare = {
    ...stepOf(entry, revokedSince),
    index: entry.index,
    deployments: [],
    reports: {},
    waived: {},
  };
  if (isWithdrawal(commitment)) return { ...bare, claims: [], threshold: 1 };
  const { claims, attestors, validity } = commitment;
  return {
    ...bare,
    claims: claims.map(({ id, cadence, deadline, grace }) => ({
      id,
      cadence,
      ...(deadline !== undefined && { deadline }),
      ...(grace !== undefined && { grace }),
    })),
    threshold: attestors?.threshold ?? 1,
    ...(attestors !== undefined && { attestors: attestors.kids.map((kid) => kid.toHex()) }),
    ...validity,
  };
}
