/**
 * Which members of `o` and `p` an expression reads by name, before anything was observed: one that cannot be there
 * makes a claim that is UNKNOWN for ever.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { parseExpression } from './cel/syntax.ts';

/** `o.tls.accepted` reads `tls` of `o`. */
export interface NamedRead {
  readonly of: 'o' | 'p';
  readonly name: string;
}

/** Of an expression that was checked. What `has(…)` asks for may be absent and is left out. */
export function readsOf(text: string): readonly NamedRead[] {
  return readsIn(parseExpression(text));
}

function readsIn(value: unknown): readonly NamedRead[] {
  if (Array.isArray(value)) return value.flatMap(readsIn);
  if (!isNode(value)) return [];
  if (value.op === 'call' && value.args[0] === 'has') return [];
  const read = readOf(value);
  return read === undefined ? readsIn(value.args) : [read];
}

function readOf({ op, args }: ASTNode): NamedRead | undefined {
  if (op !== '.' && op !== '[]') return undefined;
  const [from, member] = args;
  const of = rootOf(from);
  const name = typeof member === 'string' ? member : member.op === 'value' ? member.args : undefined;
  return of === undefined || typeof name !== 'string' ? undefined : { of, name };
}

function rootOf({ op, args }: ASTNode): NamedRead['of'] | undefined {
  return op === 'id' && (args === 'o' || args === 'p') ? args : undefined;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}
