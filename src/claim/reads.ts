/**
 * Which members of `o` and `p` an expression reads by name, before anything was observed: one that cannot be there
 * makes a claim that is UNKNOWN for ever.
 */
import { parse, type ASTNode } from '@marcbachmann/cel-js';

/** `o.tls.accepted` reads `tls` of `o`. */
export interface Read {
  readonly of: 'o' | 'p';
  readonly name: string;
}

/** Of CEL that was checked. What `has(…)` asks for may be absent and is left out. */
export function readsOf(text: string): readonly Read[] {
  return readsIn(parse(text).ast);
}

function readsIn(value: unknown): readonly Read[] {
  if (Array.isArray(value)) return value.flatMap(readsIn);
  if (!isNode(value)) return [];
  if (value.op === 'call' && value.args[0] === 'has') return [];
  // A variable of a macro may have the name: what is read within is not of ours then.
  if (value.op === 'rcall' && value.args[2].some((each) => rootOf(each) !== undefined))
    return readsIn(value.args[1]);
  const read = readOf(value);
  return read === undefined ? readsIn(value.args) : [read];
}

function readOf({ op, args }: ASTNode): Read | undefined {
  if (op !== '.' && op !== '[]') return undefined;
  const [from, member] = args;
  const of = rootOf(from);
  const name = typeof member === 'string' ? member : member.op === 'value' ? member.args : undefined;
  return of === undefined || typeof name !== 'string' ? undefined : { of, name };
}

function rootOf({ op, args }: ASTNode): Read['of'] | undefined {
  return op === 'id' && (args === 'o' || args === 'p') ? args : undefined;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
