/** A parameter of a claim: its value goes to the probe, and its expression reads it as `p.NAME`. */
import { plainSchema, text, array, type Schema } from './schema.ts';
import { scalar, type Scalar } from './vocabulary.ts';

/** A scalar, or a list of texts. */
export type Parameter = Scalar | readonly string[];

/** Most items of a list. */
export const MAX_ITEMS = 64;
/** Most parameters of a claim. */
export const MAX_PARAMETERS = 64;

const texts = array(text(0, 1024), MAX_ITEMS, 1);

export const parameter: Schema<Parameter> = plainSchema((value, at) =>
  Array.isArray(value) ? texts.parse(value, at) : scalar.parse(value, at),
);

/** Whether two parameters are the same. */
export function isSameParameter(a: Parameter, b: Parameter): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
