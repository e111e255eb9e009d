/**
 * Schemas of parameters and replies that the routes share, with texts for the API description. A binary
 * body has a media type and no schema, which is how OpenAPI 3.1 describes bytes.
 */
import type { FastifySchemaCompiler } from 'fastify';
import { Type, type TSchema, type TString, type TUnsafe } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { PROBLEM_CBOR, PROBLEM_JSON } from './problem.ts';

/** A group of routes in the API description. */
export const TAGS = {
  scrapi: 'SCITT',
  tiles: 'Tiles',
  audit: 'Audit',
  ops: 'Operations',
} as const;

/** One reply: media types, and a schema for those that have one. */
export interface Reply {
  readonly description: string;
  readonly content: Readonly<Record<string, { schema: TSchema }>>;
}

const anything = (): TUnsafe<Uint8Array> => Type.Unsafe<Uint8Array>({});

/** Bytes under one of some media types. */
export function bytesOf(types: string | readonly string[], description: string): Reply {
  const content = [types].flat().map((type) => [type, { schema: anything() }] as const);
  return { description, content: Object.fromEntries(content) };
}

/** A reply without a body. */
export function nothing(description: string): TSchema {
  return Type.Null({ description });
}

/** RFC 9457; the CBOR form (RFC 9290) says the same. */
export const PROBLEM = Type.Object(
  {
    type: Type.String({ description: 'urn:tallystick:problem:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What was wrong, and what to do about it' }),
    code: Type.String({ description: 'Stable: never renamed, never reused' }),
  },
  { description: 'Problem details' },
);

const problems: Reply = {
  description:
    'Problem details in CBOR (RFC 9290) or JSON (RFC 9457), as Accept says; in CBOR the code stands in the map at "urn:tallystick:problem"',
  content: { [PROBLEM_JSON]: { schema: PROBLEM }, [PROBLEM_CBOR]: { schema: anything() } },
} satisfies Reply;

/** How every route fails. */
export const failures = { '4xx': problems, '5xx': problems };

/** An integer as a URL writes it: digits, no sign, no leading zero; at most 2^53−1. */
export function decimal(description: string): TString {
  return Type.String({ pattern: '^(?:0|[1-9][0-9]{0,15})$', description });
}

/** 64 lower-case hex digits. */
export function hex32(description: string): TString {
  return Type.String({ pattern: '^[0-9a-f]{64}$', description });
}

/**
 * Fastify's validator: strict and without conversions, so that `?size=007`, a name given twice and a
 * misspelt name are all refused. Bodies are not checked here: they are bytes, which the log checks.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (httpPart === 'body') return () => true;
  const checker = Compile(schema);
  return (value) => {
    if (checker.Check(value)) return { value };
    const [first] = checker.Errors(value);
    const name = first?.instancePath.slice(1) ?? '';
    return { error: refuse('bad-request', `${complaint(name, first)}; /openapi.json says what this takes`) };
  };
};

/** The text of a refusal. Where the validator's words would not help, ours; it calls an unknown name "boolean". */
function complaint(name: string, error: TLocalizedValidationError | undefined): string {
  if (error?.keyword === 'boolean') return `there is no parameter ${printable(name, 50)} here`;
  if (error?.keyword === 'pattern') return `${name} is not written as it must be`;
  return `${name === '' ? 'the query' : name} ${error?.message ?? 'is not valid'}`;
}
