/**
 * What the agent of a probe must be allowed, and the statement with which the owner of a target allows it. `tallystick agent
 * profile --grants` prints all of them before the first look; a probe that is refused names the one that it lacks.
 */
import { shellWord } from '../bytes/shellword.ts';

/** Whom a statement names, and for what. */
export interface Grantee {
  /** A role of the database, a user of the machine, or `namespace/name` of a service account. */
  readonly who: string;
  /** The target as targets.yaml has it. */
  readonly target: string;
}

export interface Grant {
  /** What it lets the probe do, in words that continue "it lets the agent …": `read the rules of pg_hba.conf`. */
  readonly lets: string;
  /** The language of the statement, which says where it is run: psql, a shell of the target's machine, kubectl, or a policy as JSON. */
  readonly by: 'sql' | 'shell' | 'kubernetes' | 'iam';
  /** The statement, complete, with its names quoted. It may have several lines. */
  readonly statement: (to: Grantee) => string;
}

/** The end of a refusal for want of a grant: `…; to let it: GRANT …`. One line. */
export function lacks({ statement }: Grant, to: Grantee): string {
  return `; to let it: ${statement(to).replaceAll('\n', ' ')}`;
}

/** A name as SQL takes it. Quoted unless it is plain. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** Lets a user of the machine read a folder or file, and all that is made below it later. */
export function readsPath(lets: string): Grant {
  return {
    lets,
    by: 'shell',
    statement: ({ who, target }) =>
      `setfacl -R -m ${shellWord(`u:${who}:rX,d:u:${who}:rX`)} ${shellWord(target)}`,
  };
}
