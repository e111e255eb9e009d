/**
 * asn1js for browsers: without the shorter way to write large values, which gives the same bytes as the way for all values. Nothing
 * large is written: certificates are read, and their names compared.
 */

const SHORT_WAY = /^\t\t\tif \(sizeOnly === true .*?\n\t\t\t\}\n(?=\t\t\}\n)/ms;

/** The library without it. Throws if it is not laid out as it was. */
export function leanAsn1js(code: string): string {
  if (!SHORT_WAY.test(code)) throw new Error('asn1js is not laid out as it was');
  return code.replace(SHORT_WAY, '');
}
